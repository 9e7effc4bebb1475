package mail_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	scanMail       = `mutation($in: ScanMailInput!) { scanMail(input: $in) { scans { id key code outcome desk item { id } explanation } day { id day state } } }`
	explainScans   = `mutation($in: ExplainMailScansInput!) { explainMailScans(input: $in) { scans { id explanation explainedByName } excuses { id kind scan { id } } } }`
	explainCounts  = `mutation($in: ExplainMailCountsInput!) { explainMailCounts(input: $in) { excuses { id kind mailKind difference reason } } }`
	voidExcuse     = `mutation($in: VoidMailExcuseInput!) { voidMailExcuse(input: $in) { excuse { id voidedAt voidReason voidedByName } } }`
	explainMissing = `mutation($in: ExplainMissingMailInput!) { explainMissingMail(input: $in) { excuses { id kind reason item { id } } } }`
	excuseMail     = `mutation($in: ExcuseMailInput!) { excuseMail(input: $in) { excuses { id kind reason givenByName item { id } } } }`
	closeDay       = `mutation($in: CloseMailDayInput!) { closeMailDay(input: $in) { day { id state closedByName listed matched missing unknown doubled alreadyDelivered undelivered miscounted } } }`
	reopenDay      = `mutation($in: ReopenMailDayInput!) { reopenMailDay(input: $in) { day { id state listed } } }`
	checkDay       = `query($d: ID!) { mailDayCheck(dayID: $d) { listed matched missing missingOpen unknown doubled alreadyDelivered scansOpen undelivered undeliveredOpen miscounted miscountedOpen counts { kind counted registered difference explained } } }`
	missing        = `query($d: ID!, $open: Boolean) { mailMissing(dayID: $d, unexplained: $open) { edges { node { id } } } }`
	undelivered    = `query($d: ID!, $open: Boolean) { mailUndelivered(dayID: $d, unexplained: $open) { edges { node { id } } } }`
)

// scanning is what a desk sends: each code under a key of its own.
func scanning(app *stewardtest.App, desk string, codes ...string) vars {
	scans := make([]vars, len(codes))
	for i, code := range codes {
		scans[i] = vars{"key": fmt.Sprintf("%s %d %s", desk, i, code), "code": code}
	}
	return vars{"in": vars{"estateID": app.A.ID, "desk": desk, "scans": scans}}
}

func ofDay(day, reason string, items ...string) vars {
	return vars{"in": vars{"dayID": day, "itemIDs": items, "reason": reason}}
}

func ofKinds(day string, kinds ...string) vars {
	return vars{"in": vars{"dayID": day, "kinds": append([]string{}, kinds...), "reason": "其余只计数不登记"}}
}

func closing(day string) vars { return vars{"in": vars{"dayID": day}} }

// outcomes of scans, in their order.
func outcomes(answer gjson.Result) string { return answer.Get("scanMail.scans.#.outcome").Raw }

// today is the day's mail, which something has begun.
func today(app *stewardtest.App) string {
	return app.As(policy.Receptionist).Do(`{ mailDays(first: 1) { edges { node { id } } } }`, nil).Get("mailDays.edges.0.node.id").String()
}

// explainAll gives a reason for all that open days do not close without, past the program.
func explainAll(app *stewardtest.App) {
	const into = `INSERT INTO mail_excuses (id, created_at, estate_id, day_id, kind, item_id, scan_id, mail_kind, difference, reason, given_by_id, given_by_name, given_at)
		SELECT new_id(x'0808'::int), now(), d.estate_id, d.id, `
	const because = `, '收件人外出', gen_random_uuid(), '接待员', now() FROM mail_days d `
	app.SQL(into + `'UNSCANNED', f.id, NULL, NULL, NULL` + because + `CROSS JOIN LATERAL mail_missing(d.estate_id, d.id, true) f(id) WHERE d.state = 'OPEN'`)
	app.SQL(into + `'UNDELIVERED', f.id, NULL, NULL, NULL` + because + `CROSS JOIN LATERAL mail_undelivered(d.estate_id, d.id, true) f(id) WHERE d.state = 'OPEN'`)
	app.SQL(into + `'UNMATCHED', NULL, s.id, NULL, NULL` + because + `JOIN mail_scans s ON s.estate_id = d.estate_id AND s.day_id = d.id AND s.outcome <> 'MATCHED' AND s.explained_at IS NULL WHERE d.state = 'OPEN'`)
	app.SQL(into + `'MISCOUNTED', NULL, NULL, c.kind, c.registered - c.counted` + because + `CROSS JOIN LATERAL mail_counts(d.estate_id, d.id) c WHERE d.state = 'OPEN' AND c.counted <> c.registered AND NOT c.explained`)
}

