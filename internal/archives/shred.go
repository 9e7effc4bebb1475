package archives

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
)

// shreds is how many documents one run finishes off.
const shreds = 500

// Shred erases outside of the database what destructions have erased in it: content that nothing else holds, and the keys by which
// digests on the audit trail could be compared (A7). What there is to do was committed with the destruction, and is struck off
// after it is done: a crash between has it done again. It returns how many documents are finished off.
func Shred(ctx context.Context, rt *act.Runtime, content *files.Content) (n int, err error) {
	defer fault.Wrap(&err, "shred")
	var list []shred
	if err := rt.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT estate, id, sha256, subjects FROM archive_shreds_due($1)`, shreds)
		if err == nil {
			list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[shred])
		}
		return err
	}); err != nil {
		return 0, err
	}
	var failed error
	for _, s := range list {
		if err := s.do(ctx, rt, content); err != nil {
			failed = errors.Join(failed, err) // it is tried again; the others do not wait for it
		} else {
			n++
		}
	}
	return n, failed
}

// shred is what is to be erased with one document.
type shred struct {
	Estate, Document uuid.UUID
	SHA256           string
	Subjects         []uuid.UUID // of keys: the document's, and of the holds that were on it
}

func (s shred) do(ctx context.Context, rt *act.Runtime, content *files.Content) error {
	for _, subject := range s.Subjects {
		if err := rt.Keys.Erase(ctx, subject); err != nil {
			return err
		}
	}
	if s.SHA256 != "" {
		if err := content.Forget(ctx, rt, s.SHA256, s.Estate); err != nil {
			return err
		}
	}
	return rt.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `SELECT archive_shredded($1)`, s.Document)
		return err
	})
}
