package keys_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	changeFields = `id state reason newCount oldCount retiredCount generation doneByName orderedByName leaderName note loss { id } approval { id state }`
	orderChange  = `mutation($in: OrderLockChangeInput!) { orderLockChange(input: $in) { lockChange { ` + changeFields + ` } } }`
	cancelChange = `mutation($in: CancelLockChangeInput!) { cancelLockChange(input: $in) { lockChange { ` + changeFields + ` } } }`
	recordChange = `mutation($in: RecordLockChangeInput!) { recordLockChange(input: $in) { lockChange { ` + changeFields + ` } set { condition generation lockChanges } } }`
)

func changeOf(set uuid.UUID) vars { return vars{"in": vars{"setID": set, "reason": "锁芯损坏"}} }

// changedOf is a change upon which all keys of the old lock came back that are there.
func changedOf(app *stewardtest.App, set uuid.UUID, change string, count int) vars {
	back := 0
	for kind, n := range kept(app, set) {
		if kind != "SOURCE" && kind != "LOST" && kind != "SCRAPPED" {
			back += int(n)
		}
	}
	return vars{"in": vars{"lockChangeID": change, "oldCount": back, "newCount": count, "note": "已换新锁芯", "engineerID": engineerOf(app), "signature": vars{}}}
}

func cancelOf(change string) vars {
	return vars{"in": vars{"lockChangeID": change, "reason": "旧锁已修好"}}
}

// orderedChange is the order of a leader, which stands at once.
func orderedChange(app *stewardtest.App, set uuid.UUID) (id string) {
	return app.As(policy.Supervisor).Do(orderChange, changeOf(set)).Get("orderLockChange.lockChange.id").String()
}

// changeLock has a leader order a lock change, records it, and gives the set as it stands after.
func changeLock(app *stewardtest.App, set uuid.UUID, count int) gjson.Result {
	id := orderedChange(app, set)
	return app.As(policy.KeyCustodian).Do(recordChange, changedOf(app, set, id, count)).Get("recordLockChange.set")
}

// conditionOf is what the set is now.
func conditionOf(app *stewardtest.App, set uuid.UUID) string {
	return app.As(policy.KeyCustodian).Do(`query($id: ID!) { node(id: $id) { ... on KeySet { condition } } }`, vars{"id": set}).Get("node.condition").String()
}

// kept are the keys of a set by kind of holder.
func kept(app *stewardtest.App, set uuid.UUID) map[string]int64 {
	out := map[string]int64{}
	for _, b := range app.As(policy.KeyCustodian).Do(`query($s: ID!) { keyBalances(first: 200, where: {setID: $s}) { edges { node { count holder { kind } } } } }`,
		vars{"s": set}).Get("keyBalances.edges.#.node").Array() {
		out[b.Get("holder.kind").String()] += b.Get("count").Int()
	}
	return out
}

