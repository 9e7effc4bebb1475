package keys

import (
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keycopyorder"
	"github.com/steward-pm/steward/ent/keylockchange"
	"github.com/steward-pm/steward/ent/keyscrapping"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/fault"
)

// What can says of orders is what the act meets, in the database or by the approval that it rests on.

// ordered is a set, and whether what is asked about is ordered for it already.
type ordered struct {
	*ent.KeySet
	already bool
}

// orderGuard asks of the set, and then of what the database refuses: a second order beside one that is open.
func orderGuard(open func(*act.Tx, []uuid.UUID) ([]uuid.UUID, error), may func(*act.Tx, *ent.KeySet) error, already *fault.Error) act.Guard[ordered] {
	return act.Guard[ordered]{
		Entity: ent.TypeKeySet,
		ID:     func(s ordered) uuid.UUID { return s.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]ordered, error) {
			all, err := sets(tx, list)
			if err != nil {
				return nil, err
			}
			busy, err := open(tx, list)
			out := make([]ordered, len(all))
			for i, s := range all {
				out[i] = ordered{s, slices.Contains(busy, s.ID)}
			}
			return out, err
		},
		Check: func(tx *act.Tx, s ordered) error {
			if err := may(tx, s.KeySet); err != nil || !s.already {
				return err
			}
			return already
		},
	}
}

var changeOrderGuard = orderGuard(func(tx *act.Tx, list []uuid.UUID) (busy []uuid.UUID, err error) {
	err = tx.KeyLockChange.Query().Where(keylockchange.SetIDIn(list...), keylockchange.StateEQ(keylockchange.StateOrdered)).
		Select(keylockchange.FieldSetID).Scan(tx, &busy)
	return busy, err
}, canChange, changeOrdered)

var scrapRequestGuard = orderGuard(func(tx *act.Tx, list []uuid.UUID) (busy []uuid.UUID, err error) {
	err = tx.KeyScrapping.Query().Where(keyscrapping.SetIDIn(list...), keyscrapping.StateEQ(keyscrapping.StateOpen)).
		Select(keyscrapping.FieldSetID).Scan(tx, &busy)
	return busy, err
}, canScrap, scrapRequested)

// copiesGuard asks of an order whether copies of it may be recorded, by its approval, too.
var copiesGuard = act.Guard[*ent.KeyCopyOrder]{
	Entity: ent.TypeKeyCopyOrder,
	ID:     func(o *ent.KeyCopyOrder) uuid.UUID { return o.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyCopyOrder, error) {
		return tx.KeyCopyOrder.Query().Where(keycopyorder.IDIn(list...)).WithApproval().All(tx)
	},
	Check: func(tx *act.Tx, o *ent.KeyCopyOrder) error {
		if err := canRecordCopies(tx, o); err != nil || o.Edges.Approval == nil {
			return err
		}
		return copying.CanUse(tx, o.Edges.Approval, "orderID")
	},
}

// scrappingGuard asks of a scrapping that is open, of its consent and its set.
func scrappingGuard(may func(*act.Tx, *ent.KeyScrapping) error) act.Guard[*ent.KeyScrapping] {
	return act.Guard[*ent.KeyScrapping]{
		Entity: ent.TypeKeyScrapping,
		ID:     func(s *ent.KeyScrapping) uuid.UUID { return s.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyScrapping, error) {
			return tx.KeyScrapping.Query().Where(keyscrapping.IDIn(list...)).WithApproval().WithSet().All(tx)
		},
		Check: func(tx *act.Tx, s *ent.KeyScrapping) error {
			if err := isOpen(tx, s); err != nil || s.Edges.Approval == nil {
				return err
			}
			return may(tx, s)
		},
	}
}

var consentGuard = scrappingGuard(func(tx *act.Tx, s *ent.KeyScrapping) error { return approval.CanDecide(tx, s.Edges.Approval) })

var completeGuard = scrappingGuard(func(tx *act.Tx, s *ent.KeyScrapping) error {
	if canScrap(tx, s.Edges.Set) != nil {
		return notDue().At("scrappingID")
	}
	return consent.CanUse(tx, s.Edges.Approval, "scrappingID")
})
