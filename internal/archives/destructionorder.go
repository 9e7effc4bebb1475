package archives

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	entapproval "github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/ent/archivedestruction"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/policy"
)

// destroying is the witnessed act: who approved, the archivist and the witness sign the same; never two of them as one person (A7).
var destroying = signature.Declare(signature.Ceremony{
	Kind: "archives.destroy", Clause: "A7", Capacities: []string{"approver", "witness", "archivist"}, Certificate: true, Subject: ent.TypeArchiveDestruction,
	Distinct: [][2]string{{"approver", "archivist"}, {"approver", "witness"}, {"archivist", "witness"}},
})

// destructionConsent is the project manager's.
var destructionConsent = approval.Declare(approval.Kind{
	Name: "archives.destroy", Clause: "A7", Resource: policy.ArchiveDestruction, Lapses: 30 * 24 * time.Hour, In: "approveArchiveDestruction", Decided: destructionDecided, Kept: true,
})

// destructionDecided ends the order that was not approved, or not carried out in time.
func destructionDecided(tx *act.Tx, a *ent.Approval) error {
	if a.State == entapproval.StateGiven {
		return nil
	}
	d, err := tx.ArchiveDestruction.Query().Where(archivedestruction.ID(a.SubjectID)).ForUpdate().Only(tx)
	if err != nil || over(d) {
		return err
	}
	return d.Update().SetState(archivedestruction.StateEnded).Exec(tx)
}

func over(d *ent.ArchiveDestruction) bool {
	return d.State != archivedestruction.StateProposed && d.State != archivedestruction.StateApproved
}

// lockDestruction finds an order and locks it.
func lockDestruction(tx *act.Tx, id uuid.UUID, check func(*act.Tx, *ent.ArchiveDestruction) error) (*ent.ArchiveDestruction, error) {
	d, err := tx.ArchiveDestruction.Query().Where(archivedestruction.ID(id)).ForUpdate().Only(tx)
	if d, err = act.Find(d, err, "destructionID"); err != nil {
		return nil, err
	}
	return d, check(tx, d)
}

func destructionGuard(check func(*act.Tx, *ent.ArchiveDestruction) error) act.Guard[*ent.ArchiveDestruction] {
	return act.Guard[*ent.ArchiveDestruction]{
		Entity: ent.TypeArchiveDestruction,
		ID:     func(d *ent.ArchiveDestruction) uuid.UUID { return d.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.ArchiveDestruction, error) {
			return tx.ArchiveDestruction.Query().Where(archivedestruction.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}

// isRunning refuses an order that is over.
func isRunning(_ *act.Tx, d *ent.ArchiveDestruction) error {
	switch d.State {
	case archivedestruction.StateDone:
		return fault.Clash("这次销毁已完成。", "This was destroyed already.").By("A7").At("destructionID")
	case archivedestruction.StateEnded:
		return fault.Rule("A7", "这次销毁未获批准或已过期,请重新提出。", "This was not approved, or has lapsed; propose it again.").At("destructionID")
	case archivedestruction.StateCancelled:
		return fault.Clash("这次销毁已取消。", "This was cancelled.").By("A7").At("destructionID")
	}
	return nil
}

// isProposed refuses, beside, an order that is approved.
func isProposed(tx *act.Tx, d *ent.ArchiveDestruction) error {
	if d.State == archivedestruction.StateApproved {
		return fault.Clash("%[1]s 已批准这次销毁。", "%[1]s has approved this.", d.ApprovedByName).By("A7").At("destructionID")
	}
	return isRunning(tx, d)
}

// isApproved refuses, beside what is over, an order that waits for the project manager.
func isApproved(tx *act.Tx, d *ent.ArchiveDestruction) error {
	if d.State == archivedestruction.StateProposed {
		return fault.Rule("A7", "项目经理尚未批准这次销毁。", "The project manager has not approved this yet.").At("destructionID")
	}
	return isRunning(tx, d)
}

func init() {
	act.Explain("archive_holds_destroyed", fault.Rule("A7", "文件已销毁,不能再限制销毁。", "The document was destroyed, and cannot be held any more.").At("documentID"))
	act.Explain("archive_holds_ended", released())
	act.Explain("archive_holds_released_by", othersHold())
	act.Explain("archive_documents_held", underHold())
	act.Explain("archive_destructions_bound", notBound())
	act.Explain("archive_destructions_held", fault.Rule("A7", "其中有文件因保管限制不能销毁,请先解除限制,或取消后去掉这份文件重新提出。",
		"A document of it is under a legal hold: have the hold released, or cancel the order and propose it again without the document."))
	act.Explain("archive_destructions_retention", fault.Rule("A7", "其中有文件保管期限未满或须永久保管,不能销毁。", "A document of it is within its retention, and is not destroyed."))
	act.Explain("archive_destructions_changed", fault.Clash("文件与提出时不同,请取消后重新提出。", "The documents are not as they were proposed; cancel the order and propose it again.").By("A7"))
	act.Explain("archive_destructions_step", fault.Clash("这次销毁的状态已变,请重新读取。", "The order is no longer as it was; read it again.").By("A7"))
	act.Explain("archive_destructions_witness", fault.Rule("A7", "监销员不能是提出销毁的档案管理员,也不能是批准人,请另选一名员工。",
		"The witness is neither the archivist nor who approves: name another member of staff.").At("witnessID"))
	act.Explain("archive_destructions_witness_signs", witnessSigns())
	act.Explain("archive_destructions_certified", fault.Rule("A7", "须由批准人、档案管理员和指定的监销员本人签字。", "Who approved, the archivist and the witness who was named sign in person."))
	act.Explain("archive_destructions_open", fault.Rule("A7", "其中有文件的事项未了结:投诉、违章或来函未答复,装修未结束,或紧急联系人的业户仍在住。请先了结,再提出销毁。",
		"What a document of it records is not over: a complaint, violation or letter to be answered, works under way, or the emergency contact of a household that lives here. Settle it first."))
	act.Explain("household_records_stub", fault.Rule("A7", "记录已随文件销毁,只留存根。", "The record was destroyed with its document; this is its stub.").At("id"))
	act.Explain("archive_destruction_lines_open", fault.Clash("文件已列入另一次销毁。", "The document is on another order.").By("A7"))
	act.Explain("archive_documents_ordered", fault.Rule("A7", "文件已列入销毁,请先取消那次销毁。", "The document is to be destroyed; cancel that order first."))
	act.Explain("archive_documents_stub", fault.Rule("A7", "文件已销毁,只留存根。", "The document was destroyed; this is its stub."))
}
