package program_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jonboulle/clockwork"

	"github.com/steward-pm/steward/ent/migrations"
	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/internal/demo"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// The same work, through the program and hand-written in pgx behind a bare handler, on the demo data, in
// one run: go test ./internal/program -run xxx -bench . -benchtime 3s. What counts is the ratio.

const (
	unitList = `query Units { units(first: 50) { edges { node { id label kind state areaHundredths building { code } } } } }`
	lendKey  = `mutation Lend($in: LendKeysInput!) { lendKeys(input: $in) { loan { id dueAt } } }`
	takeBack = `mutation Return($in: ReturnKeysInput!) { returnKeys(input: $in) { loan { state } } }`
)

func BenchmarkUnitList(b *testing.B) {
	p := newPortfolio(b)
	b.Run("steward", func(b *testing.B) {
		measure(b, func() { p.ask(b, unitList, nil) })
	})
	b.Run("pgx", func(b *testing.B) {
		srv := httptest.NewServer(http.HandlerFunc(p.listByHand))
		defer srv.Close()
		measure(b, func() {
			resp, err := http.Get(srv.URL)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		})
	})
}

func BenchmarkLendAndReturn(b *testing.B) {
	p := newPortfolio(b)
	b.Run("steward", func(b *testing.B) {
		measure(b, func() {
			loan := p.ask(b, lendKey, map[string]any{"in": map[string]any{"borrower": map[string]any{"staffID": p.staff}, "purpose": "抄表",
				"fromID": p.cabinet, "signature": map[string]any{}, "lines": []any{map[string]any{"setID": p.set(), "count": 1}}}})
			p.ask(b, takeBack, map[string]any{"in": map[string]any{"loanID": loan, "signature": map[string]any{}}})
		})
	})
	b.Run("pgx", func(b *testing.B) { measure(b, func() { p.lendByHand(b) }) })
}

// portfolio is the demo data, served.
type portfolio struct {
	url, token      string
	pool            *pgxpool.Pool
	estate          uuid.UUID
	staff           uuid.UUID
	cabinet, person uuid.UUID
	sets            []uuid.UUID
	next            atomic.Int64
}

// set takes turns, so that concurrent loans do not all wait for one balance.
func (p *portfolio) set() uuid.UUID { return p.sets[int(p.next.Add(1))%len(p.sets)] }

func newPortfolio(b *testing.B) *portfolio {
	b.Helper()
	db := dbtest.New(b, dbtest.Template{Name: "bench", Build: func(ctx context.Context, owner string) error { return migrations.Up(ctx, owner) }})
	app := stewardtest.Wire(b, db.AppURL, clockwork.NewRealClock(), stewardtest.Options{})
	list, err := demo.Load(context.Background(), app.Runtime, app.Policy, app.Files, func(string, ...any) {})
	if err != nil {
		b.Fatal(err)
	}
	p := &portfolio{pool: app.DB.Pool}
	srv := httptest.NewServer(app.Handler())
	b.Cleanup(srv.Close)
	p.url = srv.URL
	for _, s := range list {
		if s.Role == string(policy.ProjectManager) {
			p.token = signIn(b, srv.URL, s)
		}
	}
	super, err := pgx.Connect(context.Background(), db.SuperURL)
	if err != nil {
		b.Fatal(err)
	}
	defer super.Close(context.Background())
	one := func(to any, sql string, args ...any) {
		if err := super.QueryRow(context.Background(), sql, args...).Scan(to); err != nil {
			b.Fatalf("%s: %v", sql, err)
		}
	}
	one(&p.estate, `SELECT id FROM estates WHERE code = 'CHHY'`)
	one(&p.staff, `SELECT s.id FROM staffs s JOIN departments d ON d.id = s.department_id WHERE s.estate_id = $1 AND d.kind = 'ENGINEERING' AND s.account_id IS NULL`, p.estate)
	one(&p.cabinet, `SELECT holder_id FROM key_balances b JOIN key_holders h ON h.id = b.holder_id AND h.estate_id = b.estate_id
		WHERE b.estate_id = $1 AND h.kind = 'CABINET' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1`, p.estate)
	one(&p.person, `SELECT id FROM key_holders WHERE estate_id = $1 AND kind = 'STAFF' LIMIT 1`, p.estate)
	one(&p.sets, `SELECT array_agg(set_id) FROM key_balances WHERE estate_id = $1 AND holder_id = $2 AND count > 1`, p.estate, p.cabinet)
	if _, err := super.Exec(context.Background(), `ANALYZE`); err != nil { // test clusters run without autovacuum
		b.Fatal(err)
	}
	return p
}

func signIn(b *testing.B, url string, s demo.SignIn) string {
	b.Helper()
	p := portfolio{url: url}
	return p.ask(b, `mutation SignIn($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { token } }`, map[string]any{"e": s.Email, "p": s.Password})
}

