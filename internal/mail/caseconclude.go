package mail

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailcase"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// AnswerMailCaseInput is what the person responsible says.
type AnswerMailCaseInput struct {
	CaseID uuid.UUID
	Answer string
}

// Check refuses an empty or endless answer.
func (in AnswerMailCaseInput) Check() error { return wording.CheckText("answer", in.Answer, 1, 2000) }

// AnswerMailCasePayload is the case with its answer.
type AnswerMailCasePayload struct{ Case *ent.MailCase }

// AnswerCase records what the person responsible says, once, before the case is concluded (M6).
//
// Errors: NOT_FOUND for a case that one does not read; RULE M6 for who is not responsible; CONFLICT if it was answered, concluded or voided.
var AnswerCase = act.Guarded(act.New("mail.answerCase", act.Needs(policy.MailCase, policy.Answer).SessionOnly(), act.Clauses("M6"), answerCase), caseGuard(canAnswerCase))

func answerCase(tx *act.Tx, in AnswerMailCaseInput) (*AnswerMailCasePayload, error) {
	c, err := caseOf(tx, in.CaseID, "caseID")
	if err != nil {
		return nil, err
	}
	if err := canAnswerCase(tx, c); err != nil {
		return nil, err
	}
	if c, err = c.Update().SetAnswer(wording.Tidy(in.Answer)).SetAnsweredAt(tx.Now).Save(tx); err != nil {
		return nil, err
	}
	return &AnswerMailCasePayload{c}, dueCaseAnswer.Meet(tx, c.ID)
}

func canAnswerCase(tx *act.Tx, c *ent.MailCase) error {
	if !tx.Viewer.Scope(policy.MailCase, policy.Read).Covers(c.RowScope()) {
		return fault.Missing().At("caseID") // another's
	}
	switch err := caseOpen(c); {
	case err != nil:
		return err
	case c.ResponsibleAccountID == nil || *c.ResponsibleAccountID != tx.Viewer.Account: // a manager reads the case, and does not answer it
		return fault.Rule("M6", "由责任人本人说明情况。", "The person responsible answers, and nobody else.")
	case c.State == mailcase.StateAnswered:
		return fault.Clash("已说明过情况,不能更改。", "The case was answered before, and the answer stays.").By("M6")
	}
	return nil
}

// ConcludeMailCaseInput is what was found, and what follows.
type ConcludeMailCaseInput struct {
	CaseID           uuid.UUID
	Finding, Outcome string
}

// Check refuses empty or endless texts.
func (in ConcludeMailCaseInput) Check() error {
	if err := wording.CheckText("finding", in.Finding, 1, 2000); err != nil {
		return err
	}
	return wording.CheckText("outcome", in.Outcome, 1, 2000)
}

// ConcludeMailCasePayload is the case, concluded.
type ConcludeMailCasePayload struct{ Case *ent.MailCase }

// ConcludeCase is a manager's finding and what follows from it, once the person responsible was heard or let the time go by (M6).
//
// Errors: NOT_FOUND; CONFLICT if it was concluded or voided; RULE M6 for who opened it or is responsible, and before the answer.
var ConcludeCase = act.Guarded(act.New("mail.concludeCase", act.Needs(policy.MailCase, policy.Approve).SessionOnly(), act.Clauses("M6"), concludeCase), caseGuard(canConclude))

func concludeCase(tx *act.Tx, in ConcludeMailCaseInput) (*ConcludeMailCasePayload, error) {
	c, err := caseOf(tx, in.CaseID, "caseID")
	if err != nil {
		return nil, err
	}
	if err := canConclude(tx, c); err != nil {
		return nil, err
	}
	c, err = c.Update().SetFinding(wording.Tidy(in.Finding)).SetOutcome(wording.Tidy(in.Outcome)).
		SetConcludedByID(tx.Viewer.Account).SetConcludedByName(tx.Viewer.Name).SetConcludedAt(tx.Now).Save(tx)
	if err != nil {
		return nil, err
	}
	return &ConcludeMailCasePayload{c}, dueCase.Meet(tx, c.ID)
}

