package approval

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/signature"
)

// toDecide is the obligation of who may decide a question, by the clause of the question's kind.
var toDecide = obligation.Declare(obligation.Kind{Name: "approval.decide", TitleZH: "审批:", TitleEN: "Decide: ", Answer: whoDecide, Of: ent.TypeApproval})

// Question is what is asked.
type Question struct {
	Estate  uuid.UUID
	Subject uuid.UUID // what it is about

	Department *uuid.UUID // whose supervisor decides, too, where the policy says so by department; nil: who decides in the whole estate

	TitleZH string     // what is asked, in a line
	TitleEN string     //
	Reason  string     // why
	Content any        // exactly what is asked, as JSON: what the decider sees, and signs
	Until   *time.Time // it lapses then, if that is before the kind's time
}

// Ask puts the question, as the viewer, to who may decide it: into their inboxes, due by the end of the next working day.
//
// Errors: FORBIDDEN for the program itself, since a person asks; CONFLICT for a question that would have lapsed already.
func (k *Kind) Ask(tx *act.Tx, q Question) (*ent.Approval, error) {
	if tx.Viewer.IsSystem() {
		return nil, fault.Denied("审批须由本人申请,程序不能代为申请。", "A person asks for an approval; the program does not.").By(k.Clause)
	}
	content, hash, err := signature.Canonical(q.Content)
	if err != nil {
		return nil, err
	}
	expires := tx.Now.Add(k.Lapses)
	if q.Until != nil && q.Until.Before(expires) {
		expires = *q.Until
	}
	a, err := tx.Approval.Create().SetEstateID(q.Estate).SetKind(k.Name).SetClause(k.Clause).SetSubjectID(q.Subject).
		SetNillableDepartmentID(q.Department).SetTitle(q.TitleZH).SetTitleEn(q.TitleEN).SetReason(q.Reason).SetContent(content).SetContentHash(hash).
		SetAskedByID(tx.Viewer.Account).SetAskedByName(tx.Viewer.Name).SetAskedAt(tx.Now).SetExpiresAt(expires).Save(tx)
	if err != nil {
		return nil, err
	}
	if !k.Undue {
		if err := k.due(tx, a); err != nil {
			return nil, err
		}
	}
	return a, k.tellDeciders(tx, a)
}

// due opens the obligation to decide.
func (k *Kind) due(tx *act.Tx, a *ent.Approval) error {
	today, err := tx.Today(a.EstateID)
	if err != nil {
		return err
	}
	return toDecide.Open(tx, obligation.Due{
		Clause: k.Clause, About: a.Title, AboutEN: a.TitleEn, Estate: a.EstateID, Subject: a.ID, Term: obligation.Term{From: today, Days: 1, NotAfter: a.ExpiresAt},
	})
}
