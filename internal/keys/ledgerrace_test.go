package keys_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Of two who post at once, the one who began first may come second. Then he does not rest, at his time, on what the other posted a
// moment later: he begins again, and the ledger was never short.
func TestK4_1_WhoComesSecondPostsLater(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	const later = 5 * time.Millisecond
	answer := make(chan gjson.Result, 1)
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
		// The desk gets all keys of the cabinet a moment from now, by somebody who is not done yet.
		_, err := tx.Exec(ctx, `INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, occurred_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 'PLACED', $2)`, ids.New(0x0303), stewardtest.Start.Add(later), app.A.ID, set, app.A.Cabinet, app.A.Desk, app.A.InCabinet)
		if err != nil {
			return err
		}
		go func() {
			a, _ := custodian.Try(moveKeys, vars{"in": vars{"setID": set, "count": app.A.InCabinet + app.A.AtDesk, "fromID": app.A.Desk, "toID": app.A.Cabinet}})
			answer <- a
		}()
		for range 5000 { // until the move waits for this entry
			var waits bool
			err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))`).Scan(&waits)
			if err != nil || waits {
				app.Clock.Advance(2 * later)
				return err
			}
			time.Sleep(time.Millisecond)
		}
		return errors.New("nobody waits")
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := <-answer; a.Get("errors").Exists() {
		t.Errorf("who came second: %s", a.Raw)
	}
	short := app.IDs(`WITH legs AS (SELECT set_id, to_id AS holder_id, count AS n, occurred_at FROM key_movements
			UNION ALL SELECT set_id, from_id, -count, occurred_at FROM key_movements),
		had AS (SELECT holder_id, sum(n) OVER (PARTITION BY holder_id ORDER BY occurred_at) AS n FROM legs WHERE set_id = $1)
		SELECT holder_id FROM had JOIN key_holders h ON h.id = holder_id WHERE n < 0 AND h.kind <> 'SOURCE'`, set)
	if len(short) > 0 {
		t.Errorf("short at some time: %v", short)
	}
	if got := balance(app, set, app.A.Cabinet); got != app.A.InCabinet+app.A.AtDesk {
		t.Errorf("%d keys in the cabinet", got)
	}
}
