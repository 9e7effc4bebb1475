package duty_test

import (
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// Whoever signed a sheet was on duty: that is not taken off the roster.
func TestD2_WhoSignedASheetStaysOnTheRoster(t *testing.T) {
	t.Parallel()
	c := changing(t)
	c.to("2026-04-06 16:00", c.everybody()...)
	c.fill(1)
	id := c.sheet(ended).Get("id").String()
	c.officers[1].Do(decideSheet, in(vars{"handoverID": id, "acceptRest": true}))
	c.officers[1].Do(signSheet, in(vars{"handoverID": id, "signature": credential}))
	roster := c.IDs(`SELECT id FROM duty_rosters WHERE estate_id = $1 AND month = '2026-04-01'`, c.A.ID)[0]
	off := func(officer int) vars {
		a := c.IDs(`SELECT id FROM duty_assignments WHERE staff_id = $1 AND day = '2026-04-06'`, c.staff[officer])[0]
		return in(vars{"rosterID": roster, "removeIDs": []string{a.String()}, "reason": "x"})
	}
	c.supervisor.Refused(changeRoster, off(1), fault.Conflict, "D2")
	c.supervisor.Do(changeRoster, off(0)) // who has not signed
}

// An old sheet that is signed late moves nobody who took over since.
func TestD2_AnOldSheetMovesNobody(t *testing.T) {
	t.Parallel()
	c := changing(t)
	c.to("2026-04-06 15:59", c.everybody()...)
	loan := c.loan(0)
	c.to("2026-04-06 16:00", c.everybody()...)
	c.fill(1)
	c.to("2026-04-06 22:00", c.everybody()...)
	c.fill(1)
	sign := func(ended string, out, in1 int) {
		t.Helper()
		id := c.sheet(ended).Get("id").String()
		c.officers[in1].Do(decideSheet, in(vars{"handoverID": id, "acceptRest": true}))
		c.officers[in1].Do(signSheet, in(vars{"handoverID": id, "signature": credential}))
		c.officers[out].Do(signSheet, in(vars{"handoverID": id, "signature": credential}))
	}
	c.to("2026-04-07 08:00", c.everybody()...)
	sign("2026-04-06T14:00", 1, 2)
	c.to("2026-04-07 08:30", c.everybody()...)
	sign(ended, 0, 1)
	if got := c.supervisor.Do(responsible, vars{"s": loan}).Get("dutyResponsible.answers.name").String(); got != "客服2" {
		t.Errorf("%s answers for it", got)
	}
}

// What the outgoing side says of a line after it was accepted, is decided upon anew: nobody signs what they have not seen.
func TestD2_ARemarkIsDecidedUpon(t *testing.T) {
	t.Parallel()
	c := changing(t)
	c.to("2026-04-06 16:00", c.everybody()...)
	c.fill(1)
	id := c.sheet(ended).Get("id").String()
	c.officers[1].Do(decideSheet, in(vars{"handoverID": id, "acceptRest": true}))
	if by := refusedBy(c.TrySQL(`UPDATE duty_handover_lines SET remark = 'x' WHERE handover_id = $1`, id)); by != "duty_handover_lines_remarked" {
		t.Errorf("refused by %q", by)
	}
	c.officers[0].Do(remarkSheet, in(vars{"handoverID": id, "lines": []vars{{"lineID": c.lines(id)[0].Get("id").String(), "remark": "已当面点清"}}}))
	c.officers[1].Refused(signSheet, in(vars{"handoverID": id, "signature": credential}), fault.RuleBroken, "D2")
	if l := c.lines(id)[0]; l.Get("state").String() != "PENDING" {
		t.Errorf("the line: %s", l.Raw)
	}
	c.officers[1].Do(decideSheet, in(vars{"handoverID": id, "acceptRest": true}))
	c.officers[1].Do(signSheet, in(vars{"handoverID": id, "signature": credential}))
}

// Who takes over answers from when they are on duty, however early both signed.
func TestD2_NobodyAnswersBeforeTheirShift(t *testing.T) {
	t.Parallel()
	c := changing(t)
	c.to("2026-04-06 15:35", c.everybody()...)
	loan := c.loan(0)
	c.officers[0].Do(fillSheet, in(vars{"estateID": c.A.ID}))
	id := c.sheet(ended).Get("id").String()
	c.officers[1].Do(decideSheet, in(vars{"handoverID": id, "acceptRest": true}))
	c.officers[1].Do(signSheet, in(vars{"handoverID": id, "signature": credential}))
	c.officers[0].Do(signSheet, in(vars{"handoverID": id, "signature": credential}))
	if r := c.supervisor.Do(responsible, vars{"s": loan}).Get("dutyResponsible"); r.Type != gjson.Null {
		t.Errorf("at 15:35: %s", r.Raw)
	}
	c.to("2026-04-06 16:00", c.everybody()...)
	if got := c.supervisor.Do(responsible, vars{"s": loan}).Get("dutyResponsible.answers.name").String(); got != "客服1" {
		t.Errorf("%s answers for it", got)
	}
}

// That a sheet is cancelled, and that the supervisor has the own shifts otherwise, the project manager hears of.
func TestD2_WhatTheSupervisorDoesAloneIsReported(t *testing.T) {
	t.Parallel()
	c := changing(t)
	c.to("2026-04-06 16:00", c.everybody()...)
	c.fill(1)
	c.supervisor.Do(cancelSheet, in(vars{"handoverID": c.sheet(ended).Get("id").String(), "reason": "没有交接"}))
	if n := c.told(c.As(policy.ProjectManager), "duty.cancelled"); n != 1 {
		t.Errorf("the manager was told %d times of the sheet", n)
	}
	c.SQL(`UPDATE staffs SET account_id = $2 WHERE id = $1`, c.A.Staff, c.supervisor.Account)
	shift := c.shift("晚班2", "18:00", "22:00", 0)
	roster := c.IDs(`SELECT id FROM duty_rosters WHERE estate_id = $1 AND month = '2026-04-01'`, c.A.ID)[0]
	line := vars{"day": "2026-04-20", "shiftID": shift, "staffID": c.A.Staff}
	a := c.supervisor.Do(changeRoster, in(vars{"rosterID": roster, "add": []vars{line}, "reason": "x"})).Get("changeDutyRoster.change.additions.0.id").String()
	c.supervisor.Do(changeRoster, in(vars{"rosterID": roster, "removeIDs": []string{a}, "reason": "有事"}))
	if n := c.told(c.As(policy.ProjectManager), "duty.ownChanged"); n != 2 {
		t.Errorf("the manager was told %d times of the supervisor's own shifts", n)
	}
}

// Shifts of a whole day change at midnight, over the end of a month, too; and what people had counts by the days that the estate set itself.
func TestD2_ShiftsOfADayChangeAtMidnight(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 2)
	whole := c.shift("全天", "00:00", "00:00", 0)
	april, may := c.draft("2026-04-01"), c.draft("2026-05-01")
	c.on(april, c.line("2026-04-29", whole, 1), c.line("2026-04-30", whole, 0))
	c.on(may, c.line("2026-05-01", whole, 1))
	c.publish(april)
	c.publish(may)
	weight := func() int64 {
		return c.supervisor.Do(dutyLoads, vars{"id": april}).Get(`dutyLoads.#(staff="客服0").weight`).Int()
	}
	before := weight()
	c.As(policy.ProjectManager).Do(`mutation($in: SetCalendarDaysInput!) { setCalendarDays(input: $in) { moved } }`, in(vars{"estateID": c.A.ID, "days": []vars{{"day": "2026-04-30", "working": false, "reason": "台风"}}}))
	if got := weight(); got != before+720 {
		t.Errorf("it weighs %d on a closed day, and %d on another", got, before)
	}
	c.to("2026-04-30 23:59", c.everybody()...)
	c.fill(1) // of the night before
	c.to("2026-05-01 00:00", c.everybody()...)
	c.fill(1)
	s := c.sheet("2026-04-30T16:00")
	if s.Get("outgoingNames").String() != "客服0" || s.Get("incomingNames").String() != "客服1" || s.Get("beginsAt").String() != s.Get("endedAt").String() {
		t.Errorf("the sheet: %s", s.Raw)
	}
	id := s.Get("id").String()
	c.officers[1].Do(decideSheet, in(vars{"handoverID": id, "acceptRest": true}))
	c.officers[1].Do(signSheet, in(vars{"handoverID": id, "signature": credential}))
	if s := c.officers[0].Do(signSheet, in(vars{"handoverID": id, "signature": credential})).Get("signDutyHandover.handover"); s.Get("state").String() != "SIGNED" || s.Get("late").Bool() {
		t.Errorf("signed: %s", s.Raw)
	}
}
