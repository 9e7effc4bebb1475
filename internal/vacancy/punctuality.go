package vacancy

import (
	"context"
	_ "embed"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/ent/inspectionitem"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// InspectionPunctuality is how much of what fell due in a month, of one item in one estate, was done on time.
type InspectionPunctuality struct {
	Estate               *ent.Estate
	Item                 *ent.InspectionItem
	Month                calendar.Day // its first
	Due                  int          // so often it fell due, up to yesterday or, if it was done, at all
	OnTime, Late, Missed int          // done by its day; done after it, before it fell due again; not done before that, or before the vacancy ended
	PerMille             int          // on time, of 1000 that fell due
}

//go:embed punctuality.sql
var punctualitySQL string

// mostMonths is how many months are counted at once.
const mostMonths = 24

// Punctuality counts from month to month, both counted, in four statements however many estates and vacancies there are: by estate, month
// and item (V4.1, V4.4).
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateIDs for an estate whose inspections the viewer does not see; INVALID_INPUT for months that are none.
func Punctuality(ctx context.Context, estates []uuid.UUID, first, last time.Time) ([]*InspectionPunctuality, error) {
	v, rt := access.From(ctx), act.From(ctx)
	if v == nil {
		return nil, fault.SignedOut()
	}
	from, to := calendar.DayOf(first).NthOfMonth(1), calendar.DayOf(last).NthOfMonth(1).AddMonths(1)
	if !from.Before(to) || from.AddMonths(mostMonths).Before(to) {
		return nil, fault.Invalid("until", "请选择 1 到 %[1]d 个月。", "Choose between 1 and %[1]d months.", mostMonths).By("V4.1")
	}
	q := rt.DB.Ent.Estate.Query().Order(estate.ByCode(), estate.ByID())
	if estates != nil {
		q.Where(estate.IDIn(estates...))
	}
	all, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[uuid.UUID]*ent.Estate{}
	var list []uuid.UUID
	for _, e := range all {
		if v.Scope(policy.InspectionResult, policy.Read).Covers(access.Row{Estate: e.ID}) {
			seen[e.ID], list = e, append(list, e.ID)
		}
	}
	for _, id := range estates {
		if seen[id] == nil {
			return nil, fault.Missing().At("estateIDs")
		}
	}
	items, err := rt.DB.Ent.InspectionItem.Query().Where(inspectionitem.EstateIDIn(list...)).All(ctx)
	if err != nil {
		return nil, err
	}
	of := map[uuid.UUID]*ent.InspectionItem{}
	for _, i := range items {
		of[i.ID] = i
	}
	out := []*InspectionPunctuality{}
	err = rt.DB.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, punctualitySQL, list, from.UTC(), to.UTC(), rt.Clock.Now())
		if err != nil {
			return err
		}
		var estate, item uuid.UUID
		var month time.Time
		var p InspectionPunctuality
		_, err = pgx.ForEachRow(rows, []any{&estate, &item, &month, &p.OnTime, &p.Late, &p.Missed}, func() error {
			line := p
			line.Estate, line.Item, line.Month, line.Due = seen[estate], of[item], calendar.DayOf(month), p.OnTime+p.Late+p.Missed
			line.PerMille = line.OnTime * 1000 / line.Due
			out = append(out, &line)
			return nil
		})
		return err
	})
	return out, err
}
