package archives

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/renovation"
	"github.com/steward-pm/steward/ent/renovationstep"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ApplyRenovationInput is works that a household applies for.
type ApplyRenovationInput struct {
	HouseholdID uuid.UUID
	Title       string
	Particulars *string
	Dated       calendar.Day
	Contractor  *string
	BeginsOn    calendar.Day
	EndsOn      calendar.Day
}

func (in ApplyRenovationInput) record() recordInput {
	return recordInput{in.HouseholdID, in.Title, in.Particulars, in.Dated}
}

// Check refuses bad texts, and works that end before they begin.
func (in ApplyRenovationInput) Check() error {
	err := cmp.Or(in.record().check(), wording.Optional(wording.CheckLine, "contractor", in.Contractor))
	if in.EndsOn.Before(in.BeginsOn) {
		err = cmp.Or(err, error(fault.Invalid("endsOn", "竣工日期不能早于开工日期。", "The works end on or after their first day.").By("A1.4")))
	}
	return err
}

// ApplyRenovationPayload is the renovation.
type ApplyRenovationPayload struct{ Renovation *ent.Renovation }

// ApplyRenovation records that a household applies for works, into its file (A1.4).
//
// Errors: NOT_FOUND; INVALID_INPUT for a day to come.
var ApplyRenovation = act.New("archives.applyRenovation", act.Needs(policy.Renovation, policy.Create), act.Clauses("A1.4"), applyRenovation)

func applyRenovation(tx *act.Tx, in ApplyRenovationInput) (*ApplyRenovationPayload, error) {
	f, err := householdFile(tx, in.record())
	if err != nil {
		return nil, err
	}
	c := tx.Renovation.Create().SetContractor(tidy(in.Contractor)).SetBeginsOn(in.BeginsOn.UTC()).SetEndsOn(in.EndsOn.UTC())
	r, err := recorded(tx, c, f, in.record()).Save(tx)
	if err != nil {
		return nil, err
	}
	return &ApplyRenovationPayload{r}, tell(tx, r, renovationstep.StepApplied, 0, "")
}

// next is the state that follows each.
var next = map[renovation.State]renovation.State{
	renovation.StateApplied: renovation.StateApproved, renovation.StateApproved: renovation.StateUnderWay,
	renovation.StateUnderWay: renovation.StateInspected, renovation.StateInspected: renovation.StateClosed,
}

// AdvanceRenovationInput says to which state a renovation goes, and what is to be noted of that.
type AdvanceRenovationInput struct {
	ID   uuid.UUID
	To   renovation.State
	Note *string // what the inspection found: needed then
}

// Check refuses what no renovation goes to, and an inspection that found nothing.
func (in AdvanceRenovationInput) Check() error {
	if in.To == renovation.StateApplied || in.To == renovation.StateVoided {
		return fault.Invalid("to", "请选择:批准、开工、验收或结案。", "Choose among APPROVED, UNDER_WAY, INSPECTED and CLOSED.").By("A1.4")
	}
	if in.To == renovation.StateInspected && remark(in.Note) == "" {
		return fault.Invalid("note", "请填写验收结论。", "Say what the inspection found.").By("A1.4")
	}
	return wording.Optional(wording.CheckRemark, "note", in.Note)
}

// AdvanceRenovationPayload is the renovation as it stands after.
type AdvanceRenovationPayload struct{ Renovation *ent.Renovation }

// AdvanceRenovation takes a renovation to its next state: approved, under way, inspected, closed (A1.4).
//
// Errors: NOT_FOUND; CONFLICT if that is not the next; RULE A1.4 to close what a deposit is still held of, or to begin when it was
// given back.
var AdvanceRenovation = act.Guarded(act.New("archives.advanceRenovation", act.Needs(policy.Renovation, policy.Update), act.Clauses("A1.4"), advanceRenovation), renovationGuard(canAdvance))

