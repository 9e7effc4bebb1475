package registry

import (
	"cmp"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/externalperson"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/naming"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// RegisterExternalPersonInput describes somebody from outside.
type RegisterExternalPersonInput struct {
	EstateID uuid.UUID
	Name     string
	Company  string
	Phone    string
}

// Check refuses who has no name, company or telephone (K2.1).
func (in RegisterExternalPersonInput) Check() error {
	return cmp.Or(wording.CheckName("name", in.Name), wording.CheckName("company", in.Company), wording.CheckName("phone", in.Phone), checkPhone("phone", in.Phone))
}

// RegisterExternalPersonPayload is the person.
type RegisterExternalPersonPayload struct{ ExternalPerson *ent.ExternalPerson }

// RegisterExternalPerson registers a contractor, who may then borrow keys (K2.1). Errors: NOT_FOUND.
var RegisterExternalPerson = act.New("registry.registerExternalPerson", act.Needs(policy.ExternalPerson, policy.Create), act.Clauses("K2.1"), registerExternalPerson)

func registerExternalPerson(tx *act.Tx, in RegisterExternalPersonInput) (*RegisterExternalPersonPayload, error) {
	e, err := estateOf(tx, in.EstateID)
	if err != nil {
		return nil, err
	}
	name := wording.Tidy(in.Name)
	if err := notOfStaff(tx, e.ID, name); err != nil {
		return nil, err
	}
	p, err := tx.ExternalPerson.Create().SetEstateID(e.ID).SetName(name).SetSortKey(naming.Pinyin(name)).
		SetCompany(wording.Tidy(in.Company)).SetPhone(phoneOf(&in.Phone)).Save(tx)
	return &RegisterExternalPersonPayload{p}, err
}

// UpdateExternalPersonInput changes a person; what is nil stays.
type UpdateExternalPersonInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Name            *string
	Company         *string
	Phone           *string
}

// Check refuses bad names and numbers.
func (in UpdateExternalPersonInput) Check() error {
	return cmp.Or(wording.Optional(wording.CheckName, "name", in.Name), wording.Optional(wording.CheckName, "company", in.Company),
		wording.Optional(wording.CheckName, "phone", in.Phone), wording.Optional(checkPhone, "phone", in.Phone))
}

// UpdateExternalPersonPayload is the person as they stand after.
type UpdateExternalPersonPayload struct{ ExternalPerson *ent.ExternalPerson }

// UpdateExternalPerson changes a contractor. Errors: NOT_FOUND; CONFLICT if somebody changed them meanwhile.
var UpdateExternalPerson = act.New("registry.updateExternalPerson", act.Needs(policy.ExternalPerson, policy.Update), act.Clauses("K2.1"), updateExternalPerson)

func updateExternalPerson(tx *act.Tx, in UpdateExternalPersonInput) (*UpdateExternalPersonPayload, error) {
	p, err := edit(tx, in.ExpectedVersion, tx.ExternalPerson.Query().Where(externalperson.ID(in.ID)).ForUpdate().Only,
		func(p *ent.ExternalPerson) int { return p.Version })
	if err != nil {
		return nil, err
	}
	u := p.Update()
	if in.Name != nil {
		if err := notOfStaff(tx, p.EstateID, wording.Tidy(*in.Name)); err != nil {
			return nil, err
		}
		u.SetName(wording.Tidy(*in.Name)).SetSortKey(naming.Pinyin(wording.Tidy(*in.Name)))
	}
	if in.Company != nil {
		u.SetCompany(wording.Tidy(*in.Company))
	}
	if in.Phone != nil {
		u.SetPhone(phoneOf(in.Phone))
	}
	p, err = u.Save(tx)
	return &UpdateExternalPersonPayload{p}, err
}

// notOfStaff refuses the name of somebody on the estate's staff: as external they would borrow past their own password (K2.1).
func notOfStaff(tx *act.Tx, estate uuid.UUID, name string) error {
	found, err := tx.Staff.Query().Where(staff.EstateID(estate), staff.NameEqualFold(name), staff.EmployedUntilIsNil()).Exist(tx)
	if err == nil && found {
		err = fault.Invalid("name", "这是本项目员工的姓名;员工请按员工借用,是同名的另一人请在姓名后注明。",
			"Somebody of the estate's staff has this name: staff borrow as staff; of another person, add something to the name.").By("K2.1")
	}
	return err
}
