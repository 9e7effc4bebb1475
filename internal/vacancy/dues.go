package vacancy

import (
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/inspectiondue"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/ent/vacancy"
)

// Dues asks for what is due in units that stand empty; overdue, if it is given, for what is past its day in its estate, or for the rest (V4.1).
func Dues(db *ent.Client, now time.Time, overdue *bool) *ent.InspectionDueQuery {
	q := db.InspectionDue.Query().Where(inspectiondue.EndedOnIsNil())
	if overdue != nil {
		q.Where(predicate.InspectionDue(pastDay(inspectiondue.FieldDueOn, inspectiondue.FieldEstateID, now, *overdue)))
	}
	return q
}

// overdueVacancies are those of which something is past its day in their estate, or the other open ones.
func overdueVacancies(now time.Time, overdue bool) predicate.Vacancy {
	return predicate.Vacancy(pastDay(vacancy.FieldDueOn, vacancy.FieldEstateID, now, overdue))
}

// pastDay compares a day with today in the row's estate.
func pastDay(day, estate string, now time.Time, past bool) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(day)).WriteString(map[bool]string{true: " < ", false: " >= "}[past]).WriteString("(SELECT (").Arg(now).
				WriteString("::timestamptz AT TIME ZONE e.time_zone)::date FROM estates e WHERE e.id = ").Ident(s.C(estate)).WriteString(")")
		}))
	}
}
