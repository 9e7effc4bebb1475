package handover_test

import (
	"testing"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/handover"
	_ "github.com/steward-pm/steward/internal/program" // all sources
)

func TestASourceIsDeclaredOnceAndInFull(t *testing.T) {
	t.Parallel()
	whole := handover.Source{Name: "keys.out", ZH: "x", EN: "x", Entity: ent.TypeKeyLoan, SQL: "SELECT"} // declared by the keys already
	for _, s := range []handover.Source{
		whole, {Name: "test.none", EN: "x", Entity: ent.TypeKeyLoan, SQL: "x"}, {Name: "test.none", ZH: "x", Entity: ent.TypeKeyLoan, SQL: "x"},
		{Name: "test.none", ZH: "x", EN: "x", Entity: "Nothing", SQL: "x"}, {Name: "test.none", ZH: "x", EN: "x", Entity: ent.TypeKeyLoan},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is declared", s)
				}
			}()
			handover.Declare(s)
		}()
	}
}

// What the rulebook names is on every sheet, in this order (D2).
func TestD2_WhatStandsOnASheet(t *testing.T) {
	t.Parallel()
	var names []string
	for _, s := range handover.All() {
		names = append(names, s.Name)
	}
	want := []string{"keys.out", "mail.undelivered", "vacancy.rounds", "vacancy.inspections", "vacancy.defects", "approvals.waiting", "obligations.breached"}
	if len(names) != len(want) {
		t.Fatalf("a sheet has %v", names)
	}
	for i, name := range want {
		if names[i] != name {
			t.Errorf("place %d is %s, want %s", i, names[i], name)
		}
	}
}
