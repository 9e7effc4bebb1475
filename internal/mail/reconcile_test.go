package mail_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/mail"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// What was counted at the receipt stands beside what is registered, kind by kind; a reason is for the difference that it was given for.
func TestM1_OtherItemsThanWereCountedAreExplained(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	receptionist := app.As(policy.Receptionist)
	receipt := receptionist.Do(receiveMail, receiving(app, 3, 3)).Get("receiveMail.receipt.id").String()
	register := func(kind string) {
		receptionist.Do(registerMail, vars{"in": vars{"receiptID": receipt, "items": []vars{{"kind": kind, "householdID": app.A.Household}}}})
	}
	register("REGISTERED")
	register("PARCEL")
	day := today(app)
	stands := func(kind string) string {
		return receptionist.Do(checkDay, vars{"d": day}).Get(`mailDayCheck.counts.#(kind=="` + kind + `")`).Raw
	}
	if got := stands("REGISTERED"); got != `{"kind":"REGISTERED","counted":3,"registered":1,"difference":-2,"explained":false}` {
		t.Errorf("counted and registered: %s", got)
	}
	if got := stands("PARCEL"); got != `{"kind":"PARCEL","counted":0,"registered":1,"difference":1,"explained":false}` {
		t.Errorf("registered, and not counted: %s", got)
	}
	for field, in := range map[string]vars{"kinds": ofKinds(day), "kinds.1": ofKinds(day, "PARCEL", "PARCEL"), "reason": {"in": vars{"dayID": day, "kinds": []string{"PARCEL"}, "reason": " "}}} {
		if r := receptionist.Refused(explainCounts, in, fault.InvalidInput); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	for _, p := range []*stewardtest.Person{app.As(policy.CSOfficer), app.As(policy.Auditor), app.As(policy.Engineering), app.Resident()} {
		p.Refused(explainCounts, ofKinds(day, "PARCEL"), fault.Forbidden)
	}
	app.Foreign(policy.Receptionist).Refused(explainCounts, ofKinds(day, "PARCEL"), fault.NotFound)
	if r := receptionist.Refused(explainCounts, ofKinds(day, "PARCEL", "LETTER"), fault.Conflict, "M1"); r.Field != "kinds.1" {
		t.Errorf("a kind without a difference is refused at %q", r.Field)
	}
	stewardtest.Race(t, receptionist, explainCounts, ofKinds(day, "REGISTERED"))
	if got := receptionist.Do(checkDay, vars{"d": day}).Get("mailDayCheck"); got.Get("miscounted").Int() != 2 || got.Get("miscountedOpen").Int() != 1 {
		t.Errorf("it stands at %s", got.Raw)
	}
	register("REGISTERED") // one of the two has come to light: the reason was for two
	if got := stands("REGISTERED"); got != `{"kind":"REGISTERED","counted":3,"registered":2,"difference":-1,"explained":false}` {
		t.Errorf("with one more: %s", got)
	}
	register("REGISTERED")
	if got := stands("REGISTERED"); got != `{"kind":"REGISTERED","counted":3,"registered":3,"difference":0,"explained":false}` {
		t.Errorf("with all: %s", got)
	}
	excuse := receptionist.Do(explainCounts, ofKinds(day, "PARCEL")).Get("explainMailCounts.excuses.0")
	if excuse.Get("mailKind").String() != "PARCEL" || excuse.Get("difference").Int() != 1 || excuse.Get("kind").String() != "MISCOUNTED" {
		t.Errorf("explained: %s", excuse.Raw)
	}
	explainAll(app)
	counted(app)
	receptionist.Do(closeDay, closing(day))
	receptionist.Refused(explainCounts, ofKinds(day, "PARCEL"), fault.Conflict, "M5")
}

// Each kind of reason is voided, and what it satisfied is open again; a closed day is not changed.
func TestM5_AReasonIsVoidedWhileItsDayIsOpen(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	receptionist, supervisor := app.As(policy.Receptionist), app.As(policy.Supervisor)
	list := inSlots(app, vars{"barcode": "XA01"})
	day := today(app)
	wrong := receptionist.Do(scanMail, scanning(app, "一号台", "QQ99")).Get("scanMail.scans.0.id").String()
	open := func() string {
		c := receptionist.Do(checkDay, vars{"d": day}).Get("mailDayCheck")
		return c.Get("scansOpen").Raw + c.Get("missingOpen").Raw + c.Get("undeliveredOpen").Raw + c.Get("miscountedOpen").Raw
	}
	reasons := map[string]string{}
	give := func() {
		reasons["scan"] = receptionist.Do(explainScans, vars{"in": vars{"scanIDs": []string{wrong}, "reason": "误扫"}}).Get("explainMailScans.excuses.0.id").String()
		reasons["missing"] = receptionist.Do(explainMissing, ofDay(day, "条码损坏", list...)).Get("explainMissingMail.excuses.0.id").String()
		reasons["late"] = receptionist.Do(excuseMail, ofDay(day, "无人在家", list...)).Get("excuseMail.excuses.0.id").String()
		reasons["count"] = receptionist.Do(explainCounts, ofKinds(day, "REGISTERED")).Get("explainMailCounts.excuses.0.id").String()
	}
	before := open()
	give()
	after := open()
	for _, reason := range reasons {
		in := stewardtest.Void(reason, " 点错  一行 ")
		for _, p := range []*stewardtest.Person{app.As(policy.CSOfficer), app.As(policy.Auditor), app.Resident()} {
			p.Refused(voidExcuse, in, fault.Forbidden)
		}
		app.As(policy.MailSorter).Refused(voidExcuse, in, fault.Forbidden) // another's, who does not lead
		app.Foreign(policy.Supervisor).Refused(voidExcuse, in, fault.NotFound)
		receptionist.Refused(voidExcuse, stewardtest.Void(reason, " "), fault.InvalidInput)
		if x := receptionist.Do(voidExcuse, in).Get("voidMailExcuse.excuse"); x.Get("voidReason").String() != "点错 一行" || x.Get("voidedAt").String() == "" {
			t.Errorf("voided: %s", x.Raw)
		}
		receptionist.Refused(voidExcuse, in, fault.Conflict)
	}
	if got := open(); got != before || after == before {
		t.Errorf("open before %s, explained %s, voided %s", before, after, got)
	}
	if s := receptionist.Do(`query($id: ID!) { mailScans(where: {id: $id}) { edges { node { explanation explainedAt } } } }`, vars{"id": wrong}).Get("mailScans.edges.0.node"); s.Get("explanation").String() != "" || s.Get("explainedAt").String() != "" {
		t.Errorf("the scan: %s", s.Raw)
	}
	if told := supervisor.Do(`{ inbox(first: 50) { edges { node { kind subjectID } } } }`, nil).Get(`inbox.edges.#(node.subjectID=="` + reasons["scan"] + `").node.kind`).String(); told != "void" {
		t.Errorf("the supervisor hears of %q", told)
	}
	give()
	app.Clock.Advance(16 * time.Minute)
	receptionist.Refused(voidExcuse, stewardtest.Void(reasons["count"], "点错"), fault.Forbidden, "M1")
	stewardtest.Race(t, supervisor, voidExcuse, stewardtest.Void(reasons["count"], "点错"))
	receptionist.Do(explainCounts, ofKinds(day, "REGISTERED"))
	explainAll(app)
	counted(app)
	receptionist.Do(closeDay, closing(day))
	supervisor.Refused(voidExcuse, stewardtest.Void(reasons["late"], "点错"), fault.Conflict, "M5")

	// Whoever writes it: of a closed day nothing is voided; without the trigger it would be.
	conn := raw(t, app)
	void := sql(`UPDATE mail_excuses SET voided_at = now(), void_reason = 'x', voided_by_id = gen_random_uuid(), voided_by_name = 'x' WHERE id = $1`, reasons["late"])
	if got := refusalOf(t, conn, void); got != "mail_days_closed" {
		t.Errorf("of a closed day: %q", got)
	}
	app.SQL(`ALTER TABLE mail_excuses DISABLE TRIGGER mail_excuse_voided`)
	if got := refusalOf(t, conn, void); got != "" {
		t.Errorf("without the trigger: %q, so this proves nothing of it", got)
	}
}

// Who voids a reason while the day is being closed waits for it, and is refused.
func TestM5_AReasonIsNotVoidedOverTheClosing(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	list := inSlots(app, vars{"barcode": "XA01"})
	day := today(app)
	reason := app.As(policy.Receptionist).Do(excuseMail, ofDay(day, "无人在家", list...)).Get("excuseMail.excuses.0.id").String()
	explainAll(app)
	counted(app)
	desk, office := raw(t, app), raw(t, app)
	done := make(chan string, 1)
	shut := sql(`UPDATE mail_days SET state = 'CLOSED', closed_at = now(), closed_by_id = gen_random_uuid(), closed_by_name = 'x' WHERE id = $1`, day)
	void := sql(`UPDATE mail_excuses SET voided_at = now(), void_reason = 'x', voided_by_id = gen_random_uuid(), voided_by_name = 'x' WHERE id = $1`, reason)
	if got := refusalOf(t, office, shut, func(pgx.Tx) error {
		go func() { done <- refusalOf(t, desk, void) }()
		time.Sleep(200 * time.Millisecond)
		return nil
	}); got != "" {
		t.Fatalf("the closing: %q", got)
	}
	if got := <-done; got != "mail_days_closed" {
		t.Errorf("voided over the closing: %q", got)
	}
}

// A day on which nothing comes asks for what was left before: it is opened by the program, due, and closes like any other.
func TestM5_WhatIsLeftIsCarriedOverToADayWithoutMail(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist := app.As(policy.Receptionist)
	carry := func() int {
		t.Helper()
		n, err := mail.CarryOver(app.Context(), app.Runtime)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	list := inSlots(app, vars{"kind": "LETTER"}, vars{"barcode": "XA01"})
	explainAll(app)
	counted(app)
	before := today(app)
	app.SQL(`UPDATE mail_days SET state = 'CLOSED', closed_at = now(), closed_by_id = gen_random_uuid(), closed_by_name = '接待员' WHERE day < '2026-03-02'`)
	receptionist.Do(closeDay, closing(before))
	if n := carry(); n != 1 { // of estate B, of which the seed's mail is left
		t.Errorf("%d estates on the day itself", n)
	}
	app.Clock.Advance(16 * time.Hour) // one in the morning
	if n := carry(); n != 2 {
		t.Errorf("%d estates have mail left", n)
	}
	if n := carry(); n != 0 {
		t.Errorf("and again in %d", n)
	}
	receptionist.SignIn()
	app.As(policy.Supervisor).SignIn()
	day := today(app)
	if got := due(t, app, "mail.closeDay", day); day == before || got != "OPEN" {
		t.Errorf("the day's closing is %q", got)
	}
	if got := listOf(receptionist.Do(undelivered, vars{"d": day, "open": true}), "mailUndelivered"); !slices.Contains(got, list[0]) || !slices.Contains(got, list[1]) {
		t.Errorf("to be excused: %v", got)
	}
	if got := listOf(receptionist.Do(missing, vars{"d": day, "open": true}), "mailMissing"); !slices.Contains(got, list[1]) {
		t.Errorf("to be scanned: %v", got)
	}
	receptionist.Do(scanMail, scanning(app, "一号台", "XA01"))
	app.As(policy.MailSorter).SignIn()
	app.As(policy.MailSorter).Do(deliverMail, route(vars{"itemIDs": list[:1], "toBox": true}))
	old := texts(t, app, `SELECT id::text FROM mail_items WHERE estate_id = $1 AND barcode LIKE 'SEED%' ORDER BY 1`, app.A.ID)
	receptionist.Do(explainMissing, ofDay(day, "条码损坏", old...))
	receptionist.Refused(closeDay, closing(day), fault.RuleBroken, "M5")
	receptionist.Do(excuseMail, ofDay(day, "仍无人在家", append(old, list[1])...))
	app.As(policy.Supervisor).Do(reopenDay, vars{"in": vars{"dayID": before, "reason": "昨天漏记一件"}}) // nothing was closed since
	receptionist.Refused(closeDay, closing(day), fault.RuleBroken, "M5")
	receptionist.Do(closeDay, closing(before))
	if d := receptionist.Do(closeDay, closing(day)).Get("closeMailDay.day"); d.Get("undelivered").Int() != int64(len(old)+1) || d.Get("matched").Int() != 1 {
		t.Errorf("closed: %s", d.Raw)
	}
	app.Clock.Advance(24 * time.Hour)
	carry()
	app.Clock.Advance(24 * time.Hour)
	if _, err := obligation.Remind(app.Context(), app.Runtime); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, app, `SELECT o.state FROM obligations o JOIN mail_days d ON d.id = o.subject_id WHERE d.estate_id = $1 AND d.day = '2026-03-04'`, app.A.ID); !slices.Equal(got, []string{"BREACHED"}) {
		t.Errorf("a day that nobody closed is %v", got)
	}
}