// closeSeed closes the day that the seed left open.
func closeSeed(app *stewardtest.App) {
	explainAll(app)
	app.SQL(`UPDATE mail_days SET state = 'CLOSED', closed_at = now(), closed_by_id = gen_random_uuid(), closed_by_name = '接待员'`)
}

func listOf(answer gjson.Result, field string) (ids []string) {
	for _, r := range answer.Get(field + ".edges.#.node.id").Array() {
		ids = append(ids, r.String())
	}
	slices.Sort(ids)
	return ids
}

func TestM2_EachScanIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist := app.As(policy.Receptionist)
	list := inSlots(app, vars{"barcode": "XA01"}, vars{"barcode": "XA02"}, vars{"barcode": "XA03"})
	app.As(policy.MailSorter).Do(deliverMail, route(signed(vars{"itemIDs": list[2:]}, "residentID", app.A.Resident)))
	first := scanning(app, "一号台", " XA 01", "XA02", "XA01", "XA03", "QQ99")
	answer := receptionist.Do(scanMail, first)
	if got := outcomes(answer); got != `["MATCHED","MATCHED","DOUBLE","ALREADY_DELIVERED","UNKNOWN"]` {
		t.Errorf("scanned: %s", answer.Raw)
	}
	if answer.Get("scanMail.scans.0.item.id").String() != list[0] || answer.Get("scanMail.scans.2.item.id").String() != list[0] || answer.Get("scanMail.scans.4.item").Exists() && answer.Get("scanMail.scans.4.item").Type != gjson.Null {
		t.Errorf("of what: %s", answer.Raw)
	}
	if again := receptionist.Do(scanMail, first); again.Raw != answer.Raw { // the answer was lost, and the desk sends it again
		t.Errorf("again: %s", again.Raw)
	}
	if got := outcomes(app.As(policy.MailSorter).Do(scanMail, scanning(app, "二号台", "XA02"))); got != `["DOUBLE"]` {
		t.Errorf("at another desk: %s", got)
	}
	other := scanning(app, "一号台", "XA02")
	other["in"].(vars)["scans"].([]vars)[0]["key"] = "一号台 0  XA 01"
	if r := receptionist.Refused(scanMail, other, fault.Conflict, "M2"); r.Field != "scans.0.key" {
		t.Errorf("another code under the key is refused at %q", r.Field)
	}
	app.Clock.Advance(24 * time.Hour)
	receptionist.SignIn()
	if got := outcomes(receptionist.Do(scanMail, scanning(app, "三号台", "XA02", "XA03"))); got != `["MATCHED","ALREADY_DELIVERED"]` { // another day, another list
		t.Errorf("the next day: %s", got)
	}
}

func TestM2_WhatWasScannedIsARegister(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist := app.As(policy.Receptionist)
	inSlots(app, vars{"barcode": "XA01"})
	wrong := receptionist.Do(scanMail, scanning(app, "一号台", "XA01", "QQ99")).Get("scanMail.scans.1.id").String()
	receptionist.Do(explainScans, vars{"in": vars{"scanIDs": []string{wrong}, "reason": "邻区错投"}})
	status, csv := download(t, app.As(policy.Supervisor), "mail-scans.csv?estate=A&lang=zh&from=2026-03-02&to=2026-03-02")
	for _, want := range []string{"XA01,相符,挂号信", "QQ99,清单外", "邻区错投"} {
		if status != http.StatusOK || !strings.Contains(csv, want) {
			t.Errorf("%d: no %s in %s", status, want, csv)
		}
	}
	if strings.Contains(csv, "NOBODYS") {
		t.Error("it tells of another day")
	}
}

