// Package calendar answers what "today", "the end of the day" and "two working days" mean in an
// estate: in its time zone, by its holidays, with its own exceptions. It never asks the time.
//
// The zone database is embedded, so that a machine without one gives the same answers.
package calendar

import (
	"maps"
	"time"
	_ "time/tzdata" // see above

	"github.com/steward-pm/steward/internal/fault"
)

// Calendar is one estate's. It does not change and may be shared.
type Calendar struct {
	zone      *time.Location
	holidays  Holidays
	overrides map[Day]bool
}

// New makes a calendar for an IANA time zone, such as Asia/Shanghai. Holidays may be nil: the week
// alone decides. Overrides say of single days whether they are worked (true) or free, and precede all else.
//
// Errors: INVALID_INPUT for an unknown zone.
func New(zone string, holidays Holidays, overrides map[Day]bool) (*Calendar, error) {
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		return nil, fault.Invalid("timeZone", "没有时区“%[1]s”,请用 IANA 名称,如 Asia/Shanghai。",
			"There is no time zone %[1]q; use an IANA name such as Asia/Shanghai.", zone).Because(err)
	}
	return &Calendar{zone: location, holidays: holidays, overrides: maps.Clone(overrides)}, nil
}

// Zone is the estate's time zone.
func (c *Calendar) Zone() *time.Location { return c.zone }

// Today is the day that now falls on in the estate.
func (c *Calendar) Today(now time.Time) Day { return DayOf(now.In(c.zone)) }

// StartOfDay is the first moment of the day: from then on the estate's clocks show this day or a
// later one, for good. Where clocks jump over midnight, that is the moment of the jump; where they
// are put back across it, the second midnight.
func (c *Calendar) StartOfDay(d Day) time.Time {
	midnight := d.UTC()
	// No zone is further than 26 hours from UTC: walk through the stretches of constant offset
	// around and keep the last moment at which an earlier day still showed.
	start, until := midnight.Add(-26*time.Hour).In(c.zone), midnight.Add(26*time.Hour)
	var first time.Time
	for start.Before(until) {
		_, offset := start.Zone()
		_, end := start.ZoneBounds()
		if end.IsZero() {
			end = until
		}
		turn := midnight.Add(-time.Duration(offset) * time.Second)
		if start.Before(turn) {
			first = turn
			if end.Before(turn) {
				first = end
			}
		}
		start = end
	}
	return first.In(c.zone)
}

// EndOfDay is 24:00 of the day, which is the start of the next and no longer part of it: a moment t
// is in time if t.Before(c.EndOfDay(d)) (K2.2). A day may last 23, 24 or 25 hours, or 24 and a half.
func (c *Calendar) EndOfDay(d Day) time.Time { return c.StartOfDay(d.AddDays(1)) }

// IsWorkingDay tells whether the estate's office works on the day: by its overrides, else by the
// holidays, else Monday to Friday.
func (c *Calendar) IsWorkingDay(d Day) bool {
	if working, ok := c.overrides[d]; ok {
		return working
	}
	if c.holidays != nil {
		if working, known := c.holidays(d); known {
			return working
		}
	}
	weekday := d.Weekday()
	return weekday != time.Saturday && weekday != time.Sunday
}

// AddWorkingDays is the n-th working day after d (F3: dispatched within 2 working days), or before
// it if n is negative. d itself is not counted. With n = 0 it is d, or the next working day.
func (c *Calendar) AddWorkingDays(d Day, n int) Day {
	step := 1
	if n < 0 {
		n, step = -n, -1
	}
	if n == 0 {
		for !c.IsWorkingDay(d) {
			d = d.AddDays(1)
		}
		return d
	}
	for n > 0 {
		d = d.AddDays(step)
		if c.IsWorkingDay(d) {
			n--
		}
	}
	return d
}
