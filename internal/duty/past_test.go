package duty_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// Who was on duty stays as it was: a published roster is changed up to a day after a shift ended, since life is written down late, and not after that. Nor is a
// day drawn up that is over.
func TestD1_1_WhatIsOverStaysOnTheRoster(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 3)
	early := c.shift("早班", "08:00", "16:00", 0)
	roster := c.draft("2026-04-01")
	on := c.on(roster, c.line("2026-04-06", early, 0), c.line("2026-04-08", early, 0))
	c.publish(roster)
	c.to("2026-04-07 15:59", c.everybody()...)
	change := func(more vars) vars { more["rosterID"], more["reason"] = roster, "补记"; return in(more) }
	c.supervisor.Do(changeRoster, change(vars{"removeIDs": []string{on[0]}, "add": []vars{c.line("2026-04-06", early, 1)}}))
	c.to("2026-04-09 16:01", c.everybody()...)
	if r := c.supervisor.Refused(changeRoster, change(vars{"removeIDs": []string{on[1]}}), fault.Conflict, "D1.1"); r.Field != "removeIDs.0" {
		t.Errorf("refused at %q", r.Field)
	}
	if r := c.supervisor.Refused(changeRoster, change(vars{"add": []vars{c.line("2026-04-07", early, 2)}}), fault.Conflict, "D1.1"); r.Field != "add.0.day" {
		t.Errorf("refused at %q", r.Field)
	}
	// Whoever writes it.
	const off = `UPDATE duty_assignments SET removed_at = ends_at + interval '25 hours', removed_by_name = 'x', removed_change_id = (SELECT id FROM duty_changes WHERE roster_id = $2 LIMIT 1) WHERE id = $1`
	if by := refusedBy(c.TrySQL(off, on[1], roster)); by != "duty_assignments_past" {
		t.Errorf("refused by %q", by)
	}
	c.to("2026-05-04 09:00", c.everybody()...)
	may := c.draft("2026-05-01")
	if r := c.supervisor.Refused(assignDuty, in(vars{"rosterID": may, "lines": []vars{c.line("2026-05-02", early, 0)}}), fault.Conflict, "D1.1"); r.Field != "lines.0.day" {
		t.Errorf("refused at %q", r.Field)
	}
	c.on(may, c.line("2026-05-03", early, 0))
	c.SQL(`ALTER TABLE duty_assignments DISABLE TRIGGER duty_assignment_goes`) // the mutant: it is the trigger that refuses
	c.SQL(off, on[1], roster)
}

// Leave that is over was taken: it is not withdrawn any more.
func TestD1_1_LeaveThatIsOverStays(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 2)
	leave := func(officer int, from, until string) string {
		return c.officers[officer].Do(recordLeave, in(vars{"staffID": c.staff[officer], "kind": "ANNUAL", "fromOn": from, "untilOn": until})).Get("recordDutyLeave.leave.id").String()
	}
	taken, ahead := leave(0, "2026-03-04", "2026-03-06"), leave(1, "2026-03-04", "2026-03-20")
	for _, id := range []string{taken, ahead} {
		c.supervisor.Do(decideLeave, in(vars{"leaveID": id, "approve": true}))
	}
	c.to("2026-03-07 00:00", c.everybody()...)
	c.officers[0].Refused(withdrawLeave, in(vars{"leaveID": taken, "reason": "没休"}), fault.Conflict, "D1.1")
	c.supervisor.Refused(withdrawLeave, in(vars{"leaveID": taken, "reason": "没休"}), fault.Conflict, "D1.1")
	if by := refusedBy(c.TrySQL(`UPDATE duty_leaves SET state = 'WITHDRAWN', withdrawn_at = ends_at, withdrawn_by_name = 'x' WHERE id = $1`, taken)); by != "duty_leaves_taken" {
		t.Errorf("refused by %q", by)
	}
	c.officers[1].Do(withdrawLeave, in(vars{"leaveID": ahead, "reason": "提前返岗"}))
}

// A roster with nobody on it is none: it is not published, and stays due.
func TestD1_1_ARosterWithNobodyOnItIsNotPublished(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 1)
	early := c.shift("早班", "08:00", "16:00", 0)
	roster := c.draft("2026-04-01")
	c.supervisor.Refused(publishRoster, in(vars{"rosterID": roster}), fault.RuleBroken, "D1.1")
	if by := refusedBy(c.TrySQL(`UPDATE duty_rosters SET state = 'PUBLISHED', published_at = created_at, published_by_name = 'x' WHERE id = $1`, roster)); by != "duty_rosters_empty" {
		t.Errorf("refused by %q", by)
	}
	c.on(roster, c.line("2026-04-06", early, 0))
	c.publish(roster)
}