func TestK3_1_ALockChangeOpensAGenerationAndRetiresTheOldKeys(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, officer, set := app.As(policy.KeyCustodian), app.As(policy.CSOfficer), app.A.Sets[0]
	custodian.Do(`mutation($in: HandOverKeysInput!) { handOverKeys(input: $in) { movement { generation } } }`,
		vars{"in": vars{"setID": set, "count": 1, "fromID": app.A.Cabinet, "householdID": app.A.Household, "signature": vars{"name": "业主家人"}}})
	loss := officer.Do(reportLoss, lossOf(set, app.A.Desk, 1)).Get("reportKeyLoss.loss.id").String()
	if got := conditionOf(app, set); got != "DUE_FOR_SCRAPPING" {
		t.Errorf("with a key lost the set is %s", got)
	}
	officer.Refused(lendKeys, loanOf(vars{"staffID": app.A.Staff}, set, 1), fault.RuleBroken, "K3.1")

	app.As(policy.Supervisor).Do(answerLoss, answerOf(loss, true))
	ordered := custodian.Do(`query($s: ID!) { keyLockChanges(where: {setID: $s}) { edges { node { `+changeFields+` } } } }`, vars{"s": set}).Get("keyLockChanges.edges.0.node")
	id := ordered.Get("id").String()
	if ordered.Get("state").String() != "ORDERED" || ordered.Get("loss.id").String() != loss {
		t.Fatalf("the answer orders %s", ordered.Raw)
	}
	if o := lossDue(app, id); o.Get("kind").String() != "keys.lockChange" || o.Get("clause").String() != "K3.1" || o.Get("state").String() != "OPEN" {
		t.Errorf("due: %s", o.Raw)
	}
	custodian.Refused(orderChange, changeOf(set), fault.Conflict, "K3.1")
	custodian.Refused(cancelChange, cancelOf(id), fault.Forbidden, "K3.1") // the leader asked for it

	done := custodian.Do(recordChange, changedOf(app, set, id, 4)).Get("recordLockChange")
	if c := done.Get("lockChange"); c.Get("state").String() != "DONE" || c.Get("oldCount").Int() != 4 || c.Get("retiredCount").Int() != 5 || c.Get("generation").Int() != 2 || c.Get("newCount").Int() != 4 {
		t.Errorf("done: %s", c.Raw)
	}
	if s := done.Get("set"); s.Get("condition").String() != "IN_USE" || s.Get("generation").Int() != 2 || s.Get("lockChanges").Int() != 1 {
		t.Errorf("the set: %s", s.Raw)
	}
	if got := kept(app, set); got["SCRAPPED"] != 5 || got["CABINET"] != 4 || got["SOURCE"] != -9 || got["DESK"]+got["HOUSEHOLD"]+got["LOST"] != 0 {
		t.Errorf("the ledger: %v", got)
	}
	if o := lossDue(app, id); o.Get("state").String() != "MET" {
		t.Errorf("due: %s", o.Raw)
	}
	custodian.Refused(recordChange, changedOf(app, set, id, 4), fault.RuleBroken, "K3.1")
	app.As(policy.Supervisor).Refused(cancelChange, cancelOf(id), fault.RuleBroken, "K3.1")
	custodian.Refused(foundKey, foundOf(loss, app.A.Cabinet, 1), fault.RuleBroken, "K3.1") // it opens nothing any more

	// A key of the new lock is lost: the old one does not come back in its place.
	custodian.Do(reportLoss, lossOf(set, app.A.Cabinet, 1))
	custodian.Refused(foundKey, foundOf(loss, app.A.Cabinet, 1), fault.RuleBroken, "K3.1")
}

func TestK3_1_LentKeysAreTakenBackBeforeTheLockIsChanged(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[1]
	loan, _ := lendTo(app, vars{"staffID": app.A.Staff}, set, 1)
	id := orderedChange(app, set)
	if r := custodian.Refused(recordChange, changedOf(app, set, id, 3), fault.Conflict, "K3.1"); r.Field != "lockChangeID" {
		t.Errorf("refused at %q", r.Field)
	}
	app.As(policy.CSOfficer).Do(returnKeys, vars{"in": vars{"loanID": loan, "signature": vars{}}})
	custodian.Do(recordChange, changedOf(app, set, id, 3))
}

func TestK3_1_AtTheThirdChangeTheSetIsDueForScrapping(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	for i, want := range []string{"IN_USE", "IN_USE", "DUE_FOR_SCRAPPING"} {
		if s := changeLock(app, set, 3); s.Get("condition").String() != want || s.Get("lockChanges").Int() != int64(i+1) {
			t.Errorf("change %d: %s, want %s", i+1, s.Raw, want)
		}
	}
	loan := loanOf(vars{"staffID": app.A.Staff}, set, 1)
	loan["in"].(vars)["fromID"] = app.A.Cabinet
	custodian.Refused(lendKeys, loan, fault.RuleBroken, "K3.1")
	custodian.Refused(orderChange, changeOf(set), fault.RuleBroken, "K3.1")

	// A loss that is answered with a lock change finds nothing to change: the set is scrapped instead.
	loss := custodian.Do(reportLoss, lossOf(set, app.A.Cabinet, 1)).Get("reportKeyLoss.loss.id").String()
	app.As(policy.Supervisor).Do(answerLoss, answerOf(loss, true))
	if n := len(app.IDs(`SELECT id FROM key_lock_changes WHERE set_id = $1`, set)); n != 3 {
		t.Errorf("%d changes", n)
	}
	custodian.Do(foundKey, foundOf(loss, app.A.Cabinet, 1))
	if got := conditionOf(app, set); got != "DUE_FOR_SCRAPPING" {
		t.Errorf("found again, the set is %s", got)
	}
}

func TestK3_1_WhatIsFoundMakesTheSetWhole(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[0]
	loss := officer.Do(reportLoss, lossOf(set, app.A.Desk, 2)).Get("reportKeyLoss.loss.id").String()
	for i, want := range []string{"DUE_FOR_SCRAPPING", "IN_USE"} {
		officer.Do(foundKey, foundOf(loss, app.A.Desk, 1))
		if got := conditionOf(app, set); got != want {
			t.Errorf("%d found: %s, want %s", i+1, got, want)
		}
	}
	lendTo(app, vars{"staffID": app.A.Staff}, set, 1)
}

