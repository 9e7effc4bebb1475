package fees

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/ent/feedunning"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// dunAtOnce is how many households' dunning notices one transaction of the clockwork drafts.
var dunAtOnce = 200

// mostShown is how many drafts an act gives back; all of them the list shows.
const mostShown = 200

// DraftFeeDunningsInput names the estate whose arrears are demanded.
type DraftFeeDunningsInput struct {
	EstateID uuid.UUID
	Again    *bool // also what somebody withdrew
}

// DraftFeeDunningsPayload is what was drafted: how many, and the first of them.
type DraftFeeDunningsPayload struct {
	Drafted  int
	Dunnings []*ent.FeeDunning
}

// Draft drafts the dunning notices that are missing (催缴通知单): of each household what is past due and not demanded yet, and the next level of what was delivered, but
// not paid in its period (F6), once what it has of credit has settled what it can. Drafting again changes nothing. What is missing each day the program drafts by itself.
//
// Errors: NOT_FOUND.
var Draft = act.New("fees.draftDunnings", act.Needs(policy.FeeDunning, policy.Create).SessionOnly(), act.Clauses("F6"), func(tx *act.Tx, in DraftFeeDunningsInput) (*DraftFeeDunningsPayload, error) {
	e, err := tx.Estate.Get(tx, in.EstateID)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	tx.About(ent.TypeEstate, e.ID, e.RowScope())
	var all []uuid.UUID
	for at, more := (uuid.UUID{}), true; more; {
		made, next, err := dun(tx, e.ID, at, in.Again != nil && *in.Again)
		if err != nil {
			return nil, err
		}
		all = append(all, made...)
		if more = next != nil; more {
			at = *next
		}
	}
	out := &DraftFeeDunningsPayload{Drafted: len(all)}
	out.Dunnings, err = tx.FeeDunning.Query().Where(feedunning.IDIn(all[:min(len(all), mostShown)]...)).Order(feedunning.ByNumber(), feedunning.ByID()).All(tx)
	return out, err
})

// dun has the database draft what is missing of the next households after one; it says where it ended, and nil after the last.
func dun(tx *act.Tx, estate, after uuid.UUID, again bool) (made []uuid.UUID, next *uuid.UUID, err error) {
	today, err := tx.Today(estate)
	if err != nil {
		return nil, nil, err
	}
	by := tx.Viewer.Name
	if tx.Viewer.IsSystem() {
		by = ""
	}
	if err := tx.Raw.QueryRow(tx, `SELECT drafted, place FROM fee_dun($1, $2, $3, $4, $5, $6, $7)`, estate, tx.Now, today.UTC(), after, dunAtOnce, by, again).Scan(&made, &next); err != nil {
		return nil, nil, err
	}
	if err := noteDunnings(tx, estate, made); err != nil {
		return nil, nil, err
	}
	return made, next, follow(tx, estate) // credit may have settled what was demanded
}

// noteDunnings puts drafts on the audit trail: number, level, amount and whose.
func noteDunnings(tx *act.Tx, estate uuid.UUID, made []uuid.UUID) error {
	if len(made) == 0 {
		return nil
	}
	list, err := tx.FeeDunning.Query().Where(feedunning.EstateID(estate), feedunning.IDIn(made...)).Order(feedunning.ByNumber()).All(tx)
	if err != nil {
		return err
	}
	for _, d := range list {
		c := audit.Change{Type: ent.TypeFeeDunning, ID: d.ID, Op: audit.Create}
		for _, f := range []struct {
			name  string
			value any
		}{{"number", d.Number}, {"level", d.Level}, {"household_id", d.HouseholdID}, {"amount", d.Amount}} {
			field, err := audit.Plain(f.name, nil, f.value)
			if err != nil {
				return err
			}
			c.Fields = append(c.Fields, field)
		}
		if err := tx.Note(estate, c); err != nil {
			return err
		}
	}
	return nil
}

// DraftDunnings drafts what is missing in each estate on its day (F6), so many households in a transaction. The viewer in ctx is the system. It may run anywhere, at any
// time, twice at once, and be killed: who has a notice gets no other.
//
// Errors: those of single estates, joined; the others are done nevertheless.
func DraftDunnings(ctx context.Context, rt *act.Runtime) (done int, err error) {
	ctx = act.With(ctx, rt)
	estates, err := rt.DB.Ent.Estate.Query().Order(estate.ByCode()).All(ctx)
	if err != nil {
		return 0, fmt.Errorf("draft dunning notices: %w", err)
	}
	var failed []error
	for _, e := range estates {
		made, err := draftFor(ctx, rt, e)
		if err != nil && !fault.Is(err, fault.Conflict) { // another server was faster
			failed = append(failed, fmt.Errorf("draft dunning notices of %s: %w", e.Code, err))
		}
		done += made
	}
	return done, errors.Join(failed...)
}

func draftFor(ctx context.Context, rt *act.Runtime, e *ent.Estate) (made int, err error) {
	cal, err := act.CalendarOf(e.TimeZone)
	if err != nil {
		return 0, err
	}
	today := cal.Today(rt.Clock.Now()).UTC()
	var due bool // most hours nothing is: then nothing is on the audit trail either
	if err := rt.DB.As(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM fee_undunned($1, $2, false)) OR EXISTS (SELECT FROM fee_unheeded($1, $2, false))`, e.ID, today).Scan(&due)
	}); err != nil || !due {
		return 0, err
	}
	for at := (uuid.UUID{}); ; {
		out, err := draftChunk.Do(ctx, draftInput{e.ID, at})
		if err != nil {
			return made, err
		}
		made += out.made
		if out.next == nil {
			return made, nil
		}
		at = *out.next
	}
}

type draftInput struct{ estate, after uuid.UUID }

type draftedChunk struct {
	made int
	next *uuid.UUID
}

// draftChunk is the clockwork's act: the next households' dunning notices.
var draftChunk = act.New("fees.dun", act.Needs(policy.FeeDunning, policy.Create), act.Clauses("F6"), func(tx *act.Tx, in draftInput) (*draftedChunk, error) {
	e, err := tx.Estate.Get(tx, in.estate)
	if e, err = act.Find(e, err, "estate"); err != nil {
		return nil, err
	}
	tx.About(ent.TypeEstate, e.ID, e.RowScope())
	made, next, err := dun(tx, e.ID, in.after, false)
	return &draftedChunk{len(made), next}, err
})
