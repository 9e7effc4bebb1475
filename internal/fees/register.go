package fees

import (
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/calendar"
)

// Within is of what a register of fees is: of an estate, or of one household, and of a time (zero: open).
type Within struct {
	Estate      uuid.UUID
	Household   *uuid.UUID
	Zone        *time.Location
	From, Until time.Time
}

// days is the condition that a column lies in the time.
func (w Within) days(column string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		if !w.From.IsZero() {
			s.Where(sql.GTE(s.C(column), calendar.DayOf(w.From.In(w.Zone)).UTC()))
		}
		if !w.Until.IsZero() {
			s.Where(sql.LT(s.C(column), calendar.DayOf(w.Until.In(w.Zone)).UTC()))
		}
	}
}

// home is the condition that a row is of the household, where one is asked for.
func (w Within) home(s *sql.Selector) {
	if w.Household != nil {
		s.Where(sql.EQ(s.C("household_id"), *w.Household))
	}
}

func home(h *ent.Household) *ent.Household {
	if h == nil {
		return &ent.Household{}
	}
	return h
}
