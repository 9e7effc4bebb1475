package archives

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/archivevolume"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// OpenVolumeInput describes a new volume.
type OpenVolumeInput struct {
	EstateID    uuid.UUID
	Category    archivedocument.Category
	HouseholdID *uuid.UUID // as of HandInDocumentInput
	StaffID     *uuid.UUID
	Code        string
	Title       string
	Place       *string
	PeriodFrom  calendar.Day
	PeriodUntil *calendar.Day // nil: open-ended, until it is closed
}

// Check refuses bad texts, and whom the category cannot concern.
func (in OpenVolumeInput) Check() error {
	err := cmp.Or(wording.CheckCode("code", in.Code), wording.CheckText("title", in.Title, 1, 200), wording.Optional(wording.CheckLine, "place", in.Place))
	class := classOf(in.Category)
	if (class == archivedocument.ClassHousehold) != (in.HouseholdID != nil) {
		err = cmp.Or(err, error(fault.Invalid("householdID", "业户案卷须选择业户,其他类别不要选择业户。",
			"Name the household for a volume of household files, and for no other.").By("A1.4")))
	}
	if (class == archivedocument.ClassStaff) != (in.StaffID != nil) {
		err = cmp.Or(err, error(fault.Invalid("staffID", "员工案卷须选择员工,其他类别不要选择员工。",
			"Name the member of staff for a volume of staff files, and for no other.").By("A1.3")))
	}
	return err
}

// OpenVolumePayload is the volume.
type OpenVolumePayload struct{ Volume *ent.ArchiveVolume }

// OpenVolume opens a volume (立卷) of one category, and of one file for households and staff (A2).
//
// Errors: NOT_FOUND; INVALID_INPUT for a period that ends before it begins; CONFLICT if the code is taken.
var OpenVolume = act.New("archives.openVolume", act.Needs(policy.ArchiveVolume, policy.Bind), act.Clauses("A2", "A1.1"), openVolume)

func openVolume(tx *act.Tx, in OpenVolumeInput) (*OpenVolumePayload, error) {
	e, err := tx.Estate.Get(tx, in.EstateID)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	of, err := fileOf(tx, e.ID, in.HouseholdID, in.StaffID)
	if err != nil {
		return nil, err
	}
	c := tx.ArchiveVolume.Create().SetEstateID(e.ID).SetClass(archivevolume.Class(classOf(in.Category))).SetCategory(archivevolume.Category(in.Category)).
		SetNillableHouseholdID(in.HouseholdID).SetNillableStaffID(in.StaffID).SetNillableFileID(of.file).SetNillableDepartmentID(of.department).SetNillableAccountID(of.account).
		SetCode(wording.Code(in.Code)).SetTitle(wording.Tidy(in.Title)).SetPlace(tidy(in.Place)).SetPeriodFrom(in.PeriodFrom.UTC()).
		SetOpenedByID(tx.Viewer.Account).SetOpenedByName(tx.Viewer.Name)
	if in.PeriodUntil != nil {
		c.SetPeriodUntil(in.PeriodUntil.UTC())
	}
	v, err := c.Save(tx)
	return &OpenVolumePayload{v}, err
}

// volume finds a volume and locks it.
func volume(tx *act.Tx, id uuid.UUID, field string) (*ent.ArchiveVolume, error) {
	v, err := tx.ArchiveVolume.Query().Where(archivevolume.ID(id)).ForUpdate().Only(tx)
	return act.Find(v, err, field)
}

func volumeGuard(check func(*act.Tx, *ent.ArchiveVolume) error) act.Guard[*ent.ArchiveVolume] {
	return act.Guard[*ent.ArchiveVolume]{
		Entity: ent.TypeArchiveVolume,
		ID:     func(v *ent.ArchiveVolume) uuid.UUID { return v.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.ArchiveVolume, error) {
			return tx.ArchiveVolume.Query().Where(archivevolume.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}

// isOpen refuses a volume that is closed.
func isOpen(_ *act.Tx, v *ent.ArchiveVolume) error {
	if v.State == archivevolume.StateClosed {
		return closed()
	}
	return nil
}
