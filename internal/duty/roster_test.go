package duty_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/duty"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

func TestD1_1_AMonthIsDraftedProposedAndPublished(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 5)
	early, late := c.shift("早班", "08:00", "16:00", 1), c.shift("晚班", "16:00", "00:00", 1)
	roster := c.draft("2026-04-17")
	if again := c.draft("2026-04-01"); again != roster {
		t.Error("a month has two rosters")
	}
	if list := c.problems(roster); len(list) != 60 || kinds(list)["UNCOVERED"] != 60 || list[0].Get("message").String() != "2026-04-01 早班: 1 more needed" {
		t.Fatalf("of a draft without anybody: %d, %s", len(list), list[0].Raw)
	}
	refused := c.supervisor.Refused(publishRoster, in(vars{"rosterID": roster}), fault.RuleBroken, "D1.1")
	if refused.Field != "rosterID" || refused.Extensions.Get("count").Int() != 60 || !strings.Contains(refused.Extensions.Get("problems.59").String()+refused.Extensions.Get("problems.0").String(), "早班") {
		t.Errorf("refused: %s", refused.Extensions.Raw)
	}
	kept := c.on(roster, c.line("2026-04-03", early, 4))[0]
	out := c.supervisor.Do(proposeRoster, in(vars{"rosterID": roster, "staffIDs": c.staff})).Get("proposeDutyRoster")
	if out.Get("added").Int() != 59 || len(out.Get("problems").Array()) != 0 {
		t.Fatalf("proposed: %s", out.Raw)
	}
	for _, l := range c.supervisor.Do(dutyLoads, vars{"id": roster}).Get("dutyLoads").Array() {
		if n := l.Get("shifts").Int(); strings.HasPrefix(l.Get("staff").String(), "客服") && (n < 11 || n > 13 || l.Get("weightBefore").Int() != 0) {
			t.Errorf("not fair: %s", l.Raw)
		}
	}
	if value[bool](t, c.App, `SELECT removed_at IS NOT NULL FROM duty_assignments WHERE id = $1`, kept) {
		t.Error("what was put down by hand did not stay")
	}
	r := c.publish(roster)
	if r.Get("state").String() != "PUBLISHED" || r.Get("late").Bool() || r.Get("publishedByName").String() == "" {
		t.Errorf("published: %s", r.Raw)
	}
	if s := value[string](t, c.App, `SELECT state FROM obligations WHERE kind = 'duty.roster' AND subject_id = $1`, roster); s != "MET" {
		t.Errorf("the obligation is %s", s)
	}
	if n := c.told(c.officers[0], "duty.rosterPublished"); n != 1 {
		t.Errorf("the officer was told %d times", n)
	}
	for mutation, input := range map[string]vars{
		publishRoster: {"rosterID": roster}, unassignDuty: {"rosterID": roster, "assignmentIDs": []string{kept}}, proposeRoster: {"rosterID": roster},
		assignDuty: {"rosterID": roster, "lines": []vars{c.line("2026-04-04", late, 0)}},
	} {
		c.supervisor.Refused(mutation, in(input), fault.Conflict)
	}
}

