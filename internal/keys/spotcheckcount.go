package keys

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyspotcheck"
	"github.com/steward-pm/steward/ent/reconciliationline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/reconcile"
	"github.com/steward-pm/steward/policy"
)

// CountKeySpotCheckInput is what was counted, of some lines or all.
type CountKeySpotCheckInput struct {
	SpotCheckID uuid.UUID
	Lines       []*KeyCountInput
}

// KeyCountInput is the count of a line.
type KeyCountInput struct {
	LineID uuid.UUID
	Count  int
}

// Check refuses impossible counts.
func (in CountKeySpotCheckInput) Check() error { return spotCheck.Check(in.counted()) }

func (in CountKeySpotCheckInput) counted() []reconcile.Counted {
	list := make([]reconcile.Counted, len(in.Lines))
	for i, l := range in.Lines {
		list[i] = reconcile.Counted{LineID: l.LineID, Count: l.Count}
	}
	return list
}

// CountKeySpotCheckPayload is the spot check as it stands after.
type CountKeySpotCheckPayload struct{ SpotCheck *ent.KeySpotCheck }

// CountSpotCheck writes down what is there, blind and once: what the ledger said is shown when all lines are counted, and a
// miscount is resolved as such, with its reason (K4.3).
//
// Errors: NOT_FOUND, also for who keeps the keys; INVALID_INPUT; CONFLICT for a line that was counted, and once all is.
var CountSpotCheck = act.Guarded(act.New("keys.countSpotCheck", act.Needs(policy.KeySpotCheck, policy.Update).SessionOnly(), act.Clauses("K4.3"), countSpotCheck), countSpotCheckGuard)

func countSpotCheck(tx *act.Tx, in CountKeySpotCheckInput) (*CountKeySpotCheckPayload, error) {
	check, err := toSettle(tx, in.SpotCheckID)
	if err != nil {
		return nil, err
	}
	if err := checkEntries(tx, in.Lines); err != nil {
		return nil, err
	}
	_, err = spotCheck.Count(tx, check.ReconciliationID, in.counted())
	return &CountKeySpotCheckPayload{check}, err
}

// toSettle finds a spot check for who may check (K4.3).
func toSettle(tx *act.Tx, id uuid.UUID) (*ent.KeySpotCheck, error) {
	check, err := tx.KeySpotCheck.Get(tx, id)
	if check, err = act.Find(check, err, "spotCheckID"); err != nil {
		return nil, err
	}
	return check, mayCheck(tx, check.EstateID)
}

// checkEntries refuses to count an entry of the register more than once: it is in order, or it is not.
func checkEntries(tx *act.Tx, in []*KeyCountInput) error {
	list := make([]uuid.UUID, len(in))
	for i, l := range in {
		list[i] = l.LineID
	}
	lines, err := tx.ReconciliationLine.Query().Where(reconciliationline.IDIn(list...)).All(tx)
	if err != nil {
		return err
	}
	entry := map[uuid.UUID]bool{}
	for _, l := range lines {
		entry[l.ID] = ofRegister(l)
	}
	for i, l := range in {
		if entry[l.LineID] && l.Count > 1 {
			return fault.Invalid(fmt.Sprintf("lines.%d.count", i), "登记完整、已签名请填 1,否则填 0。",
				"Give 1 if the entry is complete and signed, 0 if it is not.").By("K4.3")
		}
	}
	return nil
}

// ofRegister tells whether the line is an entry of the loan register, and not keys.
func ofRegister(l *ent.ReconciliationLine) bool {
	return ent.TypeOf(ids.CodeOf(l.ItemID)) == ent.TypeKeyLoan
}

// spotChecks loads them with their sheets and the lines.
func spotChecks(tx *act.Tx, list []uuid.UUID) ([]*ent.KeySpotCheck, error) {
	return tx.KeySpotCheck.Query().Where(keyspotcheck.IDIn(list...)).
		WithReconciliation(func(q *ent.ReconciliationQuery) { q.WithLines() }).All(tx)
}

// spotCheckGuard asks of the sheet, after who may check at all.
func spotCheckGuard(may func(*ent.Reconciliation) error) act.Guard[*ent.KeySpotCheck] {
	return act.Guard[*ent.KeySpotCheck]{
		Entity: ent.TypeKeySpotCheck,
		ID:     func(c *ent.KeySpotCheck) uuid.UUID { return c.ID },
		Load:   spotChecks,
		Check: func(tx *act.Tx, c *ent.KeySpotCheck) error {
			if err := mayCheck(tx, c.EstateID); err != nil {
				return err
			}
			return may(c.Edges.Reconciliation)
		},
	}
}

var countSpotCheckGuard = spotCheckGuard(spotCheck.CanCount)
