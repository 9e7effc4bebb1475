package fees_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// By when notices are dispatched moves with the estate's own closed days, and by nothing else.
func TestF3_TheTermFollowsTheEstatesCalendar(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	run := billed(app, "2026-03-01").Get("id").String()
	app.As(policy.CSOfficer).Do(receiveNotices, vars{"in": vars{"runID": run}})
	app.As(policy.ProjectManager).Do(`mutation($in: SetCalendarDaysInput!) { setCalendarDays(input: $in) { moved } }`,
		vars{"in": vars{"estateID": app.A.ID, "days": []vars{{"day": "2026-03-03", "working": false, "reason": "台风"}}}})
	const moved = `SELECT count(*)::int FROM fee_runs r JOIN obligations o ON o.subject_id = r.id AND o.kind = 'fees.dispatch' AND o.due_at = r.dispatch_due_at
		WHERE r.id = $1 AND r.dispatch_due_at = '2026-03-05T16:00:00Z'`
	if value[int](t, app, moved, run) != 1 {
		t.Error("the month's notices are due as if the estate were open")
	}
	home := noticesOf(app, app.A.Household, "2026-03-01")[0].Get("id").String()
	first := dispatched(app, posted("noticeID", home))[0]
	if first.Get("dueAt").String() != "2026-03-05T16:00:00Z" {
		t.Errorf("an attempt was due: %s", first.Raw)
	}
	if got := refusedBy(app.TrySQL(`UPDATE fee_runs SET dispatch_due_at = dispatch_due_at + interval '1 day' WHERE id = $1`, run)); got != "fee_runs_way" {
		t.Errorf("the term is put off by hand, refused by %q", got)
	}
}
