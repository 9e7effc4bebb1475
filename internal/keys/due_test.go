package keys

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyloan"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
)

func calendarIn(t rapid.TB, zone string) *calendar.Calendar {
	c, err := calendar.New(zone, calendar.China, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestK2_2_KeysAreDueAtTheEndOfTheDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, lent, due string }{
		{"Asia/Shanghai", "2026-03-02T09:00:00+08:00", "2026-03-03T00:00:00+08:00"},
		{"Asia/Shanghai", "2026-03-02T23:59:59.999999999+08:00", "2026-03-03T00:00:00+08:00"},
		{"Asia/Shanghai", "2026-03-03T00:00:00+08:00", "2026-03-04T00:00:00+08:00"}, // 24:00 is the next day's first moment
		{"Asia/Shanghai", "2026-03-02T16:30:00Z", "2026-03-03T16:00:00Z"},           // it is past midnight there
		{"Asia/Shanghai", "2026-02-28T20:00:00+08:00", "2026-03-01T00:00:00+08:00"},
		{"Asia/Shanghai", "2028-02-28T20:00:00+08:00", "2028-02-29T00:00:00+08:00"},
		{"Asia/Shanghai", "2026-12-31T20:00:00+08:00", "2027-01-01T00:00:00+08:00"},
		{"Europe/Berlin", "2026-03-29T00:30:00+01:00", "2026-03-30T00:00:00+02:00"}, // 23 hours: clocks go forward
		{"Europe/Berlin", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"}, // 25 hours: they go back
		{"Europe/Berlin", "2026-10-25T02:30:00+02:00", "2026-10-26T00:00:00+01:00"}, // the first 02:30
		{"Europe/Berlin", "2026-10-25T02:30:00+01:00", "2026-10-26T00:00:00+01:00"}, // the second
		{"Africa/Cairo", "2025-04-24T20:00:00+02:00", "2025-04-25T01:00:00+03:00"},  // there is no midnight
	} {
		if got := due(calendarIn(t, c.zone), moment(t, c.lent)); !got.Equal(moment(t, c.due)) {
			t.Errorf("lent at %s in %s: due at %v, want %s", c.lent, c.zone, got, c.due)
		}
	}
}

// Keys are due after they were lent, at most a day of 25 hours later, when the next civil day starts.
func TestK2_2_DueProperties(t *testing.T) {
	t.Parallel()
	zones := []string{"Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		cal := calendarIn(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		lent := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "lent"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		at := due(cal, lent)
		if !at.After(lent) || at.Sub(lent) > 25*time.Hour {
			t.Fatalf("lent at %v, due at %v", lent, at)
		}
		if next := cal.Today(lent).AddDays(1); cal.Today(at) != next || cal.Today(at.Add(-1)) != cal.Today(lent) || !at.Equal(cal.StartOfDay(next)) {
			t.Fatalf("due at %v, which is not the start of %v", at, next)
		}
	})
}

func TestLastDay(t *testing.T) {
	t.Parallel()
	cal := calendarIn(t, "Asia/Shanghai")
	now := moment(t, "2026-03-02T09:00:00+08:00")
	today := cal.Today(now)
	for days, ok := range map[int]bool{-1: false, 0: false, 1: true, longest: true, longest + 1: false} {
		end, err := lastDay(cal, now, due(cal, now), today.AddDays(days))
		if f := fault.From(err); (f == nil) != ok || f != nil && (f.Field != "until" || f.Clause != "K2.2" || f.Code != fault.InvalidInput) {
			t.Errorf("in %d days: %v", days, err)
		}
		if want := cal.StartOfDay(today.AddDays(days + 1)); !end.Equal(want) {
			t.Errorf("in %d days: until %v, want %v", days, end, want)
		}
	}
	if _, err := lastDay(cal, now, now.AddDate(0, 0, -3), today.AddDays(-1)); err == nil {
		t.Error("an overdue loan is extended to a day that is past")
	}
}

func TestOverdueAndOutstanding(t *testing.T) {
	t.Parallel()
	at := moment(t, "2026-03-03T00:00:00+08:00")
	for state, want := range map[keyloan.State]bool{keyloan.StateOpen: true, keyloan.StateReturned: false, keyloan.StateLost: false, keyloan.StateVoided: false} {
		l := &ent.KeyLoan{State: state, DueAt: at}
		if Overdue(l, at.Add(-1)) || Overdue(l, at) != want {
			t.Errorf("a loan that is %s: overdue %t", state, !want)
		}
	}
	if n := Outstanding(&ent.KeyLoanLine{Count: 5, Returned: 2, Lost: 1}); n != 2 {
		t.Errorf("%d are out, want 2", n)
	}
	if n := Outstanding(&ent.KeyLoanLine{Count: 5, Voided: true}); n != 0 {
		t.Errorf("%d of a voided loan are out", n)
	}
}
