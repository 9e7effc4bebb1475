package archives

import (
	"context"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedestruction"
	"github.com/steward-pm/steward/ent/archivedestructionline"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ApproveArchiveDestructionInput is the project manager's yes, which names the witness (监销员).
type ApproveArchiveDestructionInput struct {
	DestructionID uuid.UUID
	WitnessID     uuid.UUID
	Note          *string
	Signature     *signature.Input
}

// Check refuses an endless note.
func (in ApproveArchiveDestructionInput) Check() error {
	return wording.Optional(wording.CheckRemark, "note", in.Note)
}

// Prepare verifies the project manager's own password.
func (in ApproveArchiveDestructionInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Viewer: true}, "signature")
}

// ApproveArchiveDestructionPayload is the order, which awaits its witness.
type ApproveArchiveDestructionPayload struct{ Destruction *ent.ArchiveDestruction }

// ApproveDestruction approves an order, signed, and names the witness: a member of staff who is neither the archivist nor who
// approves (A7).
//
// Errors: NOT_FOUND; INVALID_INPUT for a wrong password; RULE A7 for a witness who cannot be one, for the own proposal, or once it has
// lapsed; CONFLICT if it was decided.
var ApproveDestruction = act.Guarded(act.New("archives.approveDestruction", act.Needs(policy.ArchiveDestruction, policy.Approve), act.Clauses("A7"), approveDestruction),
	destructionGuard(isProposed))

func approveDestruction(tx *act.Tx, in ApproveArchiveDestructionInput) (*ApproveArchiveDestructionPayload, error) {
	d, err := lockDestruction(tx, in.DestructionID, isProposed)
	if err != nil {
		return nil, err
	}
	witness, err := tx.Staff.Query().Where(staff.ID(in.WitnessID), staff.EstateID(d.EstateID)).Only(tx)
	if witness, err = act.Find(witness, err, "witnessID"); err != nil {
		return nil, err
	}
	if witness.AccountID == nil {
		return nil, witnessSigns()
	}
	today, err := tx.Today(d.EstateID)
	if err != nil {
		return nil, err
	}
	if u := witness.EmployedUntil; u != nil && !calendar.DayOf(*u).After(today) {
		return nil, fault.Rule("A7", "监销员已离职,请另选一名员工。", "The witness has left; name another member of staff.").At("witnessID")
	}
	var note, hash string
	if in.Note != nil {
		note = *in.Note
	}
	if err := destructionConsent.Give(tx, *d.ApprovalID, note, in.Signature, "destructionID"); err != nil {
		return nil, err
	}
	if err := tx.Raw.QueryRow(tx, `SELECT archive_content_hash($1, $2)`, d.EstateID, d.ID).Scan(&hash); err != nil {
		return nil, err
	}
	content, err := toSign(tx, d, witness, hash)
	if err != nil {
		return nil, err
	}
	text, _, err := signature.Canonical(content)
	if err != nil {
		return nil, err
	}
	d, err = d.Update().SetState(archivedestruction.StateApproved).SetApprovedByID(tx.Viewer.Account).SetApprovedByName(tx.Viewer.Name).SetApprovedAt(tx.Now).
		SetWitnessID(witness.ID).SetContentHash(hash).SetContent(text).Save(tx)
	if err != nil {
		return nil, err
	}
	_, err = destroying.Sign(tx, signature.Signing{Capacity: "approver", Estate: d.EstateID, Subject: d.ID, By: in.Signature, Content: content, Field: "signature"})
	return &ApproveArchiveDestructionPayload{d}, err
}

// witnessSigns refuses a witness who could not sign in person.
func witnessSigns() *fault.Error {
	return fault.Rule("A7", "监销员须用自己的账号签字,这名员工没有账号。", "The witness signs in person, and this member of staff has no account.").At("witnessID")
}

// toSign is what all three sign, and what the certificate certifies: everything of the documents that is not personal.
func toSign(tx *act.Tx, d *ent.ArchiveDestruction, witness *ent.Staff, hash string) (map[string]any, error) {
	lines, err := d.QueryLines().Order(archivedestructionline.ByID()).All(tx)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"destruction": d.ID, "method": d.Method, "reason": d.Reason, "quantity": d.Quantity, "pages": d.Pages,
		"datedFrom": calendar.DayOf(d.DatedFrom), "datedUntil": calendar.DayOf(d.DatedUntil), "eligibleOn": calendar.DayOf(d.EligibleOn),
		"proposedBy": d.ProposedByName, "authorisedBy": tx.Viewer.Name, "authorisedAt": tx.Now, "witness": witness.Name,
		"contentHash": hash, "noHold": noHoldZH + " " + noHoldEN, "documents": described(lines),
	}, nil
}

// The statement that nothing was held; archive_destroy makes sure of it.
const (
	noHoldZH = "所列档案均无保管限制。"
	noHoldEN = "None of the documents is under a legal hold."
)

// described are the documents of an order as their stubs say: series, date, schedule and item, from when they were eligible.
func described(lines []*ent.ArchiveDestructionLine) []map[string]any {
	out := make([]map[string]any, len(lines))
	for i, l := range lines {
		out[i] = map[string]any{
			"document": l.DocumentID, "volume": l.VolumeCode, "category": l.Category, "dated": calendar.DayOf(l.Dated), "pages": l.Pages,
			"schedule": l.Basis, "years": l.Years, "eligibleOn": calendar.DayOf(l.EligibleOn), "voided": l.Voided,
		}
		if l.HandedInOn != nil { // who approves sees what came lately under an old day
			out[i]["handedInOn"] = calendar.DayOf(*l.HandedInOn)
		}
	}
	return out
}
