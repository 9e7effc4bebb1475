package duty_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/duty"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

var credential = vars{"credential": stewardtest.Password}

// changing is a crew of which 0 is on until four and 1 from four on, on the 6th of April, and 2 on the next morning.
func changing(t *testing.T) *crew {
	t.Helper()
	c := newCrew(t, 3)
	early, late := c.shift("早班", "08:00", "16:00", 0), c.shift("晚班", "16:00", "22:00", 0)
	roster := c.draft("2026-04-01")
	c.on(roster, c.line("2026-04-06", early, 0), c.line("2026-04-06", late, 1), c.line("2026-04-07", early, 2))
	c.publish(roster)
	return c
}

func (c *crew) everybody() []*stewardtest.Person {
	return append([]*stewardtest.Person{c.supervisor, c.As(policy.CSOfficer), c.As(policy.ProjectManager)}, c.officers...)
}

// fill has the program fill sheets, so many of them.
func (c *crew) fill(want int) {
	c.t.Helper()
	if n, err := duty.FillSheets(c.Context(), c.Runtime); err != nil || n != want {
		c.t.Fatalf("%d sheets are filled, want %d: %v", n, want, err)
	}
}

// sheet is the sheet of a shift that ended at a time.
func (c *crew) sheet(ended string) gjson.Result {
	c.t.Helper()
	for _, e := range c.supervisor.Do(sheets, nil).Get("dutyHandovers.edges.#.node").Array() {
		if strings.HasPrefix(e.Get("endedAt").String(), ended) {
			return e
		}
	}
	c.t.Fatalf("there is no sheet of %s", ended)
	return gjson.Result{}
}

func (c *crew) lines(sheet string) []gjson.Result {
	c.t.Helper()
	return c.supervisor.Do(linesOf, vars{"id": sheet}).Get("dutyHandoverLines.edges.#.node").Array()
}

// loan lends a key, by whoever is an officer, and gives the id.
func (c *crew) loan(set int) string {
	c.t.Helper()
	return c.As(policy.CSOfficer).Do(`mutation($in: LendKeysInput!) { lendKeys(input: $in) { loan { id } } }`, in(vars{"borrower": vars{"staffID": c.A.Staff}, "purpose": "抄表", "signature": vars{},
		"lines": []vars{{"setID": c.A.Sets[set], "count": 1}}})).Get("lendKeys.loan.id").String()
}

const ended = "2026-04-06T08:00" // four in the afternoon

func TestD2_TheSheetIsFilledWithWhatIsOpen(t *testing.T) {
	t.Parallel()
	c := changing(t)
	c.to("2026-04-06 15:59", c.everybody()...)
	loan := c.loan(0)
	c.fill(0)
	c.to("2026-04-06 16:00", c.everybody()...)
	c.fill(1)
	c.fill(0)
	s := c.sheet(ended)
	if s.Get("state").String() != "OPEN" || s.Get("outgoingNames").String() != "客服0" || s.Get("incomingNames").String() != "客服1" || !strings.HasPrefix(s.Get("dueAt").String(), "2026-04-06T09:00") {
		t.Errorf("the sheet: %s", s.Raw)
	}
	lines := c.lines(s.Get("id").String())
	count := map[string]int{}
	for i, l := range lines {
		if l.Get("position").Int() != int64(i+1) || l.Get("state").String() != "PENDING" || l.Get("text").String() == "" {
			t.Errorf("line %d: %s", i, l.Raw)
		}
		count[l.Get("source").String()]++
	}
	// What the estate has by itself: mail that was not delivered, inspections and a round that were due weeks ago, a defect.
	for _, source := range []string{"keys.out", "mail.undelivered", "vacancy.rounds", "vacancy.inspections", "vacancy.defects"} {
		if count[source] == 0 {
			t.Errorf("nothing of %s: %v", source, count)
		}
	}
	if int(s.Get("lines").Int()) != len(lines) {
		t.Errorf("the sheet says %s, and has %d", s.Get("lines").Raw, len(lines))
	}
	if l := lines[0]; l.Get("subjectID").String() != loan || l.Get("entity").String() != "KeyLoan" || l.Get("text").String() != "1栋1单元101 户门 共1把" {
		t.Errorf("the first line: %s", l.Raw)
	}
	// It is frozen: what happens since is on the next one.
	second := c.loan(1)
	if n := len(c.lines(s.Get("id").String())); n != len(lines) {
		t.Errorf("it has %d lines since", n)
	}
	c.to("2026-04-06 22:00", c.everybody()...)
	c.fill(1)
	next := c.sheet("2026-04-06T14:00")
	if !strings.HasPrefix(next.Get("beginsAt").String(), "2026-04-07T00:00") || next.Get("incomingNames").String() != "客服2" || !strings.Contains(fmt.Sprint(c.lines(next.Get("id").String())), second) {
		t.Errorf("the next: %s", next.Raw)
	}
	for _, who := range []struct {
		p    *stewardtest.Person
		sees bool
	}{{c.As(policy.CSOfficer), true}, {c.As(policy.ProjectManager), true}, {c.As(policy.Auditor), true}, {c.Foreign(policy.CSOfficer), false}, {c.As(policy.Security), false}, {c.Resident(), false}} {
		who.p.SignIn()
		if got := strings.Contains(who.p.Ask(sheets, nil).Raw, s.Get("id").String()); got != who.sees {
			t.Errorf("%s sees it: %t", who.p.Email, got)
		}
	}
	if by := refusedBy(c.TrySQL(`INSERT INTO duty_handover_lines SELECT new_id(x'0a09'::int), created_at, department_id, 999, 'x', title, title_en, entity, NULL, text, text_en, counted, since_at, due_at, remark, state, dispute_reason,
		decided_at, answers_since, decided_by_id, decided_by_name, estate_id, handover_id, answers_id FROM duty_handover_lines WHERE handover_id = $1 LIMIT 1`, s.Get("id").String())); by != "duty_handovers_whole" {
		t.Errorf("refused by %q", by)
	}
}

