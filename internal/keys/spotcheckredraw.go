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
	Sets    []*KeySpotCheckDrawn
	Loans   []*KeySpotCheckDrawn
	Matches bool // whether these are what is on the sheet
}

// KeySpotCheckDrawn is a set or a loan that was drawn.
type KeySpotCheckDrawn struct {
	ID    uuid.UUID
	Label string
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
	sets, err := db.KeySet.Query().Where(keyset.IDIn(drawn.sets...)).Order(keyset.BySortKey(), keyset.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range sets {
		again.Sets = append(again.Sets, &KeySpotCheckDrawn{s.ID, s.Label})
	}
	loans, err := db.KeyLoan.Query().Where(keyloan.IDIn(drawn.loans...)).Order(keyloan.ByLentAt(), keyloan.ByID()).All(ctx)
	for _, l := range loans {
		again.Loans = append(again.Loans, &KeySpotCheckDrawn{l.ID, l.BorrowerName})
	}
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
