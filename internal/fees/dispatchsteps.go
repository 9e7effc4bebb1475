package fees

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/paging"
	"github.com/steward-pm/steward/policy"
)

// StepKind is a step on a notice's way.
type StepKind string

// The steps, in their order.
const (
	StepBill            StepKind = "BILL"
	StepDispatchNotice  StepKind = "DISPATCH_NOTICE"
	StepDraft           StepKind = "DRAFT"
	StepHandOver        StepKind = "HAND_OVER"
	StepDispatchDunning StepKind = "DISPATCH_DUNNING"
	StepDeliverDunning  StepKind = "DELIVER_DUNNING"
)

// UnmarshalGQL implements graphql.Unmarshaler.
func (k *StepKind) UnmarshalGQL(v any) error {
	text, ok := v.(string)
	if *k = StepKind(text); !ok {
		return fmt.Errorf("%v is no step", v)
	}
	return nil
}

// MarshalGQL implements graphql.Marshaler.
func (k StepKind) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(k))) }

// FeeStep is a step with when it was due and when it was done (F9).
type FeeStep struct {
	SubjectID                  uuid.UUID
	Kind                       StepKind
	Clause, Number             string
	Household, Address, DoneBy string
	DueAt                      time.Time
	DoneAt                     *time.Time
	Late                       bool
}

// FeeStepEdge is a step and its place in the list.
type FeeStepEdge struct {
	Node   *FeeStep
	Cursor ent.Cursor
}

// FeeStepConnection is a page of steps.
type FeeStepConnection struct {
	Edges    []*FeeStepEdge
	PageInfo *ent.PageInfo
}

// StepsQuery says which steps are asked for.
type StepsQuery struct {
	EstateID uuid.UUID
	From, To *time.Time // days
	Late     *bool
	First    *int
	After    *ent.Cursor
}

// stepsPage are steps after a place, by when they were due.
const stepsPage = `
SELECT subject_id, step, clause, number, household, address, due_at, done_at, done_by, coalesce(done_at, ended_at, $4) > due_at
FROM fee_steps($1, $2, $3) s
WHERE (NOT $5 OR coalesce(done_at, ended_at, $4) > due_at) AND ($6::timestamptz IS NULL OR (due_at, subject_id, step) > ($6, $7::uuid, $8))
ORDER BY due_at, subject_id, step LIMIT $9`

// stepPlace is where a page of steps ended.
type stepPlace struct {
	due  *time.Time
	id   uuid.UUID
	step StepKind
}

func readSteps(ctx context.Context, estate uuid.UUID, since, until *time.Time, late bool, after stepPlace, limit int) (list []*FeeStep, err error) {
	rt := act.From(ctx)
	err = rt.DB.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, stepsPage, estate, since, until, rt.Clock.Now(), late, after.due, after.id, string(after.step), limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (*FeeStep, error) {
			s := &FeeStep{}
			return s, row.Scan(&s.SubjectID, &s.Kind, &s.Clause, &s.Number, &s.Household, &s.Address, &s.DueAt, &s.DoneAt, &s.DoneBy, &s.Late)
		})
		return err
	})
	return list, err
}

// Steps are the steps of an estate's notices, by when they were due: what was late, and where (F9).
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateID; FORBIDDEN; INVALID_INPUT at after.
func Steps(ctx context.Context, q StepsQuery) (*FeeStepConnection, error) {
	v := access.From(ctx)
	if v == nil {
		return nil, fault.SignedOut()
	}
	e, err := act.From(ctx).DB.Ent.Estate.Query().Where(estate.ID(q.EstateID)).Only(ctx)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	for _, r := range []policy.Resource{policy.FeeRun, policy.FeeNotice, policy.FeeDispatch, policy.FeeDunning} {
		if !v.Scope(r, policy.Read).EstatesOnly().Covers(access.Row{Estate: e.ID}) {
			return nil, fault.Denied("您的岗位无权查看。", "None of your roles may read this.")
		}
	}
	cal, err := act.CalendarOf(e.TimeZone)
	if err != nil {
		return nil, err
	}
	place, err := stepAfter(q.After)
	if err != nil {
		return nil, err
	}
	var since, until *time.Time
	if q.From != nil {
		since = new(cal.StartOfDay(calendar.DayOf(*q.From)))
	}
	if q.To != nil {
		until = new(cal.EndOfDay(calendar.DayOf(*q.To)))
	}
	first := paging.Size(q.First)
	list, err := readSteps(ctx, e.ID, since, until, q.Late != nil && *q.Late, place, first+1)
	if err != nil {
		return nil, err
	}
	page, cursors := &FeeStepConnection{Edges: []*FeeStepEdge{}}, []ent.Cursor{}
	for _, s := range list[:min(first, len(list))] {
		edge := &FeeStepEdge{s, paging.Cursor(s.SubjectID, s.DueAt.UTC().Format(time.RFC3339Nano)+" "+string(s.Kind))}
		page.Edges, cursors = append(page.Edges, edge), append(cursors, edge.Cursor)
	}
	page.PageInfo = paging.Info(cursors, q.After, len(list) > first)
	return page, nil
}

// stepAfter is the step at which the page before ended.
func stepAfter(after *ent.Cursor) (p stepPlace, err error) {
	text, err := paging.Place(after)
	if err != nil || text == "" {
		return p, err
	}
	var due string
	if _, err := fmt.Sscan(text, &due, (*string)(&p.step)); err != nil {
		return p, paging.BadCursor()
	}
	at, err := time.Parse(time.RFC3339Nano, due)
	if err != nil {
		return p, paging.BadCursor()
	}
	p.due, p.id = &at, after.ID
	return p, nil
}
