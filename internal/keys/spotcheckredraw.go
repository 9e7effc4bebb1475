package keys

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyloan"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/ent/reconciliationline"
	"github.com/steward-pm/steward/internal/act"
)

// KeySpotCheckRedraw is what the kept seed draws again.
type KeySpotCheckRedraw struct {
	Sets    []*ent.KeySet
	Loans   []*ent.KeyLoan
	Matches bool // whether these are what is on the sheet
}

// RedrawSpotCheck draws a spot check again, from its seed and from what was on record when it was drawn: who doubts that
// the draw was a draw sees that it was (K4.3).
//
// Errors: NOT_FOUND.
func RedrawSpotCheck(ctx context.Context, db *ent.Client, id uuid.UUID) (*KeySpotCheckRedraw, error) {
	check, err := db.KeySpotCheck.Get(ctx, id)
	if check, err = act.Find(check, err, "spotCheckID"); err != nil {
		return nil, err
	}
	p, err := populationAt(ctx, db, check.EstateID, check.DrawnAt)
	if err != nil {
		return nil, err
	}
	drawn := p.draw(check.Seed, check.Size, check.RegisterSize)
	lines, err := db.ReconciliationLine.Query().Where(reconciliationline.ReconciliationID(check.ReconciliationID)).All(ctx)
	if err != nil {
		return nil, err
	}
	again := &KeySpotCheckRedraw{Matches: len(p.sets) == check.Population && len(p.loans) == check.RegisterPopulation && drawn.isOn(lines)}
	if again.Sets, err = db.KeySet.Query().Where(keyset.IDIn(drawn.sets...)).Order(keyset.BySortKey(), keyset.ByID()).All(ctx); err != nil {
		return nil, err
	}
	again.Loans, err = db.KeyLoan.Query().Where(keyloan.IDIn(drawn.loans...)).Order(keyloan.ByLentAt(), keyloan.ByID()).All(ctx)
	return again, err
}

// isOn tells whether the lines are of what was drawn, and of nothing else.
func (p population) isOn(lines []*ent.ReconciliationLine) bool {
	on := make([]uuid.UUID, len(lines))
	for i, l := range lines {
		on[i] = l.ItemID
	}
	byID := func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }
	want := slices.Concat(p.sets, p.loans)
	slices.SortFunc(on, byID)
	slices.SortFunc(want, byID)
	return slices.Equal(slices.Compact(on), want)
}
