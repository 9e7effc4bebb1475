package exports

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent/registerexport"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/internal/jobs"
	"github.com/steward-pm/steward/policy"
)

const (
	atOnce = 500              // so many exports of an estate expire in one act
	lost   = 10 * time.Minute // after so long an export has a job, or had one that was given up
)

// Tidy has exports expire whose time is over, says of those whose job was given up that they failed, and removes what none of them holds any
// more; the rows stay. It returns how many it dealt with. The viewer in ctx is the system. It may run twice at once, and be killed: what is to be removed is
// struck off after it is gone.
func Tidy(ctx context.Context, rt *act.Runtime, content *files.Content) (n int, err error) {
	defer fault.Wrap(&err, "tidy exports")
	ctx = act.With(ctx, rt)
	expired, e1 := expireAll(ctx, rt)
	given, e2 := failLost(ctx, rt)
	removed, e3 := removeAll(ctx, rt, content)
	return expired + given + removed, errors.Join(e1, e2, e3)
}

func expireAll(ctx context.Context, rt *act.Runtime) (n int, failed error) {
	var estates []struct {
		Estate uuid.UUID `json:"estate_id"`
	}
	if err := rt.DB.Ent.RegisterExport.Query().Where(registerexport.StateEQ(registerexport.StateDone), registerexport.ExpiresAtLTE(rt.Clock.Now())).
		GroupBy(registerexport.FieldEstateID).Scan(ctx, &estates); err != nil {
		return 0, err
	}
	for _, e := range estates {
		done, err := expire.Do(ctx, e.Estate)
		switch {
		case fault.Is(err, fault.Conflict): // another server was faster
		case err != nil:
			failed = errors.Join(failed, err)
		default:
			n += done.Count
		}
	}
	return n, failed
}

// expired tells how many exports expired.
type expired struct{ Count int }

// expire is the program's own act.
var expire = act.New("exports.expire", act.Needs(policy.RegisterExport, policy.Update), act.Clauses(clause), func(tx *act.Tx, estate uuid.UUID) (*expired, error) {
	list, err := tx.RegisterExport.Query().Where(registerexport.EstateID(estate), registerexport.StateEQ(registerexport.StateDone), registerexport.ExpiresAtLTE(tx.Now)).
		Order(registerexport.ByID()).Limit(atOnce).ForUpdate().All(tx)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, over()
	}
	for _, x := range list {
		if err := x.Update().SetState(registerexport.StateExpired).Exec(tx); err != nil {
			return nil, err
		}
	}
	return &expired{len(list)}, nil
})

// failLost finds exports that are not over though no job writes them: it was given up with the server that worked it, or by hand.
func failLost(ctx context.Context, rt *act.Runtime) (n int, failed error) {
	var list []uuid.UUID
	err := rt.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT x.id FROM register_exports x WHERE x.state IN ('WAITING', 'RUNNING') AND x.created_at < $1
			AND NOT EXISTS (SELECT FROM `+jobs.Schema+`.river_job j WHERE j.kind = $2 AND j.args ->> 'export' = x.id::text AND j.state NOT IN ('completed', 'discarded', 'cancelled'))
			ORDER BY x.created_at LIMIT $3`, rt.Clock.Now().Add(-lost), writing{}.Kind(), atOnce)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, id := range list {
		switch _, err := fail.Do(ctx, failInput{id, true}); {
		case fault.Is(err, fault.Conflict): // it went on meanwhile
		case err != nil:
			failed = errors.Join(failed, err)
		default:
			n++
		}
	}
	return n, failed
}

// removeAll removes the content of what is over, and the keys of its digests on the audit trail.
func removeAll(ctx context.Context, rt *act.Runtime, content *files.Content) (n int, failed error) {
	list, err := rt.DB.Ent.RegisterExport.Query().Where(registerexport.Sha256NEQ(""),
		registerexport.StateNotIn(registerexport.StateWaiting, registerexport.StateRunning, registerexport.StateDone)).Order(registerexport.ByID()).Limit(atOnce).All(ctx)
	if err != nil {
		return 0, err
	}
	for _, x := range list {
		err := errors.Join(rt.Keys.Erase(ctx, x.ID), content.Forget(ctx, rt, x.Sha256, x.EstateID))
		if err == nil {
			err = rt.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE register_exports SET sha256 = '' WHERE estate_id = $1 AND id = $2 AND sha256 = $3 AND state = $4`, x.EstateID, x.ID, x.Sha256, x.State)
				return err
			})
		}
		if failed = errors.Join(failed, err); err == nil {
			n++
		}
	}
	return n, failed
}