func TestD1_1_WhoDrawsUpTheRoster(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 1)
	shift := c.shift("早班", "08:00", "16:00", 0)
	roster := c.draft("2026-04-01")
	guard := c.GrantIn(policy.Supervisor, c.A)
	guard.Department = c.A.SecurityDepartment
	asks := map[string]vars{
		addShift: {"estateID": c.A.ID, "name": "夜班", "begins": "00:00", "ends": "08:00", "needed": vars{}}, draftRoster: {"estateID": c.A.ID, "month": "2026-05-01"},
		assignDuty: {"rosterID": roster, "lines": []vars{c.line("2026-04-04", shift, 0)}}, publishRoster: {"rosterID": roster}, proposeRoster: {"rosterID": roster},
		changeRoster: {"rosterID": roster, "reason": "x", "add": []vars{c.line("2026-04-04", shift, 0)}}, retireShift: {"shiftID": shift},
	}
	for mutation, input := range asks {
		for _, role := range []policy.Role{policy.CSOfficer, policy.ProjectManager, policy.GeneralManager, policy.Auditor, policy.Receptionist, policy.Resident} {
			c.As(role).Refused(mutation, in(input), fault.Forbidden)
		}
		c.Foreign(policy.Supervisor).Refused(mutation, in(input), fault.NotFound)
		if code := c.Member("guards@a.example", guard).Ask(mutation, in(input)).Get("errors.0.extensions.code").String(); code != string(fault.Forbidden) && code != string(fault.NotFound) {
			t.Errorf("the supervisor of security is answered %q: %s", code, mutation)
		}
	}
	const see = `{ dutyRosters { edges { node { id } } } }`
	for role, sees := range map[policy.Role]bool{policy.CSOfficer: true, policy.ProjectManager: true, policy.Auditor: true, policy.Resident: false, policy.Security: false, policy.Accountant: false} {
		if got := strings.Contains(c.As(role).Ask(see, nil).Raw, roster); got != sees {
			t.Errorf("%s sees it: %t", role, got)
		}
	}
	if strings.Contains(c.Foreign(policy.CSOfficer).Do(see, nil).Raw, roster) {
		t.Error("another estate sees it")
	}
	c.Foreign(policy.CSOfficer).Refused(dutyProblems, vars{"id": roster}, fault.NotFound)
	key := c.supervisor.With("Idempotency-Key", "april")
	lines := in(vars{"rosterID": roster, "lines": []vars{c.line("2026-04-04", shift, 0)}})
	if a, b := key.Do(assignDuty, lines), key.Do(assignDuty, lines); a.Raw != b.Raw {
		t.Errorf("repeated: %s, %s", a.Raw, b.Raw)
	}
	for field, input := range map[string]vars{
		"begins":        {"estateID": c.A.ID, "name": "x", "begins": "8:00", "ends": "16:00", "needed": vars{}},
		"needed.monday": {"estateID": c.A.ID, "name": "x", "begins": "08:00", "ends": "16:00", "needed": vars{"monday": 51}},
		"restMinutes":   {"estateID": c.A.ID, "name": "x", "begins": "08:00", "ends": "16:00", "needed": vars{}, "restMinutes": 9999},
	} {
		if r := c.supervisor.Refused(addShift, in(input), fault.InvalidInput, "D1.1"); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	if r := c.supervisor.Refused(draftRoster, in(vars{"estateID": c.A.ID, "month": "2026-02-01"}), fault.InvalidInput, "D1.1"); r.Field != "month" {
		t.Errorf("refused at %q", r.Field)
	}
	if r := c.supervisor.Refused(assignDuty, in(vars{"rosterID": roster, "lines": []vars{c.line("2026-05-01", shift, 0)}}), fault.InvalidInput, "D1.1"); r.Field != "lines.0.day" {
		t.Errorf("refused at %q", r.Field)
	}
	c.supervisor.Refused(changeShift, in(vars{"shiftID": shift, "expectedVersion": 9, "name": "x"}), fault.Conflict)
	if got := c.supervisor.Do(changeShift, in(vars{"shiftID": shift, "expectedVersion": 1, "short": "甲"})).Get("changeDutyShift.shift"); got.Get("short").String() != "甲" || got.Get("version").Int() != 2 {
		t.Errorf("changed: %s", got.Raw)
	}
	c.supervisor.Do(retireShift, in(vars{"shiftID": shift}))
	c.supervisor.Refused(retireShift, in(vars{"shiftID": shift}), fault.Conflict, "D1.1")
	c.supervisor.Refused(assignDuty, in(vars{"rosterID": roster, "lines": []vars{c.line("2026-04-05", shift, 0)}}), fault.Conflict, "D1.1")
	c.shift("早班", "09:00", "17:00", 0) // the name is free again
}