// ask sends a document and returns the first id or token in the answer.
func (p *portfolio) ask(b *testing.B, query string, vars map[string]any) string {
	body, _ := json.Marshal(map[string]any{"query": query, "variables": vars})
	r, _ := http.NewRequest(http.MethodPost, p.url+"/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Error(err)
		return ""
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if bytes.Contains(text, []byte(`"errors"`)) {
		b.Errorf("%s", text)
		return ""
	}
	var answer struct {
		Data struct {
			SignIn   struct{ Token string }
			LendKeys struct{ Loan struct{ ID string } }
		}
	}
	_ = json.Unmarshal(text, &answer)
	return answer.Data.SignIn.Token + answer.Data.LendKeys.Loan.ID
}

// measure runs f from twice as many goroutines as there are cores and reports rate and p99.
func measure(b *testing.B, f func()) {
	b.Helper()
	f()
	var mu sync.Mutex
	var all []time.Duration
	b.SetParallelism(2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		var own []time.Duration
		for pb.Next() {
			start := time.Now()
			f()
			own = append(own, time.Since(start))
		}
		mu.Lock()
		all = append(all, own...)
		mu.Unlock()
	})
	b.StopTimer()
	slices.Sort(all)
	b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "req/s")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
}

func settings(estate uuid.UUID) (string, []any) {
	return `SELECT set_config('app.estate_ids', $1, true), set_config('app.households', '', true), set_config('app.account_id', '*', true)`, []any{"{" + estate.String() + "}"}
}

type unitRow struct {
	ID       uuid.UUID `json:"id"`
	Label    string    `json:"label"`
	Kind     string    `json:"kind"`
	State    string    `json:"state"`
	Area     int64     `json:"areaHundredths"`
	Building struct {
		Code string `json:"code"`
	} `json:"building"`
}

// listByHand answers the unit list with one statement, under the same row-level security.
func (p *portfolio) listByHand(w http.ResponseWriter, r *http.Request) {
	batch := &pgx.Batch{}
	set, args := settings(p.estate)
	batch.Queue(set, args...)
	batch.Queue(`SELECT u.id, u.label, u.kind, u.state, u.area_hundredths, b.code FROM units u
		JOIN buildings b ON b.id = u.building_id AND b.estate_id = u.estate_id
		WHERE u.estate_id = $1 ORDER BY u.sort_key, u.id LIMIT 51`, p.estate)
	results := p.pool.SendBatch(r.Context(), batch)
	defer results.Close()
	if _, err := results.Exec(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	rows, err := results.Query()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u unitRow, err error) {
		return u, row.Scan(&u.ID, &u.Label, &u.Kind, &u.State, &u.Area, &u.Building.Code)
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(list)
}

// lendByHand writes what lending and returning must at least: loan, line, movements, signatures; no audit, no scope,
// no idempotency, no obligation.
func (p *portfolio) lendByHand(b *testing.B) {
	ctx, now := context.Background(), time.Now()
	loan, line, set := ids.New(0x0307), ids.New(0x0308), p.set()
	in := func(f func(pgx.Tx) error) {
		err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
			sql, args := settings(p.estate)
			if _, err := tx.Exec(ctx, sql, args...); err != nil {
				return err
			}
			return f(tx)
		})
		if err != nil {
			b.Error(err)
		}
	}
	in(func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO key_loans (id, created_at, version, estate_id, borrower_id, borrower_name, purpose, lent_by_id, lent_by_name, lent_at, due_at, state)
			VALUES ($1, $2, 1, $3, $4, 'x', '抄表', $4, 'x', $2, $2, 'OPEN')`, loan, now, p.estate, p.person); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO key_loan_lines (id, created_at, estate_id, loan_id, set_id, from_id, label, count, returned) VALUES ($1, $2, $3, $4, $5, $6, '', 1, 0)`,
			line, now, p.estate, loan, set, p.cabinet); err != nil {
			return err
		}
		if err := p.signByHand(ctx, tx, "keys.lend", "borrower", loan); err != nil {
			return err
		}
		return p.moveByHand(ctx, tx, set, line, p.cabinet, p.person, "LENT")
	})
	in(func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM key_loans WHERE estate_id = $1 AND id = $2 FOR UPDATE`, p.estate, loan); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE key_loan_lines SET returned = 1 WHERE estate_id = $1 AND id = $2`, p.estate, line); err != nil {
			return err
		}
		if err := p.moveByHand(ctx, tx, set, line, p.person, p.cabinet, "RETURNED"); err != nil {
			return err
		}
		if err := p.signByHand(ctx, tx, "keys.return", "returner", ids.New(0x0309)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE key_loans SET state = 'RETURNED', returned_at = $3 WHERE estate_id = $1 AND id = $2`, p.estate, loan, now)
		return err
	})
}

// signByHand signs as both do (K2.1).
func (p *portfolio) signByHand(ctx context.Context, tx pgx.Tx, kind, first string, subject uuid.UUID) error {
	_, err := tx.Exec(ctx, `INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, person, method, account_id, attested_by_id, content_hash, signed_at)
		VALUES ($1, $3, $4, $5, $6, $7, 'x', '', 'ATTESTED', NULL, $8, '00', $3), ($2, $3, $4, $5, $6, 'handler', 'y', '', 'SESSION', $8, NULL, '00', $3)`,
		ids.New(0x0204), ids.New(0x0204), time.Now(), p.estate, kind, subject, first, p.person)
	return err
}

func (p *portfolio) moveByHand(ctx context.Context, tx pgx.Tx, set, line, from, to uuid.UUID, reason string) error {
	_, err := tx.Exec(ctx, `INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, loan_line_id, occurred_at)
		VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $2)`, ids.New(0x0303), time.Now(), p.estate, set, from, to, reason, line)
	return err
}
