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

// slip is something that is recorded, and how it is voided.
type slip struct {
	by           policy.Role
	record       func() (id string)
	void, action string
	clause       string
}

func slips(app *stewardtest.App) map[string]slip {
	custodian, officer, set := app.As(policy.KeyCustodian), app.As(policy.CSOfficer), app.A.Sets[0]
	lent := func() string {
		loan, _ := lendTo(app, vars{"externalPersonID": app.A.External}, set, 1)
		return loan
	}
	returned := func() string { // of another set: once voided, its keys are out
		loan, _ := lendTo(app, vars{"externalPersonID": app.A.External}, app.A.Sets[2], 1)
		officer.Do(returnKeys, backOf(loan))
		return returnsOf(app, loan)[0]
	}
	note := func() string {
		custodian.Do(noteKeys, noteOf(set, "已电话催交", nil))
		return app.IDs(`SELECT id FROM key_follow_ups WHERE set_id = $1 ORDER BY id DESC LIMIT 1`, set)[0].String()
	}
	return map[string]slip{
		"an entry": {policy.KeyCustodian, func() string { return toDesk(app, set, 1) }, voidMovement, "keys.voidMovement", "K4.1"},
		"a loan":   {policy.CSOfficer, lent, voidKeyLoan, "keys.voidLoan", "K2.1"},
		"a return": {policy.CSOfficer, returned, voidKeyReturn, "keys.voidReturn", "K2.1"},
		"a note":   {policy.KeyCustodian, note, voidFollowUp, "keys.voidFollowUp", "K1.4"},
		"an opening": {policy.KeyCustodian, func() string {
			return custodian.Do(openCabinet, openingOf(app.A.Cabinet)).Get("openKeyCabinet.opening.id").String()
		}, voidOpening, "keys.voidOpening", "K1.2"},
		"copies": {policy.KeyCustodian, func() string { return copied(app, set, 1) }, voidCopies, "keys.voidCopies", "K2.3"},
		"a loss": {policy.CSOfficer, func() string {
			return officer.Do(reportLoss, lossOf(app.A.Sets[1], app.A.Desk, 1)).Get("reportKeyLoss.loss.id").String()
		}, voidLoss, "keys.voidLoss", "K2.3"},
	}
}

// Who recorded it voids it at once, and later, or what another recorded, who leads; the leaders hear of each.
func TestK4_1_WhoVoids(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor, manager := app.As(policy.Supervisor), app.As(policy.ProjectManager)
	told := func(leader *stewardtest.Person, reason string) int {
		n := 0
		for _, m := range leader.Do(`{ inbox(first: 100) { edges { node { kind body } } } }`, nil).Get(`inbox.edges.#.node`).Array() {
			if m.Get("kind").String() == "void" && strings.Contains(m.Get("body").String(), reason) {
				n++
			}
		}
		return n
	}
	for name, s := range slips(app) {
		recorder := app.As(s.by)
		other := app.Member(strings.ReplaceAll(name, " ", "-")+"@a.example", app.GrantIn(s.by, app.A))
		can := func(p *stewardtest.Person, id string) bool {
			return p.Do(canDo, vars{"c": []vars{{"action": s.action, "id": id}}}).Get("can.0.allowed").Bool()
		}
		id := s.record()
		if other.Refused(s.void, voidOf(id, "录错"), fault.Forbidden, s.clause); can(other, id) || !can(recorder, id) {
			t.Errorf("%s: can says otherwise", name)
		}
		app.Clock.Advance(15 * time.Minute)
		recorder.Do(s.void, voidOf(id, name+",当场改正"))

		id = s.record()
		app.Clock.Advance(16 * time.Minute)
		if recorder.Refused(s.void, voidOf(id, "录错"), fault.Forbidden, s.clause); can(recorder, id) || !can(supervisor, id) {
			t.Errorf("%s, later: can says otherwise", name)
		}
		supervisor.Do(s.void, voidOf(id, name+",主管作废"))
		if told(supervisor, name+",当场改正") != 1 {
			t.Errorf("%s was voided without a word to the leader", name)
		}
		if told(supervisor, name+",主管作废") != 0 || told(manager, name+",主管作废") != 1 { // the leader's own act is told to who is above
			t.Errorf("%s was voided by the leader, and nobody else heard", name)
		}
	}
}

// What a spot check found missing is not the slip of who wrote it down (K4.3): who answers losses voids it.
func TestK2_3_ALossThatWasCountedIsVoidedByWhoAnswers(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	grant := app.GrantIn(policy.Supervisor, app.A)
	grant.Department = app.A.SecurityDepartment
	checker, set := app.Member("checker@a.example", grant), app.A.Sets[0]
	s := checkSheetOf(checker.Do(drawSpotCheck, sample(app.A.ID, 5, 0)).Get("drawKeySpotCheck.spotCheck"))
	line := s.of(set, app.A.Cabinet)
	checker.Do(countSpotCheck, agreed(app, s, map[string]int{line.Get("id").String(): app.A.InCabinet - 1}))
	checker.Do(resolveKeys, resolved(line, "LOST"))
	loss := app.IDs(`SELECT id FROM key_losses WHERE set_id = $1`, set)[0].String()
	checker.Refused(voidLoss, voidOf(loss, "数错了"), fault.Forbidden, "K2.3")
	app.As(policy.Supervisor).Do(voidLoss, voidOf(loss, "数错了"))

	own := checker.Do(reportLoss, lossOf(set, app.A.Desk, 1)).Get("reportKeyLoss.loss.id").String()
	checker.Do(voidLoss, voidOf(own, "录错"))
}

// That keys were not taken over after all, another says than who signed for them.
func TestK1_1_WhoSignedASheetDoesNotVoidIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	sheet, checks := drafted(manager, app.A.ID, owes(app.A.Units[0], "车库", 1))
	manager.Do(checkLines, checking(sheet, found(checks["车库"], 1, 0)))
	manager.Do(signSheet, signing(sheet, nil))

	if r := manager.Refused(voidSheet, voidOf(sheet, "数错了"), fault.RuleBroken, "K1.1"); r.Field != "id" {
		t.Errorf("refused at %q", r.Field)
	}
	ask := vars{"c": []vars{{"action": "keys.voidAcceptance", "id": sheet}}}
	if a := manager.Do(canDo, ask).Get("can.0"); a.Get("allowed").Bool() || a.Get("clause").String() != "K1.1" {
		t.Errorf("can says %s", a.Raw)
	}
	if a := app.As(policy.Supervisor).Do(canDo, ask).Get("can.0"); !a.Get("allowed").Bool() {
		t.Errorf("of another can says %s", a.Raw)
	}
	by := func(account uuid.UUID) string {
		return `UPDATE key_acceptances SET state = 'VOIDED', voided_at = now(), void_reason = 'x', voided_by_name = 'x', voided_by_id = '` + account.String() + `' WHERE id = '` + sheet + `'`
	}
	if got := byHand(t, app, by(manager.Account)); got != "key_acceptances_voided_by_another" {
		t.Errorf("by SQL it is refused by %q", got)
	}
	app.As(policy.Supervisor).Do(voidSheet, voidOf(sheet, "数错了"))
}
