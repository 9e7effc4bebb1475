package keys_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestK2_3_BadReports(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[0]
	_, line := lendTo(app, vars{"residentID": app.A.Resident}, set, 1)
	other := app.IDs(`SELECT id FROM key_holders WHERE estate_id = $1 AND kind = 'LOST'`, app.A.ID)[0]
	with := func(in vars, key string, value any) vars {
		in["in"].(vars)[key] = value
		return in
	}
	for name, c := range map[string]struct {
		in    vars
		code  fault.Code
		field string
	}{
		"both ways":              {with(lossOfLine(line, 1), "setID", set), fault.InvalidInput, "loanLineID"},
		"no way":                 {vars{"in": vars{"count": 1, "circumstances": "x"}}, fault.InvalidInput, "setID"},
		"no holder":              {vars{"in": vars{"setID": set, "count": 1, "circumstances": "x"}}, fault.InvalidInput, "holderID"},
		"no keys":                {lossOfLine(line, 0), fault.InvalidInput, "count"},
		"more than are out":      {lossOfLine(line, 2), fault.Conflict, "count"},
		"more than are there":    {lossOf(set, app.A.Desk, app.A.AtDesk), fault.Conflict, "count"},
		"no circumstances":       {with(lossOfLine(line, 1), "circumstances", " "), fault.InvalidInput, "circumstances"},
		"too long":               {with(lossOfLine(line, 1), "circumstances", strings.Repeat("丢", 2001)), fault.InvalidInput, "circumstances"},
		"yet to come":            {with(lossOfLine(line, 1), "occurredAt", stewardtest.Start.Add(time.Minute)), fault.InvalidInput, "occurredAt"},
		"before they were lent":  {with(lossOfLine(line, 1), "occurredAt", stewardtest.Start.Add(-time.Minute)), fault.InvalidInput, "occurredAt"},
		"lost by the lost":       {lossOf(set, other, 1), fault.InvalidInput, "holderID"},
		"lost by the source":     {lossOf(set, app.A.Source, 1), fault.InvalidInput, "holderID"},
		"a foreign holder":       {lossOf(set, app.B.Desk, 1), fault.NotFound, "holderID"},
		"a foreign set":          {lossOf(app.B.Sets[0], app.B.Desk, 1), fault.NotFound, "setID"},
		"a line that is not one": {lossOfLine(uuid.NewString(), 1), fault.NotFound, "loanLineID"},
	} {
		if r := officer.In(t).Refused(reportLoss, c.in, c.code); r.Field != c.field {
			t.Errorf("%s: field %q, want %q", name, r.Field, c.field)
		}
	}
	loss := officer.Do(reportLoss, lossOfLine(line, 1)).Get("reportKeyLoss.loss.id").String()
	officer.Refused(reportLoss, lossOfLine(line, 1), fault.Conflict, "K2.3") // twice
	for field, in := range map[string]vars{"count": foundOf(loss, app.A.Desk, 0), "toID": foundOf(loss, other, 1), "note": with(foundOf(loss, app.A.Desk, 1), "note", " ")} {
		if r := officer.Refused(foundKey, in, fault.InvalidInput); r.Field != field {
			t.Errorf("found: field %q, want %q", r.Field, field)
		}
	}
	if r := app.As(policy.Supervisor).Refused(answerLoss, with(answerOf(loss, true), "finding", ""), fault.InvalidInput); r.Field != "finding" {
		t.Errorf("answered: field %q", r.Field)
	}
	// The household sees the loss of its own keys.
	if got := app.Resident().Do(`{ keyLosses { edges { node { id } } } }`, nil).Get("keyLosses.edges.0.node.id").String(); got != loss {
		t.Errorf("the resident sees %q", got)
	}
	if n := app.Neighbour().Do(`{ keyLosses { totalCount } }`, nil).Get("keyLosses.totalCount").Int(); n != 0 {
		t.Errorf("the neighbour sees %d losses", n)
	}
}

// The mutant: with lines of the policy that reach further, a supervisor answers for another department, and an
// officer opens the cabinet. So it is those lines that refuse it.
func TestK2_3_K1_2_ItIsThePolicyThatRefuses(t *testing.T) {
	t.Parallel()
	wide := strings.NewReplacer("supervisor, KeyLoss, answer, department", "supervisor, KeyLoss, answer, estate",
		"key-custodian, KeyCabinetOpening, read|export|create|issue, estate", "key-custodian|cs-officer, KeyCabinetOpening, read|export|create|issue, estate").Replace(policy.Text())
	table, err := policy.LoadText(wide)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		app  *stewardtest.App
		open bool
	}{{stewardtest.New(t), false}, {stewardtest.New(t, stewardtest.Options{Policy: table}), true}} {
		app := c.app
		app.SQL(`UPDATE staffs SET department_id = $1 WHERE id = $2`, app.A.EngineeringDepartment, app.A.Staff)
		_, line := lendTo(app, vars{"staffID": app.A.Staff}, app.A.Sets[0], 1)
		loss := app.As(policy.CSOfficer).Do(reportLoss, lossOfLine(line, 1)).Get("reportKeyLoss.loss.id").String()
		if c.open {
			app.As(policy.Supervisor).Do(answerLoss, answerOf(loss, true))
			app.As(policy.CSOfficer).Do(openCabinet, openingOf(app.A.Cabinet))
		} else {
			app.As(policy.Supervisor).Refused(answerLoss, answerOf(loss, true), fault.Forbidden, "K2.3")
			app.As(policy.CSOfficer).Refused(openCabinet, openingOf(app.A.Cabinet), fault.Forbidden, "K1.2")
		}
	}
}
