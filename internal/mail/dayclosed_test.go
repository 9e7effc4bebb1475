package mail_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// counted has the press counted that the day's subscriptions ask for.
func counted(app *stewardtest.App) {
	for _, e := range app.As(policy.Receptionist).Do(expectedPress, vars{"e": app.A.ID}).Get("expectedPress").Array() {
		if !e.Get("delivery.delivered").Exists() {
			brought(app, e.Get("publication.id").String(), int(e.Get("households").Int()+e.Get("departments").Int()), nil)
		}
	}
}

// settle explains and excuses all that the day still asks for, and counts its press.
func settle(app *stewardtest.App, day string) {
	p := app.As(policy.Receptionist)
	if list := listOf(p.Do(missing, vars{"d": day, "open": true}), "mailMissing"); len(list) > 0 {
		p.Do(explainMissing, ofDay(day, "条码损坏", list...))
	}
	if list := listOf(p.Do(undelivered, vars{"d": day, "open": true}), "mailUndelivered"); len(list) > 0 {
		p.Do(excuseMail, ofDay(day, "无人在家", list...))
	}
	explainAll(app) // what was registered otherwise than it was counted
	counted(app)
}

// backdated is the same, as of earlier.
func backdated(app *stewardtest.App, in vars, by time.Duration) vars {
	in["in"].(vars)["occurredAt"], in["in"].(vars)["lateReason"] = app.Clock.Now().Add(-by), "忙"
	return in
}

func hereNow(app *stewardtest.App, open bool) []string {
	return listOf(app.As(policy.Receptionist).Do(`query($o: Boolean) { mailUndelivered(unexplained: $o) { edges { node { id } } } }`, vars{"o": open}), "mailUndelivered")
}

// What is taken back on a day that is closed would be undelivered on it, and excused by nobody.
func TestM5_ADeliveryOfAClosedDayIsVoidedOnceTheDayIsOpen(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	receptionist, supervisor := app.As(policy.Receptionist), app.As(policy.Supervisor)
	list := inSlots(app, vars{"barcode": "XA01"})
	day := today(app)
	receptionist.Do(scanMail, scanning(app, "一号台", "XA01"))
	d := receptionist.Do(deliverMail, route(signed(vars{"itemIDs": list}, "recipient", "保姆 张阿姨"))).Get("deliverMail.deliveries.0.id").String()
	settle(app, day)
	receptionist.Do(closeDay, closing(day))
	receptionist.Refused(voidDelivery, stewardtest.Void(d, "投错"), fault.Conflict, "M5")
	const back = `UPDATE mail_deliveries SET voided_at = now(), void_reason = 'x', voided_by_id = gen_random_uuid(), voided_by_name = 'x' WHERE id = $1`
	returned := sql(`INSERT INTO mail_events (id, created_at, estate_id, item_id, state, household_id, reason, acted_by_id, acted_by_name, acted_at)
		SELECT gen_random_uuid(), now(), estate_id, id, 'SORTED', household_id, 'x', gen_random_uuid(), 'x', now() FROM mail_items WHERE id = $1`, list[0])
	if got := refusalOf(t, raw(t, app), sql(back, d), returned); got != "mail_days_closed" {
		t.Errorf("past the program it is %q", got)
	}
	supervisor.Do(reopenDay, vars{"in": vars{"dayID": day, "reason": "投错一户"}})
	receptionist.Do(voidDelivery, stewardtest.Void(d, "投错"))
	if !slices.Contains(hereNow(app, true), list[0]) {
		t.Error("what came back is not undelivered")
	}
	receptionist.Refused(closeDay, closing(day), fault.RuleBroken, "M5")
}

// What is here is listed, whether or not a day is open.
func TestM5_WhatIsHereIsListedWithoutADay(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	list := inSlots(app, vars{"kind": "LETTER"})
	day := today(app)
	settle(app, day)
	app.As(policy.Receptionist).Do(closeDay, closing(day))
	if !slices.Contains(hereNow(app, false), list[0]) || slices.Contains(hereNow(app, true), list[0]) {
		t.Error("no day is open: what was excused is here, and is excused")
	}
	if got := listOf(app.Foreign(policy.Receptionist).Do(`{ mailUndelivered { edges { node { id } } } }`, nil), "mailUndelivered"); slices.Contains(got, list[0]) {
		t.Error("another estate sees it")
	}
}

