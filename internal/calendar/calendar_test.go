package calendar_test

import (
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
)

func in(t testing.TB, zone string, overrides map[calendar.Day]bool) *calendar.Calendar {
	t.Helper()
	c, err := calendar.New(zone, calendar.China, overrides)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestToday(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, now, want string }{
		{"Asia/Shanghai", "2025-02-28T15:59:59Z", "2025-02-28"},
		{"Asia/Shanghai", "2025-02-28T16:00:00Z", "2025-03-01"},
		{"Asia/Shanghai", "2024-02-28T16:00:00Z", "2024-02-29"},
		{"Asia/Shanghai", "2024-12-31T16:00:00Z", "2025-01-01"},
		{"America/New_York", "2025-03-01T04:59:59Z", "2025-02-28"},
		{"Asia/Kathmandu", "2025-02-28T18:15:00Z", "2025-03-01"},
	} {
		if got := in(t, c.zone, nil).Today(instant(t, c.now)).String(); got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.now, c.zone, got, c.want)
		}
	}
}

func TestEndOfDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, day, end string
		hours          float64
	}{
		{"Asia/Shanghai", "2025-10-13", "2025-10-13T16:00:00Z", 24},
		{"Asia/Shanghai", "2024-02-29", "2024-02-29T16:00:00Z", 24},
		{"Asia/Shanghai", "1986-05-04", "1986-05-04T15:00:00Z", 23}, // China had summer time
		{"America/New_York", "2025-03-09", "2025-03-10T04:00:00Z", 23},
		{"America/New_York", "2025-11-02", "2025-11-03T05:00:00Z", 25},
		{"Australia/Lord_Howe", "2025-10-05", "2025-10-05T13:00:00Z", 23.5},
		{"Australia/Lord_Howe", "2025-04-06", "2025-04-06T13:30:00Z", 24.5},
		{"Africa/Cairo", "2025-04-24", "2025-04-24T22:00:00Z", 24}, // clocks jump over the midnight that ends it
		{"Africa/Cairo", "2025-04-25", "2025-04-25T21:00:00Z", 23}, // … and starts this one
		{"Africa/Cairo", "2025-10-30", "2025-10-30T22:00:00Z", 25}, // 24:00 is put back to 23:00
		{"America/Havana", "2025-11-01", "2025-11-02T04:00:00Z", 24},
		{"America/Havana", "2025-11-02", "2025-11-03T05:00:00Z", 25},   // 00:00 to 01:00 twice
		{"America/St_Johns", "2008-11-01", "2008-11-02T03:30:00Z", 25}, // 00:01 is put back to 23:01
		{"Pacific/Apia", "2011-12-29", "2011-12-30T10:00:00Z", 24},
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0}, // never was
		{"Pacific/Kiritimati", "2025-01-01", "2025-01-01T10:00:00Z", 24},
	} {
		cal, d := in(t, c.zone, nil), day(t, c.day)
		end := cal.EndOfDay(d)
		if !end.Equal(instant(t, c.end)) {
			t.Errorf("%s in %s ends %v, want %s", c.day, c.zone, end.UTC(), c.end)
		}
		if hours := end.Sub(cal.StartOfDay(d)).Hours(); hours != c.hours {
			t.Errorf("%s in %s lasts %v hours, want %v", c.day, c.zone, hours, c.hours)
		}
	}
}

