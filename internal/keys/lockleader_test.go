package keys_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// askedChange is the order of a custodian, which asks the leader.
func askedChange(app *stewardtest.App, set uuid.UUID) (id, approval string) {
	c := app.As(policy.KeyCustodian).Do(orderChange, changeOf(set)).Get("orderLockChange.lockChange")
	return c.Get("id").String(), c.Get("approval.id").String()
}

func changeNow(app *stewardtest.App, id string) gjson.Result {
	return app.As(policy.KeyCustodian).Do(`query($id: ID!) { node(id: $id) { ... on KeyLockChange { `+changeFields+` } } }`, vars{"id": id}).Get("node")
}

func TestK3_1_ALockChangeRestsOnALeader(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, supervisor, set := app.As(policy.KeyCustodian), app.As(policy.Supervisor), app.A.Sets[0]
	may := func(id string) gjson.Result {
		return custodian.Do(`query($c: [CanInput!]!) { can(checks: $c) { allowed clause } }`,
			vars{"c": []vars{{"action": "keys.recordLockChange", "id": id}}}).Get("can.0")
	}
	id, approval := askedChange(app, set)
	if c := changeNow(app, id); c.Get("approval.state").String() != "ASKED" || c.Get("leaderName").String() != "" || lossDue(app, id).Exists() {
		t.Errorf("asked: %s, due %s", c.Raw, lossDue(app, id).Raw)
	}
	if r := custodian.Refused(recordChange, changedOf(app, set, id, 3), fault.RuleBroken, "K3.1"); r.Field != "lockChangeID" {
		t.Errorf("refused at %q", r.Field)
	}
	if got := may(id); got.Get("allowed").Bool() || got.Get("clause").String() != "K3.1" {
		t.Errorf("can: %s", got.Raw)
	}
	custodian.Refused(giveApproval, givenOf(approval), fault.Forbidden)
	supervisor.Do(giveApproval, givenOf(approval))
	if o := lossDue(app, id); o.Get("kind").String() != "keys.lockChange" || o.Get("state").String() != "OPEN" {
		t.Errorf("approved, due: %s", o.Raw)
	}
	if got := may(id); !got.Get("allowed").Bool() {
		t.Errorf("can: %s", got.Raw)
	}
	custodian.Do(recordChange, changedOf(app, set, id, 3))
	if c := changeNow(app, id); c.Get("state").String() != "DONE" || c.Get("approval.state").String() != "USED" {
		t.Errorf("done: %s", c.Raw)
	}

	t.Run("what is not approved ends the order", func(t *testing.T) {
		for i, end := range []func(approval string){
			func(a string) { supervisor.In(t).Do(declineIt, declinedOf(a)) },
			func(a string) {
				custodian.In(t).Do(withdrawIt, vars{"in": vars{"approvalID": a, "reason": "不需要了"}})
			},
		} {
			id, approval := askedChange(app, set)
			end(approval)
			if c := changeNow(app, id); c.Get("state").String() != "CANCELLED" || c.Get("note").String() == "" {
				t.Errorf("%d: %s", i, c.Raw)
			}
			custodian.Refused(recordChange, changedOf(app, set, id, 3), fault.Conflict, "K3.1")
		}
	})
	t.Run("who asked cancels the order, and nobody decides it any more", func(t *testing.T) {
		id, approval := askedChange(app, set)
		custodian.In(t).Do(cancelChange, cancelOf(id))
		supervisor.In(t).Refused(giveApproval, givenOf(approval), fault.Conflict)
	})
	t.Run("an approval lapses after a month", func(t *testing.T) {
		id, approval := askedChange(app, set)
		supervisor.In(t).Do(giveApproval, givenOf(approval))
		app.Clock.Advance(31 * 24 * time.Hour)
		custodian.SignIn()
		custodian.Refused(recordChange, changedOf(app, set, id, 3), fault.RuleBroken, "K3.1")
	})
}

func TestK2_3_TheLeadersDemandComesToTheOrderThatStands(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, supervisor := app.As(policy.KeyCustodian), app.As(policy.Supervisor)
	demanded := func(set uuid.UUID) (loss string) {
		loss = custodian.Do(reportLoss, lossOf(set, app.A.Desk, 1)).Get("reportKeyLoss.loss.id").String()
		supervisor.Do(answerLoss, answerOf(loss, true))
		return loss
	}
	waiting, asked := askedChange(app, app.A.Sets[0])
	approved, given := askedChange(app, app.A.Sets[1])
	supervisor.Do(giveApproval, givenOf(given))
	for id, set := range map[string]uuid.UUID{waiting: app.A.Sets[0], approved: app.A.Sets[1]} {
		loss := demanded(set)
		if c := changeNow(app, id); c.Get("loss.id").String() != loss || c.Get("leaderName").String() != supervisor.Email || c.Get("approval.state").String() != "WITHDRAWN" {
			t.Errorf("demanded: %s", c.Raw)
		}
		if n := len(app.IDs(`SELECT id FROM obligations WHERE subject_id = $1 AND kind = 'keys.lockChange' AND state = 'OPEN'`, id)); n != 1 {
			t.Errorf("%d times due", n)
		}
		custodian.Refused(cancelChange, cancelOf(id), fault.Forbidden, "K3.1")
		custodian.Do(recordChange, changedOf(app, set, id, 3))
	}
	supervisor.Refused(giveApproval, givenOf(asked), fault.Conflict)

	// What was lost of the old lock asks for no change of the new one.
	old := custodian.Do(reportLoss, lossOf(app.A.Sets[2], app.A.Desk, 1)).Get("reportKeyLoss.loss.id").String()
	changeLock(app, app.A.Sets[2], 3)
	supervisor.Do(answerLoss, answerOf(old, true))
	if n := len(app.IDs(`SELECT id FROM key_lock_changes WHERE set_id = $1 AND state = 'ORDERED'`, app.A.Sets[2])); n != 0 {
		t.Errorf("%d changes are ordered for keys of the old lock", n)
	}
}

// It is the database that has a lock change rest on a leader.
func TestK3_1_TheDatabaseWantsALeader(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	id, approval := askedChange(app, app.A.Sets[0])
	const (
		done   = `UPDATE key_lock_changes SET state = 'DONE', done_at = $2, new_count = 3, old_count = 0 WHERE id = $1`
		demand = `UPDATE key_lock_changes SET leader_id = $2, leader_name = 'x', demanded_at = $3 WHERE id = $1`
	)
	app.As(policy.Supervisor).Do(giveApproval, givenOf(approval)) // given is not used yet
	if got := barredBy(t, app, done, id, app.Clock.Now()); got != "key_lock_changes_approved" {
		t.Errorf("without a leader: refused by %q", got)
	}
	for role, want := range map[policy.Role]string{policy.KeyCustodian: "key_lock_changes_demanded", policy.CSOfficer: "key_lock_changes_demanded", policy.Supervisor: "", policy.GeneralManager: ""} {
		if got := barredBy(t, app, demand, id, app.As(role).Account, app.Clock.Now()); got != want {
			t.Errorf("demanded by a %s: refused by %q, want %q", role, got, want)
		}
	}
	mine := orderedChange(app, app.A.Sets[1])
	if got := barredBy(t, app, `UPDATE key_lock_changes SET leader_id = NULL, leader_name = '', demanded_at = NULL WHERE id = $1`, mine); got != "key_lock_changes_kept" {
		t.Errorf("a demand is taken away: refused by %q", got)
	}
}