func TestM5_NoDayBeginsBeforeOneThatIsClosed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	receptionist := app.As(policy.Receptionist)
	inSlots(app, vars{"kind": "LETTER"})
	day := today(app)
	settle(app, day)
	receptionist.Do(closeDay, closing(day))
	if r := receptionist.Refused(receiveMail, backdated(app, receiving(app, 1, 1), 20*time.Hour), fault.Conflict, "M5"); r.Field != "occurredAt" {
		t.Errorf("refused at %q", r.Field)
	}
	begins := sql(`INSERT INTO mail_days (id, created_at, estate_id, day, opened_at) VALUES (gen_random_uuid(), now(), $1, '2026-03-01', now())`, app.A.ID)
	if got := refusalOf(t, raw(t, app), begins); got != "mail_days_begin_in_order" {
		t.Errorf("past the program: %q", got)
	}
	app.SQL(`ALTER TABLE mail_days DISABLE TRIGGER mail_day_begins`) // the mutant: it is the trigger that refuses
	if got := refusalOf(t, raw(t, app), begins); got != "" {
		t.Errorf("without the trigger: %q, so this proves nothing of it", got)
	}
}

// What lay over night went into the box in the morning, "yesterday at eleven": it was here at the end of the day.
func TestM5_WhatIsRecordedAfterTheDayWasHereAtItsEnd(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	receptionist := app.As(policy.Receptionist)
	list := inSlots(app, vars{"kind": "LETTER"})
	day := today(app)
	counted(app)
	app.Clock.Advance(20 * time.Hour)
	receptionist.SignIn()
	receptionist.Do(deliverMail, backdated(app, route(vars{"itemIDs": list, "toBox": true}), 18*time.Hour))
	if got := listOf(receptionist.Do(undelivered, vars{"d": day, "open": true}), "mailUndelivered"); !slices.Contains(got, list[0]) {
		t.Errorf("undelivered: %v", got)
	}
	receptionist.Do(excuseMail, ofDay(day, "当天下班前未及登记", list...))
}

// It was excused, and its day closed with it undelivered; it was not delivered on that day after all.
func TestM5_NothingIsDeliveredOnAClosedDay(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	receptionist := app.As(policy.Receptionist)
	list := inSlots(app, vars{"kind": "LETTER"})
	day := today(app)
	settle(app, day)
	receptionist.Do(closeDay, closing(day))
	receptionist.Refused(deliverMail, route(vars{"itemIDs": list, "toBox": true}), fault.Conflict, "M5")
	app.Clock.Advance(20 * time.Hour)
	receptionist.SignIn()
	receptionist.Refused(deliverMail, backdated(app, route(vars{"itemIDs": list, "toBox": true}), 18*time.Hour), fault.Conflict, "M5")
	receptionist.Do(deliverMail, route(vars{"itemIDs": list, "toBox": true})) // today
}

// An issue that nobody counted would be claimed by nobody.
func TestM7_TheDayDoesNotCloseBeforeItsPressIsCounted(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	receptionist := app.As(policy.Receptionist)
	inSlots(app, vars{"kind": "LETTER"})
	day := today(app)
	settle(app, day)
	daily := readers(app, 1, 2, 1)
	check := func() int64 {
		return receptionist.Do(`query($d: ID!) { mailDayCheck(dayID: $d) { uncounted } }`, vars{"d": day}).Get("mailDayCheck.uncounted").Int()
	}
	if check() != 1 {
		t.Errorf("not counted: %d", check())
	}
	receptionist.Refused(closeDay, closing(day), fault.RuleBroken, "M7")
	shut := sql(`UPDATE mail_days SET state = 'CLOSED', closed_at = now(), closed_by_id = gen_random_uuid(), closed_by_name = 'x' WHERE id = $1`, day)
	if got := refusalOf(t, raw(t, app), shut); got != "mail_days_press" {
		t.Errorf("past the program: %q", got)
	}
	none := brought(app, daily, 0, nil) // that none came is a count
	if check() != 0 {
		t.Errorf("counted: %d", check())
	}
	receptionist.Do(closeDay, closing(day))
	receptionist.Refused(voidPressDelivery, stewardtest.Void(id(none), "数错"), fault.Forbidden, "M7")
}

// Who brings what comes to a day that nobody has begun has it begin after: else it could begin and close meanwhile, without what comes.
func TestM5_NoDayBeginsOverWhatComes(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	desk, office := raw(t, app), raw(t, app)
	begins := sql(`INSERT INTO mail_days (id, created_at, estate_id, day, opened_at) VALUES (gen_random_uuid(), now(), $1, '2026-03-02', now())`, app.A.ID)
	begun := make(chan string, 1)
	if got := refusalOf(t, desk, sql(`SELECT mail_day_held($1, '2026-03-02')`, app.A.ID), func(pgx.Tx) error {
		go func() { begun <- refusalOf(t, office, begins) }()
		select {
		case got := <-begun:
			t.Errorf("the day did not wait: %q", got)
			begun <- got
		case <-time.After(200 * time.Millisecond):
		}
		return nil
	}); got != "" {
		t.Errorf("what comes: %q", got)
	}
	if got := <-begun; got != "" {
		t.Errorf("the day after: %q", got)
	}
}