func advanceRenovation(tx *act.Tx, in AdvanceRenovationInput) (*AdvanceRenovationPayload, error) {
	r, err := renovationOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canAdvance(tx, r); err != nil {
		return nil, err
	}
	if next[r.State] != in.To {
		return nil, fault.Clash("装修现为 %[1]s,下一步是 %[2]s。", "The renovation is %[1]s; next it is %[2]s.", r.State, next[r.State]).By("A1.4").At("to")
	}
	if r, err = r.Update().SetState(in.To).Save(tx); err != nil {
		return nil, err
	}
	return &AdvanceRenovationPayload{r}, tell(tx, r, renovationstep.Step(in.To), 0, remark(in.Note))
}

// canAdvance refuses what is over, and what the deposit does not allow.
func canAdvance(tx *act.Tx, r *ent.Renovation) error {
	if err := stands(tx, policy.Renovation, r.RowScope(), r.VoidedAt); err != nil {
		return err
	}
	switch {
	case r.State == renovation.StateClosed:
		return worksClosed()
	case r.State == renovation.StateInspected && unsettled(r):
		return stillHeld()
	case r.State == renovation.StateApproved && r.SettledAt != nil:
		return fault.Rule("A1.4", "押金已退还,不能开工;如有需要请重新申请。", "The deposit was given back, so the works do not begin; apply anew if they are to.")
	}
	return nil
}

// VoidRenovationInput names a renovation that was recorded by mistake, and says why.
type VoidRenovationInput struct{ void.Input }

// VoidRenovationPayload is the renovation, voided.
type VoidRenovationPayload struct{ Renovation *ent.Renovation }

// VoidRenovation voids a renovation that was recorded by mistake; its document goes with it while it is in the inbox (A1.4).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads; CONFLICT if it was voided; RULE A1.4 while a deposit is held.
var VoidRenovation = act.Guarded(act.New("archives.voidRenovation", act.Needs(policy.Renovation, policy.Void), act.Clauses("A1.4"), voidRenovation), renovationGuard(canVoidRenovation))

func voidRenovation(tx *act.Tx, in VoidRenovationInput) (*VoidRenovationPayload, error) {
	r, err := renovationOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canVoidRenovation(tx, r); err != nil {
		return nil, err
	}
	if r, err = void.Mark(tx, r.Update().SetState(renovation.StateVoided), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	return &VoidRenovationPayload{r}, tellVoided(tx, r.RowScope(), r.ID, "装修记录", "renovation", in.Reason)
}

func canVoidRenovation(tx *act.Tx, r *ent.Renovation) error {
	if err := mayVoid(tx, policy.Renovation, r.RowScope(), r.VoidedAt, r.RecordedByID, r.RecordedAt); err != nil {
		return err
	}
	if unsettled(r) {
		return stillHeld()
	}
	return nil
}

// tell records who did what when.
func tell(tx *act.Tx, r *ent.Renovation, step renovationstep.Step, amount int64, note string) error {
	return tx.RenovationStep.Create().SetEstateID(r.EstateID).SetHouseholdID(r.HouseholdID).SetNillableDepartmentID(r.DepartmentID).SetRenovationID(r.ID).
		SetStep(step).SetAmount(amount).SetNote(note).SetDoneByID(tx.Viewer.Account).SetDoneByName(tx.Viewer.Name).SetDoneAt(tx.Now).Exec(tx)
}

// renovationOf finds a renovation and locks it.
func renovationOf(tx *act.Tx, id uuid.UUID) (*ent.Renovation, error) {
	r, err := tx.Renovation.Query().Where(renovation.ID(id)).ForUpdate().Only(tx)
	return act.Find(r, err, "id")
}

func renovationGuard(check func(*act.Tx, *ent.Renovation) error) act.Guard[*ent.Renovation] {
	return act.Guard[*ent.Renovation]{
		Entity: ent.TypeRenovation,
		ID:     func(r *ent.Renovation) uuid.UUID { return r.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.Renovation, error) {
			return tx.Renovation.Query().Where(renovation.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}