func TestDayBoundsProperties(t *testing.T) {
	t.Parallel()
	zones := []string{"Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "America/St_Johns", "Pacific/Apia", "Asia/Urumqi", "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		cal, err := calendar.New(rapid.SampledFrom(zones).Draw(t, "zone"), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(rapid.Int64Range(0, 2_000_000_000).Draw(t, "now"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		today := cal.Today(now)
		end := cal.EndOfDay(today)
		if !now.Before(end) {
			t.Fatalf("%v is not before the end %v of its day %v", now, end, today)
		}
		if next := cal.Today(end); !next.After(today) {
			t.Fatalf("the end %v of %v is still %v", end, today, next)
		}
		if last := cal.Today(end.Add(-1)); last.After(today) {
			t.Fatalf("just before the end of %v it is %v", today, last)
		}
		if start := cal.StartOfDay(today); start.After(end) || !start.Equal(cal.EndOfDay(today.AddDays(-1))) {
			t.Fatalf("%v starts %v and ends %v", today, start, end)
		}
	})
}

func TestWorkingDays(t *testing.T) {
	t.Parallel()
	cal := in(t, "Asia/Shanghai", map[calendar.Day]bool{
		calendar.Date(2025, 6, 14): true, calendar.Date(2025, 6, 16): false, calendar.Date(2025, 10, 1): true,
	})
	for text, want := range map[string]bool{
		"2024-02-04": true, "2024-02-09": true, "2024-02-10": false, "2024-02-16": false, "2024-02-17": false, "2024-02-18": true, // spring festival
		"2025-01-26": true, "2025-01-28": false, "2025-01-31": false, "2025-02-04": false, "2025-02-08": true, "2025-02-09": false,
		"2026-02-14": true, "2026-02-15": false, "2026-02-16": false, "2026-02-23": false, "2026-02-28": true, "2026-03-01": false,
		"2025-10-11": true, "2025-10-12": false, "2025-10-08": false,
		"2025-06-13": true, "2025-06-14": true, "2025-06-15": false, "2025-06-16": false, "2025-10-01": true, // overrides
		"2099-10-01": true, "2099-10-03": false, "1999-10-01": true, // beyond what is known: Monday to Friday
	} {
		if got := cal.IsWorkingDay(day(t, text)); got != want {
			t.Errorf("%s: working %t, want %t", text, got, want)
		}
	}
	for _, c := range []struct {
		from string
		n    int
		want string
	}{
		{"2025-06-05", 2, "2025-06-09"},
		{"2025-01-25", 2, "2025-01-27"}, // Sunday the 26th is worked
		{"2025-01-27", 2, "2025-02-06"}, // over the spring festival
		{"2025-02-07", 1, "2025-02-08"},
		{"2025-02-06", -2, "2025-01-27"},
		{"2025-06-15", 0, "2025-06-17"},
		{"2025-06-17", 0, "2025-06-17"},
		{"2024-02-28", 2, "2024-03-01"},
	} {
		if got := cal.AddWorkingDays(day(t, c.from), c.n).String(); got != c.want {
			t.Errorf("%s and %d working days: %s, want %s", c.from, c.n, got, c.want)
		}
	}
	if first, last := calendar.ChinaKnown(); first != 2002 || last < 2026 {
		t.Errorf("known from %d to %d", first, last)
	}
	plain, err := calendar.New("Europe/Berlin", nil, nil)
	if err != nil || !plain.IsWorkingDay(calendar.Date(2025, 10, 3)) {
		t.Errorf("without holidays a Friday is not worked (%v)", err)
	}
}

func TestWorkingDayProperties(t *testing.T) {
	t.Parallel()
	cal := in(t, "Asia/Shanghai", nil)
	rapid.Check(t, func(t *rapid.T) {
		from := calendar.Date(2001, 1, 1).AddDays(rapid.IntRange(0, 12000).Draw(t, "from"))
		n := rapid.IntRange(1, 60).Draw(t, "n")
		to := cal.AddWorkingDays(from, n)
		worked := 0
		for d := from.AddDays(1); !d.After(to); d = d.AddDays(1) {
			if cal.IsWorkingDay(d) {
				worked++
			}
		}
		if worked != n || !cal.IsWorkingDay(to) {
			t.Fatalf("from %v, %d working days end on %v, which is %d", from, n, to, worked)
		}
		if back := cal.AddWorkingDays(to, -n); back.After(from) {
			t.Fatalf("%d working days before %v is %v, after %v", n, to, back, from)
		}
	})
}

// TestChinaIsReadAtOnce is for the race detector.
func TestChinaIsReadAtOnce(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() { calendar.China(calendar.Date(2025, 1, i)) })
	}
	group.Wait()
}

func TestUnknownZone(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"", "Local", "Mars/Base", "../etc/passwd"} {
		if _, err := calendar.New(zone, nil, nil); !fault.Is(err, fault.InvalidInput) {
			t.Errorf("%q: %v, want INVALID_INPUT", zone, err)
		}
	}
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func day(t *testing.T, text string) calendar.Day {
	t.Helper()
	d, err := calendar.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
