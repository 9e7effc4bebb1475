package obligation_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

const (
	lendKeys   = `mutation($in: LendKeysInput!) { lendKeys(input: $in) { loan { id dueAt } } }`
	returnKeys = `mutation($in: ReturnKeysInput!) { returnKeys(input: $in) { loan { id state } } }`
	tellBreach = `mutation($in: TellBreachInput!) { tellBreach(input: $in) { obligation { id state breachReason } } }`
)

// lend has the officer lend a key that is due at the end of the day.
func lend(app *stewardtest.App, p *stewardtest.Person) (loan string) {
	return p.Do(lendKeys, vars{"in": vars{"borrower": vars{"staffID": app.A.Staff}, "purpose": "抄表", "signature": vars{},
		"lines": []vars{{"setID": app.A.Sets[0], "count": 1}}}}).Get("lendKeys.loan.id").String()
}

// awake is somebody who signs in again: sessions end while the clock moves.
func awake(p *stewardtest.Person) *stewardtest.Person {
	p.SignIn()
	return p
}

// due is the obligation about a subject, as the project manager sees it.
func due(app *stewardtest.App, subject string) gjson.Result {
	return awake(app.As(policy.ProjectManager)).Do(`query($s: ID!) { obligations(where: {subjectID: $s}) { edges { node { id state metAt reminders breachReason } } } }`,
		vars{"s": subject}).Get("obligations.edges.0.node")
}

