package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyloss"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// AnswerKeyLossInput is the leader's answer.
type AnswerKeyLossInput struct {
	LossID     uuid.UUID
	Finding    string
	LockChange bool
}

// Check refuses an empty or endless finding.
func (in AnswerKeyLossInput) Check() error { return wording.CheckText("finding", in.Finding, 1, 2000) }

// AnswerKeyLossPayload is the loss with its answer.
type AnswerKeyLossPayload struct{ Loss *ent.KeyLoss }

// AnswerLoss records what the leader found, and whether the lock is to be changed: once (K2.3). If it is, the change is
// ordered (K3.1).
//
// Errors: NOT_FOUND; FORBIDDEN K2.3 for a loss of another department; CONFLICT if it was answered.
var AnswerLoss = act.Guarded(act.New("keys.answerLoss", act.Needs(policy.KeyLoss, policy.Answer).SessionOnly(), act.Clauses("K2.3", "K3.1"), answerLoss), answerGuard)

func answerLoss(tx *act.Tx, in AnswerKeyLossInput) (*AnswerKeyLossPayload, error) {
	loss, err := tx.KeyLoss.Query().Where(keyloss.ID(in.LossID)).ForUpdate().Only(tx)
	if loss, err = act.Find(loss, err, "lossID"); err != nil {
		return nil, err
	}
	if err := canAnswer(tx, loss); err != nil {
		return nil, err
	}
	loss, err = loss.Update().SetState(keyloss.StateAnswered).SetFinding(wording.Tidy(in.Finding)).SetLockChangeRequested(in.LockChange).
		SetAnsweredByID(tx.Viewer.Account).SetAnsweredByName(tx.Viewer.Name).SetAnsweredAt(tx.Now).Save(tx)
	if err != nil {
		return nil, err
	}
	if in.LockChange {
		if err := changeLockFor(tx, loss); err != nil {
			return nil, err
		}
	}
	return &AnswerKeyLossPayload{loss}, lossAnswer.Meet(tx, loss.ID)
}

var answerGuard = act.Guard[*ent.KeyLoss]{
	Entity: ent.TypeKeyLoss,
	ID:     func(l *ent.KeyLoss) uuid.UUID { return l.ID },
	Load:   losses,
	Check:  canAnswer,
}

func losses(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyLoss, error) {
	return tx.KeyLoss.Query().Where(keyloss.IDIn(list...)).All(tx)
}

// answers tells whether the viewer leads where the loss concerns.
func answers(tx *act.Tx, l *ent.KeyLoss) bool {
	return tx.Viewer.Scope(policy.KeyLoss, policy.Answer).Covers(l.RowScope())
}

// notOwnReport refuses whoever reported a loss to answer it, and is what the database says.
var notOwnReport = fault.Denied("不能答复自己报告的遗失,请由另一位主管或经理答复。", "Nobody answers the own report; another leader does.").By("K2.3")

func init() { act.Explain("key_losses_answered_by_another", notOwnReport) }

// canAnswer refuses what another department's leader answers, and what is answered.
func canAnswer(tx *act.Tx, l *ent.KeyLoss) error {
	if !answers(tx, l) {
		return fault.Denied("请由相关部门的主管或经理答复。", "The supervisor of the department concerned, or a manager, answers this.").By("K2.3")
	}
	if err := void.Refuse(l.VoidedAt); err != nil {
		return err
	}
	if l.ReportedByID == tx.Viewer.Account {
		return notOwnReport
	}
	if l.State != keyloss.StateOpen {
		return fault.Clash("%[1]s 已答复过这次遗失。", "%[1]s has answered this loss.", l.AnsweredByName).By("K2.3")
	}
	return nil
}
