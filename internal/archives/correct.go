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
	d, err = d.Update().SetTitle(wording.Tidy(in.Title)).SetDated(in.Dated.UTC()).SetPages(in.Pages).SetSource(tidy(in.Source)).SetEdition(tidy(in.Edition)).Save(tx)
	return &CorrectDocumentPayload{d}, err
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