func TestD2_BothSignAndAcceptanceMovesWhoAnswers(t *testing.T) {
	t.Parallel()
	c := changing(t)
	c.to("2026-04-06 15:59", c.everybody()...)
	loan, other := c.loan(0), c.loan(1)
	c.to("2026-04-06 16:00", c.everybody()...)
	c.fill(1)
	id := c.sheet(ended).Get("id").String()
	lines := c.lines(id)
	sheet := func(more vars) vars { more["handoverID"] = id; return in(more) }
	out, in1, third := c.officers[0], c.officers[1], c.officers[2]

	for _, p := range []*stewardtest.Person{in1, third, c.As(policy.CSOfficer)} {
		p.Refused(remarkSheet, sheet(vars{"remark": "x"}), fault.RuleBroken, "D2")
	}
	out.Do(remarkSheet, sheet(vars{"remark": "一切正常", "lines": []vars{{"lineID": lines[0].Get("id").String(), "remark": "王师傅五点还"}}}))
	for _, p := range []*stewardtest.Person{out, third} {
		p.Refused(decideSheet, sheet(vars{"acceptRest": true}), fault.RuleBroken, "D2")
	}
	out.Refused(signSheet, sheet(vars{"signature": credential}), fault.RuleBroken, "D2") // nothing is decided
	if r := in1.Refused(decideSheet, sheet(vars{"dispute": []vars{{"lineID": lines[1].Get("id").String(), "reason": " "}}}), fault.InvalidInput); r.Field != "dispute.0.reason" {
		t.Errorf("refused at %q", r.Field)
	}
	in1.Do(decideSheet, sheet(vars{"acceptIDs": []string{lines[0].Get("id").String()}, "dispute": []vars{{"lineID": lines[1].Get("id").String(), "reason": "钥匙未见登记"}}}))
	in1.Refused(signSheet, sheet(vars{"signature": credential}), fault.RuleBroken, "D2") // the rest is not
	in1.Do(decideSheet, sheet(vars{"acceptRest": true}))
	in1.Refused(signSheet, sheet(vars{"signature": vars{"credential": "another's"}}), fault.InvalidInput)
	third.Refused(signSheet, sheet(vars{"signature": credential}), fault.RuleBroken, "D2")
	c.Foreign(policy.CSOfficer).SignIn()
	c.Foreign(policy.CSOfficer).Refused(signSheet, sheet(vars{"signature": credential}), fault.NotFound)
	c.As(policy.ProjectManager).Refused(signSheet, sheet(vars{"signature": credential}), fault.Forbidden)
	if s := out.Do(signSheet, sheet(vars{"signature": credential})).Get("signDutyHandover.handover"); s.Get("state").String() != "OPEN" || s.Get("outgoingID").String() != c.staff[0].String() {
		t.Errorf("signed by one: %s", s.Raw)
	}
	out.Refused(signSheet, sheet(vars{"signature": credential}), fault.Conflict, "D2")
	out.Refused(remarkSheet, sheet(vars{"remark": "x"}), fault.Conflict, "D2")
	in1.Refused(decideSheet, sheet(vars{"acceptIDs": []string{lines[1].Get("id").String()}}), fault.Conflict, "D2")
	if r := c.supervisor.Do(responsible, vars{"s": loan}).Get("dutyResponsible"); r.Type != gjson.Null {
		t.Errorf("before both signed: %s", r.Raw)
	}
	c.to("2026-04-06 16:20", c.everybody()...)
	s := in1.Do(signSheet, sheet(vars{"signature": credential})).Get("signDutyHandover.handover")
	if s.Get("state").String() != "SIGNED" || s.Get("late").Bool() || s.Get("disputed").Int() != 1 || s.Get("accepted").Int() != int64(len(lines)-1) || s.Get("incomingID").String() != c.staff[1].String() {
		t.Errorf("signed: %s", s.Raw)
	}
	if r := c.supervisor.Do(responsible, vars{"s": loan}).Get("dutyResponsible"); r.Get("answers.name").String() != "客服1" || !strings.HasPrefix(r.Get("answersSince").String(), "2026-04-06T08:20") {
		t.Errorf("accepted: %s", r.Raw)
	}
	if r := c.supervisor.Do(responsible, vars{"s": other}).Get("dutyResponsible"); r.Get("answers.name").String() != "客服0" || !strings.HasPrefix(r.Get("answersSince").String(), ended) {
		t.Errorf("disputed: %s", r.Raw)
	}
	if r := c.supervisor.Do(responsible, vars{"s": loan, "at": "2026-04-06T08:10:00Z"}).Get("dutyResponsible"); r.Type != gjson.Null {
		t.Errorf("at ten past: %s", r.Raw)
	}
	if n := c.told(c.supervisor, "duty.disputed"); n != 1 {
		t.Errorf("the supervisor was told %d times", n)
	}
	if state := value[string](t, c.App, `SELECT state FROM obligations WHERE kind = 'duty.handover' AND subject_id = $1`, id); state != "MET" {
		t.Errorf("the obligation is %s", state)
	}
	certificate := c.supervisor.Do(`query($s: ID!) { certificates(where: {subjectID: $s}) { edges { node { title content } } } signatures(where: {subjectID: $s}) { edges { node { capacity method } } } }`, vars{"s": id})
	if got := certificate.Get("certificates.edges.#.node"); len(got.Array()) != 1 || !strings.Contains(got.Raw, "王师傅五点还") || !strings.Contains(got.Raw, "钥匙未见登记") || len(certificate.Get("signatures.edges").Array()) != 2 {
		t.Errorf("certified: %s", certificate.Raw)
	}
	c.As(policy.Security).SignIn()
	if got := c.As(policy.Security).Do(`{ certificates { edges { node { subjectID } } } }`, nil).Raw; strings.Contains(got, id) {
		t.Error("security reads the certificate of a sheet that it may not read")
	}
	c.supervisor.Refused(cancelSheet, sheet(vars{"reason": "x"}), fault.Conflict, "D2")
	if by := refusedBy(c.TrySQL(`UPDATE duty_handovers SET remark = 'x' WHERE id = $1`, id)); by != "duty_handovers_way" {
		t.Errorf("refused by %q", by)
	}
}

