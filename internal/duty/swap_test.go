package duty_test

import (
	"sync"
	"testing"

	"github.com/steward-pm/steward/internal/duty"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// swapping is a published month with two officers on early shifts of two days, and a third besides.
func swapping(t *testing.T) (c *crew, roster, early string, on []string) {
	c = newCrew(t, 3)
	early = c.shift("早班", "08:00", "16:00", 0)
	roster = c.draft("2026-04-01")
	on = c.on(roster, c.line("2026-04-06", early, 0), c.line("2026-04-08", early, 1))
	return c, roster, early, on
}

// asked is a swap that officer 0 asked of officer 1.
func (c *crew) asked(given, taken string) string {
	c.t.Helper()
	return c.officers[0].Do(askSwap, in(vars{"givenID": given, "takenID": taken, "reason": "家长会"})).Get("askDutySwap.swap.id").String()
}

func (c *crew) agreed(given, taken string) string {
	c.t.Helper()
	id := c.asked(given, taken)
	c.officers[1].Do(answerSwap, in(vars{"swapID": id, "agree": true}))
	return id
}

func TestD1_1_ASwapNeedsBothAndTheSupervisor(t *testing.T) {
	t.Parallel()
	c, roster, early, on := swapping(t)
	ask := func(given, taken string) vars {
		return in(vars{"givenID": given, "takenID": taken, "reason": "家长会"})
	}
	c.officers[0].Refused(askSwap, ask(on[0], on[1]), fault.Conflict, "D1.1") // a draft
	c.publish(roster)
	c.officers[2].Refused(askSwap, ask(on[0], on[1]), fault.RuleBroken, "D1.1") // another's shift
	c.officers[0].Refused(askSwap, ask(on[0], on[0]), fault.RuleBroken, "D1.1")
	c.Foreign(policy.CSOfficer).Refused(askSwap, ask(on[0], on[1]), fault.NotFound)
	for _, role := range []policy.Role{policy.ProjectManager, policy.Auditor, policy.Security, policy.Resident} {
		c.As(role).Refused(askSwap, ask(on[0], on[1]), fault.Forbidden)
	}
	id := c.asked(on[0], on[1])
	c.officers[0].Refused(askSwap, ask(on[0], on[1]), fault.Conflict, "D1.1") // it waits already
	if n := c.told(c.officers[1], "duty.swap"); n != 1 {
		t.Errorf("the other was told %d times", n)
	}
	c.supervisor.Refused(decideSwap, in(vars{"swapID": id, "approve": true}), fault.Conflict, "D1.1") // the other has not agreed
	for _, p := range []int{0, 2} {
		c.officers[p].Refused(answerSwap, in(vars{"swapID": id, "agree": true}), fault.RuleBroken, "D1.1")
	}
	got := c.officers[1].Do(answerSwap, in(vars{"swapID": id, "agree": true})).Get("answerDutySwap.swap")
	if got.Get("state").String() != "AGREED" || c.told(c.supervisor, "duty.swapAgreed") != 1 {
		t.Errorf("agreed: %s", got.Raw)
	}
	c.officers[1].Refused(answerSwap, in(vars{"swapID": id, "agree": false}), fault.Conflict, "D1.1")
	c.officers[0].Refused(decideSwap, in(vars{"swapID": id, "approve": true}), fault.Forbidden)
	c.Foreign(policy.Supervisor).Refused(decideSwap, in(vars{"swapID": id, "approve": true}), fault.NotFound)
	c.supervisor.Refused(decideSwap, in(vars{"swapID": id, "approve": false}), fault.InvalidInput, "D1.1")
	if s := c.supervisor.Do(decideSwap, in(vars{"swapID": id, "approve": true})).Get("decideDutySwap.swap"); s.Get("state").String() != "APPROVED" || s.Get("endedAt").String() == "" {
		t.Errorf("approved: %s", s.Raw)
	}
	for day, officer := range map[string]int{"2026-04-06": 1, "2026-04-08": 0} {
		if who := value[string](t, c.App, `SELECT staff_id::text FROM duty_assignments WHERE roster_id = $1 AND day = $2::date AND shift_id = $3 AND removed_at IS NULL`, roster, day, early); who != c.staff[officer].String() {
			t.Errorf("on %s it is %s", day, who)
		}
	}
	if reason := value[string](t, c.App, `SELECT reason FROM duty_changes WHERE swap_id = $1`, id); reason != "家长会" {
		t.Errorf("the change says %q", reason)
	}
	c.supervisor.Refused(decideSwap, in(vars{"swapID": id, "approve": true}), fault.Conflict, "D1.1")
	c.officers[0].Refused(withdrawSwap, in(vars{"swapID": id}), fault.Conflict, "D1.1")

	// Whoever writes it: approved is what both agreed to, another approved, and was carried out.
	second := c.agreed(value[string](t, c.App, `SELECT id::text FROM duty_assignments WHERE roster_id = $1 AND day = '2026-04-08' AND removed_at IS NULL`, roster),
		value[string](t, c.App, `SELECT id::text FROM duty_assignments WHERE roster_id = $1 AND day = '2026-04-06' AND removed_at IS NULL`, roster))
	approve := `UPDATE duty_swaps SET state = 'APPROVED', decided_at = answered_at, ended_at = answered_at, decided_by_name = 'x', decided_by_id = gen_random_uuid() WHERE id = $1`
	if by := refusedBy(c.TrySQL(approve, second)); by != "duty_swaps_carried" {
		t.Errorf("refused by %q", by)
	}
	if by := refusedBy(c.TrySQL(`UPDATE duty_swaps SET state = 'DECLINED', decided_at = now(), ended_at = now(), decided_by_name = 'x', decided_by_id = asked_by_id WHERE id = $1`, second)); by != "duty_swaps_approver" {
		t.Errorf("refused by %q", by)
	}
	c.SQL(`ALTER TABLE duty_swaps DISABLE TRIGGER duty_swap_goes`) // the mutant: it is the trigger that refuses
	c.SQL(approve, second)
}

func TestD1_1_ASwapThatLeavesNoRestIsNotApproved(t *testing.T) {
	t.Parallel()
	c, roster, early, on := swapping(t)
	late := c.shift("夜班", "22:00", "06:00", 0)
	c.on(roster, c.line("2026-04-07", late, 0)) // until six on the 8th
	c.publish(roster)
	id := c.agreed(on[0], on[1])
	r := c.supervisor.Refused(decideSwap, in(vars{"swapID": id, "approve": true}), fault.RuleBroken, "D1.1")
	if r.Extensions.Get("count").Int() != 1 {
		t.Errorf("refused with %s", r.Extensions.Raw)
	}
	if s := value[string](t, c.App, `SELECT state FROM duty_swaps WHERE id = $1`, id); s != "AGREED" {
		t.Errorf("it is %s", s)
	}
	c.supervisor.Do(decideSwap, in(vars{"swapID": id, "approve": false, "note": "休息不足"}))
	again := c.asked(on[0], on[1])
	if s := c.officers[1].Do(answerSwap, in(vars{"swapID": again, "agree": false, "note": "也有事"})).Get("answerDutySwap.swap.state").String(); s != "REFUSED" {
		t.Errorf("it is %s", s)
	}
	third := c.asked(on[0], on[1])
	c.officers[1].Refused(withdrawSwap, in(vars{"swapID": third}), fault.RuleBroken, "D1.1")
	if s := c.officers[0].Do(withdrawSwap, in(vars{"swapID": third})).Get("withdrawDutySwap.swap.state").String(); s != "WITHDRAWN" {
		t.Errorf("it is %s", s)
	}
	_ = early
}

func TestD1_1_ASwapLapsesWhenAShiftBeginsOrChanges(t *testing.T) {
	t.Parallel()
	c, roster, _, on := swapping(t)
	c.publish(roster)
	c.Super(`DELETE FROM duty_swaps`) // those of the seed, whom nobody real asked for
	id := c.asked(on[0], on[1])
	if n, err := duty.Lapse(c.Context(), c.Runtime); n != 0 || err != nil {
		t.Fatalf("%d lapse: %v", n, err)
	}
	c.supervisor.Do(changeRoster, in(vars{"rosterID": roster, "reason": "x", "removeIDs": []string{on[1]}}))
	if n, err := duty.Lapse(c.Context(), c.Runtime); n != 1 || err != nil {
		t.Fatalf("%d lapse: %v", n, err)
	}
	if s := value[string](t, c.App, `SELECT state FROM duty_swaps WHERE id = $1`, id); s != "LAPSED" {
		t.Errorf("it is %s", s)
	}
	c.to("2026-04-06 09:00", c.officers[0])
	c.officers[0].Refused(askSwap, in(vars{"givenID": on[0], "takenID": on[1], "reason": "x"}), fault.Conflict, "D1.1") // it has begun
	if n, err := duty.Lapse(c.Context(), c.Runtime); n != 0 || err != nil {
		t.Fatalf("%d lapse: %v", n, err)
	}
}

// Two supervisors decide at once: it is decided once.
func TestD1_1_ASwapIsDecidedOnce(t *testing.T) {
	t.Parallel()
	c, roster, _, on := swapping(t)
	c.publish(roster)
	id := c.agreed(on[0], on[1])
	manager := c.As(policy.ProjectManager)
	var wg sync.WaitGroup
	codes := make([]string, 6)
	for i := range codes {
		wg.Go(func() {
			p := c.supervisor
			if i%2 == 1 {
				p = manager
			}
			a, _ := p.Try(decideSwap, in(vars{"swapID": id, "approve": i%3 != 0, "note": "x"}))
			codes[i] = a.Get("errors.0.extensions.code").String()
		})
	}
	wg.Wait()
	done := 0
	for _, code := range codes {
		if code == "" {
			done++
		} else if code != string(fault.Conflict) {
			t.Errorf("answered %s", code)
		}
	}
	if n := value[int](t, c.App, `SELECT count(*)::int FROM duty_assignments WHERE roster_id = $1 AND removed_at IS NULL`, roster); done != 1 || n != 2 {
		t.Errorf("decided %d times, %d are on duty", done, n)
	}
}
