package archives

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidDocumentInput names a document that was handed in by mistake, and says why.
type VoidDocumentInput struct{ void.Input }

// VoidDocumentPayload is the document, voided.
type VoidDocumentPayload struct{ Document *ent.ArchiveDocument }

// Void sends back what was handed in by mistake (A2): the entry stays, and says why.
//
// Errors: NOT_FOUND; CONFLICT if it was voided; RULE A2 if it is bound.
var Void = act.Guarded(act.New("archives.void", act.Needs(policy.ArchiveDocument, policy.Void), act.Clauses("A2"), voidDocument), inboxGuard)

func voidDocument(tx *act.Tx, in VoidDocumentInput) (*VoidDocumentPayload, error) {
	d, err := document(tx, in.ID, "id")
	if err != nil {
		return nil, err
	}
	if err := inInbox(tx, d); err != nil {
		return nil, err
	}
	d, err = void.Mark(tx, d.Update().SetState(archivedocument.StateVoided), in.Reason).Save(tx)
	return &VoidDocumentPayload{d}, err
}
