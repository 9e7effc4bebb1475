package mail

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/pressdelivery"
	"github.com/steward-pm/steward/ent/publication"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// ExpectedPress is what the subscriptions ask for of a publication's issue of a day, and what came.
type ExpectedPress struct {
	Publication             *ent.Publication
	Households, Departments int // copies
	Delivery                *ent.PressDelivery
}

// Expected is what a day's press should be, by publication, in a constant number of statements (M1); the day is the estate's
// today unless given.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateID for an estate whose subscriptions the viewer does not see.
func Expected(ctx context.Context, estate uuid.UUID, on *time.Time) ([]*ExpectedPress, error) {
	v, rt := access.From(ctx), act.From(ctx)
	if v == nil {
		return nil, fault.SignedOut()
	}
	e, err := rt.DB.Ent.Estate.Get(ctx, estate)
	if ent.IsNotFound(err) || err == nil && !v.Scope(policy.PressSubscription, policy.Read).EstatesOnly().Covers(access.Row{Estate: estate}) {
		return nil, fault.Missing().At("estateID")
	} else if err != nil {
		return nil, err
	}
	cal, err := act.CalendarOf(e.TimeZone)
	if err != nil {
		return nil, err
	}
	day := cal.Today(rt.Clock.Now())
	if on != nil {
		day = calendar.DayOf(*on)
	}
	found := map[uuid.UUID]*ExpectedPress{}
	if err := rt.DB.As(ctx, func(tx pgx.Tx) error { return count(ctx, tx, estate, day, found) }); err != nil {
		return nil, err
	}
	came, err := rt.DB.Ent.PressDelivery.Query().Where(pressdelivery.EstateID(estate), pressdelivery.Day(day.UTC()), pressdelivery.VoidedAtIsNil()).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range came {
		if found[d.PublicationID] == nil {
			found[d.PublicationID] = &ExpectedPress{}
		}
		found[d.PublicationID].Delivery = d
	}
	ids := make([]uuid.UUID, 0, len(found))
	for id := range found {
		ids = append(ids, id)
	}
	list, err := rt.DB.Ent.Publication.Query().Where(publication.IDIn(ids...)).Order(publication.ByName(), publication.ByID()).All(ctx)
	out := make([]*ExpectedPress, len(list))
	for i, p := range list {
		out[i] = found[p.ID]
		out[i].Publication = p
	}
	return out, err
}

// count asks the database, which knows the days of issue and the pauses.
func count(ctx context.Context, tx pgx.Tx, estate uuid.UUID, day calendar.Day, into map[uuid.UUID]*ExpectedPress) error {
	rows, err := tx.Query(ctx, `SELECT publication_id, coalesce(sum(copies) FILTER (WHERE household_id IS NOT NULL), 0)::int, coalesce(sum(copies) FILTER (WHERE department_id IS NOT NULL), 0)::int
		FROM press_expected($1, $2) GROUP BY publication_id`, estate, day.UTC())
	if err != nil {
		return err
	}
	var id uuid.UUID
	var households, departments int
	_, err = pgx.ForEachRow(rows, []any{&id, &households, &departments}, func() error {
		into[id] = &ExpectedPress{Households: households, Departments: departments}
		return nil
	})
	return err
}
