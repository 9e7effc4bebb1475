package stewardtest

import (
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// Void is the input of what voids something.
func Void(id any, reason string) Vars { return Vars{"in": Vars{"id": id, "reason": reason}} }

// Race has several do the same at once; one of them succeeds, and the others are told CONFLICT.
func Race(t testing.TB, p *Person, document string, in Vars) {
	t.Helper()
	answers := make([]gjson.Result, 6)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i], _ = p.Try(document, in) })
	}
	wg.Wait()
	done, conflicts := 0, 0
	for _, a := range answers {
		switch code := a.Get("errors.0.extensions.code"); {
		case !a.Get("errors").Exists() && a.Get("data").Exists():
			done++
		case code.String() == string(fault.Conflict):
			conflicts++
		}
	}
	if done != 1 || conflicts != len(answers)-1 {
		t.Errorf("%d did it and %d were told CONFLICT: %v", done, conflicts, answers)
	}
}

// WhoMayNotVoid is refused to void: by role, or because it is not there for them.
func WhoMayNotVoid(t testing.TB, app *App, document string, in Vars, roles ...policy.Role) {
	t.Helper()
	for _, role := range roles {
		app.As(role).In(t).Refused(document, in, fault.Forbidden)
	}
	app.Resident().In(t).Refused(document, in, fault.Forbidden)
	app.As(policy.Auditor).In(t).Refused(document, in, fault.Forbidden)
	app.Nobody().In(t).Refused(document, in, fault.Unauthenticated)
	if r := app.Foreign(policy.KeyCustodian).In(t).Refused(document, in, fault.NotFound); r.Field != "id" {
		t.Errorf("not found at %q", r.Field)
	}
	for _, reason := range []string{"", " \t"} {
		empty := Void(in["in"].(Vars)["id"], reason)
		if r := app.As(policy.KeyCustodian).In(t).Refused(document, empty, fault.InvalidInput); r.Field != "reason" {
			t.Errorf("without a reason it is refused at %q", r.Field)
		}
	}
}
