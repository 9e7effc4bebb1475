package archives

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// maxBound is how many documents are bound at once.
const maxBound = 200

// BindDocumentsInput says which documents go into which volume.
type BindDocumentsInput struct {
	VolumeID    uuid.UUID
	DocumentIDs []uuid.UUID
}

// Check refuses none, too many, and one that is named twice.
func (in BindDocumentsInput) Check() error {
	if len(in.DocumentIDs) == 0 || len(in.DocumentIDs) > maxBound {
		return fault.Invalid("documentIDs", "请选择 1 到 %[1]d 份文件。", "Name between 1 and %[1]d documents.", maxBound).By("A2")
	}
	for i, id := range in.DocumentIDs {
		if slices.Contains(in.DocumentIDs[:i], id) {
			return fault.Invalid(fmt.Sprintf("documentIDs.%d", i), "文件重复,请去掉一个。", "The document is named twice; leave one out.").By("A2")
		}
	}
	return nil
}

// BindDocumentsPayload is the volume, and the documents in it, in the order named.
type BindDocumentsPayload struct {
	Volume    *ent.ArchiveVolume
	Documents []*ent.ArchiveDocument
}

// Bind binds documents of the inbox into a volume of their category, file and period; all of them, or none (A2, A3). It is
// the archivist's alone.
//
// Errors: NOT_FOUND; RULE A2 if the volume is closed, or a document bound or of another category, file or period.
var Bind = act.Guarded(act.New("archives.bind", act.Needs(policy.ArchiveDocument, policy.Bind), act.Clauses("A2", "A3"), bind), inboxGuard)

func bind(tx *act.Tx, in BindDocumentsInput) (*BindDocumentsPayload, error) {
	v, err := volume(tx, in.VolumeID, "volumeID")
	if err != nil {
		return nil, err
	}
	if err := isOpen(tx, v); err != nil {
		return nil, err
	}
	found, err := tx.ArchiveDocument.Query().Where(archivedocument.IDIn(in.DocumentIDs...), archivedocument.EstateID(v.EstateID)).
		Order(archivedocument.ByID()).ForUpdate().All(tx)
	if err != nil {
		return nil, err
	}
	out := make([]*ent.ArchiveDocument, len(in.DocumentIDs))
	for i, id := range in.DocumentIDs {
		field := fmt.Sprintf("documentIDs.%d", i)
		at := slices.IndexFunc(found, func(d *ent.ArchiveDocument) bool { return d.ID == id })
		if at < 0 {
			return nil, fault.Missing().At(field)
		}
		if err := inInbox(tx, found[at]); err != nil {
			return nil, fault.From(err).At(field)
		}
		if out[i], err = found[at].Update().SetState(archivedocument.StateBound).SetVolumeID(v.ID).
			SetBoundByID(tx.Viewer.Account).SetBoundByName(tx.Viewer.Name).SetBoundAt(tx.Now).Save(tx); err != nil {
			return nil, err
		}
	}
	v, err = tx.ArchiveVolume.Get(tx, v.ID) // as the database has counted
	return &BindDocumentsPayload{v, out}, err
}

// UnbindDocumentInput says which document is taken out of its volume, and why.
type UnbindDocumentInput struct {
	ID     uuid.UUID
	Reason string
}

// Check refuses an empty or endless reason.
func (in UnbindDocumentInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// UnbindDocumentPayload is the document, in the inbox again.
type UnbindDocumentPayload struct{ Document *ent.ArchiveDocument }

// Unbind takes a document out of its volume, back to the inbox: it was bound into the wrong one, or is to be corrected (A2).
//
// Errors: NOT_FOUND; CONFLICT if it is not bound; RULE A2 if its volume is closed; RULE A1.2 for the edition in force.
var Unbind = act.Guarded(act.New("archives.unbind", act.Needs(policy.ArchiveDocument, policy.Bind), act.Clauses("A2"), unbind), guardOf(isBound))

func unbind(tx *act.Tx, in UnbindDocumentInput) (*UnbindDocumentPayload, error) {
	d, err := document(tx, in.ID, "id")
	if err != nil {
		return nil, err
	}
	if err := isBound(tx, d); err != nil {
		return nil, err
	}
	tx.Because(wording.Tidy(in.Reason))
	d, err = d.Update().SetState(archivedocument.StateInbox).ClearVolumeID().ClearBoundByID().SetBoundByName("").ClearBoundAt().Save(tx)
	return &UnbindDocumentPayload{d}, err
}

// isBound refuses what is not bound, the edition of a manual in force, and what is lent.
func isBound(_ *act.Tx, d *ent.ArchiveDocument) error {
	switch {
	case d.State != archivedocument.StateBound:
		return fault.Clash("文件没有立卷。", "The document is not bound.").By("A2")
	case d.Current:
		return fault.Rule("A1.2", "这是手册的现行版本,请先让另一版生效。", "This edition of the manual is in force; put another in force first.")
	case d.LentUntil != nil:
		return lentOut()
	}
	return nil
}
