package archives

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedestruction"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
)

// ArchiveDestructionCertificate is all that the certificate of a destruction has to say (A7).
type ArchiveDestructionCertificate struct {
	Destruction                        *ent.ArchiveDestruction
	Number                             string
	Series                             []string // volumes and categories
	DatedFrom, DatedUntil              calendar.Day
	Schedule                           []string // items, with their years
	EligibleOn                         calendar.Day
	Quantity, Pages                    int
	Method                             archivedestruction.Method
	AuthorisedBy, DestroyedBy, Witness string
	DestroyedAt                        time.Time
	NoHold                             string
	ContentHash                        string
	BackupsUntil                       calendar.Day
	AuditSeq                           int
}

// Certificate is the certificate of a destruction. Errors: NOT_FOUND for one that the viewer may not see, and until it is done.
func Certificate(ctx context.Context, destruction uuid.UUID) (*ArchiveDestructionCertificate, error) {
	list, err := certificates(ctx, act.From(ctx).DB.Ent.ArchiveDestruction.Query().Where(archivedestruction.ID(destruction)))
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Missing().At("destructionID")
	}
	return list[0], nil
}

// certificates are those of the destructions that are done, in three statements and one for their places in the chain.
func certificates(ctx context.Context, q *ent.ArchiveDestructionQuery) ([]*ArchiveDestructionCertificate, error) {
	done, err := q.Where(archivedestruction.StateEQ(archivedestruction.StateDone)).WithLines().WithCertificate().WithWitness().All(ctx)
	if err != nil || len(done) == 0 {
		return nil, err
	}
	places, err := places(ctx, done)
	if err != nil {
		return nil, err
	}
	out := make([]*ArchiveDestructionCertificate, 0, len(done))
	for _, d := range done {
		if d.Edges.Certificate == nil || d.Edges.Witness == nil {
			return nil, fault.Missing() // certificates are not for who sees neither
		}
		witness, err := signedBy(d.Content)
		if err != nil {
			return nil, err
		}
		c := &ArchiveDestructionCertificate{
			Destruction: d, Number: d.Edges.Certificate.Number, DatedFrom: calendar.DayOf(d.DatedFrom), DatedUntil: calendar.DayOf(d.DatedUntil),
			EligibleOn: calendar.DayOf(d.EligibleOn), Quantity: d.Quantity, Pages: d.Pages, Method: d.Method,
			AuthorisedBy: d.ApprovedByName, DestroyedBy: d.DestroyedByName, Witness: witness, DestroyedAt: *d.DoneAt,
			NoHold: noHoldZH + " " + noHoldEN, ContentHash: d.ContentHash, BackupsUntil: calendar.DayOf(*d.BackupsUntil), AuditSeq: places[d.ID],
		}
		for _, l := range d.Edges.Lines {
			c.Series = append(c.Series, fmt.Sprintf("%s %s", l.VolumeCode, l.Category))
			c.Schedule = append(c.Schedule, fmt.Sprintf("%s: %d", l.Basis, l.Years))
		}
		c.Series, c.Schedule = distinct(c.Series), distinct(c.Schedule)
		out = append(out, c)
	}
	return out, nil
}

// signedBy is the witness by the name that was signed, whatever the record of staff says later.
func signedBy(content string) (string, error) {
	var signed struct{ Witness string }
	err := json.Unmarshal([]byte(content), &signed)
	return signed.Witness, err
}

func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// places are those of the destructions in their estates' audit chains: what is on the trail about them is not shown, so that
// whoever may read the order may know it.
func places(ctx context.Context, done []*ent.ArchiveDestruction) (map[uuid.UUID]int, error) {
	out := map[uuid.UUID]int{}
	list := make([]uuid.UUID, len(done))
	for i, d := range done {
		list[i] = d.ID
	}
	return out, act.From(ctx).DB.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT subject_id, seq FROM audit.entries WHERE estate_id = $1 AND kind = 'write' AND action = 'archives.destroy' AND subject_id = ANY ($2)`,
			done[0].EstateID, list)
		if err != nil {
			return err
		}
		var id uuid.UUID
		var seq int
		_, err = pgx.ForEachRow(rows, []any{&id, &seq}, func() error { out[id] = seq; return nil })
		return err
	})
}
