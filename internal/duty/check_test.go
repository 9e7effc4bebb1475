package duty_test

import (
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

func TestD1_1_TheCheckListsEachProblem(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 3)
	early, night := c.shift("早班", "08:00", "16:00", 0), c.shift("夜班", "22:00", "06:00", 0)
	roster := c.draft("2026-04-01")
	if list := c.problems(roster); len(list) != 0 {
		t.Fatalf("where nobody is needed: %v", list)
	}
	c.on(roster, c.line("2026-04-06", night, 0), c.line("2026-04-07", early, 0)) // two hours between
	c.on(roster, c.line("2026-04-10", night, 1), c.line("2026-04-11", night, 1)) // sixteen hours
	c.on(roster, c.line("2026-04-20", night, 2))
	leave := c.officers[1].Do(recordLeave, in(vars{"staffID": c.staff[1], "kind": "SICK", "fromOn": "2026-04-12", "untilOn": "2026-04-13"})).Get("recordDutyLeave.leave.id").String()
	if got := kinds(c.problems(roster)); len(got) != 1 || got["REST"] != 1 {
		t.Errorf("leave that is not approved counts: %v", got)
	}
	c.supervisor.Do(decideLeave, in(vars{"leaveID": leave, "approve": true}))
	c.SQL(`UPDATE staffs SET employed_until = '2026-04-15' WHERE id = $1`, c.staff[2])
	list := c.problems(roster)
	if got := kinds(list); len(list) != 3 || got["REST"] != 1 || got["LEAVE"] != 1 || got["NOT_EMPLOYED"] != 1 {
		t.Fatalf("wrong is %v", list)
	}
	for i, want := range []string{"2026-04-07 REST 早班 客服0", "2026-04-11 LEAVE 夜班 客服1", "2026-04-20 NOT_EMPLOYED 夜班 客服2"} { // the night of the 11th ends on the 12th
		p := list[i]
		if got := strings.Join([]string{p.Get("day").String(), p.Get("kind").String(), p.Get("shift").String(), p.Get("staff").String()}, " "); got != want || p.Get("assignmentID").String() == "" {
			t.Errorf("problem %d is %q, want %q", i, got, want)
		}
	}
	if text := list[0].Get("message").String(); text != "2026-04-07 早班: 客服0 has no rest between two shifts, which lasts until 04-07 17:00" {
		t.Errorf("it says %q", text)
	}
	zh := c.supervisor.With("Accept-Language", "zh").Do(dutyProblems, vars{"id": roster}).Get("dutyProblems.0.message").String()
	if zh != "2026-04-07 早班: 客服0 班间休息不足,应休息至 04-07 17:00" {
		t.Errorf("it says %q", zh)
	}
	c.supervisor.Refused(publishRoster, in(vars{"rosterID": roster}), fault.RuleBroken, "D1.1")

	// Whoever writes it: the database publishes none with which something is wrong, and has none go back.
	publish := `UPDATE duty_rosters SET state = 'PUBLISHED', published_at = '2026-03-02 10:00+08', published_by_name = 'x' WHERE id = $1`
	if by := refusedBy(c.TrySQL(publish, roster)); by != "duty_rosters_sound" {
		t.Errorf("refused by %q", by)
	}
	c.SQL(`ALTER TABLE duty_rosters DISABLE TRIGGER duty_roster_published`) // the mutant: it is the trigger that refuses
	c.SQL(publish, roster)
	c.SQL(`ALTER TABLE duty_rosters ENABLE TRIGGER duty_roster_published`)
	if by := refusedBy(c.TrySQL(`UPDATE duty_rosters SET state = 'DRAFT', published_at = NULL, published_by_name = '' WHERE id = $1`, roster)); by != "duty_rosters_way" {
		t.Errorf("refused by %q", by)
	}
}

// Rest is over two months: the last night of one and the first morning of the next.
func TestD1_1_RestReachesIntoTheNextMonth(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 1)
	early, night := c.shift("早班", "08:00", "16:00", 0), c.shift("夜班", "22:00", "06:00", 0)
	april, may := c.draft("2026-04-01"), c.draft("2026-05-01")
	c.on(april, c.line("2026-04-30", night, 0))
	c.on(may, c.line("2026-05-01", early, 0))
	if a, b := kinds(c.problems(april)), kinds(c.problems(may)); a["REST"] != 1 || b["REST"] != 1 {
		t.Errorf("in April %v, in May %v", a, b)
	}
}