func canConclude(tx *act.Tx, c *ent.MailCase) error {
	if err := caseOpen(c); err != nil {
		return err
	}
	own, err := isResponsible(tx, c)
	switch {
	case err != nil:
		return err
	case own || c.OpenedByID == tx.Viewer.Account:
		return notOwnCase()
	case c.State == mailcase.StateOpen && tx.Now.Before(c.AnswerBy):
		return notHeard()
	}
	return nil
}

// isResponsible tells whether the case is against the viewer: by the account that the person responsible had when it was opened, or has now.
func isResponsible(tx *act.Tx, c *ent.MailCase) (bool, error) {
	if c.ResponsibleAccountID != nil && *c.ResponsibleAccountID == tx.Viewer.Account {
		return true, nil
	}
	return tx.Staff.Query().Where(staff.ID(c.ResponsibleID), staff.EstateID(c.EstateID), staff.AccountID(tx.Viewer.Account)).Exist(tx)
}

// VoidMailCaseInput names a case that was opened by mistake, and says why.
type VoidMailCaseInput struct{ void.Input }

// VoidMailCasePayload is the case, voided.
type VoidMailCasePayload struct{ Case *ent.MailCase }

// VoidCase voids a case that was opened by mistake and is not concluded: nothing is due about it any more (M6).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither opened it just now nor is a manager; RULE M6 for who is responsible; CONFLICT if it was
// concluded or voided.
var VoidCase = act.Guarded(act.New("mail.voidCase", act.Needs(policy.MailCase, policy.Void).SessionOnly(), act.Clauses("M6"), voidCase), caseGuard(canVoidCase))

func voidCase(tx *act.Tx, in VoidMailCaseInput) (*VoidMailCasePayload, error) {
	c, err := caseOf(tx, in.ID, "id")
	if err != nil {
		return nil, err
	}
	if err := canVoidCase(tx, c); err != nil {
		return nil, err
	}
	if c, err = void.Mark(tx, c.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	if err := dueCaseAnswer.Cancel(tx, c.ID); err != nil {
		return nil, err
	}
	if err := dueCase.Cancel(tx, c.ID); err != nil {
		return nil, err
	}
	return &VoidMailCasePayload{c}, tell(tx, "M6", c.EstateID, c.ID, "邮件差错记录", "case of mail", in.Reason)
}

func canVoidCase(tx *act.Tx, c *ent.MailCase) error {
	if err := caseOpen(c); err != nil {
		return err
	}
	own, err := isResponsible(tx, c)
	switch {
	case err != nil:
		return err
	case own:
		return notOwnCase()
	}
	return void.May(tx, void.Recorded{
		Clause: "M6", By: c.OpenedByID, At: c.CreatedAt, Leads: tx.Viewer.Scope(policy.MailCase, policy.Approve).Covers(c.RowScope()),
	})
}

// caseOpen refuses a case that was voided or concluded.
func caseOpen(c *ent.MailCase) error {
	if err := void.Refuse(c.VoidedAt); err != nil {
		return err
	}
	if c.State == mailcase.StateConcluded {
		return caseClosed()
	}
	return nil
}

// caseOf finds a case and locks it.
func caseOf(tx *act.Tx, id uuid.UUID, field string) (*ent.MailCase, error) {
	c, err := tx.MailCase.Query().Where(mailcase.ID(id)).ForUpdate().Only(tx)
	return act.Find(c, err, field)
}

func caseGuard(check func(*act.Tx, *ent.MailCase) error) act.Guard[*ent.MailCase] {
	return act.Guard[*ent.MailCase]{
		Entity: ent.TypeMailCase,
		ID:     func(c *ent.MailCase) uuid.UUID { return c.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.MailCase, error) {
			return tx.MailCase.Query().Where(mailcase.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}
