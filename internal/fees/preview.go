package fees

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feetariff"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// FeePreview is what running a month would bill now: all that is not billed yet until the month's end.
type FeePreview struct {
	Month  calendar.Day
	Run    *ent.FeeRun // nil: none is planned yet
	Payers int
	Amount int64
	Fees   []*FeePreviewSum
	Lines  []*FeePreviewLine // of one household
}

// FeePreviewSum is what one fee comes to.
type FeePreviewSum struct {
	Fee    string
	Basis  feetariff.Basis
	Lines  int
	Amount int64
}

// FeePreviewLine is a line as it would stand on a household's notice.
type FeePreviewLine struct {
	UnitLabel, Fee           string
	Basis                    feetariff.Basis
	Rate, QuantityHundredths int64
	FromOn, UntilOn          calendar.Day
	Days, OfDays             int
	Amount                   int64
}

// Preview tells what running a month would bill, without billing it (F2); of a household also line by line. What is billed is not in it any more,
// so of a month that was run it is what the next one will make up for.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateID for an estate whose billing the viewer does not see, or at householdID.
func Preview(ctx context.Context, estate uuid.UUID, month time.Time, home *uuid.UUID) (*FeePreview, error) {
	v, rt := access.From(ctx), act.From(ctx)
	if v == nil {
		return nil, fault.SignedOut()
	}
	if !v.Scope(policy.FeeRun, policy.Read).EstatesOnly().Covers(access.Row{Estate: estate}) {
		return nil, fault.Missing().At("estateID")
	}
	if _, err := rt.DB.Ent.Estate.Get(ctx, estate); err != nil {
		_, err = act.Find[*ent.Estate](nil, err, "estateID")
		return nil, err
	}
	if home != nil {
		id, err := rt.DB.Ent.Household.Query().Where(household.ID(*home), household.EstateID(estate)).OnlyID(ctx)
		if _, err = act.Find(id, err, "householdID"); err != nil {
			return nil, err
		}
	}
	p := &FeePreview{Month: calendar.DayOf(month).NthOfMonth(1)}
	run, err := rt.DB.Ent.FeeRun.Query().Where(ofMonth(estate, p.Month)).Only(ctx)
	if err == nil {
		p.Run = run
	} else if !ent.IsNotFound(err) {
		return nil, err
	}
	return p, rt.DB.As(ctx, func(tx pgx.Tx) error { return p.read(ctx, tx, estate, home) })
}

// read asks the database what it would bill.
func (p *FeePreview) read(ctx context.Context, tx pgx.Tx, estate uuid.UUID, home *uuid.UUID) error {
	var only []uuid.UUID
	if home != nil {
		only = []uuid.UUID{*home}
	}
	rows, err := tx.Query(ctx, `SELECT fee, basis, count(*)::int, sum(amount)::bigint, (SELECT count(DISTINCT household_id)::int FROM fee_charges($1, $2, $3))
		FROM fee_charges($1, $2, $3) GROUP BY fee, basis ORDER BY fee, basis`, estate, p.Month.UTC(), only)
	if err != nil {
		return err
	}
	p.Fees, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (*FeePreviewSum, error) {
		s := &FeePreviewSum{}
		return s, row.Scan(&s.Fee, &s.Basis, &s.Lines, &s.Amount, &p.Payers)
	})
	if err != nil {
		return err
	}
	for _, s := range p.Fees {
		p.Amount += s.Amount
	}
	if p.Lines = []*FeePreviewLine{}; home == nil {
		return nil
	}
	rows, err = tx.Query(ctx, `SELECT unit_label, fee, basis, rate, quantity, from_on, until_on, days, of_days, amount
		FROM fee_charges($1, $2, $3) ORDER BY sort_key, unit_label, fee, from_on`, estate, p.Month.UTC(), only)
	if err != nil {
		return err
	}
	p.Lines, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (*FeePreviewLine, error) {
		l := &FeePreviewLine{}
		return l, row.Scan(&l.UnitLabel, &l.Fee, &l.Basis, &l.Rate, &l.QuantityHundredths, &l.FromOn, &l.UntilOn, &l.Days, &l.OfDays, &l.Amount)
	})
	return err
}
