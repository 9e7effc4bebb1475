package archives

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/complaint"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// complaintDays is how many working days customer service has to answer a complaint.
const complaintDays = 3

// complaintAnswer is the obligation that a complaint opens, and its answer meets (A1.4).
var complaintAnswer = obligation.Declare(obligation.Kind{Name: "archives.complaint", Clause: "A1.4", TitleZH: "答复投诉:", TitleEN: "Answer the complaint of ", Of: ent.TypeComplaint, Counted: complaintsMove})

// complaintsMove has open complaints say until when they are to be answered by the calendar as it is now.
func complaintsMove(tx *act.Tx, estate uuid.UUID, due map[uuid.UUID]time.Time) error {
	list, err := tx.Complaint.Query().Where(complaint.EstateID(estate), complaint.StateEQ(complaint.StateOpen), complaint.IDIn(slices.Collect(maps.Keys(due))...)).Order(complaint.ByID()).All(tx)
	if err != nil {
		return err
	}
	for _, c := range list {
		if at := due[c.ID]; !at.Equal(c.DueAt) {
			if err := c.Update().SetDueAt(at).Exec(tx); err != nil {
				return err
			}
		}
	}
	return nil
}

// RecordComplaintInput is what a household complains of.
type RecordComplaintInput struct {
	HouseholdID uuid.UUID
	Title       string
	Particulars *string
	Dated       calendar.Day
	Way         complaint.Way
}

func (in RecordComplaintInput) record() recordInput {
	return recordInput{in.HouseholdID, in.Title, in.Particulars, in.Dated}
}

// Check refuses bad texts.
func (in RecordComplaintInput) Check() error { return in.record().check() }

// RecordComplaintPayload is the complaint.
type RecordComplaintPayload struct{ Complaint *ent.Complaint }

// RecordComplaint records a complaint into the household's file, and makes its answer due within three working days (A1.4).
//
// Errors: NOT_FOUND; INVALID_INPUT for a day to come.
var RecordComplaint = act.New("archives.recordComplaint", act.Needs(policy.Complaint, policy.Create), act.Clauses("A1.4"), recordComplaint)

func recordComplaint(tx *act.Tx, in RecordComplaintInput) (*RecordComplaintPayload, error) {
	f, err := householdFile(tx, in.record())
	if err != nil {
		return nil, err
	}
	term, due, err := obligation.Within(tx, f.EstateID, complaintDays)
	if err != nil {
		return nil, err
	}
	c, err := recorded(tx, tx.Complaint.Create().SetWay(in.Way).SetDueAt(due), f, in.record()).Save(tx)
	if err != nil {
		return nil, err
	}
	return &RecordComplaintPayload{c}, complaintAnswer.Open(tx, obligation.Due{
		About: f.Code, Estate: c.EstateID, Subject: c.ID, Term: term, Account: c.RecordedByID, Household: &c.HouseholdID, Department: c.RowScope().Department,
	})
}

// AnswerComplaintInput is the answer to a complaint.
type AnswerComplaintInput struct{ FindingInput }

// AnswerComplaintPayload is the complaint with its answer.
type AnswerComplaintPayload struct{ Complaint *ent.Complaint }

// AnswerComplaint records what was found and answered to the household: once (A1.4).
//
// Errors: NOT_FOUND; CONFLICT if it was answered or voided.
var AnswerComplaint = act.Guarded(act.New("archives.answerComplaint", act.Needs(policy.Complaint, policy.Update), act.Clauses("A1.4"), answerComplaint), complaintGuard(canAnswerComplaint))

func answerComplaint(tx *act.Tx, in AnswerComplaintInput) (*AnswerComplaintPayload, error) {
	c, err := complaintOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canAnswerComplaint(tx, c); err != nil {
		return nil, err
	}
	if c, err = answeredBy(tx, c.Update().SetState(complaint.StateAnswered), in.Finding).Save(tx); err != nil {
		return nil, err
	}
	return &AnswerComplaintPayload{c}, complaintAnswer.Meet(tx, c.ID)
}

func canAnswerComplaint(tx *act.Tx, c *ent.Complaint) error {
	if err := stands(tx, policy.Complaint, c.RowScope(), c.VoidedAt); err != nil {
		return err
	}
	if c.State == complaint.StateAnswered {
		return answeredAlready(c.AnsweredByName)
	}
	return nil
}

// VoidComplaintInput names a complaint that was recorded by mistake, and says why.
type VoidComplaintInput struct{ void.Input }

// VoidComplaintPayload is the complaint, voided.
type VoidComplaintPayload struct{ Complaint *ent.Complaint }

// VoidComplaint voids a complaint that was recorded by mistake: no answer is due any more, and its document goes with it while it
// is in the inbox (A1.4).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads; CONFLICT if it was voided.
var VoidComplaint = act.Guarded(act.New("archives.voidComplaint", act.Needs(policy.Complaint, policy.Void), act.Clauses("A1.4"), voidComplaint), complaintGuard(canVoidComplaint))

func voidComplaint(tx *act.Tx, in VoidComplaintInput) (*VoidComplaintPayload, error) {
	c, err := complaintOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canVoidComplaint(tx, c); err != nil {
		return nil, err
	}
	if c, err = void.Mark(tx, c.Update().SetState(complaint.StateVoided), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	if err := complaintAnswer.Cancel(tx, c.ID); err != nil {
		return nil, err
	}
	return &VoidComplaintPayload{c}, tellVoided(tx, c.RowScope(), c.ID, "投诉记录", "complaint", in.Reason)
}

func canVoidComplaint(tx *act.Tx, c *ent.Complaint) error {
	return mayVoid(tx, policy.Complaint, c.RowScope(), c.VoidedAt, c.RecordedByID, c.RecordedAt)
}

// complaintOf finds a complaint and locks it.
func complaintOf(tx *act.Tx, id uuid.UUID) (*ent.Complaint, error) {
	c, err := tx.Complaint.Query().Where(complaint.ID(id)).ForUpdate().Only(tx)
	return act.Find(c, err, "id")
}

func complaintGuard(check func(*act.Tx, *ent.Complaint) error) act.Guard[*ent.Complaint] {
	return act.Guard[*ent.Complaint]{
		Entity: ent.TypeComplaint,
		ID:     func(c *ent.Complaint) uuid.UUID { return c.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.Complaint, error) {
			return tx.Complaint.Query().Where(complaint.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}
