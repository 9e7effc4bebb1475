package archives

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/correspondence"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// RecordCorrespondenceInput is a letter or message to or from a household.
type RecordCorrespondenceInput struct {
	HouseholdID uuid.UUID
	Direction   correspondence.Direction
	Way         correspondence.Way
	Title       string
	Particulars *string
	Dated       calendar.Day
	Awaits      *bool // what came in waits for an answer; nil: nothing is awaited
}

func (in RecordCorrespondenceInput) record() recordInput {
	return recordInput{in.HouseholdID, in.Title, in.Particulars, in.Dated}
}

func (in RecordCorrespondenceInput) awaits() bool { return in.Awaits != nil && *in.Awaits }

// Check refuses bad texts, and to await an answer to what went out: the household owes the office none.
func (in RecordCorrespondenceInput) Check() error {
	err := in.record().check()
	if in.awaits() && in.Direction == correspondence.DirectionSent {
		err = cmp.Or(err, error(fault.Invalid("awaits", "只有来函可以待回复。", "Only what came in waits for an answer.").By("A1.4")))
	}
	return err
}

// RecordCorrespondencePayload is the record.
type RecordCorrespondencePayload struct{ Correspondence *ent.Correspondence }

// RecordCorrespondence records a letter or message (来往函件) into the household's file (A1.4).
//
// Errors: NOT_FOUND; INVALID_INPUT for a day to come.
var RecordCorrespondence = act.New("archives.recordCorrespondence", act.Needs(policy.Correspondence, policy.Create), act.Clauses("A1.4"), recordCorrespondence)

func recordCorrespondence(tx *act.Tx, in RecordCorrespondenceInput) (*RecordCorrespondencePayload, error) {
	f, err := householdFile(tx, in.record())
	if err != nil {
		return nil, err
	}
	state := correspondence.StateFiled
	if in.awaits() {
		state = correspondence.StateOpen
	}
	c, err := recorded(tx, tx.Correspondence.Create().SetDirection(in.Direction).SetWay(in.Way).SetState(state), f, in.record()).Save(tx)
	return &RecordCorrespondencePayload{c}, err
}

// AnswerCorrespondenceInput says how a letter was answered.
type AnswerCorrespondenceInput struct{ FindingInput }

// AnswerCorrespondencePayload is the record as it stands after.
type AnswerCorrespondencePayload struct{ Correspondence *ent.Correspondence }

// AnswerCorrespondence records how what came in was answered: once (A1.4).
//
// Errors: NOT_FOUND; CONFLICT if it waits for no answer, was answered or voided.
var AnswerCorrespondence = act.Guarded(act.New("archives.answerCorrespondence", act.Needs(policy.Correspondence, policy.Update), act.Clauses("A1.4"), answerCorrespondence),
	correspondenceGuard(canAnswerCorrespondence))

func answerCorrespondence(tx *act.Tx, in AnswerCorrespondenceInput) (*AnswerCorrespondencePayload, error) {
	c, err := correspondenceOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canAnswerCorrespondence(tx, c); err != nil {
		return nil, err
	}
	c, err = answeredBy(tx, c.Update().SetState(correspondence.StateAnswered), in.Finding).Save(tx)
	return &AnswerCorrespondencePayload{c}, err
}

func canAnswerCorrespondence(tx *act.Tx, c *ent.Correspondence) error {
	if err := stands(tx, policy.Correspondence, c.RowScope(), c.VoidedAt); err != nil {
		return err
	}
	switch c.State {
	case correspondence.StateAnswered:
		return answeredAlready(c.AnsweredByName)
	case correspondence.StateFiled:
		return fault.Clash("这份函件无需回复。", "It waits for no answer.").By("A1.4")
	}
	return nil
}

// VoidCorrespondenceInput names what was recorded by mistake, and says why.
type VoidCorrespondenceInput struct{ void.Input }

// VoidCorrespondencePayload is the record, voided.
type VoidCorrespondencePayload struct{ Correspondence *ent.Correspondence }

// VoidCorrespondence voids a letter that was recorded by mistake; its document goes with it while it is in the inbox (A1.4).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads; CONFLICT if it was voided.
var VoidCorrespondence = act.Guarded(act.New("archives.voidCorrespondence", act.Needs(policy.Correspondence, policy.Void), act.Clauses("A1.4"), voidCorrespondence),
	correspondenceGuard(canVoidCorrespondence))

func voidCorrespondence(tx *act.Tx, in VoidCorrespondenceInput) (*VoidCorrespondencePayload, error) {
	c, err := correspondenceOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canVoidCorrespondence(tx, c); err != nil {
		return nil, err
	}
	if c, err = void.Mark(tx, c.Update().SetState(correspondence.StateVoided), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	return &VoidCorrespondencePayload{c}, tellVoided(tx, c.RowScope(), c.ID, "来往函件", "letter", in.Reason)
}

func canVoidCorrespondence(tx *act.Tx, c *ent.Correspondence) error {
	return mayVoid(tx, policy.Correspondence, c.RowScope(), c.VoidedAt, c.RecordedByID, c.RecordedAt)
}

// correspondenceOf finds a letter and locks it.
func correspondenceOf(tx *act.Tx, id uuid.UUID) (*ent.Correspondence, error) {
	c, err := tx.Correspondence.Query().Where(correspondence.ID(id)).ForUpdate().Only(tx)
	return act.Find(c, err, "id")
}

func correspondenceGuard(check func(*act.Tx, *ent.Correspondence) error) act.Guard[*ent.Correspondence] {
	return act.Guard[*ent.Correspondence]{
		Entity: ent.TypeCorrespondence,
		ID:     func(c *ent.Correspondence) uuid.UUID { return c.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.Correspondence, error) {
			return tx.Correspondence.Query().Where(correspondence.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}
