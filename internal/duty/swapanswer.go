package duty

import (
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyassignment"
	"github.com/steward-pm/steward/ent/dutyroster"
	"github.com/steward-pm/steward/ent/dutyswap"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// AnswerDutySwapInput is what the other says.
type AnswerDutySwapInput struct {
	SwapID uuid.UUID
	Agree  bool
	Note   *string
}

// Check refuses an endless note.
func (in AnswerDutySwapInput) Check() error {
	return wording.Optional(wording.CheckRemark, "note", in.Note)
}

// AnswerDutySwapPayload is the swap as it stands after.
type AnswerDutySwapPayload struct{ Swap *ent.DutySwap }

// AnswerSwap agrees to a swap, or refuses it, in person (D1.1).
//
// Errors: NOT_FOUND; RULE D1.1 for another than who was asked; CONFLICT D1.1 if it was answered, has ended, or came too late.
var AnswerSwap = act.Guarded(act.New("duty.answerSwap", act.Needs(policy.DutySwap, policy.Update), act.Clauses(roster), func(tx *act.Tx, in AnswerDutySwapInput) (*AnswerDutySwapPayload, error) {
	s, err := swapOf(tx, in.SwapID, need{policy.DutySwap, policy.Update})
	if err != nil {
		return nil, err
	}
	if err := canAnswer(tx, s); err != nil {
		return nil, err
	}
	asker := s.AskedByID
	u := s.Update().SetAnsweredAt(tx.Now).SetAnsweredByID(tx.Viewer.Account).SetAnsweredByName(tx.Viewer.Name).SetAnswerNote(tidy(in.Note))
	if !in.Agree {
		if s, err = u.SetState(dutyswap.StateRefused).SetEndedAt(tx.Now).Save(tx); err != nil {
			return nil, err
		}
		return &AnswerDutySwapPayload{s}, tellSwap(tx, s, asker, "对方不同意换班", "The other does not exchange shifts", s.AnswerNote)
	}
	if s, err = u.SetState(dutyswap.StateAgreed).Save(tx); err != nil {
		return nil, err
	}
	return &AnswerDutySwapPayload{s}, obligation.Tell(tx, s.DepartmentID, account.Message{
		Estate: s.EstateID, Kind: "duty.swapAgreed", Subject: s.ID, TitleZH: "换班待批准", TitleEN: "A swap to be approved", BodyZH: s.Reason, BodyEN: s.Reason,
	})
}), swapGuard(need{policy.DutySwap, policy.Update}, canAnswer))

func canAnswer(tx *act.Tx, s *ent.DutySwap) error {
	if err := waits(tx, s); err != nil {
		return err
	}
	if s.State != dutyswap.StateAsked {
		return swapOver()
	}
	if other := s.Edges.Other; other.AccountID == nil || *other.AccountID != tx.Viewer.Account {
		return notAsked()
	}
	return nil
}

// WithdrawDutySwapInput takes a question back.
type WithdrawDutySwapInput struct{ SwapID uuid.UUID }

// WithdrawDutySwapPayload is the swap as it stands after.
type WithdrawDutySwapPayload struct{ Swap *ent.DutySwap }

// WithdrawSwap takes back what one asked, agreed to or not (D1.1).
//
// Errors: NOT_FOUND; RULE D1.1 for another than who asked; CONFLICT D1.1 if it has ended.
var WithdrawSwap = act.Guarded(act.New("duty.withdrawSwap", act.Needs(policy.DutySwap, policy.Update), act.Clauses(roster), func(tx *act.Tx, in WithdrawDutySwapInput) (*WithdrawDutySwapPayload, error) {
	s, err := swapOf(tx, in.SwapID, need{policy.DutySwap, policy.Update})
	if err != nil {
		return nil, err
	}
	if err := canWithdraw(tx, s); err != nil {
		return nil, err
	}
	s, err = s.Update().SetState(dutyswap.StateWithdrawn).SetEndedAt(tx.Now).Save(tx)
	return &WithdrawDutySwapPayload{s}, err
}), swapGuard(need{policy.DutySwap, policy.Update}, canWithdraw))

func canWithdraw(tx *act.Tx, s *ent.DutySwap) error {
	if s.EndedAt != nil {
		return swapOver()
	}
	if s.AskedByID != tx.Viewer.Account {
		return fault.Rule(roster, "只能撤回自己提出的换班。", "Only who asked takes it back.").At("swapID")
	}
	return nil
}

// DecideDutySwapInput approves a swap, or declines it.
type DecideDutySwapInput struct {
	SwapID  uuid.UUID
	Approve bool
	Note    *string
}

// Check refuses to decline without a word.
func (in DecideDutySwapInput) Check() error {
	if !in.Approve && in.Note == nil {
		return fault.Invalid("note", "不同意请说明原因。", "Say why it is declined.").By(roster)
	}
	return wording.Optional(wording.CheckRemark, "note", in.Note)
}

// DecideDutySwapPayload is the swap as it stands after.
type DecideDutySwapPayload struct{ Swap *ent.DutySwap }

// DecideSwap approves a swap to which both agreed, and carries it out at once, or declines it (D1.1).
//
// Errors: NOT_FOUND; RULE D1.1 for who takes part, or if somebody would be without rest, on leave or not employed; CONFLICT D1.1 if not both have agreed, it
// has ended, or one of the shifts began or was changed.
var DecideSwap = act.Guarded(act.New("duty.decideSwap", act.Needs(policy.DutySwap, policy.Approve), act.Clauses(roster), decideSwap), swapGuard(need{policy.DutySwap, policy.Approve}, canDecideSwap))

func decideSwap(tx *act.Tx, in DecideDutySwapInput) (*DecideDutySwapPayload, error) {
	s, err := swapOf(tx, in.SwapID, need{policy.DutySwap, policy.Approve})
	if err != nil {
		return nil, err
	}
	if err := canDecideSwap(tx, s); err != nil {
		return nil, err
	}
	to, zh, en := dutyswap.StateDeclined, "换班未获批准", "The swap was declined"
	if in.Approve {
		to, zh, en = dutyswap.StateApproved, "换班已批准", "The swap is approved"
		if err := exchange(tx, s); err != nil {
			return nil, err
		}
	}
	sides := s.Edges
	if s, err = s.Update().SetState(to).SetDecidedAt(tx.Now).SetDecidedByID(tx.Viewer.Account).SetDecidedByName(tx.Viewer.Name).SetDecisionNote(tidy(in.Note)).
		SetEndedAt(tx.Now).Save(tx); err != nil {
		return nil, err
	}
	for _, m := range []*ent.Staff{sides.Asker, sides.Other} {
		if m.AccountID == nil {
			continue
		}
		if err := tellSwap(tx, s, *m.AccountID, zh, en, s.DecisionNote); err != nil {
			return nil, err
		}
	}
	return &DecideDutySwapPayload{s}, nil
}

func canDecideSwap(tx *act.Tx, s *ent.DutySwap) error {
	if err := waits(tx, s); err != nil {
		return err
	}
	if s.State != dutyswap.StateAgreed {
		return fault.Clash("对方还未同意。", "The other has not agreed yet.").By(roster).At("swapID")
	}
	for _, m := range []*ent.Staff{s.Edges.Asker, s.Edges.Other} {
		if m.AccountID != nil && *m.AccountID == tx.Viewer.Account {
			return ownSwap()
		}
	}
	return nil
}

// exchange takes both off their shifts and puts each down on the other's, by a change of each roster concerned.
func exchange(tx *act.Tx, s *ent.DutySwap) error {
	given, err := swappable(tx, s.GivenID, "swapID")
	if err != nil {
		return err
	}
	taken, err := swappable(tx, s.TakenID, "swapID")
	if err != nil {
		return err
	}
	if given.RemovedAt != nil || taken.RemovedAt != nil {
		return swapPast().At("swapID")
	}
	changes := map[uuid.UUID]*ent.DutyChange{}
	for _, a := range []*ent.DutyAssignment{given, taken} {
		if changes[a.RosterID] == nil {
			if changes[a.RosterID], err = record(tx, a.Edges.Roster, s.Reason, &s.ID); err != nil {
				return err
			}
		}
		if err := takeOff(tx, []*ent.DutyAssignment{a}, &changes[a.RosterID].ID); err != nil {
			return err
		}
	}
	for _, a := range []struct {
		of *ent.DutyAssignment
		by uuid.UUID
	}{{given, s.OtherID}, {taken, s.AskerID}} {
		if err := tx.DutyAssignment.Create().SetEstateID(s.EstateID).SetDepartmentID(s.DepartmentID).SetRosterID(a.of.RosterID).SetShiftID(a.of.ShiftID).SetStaffID(a.by).
			SetDay(a.of.Day).SetStartsAt(a.of.StartsAt).SetEndsAt(a.of.EndsAt).SetRestedAt(a.of.RestedAt).SetOrigin(dutyassignment.OriginSwap).
			SetAddedByID(tx.Viewer.Account).SetAddedByName(tx.Viewer.Name).SetAddedChangeID(changes[a.of.RosterID].ID).Exec(tx); err != nil {
			return err
		}
	}
	for id := range changes {
		if err := restsStill(tx, id, s); err != nil {
			return err
		}
	}
	return nil
}

// restsStill refuses a swap by which one of the two would have no rest, be on leave, or not employed.
func restsStill(tx *act.Tx, id uuid.UUID, s *ent.DutySwap) error {
	r, err := tx.DutyRoster.Query().Where(dutyroster.ID(id)).Only(tx)
	if err != nil {
		return err
	}
	today, err := tx.Today(r.EstateID)
	if err != nil {
		return err
	}
	all, err := problems(tx, tx.Raw, r, today)
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(all, func(p *DutyProblem) bool {
		return p.StaffID == nil || *p.StaffID != s.AskerID && *p.StaffID != s.OtherID
	})
	if len(list) == 0 {
		return nil
	}
	return refuseProblems(tx, r, list, fault.Rule(roster, "换班后有人休息不足、在请假或不在岗,不能批准。", "After the swap somebody would have no rest, be on leave or not employed.").At("swapID"))
}
