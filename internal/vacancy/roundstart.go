package vacancy

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/inspectionround"
	"github.com/steward-pm/steward/ent/keyloan"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// StartInspectionRoundInput says with what keys a round begins, or why with none.
type StartInspectionRoundInput struct {
	RoundID           uuid.UUID
	LoanIDs           []uuid.UUID
	WithoutKeysReason *string
}

// mostLoans is how many loans one round is walked with.
const mostLoans = 50

// Check refuses keys and a reason for none at once, and neither.
func (in StartInspectionRoundInput) Check() error {
	if err := checkLoans(in.LoanIDs); err != nil {
		return err
	}
	if (len(in.LoanIDs) == 0) == (in.WithoutKeysReason == nil) {
		return fault.Invalid("loanIDs", "请选择借出的钥匙;如不需要钥匙,请说明原因。", "Name the loans of its keys, or say why it takes none.").By("V4.1")
	}
	return wording.Optional(func(field, text string) error { return wording.CheckText(field, text, 1, 200) }, "withoutKeysReason", in.WithoutKeysReason)
}

func checkLoans(list []uuid.UUID) error {
	if len(list) > mostLoans {
		return fault.Invalid("loanIDs", "最多 %[1]d 笔借用。", "Give at most %[1]d loans.", mostLoans).By("V4.1")
	}
	for i, id := range list {
		if slices.Contains(list[:i], id) {
			return fault.Invalid(fmt.Sprintf("loanIDs.%d", i), "借用重复,请去掉一笔。", "The loan is given twice; leave one out.").By("V4.1")
		}
	}
	return nil
}

// StartInspectionRoundPayload is the round as it stands after.
type StartInspectionRoundPayload struct{ Round *ent.InspectionRound }

// StartRound begins a round with the keys that were lent to who walks it (V4, K2.1).
//
// Errors: NOT_FOUND; FORBIDDEN for another than who walks; RULE V4.1 for keys that open none of its units, or that are not out and lent to who
// walks, or for none while who walks has keys of its units; CONFLICT if it was begun, or a unit is on another that is under way.
var StartRound = act.Guarded(act.New("vacancy.startRound", act.Needs(policy.InspectionRound, policy.Update), act.Clauses("V4.1"), startRound), roundGuard(canStart))

func startRound(tx *act.Tx, in StartInspectionRoundInput) (*StartInspectionRoundPayload, error) {
	r, err := roundOf(tx, in.RoundID)
	if err != nil {
		return nil, err
	}
	if err := lent(tx, r, in.LoanIDs); err != nil {
		return nil, err
	}
	if err := canStart(tx, r); err != nil {
		return nil, err
	}
	if err := takeKeys(tx, r, in.LoanIDs); err != nil {
		return nil, err
	}
	r, err = r.Update().SetState(inspectionround.StateUnderWay).SetStartedAt(tx.Now).SetWithoutKeysReason(wording.Tidy(value(in.WithoutKeysReason))).Save(tx)
	return &StartInspectionRoundPayload{r}, err
}

// AddInspectionRoundKeysInput names keys that were lent for a round since it began.
type AddInspectionRoundKeysInput struct {
	RoundID uuid.UUID
	LoanIDs []uuid.UUID
}

// Check refuses no loan, and one that is given twice.
func (in AddInspectionRoundKeysInput) Check() error {
	if len(in.LoanIDs) == 0 {
		return fault.Invalid("loanIDs", "请选择借出的钥匙。", "Name the loans of its keys.").By("V4.1")
	}
	return checkLoans(in.LoanIDs)
}

// AddInspectionRoundKeysPayload is the round.
type AddInspectionRoundKeysPayload struct{ Round *ent.InspectionRound }

// AddRoundKeys adds keys that were lent since the round began, as who walks fetches them building by building (V4, K2.1).
//
// Errors: as of StartRound.
var AddRoundKeys = act.Guarded(act.New("vacancy.addRoundKeys", act.Needs(policy.InspectionRound, policy.Update), act.Clauses("V4.1"), addRoundKeys), roundGuard(canWalk))

func addRoundKeys(tx *act.Tx, in AddInspectionRoundKeysInput) (*AddInspectionRoundKeysPayload, error) {
	r, err := roundOf(tx, in.RoundID)
	if err != nil {
		return nil, err
	}
	if err := lent(tx, r, in.LoanIDs); err != nil {
		return nil, err
	}
	if err := canWalk(tx, r); err != nil {
		return nil, err
	}
	return &AddInspectionRoundKeysPayload{r}, takeKeys(tx, r, in.LoanIDs)
}

// lent refuses loans that are not there.
func lent(tx *act.Tx, r *ent.InspectionRound, loans []uuid.UUID) error {
	found, err := tx.KeyLoan.Query().Where(keyloan.IDIn(loans...), keyloan.EstateID(r.EstateID)).IDs(tx)
	if err != nil {
		return err
	}
	for i, id := range loans {
		if !slices.Contains(found, id) {
			return fault.Missing().At(fmt.Sprintf("loanIDs.%d", i))
		}
	}
	return nil
}

// takeKeys notes the loans; that they fit the database decides.
func takeKeys(tx *act.Tx, r *ent.InspectionRound, loans []uuid.UUID) error {
	for i, id := range loans {
		if err := tx.InspectionRoundKey.Create().SetEstateID(r.EstateID).SetRoundID(r.ID).SetLoanID(id).Exec(tx); err != nil {
			if f := act.Explained(err); f != nil {
				return f.At(fmt.Sprintf("loanIDs.%d", i))
			}
			return err
		}
	}
	return nil
}