// Leave is not approved over a shift of a published roster: somebody else has it first.
func TestD1_1_LeaveIsNotApprovedOverAShift(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 2)
	early := c.shift("早班", "08:00", "16:00", 0)
	roster, may := c.draft("2026-04-01"), c.draft("2026-05-01")
	on := c.on(roster, c.line("2026-04-06", early, 0))
	c.on(may, c.line("2026-05-06", early, 0))
	c.publish(roster)
	leave := func(from, until string) string {
		return c.officers[0].Do(recordLeave, in(vars{"staffID": c.staff[0], "kind": "ANNUAL", "fromOn": from, "untilOn": until})).Get("recordDutyLeave.leave.id").String()
	}
	over, draft := leave("2026-04-05", "2026-04-07"), leave("2026-05-05", "2026-05-07")
	approve := func(id string) vars { return in(vars{"leaveID": id, "approve": true}) }
	c.supervisor.Refused(decideLeave, approve(over), fault.RuleBroken, "D1.1")
	c.supervisor.Do(decideLeave, approve(draft)) // which is not published with it
	c.supervisor.Do(changeRoster, in(vars{"rosterID": roster, "removeIDs": []string{on[0]}, "add": []vars{c.line("2026-04-06", early, 1)}, "reason": "客服0 请假"}))
	c.supervisor.Do(decideLeave, approve(over))
}

// A swap and leave, approved at once: one of them.
func TestD1_1_ASwapAndLeaveAtOnce(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 2)
	early := c.shift("早班", "08:00", "16:00", 0)
	roster := c.draft("2026-04-01")
	var lines []vars
	for day := range 8 {
		lines = append(lines, c.line(fmt.Sprintf("2026-04-%02d", 6+day), early, 0), c.line(fmt.Sprintf("2026-04-%02d", 16+day), early, 1))
	}
	on := c.on(roster, lines...)
	c.publish(roster)
	for day := range 8 {
		swap := c.agreed(on[2*day], on[2*day+1])
		off := fmt.Sprintf("2026-04-%02d", 16+day)
		leave := c.officers[0].Do(recordLeave, in(vars{"staffID": c.staff[0], "kind": "ANNUAL", "fromOn": off, "untilOn": off})).Get("recordDutyLeave.leave.id").String()
		var wg sync.WaitGroup
		var codes [2]string
		for i, act := range []struct {
			document string
			vars     vars
		}{{decideSwap, vars{"swapID": swap, "approve": true}}, {decideLeave, vars{"leaveID": leave, "approve": true}}} {
			wg.Go(func() {
				got, _ := c.supervisor.Try(act.document, in(act.vars))
				codes[i] = got.Get("errors.0.extensions.code").String()
			})
		}
		wg.Wait()
		if !slices.Contains(codes[:], "") || !slices.Contains(codes[:], string(fault.RuleBroken)) {
			t.Errorf("the swap and the leave: %q", codes)
		}
	}
}

// An address of a calendar ends with the grants of whose it is, and when the password is reset, as sessions and tokens do.
func TestD1_1_ACalendarEndsWithTheGrantsAndTheReset(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 2)
	boss := c.As(policy.GeneralManager)
	_, first := c.feed(0)
	_, second := c.feed(1)
	for name, f := range map[string]string{"granted": first, "not reset": second} {
		if status, _, _ := c.read(f); status != http.StatusOK {
			t.Fatalf("%s: %d", name, status)
		}
	}
	grant := boss.Do(`query($a: ID!) { accountGrants(accountID: $a) { id } }`, vars{"a": c.officers[0].Account}).Get("accountGrants.0.id").String()
	boss.Do(`mutation($in: RevokeGrantInput!) { revokeGrant(input: $in) { grant { id } } }`, in(vars{"grantID": grant}))
	boss.Do(`mutation($in: AccountInput!) { resetPassword(input: $in) { temporaryPassword } }`, in(vars{"accountID": c.officers[1].Account}))
	for name, f := range map[string]string{"without a grant": first, "after the reset": second} {
		if status, _, _ := c.read(f); status != http.StatusNotFound {
			t.Errorf("%s: %d", name, status)
		}
	}
	if n := value[int](t, c.App, `SELECT count(*)::int FROM duty_feeds WHERE account_id = $1 AND revoked_at IS NULL`, c.officers[1].Account); n != 0 {
		t.Errorf("%d stand after the reset", n)
	}
}

// A swap is approved before it is carried out, whoever writes it.
func TestD1_1_NothingIsSwappedAfterItBegan(t *testing.T) {
	t.Parallel()
	c, roster, _, on := swapping(t)
	c.publish(roster)
	id := c.asked(on[0], on[1])
	if by := refusedBy(c.TrySQL(`UPDATE duty_swaps SET state = 'AGREED', answered_at = expires_at, answered_by_id = $2, answered_by_name = 'x' WHERE id = $1`, id, c.officers[1].Account)); by != "duty_swaps_time" {
		t.Errorf("refused by %q", by)
	}
}
