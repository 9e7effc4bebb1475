package archives_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Who proposed, approved and stands by are three persons when it is done, too, by account and by name; the certificate names whom it named.
func TestA7_ThreePersonsDestroy(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, manager, general := app.As(policy.Archivist), app.As(policy.ProjectManager), app.As(policy.GeneralManager)
	second := app.Member("archivist2@a.example", app.GrantIn(policy.Archivist, app.A))
	const rename = `mutation($in: UpdateStaffInput!) { updateStaff(input: $in) { staff { id } } }`
	order := func(code, witness string) string {
		d, _ := old(app, code)
		id := proposed(app, d)
		manager.Do(approving, approved(id, witness))
		return id
	}
	// The record of the witness gets the account of who proposed.
	witness := member(app, app.As(policy.Security), "监销员")
	id := order("TP-01", witness)
	manager.Do(rename, vars{"in": vars{"id": witness, "expectedVersion": 1, "accountID": archivist.Account}})
	second.Refused(destroying, executed(id, witness), fault.RuleBroken, "A7")
	// The witness has left since.
	gone := member(app, app.As(policy.Engineering), "监销员乙")
	id = order("TP-02", gone)
	app.SQL(`UPDATE staffs SET employed_until = '2026-03-01' WHERE id = $1`, gone)
	if !archivist.Ask(destroying, executed(id, gone)).Get("errors").Exists() {
		t.Error("destroyed by a witness who has left")
	}
	// One name, two accounts.
	other := app.Member("wang2@a.example", app.GrantIn(policy.Receptionist, app.A))
	app.Super(`UPDATE identity.accounts SET name = '王五' WHERE id = ANY ($1)`, []uuid.UUID{archivist.Account, other.Account})
	archivist.SignIn()
	same := member(app, other, "王五")
	archivist.Refused(destroying, executed(order("TP-03", same), same), fault.RuleBroken, "A7")
	// Three persons; what is signed stays, and the general managers are told who they were.
	true3 := member(app, app.As(policy.Accountant), "监销员丙")
	id = order("TP-04", true3)
	archivist.Do(destroying, executed(id, true3))
	manager.Do(rename, vars{"in": vars{"id": true3, "expectedVersion": 1, "name": "另一个人"}})
	if got := archivist.Do(certified, vars{"id": id}).Get("archiveDestructionCertificate.witness").String(); got != "监销员丙" {
		t.Errorf("the certificate names %q", got)
	}
	if inbox := general.Do(`{ inbox { edges { node { title } } } }`, nil).Raw; !strings.Contains(inbox, "Documents destroyed: 1") {
		t.Errorf("the general manager is told %s", inbox)
	}
}

// Papers of a member of staff are handed in by who keeps the file or leads, and by nobody into the own.
func TestA1_3_NobodyPlantsPapers(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	guard, reception, archivist := app.As(policy.Security), app.As(policy.Receptionist), app.As(policy.Archivist)
	colleague, own, keeper := member(app, nil, "同事"), member(app, reception, "前台"), member(app, archivist, "档案员")
	app.SQL(`UPDATE staffs SET department_id = $1 WHERE id = $2`, app.A.SecurityDepartment, colleague)
	about := func(who string) vars {
		return paper(app, without("householdID"), set("category", "WORK"), set("staffID", who), set("title", "处分决定"))
	}
	for who, p := range map[string]*stewardtest.Person{colleague: guard, own: reception} {
		p.Refused(handIn, about(who), fault.Forbidden)
	}
	if r := archivist.Refused(handIn, about(keeper), fault.RuleBroken, "A1.3"); r.Field != "staffID" {
		t.Errorf("refused at %q", r.Field)
	}
	archivist.Do(handIn, about(own))
	app.As(policy.Supervisor).Do(handIn, about(own))
}

// Who has left reads by no permit of before, and is given nothing; what was named is not described anew before the answer.
func TestA5_PermitsEndWithTheEmployment(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, asker, manager := app.As(policy.Archivist), app.As(policy.Receptionist), app.As(policy.ProjectManager)
	s := member(app, asker, "前台")
	d, another := handed(archivist, paper(app)), handed(archivist, paper(app, set("title", "另一份")))
	r, late := requested(asker, question(app)), requested(asker, question(app))
	archivist.Do(nameForIt, naming(r, d))
	archivist.Refused(correcting, corrected(d, set("title", "另一种说法")), fault.RuleBroken, "A5")
	archivist.Do(nameForIt, naming(late, another))
	manager.Do(giveIt, yes(approvalFor(manager, r)))
	if got := titles(asker, nil); len(got) != 1 {
		t.Fatalf("the permit shows %v", got)
	}
	open := approvalFor(manager, late)
	manager.Do(`mutation($in: EndEmploymentInput!) { endEmployment(input: $in) { staff { employedUntil } } }`, vars{"in": vars{"staffID": s}})
	manager.Refused(giveIt, yes(open), fault.Conflict)
	app.Clock.Advance(24 * time.Hour)
	if err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
		_, err := app.Runtime.Accounts.Grant(ctx, tx, account.NewGrant{Account: asker.Account, Role: string(policy.MailSorter), Estate: app.A.ID, From: calendar.DayOf(stewardtest.Start)})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	asker.SignIn()
	if got := titles(asker, nil); len(got) > 0 {
		t.Errorf("who left and came back reads %v", got)
	}
	asker.Refused(askArchive, question(app, set("from", "2031-01-01"), set("until", "2031-01-30")), fault.InvalidInput, "A5")
}