func TestD1_1_ChangesAfterPublishingHaveAReason(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 2)
	early := c.shift("早班", "08:00", "16:00", 0)
	roster := c.draft("2026-04-01")
	first := c.on(roster, c.line("2026-04-06", early, 0))[0]
	c.supervisor.Refused(changeRoster, in(vars{"rosterID": roster, "reason": "x", "removeIDs": []string{first}}), fault.Conflict, "D1.1") // a draft
	c.publish(roster)
	change := func(reason string, more vars) vars {
		more["rosterID"], more["reason"] = roster, reason
		return in(more)
	}
	if r := c.supervisor.Refused(changeRoster, change(" ", vars{"removeIDs": []string{first}}), fault.InvalidInput); r.Field != "reason" {
		t.Errorf("refused at %q", r.Field)
	}
	c.supervisor.Refused(changeRoster, change("x", vars{}), fault.InvalidInput, "D1.1")
	got := c.supervisor.Do(changeRoster, change("客服0 发烧", vars{"removeIDs": []string{first}, "add": []vars{c.line("2026-04-06", early, 1)}})).Get("changeDutyRoster")
	if ch := got.Get("change"); ch.Get("reason").String() != "客服0 发烧" || ch.Get("removals.0.id").String() != first || ch.Get("additions.0.staffID").String() != c.staff[1].String() || ch.Get("additions.0.origin").String() != "CHANGE" {
		t.Errorf("changed: %s", got.Raw)
	}
	for i := range 2 {
		if n := c.told(c.officers[i], "duty.rosterChanged"); n != 1 {
			t.Errorf("officer %d was told %d times", i, n)
		}
	}
	c.supervisor.Refused(changeRoster, change("x", vars{"removeIDs": []string{first}}), fault.Conflict, "D1.1")
	if r := c.supervisor.Refused(changeRoster, change("x", vars{"add": []vars{c.line("2026-04-06", early, 1)}}), fault.Conflict, "D1.1"); r.Field != "add.0.staffID" {
		t.Errorf("refused at %q", r.Field)
	}
	guards := c.Foreign(policy.Supervisor)
	guards.Refused(changeRoster, change("x", vars{"removeIDs": []string{first}}), fault.NotFound)

	// Whoever writes it: nothing comes onto a published roster, or goes from it, without a change that says why.
	const add = `INSERT INTO duty_assignments (id, created_at, estate_id, department_id, roster_id, shift_id, staff_id, day, starts_at, ends_at, rested_at, origin, added_by_id, added_by_name)
		SELECT new_id(x'0a03'::int), now(), estate_id, department_id, roster_id, shift_id, staff_id, day + 1, starts_at + interval '1 day', ends_at + interval '1 day', rested_at + interval '1 day', 'HAND', added_by_id, 'x'
		FROM duty_assignments WHERE id = $1`
	const off = `UPDATE duty_assignments SET removed_at = now(), removed_by_name = 'x' WHERE roster_id = $1 AND removed_at IS NULL`
	for sql, arg := range map[string]string{add: first, off: roster} {
		if by := refusedBy(c.TrySQL(sql, arg)); by != "duty_assignments_changed" {
			t.Errorf("refused by %q", by)
		}
	}
	if by := refusedBy(c.TrySQL(strings.Replace(add, "starts_at + interval '1 day'", "starts_at + interval '25 hours'", 1), first)); by != "duty_assignments_fit" {
		t.Errorf("refused by %q", by)
	}
	c.SQL(`ALTER TABLE duty_assignments DISABLE TRIGGER duty_assignment_goes`) // the mutant: it is the trigger that refuses
	c.SQL(off, roster)
	if value[bool](t, c.App, `SELECT has_column_privilege('steward_app', 'duty_assignments', 'staff_id', 'UPDATE')`) {
		t.Error("the serving role may change who works a shift")
	}
}