func TestD1_1_NobodyIsRosteredTwiceAtOneTime(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 2)
	early, mid, night := c.shift("早班", "08:00", "16:00", 0), c.shift("中班", "12:00", "20:00", 0), c.shift("夜班", "22:00", "06:00", 0)
	april, may := c.draft("2026-04-01"), c.draft("2026-05-01")
	c.on(april, c.line("2026-04-02", early, 0))
	r := c.supervisor.Refused(assignDuty, in(vars{"rosterID": april, "lines": []vars{c.line("2026-04-02", mid, 1), c.line("2026-04-02", mid, 0)}}), fault.Conflict, "D1.1")
	if r.Field != "lines.1.staffID" {
		t.Errorf("refused at %q", r.Field)
	}
	if n := value[int](t, c.App, `SELECT count(*)::int FROM duty_assignments WHERE staff_id = $1`, c.staff[1]); n != 0 {
		t.Error("of a list that is refused something stays")
	}
	// Over two rosters: the night of the 30th goes on into May.
	dawn := c.shift("凌晨班", "05:00", "09:00", 0)
	last := c.on(april, c.line("2026-04-30", night, 0))[0]
	c.supervisor.Refused(assignDuty, in(vars{"rosterID": may, "lines": []vars{c.line("2026-05-01", dawn, 0)}}), fault.Conflict, "D1.1")
	c.supervisor.Do(unassignDuty, in(vars{"rosterID": april, "assignmentIDs": []string{last}}))
	c.supervisor.Refused(unassignDuty, in(vars{"rosterID": april, "assignmentIDs": []string{last}}), fault.Conflict, "D1.1")
	c.supervisor.Do(assignDuty, in(vars{"rosterID": may, "lines": []vars{c.line("2026-05-01", dawn, 0)}}))

	t.Run("raced", func(t *testing.T) {
		var wg sync.WaitGroup
		answers := make([]gjson.Result, 8)
		for i := range answers {
			wg.Go(func() {
				answers[i], _ = c.supervisor.Try(assignDuty, in(vars{"rosterID": april, "lines": []vars{c.line("2026-04-10", []string{early, mid}[i%2], 1)}}))
			})
		}
		wg.Wait()
		done := 0
		for _, a := range answers {
			if code := a.Get("errors.0.extensions.code").String(); code == "" {
				done++
			} else if code != string(fault.Conflict) {
				t.Errorf("answered %s", a.Raw)
			}
		}
		if done != 1 {
			t.Errorf("%d of them are on duty", done)
		}
	})
	c.SQL(`ALTER TABLE duty_assignments DROP CONSTRAINT duty_assignments_once`) // the mutant: it is the constraint that refuses
	c.supervisor.Do(assignDuty, in(vars{"rosterID": april, "lines": []vars{c.line("2026-04-02", mid, 0)}}))
}

func TestD1_1_ALateRosterIsReported(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 1)
	early := c.shift("早班", "08:00", "16:00", 0)
	manager := c.As(policy.ProjectManager)
	plan := func(want int) {
		t.Helper()
		if n, err := duty.Plan(c.Context(), c.Runtime); err != nil || n != want {
			t.Fatalf("%d months are opened: %v", n, err)
		}
	}
	plan(0)
	c.to("2026-03-16 09:00")
	plan(2) // in both estates
	plan(0)
	id := c.IDs(`SELECT id FROM duty_rosters WHERE estate_id = $1 AND month = '2026-04-01'`, c.A.ID)[0]
	if s := value[string](t, c.App, `SELECT state || ' ' || (due_at AT TIME ZONE 'Asia/Shanghai')::text FROM obligations WHERE kind = 'duty.roster' AND subject_id = $1`, id); s != "OPEN 2026-04-01 00:00:00" {
		t.Errorf("the obligation is %s", s)
	}
	c.to("2026-04-01 01:30", c.supervisor, manager)
	if _, err := obligation.Remind(c.Context(), c.Runtime); err != nil {
		t.Fatal(err)
	}
	if a, b := c.told(c.supervisor, "obligation.escalated"), c.told(manager, "obligation.escalated"); a != 1 || b != 1 {
		t.Errorf("the supervisor was told %d times, the manager %d", a, b)
	}
	if got := c.supervisor.Do(draftRoster, in(vars{"estateID": c.A.ID, "month": "2026-04-01"})).Get("draftDutyRoster.roster"); got.Get("id").String() != id.String() || got.Get("draftedByName").String() == "" {
		t.Errorf("it is taken up as %s", got.Raw)
	}
	c.on(id.String(), c.line("2026-04-01", early, 0))
	if r := c.publish(id.String()); !r.Get("late").Bool() {
		t.Errorf("published late: %s", r.Raw)
	}
	if s := value[string](t, c.App, `SELECT state FROM obligations WHERE kind = 'duty.roster' AND subject_id = $1`, id); s != "BREACHED" {
		t.Errorf("the obligation is %s", s)
	}
	if n := c.told(manager, "duty.rosterLate"); n != 1 {
		t.Errorf("the manager heard %d times that it came late", n)
	}
	if refusedBy(c.TrySQL(`UPDATE duty_rosters SET late = false WHERE id = $1`, id)) != "duty_rosters_published" {
		t.Error("that it was late is undone")
	}
	c.to("2026-05-02 09:00")
	plan(2) // the month has begun without one; of B, where April's was never published, too
}
