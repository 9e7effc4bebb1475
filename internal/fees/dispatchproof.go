package fees

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedispatch"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

func init() { files.Hold(ent.TypeFeeProof, proofHeld) }

// mostProofs is how many photos and papers are added at once.
const mostProofs = 9

func tooManyProofs(field string) *fault.Error {
	return fault.Invalid(field, "一次最多附 %[1]d 个文件。", "Give at most %[1]d files at once.", mostProofs).By("F9")
}

// AddFeeProofsInput adds what proves an attempt: the signed receipt, the slip of the post.
type AddFeeProofsInput struct {
	DispatchID uuid.UUID
	UploadIDs  []uuid.UUID
}

// Check refuses nothing, too much, and the same twice.
func (in AddFeeProofsInput) Check() error {
	if len(in.UploadIDs) == 0 || len(in.UploadIDs) > mostProofs {
		return tooManyProofs("uploadIDs")
	}
	for i, id := range in.UploadIDs {
		if slices.Contains(in.UploadIDs[:i], id) {
			return fault.Invalid(fmt.Sprintf("uploadIDs.%d", i), "文件重复,请去掉一个。", "The file is given twice; leave one out.").By("F9")
		}
	}
	return nil
}

// AddFeeProofsPayload is the attempt with what proves it.
type AddFeeProofsPayload struct{ Dispatch *ent.FeeDispatch }

// AddProofs keeps photos and papers with an attempt, as the signed receipts are kept (F9).
//
// Errors: NOT_FOUND, also for what the viewer did not upload; CONFLICT if it was voided.
var AddProofs = act.New("fees.addProofs", act.Needs(policy.FeeProof, policy.Create).SessionOnly(), act.Clauses("F9", "F3"), func(tx *act.Tx, in AddFeeProofsInput) (*AddFeeProofsPayload, error) {
	d, err := tx.FeeDispatch.Query().Where(feedispatch.ID(in.DispatchID)).Only(tx)
	if d, err = act.Find(d, err, "dispatchID"); err != nil {
		return nil, err
	}
	if err := void.Refuse(d.VoidedAt); err != nil {
		return nil, err
	}
	return &AddFeeProofsPayload{d}, prove(tx, d, in.UploadIDs, "uploadIDs")
})

// prove makes uploads proofs of an attempt. Errors: NOT_FOUND for what the viewer did not upload to the estate.
func prove(tx *act.Tx, d *ent.FeeDispatch, uploads []uuid.UUID, field string) error {
	for i, id := range uploads {
		f, err := files.Take(tx, d.EstateID, id, fmt.Sprintf("%s.%d", field, i))
		if err != nil {
			return err
		}
		if err := tx.FeeProof.Create().SetEstateID(d.EstateID).SetDispatchID(d.ID).SetName(f.Name).SetContentType(f.ContentType).SetSize(f.Size).SetSha256(f.Sha256).
			SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name).Exec(tx); err != nil {
			return err
		}
	}
	return nil
}

// proofHeld gives a proof to whoever may read it.
func proofHeld(ctx context.Context, id uuid.UUID) (*files.Held, error) {
	p, err := act.From(ctx).DB.Ent.FeeProof.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return &files.Held{ID: p.ID, Type: ent.TypeFeeProof, Of: p.RowScope(), Name: p.Name, ContentType: p.ContentType, SHA256: p.Sha256, Size: p.Size}, nil
}