func remind(t *testing.T, app *stewardtest.App) int {
	t.Helper()
	n, err := obligation.Remind(app.Context(), app.Runtime)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// inbox is what somebody was told, the newest first.
func inbox(t *testing.T, app *stewardtest.App, p *stewardtest.Person) []account.Message {
	t.Helper()
	var page account.Page[account.Message]
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) (err error) {
		page, err = app.Runtime.Accounts.ListMessages(ctx, tx, p.Account, account.MessageFilter{}, 200, "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return page.Items
}

func kinds(list []account.Message) string {
	var b strings.Builder
	for _, m := range list {
		b.WriteString(strings.TrimPrefix(m.Kind, "obligation.") + " ")
	}
	return strings.TrimSpace(b.String())
}

// toDue moves the clock to the end of the first day, when loans are due, and on.
func toDue(app *stewardtest.App, after time.Duration) {
	app.Clock.Advance(time.Date(2026, 3, 3, 0, 0, 0, 0, stewardtest.Start.Location()).Add(after).Sub(app.Clock.Now()))
}

func TestK2_2_OverdueLoansAreReminded(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, manager, supervisor := app.As(policy.CSOfficer), app.As(policy.ProjectManager), app.As(policy.Supervisor)
	others := []*stewardtest.Person{app.As(policy.GeneralManager), app.Foreign(policy.Supervisor), app.Foreign(policy.ProjectManager), app.As(policy.KeyCustodian), app.Resident()}
	loan := lend(app, officer)

	toDue(app, 0)
	if n := remind(t, app); n != 0 {
		t.Errorf("%d reminders in time", n)
	}
	toDue(app, time.Minute)
	if n := remind(t, app); n != 1 {
		t.Errorf("%d obligations dealt with, want 1", n)
	}
	told := inbox(t, app, officer)
	if kinds(told) != "overdue" || told[0].Subject.String() != loan || told[0].Estate != app.A.ID {
		t.Fatalf("the officer was told %+v", told)
	}
	for _, text := range []string{told[0].TitleZH, told[0].TitleEN, told[0].BodyZH, told[0].BodyEN} {
		if text == "" || strings.Contains(text, stewardtest.Phone) {
			t.Errorf("the message says %q", text)
		}
	}
	if !strings.Contains(told[0].BodyZH, "2026-03-02 24:00") || !strings.Contains(told[0].BodyEN, "K2.2") {
		t.Errorf("the message says %q, %q", told[0].BodyZH, told[0].BodyEN)
	}
	if zh, en := told[0].TitleZH, told[0].TitleEN; !strings.HasPrefix(zh, "已到期未完成:收回钥匙:") || !strings.HasPrefix(en, "Overdue: Take keys back from ") {
		t.Errorf("the titles are %q, %q", zh, en)
	}
	if o := due(app, loan); o.Get("state").String() != "BREACHED" || o.Get("reminders").Int() != 1 || o.Get("metAt").Type != gjson.Null {
		t.Errorf("after the first reminder: %s", o.Raw)
	}
	if n := remind(t, app) + len(inbox(t, app, supervisor)) + len(inbox(t, app, manager)); n != 0 {
		t.Error("reminded twice, or the leaders too soon")
	}

	toDue(app, time.Hour)
	if n := remind(t, app); n != 1 {
		t.Errorf("%d obligations dealt with after an hour, want 1", n)
	}
	if a, b, c := kinds(inbox(t, app, officer)), kinds(inbox(t, app, supervisor)), kinds(inbox(t, app, manager)); a != "overdue" || b != "escalated" || c != "escalated" {
		t.Errorf("the officer was told %q, the supervisor %q, the manager %q", a, b, c)
	}
	toDue(app, 100*time.Hour)
	if n := remind(t, app); n != 0 {
		t.Errorf("%d more reminders", n)
	}
	for _, p := range others {
		if list := inbox(t, app, p); len(list) != 0 {
			t.Errorf("%s was told %+v", p.Email, list)
		}
	}

	t.Run("met late it stays breached", func(t *testing.T) {
		awake(officer).Do(returnKeys, vars{"in": vars{"loanID": loan, "signature": vars{}}})
		if o := due(app, loan); o.Get("state").String() != "BREACHED" || o.Get("metAt").Type == gjson.Null {
			t.Errorf("met late: %s", o.Raw)
		}
	})
	t.Run("the reason is told once", func(t *testing.T) {
		in := vars{"in": vars{"id": due(app, loan).Get("id").String(), "reason": " 借用人外出未归 "}}
		awake(app.As(policy.Auditor)).Refused(tellBreach, in, fault.Forbidden)
		awake(app.As(policy.Archivist)).Refused(tellBreach, in, fault.Forbidden)
		awake(app.Foreign(policy.CSOfficer)).Refused(tellBreach, in, fault.NotFound)
		awake(app.As(policy.Security)).Refused(tellBreach, in, fault.NotFound) // another department's
		officer.Refused(tellBreach, vars{"in": vars{"id": due(app, loan).Get("id").String(), "reason": "  "}}, fault.InvalidInput)
		if got := officer.Do(tellBreach, in).Get("tellBreach.obligation.breachReason").String(); got != "借用人外出未归" {
			t.Errorf("the reason is %q", got)
		}
		officer.Refused(tellBreach, in, fault.Conflict)
	})
}

func TestWhatIsMetInTimeIsNotReminded(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	loan := lend(app, officer)
	id := due(app, loan).Get("id").String()
	officer.Refused(tellBreach, vars{"in": vars{"id": id, "reason": "x"}}, fault.Conflict)
	officer.Do(returnKeys, vars{"in": vars{"loanID": loan, "signature": vars{}}})
	toDue(app, 48*time.Hour)
	if n := remind(t, app); n != 0 || due(app, loan).Get("state").String() != "MET" {
		t.Errorf("%d reminders of %s", n, due(app, loan).Raw)
	}
}

func TestGraceAndNobodyAnswerable(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	subject := uuid.New()
	app.SQL(`INSERT INTO obligations (id, created_at, estate_id, kind, subject_id, clause, title, due_at, grace_seconds, state, breach_reason, reminders)
		VALUES (gen_random_uuid(), $2, $1, 'test', $3, 'V4.1', '通风', $2, 7200, 'OPEN', '', 0)`, app.A.ID, stewardtest.Start, subject)
	app.Clock.Advance(time.Minute)
	if n := remind(t, app); n != 1 || kinds(inbox(t, app, manager)) != "escalated" {
		t.Errorf("%d dealt with; the manager was told %q", n, kinds(inbox(t, app, manager)))
	}
	if got := due(app, subject.String()); got.Get("state").String() != "OPEN" {
		t.Errorf("within its grace: %s", got.Raw)
	}
	app.Clock.Advance(2 * time.Hour)
	if n := remind(t, app); n != 1 || due(app, subject.String()).Get("state").String() != "BREACHED" {
		t.Errorf("%d dealt with; past its grace: %s", n, due(app, subject.String()).Raw)
	}
	if got := kinds(inbox(t, app, manager)); got != "escalated" {
		t.Errorf("the manager was told %q", got)
	}
}

// Where an estate has no leader, the general managers hear of it.
func TestWithoutLeadersTheGeneralManagerIsTold(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	gm := app.As(policy.GeneralManager)
	lend(app, app.As(policy.CSOfficer))
	toDue(app, 2*time.Hour)
	if n := remind(t, app); n != 1 || kinds(inbox(t, app, gm)) != "escalated" {
		t.Errorf("%d dealt with; the general manager was told %q", n, kinds(inbox(t, app, gm)))
	}
}

// Several servers remind at once: everybody is told once, everything is on the trail once, and the
// number of statements does not grow with the obligations.
func TestManyRemindersBySeveralServersAtOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, manager := app.As(policy.CSOfficer), app.As(policy.ProjectManager)
	const many = 1200
	for _, estate := range []uuid.UUID{app.A.ID, app.B.ID} {
		app.SQL(`INSERT INTO obligations (id, created_at, estate_id, kind, subject_id, clause, title, due_at, grace_seconds, state, breach_reason, account_id, reminders)
			SELECT gen_random_uuid(), $2, $1, 'test', gen_random_uuid(), 'K2.2', '事项', $2, 0, 'OPEN', '', $4, 0 FROM generate_series(1, $3::int)`,
			estate, stewardtest.Start, many, officer.Account)
	}
	app.Clock.Advance(time.Minute)
	var dealt, statements atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			var s database.Statements
			n, err := obligation.Remind(database.CountStatements(app.Context(), &s), app.Runtime)
			if err != nil {
				t.Error(err)
			}
			dealt.Add(int64(n))
			statements.Add(int64(s.Count()))
		})
	}
	all.Wait()
	if dealt.Load() != 2*many {
		t.Errorf("%d dealt with, want %d", dealt.Load(), 2*many)
	}
	if n := statements.Load(); n > 100 {
		t.Errorf("%d statements of ent", n)
	}
	if n := count(t, app, `SELECT count(*) FROM identity.inbox WHERE account_id = $1`, officer.Account); n != 2*many {
		t.Errorf("%d messages, want %d", n, 2*many)
	}
	if n := count(t, app, `SELECT count(*) FROM identity.inbox WHERE account_id = $1`, manager.Account); n != 0 {
		t.Errorf("%d messages to the manager", n)
	}
	if n := count(t, app, `SELECT count(*) FROM audit.changes WHERE body::jsonb->>'type' = 'Obligation' AND body::jsonb->>'op' = 'update'`); n != 2*many {
		t.Errorf("%d changes on the trail, want %d", n, 2*many)
	}
	if n := count(t, app, `SELECT count(*) FROM obligations WHERE kind = 'test' AND (state <> 'BREACHED' OR reminders <> 1)`); n != 0 {
		t.Errorf("%d obligations were left out", n)
	}
}

func count(t *testing.T, app *stewardtest.App, sql string, args ...any) (n int) {
	t.Helper()
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error { return tx.QueryRow(ctx, sql, args...).Scan(&n) })
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", sql, err))
	}
	return n
}
