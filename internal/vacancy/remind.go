package vacancy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	due "github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

// V4.1: what is overdue is reminded of: once a day for all of an estate, since a line for each unit and item nobody would read. Who leads
// customer service is told at once; it counts as breached if something is overdue still when the day ends.
var overdue = due.Declare(due.Kind{Name: "vacancy.overdue", Clause: "V4.1", TitleZH: "补做空置房检查:", TitleEN: "Catch up with vacant units: "})

// remindFrom is the hour of the estate's day at which what became overdue overnight is told.
const remindFrom = 8

// Remind tells each estate once a day what is overdue in its vacant units, and ends what was told before once nothing is. The viewer in ctx is
// the system. It may run anywhere, at any time, twice at once.
//
// Errors: those of single estates, joined; the others are reminded nevertheless.
func Remind(ctx context.Context, rt *act.Runtime) (done int, err error) {
	estates, err := rt.DB.Ent.Estate.Query().Order(estate.ByCode()).All(ctx)
	if err != nil {
		return 0, fmt.Errorf("remind of vacancies: %w", err)
	}
	var failed []error
	for _, e := range estates {
		switch _, err := remind.Do(ctx, remindInput{e.ID}); {
		case err == nil:
			done++
		case ctx.Err() != nil:
			return done, ctx.Err()
		case !fault.Is(err, fault.Conflict): // there is nothing to say, or another server was faster
			failed = append(failed, fmt.Errorf("remind of vacancies in %s: %w", e.Code, err))
		}
	}
	return done, errors.Join(failed...)
}

type remindInput struct {
	Estate uuid.UUID `json:"estate_id"`
}

type reminded struct{}

// remind is the program's own act, though policy would let those do it who deal with obligations.
var remind = act.New("vacancy.remind", act.Needs(policy.Obligation, policy.Update), act.Clauses("V4.1"), remindEstate)

func remindEstate(tx *act.Tx, in remindInput) (*reminded, error) {
	e, err := tx.Estate.Get(tx, in.Estate)
	if err != nil {
		return nil, err
	}
	// One server at a time looks at an estate, so that a day has one reminder.
	if _, err := tx.Raw.Exec(tx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, "vacancy.remind"+e.ID.String()); err != nil {
		return nil, err
	}
	now, err := act.CalendarOf(e.TimeZone)
	if err != nil {
		return nil, err
	}
	today := now.Today(tx.Now)
	begins := now.StartOfDay(today).Add(remindFrom * time.Hour)
	var units, items int
	if err := tx.Raw.QueryRow(tx, `SELECT count(DISTINCT vacancy_id), count(*) FROM inspection_dues WHERE estate_id = $1 AND due_on < $2 AND ended_on IS NULL`, e.ID, today.UTC()).Scan(&units, &items); err != nil {
		return nil, err
	}
	told, err := tx.Obligation.Query().Where(obligation.EstateID(e.ID), obligation.Kind(overdue.Name)).Order(ent.Desc(obligation.FieldDueAt)).First(tx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, err
	}
	switch {
	case items == 0 && told != nil && told.MetAt == nil && told.State != obligation.StateCancelled:
		return &reminded{}, overdue.Meet(tx, e.ID)
	case items == 0, tx.Now.Before(begins), told != nil && !told.DueAt.Before(now.StartOfDay(today)):
		return nil, fault.Clash("没有要提醒的。", "There is nothing to remind of.")
	}
	return &reminded{}, overdue.Open(tx, due.Due{
		About: fmt.Sprintf("%d 套房 %d 项逾期", units, items), AboutEN: fmt.Sprintf("%d units, %d items overdue", units, items),
		Estate: e.ID, Subject: e.ID, At: begins, Grace: now.EndOfDay(today).Sub(begins),
	})
}