func TestD2_AnUnsignedSheetIsListedAndReported(t *testing.T) {
	t.Parallel()
	c := changing(t)
	c.to("2026-04-06 16:00", c.everybody()...)
	c.fill(1)
	id := c.sheet(ended).Get("id").String()
	c.to("2026-04-06 16:59", c.everybody()...)
	listed := func() bool {
		return strings.Contains(c.supervisor.Do(sheets, vars{"overdue": true}).Raw, id)
	}
	if listed() {
		t.Error("it is overdue too soon")
	}
	c.to("2026-04-06 18:01", c.everybody()...)
	if _, err := obligation.Remind(c.Context(), c.Runtime); err != nil {
		t.Fatal(err)
	}
	if !listed() || strings.Contains(c.supervisor.Do(sheets, vars{"overdue": false}).Raw, id) {
		t.Error("it is not listed as overdue")
	}
	if a, b := value[int](t, c.App, `SELECT count(*)::int FROM identity.inbox WHERE account_id = $1 AND kind = 'obligation.escalated' AND subject_id = $2`, c.supervisor.Account, id),
		value[int](t, c.App, `SELECT count(*)::int FROM identity.inbox WHERE account_id = $1 AND kind = 'obligation.escalated' AND subject_id = $2`, c.As(policy.ProjectManager).Account, id); a != 1 || b != 1 {
		t.Errorf("the supervisor was told %d times, the manager %d", a, b)
	}
	c.officers[1].Do(decideSheet, in(vars{"handoverID": id, "acceptRest": true}))
	c.officers[1].Do(signSheet, in(vars{"handoverID": id, "signature": credential}))
	if s := c.officers[0].Do(signSheet, in(vars{"handoverID": id, "signature": credential})).Get("signDutyHandover.handover"); s.Get("state").String() != "SIGNED" || !s.Get("late").Bool() {
		t.Errorf("signed late: %s", s.Raw)
	}
	if listed() {
		t.Error("signed, it is listed still")
	}
}

