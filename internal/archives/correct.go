package archives

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CorrectDocumentInput describes a document anew.
type CorrectDocumentInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Title           string
	Dated           calendar.Day
	Pages           int
	Source          *string
	Edition         *string
}

// Check refuses bad texts and impossible counts.
func (in CorrectDocumentInput) Check() error {
	return checkDescription(in.Title, in.Pages, in.Source, in.Edition)
}

// CorrectDocumentPayload is the document as it stands after.
type CorrectDocumentPayload struct{ Document *ent.ArchiveDocument }

// Correct describes a document anew while it is in the inbox; one that is bound is taken out first (A2).
//
// Errors: NOT_FOUND; CONFLICT if somebody changed it meanwhile; RULE A2 if it is bound.
var Correct = act.Guarded(act.New("archives.correct", act.Needs(policy.ArchiveDocument, policy.Update), act.Clauses("A2"), correct), inboxGuard)

func correct(tx *act.Tx, in CorrectDocumentInput) (*CorrectDocumentPayload, error) {
	d, err := document(tx, in.ID, "id")
	if err != nil {
		return nil, err
	}
	if err := tx.Expect(d, d.Version, in.ExpectedVersion); err != nil {
		return nil, err
	}
	if err := inInbox(tx, d); err != nil {
		return nil, err
	}
	if err := notToCome(tx, d.EstateID, in.Dated); err != nil {
		return nil, err
	}
	if in.Pages == 0 && d.Sha256 == "" && d.SubjectID == nil { // a record that filed itself was never on paper (A1.4)
		return nil, fault.Invalid("pages", "纸质文件请填写页数。", "Count the pages of what is on paper only.").By("A2")
	}
	switch {
	case d.SubjectID != nil && !in.Dated.Equal(calendar.DayOf(d.Dated)):
		return nil, ofItsRecord()
	case d.Pages > 0 && in.Pages == 0:
		return nil, onPaper()
	}
	d, err = d.Update().SetTitle(wording.Tidy(in.Title)).SetDated(in.Dated.UTC()).SetPages(in.Pages).SetSource(tidy(in.Source)).SetEdition(tidy(in.Edition)).Save(tx)
	return &CorrectDocumentPayload{d}, err
}

func init() {
	act.Explain("archive_documents_record_day", ofItsRecord())
	act.Explain("archive_documents_paper", onPaper())
	act.Explain("archive_documents_asked", fault.Rule("A5", "文件已按现在的样子列入调阅申请,答复之前不能更改。", "It was named as it is to who decides on a request; it is not described anew before the answer.").At("id"))
	act.Explain("archive_documents_own", fault.Rule("A1.3", "不能向自己的员工档案归档,请由主管或其他档案管理员办理。", "Nobody hands in to the own file: a supervisor does, or another archivist.").At("staffID"))
	act.Explain("archive_volumes_later", fault.Rule("A2", "卷内有更晚日期的文件,请改正期间的最后一天。", "A document in the volume is of a later day; give a later last day.").At("periodUntil"))
	act.Explain("archive_requests_soon", fault.Invalid("from", "起始日期最多在 90 天以后。", "It begins within 90 days.").By("A5"))
}

func ofItsRecord() *fault.Error {
	return fault.Rule("A1.4", "这份文件由记录自动归档,日期以记录为准;记录有误请作废后重新登记。", "A record filed itself as this document, and says its day: void a wrong record and make it anew.").At("dated")
}

func onPaper() *fault.Error {
	return fault.Invalid("pages", "纸质文件的页数不能改为 0。", "What is on paper stays so: count its pages.").By("A7")
}

// underHold refuses to change what is under a legal hold.
func underHold() *fault.Error {
	return fault.Rule("A7", "文件有保管限制,不能更改、出卷或作废,请先解除限制。", "The document is under a legal hold: it is neither changed, taken out nor voided until the hold is released.").At("id")
}

// document finds a document and locks it.
func document(tx *act.Tx, id uuid.UUID, field string) (*ent.ArchiveDocument, error) {
	d, err := tx.ArchiveDocument.Query().Where(archivedocument.ID(id)).ForUpdate().Only(tx)
	return act.Find(d, err, field)
}

// guardOf is a guard of an act upon documents.
func guardOf(check func(*act.Tx, *ent.ArchiveDocument) error) act.Guard[*ent.ArchiveDocument] {
	return act.Guard[*ent.ArchiveDocument]{
		Entity: ent.TypeArchiveDocument,
		ID:     func(d *ent.ArchiveDocument) uuid.UUID { return d.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.ArchiveDocument, error) {
			return tx.ArchiveDocument.Query().Where(archivedocument.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}

var inboxGuard = guardOf(inInbox)

// inInbox refuses what is in the inbox no more, and what is lent.
func inInbox(_ *act.Tx, d *ent.ArchiveDocument) error {
	switch d.State {
	case archivedocument.StateBound:
		return fault.Rule("A2", "文件已立卷,请先出卷。", "The document is bound; take it out of its volume first.")
	case archivedocument.StateDestroyed:
		return fault.Rule("A7", "文件已销毁,只留存根。", "The document was destroyed; this is its stub.")
	}
	if d.LentUntil != nil {
		return lentOut()
	}
	return void.Refuse(d.VoidedAt)
}
