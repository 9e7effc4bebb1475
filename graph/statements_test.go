package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// otherwise are the lists that ask PostgreSQL without ent; or need to be told what for; internal/identity and internal/archives count theirs, those of jobs and webhooks are one statement or two by their code, and a timeline is two by its code.
var otherwise = []string{"accounts", "auditTrail", "failedJobs", "feeHouseholdArrears", "feeSteps", "householdFileReadings", "inbox", "keyBalancesAt", "keySetTimeline", "searchArchive", "webhookDeliveries", "webhooks"}

// Every list, with all that can be selected three objects deep, costs no more statements for 60 rows than for 5. The
// golden file holds how many: those of ids alone, and those of everything.
func TestStatementsDoNotGrowWithTheRows(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t, stewardtest.Options{Server: func(c *server.Config) {
		c.Complexity, c.Tokens, c.Repeats, c.ListEstimate = 1<<60, 1<<20, 1<<20, 1
	}})
	rowsOf(t, app, app.A) // what life brings beyond the seed
	manager, handler := app.As(policy.GeneralManager), app.Handler()
	type cost struct{ rows, ids, all int }
	measure := func() map[string]cost {
		out := map[string]cost{}
		for _, f := range schema.Query.Fields {
			if !strings.HasSuffix(f.Type.Name(), "Connection") || slices.Contains(otherwise, f.Name) {
				continue
			}
			args := map[string]any{"first": 200}
			plain, ids := statements(t, handler, manager, `query($first: Int) { `+f.Name+`(first: $first) { edges { node { id } } pageInfo { hasNextPage endCursor } } }`, args)
			document, _ := documentOf("query", f, args, 6)
			_, all := statements(t, handler, manager, document, args)
			out[f.Name] = cost{int(plain.Get("data." + f.Name + ".edges.#").Int()), ids, all}
		}
		return out
	}
	copies(app, 1, 4)
	figures, _ := documentOf("query", schema.Query.Fields.ForName("estateDashboards"), nil, 6)
	_, fewFigures := statements(t, handler, manager, figures, nil)
	few := measure()
	copies(app, 5, 59)
	if d, many := statements(t, handler, manager, figures, nil); many > fewFigures || d.Get("data.estateDashboards.#").Int() < 60 {
		t.Errorf("the figures of %d estates cost %d statements, of few %d", d.Get("data.estateDashboards.#").Int(), many, fewFigures)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s %4s %4s\n", "list", "ids", "all")
	for name, many := range measure() {
		if few := few[name]; many.ids > few.ids || many.all > few.all { // fewer: the newest rows lack what older ones lead to
			t.Errorf("%s: %d rows cost %d and %d statements, %d rows %d and %d", name, few.rows, few.ids, few.all, many.rows, many.ids, many.all)
		} else if few.rows < 5 || many.rows < 60 {
			t.Errorf("%s was asked with %d and %d rows: too few to tell", name, few.rows, many.rows)
		}
	}
	for _, f := range schema.Query.Fields {
		if c, ok := few[f.Name]; ok {
			fmt.Fprintf(&b, "%-20s %4d %4d\n", f.Name, c.ids, c.all)
		}
	}
	golden(t, "testdata/statements.golden", b.String())
	nodes := func(n int) int {
		_, cost := statements(t, handler, manager, `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Vacancy { keysHeld } } }`,
			map[string]any{"ids": app.IDs(`SELECT id FROM vacancies ORDER BY id LIMIT $1`, n)})
		return cost
	}
	if few, many := nodes(2), nodes(60); many > few {
		t.Errorf("what is counted of 60 vacancies, asked for by their ids, costs %d statements, and of two %d", many, few)
	}
}

// statements asks, and counts the statements that it took.
func statements(t *testing.T, handler http.Handler, p *stewardtest.Person, document string, vars stewardtest.Vars) (gjson.Result, int) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": document, "variables": vars})
	if err != nil {
		t.Fatal(err)
	}
	var s database.Statements
	r := httptest.NewRequestWithContext(database.CountStatements(t.Context(), &s), http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+p.Token)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	answer := gjson.ParseBytes(w.Body.Bytes())
	if answer.Get("errors").Exists() || !answer.Get("data").Exists() {
		t.Fatalf("%s\n%.2000s", document, w.Body.String())
	}
	return answer, s.Count()
}

// copies repeats estate A with all its rows, so many times: each copy has ids and a code of its own, and references
// that stay within it.
func copies(app *stewardtest.App, from, to int) {
	for _, e := range ent.Entities {
		app.Super(fmt.Sprintf(`INSERT INTO %[1]s SELECT (jsonb_populate_record(NULL::%[1]s, (
			SELECT jsonb_object_agg(key, CASE
				WHEN key = 'code' AND '%[1]s' = 'estates' THEN to_jsonb('C' || k)
				WHEN value #>> '{}' ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7' THEN to_jsonb(overlay(value #>> '{}' PLACING lpad(to_hex(k), 8, '0') FROM 1 FOR 8))
				ELSE value END) FROM jsonb_each(to_jsonb(t))))).*
			FROM %[1]s t, generate_series($2::int, $3) k WHERE t.%[2]s = $1`, e.Table, e.Estate), app.A.ID, from, to)
	}
}