func TestD1_1_LeaveIsRecordedAndApproved(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 2)
	record := func(staff int, from, until string) vars {
		return in(vars{"staffID": c.staff[staff], "kind": "ANNUAL", "fromOn": from, "untilOn": until, "reason": "探亲"})
	}
	l := c.officers[0].Do(recordLeave, record(0, "2026-04-01", "2026-04-03")).Get("recordDutyLeave.leave")
	id := l.Get("id").String()
	if l.Get("state").String() != "RECORDED" || c.told(c.supervisor, "duty.leaveRecorded") != 1 {
		t.Errorf("recorded: %s", l.Raw)
	}
	c.officers[0].Refused(recordLeave, record(0, "2026-04-03", "2026-04-05"), fault.Conflict, "D1.1")
	if r := c.officers[0].Refused(recordLeave, record(0, "2026-05-03", "2026-05-01"), fault.InvalidInput, "D1.1"); r.Field != "untilOn" {
		t.Errorf("refused at %q", r.Field)
	}
	c.officers[0].Refused(recordLeave, record(1, "2026-04-01", "2026-04-03"), fault.NotFound) // another's
	c.Foreign(policy.Supervisor).Refused(recordLeave, record(0, "2026-06-01", "2026-06-03"), fault.NotFound)
	c.As(policy.Auditor).Refused(recordLeave, record(0, "2026-06-01", "2026-06-03"), fault.Forbidden)
	const list = `{ dutyLeaves { edges { node { id } } } }`
	for p, sees := range map[string]bool{c.officers[0].Do(list, nil).Raw: true, c.officers[1].Do(list, nil).Raw: false, c.supervisor.Do(list, nil).Raw: true, c.Foreign(policy.Supervisor).Do(list, nil).Raw: false} {
		if strings.Contains(p, id) != sees {
			t.Errorf("seen: %t, want %t", !sees, sees)
		}
	}
	decide := func(id string, approve bool, note any) vars {
		return in(vars{"leaveID": id, "approve": approve, "note": note})
	}
	c.officers[0].Refused(decideLeave, decide(id, true, nil), fault.Forbidden)
	c.supervisor.Refused(decideLeave, decide(id, false, nil), fault.InvalidInput, "D1.1")
	c.Foreign(policy.Supervisor).Refused(decideLeave, decide(id, true, nil), fault.NotFound)
	if got := c.supervisor.Do(decideLeave, decide(id, true, nil)).Get("decideDutyLeave.leave"); got.Get("state").String() != "APPROVED" || c.told(c.officers[0], "duty.leaveDecided") != 1 {
		t.Errorf("approved: %s", got.Raw)
	}
	c.supervisor.Refused(decideLeave, decide(id, false, "x"), fault.Conflict, "D1.1")
	if got := c.officers[0].Do(withdrawLeave, in(vars{"leaveID": id, "reason": "不去了"})).Get("withdrawDutyLeave.leave.state").String(); got != "WITHDRAWN" {
		t.Errorf("withdrawn: %s", got)
	}
	c.officers[0].Refused(withdrawLeave, in(vars{"leaveID": id, "reason": "x"}), fault.Conflict, "D1.1")
	c.officers[0].Do(recordLeave, record(0, "2026-04-03", "2026-04-05")) // the days are free again

	// Nobody decides upon the own: the supervisor's is the project manager's.
	c.SQL(`INSERT INTO staffs (id, created_at, estate_id, name, sort_key, department_id, account_id, phone, employed_from)
		VALUES (new_id(x'0106'::int), now(), $1, '主管', 'zhuguan', $2, $3, '', '2025-01-01')`, c.A.ID, c.A.Department, c.supervisor.Account)
	own := c.supervisor.Do(recordLeave, in(vars{"staffID": c.IDs(`SELECT id FROM staffs WHERE account_id = $1`, c.supervisor.Account)[0], "kind": "ANNUAL", "fromOn": "2026-04-01", "untilOn": "2026-04-01"})).Get("recordDutyLeave.leave.id").String()
	c.supervisor.Refused(decideLeave, decide(own, true, nil), fault.RuleBroken, "D1.1")
	c.As(policy.ProjectManager).Do(decideLeave, decide(own, true, nil))
	if by := refusedBy(c.TrySQL(`UPDATE duty_leaves SET decided_by_id = account_id WHERE id = $1`, own)); by != "duty_leaves_own" {
		t.Errorf("refused by %q", by)
	}
}