func TestM2_ScansThatAreNone(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist := app.As(policy.Receptionist)
	long := make([]string, 101)
	for i := range long {
		long[i] = fmt.Sprint("C", i)
	}
	twice := scanning(app, "一号台", "A1", "A2")
	twice["in"].(vars)["scans"].([]vars)[1]["key"] = twice["in"].(vars)["scans"].([]vars)[0]["key"]
	for field, in := range map[string]vars{
		"scans": scanning(app, "一号台", long...), "desk": scanning(app, "", "A1"), "scans.0.code": scanning(app, "一号台", " "), "scans.1.key": twice,
	} {
		if r := receptionist.Refused(scanMail, in, fault.InvalidInput); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	for _, p := range []*stewardtest.Person{app.As(policy.CSOfficer), app.Resident(), app.As(policy.Auditor), app.As(policy.Security)} {
		p.Refused(scanMail, scanning(app, "一号台", "A1"), fault.Forbidden)
	}
	if r := app.Foreign(policy.Receptionist).Refused(scanMail, scanning(app, "一号台", "A1"), fault.NotFound); r.Field != "estateID" {
		t.Errorf("a foreign estate: %q", r.Field)
	}
}

func TestM5_TheDayClosesWhenAllIsExplained(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	receptionist, sorter := app.As(policy.Receptionist), app.As(policy.MailSorter)
	list := inSlots(app, vars{"barcode": "XA01"}, vars{"barcode": "XA02"}, vars{"kind": "LETTER"}, vars{"kind": "NEWSPAPER"})
	day := today(app)
	scans := receptionist.Do(scanMail, scanning(app, "一号台", "XA01", "XA01", "QQ99")).Get("scanMail.scans")
	sorter.Do(deliverMail, route(signed(vars{"itemIDs": []string{list[0], list[2]}}, "residentID", app.A.Resident)))
	// What the seed left from another day is on the list, too.
	old := texts(t, app, `SELECT id::text FROM mail_items WHERE estate_id = $1 AND barcode LIKE 'SEED%' ORDER BY 1`, app.A.ID)
	if got := listOf(receptionist.Do(missing, vars{"d": day}), "mailMissing"); !slices.Equal(got, sortedList(append(old, list[1]))) {
		t.Errorf("missing: %v", got)
	}
	if got := listOf(sorter.Do(undelivered, vars{"d": day}), "mailUndelivered"); !slices.Equal(got, sortedList(append(old, list[1], list[3]))) {
		t.Errorf("undelivered: %v", got)
	}
	receptionist.Refused(closeDay, closing(day), fault.RuleBroken, "M2")
	receptionist.Refused(explainScans, vars{"in": vars{"scanIDs": []string{scans.Get("0.id").String()}, "reason": "误扫"}}, fault.Conflict, "M2") // it matches
	wrong := []string{scans.Get("1.id").String(), scans.Get("2.id").String()}
	explained := receptionist.Do(explainScans, vars{"in": vars{"scanIDs": wrong, "reason": "误扫"}}).Get("explainMailScans.scans")
	if explained.Get("0.explanation").String() != "误扫" || explained.Get("1.explainedByName").String() != receptionist.Email {
		t.Errorf("explained: %s", explained.Raw)
	}
	receptionist.Refused(explainScans, vars{"in": vars{"scanIDs": wrong[:1], "reason": "误扫"}}, fault.Conflict, "M2")
	receptionist.Refused(closeDay, closing(day), fault.RuleBroken, "M2") // items are missing
	receptionist.Refused(explainMissing, ofDay(day, "条码损坏", list[0]), fault.Conflict, "M2")
	receptionist.Do(explainMissing, ofDay(day, "条码损坏", append(old, list[1])...))
	receptionist.Refused(explainMissing, ofDay(day, "条码损坏", list[1]), fault.Conflict, "M2")
	receptionist.Refused(closeDay, closing(day), fault.RuleBroken, "M5") // and some are still here
	if r := receptionist.Refused(excuseMail, ofDay(day, "无人在家", list[1], list[0]), fault.Conflict, "M5"); r.Field != "itemIDs.1" {
		t.Errorf("what was delivered is refused at %q", r.Field)
	}
	once := receptionist.With("Idempotency-Key", "excuse")
	in := ofDay(day, "无人在家", append(old, list[1], list[3])...)
	excused := once.Do(excuseMail, in).Raw
	if again := once.Do(excuseMail, in).Raw; again != excused {
		t.Errorf("repeated, it is answered otherwise: %s and %s", excused, again)
	}
	receptionist.Refused(closeDay, closing(day), fault.RuleBroken, "M1") // and other items are registered than were counted
	receptionist.Do(explainCounts, ofKinds(day, "REGISTERED", "LETTER", "NEWSPAPER"))
	check := app.As(policy.Supervisor).Do(checkDay, vars{"d": day}).Get("mailDayCheck")
	if check.Get("listed").Int() != int64(len(old)+2) || check.Get("matched").Int() != 1 || check.Get("missingOpen").Int()+check.Get("scansOpen").Int()+check.Get("undeliveredOpen").Int()+check.Get("miscountedOpen").Int() != 0 {
		t.Errorf("it stands at %s", check.Raw)
	}
	receptionist.Refused(closeDay, closing(day), fault.RuleBroken, "M7") // and press was not counted
	counted(app)
	closed := receptionist.Do(closeDay, closing(day)).Get("closeMailDay.day")
	if closed.Get("state").String() != "CLOSED" || closed.Get("matched").Int() != 1 || closed.Get("unknown").Int() != 1 || closed.Get("doubled").Int() != 1 || closed.Get("undelivered").Int() != int64(len(old)+2) || closed.Get("miscounted").Int() != 3 {
		t.Errorf("closed: %s", closed.Raw)
	}
	if told := app.As(policy.Supervisor).Do(`{ inbox(first: 50) { edges { node { kind subjectID } } } }`, nil).Get(`inbox.edges.#(node.subjectID=="` + day + `").node.kind`).String(); told != "mail.closeDay" {
		t.Errorf("the supervisor hears of %q", told)
	}
	if got := due(t, app, "mail.closeDay", day); got != "MET met" {
		t.Errorf("its closing is %q", got)
	}
	afterClosing(t, app, day, list)
}

// afterClosing: nothing more is recorded of the day, until a superior opens it again.
func afterClosing(t *testing.T, app *stewardtest.App, day string, list []string) {
	t.Helper()
	receptionist, supervisor := app.As(policy.Receptionist), app.As(policy.Supervisor)
	receptionist.Refused(closeDay, closing(day), fault.Conflict, "M5")
	receptionist.Refused(scanMail, scanning(app, "二号台", "XA02"), fault.Conflict, "M5")
	receptionist.Refused(receiveMail, receiving(app, 1, 1), fault.Conflict, "M5")
	receptionist.Refused(excuseMail, ofDay(day, "x", list[1]), fault.Conflict, "M5")
	again := vars{"in": vars{"dayID": day, "reason": "下班前又到一批"}}
	receptionist.Refused(reopenDay, again, fault.Forbidden)
	if d := supervisor.Do(reopenDay, again).Get("reopenMailDay.day"); d.Get("state").String() != "OPEN" || d.Get("listed").Int() != 0 {
		t.Errorf("opened again: %s", d.Raw)
	}
	supervisor.Refused(reopenDay, again, fault.Conflict, "M5")
	stewardtest.Race(t, receptionist, closeDay, closing(day)) // what was excused stays so

	app.Clock.Advance(24 * time.Hour)
	receptionist.SignIn()
	supervisor.SignIn()
	next := receptionist.Do(scanMail, scanning(app, "一号台", "XA02")).Get("scanMail.day.id").String()
	if got := listOf(receptionist.Do(undelivered, vars{"d": next, "open": true}), "mailUndelivered"); !slices.Contains(got, list[1]) || slices.Contains(got, list[0]) {
		t.Errorf("what was excused is on the next day's list: %v", got)
	}
	supervisor.Do(reopenDay, again) // the next is open still
	receptionist.Do(closeDay, closing(day))
	explainAll(app)
	receptionist.Do(closeDay, closing(next))
	supervisor.Refused(reopenDay, again, fault.Conflict, "M5") // it is no longer the last
}

func TestM5_DaysCloseInTheirOrderAndAreDue(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist := app.As(policy.Receptionist)
	list := inSlots(app, vars{"kind": "LETTER"})
	day := today(app)
	supervisor := app.As(policy.Supervisor)
	app.Clock.Advance(16 * time.Hour) // one in the morning
	if _, err := obligation.Remind(app.Context(), app.Runtime); err != nil {
		t.Fatal(err)
	}
	supervisor.SignIn()
	receptionist.SignIn()
	app.As(policy.MailSorter).SignIn()
	if told := supervisor.Do(`{ inbox(first: 50) { edges { node { kind subjectID } } } }`, nil).Get(`inbox.edges.#(node.subjectID=="` + day + `").node.kind`).String(); told != "obligation.escalated" {
		t.Errorf("the supervisor hears of %q of a day that is not closed", told)
	}
	if got := due(t, app, "mail.closeDay", day); got != "BREACHED" {
		t.Errorf("its closing is %q", got)
	}
	next := receptionist.Do(scanMail, scanning(app, "一号台", "QQ99")).Get("scanMail.day.id").String()
	if next == day {
		t.Fatal("a scan after midnight is of the day before")
	}
	if r := receptionist.Refused(closeDay, closing(next), fault.RuleBroken, "M5"); r.Field != "dayID" {
		t.Errorf("over an open day it is refused at %q", r.Field)
	}
	// What went out only today was not delivered yesterday.
	app.As(policy.MailSorter).Do(deliverMail, route(vars{"itemIDs": list, "toBox": true}))
	if got := listOf(receptionist.Do(undelivered, vars{"d": day, "open": true}), "mailUndelivered"); !slices.Contains(got, list[0]) {
		t.Errorf("not delivered that day: %v", got)
	}
	if got := listOf(receptionist.Do(undelivered, vars{"d": next, "open": true}), "mailUndelivered"); slices.Contains(got, list[0]) {
		t.Errorf("not delivered today: %v", got)
	}
	app.Foreign(policy.Receptionist).Refused(closeDay, closing(day), fault.NotFound)
	app.Foreign(policy.Receptionist).Refused(checkDay, vars{"d": day}, fault.NotFound)
	if got := listOf(app.Foreign(policy.Receptionist).Do(undelivered, vars{"d": day}), "mailUndelivered"); len(got) != 0 {
		t.Errorf("another estate sees %v", got)
	}
}

func sortedList(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
