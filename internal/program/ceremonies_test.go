package program_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// The program has every chapter: what they declare to be signed is what the database holds everybody to, no more and no less.
func TestDeclaredCeremoniesAreThoseOfTheDatabase(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), dbtest.New(t, stewardtest.Template()).SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var want []string
	for _, c := range signature.All() {
		for _, p := range c.Capacities {
			want = append(want, fmt.Sprintf("%s: %s signs", c.Kind, p))
			if d, ok := c.Of[p]; ok {
				want = append(want, fmt.Sprintf("%s: %s is of %s, outsiders %t", c.Kind, p, d, slices.Contains(c.Outsiders, p)))
			}
		}
		for _, d := range c.Distinct {
			want = append(want, fmt.Sprintf("%s: %s is not %s", c.Kind, min(d[0], d[1]), max(d[0], d[1])))
		}
		if c.Certificate {
			want = append(want, c.Kind+": certificate")
		}
		if c.Clause == "" && strings.Contains(c.Kind, ".") { // those of a mechanism are of every clause
			t.Errorf("%s names no clause", c.Kind)
		}
	}
	rows, err := conn.Query(t.Context(), `SELECT kind || ': ' || capacity || ' signs' FROM signature_capacities
		UNION ALL SELECT format('%s: %s is of %s, outsiders %s', kind, capacity, department, outsiders::text) FROM signature_capacities WHERE department IS NOT NULL
		UNION ALL SELECT kind || ': ' || least(a COLLATE "C", b) || ' is not ' || greatest(a COLLATE "C", b) FROM signature_distinct
		UNION ALL SELECT kind || ': certificate' FROM signature_certificates`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the database has\n%q\nthe chapters declare\n%q", got, want)
	}
}
