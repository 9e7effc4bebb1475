package archives

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivefile"
	"github.com/steward-pm/steward/ent/archivehold"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// PlaceArchiveHoldInput says what is held, and why: exactly one of document, volume and file.
type PlaceArchiveHoldInput struct {
	DocumentID, VolumeID, FileID *uuid.UUID
	Reason                       string
}

// Check refuses an empty or endless reason, and what is not one thing.
func (in PlaceArchiveHoldInput) Check() error {
	n := 0
	for _, id := range []*uuid.UUID{in.DocumentID, in.VolumeID, in.FileID} {
		if id != nil {
			n++
		}
	}
	if n != 1 {
		return fault.Invalid("documentID", "请选择一份文件、一卷或一户(人)档案中的一项。", "Name one document, one volume or one file.").By("A7")
	}
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// PlaceArchiveHoldPayload is the hold.
type PlaceArchiveHoldPayload struct{ Hold *ent.ArchiveHold }

// PlaceHold keeps a document, what is in a volume, or a whole file from being destroyed until it is released (A7). It waits for a
// destruction that runs, and then finds what it is on destroyed, or keeps all of it.
//
// Errors: NOT_FOUND; RULE A7 for a document that is destroyed.
var PlaceHold = act.New("archives.placeHold", act.Needs(policy.ArchiveHold, policy.Create), act.Clauses("A7"), placeHold)

func placeHold(tx *act.Tx, in PlaceArchiveHoldInput) (*PlaceArchiveHoldPayload, error) {
	c := tx.ArchiveHold.Create().SetNillableDocumentID(in.DocumentID).SetNillableVolumeID(in.VolumeID).SetNillableFileID(in.FileID).
		SetReason(wording.Tidy(in.Reason)).SetPlacedByID(tx.Viewer.Account).SetPlacedByName(tx.Viewer.Name).SetPlacedAt(tx.Now)
	switch {
	case in.DocumentID != nil:
		d, err := document(tx, *in.DocumentID, "documentID")
		if err != nil {
			return nil, err
		}
		c.SetEstateID(d.EstateID).SetSubjectID(d.ID)
	case in.VolumeID != nil:
		v, err := volume(tx, *in.VolumeID, "volumeID")
		if err != nil {
			return nil, err
		}
		c.SetEstateID(v.EstateID).SetSubjectID(v.ID)
	default:
		f, err := tx.ArchiveFile.Query().Where(archivefile.ID(*in.FileID)).Only(tx)
		if f, err = act.Find(f, err, "fileID"); err != nil {
			return nil, err
		}
		c.SetEstateID(f.EstateID).SetSubjectID(f.ID)
	}
	h, err := c.Save(tx)
	return &PlaceArchiveHoldPayload{h}, err
}

// ReleaseArchiveHoldInput says which hold ends, and why.
type ReleaseArchiveHoldInput struct {
	ID     uuid.UUID
	Reason string
}

// Check refuses an empty or endless reason.
func (in ReleaseArchiveHoldInput) Check() error {
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// ReleaseArchiveHoldPayload is the hold, released.
type ReleaseArchiveHoldPayload struct{ Hold *ent.ArchiveHold }

// ReleaseHold ends a hold, by who placed it or a manager (A7). Errors: NOT_FOUND; FORBIDDEN A7 for another's; CONFLICT if it was released.
var ReleaseHold = act.Guarded(act.New("archives.releaseHold", act.Needs(policy.ArchiveHold, policy.Update), act.Clauses("A7"), releaseHold), act.Guard[*ent.ArchiveHold]{
	Entity: ent.TypeArchiveHold,
	ID:     func(h *ent.ArchiveHold) uuid.UUID { return h.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.ArchiveHold, error) {
		return tx.ArchiveHold.Query().Where(archivehold.IDIn(list...)).All(tx)
	},
	Check: canRelease,
})

func releaseHold(tx *act.Tx, in ReleaseArchiveHoldInput) (*ReleaseArchiveHoldPayload, error) {
	h, err := tx.ArchiveHold.Query().Where(archivehold.ID(in.ID)).ForUpdate().Only(tx)
	if h, err = act.Find(h, err, "id"); err != nil {
		return nil, err
	}
	if err := canRelease(tx, h); err != nil {
		return nil, err
	}
	h, err = h.Update().SetReleasedAt(tx.Now).SetReleaseReason(wording.Tidy(in.Reason)).SetReleasedByID(tx.Viewer.Account).SetReleasedByName(tx.Viewer.Name).Save(tx)
	return &ReleaseArchiveHoldPayload{h}, err
}

// canRelease refuses a hold that was released, and another's to who does not manage the estate.
func canRelease(tx *act.Tx, h *ent.ArchiveHold) error {
	switch {
	case h.ReleasedAt != nil:
		return released()
	case h.PlacedByID != tx.Viewer.Account && !tx.Viewer.Scope(policy.ArchiveHold, policy.Approve).Covers(h.RowScope()):
		return othersHold()
	}
	return nil
}

func othersHold() *fault.Error {
	return fault.Denied("保管限制由设定人或经理解除。", "Who placed a hold, or a manager, releases it.").By("A7").At("id")
}

func released() *fault.Error {
	return fault.Clash("这项保管限制已解除。", "The hold was released.").By("A7")
}
