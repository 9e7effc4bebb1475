package signature

import (
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// Certify issues the certificate that the ceremony ends in, under the estate's next number: A-2026-0001.
//
// Errors: RULE with the ceremony's clause unless every capacity signed this very content; CONFLICT if it was issued already.
func (c *Ceremony) Certify(tx *act.Tx, estate, subject uuid.UUID, titleZH, titleEN string, content any) (*ent.Certificate, error) {
	text, hash, err := Canonical(content)
	if err != nil {
		return nil, err
	}
	var number string // the database counts, and compares it when the certificate is stored
	if err := tx.Raw.QueryRow(tx, `SELECT certificate_number($1, $2)`, estate, tx.Now).Scan(&number); err != nil {
		return nil, err
	}
	out, err := tx.Certificate.Create().SetEstateID(estate).SetKind(c.Kind).SetSubjectID(subject).SetNumber(number).
		SetTitle(titleZH).SetTitleEn(titleEN).SetContent(text).SetContentHash(hash).SetIssuedAt(tx.Now).Save(tx)
	return out, c.missing(c.explain(err, ""))
}

// missing names the capacities that have not signed, for programs.
func (c *Ceremony) missing(err error) error {
	f := fault.From(err)
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if f == nil || !ok || pg.Detail == "" {
		return err
	}
	return f.With("missing", pg.Detail)
}
