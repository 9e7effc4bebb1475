package demo

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/policy"
)

// job is a role with the position and department that go with it.
type job struct {
	role     policy.Role
	position string
	kind     department.Kind // of the department; empty: of none
	grants   bool            // the grant names the department
}

var jobs = []job{
	{policy.GeneralManager, "总经理", "", false},
	{policy.ProjectManager, "项目经理", department.KindCustomerService, false},
	{policy.Supervisor, "客服主管", department.KindCustomerService, true},
	{policy.CSOfficer, "客服助理", department.KindCustomerService, false},
	{policy.KeyCustodian, "钥匙管理员", department.KindCustomerService, false},
	{policy.Archivist, "档案管理员", department.KindCustomerService, false},
	{policy.Receptionist, "接待员", department.KindCustomerService, false},
	{policy.MailSorter, "邮件分拣员", department.KindCustomerService, false},
	{policy.Accountant, "会计", department.KindFinance, false},
	{policy.SealKeeper, "印章保管员", department.KindFinance, false},
	{policy.Security, "安全主管", department.KindSecurity, true},
	{policy.Engineering, "工程师傅", department.KindEngineering, true},
	{policy.Auditor, "审计", "", false},
	{policy.Resident, "", "", false},
}

// team is who works in the estates.
type team struct {
	signIns                []SignIn
	colleagues             map[uuid.UUID]map[policy.Role]colleague // by estate; a general manager is in the first
	mechanics, contractors map[uuid.UUID][]uuid.UUID               // who borrow: staff, external persons
	uploads                *files.Files
}

// colleague is somebody with an account, who signs with its password.
type colleague struct {
	viewer   *access.Viewer
	password string
	staff    *uuid.UUID // nil: of no estate
}

// hire makes the accounts: every role in the first estate, and in each other one those who make its history.
func hire(ctx context.Context, rt *act.Runtime, table *policy.Table, estates []*ent.Estate) (*team, error) {
	t := &team{colleagues: map[uuid.UUID]map[policy.Role]colleague{}, mechanics: map[uuid.UUID][]uuid.UUID{}, contractors: map[uuid.UUID][]uuid.UUID{}}
	r := seeded(99)
	for i, e := range estates {
		departments, err := furnish(ctx, e)
		if err != nil {
			return nil, err
		}
		t.colleagues[e.ID] = map[policy.Role]colleague{}
		for _, j := range jobs {
			if i > 0 && j.role != policy.ProjectManager && j.role != policy.CSOfficer && j.role != policy.KeyCustodian && j.role != policy.Engineering {
				continue
			}
			if err := t.employ(ctx, rt, table, e, i, j, departments, name(r)); err != nil {
				return nil, fmt.Errorf("%s: %w", j.role, err)
			}
		}
		if err := t.hireMechanic(ctx, rt, e, departments[department.KindEngineering]); err != nil {
			return nil, err
		}
		for _, company := range []string{"顺达装饰", "恒通电梯", "绿源保洁"} {
			p, err := registry.RegisterExternalPerson.Do(ctx, registry.RegisterExternalPersonInput{EstateID: e.ID, Name: name(r), Company: company, Phone: phone(r)})
			if err != nil {
				return nil, err
			}
			t.contractors[e.ID] = append(t.contractors[e.ID], p.ExternalPerson.ID)
		}
	}
	return t, nil
}

func furnish(ctx context.Context, e *ent.Estate) (map[department.Kind]uuid.UUID, error) {
	out := map[department.Kind]uuid.UUID{}
	for _, d := range []struct {
		name string
		kind department.Kind
	}{{"客服部", department.KindCustomerService}, {"工程部", department.KindEngineering}, {"安全部", department.KindSecurity}, {"财务部", department.KindFinance}} {
		p, err := registry.CreateDepartment.Do(ctx, registry.CreateDepartmentInput{EstateID: e.ID, Name: d.name, Kind: d.kind})
		if err != nil {
			return nil, err
		}
		out[d.kind] = p.Department.ID
	}
	return out, nil
}

// employ makes the account of a job, its grant, and the member of staff.
func (t *team) employ(ctx context.Context, rt *act.Runtime, table *policy.Table, e *ent.Estate, i int, j job, departments map[department.Kind]uuid.UUID, who string) error {
	label := string(j.role)
	if i > 0 {
		label = fmt.Sprintf("%s-%d", j.role, i+1)
	}
	login := SignIn{label, label + "@steward.example", password()}
	grant := account.NewGrant{Role: string(j.role), Estate: e.ID, From: calendar.DayOf(rt.Clock.Now().AddDate(-1, 0, 0))}
	kind := account.Staff
	switch {
	case j.role == policy.GeneralManager, j.role == policy.Auditor:
		grant.Estate = uuid.Nil
	case j.role == policy.Resident:
		home, err := rt.DB.Ent.Household.Query().Where(household.EstateID(e.ID), household.HasOccupancies()).Order(ent.Asc(household.FieldCode)).First(ctx)
		if err != nil {
			return err
		}
		kind, who, grant.Household = account.Resident, home.Name, home.ID
	case j.grants:
		grant.Department = departments[j.kind]
	}
	acc, err := admit(ctx, rt, account.NewAccount{Email: login.Email, Name: who, Kind: kind, Password: login.Password}, grant)
	if err != nil {
		return err
	}
	if i == 0 || j.role == policy.ProjectManager && i == 1 {
		t.signIns = append(t.signIns, login)
	}
	c := colleague{password: login.Password, viewer: access.New(table, access.Viewer{
		Account: acc, Name: who, Email: login.Email,
		Grants: []access.Grant{{Role: j.role, Estate: grant.Estate, Department: grant.Department, WorksIn: departments[j.kind], Household: grant.Household}},
	})}
	if j.kind != "" {
		from := calendar.DayOf(rt.Clock.Now().AddDate(-2, 0, 0))
		p, err := registry.HireStaff.Do(ctx, registry.HireStaffInput{EstateID: e.ID, DepartmentID: departments[j.kind], Name: who, Position: &j.position, AccountID: &acc, EmployedFrom: &from})
		if err != nil {
			return err
		}
		c.staff = &p.Staff.ID
	}
	t.colleagues[e.ID][j.role] = c
	return nil
}

// mechanicName is who borrows keys most, and delivers them for engineering.
const mechanicName = "钟师傅"

// hireMechanic hires who borrows keys, and has no account: the clerk attests the signature (K2.1).
func (t *team) hireMechanic(ctx context.Context, rt *act.Runtime, e *ent.Estate, department uuid.UUID) error {
	from, position := calendar.DayOf(rt.Clock.Now().AddDate(-2, 0, 0)), "水电工"
	p, err := registry.HireStaff.Do(ctx, registry.HireStaffInput{EstateID: e.ID, DepartmentID: department, Name: mechanicName, Position: &position, EmployedFrom: &from})
	if err == nil {
		t.mechanics[e.ID] = append(t.mechanics[e.ID], p.Staff.ID)
	}
	return err
}

// admit makes an account with one grant.
func admit(ctx context.Context, rt *act.Runtime, a account.NewAccount, g account.NewGrant) (id uuid.UUID, err error) {
	err = rt.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
		acc, _, err := rt.Accounts.Create(ctx, tx, a)
		if err != nil {
			return err
		}
		id, g.Account = acc.ID, acc.ID
		_, err = rt.Accounts.Grant(ctx, tx, g)
		return err
	})
	return id, err
}