func TestK3_1_WhoOrdersAndRecords(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	set := app.A.Sets[0]
	custodian := app.As(policy.KeyCustodian)
	for _, role := range []policy.Role{policy.CSOfficer, policy.Engineering, policy.Auditor} {
		app.As(role).Refused(orderChange, changeOf(set), fault.Forbidden)
	}
	app.Foreign(policy.KeyCustodian).Refused(orderChange, changeOf(set), fault.NotFound)
	id := orderedChange(app, set)
	app.As(policy.Supervisor).Refused(recordChange, changedOf(app, set, id, 3), fault.Forbidden)
	for _, document := range []string{recordChange, cancelChange} {
		in := changedOf(app, set, id, 3)
		if document == cancelChange {
			in = cancelOf(id)
		}
		app.Foreign(policy.KeyCustodian).Refused(document, in, fault.NotFound)
		app.As(policy.CSOfficer).Refused(document, in, fault.Forbidden)
	}
	if r := custodian.Refused(recordChange, changedOf(app, set, id, 0), fault.InvalidInput, "K3.1"); r.Field != "newCount" {
		t.Errorf("refused at %q", r.Field)
	}
	desk := changedOf(app, set, id, 3)
	desk["in"].(vars)["cabinetID"] = app.A.Desk
	if r := custodian.Refused(recordChange, desk, fault.InvalidInput, "K1.2"); r.Field != "cabinetID" {
		t.Errorf("refused at %q", r.Field)
	}
	loss := app.IDs(`SELECT id FROM key_losses WHERE estate_id = $1`, app.A.ID)[0] // of another set
	in := changeOf(app.A.Sets[1])
	in["in"].(vars)["lossID"] = loss
	if r := custodian.Refused(orderChange, in, fault.Conflict, "K3.1"); r.Field != "lossID" {
		t.Errorf("refused at %q", r.Field)
	}
	custodian.Refused(cancelChange, cancelOf(id), fault.Forbidden, "K3.1") // a leader ordered it
	if c := app.As(policy.Supervisor).Do(cancelChange, cancelOf(id)).Get("cancelLockChange.lockChange"); c.Get("state").String() != "CANCELLED" || c.Get("note").String() == "" {
		t.Errorf("cancelled: %s", c.Raw)
	}
	if o := lossDue(app, id); o.Get("state").String() != "CANCELLED" {
		t.Errorf("due: %s", o.Raw)
	}
	custodian.Refused(recordChange, changedOf(app, set, id, 3), fault.Conflict, "K3.1")
	app.As(policy.Supervisor).Refused(cancelChange, cancelOf(id), fault.Conflict, "K3.1")

	app.Clock.Advance(time.Minute)
	once := custodian.With("Idempotency-Key", "one-change")
	first, again := once.Do(orderChange, changeOf(set)), once.Do(orderChange, changeOf(set))
	if a := first.Get("orderLockChange.lockChange.id").String(); a == id || again.Get("orderLockChange.lockChange.id").String() != a {
		t.Errorf("repeated: %s and %s", first.Raw, again.Raw)
	}
}

// Of several who order or record one change, one is heard.
func TestK3_1_Raced(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, supervisor, set := app.As(policy.KeyCustodian), app.As(policy.Supervisor), app.A.Sets[0]
	race := func(p *stewardtest.Person, document, field string, in vars) (id string) {
		t.Helper()
		answers := make([]gjson.Result, 6)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i], _ = p.Try(document, in) })
		}
		wg.Wait()
		done := 0
		for _, a := range answers {
			if got := a.Get("data." + field + ".lockChange.id"); got.Exists() {
				done, id = done+1, got.String()
			} else if a.Get("errors.0.extensions.clause").String() != "K3.1" {
				t.Errorf("told %s", a.Raw)
			}
		}
		if done != 1 {
			t.Errorf("%s: %d were heard", field, done)
		}
		return id
	}
	id := race(supervisor, orderChange, "orderLockChange", changeOf(set))
	race(custodian, recordChange, "recordLockChange", changedOf(app, set, id, 3))
	if got := kept(app, set); got["CABINET"] != 3 || got["SCRAPPED"] != 5 {
		t.Errorf("the ledger: %v", got)
	}
}
