package keys_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Nobody decides alone about the own act, or is another person by another record of the own name.

func TestK2_1_NobodyVoidsTheOwnLoan(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor, set := app.As(policy.Supervisor), app.A.Sets[0]
	me := hired(app, app.A.Department, "借钥匙的主管", supervisor.Account)
	loan := app.As(policy.CSOfficer).Do(lendKeys, with(loanOf(vars{"staffID": me}, set, 1), "signature", credential(stewardtest.Password))).Get("lendKeys.loan.id").String()
	supervisor.Refused(voidKeyLoan, voidOf(loan, "录错"), fault.Forbidden, "K2.1")
	if app.As(policy.Supervisor).Do(canDo, vars{"c": []vars{{"action": "keys.voidLoan", "id": loan}}}).Get("can.0.allowed").Bool() {
		t.Error("can says otherwise")
	}
	app.As(policy.ProjectManager).Do(voidKeyLoan, voidOf(loan, "录错"))
}

func TestK2_3_NobodyAnswersTheOwnReport(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	supervisor, manager := app.As(policy.Supervisor), app.As(policy.ProjectManager)
	loss := supervisor.Do(reportLoss, lossOf(app.A.Sets[0], app.A.Desk, 1)).Get("reportKeyLoss.loss.id").String()
	supervisor.Refused(answerLoss, answerOf(loss, false), fault.Forbidden, "K2.3")
	if app.TrySQL(`UPDATE key_losses SET state = 'ANSWERED', answered_at = now(), answered_by_id = reported_by_id, lock_change_requested = false WHERE id = $1`, loss) == nil {
		t.Error("the database lets who reported it answer")
	}
	manager.Do(answerLoss, answerOf(loss, false))
}

func TestK3_1_WhoDemandsALockChangeDoesNotRecordIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager, set := app.As(policy.ProjectManager), app.A.Sets[0]
	id := manager.Do(orderChange, changeOf(set)).Get("orderLockChange.lockChange.id").String()
	if r := manager.Refused(recordChange, changedOf(app, set, id, 3), fault.RuleBroken, "K3.1"); r.Field != "lockChangeID" {
		t.Errorf("refused at %q", r.Field)
	}
	app.As(policy.KeyCustodian).Do(recordChange, changedOf(app, set, id, 3))
}

func TestK2_2_AnApprovalIsForItsPurpose(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	in := with(longLoanOf(app, app.A.Sets[0], 1, approved(app, app.A.Sets[0], 1)), "purpose", "私人搬家")
	if r := app.As(policy.CSOfficer).Refused(lendKeys, in, fault.RuleBroken, "K2.2"); r.Field != "purpose" {
		t.Errorf("refused at %q", r.Field)
	}
}

// A loan that came back late, and is said afterwards to have come back in time, is told to the leader.
func TestK2_2_TheLeaderHearsThatABreachIsLifted(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, supervisor := app.As(policy.CSOfficer), app.As(policy.Supervisor)
	loan, _ := lendTo(app, vars{"externalPersonID": app.A.External}, app.A.Sets[0], 1)
	app.Clock.Advance(18 * time.Hour)
	officer.SignIn()
	app.SQL(`UPDATE obligations SET state = 'BREACHED' WHERE subject_id = $1`, loan)
	in := with(with(backOf(loan), "occurredAt", app.Clock.Now().Add(-17*time.Hour)), "lateReason", "停电")
	officer.Do(returnKeys, in)
	supervisor.SignIn()
	if !tells(supervisor.Do(`{ inbox(first: 100) { edges { node { kind subjectID } } } }`, nil).Get("inbox.edges.#.node").Array(), "obligation.lifted", loan) {
		t.Error("nobody heard")
	}
}

func TestK1_3_ARecordOfTheOwnNameIsNobodyElse(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	name := custodian.Do(`{ viewer { name } }`, nil).Get("viewer.name").String()
	twin := hired(app, app.A.SecurityDepartment, name, uuid.Nil)
	custodian.Refused(sealKeys, sealing(app, pumpRoom(t, app, 2), 1, "F-1", vars{"securityStaffID": twin}), fault.RuleBroken, "K1.3")
}

func TestK4_1_AResidentIsNoMereName(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	in := vars{"in": vars{"setID": app.A.Sets[0], "householdID": app.A.Household, "count": 1, "fromID": app.A.Desk, "signature": vars{"name": app.A.Name + "业户"}}}
	app.As(policy.KeyCustodian).Refused(handOverKeys, in, fault.RuleBroken, "K4.1")
}

func TestK2_1_StaffAreNoExternalPersons(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	in := vars{"in": vars{"estateID": app.A.ID, "name": app.A.Name + "员工", "company": "外包", "phone": "13900000000"}}
	if r := app.As(policy.CSOfficer).Refused(`mutation($in: RegisterExternalPersonInput!) { registerExternalPerson(input: $in) { externalPerson { id } } }`,
		in, fault.InvalidInput, "K2.1"); r.Field != "name" {
		t.Errorf("refused at %q", r.Field)
	}
}

// What a leader decides, and what is voided or opened, a person does who is signed in.
func TestK2_3_ATokenDecidesNothing(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	token := *manager
	token.Token = manager.Do(`mutation($in: CreateAPITokenInput!) { createApiToken(input: $in) { secret } }`,
		vars{"in": vars{"name": "大屏", "role": policy.ProjectManager, "expiresAt": stewardtest.Start.AddDate(0, 1, 0)}}).Get("createApiToken.secret").String()
	loss := app.As(policy.CSOfficer).Do(reportLoss, lossOf(app.A.Sets[0], app.A.Desk, 1)).Get("reportKeyLoss.loss.id").String()
	token.Refused(answerLoss, answerOf(loss, true), fault.Forbidden)
	token.Refused(voidLoss, voidOf(loss, "x"), fault.Forbidden)
	token.Refused(orderChange, changeOf(app.A.Sets[1]), fault.Forbidden)
	token.Refused(closeMonth, vars{"in": vars{"estateID": app.A.ID, "month": "2026-02-01"}}, fault.Forbidden)
	manager.Do(answerLoss, answerOf(loss, false))
}
