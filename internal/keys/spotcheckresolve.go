package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/reconciliation"
	"github.com/steward-pm/steward/ent/reconciliationline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/reconcile"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// KeyDifferenceResolution is how a difference of a spot check is resolved.
type KeyDifferenceResolution string

// The resolutions. The first three enter the difference into the ledger.
const (
	DifferenceAdjusted   KeyDifferenceResolution = "ADJUSTED"   // the ledger is corrected
	DifferenceLost       KeyDifferenceResolution = "LOST"       // missing keys are reported lost (K2.3)
	DifferenceFound      KeyDifferenceResolution = "FOUND"      // surplus keys are some that were reported lost (K2.3)
	DifferenceMiscounted KeyDifferenceResolution = "MISCOUNTED" // the count was wrong
	DifferenceExplained  KeyDifferenceResolution = "EXPLAINED"  // the reason says it all
)

// ResolveKeyDifferenceInput says how a difference is resolved, and why there was one.
type ResolveKeyDifferenceInput struct {
	LineID     uuid.UUID
	Resolution KeyDifferenceResolution
	Reason     string
}

// Check refuses an empty or endless reason.
func (in ResolveKeyDifferenceInput) Check() error { return reconcile.CheckReason(in.Reason) }

// ResolveKeyDifferencePayload is the line with its resolution.
type ResolveKeyDifferencePayload struct{ Line *ent.ReconciliationLine }

// ResolveDifference resolves a difference of a spot check, once, with a reason (K4.3).
//
// Errors: NOT_FOUND; INVALID_INPUT at resolution for one that does not fit the difference; RULE K4.3 for who keeps the
// keys; CONFLICT if the line does not differ or is resolved, or if the keys have left the place meanwhile.
var ResolveDifference = act.Guarded(act.New("keys.resolveDifference", act.Needs(policy.KeySpotCheck, policy.Settle).SessionOnly(), act.Clauses("K4.3"), resolveDifference), differenceGuard)

func resolveDifference(tx *act.Tx, in ResolveKeyDifferenceInput) (*ResolveKeyDifferencePayload, error) {
	line, err := spotCheck.LockLine(tx, in.LineID)
	if err != nil {
		return nil, err
	}
	if err := canResolve(tx, line); err != nil {
		return nil, err
	}
	if err := fits(in.Resolution, line); err != nil {
		return nil, err
	}
	tx.Because(wording.Tidy(in.Reason))
	if line, err = spotCheck.Resolve(tx, in.LineID, string(in.Resolution), in.Reason); err != nil {
		return nil, err
	}
	return &ResolveKeyDifferencePayload{line}, enter(tx, in, line)
}

// difference is how many keys are there that should not be: negative, if some are missing.
func difference(l *ent.ReconciliationLine) int { return *l.Counted - *l.Expected }

// fits refuses a resolution that does not go with the difference.
func fits(r KeyDifferenceResolution, l *ent.ReconciliationLine) error {
	enters := r == DifferenceAdjusted || r == DifferenceLost || r == DifferenceFound
	switch d := difference(l); {
	case enters && ofRegister(l):
		return fault.Invalid("resolution", "借用登记的问题不改台账,请选择“已说明”或“清点有误”。",
			"An entry of the register is nothing of the ledger: choose EXPLAINED or MISCOUNTED.").By("K4.3")
	case r == DifferenceLost && d > 0:
		return fault.Invalid("resolution", "钥匙多出,不能按遗失处理。", "There are too many keys: none of them is lost.").By("K4.3")
	case r == DifferenceFound && d < 0:
		return fault.Invalid("resolution", "钥匙缺少,不能按找回处理。", "Keys are missing: none of them is found.").By("K4.3")
	}
	return nil
}

var differenceGuard = act.Guard[*ent.ReconciliationLine]{
	Entity: ent.TypeReconciliationLine,
	ID:     func(l *ent.ReconciliationLine) uuid.UUID { return l.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.ReconciliationLine, error) {
		return tx.ReconciliationLine.Query().
			Where(reconciliationline.IDIn(list...), reconciliationline.HasReconciliationWith(reconciliation.Kind(spotCheck.Name))).All(tx)
	},
	Check: canResolve,
}

// canResolve refuses who keeps the keys, and what is no difference.
func canResolve(tx *act.Tx, l *ent.ReconciliationLine) error {
	if err := mayCheck(tx, l.EstateID); err != nil {
		return err
	}
	return spotCheck.CanResolve(l)
}
