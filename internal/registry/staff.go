package registry

import (
	"cmp"
	"strings"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/naming"
	"github.com/steward-pm/steward/internal/wording"
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
	return cmp.Or(wording.CheckName("name", in.Name), wording.Optional(wording.CheckLine, "position", in.Position), wording.Optional(checkPhone, "phone", in.Phone))
}

// HireStaffPayload is the member of staff.
type HireStaffPayload struct{ Staff *ent.Staff }

// HireStaff takes somebody on, in a department. What they may do comes from the grants of their account.
//
// Errors: INVALID_INPUT for a day that cannot be meant, or an account that is no member of staff's; NOT_FOUND;
// FORBIDDEN for an account of the portfolio's, or of other estates only; CONFLICT if the account is another member's.
var HireStaff = act.New("registry.hireStaff", act.Needs(policy.Staff, policy.Create).SessionOnly(), nil, hireStaff)

func hireStaff(tx *act.Tx, in HireStaffInput) (*HireStaffPayload, error) {
	e, err := estateOf(tx, in.EstateID)
	if err != nil {
		return nil, err
	}
	d, err := departmentOf(tx, e.ID, in.DepartmentID)
	if err != nil {
		return nil, err
	}
	if err := accountOf(tx, e.ID, in.AccountID); err != nil {
		return nil, err
	}
	from, err := firstDay(tx, e.ID, in.EmployedFrom)
	if err != nil {
		return nil, err
	}
	name := wording.Tidy(in.Name)
	s, err := tx.Staff.Create().SetEstateID(e.ID).SetDepartmentID(d.ID).SetName(name).SetSortKey(naming.Pinyin(name)).
		SetPosition(wording.Tidy(given(in.Position))).SetPhone(phoneOf(in.Phone)).
		SetNillableAccountID(in.AccountID).SetEmployedFrom(from.UTC()).Save(tx)
	return &HireStaffPayload{s}, err
}

// accountOf finds the account of a member of staff, if one is given. Whom a manager takes on, the manager can
// lock out again (EndEmployment): so it must be somebody of the manager's own.
//
// Errors, at accountID: NOT_FOUND; INVALID_INPUT; FORBIDDEN.
func accountOf(tx *act.Tx, estate uuid.UUID, id *uuid.UUID) error {
	if id == nil {
		return nil
	}
	scope, accounts := access.RuleFrom(tx).Scope, tx.Runtime().Accounts
	reach := "*"
	if !scope.Whole() {
		list := []string{estate.String()}
		for _, e := range scope.Estates {
			list = append(list, e.String())
		}
		reach = "{" + strings.Join(list, ",") + "}"
	}
	return within(tx, reach, func() error {
		a, err := accounts.Find(tx, tx.Raw, *id)
		if f := fault.From(err); f != nil {
			return f.At("accountID")
		}
		if err != nil {
			return err
		}
		standings, err := accounts.Standings(tx, tx.Raw, []uuid.UUID{a.ID})
		standing := standings[a.ID]
		switch {
		case err != nil:
			return err
		case a.Kind != account.Staff:
			return fault.Invalid("accountID", "这不是员工账号,请选择员工账号。", "This is not an account of staff; name one that is.")
		case standing.Reserved > 0 && !scope.Whole():
			return fault.Denied("该账号属于审计人员或总经理,请由总经理办理。",
				"This account is an auditor's or general manager's; ask the general manager to do this.").At("accountID")
		case standing.Here == 0 && standing.Elsewhere > 0:
			return fault.Denied("该账号现在只在其他小区有角色,请先由总经理授予其在您小区的角色。",
				"This account holds roles in other estates only; ask the general manager to give it one in yours first.").At("accountID")
		}
		return nil
	})
}

// firstDay is the day given, or the estate's today, if it can be meant.
func firstDay(tx *act.Tx, estate uuid.UUID, given *calendar.Day) (calendar.Day, error) {
	today, err := tx.Today(estate)
	if err != nil || given == nil {
		return today, err
	}
	if given.Before(calendar.Date(1950, 1, 1)) || given.After(today.AddMonths(12)) {
		return today, fault.Invalid("employedFrom", "入职日期应在 1950 年之后、今后一年之内。", "The first day lies after 1950, and at most a year ahead.")
	}
	return *given, nil
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
	return cmp.Or(wording.Optional(wording.CheckName, "name", in.Name), wording.Optional(wording.CheckLine, "position", in.Position), wording.Optional(checkPhone, "phone", in.Phone))
}

// UpdateStaffPayload is the member of staff as they stand after.
type UpdateStaffPayload struct{ Staff *ent.Staff }

// UpdateStaff changes a member of staff. Errors: as HireStaff; CONFLICT if somebody changed them meanwhile.
var UpdateStaff = act.New("registry.updateStaff", act.Needs(policy.Staff, policy.Update).SessionOnly(), nil, updateStaff)

func updateStaff(tx *act.Tx, in UpdateStaffInput) (*UpdateStaffPayload, error) {
	s, err := edit(tx, in.ExpectedVersion, tx.Staff.Query().Where(staff.ID(in.ID)).ForUpdate().Only, func(s *ent.Staff) int { return s.Version })
	if err != nil {
		return nil, err
	}
	if err := accountOf(tx, s.EstateID, in.AccountID); err != nil {
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
		u.SetName(wording.Tidy(*in.Name)).SetSortKey(naming.Pinyin(wording.Tidy(*in.Name)))
	}
	if in.Position != nil {
		u.SetPosition(wording.Tidy(*in.Position))
	}
	if in.Phone != nil {
		u.SetPhone(phoneOf(in.Phone))
	}
	s, err = u.Save(tx)
	return &UpdateStaffPayload{s}, err
}
