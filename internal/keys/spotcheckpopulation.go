package keys

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keyloan"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/reconcile"
)

// registerDays is how far back the register's use is sampled.
const registerDays = 31

// keeping are the holders that are the office's own keeping, in the order in which a checker walks.
var keeping = []keyholder.Kind{keyholder.KindCabinet, keyholder.KindDesk, keyholder.KindSeal}

// population is what is drawn from: the sets that are or were in the office's keeping, and the last month's loans.
type population struct{ sets, loans []uuid.UUID }

// populationAt is the population as it was on record at the time. Entries are never changed, and one that says
// it was made before a draw is not made after it (the trigger key_drawn), so that the answer stays the same.
func populationAt(ctx context.Context, db *ent.Client, estate uuid.UUID, at time.Time) (p population, err error) {
	err = db.KeyMovement.Query().
		Where(keymovement.EstateID(estate), keymovement.CreatedAtLTE(at), keymovement.HasToWith(keyholder.KindIn(keeping...))).
		Unique(true).Select(keymovement.FieldSetID).Scan(ctx, &p.sets)
	if err != nil {
		return p, err
	}
	p.loans, err = db.KeyLoan.Query().
		Where(keyloan.EstateID(estate), keyloan.CreatedAtLTE(at), keyloan.LentAtGT(at.AddDate(0, 0, -registerDays)),
			keyloan.Or(keyloan.VoidedAtIsNil(), keyloan.VoidedAtGT(at))).IDs(ctx)
	return p, err
}

// itemsOf are the lines of the sheet: each set at each place that has or had keys of it, place by place, and then each
// loan, of whose entry the checker says 1 if it is complete and signed as on paper, and 0 if not.
func itemsOf(tx *act.Tx, estate uuid.UUID, drawn population) (items []reconcile.Item, err error) {
	balances, err := tx.KeyBalance.Query().
		Where(keybalance.SetIDIn(drawn.sets...), keybalance.HasHolderWith(keyholder.KindIn(keeping...))).WithSet().WithHolder().All(tx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(balances, func(a, b *ent.KeyBalance) int {
		x, y := a.Edges, b.Edges
		return cmp.Or(slices.Index(keeping, x.Holder.Kind)-slices.Index(keeping, y.Holder.Kind), cmp.Compare(x.Holder.Name, y.Holder.Name),
			cmp.Compare(x.Holder.ID.String(), y.Holder.ID.String()), cmp.Compare(x.Set.SortKey, y.Set.SortKey), cmp.Compare(x.Set.ID.String(), y.Set.ID.String()))
	})
	for _, b := range balances {
		items = append(items, reconcile.Item{
			Item: b.SetID, Place: &b.HolderID, Label: b.Edges.Set.Label + " · " + b.Edges.Holder.Name, Expected: b.Count,
		})
	}
	cal, err := tx.Calendar(estate)
	if err != nil {
		return nil, err
	}
	loans, err := tx.KeyLoan.Query().Where(keyloan.IDIn(drawn.loans...)).Order(keyloan.ByLentAt(), keyloan.ByID()).All(tx)
	for _, l := range loans {
		items = append(items, reconcile.Item{
			Item: l.ID, Label: "借用登记 · " + l.BorrowerName + " · " + l.LentAt.In(cal.Zone()).Format("2006-01-02 15:04"), Expected: 1,
		})
	}
	return items, err
}
