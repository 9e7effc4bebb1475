package calendar

import (
	"cmp"
	"database/sql/driver"
	"fmt"
	"time"
)

// Day is a civil date: a square on the calendar, in no time zone. The zero Day is no day at all.
// Days compare with ==, and serve as keys of maps.
//
// It is our own and not cloud.google.com/go/civil, because that type neither reads nor writes a
// database column, has no value for "no day", and comes with the dependencies of a cloud client.
type Day struct {
	year  int
	month time.Month
	day   int
}

// DayLayout is how a Day is written: 2022-11-02.
const DayLayout = time.DateOnly

// Date makes a Day; days and months beyond their range roll over, as in time.Date.
func Date(year int, month time.Month, day int) Day {
	return DayOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DayOf is the date that t shows in its own location.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day{y, m, d}
}

// Valid makes a Day of exactly these numbers; ok is false if the calendar has no such day.
func Valid(year, month, day int) (d Day, ok bool) {
	d = Date(year, time.Month(month), day)
	if d != (Day{year, time.Month(month), day}) {
		return Day{}, false
	}
	return d, true
}

// ParseDay reads 2022-11-02.
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(DayLayout, text)
	if err != nil {
		return Day{}, fmt.Errorf("parse day %q: %w", text, err)
	}
	return DayOf(t), nil
}

// IsZero tells whether d is no day.
func (d Day) IsZero() bool { return d == Day{} }

// Year is the year.
func (d Day) Year() int { return d.year }

// Month is the month.
func (d Day) Month() time.Month { return d.month }

// DayOfMonth counts from 1.
func (d Day) DayOfMonth() int { return d.day }

// Weekday is the day of the week.
func (d Day) Weekday() time.Weekday { return d.UTC().Weekday() }

// UTC is the midnight of d in UTC, as drivers want a date. For moments use Calendar.StartOfDay.
func (d Day) UTC() time.Time { return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC) }

// Compare orders days by time: -1, 0, +1.
func (d Day) Compare(other Day) int {
	return cmp.Or(cmp.Compare(d.year, other.year), cmp.Compare(d.month, other.month), cmp.Compare(d.day, other.day))
}

// Equal is ==, for go-cmp.
func (d Day) Equal(other Day) bool { return d == other }

// Before tells whether d comes before other.
func (d Day) Before(other Day) bool { return d.Compare(other) < 0 }

// After tells whether d comes after other.
func (d Day) After(other Day) bool { return d.Compare(other) > 0 }

// AddDays is the day n days later, or earlier if n is negative.
func (d Day) AddDays(n int) Day { return Date(d.year, d.month, d.day+n) }

// Sub is the number of days from other to d.
func (d Day) Sub(other Day) int { return int(d.UTC().Sub(other.UTC()) / (24 * time.Hour)) }

// AddMonths is the same day n calendar months later, or the last day of that month if it is
// shorter: one month after 31 January is 28 or 29 February (V4.4).
func (d Day) AddMonths(n int) Day {
	return Date(d.year, d.month+time.Month(n), 1).NthOfMonth(d.day)
}

// NthOfMonth is the n-th day of d's month (F2: the 25th), clipped to the days the month has.
func (d Day) NthOfMonth(n int) Day {
	last := Date(d.year, d.month+1, 0).day
	return Day{d.year, d.month, min(max(n, 1), last)}
}

// String writes 2022-11-02, and nothing for no day.
func (d Day) String() string {
	if d.IsZero() {
		return ""
	}
	return d.UTC().Format(DayLayout)
}

// MarshalText writes 2022-11-02, for JSON and flags.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Day) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*d = Day{}
		return nil
	}
	*d, err = ParseDay(string(text))
	return err
}

// Value writes a column of type date; no day is NULL.
func (d Day) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.UTC(), nil
}

// Scan reads a column of type date; NULL is no day.
func (d *Day) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*d = Day{}
		return nil
	case time.Time:
		*d = DayOf(v)
		return nil
	case string:
		return d.UnmarshalText([]byte(v))
	case []byte:
		return d.UnmarshalText(v)
	}
	return fmt.Errorf("scan day: cannot read %T", value)
}
