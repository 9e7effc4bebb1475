// Package dashboard gathers what the chapters count of an estate, for who watches it change.
package dashboard

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	entestate "github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/streams"
	"github.com/steward-pm/steward/internal/vacancy"
	"github.com/steward-pm/steward/policy"
)

// EstateDashboard is the state of an estate now. A part is nil where the viewer may not see what it counts.
type EstateDashboard struct {
	At       time.Time
	Keys     *keys.KeyFigures
	Vacancy  *vacancy.VacancyFigures
	Due      []*ChapterDue
	EstateID uuid.UUID
}

// ChapterDue counts what is due in a chapter.
type ChapterDue struct {
	Chapter       string // as the kinds of obligations begin: keys, mail, fees
	Open, PastDue int    // not done; of those past their due time
	Breached      int    // of those past their grace, too
}

const (
	pause = time.Second // at most one look a second, however much happens
	every = time.Minute // what is past due changes by the time alone
)

// Watch gives the estate's figures: at once, and whenever one of them is another.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateID for an estate of which the viewer sees nothing that is counted.
func Watch(ctx context.Context, estate uuid.UUID) (<-chan *EstateDashboard, error) {
	var last *EstateDashboard
	return streams.Follow(ctx, act.From(ctx).Streams, pause, every, func(ctx context.Context) ([]*EstateDashboard, error) {
		now, err := Of(ctx, estate)
		if err != nil || last != nil && reflect.DeepEqual(last.figures(), now.figures()) {
			return nil, err
		}
		last = now
		return []*EstateDashboard{now}, nil
	}, streams.Estate(estate))
}

// figures are the dashboard without what is no figure.
func (d *EstateDashboard) figures() EstateDashboard {
	out := EstateDashboard{Due: d.Due}
	if d.Keys != nil {
		k := *d.Keys
		k.Estate, out.Keys = nil, &k
	}
	if d.Vacancy != nil {
		v := *d.Vacancy
		v.Estate, out.Vacancy = nil, &v
	}
	return out
}

// Of counts, in a constant number of statements.
func Of(ctx context.Context, estate uuid.UUID) (*EstateDashboard, error) {
	v, rt := access.From(ctx), act.From(ctx)
	if v == nil {
		return nil, fault.SignedOut()
	}
	there, err := rt.DB.Ent.Estate.Query().Where(entestate.ID(estate)).Exist(ctx)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, fault.Missing().At("estateID")
	}
	d := &EstateDashboard{At: rt.Clock.Now(), EstateID: estate}
	k, err := keys.Dashboard(ctx, []uuid.UUID{estate})
	if err == nil {
		d.Keys = k.Estates[0]
	} else if !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	e, err := vacancy.Dashboard(ctx, []uuid.UUID{estate})
	if err == nil {
		d.Vacancy = e.Estates[0]
	} else if !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	if !v.Scope(policy.Obligation, policy.Read).EstatesOnly().Covers(access.Row{Estate: estate}) {
		if d.Keys == nil && d.Vacancy == nil {
			return nil, fault.Missing().At("estateID")
		}
		return d, nil
	}
	d.Due, err = due(ctx, estate, d.At)
	return d, err
}

// due counts what is due by chapters, of what the viewer may see: what says too much of its subject is left out for who may not
// read that.
func due(ctx context.Context, estate uuid.UUID, now time.Time) ([]*ChapterDue, error) {
	var open, past []struct {
		Kind  string           `json:"kind"`
		State obligation.State `json:"state"`
		Count int              `json:"count"`
	}
	q := act.From(ctx).DB.Ent.Obligation.Query().Where(obligation.EstateID(estate), obligation.MetAtIsNil(), obligation.StateIn(obligation.StateOpen, obligation.StateBreached))
	err := q.Clone().GroupBy(obligation.FieldKind, obligation.FieldState).Aggregate(ent.Count()).Scan(ctx, &open)
	if err != nil {
		return nil, err
	}
	if err := q.Where(obligation.DueAtLT(now)).GroupBy(obligation.FieldKind, obligation.FieldState).Aggregate(ent.Count()).Scan(ctx, &past); err != nil {
		return nil, err
	}
	list := []*ChapterDue{}
	of := func(kind string) *ChapterDue {
		chapter, _, _ := strings.Cut(kind, ".")
		if at := slices.IndexFunc(list, func(c *ChapterDue) bool { return c.Chapter == chapter }); at >= 0 {
			return list[at]
		}
		list = append(list, &ChapterDue{Chapter: chapter})
		return list[len(list)-1]
	}
	for _, row := range open {
		c := of(row.Kind)
		if c.Open += row.Count; row.State == obligation.StateBreached {
			c.Breached += row.Count
		}
	}
	for _, row := range past {
		of(row.Kind).PastDue += row.Count
	}
	slices.SortFunc(list, func(a, b *ChapterDue) int { return strings.Compare(a.Chapter, b.Chapter) })
	return list, nil
}
