package archives

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/violation"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// RecordViolationInput is a breach of the rules, or arrears, of a household.
type RecordViolationInput struct {
	HouseholdID uuid.UUID
	Kind        violation.Kind
	Title       string
	Particulars *string
	Dated       calendar.Day
	Amount      *int    // minor units; needed for arrears
	Currency    *string // with the amount
}

func (in RecordViolationInput) record() recordInput {
	return recordInput{in.HouseholdID, in.Title, in.Particulars, in.Dated}
}

// Check refuses bad texts, and arrears of nothing.
func (in RecordViolationInput) Check() error {
	err := in.record().check()
	switch {
	case in.Amount == nil && in.Kind == violation.KindArrears:
		return cmp.Or(err, error(fault.Invalid("amount", "欠费须填写金额。", "Say how much is owed.").By("A1.4")))
	case in.Amount == nil && in.Currency != nil:
		return cmp.Or(err, error(fault.Invalid("currency", "没有金额,请不要填写币种。", "There is no amount: leave the currency out.").By("A1.4")))
	case in.Amount == nil:
		return err
	case in.Currency == nil:
		return cmp.Or(err, checkCurrency("currency", ""))
	}
	return cmp.Or(err, checkAmount("amount", *in.Amount), checkCurrency("currency", *in.Currency))
}

// RecordViolationPayload is the record.
type RecordViolationPayload struct{ Violation *ent.Violation }

// RecordViolation records a breach of the rules (违章), or arrears (欠费), into the household's file (A1.4).
//
// Errors: NOT_FOUND; INVALID_INPUT for a day to come.
var RecordViolation = act.New("archives.recordViolation", act.Needs(policy.Violation, policy.Create), act.Clauses("A1.4"), recordViolation)

func recordViolation(tx *act.Tx, in RecordViolationInput) (*RecordViolationPayload, error) {
	f, err := householdFile(tx, in.record())
	if err != nil {
		return nil, err
	}
	c := recorded(tx, tx.Violation.Create().SetKind(in.Kind), f, in.record())
	if in.Amount != nil {
		c.SetAmount(int64(*in.Amount)).SetCurrency(*in.Currency)
	}
	v, err := c.Save(tx)
	return &RecordViolationPayload{v}, err
}

// ResolveViolationInput says how a violation was put right, or paid.
type ResolveViolationInput struct{ FindingInput }

// ResolveViolationPayload is the record as it stands after.
type ResolveViolationPayload struct{ Violation *ent.Violation }

// ResolveViolation records that a violation was put right, or arrears paid: once (A1.4).
//
// Errors: NOT_FOUND; CONFLICT if it was resolved or voided.
var ResolveViolation = act.Guarded(act.New("archives.resolveViolation", act.Needs(policy.Violation, policy.Update), act.Clauses("A1.4"), resolveViolation), violationGuard(canResolve))

func resolveViolation(tx *act.Tx, in ResolveViolationInput) (*ResolveViolationPayload, error) {
	v, err := violationOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canResolve(tx, v); err != nil {
		return nil, err
	}
	v, err = answeredBy(tx, v.Update().SetState(violation.StateResolved), in.Finding).Save(tx)
	return &ResolveViolationPayload{v}, err
}

func canResolve(tx *act.Tx, v *ent.Violation) error {
	if err := stands(tx, policy.Violation, v.RowScope(), v.VoidedAt); err != nil {
		return err
	}
	if v.State == violation.StateResolved {
		return answeredAlready(v.AnsweredByName)
	}
	return nil
}

// VoidViolationInput names what was recorded by mistake, and says why.
type VoidViolationInput struct{ void.Input }

// VoidViolationPayload is the record, voided.
type VoidViolationPayload struct{ Violation *ent.Violation }

// VoidViolation voids a violation that was recorded by mistake; its document goes with it while it is in the inbox (A1.4).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads; CONFLICT if it was voided.
var VoidViolation = act.Guarded(act.New("archives.voidViolation", act.Needs(policy.Violation, policy.Void), act.Clauses("A1.4"), voidViolation), violationGuard(canVoidViolation))

func voidViolation(tx *act.Tx, in VoidViolationInput) (*VoidViolationPayload, error) {
	v, err := violationOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canVoidViolation(tx, v); err != nil {
		return nil, err
	}
	if v, err = void.Mark(tx, v.Update().SetState(violation.StateVoided), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	return &VoidViolationPayload{v}, tellVoided(tx, v.RowScope(), v.ID, "违章、欠费记录", "violation", in.Reason)
}

func canVoidViolation(tx *act.Tx, v *ent.Violation) error {
	return mayVoid(tx, policy.Violation, v.RowScope(), v.VoidedAt, v.RecordedByID, v.RecordedAt)
}

// violationOf finds a violation and locks it.
func violationOf(tx *act.Tx, id uuid.UUID) (*ent.Violation, error) {
	v, err := tx.Violation.Query().Where(violation.ID(id)).ForUpdate().Only(tx)
	return act.Find(v, err, "id")
}

func violationGuard(check func(*act.Tx, *ent.Violation) error) act.Guard[*ent.Violation] {
	return act.Guard[*ent.Violation]{
		Entity: ent.TypeViolation,
		ID:     func(v *ent.Violation) uuid.UUID { return v.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.Violation, error) {
			return tx.Violation.Query().Where(violation.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}
