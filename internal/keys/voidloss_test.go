package keys_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const voidLoss = `mutation($in: VoidKeyLossInput!) { voidKeyLoss(input: $in) { loss { id state voidedAt voidReason voidedByName movements { reason count to { kind } } } } }`

// returnDue are the states of what is due about a loan, the first opened first.
func returnDue(app *stewardtest.App, loan string) string {
	return app.As(policy.ProjectManager).Do(`query($s: ID!) { obligations(where: {subjectID: $s, kind: "keys.return"}, orderBy: {field: CREATED_AT}) { edges { node { state } } } }`,
		vars{"s": loan}).Get("obligations.edges.#.node.state").Raw
}

func loanState(app *stewardtest.App, loan string) gjson.Result {
	return app.As(policy.CSOfficer).Do(`query($id: ID!) { node(id: $id) { ... on KeyLoan { state dueAt lines { returned lost } } } }`, vars{"id": loan}).Get("node")
}

func TestK2_3_ALossReportedByMistakeIsVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[0]
	loan, line := lendTo(app, vars{"staffID": app.A.Staff}, set, 2)
	holder := app.IDs(`SELECT id FROM key_holders WHERE staff_id = $1`, app.A.Staff)[0]
	officer.Do(reportLoss, lossOfLine(line, 1))
	loss := officer.Do(reportLoss, lossOfLine(line, 1)).Get("reportKeyLoss.loss.id").String() // the second closes the loan as lost
	if got := loanState(app, loan).Get("state").String(); got != "LOST" || returnDue(app, loan) != `["MET"]` {
		t.Fatalf("before, the loan is %s, due %s", got, returnDue(app, loan))
	}
	whoMayNot(t, app, voidLoss, voidOf(loss, "钥匙在包里"), policy.Archivist, policy.Security, policy.Engineering)

	l := officer.Do(voidLoss, voidOf(loss, "钥匙在包里")).Get("voidKeyLoss.loss")
	if l.Get("state").String() != "VOIDED" || l.Get("voidedAt").String() == "" || l.Get("voidReason").String() != "钥匙在包里" || l.Get("voidedByName").String() == "" ||
		l.Get("movements.#").Int() != 2 || l.Get(`movements.#(reason=="VOIDED").to.kind`).String() != "STAFF" {
		t.Errorf("voided: %s", l.Raw)
	}
	read(app, set) // panics unless the accounts sum to zero
	if n := balance(app, set, holder); n != 1 {
		t.Errorf("the borrower has %d keys, want 1", n)
	}
	if got := loanState(app, loan); got.Get("state").String() != "OPEN" || got.Get("lines.0.lost").Int() != 1 {
		t.Errorf("the loan: %s", got.Raw)
	}
	if got := returnDue(app, loan); got != `["MET","OPEN"]` {
		t.Errorf("due: %s", got)
	}
	if o := lossDue(app, loss); o.Get("state").String() != "CANCELLED" {
		t.Errorf("the answer is %s", o.Raw)
	}

	t.Run("it is over with it", func(t *testing.T) {
		officer.In(t).Refused(voidLoss, voidOf(loss, "再来"), fault.Conflict)
		officer.In(t).Refused(foundKey, foundOf(loss, app.A.Desk, 1), fault.Conflict)
		app.As(policy.Supervisor).In(t).Refused(answerLoss, answerOf(loss, true), fault.Conflict)
		if got := officer.Do(`query($id: ID!) { allowedActions(id: $id) }`, vars{"id": loss}).Get("allowedActions").Raw; got != `[]` {
			t.Errorf("allowed: %s", got)
		}
	})
	t.Run("the list shows it as voided", func(t *testing.T) {
		got := officer.In(t).Do(`query($s: ID!) { keyLosses(where: {setID: $s, state: VOIDED}) { edges { node { id voidedAt } } } }`, vars{"s": set}).Get("keyLosses.edges")
		if got.Get("#").Int() != 1 || got.Get("0.node.id").String() != loss || got.Get("0.node.voidedAt").String() == "" {
			t.Errorf("the list: %s", got.Raw)
		}
	})
	t.Run("the keys can be lost after all", func(t *testing.T) {
		officer.In(t).Do(reportLoss, lossOfLine(line, 1))
		if got := loanState(app, loan); got.Get("state").String() != "LOST" || got.Get("lines.0.lost").Int() != 2 {
			t.Errorf("the loan: %s", got.Raw)
		}
	})
}

func TestK2_3_LossesThatAreNotVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[0]
	lose := func(set uuid.UUID) string {
		return officer.Do(reportLoss, lossOf(set, app.A.Desk, 1)).Get("reportKeyLoss.loss.id").String()
	}
	t.Run("of which something was found", func(t *testing.T) {
		loss := lose(set)
		officer.In(t).Do(foundKey, foundOf(loss, app.A.Desk, 1))
		officer.In(t).Refused(voidLoss, voidOf(loss, "录错"), fault.RuleBroken, "K2.3")
	})
	t.Run("for which a lock change is ordered, until that is cancelled", func(t *testing.T) {
		loss := lose(set)
		app.As(policy.Supervisor).In(t).Do(answerLoss, answerOf(loss, true))
		order := app.IDs(`SELECT id FROM key_lock_changes WHERE loss_id = $1`, loss)[0]
		officer.In(t).Refused(voidLoss, voidOf(loss, "录错"), fault.RuleBroken, "K2.3")
		app.As(policy.Supervisor).In(t).Do(cancelChange, cancelOf(order.String()))
		officer.In(t).Refused(voidLoss, voidOf(loss, "录错"), fault.Forbidden, "K2.3")                  // it was answered
		l := app.As(policy.Supervisor).In(t).Do(voidLoss, voidOf(loss, "录错")).Get("voidKeyLoss.loss") // the leader's answer stays with it
		if l.Get("state").String() != "VOIDED" {
			t.Errorf("voided: %s", l.Raw)
		}
	})
	t.Run("whose lock was changed since", func(t *testing.T) {
		loss := lose(app.A.Sets[1])
		app.Super(`UPDATE key_sets SET generation = 2 WHERE id = $1`, app.A.Sets[1])
		officer.In(t).Refused(voidLoss, voidOf(loss, "录错"), fault.RuleBroken, "K3.1")
	})
	t.Run("and of several at once one voids", func(t *testing.T) {
		loan, line := lendTo(app, vars{"residentID": app.A.Resident}, app.A.Sets[2], 1)
		loss := officer.Do(reportLoss, lossOfLine(line, 1)).Get("reportKeyLoss.loss.id").String()
		race(t, officer, voidLoss, voidOf(loss, "录错"))
		if got := loanState(app, loan); got.Get("lines.0.lost").Int() != 0 || returnDue(app, loan) != `["MET","OPEN"]` {
			t.Errorf("the loan: %s, due %s", got.Raw, returnDue(app, loan))
		}
		once := officer.With("Idempotency-Key", "one-void")
		in := voidOf(lose(app.A.Sets[3]), "录错")
		if first, again := once.Do(voidLoss, in), once.Do(voidLoss, in); first.Raw != again.Raw {
			t.Errorf("repeated: %s and %s", first.Raw, again.Raw)
		}
		if n := balance(app, app.A.Sets[3], app.A.Desk); n != app.A.AtDesk {
			t.Errorf("%d keys at the desk", n)
		}
	})
}