func TestD2_ASheetIsCancelledAndFilledAnew(t *testing.T) {
	t.Parallel()
	c := changing(t)
	fill := in(vars{"estateID": c.A.ID})
	c.officers[0].Refused(fillSheet, fill, fault.Conflict, "D2")
	c.to("2026-04-06 15:40", c.everybody()...)
	c.As(policy.ProjectManager).Refused(fillSheet, fill, fault.Forbidden)
	c.Foreign(policy.CSOfficer).SignIn()
	c.Foreign(policy.CSOfficer).Refused(fillSheet, fill, fault.NotFound)
	var wg sync.WaitGroup
	var done [4]string
	for i := range done {
		wg.Go(func() {
			a, _ := c.officers[0].Try(fillSheet, fill)
			done[i] = a.Get("errors.0.extensions.code").String()
		})
	}
	wg.Wait()
	if n := strings.Count(strings.Join(done[:], " "), string(fault.Conflict)); n != 3 {
		t.Errorf("filled at once: %q", done)
	}
	c.to("2026-04-06 16:00", c.everybody()...)
	c.fill(0)
	id := c.sheet(ended).Get("id").String()
	cancel := in(vars{"handoverID": id, "reason": "当天临时换班"})
	c.officers[0].Refused(cancelSheet, cancel, fault.Forbidden)
	c.supervisor.Refused(cancelSheet, in(vars{"handoverID": id, "reason": ""}), fault.InvalidInput)
	if s := c.supervisor.Do(cancelSheet, cancel).Get("cancelDutyHandover.handover"); s.Get("state").String() != "CANCELLED" || s.Get("cancelReason").String() != "当天临时换班" {
		t.Errorf("cancelled: %s", s.Raw)
	}
	c.supervisor.Refused(cancelSheet, cancel, fault.Conflict, "D2")
	c.officers[1].Refused(signSheet, in(vars{"handoverID": id, "signature": credential}), fault.Conflict, "D2")
	if s := value[string](t, c.App, `SELECT state FROM obligations WHERE kind = 'duty.handover' AND subject_id = $1`, id); s != "CANCELLED" {
		t.Errorf("the obligation is %s", s)
	}
	c.fill(0)
	if again := c.officers[0].Do(fillSheet, fill).Get("fillDutyHandover.handover.id").String(); again == id {
		t.Error("it is the same")
	}

	// Whoever writes it: who signs is on that side by the roster, and nothing is signed without signatures.
	again := c.IDs(`SELECT id FROM duty_handovers WHERE estate_id = $1 AND state = 'OPEN' AND ended_at > '2026-04-01'`, c.A.ID)[0]
	c.SQL(`UPDATE duty_handover_lines SET state = 'ACCEPTED', decided_at = now(), decided_by_name = 'x' WHERE handover_id = $1`, again)
	if by := refusedBy(c.TrySQL(`UPDATE duty_handovers SET outgoing_id = $2, outgoing_signed_at = now() WHERE id = $1`, again, c.staff[2])); by != "duty_handovers_rostered" {
		t.Errorf("refused by %q", by)
	}
	signed := `UPDATE duty_handovers SET outgoing_id = $2, outgoing_signed_at = now(), incoming_id = $3, incoming_signed_at = now(), state = 'SIGNED', signed_at = due_at, accepted = lines WHERE id = $1`
	if by := refusedBy(c.TrySQL(signed, again, c.staff[0], c.staff[1])); by != "duty_handovers_signed" {
		t.Errorf("refused by %q", by)
	}
	c.SQL(`ALTER TABLE duty_handovers DISABLE TRIGGER duty_handovers_signed`) // the mutant: it is the trigger that refuses
	c.SQL(signed, again, c.staff[0], c.staff[1])
}
