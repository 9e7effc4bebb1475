package archives_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	oneNode   = `query($id: ID!) { node(id: $id) { id } }`
	someNodes = `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`
)

func documentID() string { return ids.New(0x0603).String() }

// tried are the refused readings of the household's file, by their documents; the newest first.
func tried(p *stewardtest.Person, household uuid.UUID) (list []string) {
	for _, r := range readingsOf(p, household) {
		if r.Get("refused").Bool() {
			list = append(list, r.Get("documentID").String())
		}
	}
	return list
}

func TestA6_WhoAsksForWhatIsHiddenIsOnTheTrail(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	a, b := handed(app.As(policy.Archivist), paper(app)), handed(app.As(policy.Archivist), paper(app))
	missing := documentID()
	hidden, gone := custodian.Ask(oneNode, vars{"id": a}), custodian.Ask(oneNode, vars{"id": missing})
	for _, path := range []string{"data", "errors.0.message", "errors.0.extensions.code"} {
		if hidden.Get(path).Raw != gone.Get(path).Raw {
			t.Errorf("%s of what is hidden %s, of what is not there %s", path, hidden.Get(path).Raw, gone.Get(path).Raw)
		}
	}
	custodian.Ask(someNodes, vars{"ids": []string{b, documentID(), app.A.Household.String()}})
	if got := tried(app.Resident(), app.A.Household); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values([]string{a, b}))) {
		t.Errorf("the household sees attempts upon %v, want %s and %s", got, a, b)
	}
	custodian.Refused(readings, vars{"h": app.A.Household}, fault.NotFound)
	if got := tried(app.Resident(), app.A.Household); len(got) != 3 {
		t.Errorf("to ask who read the file is no attempt: %v", got)
	}
	if got := tried(app.Neighbour(), app.A.OtherHousehold); len(got) != 0 {
		t.Errorf("the neighbours see %v", got)
	}
	// Who may see it does not try.
	app.As(policy.CSOfficer).Do(oneNode, vars{"id": a})
	if got := tried(app.Resident(), app.A.Household); len(got) != 3 {
		t.Errorf("a reading is an attempt: %v", got)
	}
}

// A flood of attempts leaves a bounded number of entries, be there what is asked for or not.
func TestA6_AFloodOfAttemptsDoesNotFillTheTrail(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, archivist := app.As(policy.KeyCustodian), app.As(policy.Archivist)
	real := make([]string, 30)
	for i := range real {
		real[i] = handed(archivist, paper(app, set("title", fmt.Sprint(i))))
	}
	// Twenty are named, each of them again when it is tried the tenth time; the others are counted together, at the first, tenth, hundredth, thousandth.
	entries := func() int {
		return len(app.IDs(`SELECT id FROM audit.entries WHERE outcome = 'refused' AND body::jsonb -> 'actor' ->> 'account' = $1`, custodian.Account.String()))
	}
	for range 20 {
		list := slices.Clone(real)
		for len(list) < 100 {
			list = append(list, documentID())
		}
		custodian.Ask(someNodes, vars{"ids": list})
	}
	if n := entries(); n < 24 || n > 20+20+4 {
		t.Errorf("2000 attempts made %d entries", n)
	}
	app.Clock.Advance(time.Minute)
	custodian.Ask(oneNode, vars{"id": real[0]})
	if n := entries(); n > 20+20+4+1 {
		t.Errorf("a minute later: %d", n)
	}
}
