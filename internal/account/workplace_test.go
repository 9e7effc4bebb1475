package account_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Who holds a token works where the account is employed, while it is; to find that out, before anybody knows whose estates to show, widens
// nothing that comes after.
func TestWhereSomebodyWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	estate, department, who := uuid.New(), uuid.New(), uuid.New()
	hash := bytes.Repeat([]byte{7}, 32)
	must(t, pgx.BeginFunc(ctx, w.owner, func(tx pgx.Tx) error {
		for _, s := range []struct {
			sql  string
			args []any
		}{
			{`SET LOCAL app.estate_ids = '*'`, nil},
			{`INSERT INTO estates (id, created_at, code, name) VALUES ($1, now(), 'A', '甲')`, []any{estate}},
			{`INSERT INTO departments (id, created_at, estate_id, name, kind) VALUES ($1, now(), $2, '财务部', 'FINANCE')`, []any{department, estate}},
			{`INSERT INTO identity.accounts (id, email, email_key, name, kind, created_at) VALUES ($1, 'li', 'li', 'li', 'staff', now())`, []any{who}},
			{`INSERT INTO identity.grants (id, account_id, role, estate_id, valid_from, created_at) VALUES (gen_random_uuid(), $1, 'accountant', $2, '2026-01-01', now())`, []any{who, estate}},
			{`INSERT INTO identity.sessions (id, account_id, token_hash, address, user_agent, created_at, last_seen_at, expires_at) VALUES (gen_random_uuid(), $1, $2, '', '', '2026-03-01', '2026-03-01', '2027-01-01')`, []any{who, hash}},
			{`INSERT INTO staffs (id, created_at, estate_id, name, sort_key, department_id, account_id, phone, employed_from, employed_until) VALUES (gen_random_uuid(), now(), $1, '会计', 'k', $2, $3, '', '2026-02-01', '2026-03-01')`,
				[]any{estate, department, who}},
		} {
			if _, err := tx.Exec(ctx, s.sql, s.args...); err != nil {
				return err
			}
		}
		return nil
	}))
	for day, want := range map[string]uuid.UUID{"2026-01-31": uuid.Nil, "2026-02-01": department, "2026-03-01": department, "2026-03-02": uuid.Nil} {
		must(t, pgx.BeginFunc(ctx, w.app, func(tx pgx.Tx) error {
			var held []byte
			var sees, staff string
			if _, err := tx.Exec(ctx, `SET LOCAL app.estate_ids = '{}'`); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, `SELECT held FROM identity.authenticate($1, '2026-03-01 12:00', $2, '1 day', '1 minute')`, hash, day).Scan(&held); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, `SELECT current_setting('app.estate_ids'), count(*)::text FROM staffs`).Scan(&sees, &staff); err != nil {
				return err
			}
			var grants []struct {
				WorksIn, Department uuid.UUID
			}
			if err := json.Unmarshal(held, &grants); err != nil {
				return err
			}
			if len(grants) != 1 || grants[0].WorksIn != want || grants[0].Department != uuid.Nil || sees != "{}" || staff != "0" {
				t.Errorf("on %s: %s, and then sees %s, %s members of staff", day, held, sees, staff)
			}
			return nil
		}))
	}
}
