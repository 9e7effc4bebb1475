package archives

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivefile"
	"github.com/steward-pm/steward/ent/archivevolume"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CloseVolumeInput says which volume is closed, and with what last day.
type CloseVolumeInput struct {
	ID          uuid.UUID
	PeriodUntil *calendar.Day // nil: as it was said when it was opened
}

// CloseVolumePayload is the volume as it stands after.
type CloseVolumePayload struct{ Volume *ent.ArchiveVolume }

// CloseVolume closes a volume: nothing more is bound into it (A2).
//
// Errors: NOT_FOUND; RULE A2 if it is closed; INVALID_INPUT if its last day is not known, or before its first.
var CloseVolume = act.Guarded(act.New("archives.closeVolume", act.Needs(policy.ArchiveVolume, policy.Bind), act.Clauses("A2"), closeVolume), volumeGuard(isOpen))

func closeVolume(tx *act.Tx, in CloseVolumeInput) (*CloseVolumePayload, error) {
	v, err := volume(tx, in.ID, "id")
	if err != nil {
		return nil, err
	}
	if err := isOpen(tx, v); err != nil {
		return nil, err
	}
	u := v.Update().SetState(archivevolume.StateClosed).SetClosedAt(tx.Now)
	if in.PeriodUntil != nil {
		u.SetPeriodUntil(in.PeriodUntil.UTC())
	} else if v.PeriodUntil == nil {
		return nil, fault.Invalid("periodUntil", "请填写案卷的截止日期。", "Say the last day of the volume's period.").By("A3")
	}
	v, err = u.Save(tx)
	return &CloseVolumePayload{v}, err
}

// ReopenVolumeInput says which volume is opened again, and why.
type ReopenVolumeInput struct {
	ID     uuid.UUID
	Reason string
}

// Check refuses an empty or endless reason.
func (in ReopenVolumeInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// ReopenVolumePayload is the volume as it stands after.
type ReopenVolumePayload struct{ Volume *ent.ArchiveVolume }

// ReopenVolume opens a volume again that was closed by mistake (A2).
//
// Errors: NOT_FOUND; CONFLICT if it is open.
var ReopenVolume = act.Guarded(act.New("archives.reopenVolume", act.Needs(policy.ArchiveVolume, policy.Bind), act.Clauses("A2"), reopenVolume), volumeGuard(isClosed))

func reopenVolume(tx *act.Tx, in ReopenVolumeInput) (*ReopenVolumePayload, error) {
	v, err := volume(tx, in.ID, "id")
	if err != nil {
		return nil, err
	}
	if err := isClosed(tx, v); err != nil {
		return nil, err
	}
	tx.Because(wording.Tidy(in.Reason))
	v, err = v.Update().SetState(archivevolume.StateOpen).ClearClosedAt().Save(tx)
	return &ReopenVolumePayload{v}, err
}

// isClosed refuses a volume that is open, and one of which all was destroyed.
func isClosed(_ *act.Tx, v *ent.ArchiveVolume) error {
	if v.Title == "" {
		return fault.Rule("A7", "案卷中的文件已全部销毁,案卷只留存根。", "All that was in the volume was destroyed; this is its stub.").At("id")
	}
	if v.State == archivevolume.StateOpen {
		return fault.Clash("案卷没有封卷。", "The volume is open.").By("A2")
	}
	return nil
}

// PlaceInArchiveInput says where a volume or a file stands now: exactly one of them.
type PlaceInArchiveInput struct {
	VolumeID        *uuid.UUID
	FileID          *uuid.UUID
	Place           string
	ExpectedVersion int
}

// Check refuses an endless place, and none or two things to be placed.
func (in PlaceInArchiveInput) Check() error {
	if (in.VolumeID == nil) == (in.FileID == nil) {
		return fault.Invalid("volumeID", "请选择案卷或档案之一。", "Name either a volume or a file.").By("A2")
	}
	return wording.CheckText("place", in.Place, 1, 100)
}

// PlaceInArchivePayload is what was placed.
type PlaceInArchivePayload struct {
	Volume *ent.ArchiveVolume
	File   *ent.ArchiveFile
}

// Place says where a volume or a file stands: room, cabinet, shelf (A2).
//
// Errors: NOT_FOUND; CONFLICT if somebody changed it meanwhile.
var Place = act.New("archives.place", act.Needs(policy.ArchiveVolume, policy.Update), act.Clauses("A2"), place)

func place(tx *act.Tx, in PlaceInArchiveInput) (*PlaceInArchivePayload, error) {
	to := wording.Tidy(in.Place)
	if in.VolumeID != nil {
		v, err := volume(tx, *in.VolumeID, "volumeID")
		if err != nil {
			return nil, err
		}
		if err := tx.Expect(v, v.Version, in.ExpectedVersion); err != nil {
			return nil, err
		}
		v, err = v.Update().SetPlace(to).Save(tx)
		return &PlaceInArchivePayload{Volume: v}, err
	}
	f, err := tx.ArchiveFile.Query().Where(archivefile.ID(*in.FileID)).ForUpdate().Only(tx)
	if f, err = act.Find(f, err, "fileID"); err != nil {
		return nil, err
	}
	if err := tx.Expect(f, f.Version, in.ExpectedVersion); err != nil {
		return nil, err
	}
	f, err = f.Update().SetPlace(to).Save(tx)
	return &PlaceInArchivePayload{File: f}, err
}
