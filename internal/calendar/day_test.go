package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/calendar"
)

func TestMonths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from string
		n    int
		want string
	}{
		{"2025-01-31", 1, "2025-02-28"}, {"2024-01-31", 1, "2024-02-29"}, {"2024-02-29", 12, "2025-02-28"}, {"2025-03-31", -1, "2025-02-28"},
		{"2025-12-15", 1, "2026-01-15"}, {"2025-01-15", -1, "2024-12-15"}, {"2025-05-31", 0, "2025-05-31"}, {"2025-05-31", 25, "2027-06-30"},
	} {
		if got := day(t, c.from).AddMonths(c.n).String(); got != c.want {
			t.Errorf("%s and %d months: %s, want %s", c.from, c.n, got, c.want)
		}
	}
	for n, want := range map[int]string{25: "2025-02-25", 1: "2025-02-01", 31: "2025-02-28", 0: "2025-02-01"} {
		if got := day(t, "2025-02-10").NthOfMonth(n).String(); got != want {
			t.Errorf("the %d. of February: %s, want %s", n, got, want)
		}
	}
}

func TestDayProperties(t *testing.T) {
	t.Parallel()
	days := rapid.Custom(func(t *rapid.T) calendar.Day {
		return calendar.Date(1900, 1, 1).AddDays(rapid.IntRange(0, 80_000).Draw(t, "day"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := days.Draw(t, "a"), days.Draw(t, "b")
		n := rapid.IntRange(-500, 500).Draw(t, "n")
		if a.AddDays(b.Sub(a)) != b || a.Compare(b) != -b.Compare(a) || a.Before(b) != (a.Compare(b) < 0) || a.Equal(b) != (a == b) {
			t.Fatalf("%v and %v do not add up", a, b)
		}
		m := a.AddMonths(n)
		if months := (m.Year()-a.Year())*12 + int(m.Month()-a.Month()); months != n || m.DayOfMonth() > a.DayOfMonth() {
			t.Fatalf("%v and %d months is %v", a, n, m)
		}
		text, err := json.Marshal(a)
		var back calendar.Day
		if err == nil {
			err = json.Unmarshal(text, &back)
		}
		if err != nil || back != a {
			t.Fatalf("%v came back as %v (%v)", a, back, err)
		}
		column, err := a.Value()
		if err == nil {
			err = back.Scan(column)
		}
		if err != nil || back != a || a.IsZero() {
			t.Fatalf("%v came back from the database as %v (%v)", a, back, err)
		}
	})
}

func TestNoDay(t *testing.T) {
	t.Parallel()
	var d calendar.Day
	if v, err := d.Value(); v != nil || err != nil || d.String() != "" || !d.IsZero() {
		t.Errorf("no day is %v, %v, %q", v, err, d)
	}
	d = calendar.Date(2025, 1, 1)
	if err := d.Scan(nil); err != nil || !d.IsZero() {
		t.Errorf("NULL is %v, %v", d, err)
	}
	for _, text := range []string{"2025-02-30", "2025-1-1", "gestern"} {
		if _, err := calendar.ParseDay(text); err == nil {
			t.Errorf("%q is a day", text)
		}
	}
	for _, value := range []any{"2025-03-01", []byte("2025-03-01"), time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)} {
		if err := d.Scan(value); err != nil || d.String() != "2025-03-01" {
			t.Errorf("%T is %v, %v", value, d, err)
		}
	}
	if err := d.Scan(7); err == nil {
		t.Error("a number was read as a day")
	}
	if _, ok := calendar.Valid(2025, 2, 29); ok {
		t.Error("29 February 2025 is a day")
	}
}
