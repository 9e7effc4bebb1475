package registry

import (
	"cmp"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/naming"
	"github.com/steward-pm/steward/policy"
)

// HireStaffInput describes a new member of staff.
type HireStaffInput struct {
	EstateID     uuid.UUID
	DepartmentID uuid.UUID
	Name         string
	Position     *string
	Phone        *string
	AccountID    *uuid.UUID    // that they sign in with
	EmployedFrom *calendar.Day // nil: today
}

// Check refuses bad names and numbers.
func (in HireStaffInput) Check() error {
	return cmp.Or(checkName("name", in.Name), optional(checkLine, "position", in.Position), optional(checkPhone, "phone", in.Phone))
}

// HireStaffPayload is the member of staff.
type HireStaffPayload struct{ Staff *ent.Staff }

// HireStaff takes somebody on, in a department. What they may do comes from the grants of their account.
//
// Errors: NOT_FOUND; CONFLICT if the account is another member's.
var HireStaff = act.New("registry.hireStaff", act.Needs(policy.Staff, policy.Create), nil, hireStaff)

func hireStaff(tx *act.Tx, in HireStaffInput) (*HireStaffPayload, error) {
	e, err := estateOf(tx, in.EstateID)
	if err != nil {
		return nil, err
	}
	d, err := departmentOf(tx, e.ID, in.DepartmentID)
	if err != nil {
		return nil, err
	}
	if err := accountOf(tx, in.AccountID); err != nil {
		return nil, err
	}
	from, err := dayOr(tx, e.ID, in.EmployedFrom)
	if err != nil {
		return nil, err
	}
	name := tidy(in.Name)
	s, err := tx.Staff.Create().SetEstateID(e.ID).SetDepartmentID(d.ID).SetName(name).SetSortKey(naming.Pinyin(name)).
		SetPosition(tidy(given(in.Position))).SetPhone(phoneOf(in.Phone)).
		SetNillableAccountID(in.AccountID).SetEmployedFrom(from.UTC()).Save(tx)
	return &HireStaffPayload{s}, err
}

// accountOf finds the account of a member of staff, if one is given. Errors: NOT_FOUND at accountID.
func accountOf(tx *act.Tx, id *uuid.UUID) error {
	if id == nil {
		return nil
	}
	_, err := tx.Runtime().Accounts.Find(tx, tx.Raw, *id)
	if f := fault.From(err); f != nil {
		return f.At("accountID")
	}
	return err
}

// dayOr is the day given, or the estate's today.
func dayOr(tx *act.Tx, estate uuid.UUID, day *calendar.Day) (calendar.Day, error) {
	if day != nil {
		return *day, nil
	}
	return tx.Today(estate)
}

// UpdateStaffInput changes a member of staff; what is nil stays.
type UpdateStaffInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	DepartmentID    *uuid.UUID
	Name            *string
	Position        *string
	Phone           *string
	AccountID       *uuid.UUID
}

// Check refuses bad names and numbers.
func (in UpdateStaffInput) Check() error {
	return cmp.Or(optional(checkName, "name", in.Name), optional(checkLine, "position", in.Position), optional(checkPhone, "phone", in.Phone))
}

// UpdateStaffPayload is the member of staff as they stand after.
type UpdateStaffPayload struct{ Staff *ent.Staff }

// UpdateStaff changes a member of staff. Errors: NOT_FOUND; CONFLICT if somebody changed them meanwhile, or
// the account is another member's.
var UpdateStaff = act.New("registry.updateStaff", act.Needs(policy.Staff, policy.Update), nil, updateStaff)

func updateStaff(tx *act.Tx, in UpdateStaffInput) (*UpdateStaffPayload, error) {
	s, err := edit(tx, in.ExpectedVersion, tx.Staff.Query().Where(staff.ID(in.ID)).ForUpdate().Only, func(s *ent.Staff) int { return s.Version })
	if err != nil {
		return nil, err
	}
	if err := accountOf(tx, in.AccountID); err != nil {
		return nil, err
	}
	u := s.Update().SetNillableAccountID(in.AccountID)
	if in.DepartmentID != nil {
		d, err := departmentOf(tx, s.EstateID, *in.DepartmentID)
		if err != nil {
			return nil, err
		}
		u.SetDepartmentID(d.ID)
	}
	if in.Name != nil {
		u.SetName(tidy(*in.Name)).SetSortKey(naming.Pinyin(tidy(*in.Name)))
	}
	if in.Position != nil {
		u.SetPosition(tidy(*in.Position))
	}
	if in.Phone != nil {
		u.SetPhone(phoneOf(in.Phone))
	}
	s, err = u.Save(tx)
	return &UpdateStaffPayload{s}, err
}
