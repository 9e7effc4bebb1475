package act_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/area"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/naming"
	"github.com/steward-pm/steward/internal/server/request"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// probe is an act whose rule is the test's, to see what is done around a rule.
var probe = act.New("test.probe", act.Needs(policy.Area, policy.Create), act.Clauses("A1.1"),
	func(tx *act.Tx, in probeInput) (*probePayload, error) { return in.Rule(tx) })

type rule = func(*act.Tx) (*probePayload, error)

type probeInput struct {
	Value string
	Rule  rule `json:"-"`
}

type probePayload struct {
	Area   *ent.Area
	None   *ent.Area
	Areas  []*ent.Area
	Count  int
	Secret string `replay:"-"`
}

// addArea is a rule that adds an area.
func addArea(estate uuid.UUID, code string) rule {
	return func(tx *act.Tx) (*probePayload, error) {
		a, err := tx.Area.Create().SetEstateID(estate).SetCode(code).SetName(code).SetSortKey(naming.Natural(code)).Save(tx)
		if err != nil {
			return nil, err
		}
		list, err := tx.Area.Query().Where(area.ID(a.ID)).All(tx)
		return &probePayload{Area: a, Areas: list, Count: 7, Secret: "shown once"}, err
	}
}

// as is a context of somebody with the grants, whose estates with an audit are given.
func as(app *stewardtest.App, account uuid.UUID, audits []uuid.UUID, grants ...access.Grant) context.Context {
	return access.With(app.Context(), access.New(app.Policy, access.Viewer{Account: account, Name: "测试", Grants: grants, Audits: audits}))
}

// manager is the project manager of A, a person of the database.
func manager(app *stewardtest.App) context.Context {
	p := app.As(policy.ProjectManager)
	return as(app, p.Account, nil, access.Grant{Role: policy.ProjectManager, Estate: app.A.ID})
}

// keyed names an idempotency key, as the header does.
func keyed(ctx context.Context, key string) context.Context {
	return request.With(ctx, request.Info{IdempotencyKey: key})
}

func texts(t *testing.T, app *stewardtest.App, sql string, args ...any) []string {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(context.Background(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return list
}

// trail is what stands in the chain of A about the probe: outcome, clause and reason of each entry.
func trail(t *testing.T, app *stewardtest.App, kind string) []string {
	t.Helper()
	return texts(t, app, `SELECT concat_ws(' ', outcome, body::jsonb ->> 'clause', body::jsonb ->> 'reason') FROM audit.entries
		WHERE estate_id = $1 AND kind = $2 AND action = 'test.probe' ORDER BY seq`, app.A.ID, kind)
}

// areas are the codes of A's areas beyond the seed's.
func areas(t *testing.T, app *stewardtest.App) []string {
	t.Helper()
	return texts(t, app, `SELECT code FROM areas WHERE estate_id = $1 AND id <> $2 ORDER BY code`, app.A.ID, app.A.Area)
}
