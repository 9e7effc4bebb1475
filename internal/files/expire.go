package files

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/file"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// waits is how long an upload waits for something to take it over.
const waits = 7 * 24 * time.Hour

// Expire removes uploads that nothing took over within a week and that no import read: their rows at once, what they hold and the keys of their
// digests with what was destroyed (A7). It returns how many. The viewer in ctx is the system.
func Expire(ctx context.Context, rt *act.Runtime) (n int, err error) {
	defer fault.Wrap(&err, "expire uploads")
	ctx = act.With(ctx, rt)
	before := rt.Clock.Now().Add(-waits)
	var estates []struct {
		Estate uuid.UUID `json:"estate_id"`
	}
	if err := rt.DB.Ent.File.Query().Where(file.CreatedAtLT(before)).GroupBy(file.FieldEstateID).Scan(ctx, &estates); err != nil {
		return 0, err
	}
	var failed error
	for _, e := range estates {
		done, err := expire.Do(ctx, expireInput{e.Estate, before})
		switch {
		case fault.Is(err, fault.Conflict): // all of them were imported
		case err != nil:
			failed = errors.Join(failed, err)
		default:
			n += done.Count
		}
	}
	return n, failed
}

type expireInput struct {
	Estate uuid.UUID
	Before time.Time
}

// expired tells how many uploads were removed.
type expired struct{ Count int }

// expire is the program's own act.
var expire = act.New("files.expire", act.Needs(policy.File, policy.Update), nil, func(tx *act.Tx, in expireInput) (*expired, error) {
	rows, err := tx.Raw.Query(tx, `SELECT file_expire($1, $2)`, in.Estate, in.Before)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Clash("没有到期的上传。", "No upload has expired.")
	}
	for _, id := range list {
		if err := tx.Note(in.Estate, audit.Change{Type: ent.TypeFile, ID: id, Op: audit.Delete}); err != nil {
			return nil, err
		}
	}
	return &expired{len(list)}, nil
})
