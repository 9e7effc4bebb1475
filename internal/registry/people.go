package registry

import (
	"cmp"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/emergencycontact"
	"github.com/steward-pm/steward/ent/resident"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/naming"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// NewResidentInput is a person of a new household.
type NewResidentInput struct {
	Name     string
	Relation *resident.Relation // nil: family
	Phone    *string
}

func (in NewResidentInput) check(path string) error {
	return cmp.Or(wording.CheckName(path+"name", in.Name), wording.Optional(checkPhone, path+"phone", in.Phone))
}

func (in NewResidentInput) create(tx *act.Tx, h *ent.Household) *ent.ResidentCreate {
	name := wording.Tidy(in.Name)
	return tx.Resident.Create().SetEstateID(h.EstateID).SetHouseholdID(h.ID).SetName(name).SetSortKey(naming.Pinyin(name)).
		SetNillableRelation(in.Relation).SetPhone(phoneOf(in.Phone))
}

// AddResidentInput is a further person of a household.
type AddResidentInput struct {
	HouseholdID uuid.UUID
	Name        string
	Relation    *resident.Relation // nil: family
	Phone       *string
}

// Check refuses bad names and numbers.
func (in AddResidentInput) Check() error { return in.person().check("") }

func (in AddResidentInput) person() NewResidentInput {
	return NewResidentInput{in.Name, in.Relation, in.Phone}
}

// AddResidentPayload is the resident.
type AddResidentPayload struct{ Resident *ent.Resident }

// AddResident adds a person to a household. Errors: NOT_FOUND.
var AddResident = act.New("registry.addResident", act.Needs(policy.ResidentPerson, policy.Create), nil, addResident)

func addResident(tx *act.Tx, in AddResidentInput) (*AddResidentPayload, error) {
	h, err := householdOf(tx, in.HouseholdID)
	if err != nil {
		return nil, err
	}
	r, err := in.person().create(tx, h).Save(tx)
	return &AddResidentPayload{r}, err
}

// UpdateResidentInput changes a resident; what is nil stays.
type UpdateResidentInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Name            *string
	Relation        *resident.Relation
	Phone           *string
}

// Check refuses bad names and numbers.
func (in UpdateResidentInput) Check() error {
	return cmp.Or(wording.Optional(wording.CheckName, "name", in.Name), wording.Optional(checkPhone, "phone", in.Phone))
}

// UpdateResidentPayload is the resident as they stand after.
type UpdateResidentPayload struct{ Resident *ent.Resident }

// UpdateResident changes a resident. Errors: NOT_FOUND; CONFLICT if somebody changed them meanwhile.
var UpdateResident = act.New("registry.updateResident", act.Needs(policy.ResidentPerson, policy.Update), nil, updateResident)

func updateResident(tx *act.Tx, in UpdateResidentInput) (*UpdateResidentPayload, error) {
	r, err := edit(tx, in.ExpectedVersion, tx.Resident.Query().Where(resident.ID(in.ID)).ForUpdate().Only, func(r *ent.Resident) int { return r.Version })
	if err != nil {
		return nil, err
	}
	u := r.Update().SetNillableRelation(in.Relation)
	if in.Name != nil {
		u.SetName(wording.Tidy(*in.Name)).SetSortKey(naming.Pinyin(wording.Tidy(*in.Name)))
	}
	if in.Phone != nil {
		u.SetPhone(phoneOf(in.Phone))
	}
	r, err = u.Save(tx)
	return &UpdateResidentPayload{r}, err
}

// AddEmergencyContactInput is whom to call when something happens to a household.
type AddEmergencyContactInput struct {
	HouseholdID uuid.UUID
	Name        string
	Phone       string
}

// Check refuses bad names and numbers.
func (in AddEmergencyContactInput) Check() error {
	return cmp.Or(wording.CheckName("name", in.Name), wording.CheckName("phone", in.Phone), checkPhone("phone", in.Phone))
}

// AddEmergencyContactPayload is the contact.
type AddEmergencyContactPayload struct{ EmergencyContact *ent.EmergencyContact }

// AddEmergencyContact records whom to call (紧急联系人, A1.4). Errors: NOT_FOUND.
var AddEmergencyContact = act.New("registry.addEmergencyContact", act.Needs(policy.EmergencyContact, policy.Create), act.Clauses("A1.4"), addEmergencyContact)

func addEmergencyContact(tx *act.Tx, in AddEmergencyContactInput) (*AddEmergencyContactPayload, error) {
	h, err := householdOf(tx, in.HouseholdID)
	if err != nil {
		return nil, err
	}
	c, err := tx.EmergencyContact.Create().SetEstateID(h.EstateID).SetHouseholdID(h.ID).SetName(wording.Tidy(in.Name)).
		SetPhone(phoneOf(&in.Phone)).Save(tx)
	return &AddEmergencyContactPayload{c}, err
}

// UpdateEmergencyContactInput changes a contact; what is nil stays.
type UpdateEmergencyContactInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Name            *string
	Phone           *string
}

// Check refuses bad names and numbers.
func (in UpdateEmergencyContactInput) Check() error {
	return cmp.Or(wording.Optional(wording.CheckName, "name", in.Name), wording.Optional(wording.CheckName, "phone", in.Phone), wording.Optional(checkPhone, "phone", in.Phone))
}

// UpdateEmergencyContactPayload is the contact as it stands after.
type UpdateEmergencyContactPayload struct{ EmergencyContact *ent.EmergencyContact }

// UpdateEmergencyContact changes whom to call. Errors: NOT_FOUND; CONFLICT if somebody changed it meanwhile.
var UpdateEmergencyContact = act.New("registry.updateEmergencyContact", act.Needs(policy.EmergencyContact, policy.Update), act.Clauses("A1.4"), updateEmergencyContact)

func updateEmergencyContact(tx *act.Tx, in UpdateEmergencyContactInput) (*UpdateEmergencyContactPayload, error) {
	c, err := edit(tx, in.ExpectedVersion, tx.EmergencyContact.Query().Where(emergencycontact.ID(in.ID)).ForUpdate().Only,
		func(c *ent.EmergencyContact) int { return c.Version })
	if err != nil {
		return nil, err
	}
	u := c.Update()
	if in.Name != nil {
		u.SetName(wording.Tidy(*in.Name))
	}
	if in.Phone != nil {
		u.SetPhone(phoneOf(in.Phone))
	}
	c, err = u.Save(tx)
	return &UpdateEmergencyContactPayload{c}, err
}
