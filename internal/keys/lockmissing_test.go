package keys_test

import (
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// A lock change makes no key disappear: what does not come back is lost, and the leader is told (K2.3).
func TestK3_1_OldKeysThatDoNotComeBackAreLost(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, supervisor, set := app.As(policy.KeyCustodian), app.As(policy.Supervisor), app.A.Sets[0]
	id := orderedChange(app, set) // three keys in the cabinet, two at the desk
	with := func(back int, missing ...vars) vars {
		in := changedOf(app, set, id, 4)
		in["in"].(vars)["oldCount"] = back
		in["in"].(vars)["missing"] = missing
		return in
	}
	from := func(holder any, n int) vars { return vars{"holderID": holder, "count": n} }
	for field, in := range map[string]vars{
		"oldCount":        with(6),
		"missing":         with(3),
		"missing.0.count": with(3, from(app.A.Desk, 0)),
	} {
		if r := custodian.Refused(recordChange, in, fault.InvalidInput, "K3.1"); r.Field != field {
			t.Errorf("%s: refused at %q", field, r.Field)
		}
	}
	custodian.Refused(recordChange, with(3, from(app.A.Desk, 1)), fault.InvalidInput, "K3.1")
	custodian.Refused(recordChange, with(-1), fault.InvalidInput, "K3.1")
	custodian.Refused(recordChange, with(4, from(app.B.Desk, 1)), fault.NotFound)
	if r := custodian.Refused(recordChange, with(2, from(app.A.Desk, 3)), fault.Conflict, "K3.1"); r.Field != "missing.0.count" {
		t.Errorf("refused at %q", r.Field)
	}
	if got := kept(app, set); got["LOST"] != 0 || got["DESK"] != 2 {
		t.Errorf("refused, the ledger is %v", got)
	}

	c := custodian.Do(recordChange, with(2, from(app.A.Cabinet, 1), from(app.A.Desk, 2))).Get("recordLockChange")
	if l := c.Get("lockChange"); l.Get("oldCount").Int() != 2 || l.Get("retiredCount").Int() != 5 || c.Get("set.condition").String() != "IN_USE" {
		t.Errorf("done: %s", c.Raw)
	}
	if got := kept(app, set); got["SCRAPPED"] != 5 || got["CABINET"] != 4 || got["LOST"] != 0 {
		t.Errorf("the ledger: %v", got)
	}
	losses := supervisor.Do(`query($s: ID!) { keyLosses(where: {setID: $s}) { edges { node { id count state holder { kind } movements { reason count } } } } }`, vars{"s": set}).Get("keyLosses.edges.#.node").Array()
	if len(losses) != 2 {
		t.Fatalf("lost: %v", losses)
	}
	told := supervisor.Do(`{ inbox(first: 50) { edges { node { kind subjectID } } } }`, nil).Get("inbox.edges.#.node").Array()
	for _, l := range losses {
		want := map[string]int64{"CABINET": 1, "DESK": 2}[l.Get("holder.kind").String()]
		if l.Get("count").Int() != want || l.Get("state").String() != "OPEN" || l.Get("movements.0.reason").String() != "LOST" {
			t.Errorf("lost: %s", l.Raw)
		}
		if o := lossDue(app, l.Get("id").String()); o.Get("kind").String() != "keys.loss" || o.Get("state").String() != "OPEN" {
			t.Errorf("due: %s", o.Raw)
		}
		if !tells(told, "keys.loss", l.Get("id").String()) {
			t.Errorf("the leader is not told of %s: %v", l.Raw, told)
		}
		custodian.Refused(foundKey, foundOf(l.Get("id").String(), app.A.Desk, 1), fault.RuleBroken, "K3.1") // it opens nothing any more
	}
}

// tells looks for a message about a subject.
func tells(inbox []gjson.Result, kind, subject string) bool {
	for _, m := range inbox {
		if m.Get("kind").String() == kind && m.Get("subjectID").String() == subject {
			return true
		}
	}
	return false
}

// Where only one had keys it need not be said who lacks some; and the database compares the count with the ledger.
func TestK3_1_TheCountIsThatOfTheLedger(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	changeLock(app, set, 3) // all in the cabinet
	in := changedOf(app, set, orderedChange(app, set), 2)
	in["in"].(vars)["oldCount"] = 0
	once := custodian.With("Idempotency-Key", "one-change")
	first, again := once.Do(recordChange, in), once.Do(recordChange, in)
	if first.Raw != again.Raw {
		t.Errorf("repeated: %s and %s", first.Raw, again.Raw)
	}
	if n := len(app.IDs(`SELECT id FROM key_losses WHERE set_id = $1 AND count = 3`, set)); n != 1 {
		t.Errorf("%d losses", n)
	}
	id := orderedChange(app, app.A.Sets[1])
	app.Super(`UPDATE key_balances SET count = 0 WHERE set_id = $1`, app.A.Sets[1])
	const done = `UPDATE key_lock_changes SET state = 'DONE', done_at = $2, new_count = 3, old_count = $3 WHERE id = $1`
	for count, want := range map[int]string{5: "key_lock_changes_counted", 0: ""} {
		if got := barredBy(t, app, done, id, app.Clock.Now(), count); got != want {
			t.Errorf("%d: refused by %q, want %q", count, got, want)
		}
	}
}
