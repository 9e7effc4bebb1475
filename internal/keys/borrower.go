package keys

import (
	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/externalperson"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/ent/resident"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
)

// BorrowerInput says who borrows: exactly one is given.
type BorrowerInput struct {
	StaffID          *uuid.UUID
	ResidentID       *uuid.UUID
	ExternalPersonID *uuid.UUID
}

// field names the one that is given.
func (in BorrowerInput) field() string {
	switch {
	case in.StaffID != nil:
		return "borrower.staffID"
	case in.ResidentID != nil:
		return "borrower.residentID"
	}
	return "borrower.externalPersonID"
}

// borrower finds the borrower's account in the estate's ledger, or opens it. The person's row is locked
// first, so that two first loans of one person make one account.
//
// Errors: NOT_FOUND at the person; CONFLICT for staff who have left.
func borrower(tx *act.Tx, estate uuid.UUID, in BorrowerInput) (*ent.KeyHolder, error) {
	switch {
	case in.StaffID != nil:
		p, err := tx.Staff.Query().Where(staff.ID(*in.StaffID), staff.EstateID(estate)).ForUpdate().Only(tx)
		if p, err = act.Find(p, err, "borrower.staffID"); err != nil {
			return nil, err
		}
		today, err := tx.Today(estate)
		if err != nil {
			return nil, err
		}
		if p.EmployedUntil != nil && !calendar.DayOf(*p.EmployedUntil).After(today) {
			return nil, fault.Clash("%[1]s 已离职,不能借用钥匙。", "%[1]s has left and cannot borrow keys.", p.Name).At("borrower.staffID")
		}
		return holder(tx, keyholder.StaffID(p.ID), tx.KeyHolder.Create().SetEstateID(estate).SetKind(keyholder.KindStaff).SetName(p.Name).SetStaffID(p.ID))
	case in.ResidentID != nil:
		p, err := tx.Resident.Query().Where(resident.ID(*in.ResidentID), resident.EstateID(estate)).ForUpdate().Only(tx)
		if p, err = act.Find(p, err, "borrower.residentID"); err != nil {
			return nil, err
		}
		return holder(tx, keyholder.ResidentID(p.ID), tx.KeyHolder.Create().SetEstateID(estate).SetKind(keyholder.KindResident).
			SetName(p.Name).SetResidentID(p.ID).SetHouseholdID(p.HouseholdID))
	case in.ExternalPersonID != nil:
		p, err := tx.ExternalPerson.Query().Where(externalperson.ID(*in.ExternalPersonID), externalperson.EstateID(estate)).ForUpdate().Only(tx)
		if p, err = act.Find(p, err, "borrower.externalPersonID"); err != nil {
			return nil, err
		}
		return holder(tx, keyholder.ExternalPersonID(p.ID), tx.KeyHolder.Create().SetEstateID(estate).SetKind(keyholder.KindExternal).
			SetName(externalName(p)).SetExternalPersonID(p.ID))
	}
	return nil, noBorrower()
}

// householdHolder finds a household's account in the ledger, or opens it. Errors: NOT_FOUND at householdID.
func householdHolder(tx *act.Tx, estate, id uuid.UUID) (*ent.KeyHolder, error) {
	h, err := tx.Household.Query().Where(household.ID(id), household.EstateID(estate)).ForUpdate().Only(tx)
	if h, err = act.Find(h, err, "householdID"); err != nil {
		return nil, err
	}
	return holder(tx, keyholder.And(keyholder.HouseholdID(id), keyholder.KindEQ(keyholder.KindHousehold)),
		tx.KeyHolder.Create().SetEstateID(estate).SetKind(keyholder.KindHousehold).SetName(h.Name).SetHouseholdID(id))
}

func holder(tx *act.Tx, is predicate.KeyHolder, create *ent.KeyHolderCreate) (*ent.KeyHolder, error) {
	h, err := tx.KeyHolder.Query().Where(is).Only(tx)
	if ent.IsNotFound(err) {
		return create.Save(tx)
	}
	return h, err
}
