package duty

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyassignment"
	"github.com/steward-pm/steward/ent/dutyroster"
	"github.com/steward-pm/steward/ent/dutyswap"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// AskDutySwapInput says which of the own shifts is given for which of another's.
type AskDutySwapInput struct {
	GivenID uuid.UUID
	TakenID uuid.UUID
	Reason  string
}

// Check refuses an empty or endless reason.
func (in AskDutySwapInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// AskDutySwapPayload is the swap, which waits for the other.
type AskDutySwapPayload struct{ Swap *ent.DutySwap }

// AskSwap asks another to exchange shifts (D1.1): the other agrees, and who leads approves it, before anything changes.
//
// Errors: NOT_FOUND; RULE D1.1 for a shift that is not the own, or of one who has no account to agree with; CONFLICT D1.1 for shifts that began, stand no
// more, are on a draft, or wait in another swap.
var AskSwap = act.New("duty.askSwap", act.Needs(policy.DutySwap, policy.Create), act.Clauses(roster), askSwap)

func askSwap(tx *act.Tx, in AskDutySwapInput) (*AskDutySwapPayload, error) {
	given, err := swappable(tx, in.GivenID, "givenID")
	if err != nil {
		return nil, err
	}
	taken, err := swappable(tx, in.TakenID, "takenID")
	if err != nil {
		return nil, err
	}
	if given.EstateID != taken.EstateID {
		return nil, fault.Missing().At("takenID")
	}
	other := taken.Edges.Staff
	switch me := given.Edges.Staff; {
	case me.AccountID == nil || *me.AccountID != tx.Viewer.Account:
		return nil, fault.Rule(roster, "只能用自己的班次换班。", "Only an own shift is given.").At("givenID")
	case other.ID == me.ID:
		return nil, fault.Rule(roster, "请选择另一人的班次。", "Choose another's shift.").At("takenID")
	case other.AccountID == nil:
		return nil, fault.Rule(roster, "%[1]s 没有账号,无法本人同意,请由主管直接变更。", "%[1]s has no account to agree with: have the supervisor change the roster.", other.Name).At("takenID")
	}
	for _, a := range []*ent.DutyAssignment{given, taken} {
		if a.RemovedAt != nil || a.Edges.Roster.State != dutyroster.StatePublished || !a.StartsAt.After(tx.Now) {
			return nil, swapPast()
		}
	}
	expires := given.StartsAt
	if taken.StartsAt.Before(expires) {
		expires = taken.StartsAt
	}
	s, err := tx.DutySwap.Create().SetEstateID(given.EstateID).SetDepartmentID(given.DepartmentID).SetGivenID(given.ID).SetTakenID(taken.ID).
		SetAskerID(given.StaffID).SetOtherID(taken.StaffID).SetReason(wording.Tidy(in.Reason)).SetAskedAt(tx.Now).SetAskedByID(tx.Viewer.Account).SetAskedByName(tx.Viewer.Name).
		SetExpiresAt(expires).Save(tx)
	if err != nil {
		return nil, err
	}
	return &AskDutySwapPayload{s}, tellSwap(tx, s, *other.AccountID, "有同事请求与您换班", "A colleague asks you to exchange shifts", s.Reason)
}

// swappable finds an assignment with whose it is, and locks it. Errors: NOT_FOUND at the field.
func swappable(tx *act.Tx, id uuid.UUID, field string) (*ent.DutyAssignment, error) {
	a, err := tx.DutyAssignment.Query().Where(dutyassignment.ID(id)).WithStaff().WithRoster().WithShift().ForUpdate().Only(tx)
	return act.Find(a, err, field)
}

// tellSwap tells somebody of a swap.
func tellSwap(tx *act.Tx, s *ent.DutySwap, to uuid.UUID, zh, en, body string) error {
	return tx.Runtime().Accounts.Post(tx, tx.Raw, account.Message{
		AccountID: to, Estate: s.EstateID, Kind: "duty.swap", Subject: s.ID, TitleZH: zh, TitleEN: en, BodyZH: body, BodyEN: body,
	})
}

// swapOf finds a swap with its two sides, and locks it. Errors: NOT_FOUND at swapID.
func swapOf(tx *act.Tx, id uuid.UUID, need need) (*ent.DutySwap, error) {
	s, err := tx.DutySwap.Query().Where(dutyswap.ID(id)).WithAsker().WithOther().ForUpdate().Only(tx)
	return find(tx, need, s, err, "swapID")
}

func swapGuard(need need, check func(*act.Tx, *ent.DutySwap) error) act.Guard[*ent.DutySwap] {
	return act.Guard[*ent.DutySwap]{
		Entity: ent.TypeDutySwap,
		ID:     func(s *ent.DutySwap) uuid.UUID { return s.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.DutySwap, error) {
			rows, err := tx.DutySwap.Query().Where(dutyswap.IDIn(list...)).WithAsker().WithOther().All(tx)
			return among(tx, need, rows), err
		},
		Check: check,
	}
}

// waits refuses a swap that came to an end, or whose first shift has begun.
func waits(tx *act.Tx, s *ent.DutySwap) error {
	if s.EndedAt != nil {
		return swapOver()
	}
	if !s.ExpiresAt.After(tx.Now) {
		return swapPast()
	}
	return nil
}

func swapOver() *fault.Error {
	return fault.Clash("该换班申请已办结或状态已变,请重新读取。", "The swap has ended, or is no longer as it was; read it again.").By(roster).At("swapID")
}

func swapPast() *fault.Error {
	return fault.Clash("只有已发布且尚未开始的班次可以换班。", "Only shifts of published rosters that stand, and have not begun, are exchanged.").By(roster)
}

func notAsked() *fault.Error {
	return fault.Rule(roster, "换班须由对方本人答复。", "Only the person who was asked answers.").At("swapID")
}

func ownSwap() *fault.Error {
	return fault.Rule(roster, "换班双方不能自己批准,请由另一主管或项目经理批准。", "Who exchanges shifts does not approve it: have another who leads do so.").At("swapID")
}
