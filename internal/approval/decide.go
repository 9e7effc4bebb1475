package approval

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ceremony is how an approval is signed: by who gives it, under exactly what was asked. The clause is the kind's.
var ceremony = signature.Declare(signature.Ceremony{Kind: "approval", Capacities: []string{"approver"}, Subject: ent.TypeApproval})

// GiveApprovalInput is a yes.
type GiveApprovalInput struct {
	ApprovalID uuid.UUID
	Note       string
	Signature  *signature.Input
}

// Check refuses an endless note.
func (in GiveApprovalInput) Check() error { return wording.CheckRemark("note", in.Note) }

// Prepare verifies the decider's own password.
func (in GiveApprovalInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Viewer: true}, "signature")
}

// GiveApprovalPayload is the approval, given.
type GiveApprovalPayload struct{ Approval *ent.Approval }

// DeclineApprovalInput is a no, and why.
type DeclineApprovalInput struct {
	ApprovalID uuid.UUID
	Note       string
}

// Check refuses an empty or endless note.
func (in DeclineApprovalInput) Check() error { return wording.CheckText("note", in.Note, 1, 2000) }

// DeclineApprovalPayload is the approval, declined.
type DeclineApprovalPayload struct{ Approval *ent.Approval }

// Give approves what was asked, signed with the decider's own password.
//
// Errors: NOT_FOUND; INVALID_INPUT for a wrong password; FORBIDDEN for who may not decide it; RULE for who asked, once it has
// expired, and for what is given only in an act of its own; CONFLICT if it was decided or withdrawn.
var Give = act.Guarded(act.New("approval.give", act.Needs(policy.Approval, policy.Approve), nil, give), giveGuard)

// Decline refuses what was asked, and says why.
//
// Errors: as of Give.
var Decline = act.Guarded(act.New("approval.decline", act.Needs(policy.Approval, policy.Approve).SessionOnly(), nil, decline), decideGuard)

func give(tx *act.Tx, in GiveApprovalInput) (*GiveApprovalPayload, error) {
	a, err := lock(tx, in.ApprovalID, canGive)
	if err != nil {
		return nil, err
	}
	a, err = given(tx, a, in.Note, in.Signature)
	return &GiveApprovalPayload{a}, err
}

// Give approves in the act of a chapter, for a consent that is signed under something else, too. The act's input proved
// the decider's signature; field is where it names what is approved.
//
// Errors: as of the act, at field.
func (k *Kind) Give(tx *act.Tx, id uuid.UUID, note string, by *signature.Input, field string) error {
	a, err := tx.Approval.Query().Where(approval.ID(id), approval.Kind(k.Name)).ForUpdate().Only(tx)
	if err != nil {
		return err
	}
	if err := canDecide(tx, a); err != nil {
		if f := fault.From(err); f != nil {
			return f.At(field)
		}
		return err
	}
	_, err = given(tx, a, note, by)
	return err
}

// given signs the approval, by the question's clause, and records it.
func given(tx *act.Tx, a *ent.Approval, note string, by *signature.Input) (*ent.Approval, error) {
	asked := *ceremony
	asked.Clause = a.Clause
	if _, err := asked.Sign(tx, signature.Signing{
		Capacity: "approver", Estate: a.EstateID, Subject: a.ID, By: by, Content: json.RawMessage(a.Content), Field: "signature",
	}); err != nil {
		return nil, err
	}
	return decided(tx, a, approval.StateGiven, note)
}

func decline(tx *act.Tx, in DeclineApprovalInput) (*DeclineApprovalPayload, error) {
	a, err := lock(tx, in.ApprovalID, canDecide)
	if err != nil {
		return nil, err
	}
	a, err = decided(tx, a, approval.StateDeclined, in.Note)
	return &DeclineApprovalPayload{a}, err
}

// lock reads the approval, so that decisions follow one another, and asks whether the viewer may.
func lock(tx *act.Tx, id uuid.UUID, may func(*act.Tx, *ent.Approval) error) (*ent.Approval, error) {
	a, err := tx.Approval.Query().Where(approval.ID(id)).ForUpdate().Only(tx)
	if a, err = act.Find(a, err, "approvalID"); err != nil {
		return nil, err
	}
	return a, may(tx, a)
}

// decided records the decision, and tells who asked and the chapter.
func decided(tx *act.Tx, a *ent.Approval, state approval.State, note string) (*ent.Approval, error) {
	a, err := a.Update().SetState(state).SetDecidedByID(tx.Viewer.Account).SetDecidedByName(tx.Viewer.Name).SetDecidedAt(tx.Now).
		SetDecisionNote(wording.Tidy(note)).Save(tx)
	if err != nil {
		return nil, err
	}
	if err := toDecide.Meet(tx, a.ID); err != nil {
		return nil, err
	}
	if err := tellAsker(tx, a, a.DecidedByName, a.DecisionNote); err != nil {
		return nil, err
	}
	k, err := kindOf(a)
	if err != nil {
		return nil, err
	}
	return a, k.told(tx, a)
}

