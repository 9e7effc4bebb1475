package archives

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedestructionline"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/policy"
)

// DestroyArchiveInput are the two signatures under which it is done.
type DestroyArchiveInput struct {
	DestructionID    uuid.UUID
	WitnessID        uuid.UUID        // as the approval names
	Signature        *signature.Input // the archivist's
	WitnessSignature *signature.Input
}

// Prepare verifies both passwords: each signs in person.
func (in DestroyArchiveInput) Prepare(ctx context.Context) error {
	if err := in.Signature.Prove(ctx, signature.Who{Viewer: true}, "signature"); err != nil {
		return err
	}
	return in.WitnessSignature.Prove(ctx, signature.Who{Staff: &in.WitnessID, Field: "witnessID"}, "witnessSignature")
}

// DestroyArchivePayload is the order, done, with its certificate.
type DestroyArchivePayload struct{ Destruction *ent.ArchiveDestruction }

// Destroy destroys what an order is upon: archivist and witness sign, the certificate is issued, and of each document a stub stays (A7).
// The content on disk goes when this has committed (Shred).
//
// Errors: NOT_FOUND; INVALID_INPUT for a wrong password, or another witness than was named; RULE A7 without approval, or for what is
// held or to be kept longer by now; CONFLICT if it was done, cancelled, or the documents were changed.
var Destroy = act.Guarded(act.New("archives.destroy", act.Needs(policy.ArchiveDestruction, policy.Update), act.Clauses("A7"), destroy), destructionGuard(isApproved))

func destroy(tx *act.Tx, in DestroyArchiveInput) (*DestroyArchivePayload, error) {
	d, err := lockDestruction(tx, in.DestructionID, isApproved)
	if err != nil {
		return nil, err
	}
	if *d.WitnessID != in.WitnessID {
		return nil, fault.Invalid("witnessID", "这不是批准时指定的监销员。", "This is not the witness who was named with the approval.").By("A7")
	}
	tx.About(ent.TypeArchiveDestruction, d.ID, d.RowScope())
	if _, err := destructionConsent.Use(tx, *d.ApprovalID, "destructionID"); err != nil {
		return nil, err
	}
	content := json.RawMessage(d.Content)
	for _, s := range []signature.Signing{
		{Capacity: "witness", By: in.WitnessSignature, Field: "witnessSignature"},
		{Capacity: "archivist", By: in.Signature, Field: "signature"},
	} {
		s.Estate, s.Subject, s.Content = d.EstateID, d.ID, content
		if _, err := destroying.Sign(tx, s); err != nil {
			return nil, err
		}
	}
	if _, err := destroying.Certify(tx, d.EstateID, d.ID, "档案销毁证明", "Certificate of destruction", content); err != nil {
		return nil, err
	}
	if _, err := tx.Raw.Exec(tx, `SELECT archive_destroy($1, $2, $3)`, d.EstateID, d.ID, tx.Now); err != nil {
		if f := act.Explained(err); f != nil {
			return nil, f.At("destructionID")
		}
		return nil, err
	}
	if err := noteDestroyed(tx, d); err != nil {
		return nil, err
	}
	if err := tellDestroyed(tx, d); err != nil {
		return nil, err
	}
	d, err = tx.ArchiveDestruction.Get(tx, d.ID) // as the database has it
	return &DestroyArchivePayload{d}, err
}

// tellDestroyed tells the general managers who destroyed how much, at whose word, and who stood by: an estate's manager may have hired
// all of them.
func tellDestroyed(tx *act.Tx, d *ent.ArchiveDestruction) error {
	above, err := holders(tx, d.EstateID, policy.GeneralManager)
	if err != nil {
		return err
	}
	messages := make([]account.Message, len(above))
	for i, id := range above {
		messages[i] = account.Message{
			AccountID: id, Estate: d.EstateID, Kind: "archives.destroyed", Subject: d.ID,
			TitleZH: fmt.Sprintf("已销毁档案 %d 份", d.Quantity), TitleEN: fmt.Sprintf("Documents destroyed: %d", d.Quantity),
			BodyZH: fmt.Sprintf("%s 提出,%s 批准,%s 销毁,监销员签字在销毁证明上(A7)。", d.ProposedByName, d.ApprovedByName, tx.Viewer.Name),
			BodyEN: fmt.Sprintf("Proposed by %s, approved by %s, destroyed by %s; the witness is on the certificate (A7).", d.ProposedByName, d.ApprovedByName, tx.Viewer.Name),
		}
	}
	return tx.Runtime().Accounts.Post(tx, tx.Raw, messages...)
}

// noteDestroyed puts on the audit trail of which documents stubs are left; what they said is not there.
func noteDestroyed(tx *act.Tx, d *ent.ArchiveDestruction) error {
	lines, err := d.QueryLines().Order(archivedestructionline.ByID()).All(tx)
	if err != nil {
		return err
	}
	for _, l := range lines {
		state, err := audit.Plain(archivedocument.FieldState, archivedocument.StateBound, archivedocument.StateDestroyed)
		if err != nil {
			return err
		}
		if err := tx.Note(d.EstateID, audit.Change{Type: ent.TypeArchiveDocument, ID: l.DocumentID, Op: audit.Update, Fields: []audit.Field{state}}); err != nil {
			return err
		}
	}
	return nil
}