var (
	decideGuard = act.Guard[*ent.Approval]{Entity: ent.TypeApproval, ID: idOf, Load: load, Check: canDecide}
	giveGuard   = act.Guard[*ent.Approval]{Entity: ent.TypeApproval, ID: idOf, Load: load, Check: canGive}
)

func idOf(a *ent.Approval) uuid.UUID { return a.ID }

func load(tx *act.Tx, list []uuid.UUID) ([]*ent.Approval, error) {
	return tx.Approval.Query().Where(approval.IDIn(list...)).All(tx)
}

// canGive refuses, beside what nobody decides, what is given only in an act of its own.
func canGive(tx *act.Tx, a *ent.Approval) error {
	if err := canDecide(tx, a); err != nil {
		return err
	}
	k, err := kindOf(a)
	if err != nil || k.In == "" {
		return err
	}
	return fault.Rule(k.Clause, "这项同意须在其申请上签字,请用 %[1]s 办理。", "This consent is signed under what it is for: give it by %[1]s.", k.In).At("approvalID")
}

// CanDecide refuses what Give would, for the guard of a chapter's act that gives a consent.
func CanDecide(tx *act.Tx, a *ent.Approval) error { return canDecide(tx, a) }

// canDecide refuses who may not decide such questions here, who asked, and what does not wait any more.
func canDecide(tx *act.Tx, a *ent.Approval) error {
	k, err := kindOf(a)
	if err != nil {
		return err
	}
	if !tx.Viewer.Barred(tx.Viewer.Scope(k.Resource, policy.Approve)).Covers(access.Row{Estate: a.EstateID, Department: deref(a.DepartmentID)}) {
		return fault.Denied("这项申请不由您的岗位审批,请等候有权审批的负责人。", "None of your roles decides this; wait for who may.").By(k.Clause)
	}
	if k.Led && !led(tx, a, k.Resource) {
		return InDepartment.By(k.Clause)
	}
	own, err := isOwn(tx, a)
	switch {
	case err != nil:
		return err
	case own:
		return Own(k.Clause)
	case k.May != nil:
		if err := k.May(tx, a); err != nil {
			return err
		}
	}
	return waits(tx, a)
}

// InDepartment refuses the supervisor of another department than the one that is asked, and is what the database says.
var InDepartment = fault.Denied("这项申请由相关部门的主管或经理审批。", "The supervisor of the department concerned, or a manager, decides this.")

func init() { act.Explain("approvals_in_department", InDepartment) }

// led tells whether the viewer decides such questions in the whole estate, or leads the department that is asked.
func led(tx *act.Tx, a *ent.Approval, resource policy.Resource) bool {
	roles := tx.Viewer.Holders(resource, policy.Approve)
	return slices.ContainsFunc(tx.Viewer.Grants, func(g access.Grant) bool {
		return (g.Estate == a.EstateID || g.Estate == uuid.Nil) && slices.Contains(roles, g.Role) &&
			(g.Role != policy.Supervisor || a.DepartmentID != nil && g.Department == *a.DepartmentID)
	})
}

// Own refuses who would decide the own question.
func Own(clause string) *fault.Error {
	return fault.Rule(clause, "不能审批自己提出的申请,请由他人审批。", "Nobody decides the own question; somebody else decides it.")
}

func deref(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

// isOwn tells whether the viewer asked the question, be it by another account of the same member of staff.
func isOwn(tx *act.Tx, a *ent.Approval) (bool, error) {
	if a.AskedByID == tx.Viewer.Account {
		return true, nil
	}
	if a.AskedByStaffID == nil {
		return false, nil
	}
	me, err := staffOf(tx, a.EstateID)
	return me == *a.AskedByStaffID, err
}

// me is the key of the viewer as a member of an estate's staff.
type me uuid.UUID

// staffOf is the viewer as a member of the estate's staff, or Nil.
func staffOf(tx *act.Tx, estate uuid.UUID) (uuid.UUID, error) {
	return act.Once(tx, me(estate), func() (uuid.UUID, error) {
		id, err := tx.Staff.Query().Where(staff.EstateID(estate), staff.AccountID(tx.Viewer.Account)).OnlyID(tx)
		if ent.IsNotFound(err) {
			return uuid.Nil, nil
		}
		return id, err
	})
}

// waits refuses what is decided, withdrawn or expired.
func waits(tx *act.Tx, a *ent.Approval) error {
	switch {
	case a.State == approval.StateWithdrawn:
		return fault.Clash("%[1]s 已撤回这项申请。", "%[1]s has withdrawn this.", a.WithdrawnByName).By(a.Clause)
	case a.State == approval.StateExpired || a.State == approval.StateAsked && !tx.Now.Before(a.ExpiresAt):
		return lapsed(a.Clause)
	case a.State != approval.StateAsked:
		return fault.Clash("%[1]s 已审批过这项申请。", "%[1]s has decided this.", a.DecidedByName).By(a.Clause)
	}
	return nil
}
