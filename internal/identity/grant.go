package identity

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

func init() {
	act.Explain("grants_held", fault.Clash("该账号在此期间已有这个角色。", "The account holds this role there in these days already."))
}

// Grant is a role that an account holds, held or will hold somewhere.
type Grant struct {
	ID, AccountID uuid.UUID
	Role          string
	EstateID      *uuid.UUID // nil: the whole portfolio
	DepartmentID  *uuid.UUID
	HouseholdID   *uuid.UUID
	From          calendar.Day
	Until         *calendar.Day // the last day; nil: open
	RevokedAt     *time.Time
}

func grantOf(g account.Grant) *Grant {
	out := &Grant{
		ID: g.ID, AccountID: g.AccountID, Role: g.Role, EstateID: optional(g.Estate), DepartmentID: optional(g.Department),
		HouseholdID: optional(g.Household), From: g.From, RevokedAt: g.RevokedAt,
	}
	if !g.Until.IsZero() {
		out.Until = &g.Until
	}
	return out
}

// Grants lists all grants of an account where the viewer may see them, ended and future ones too: one statement.
func Grants(ctx context.Context, of uuid.UUID) (list []*Grant, err error) {
	err = read(ctx, policy.Grant, func(q pgx.Tx) error {
		found, err := act.From(ctx).Accounts.ListGrants(ctx, q, account.GrantFilter{Accounts: []uuid.UUID{of}})
		list = make([]*Grant, len(found))
		for i, g := range found {
			list[i] = grantOf(g)
		}
		return err
	})
	return list, err
}

// RoleInput is a role, where, and from when until when.
type RoleInput struct {
	Role         string
	EstateID     *uuid.UUID
	DepartmentID *uuid.UUID
	HouseholdID  *uuid.UUID
	From         *calendar.Day // nil: today
	Until        *calendar.Day // the last day; nil: open
}

// Check refuses a place that the role is not held in (the rulebook, "Who may do what").
func (in RoleInput) Check() error {
	role := policy.Role(in.Role)
	ofDepartment := role == policy.Supervisor || role == policy.Security || role == policy.Engineering
	switch {
	case !slices.Contains(policy.Roles, role):
		return fault.Invalid("role", "没有这个角色。", "There is no such role.")
	case role == policy.GeneralManager && in.EstateID != nil:
		return fault.Invalid("estateID", "总经理的授权针对全部小区,请不要指明小区。", "A general manager's grant is for the whole portfolio; leave the estate out.")
	case in.EstateID == nil && role != policy.GeneralManager && role != policy.Auditor:
		return fault.Invalid("estateID", "请指明小区。", "Name the estate.")
	case ofDepartment && in.DepartmentID == nil:
		return fault.Invalid("departmentID", "该角色属于某个部门,请指明部门。", "The role is one of a department: name it.")
	case !ofDepartment && in.DepartmentID != nil:
		return fault.Invalid("departmentID", "该角色不属于部门,请不要指明部门。", "The role is not one of a department; leave it out.")
	case role == policy.Resident && in.HouseholdID == nil:
		return fault.Invalid("householdID", "请指明业户。", "Name the household.")
	case role != policy.Resident && in.HouseholdID != nil:
		return fault.Invalid("householdID", "只有住户的授权指明业户。", "Only a resident's grant names a household.")
	}
	return nil
}

// GrantRoleInput is a role for an account.
type GrantRoleInput struct {
	AccountID uuid.UUID
	RoleInput
}

// GrantRolePayload is the grant.
type GrantRolePayload struct{ Grant *Grant }

// GrantRole gives an account a role. Nobody gives one to themselves. A project manager gives the
// estate's roles in the own estate to accounts that work there; what reaches over the portfolio, and
// who audits, is the general manager's to say.
//
// Errors: INVALID_INPUT for a place that the role is not held in, and days too far ahead; FORBIDDEN; NOT_FOUND for an account,
// estate, department or household that is not there; CONFLICT if the account holds the role there already.
var GrantRole = act.New("identity.grantRole", act.Needs(policy.Grant, policy.Create).SessionOnly(), nil, func(tx *act.Tx, in GrantRoleInput) (*GrantRolePayload, error) {
	if _, err := administered(tx, in.AccountID); err != nil {
		return nil, missingAt(err, "accountID")
	}
	if err := ofOthers(tx, in.AccountID); err != nil {
		return nil, err
	}
	g, err := give(tx, in.AccountID, in.RoleInput)
	if err != nil {
		return nil, err
	}
	return &GrantRolePayload{grantOf(g)}, nil
})

// ofOthers refuses a manager who gives a role to whom other estates employ, and the manager's do not any more: with
// a role in both, those would lose their power over the account.
func ofOthers(tx *act.Tx, id uuid.UUID) error {
	standings, err := tx.Runtime().Accounts.Standings(tx, tx.Raw, []uuid.UUID{id})
	if s := standings[id]; err == nil && s.Here == 0 && s.Elsewhere > 0 && !access.RuleFrom(tx).Scope.Whole() {
		err = fault.Denied("该账号现在只在其他小区有角色,请由总经理授予。",
			"This account holds roles in other estates only. Ask the general manager to give it one in yours.").At("accountID")
	}
	return err
}

// give grants the role, under the account's lock.
func give(tx *act.Tx, to uuid.UUID, in RoleInput) (g account.Grant, err error) {
	scope := tx.Viewer.Barred(tx.Viewer.Scope(policy.Grant, policy.Create))
	if !scope.Whole() && (in.EstateID == nil || ofPortfolio(in.Role)) {
		return g, fault.Denied("只有总经理可以授予总经理或审计人员,以及全部小区的授权。",
			"Only the general manager makes general managers and auditors, and grants over the whole portfolio.").At("role")
	}
	today, err := placed(tx, scope, in)
	if err != nil {
		return g, err
	}
	n := account.NewGrant{
		Account: to, Role: in.Role, Estate: value(in.EstateID), Department: value(in.DepartmentID), Household: value(in.HouseholdID),
		From: today, By: tx.Viewer.Account,
	}
	if in.From != nil {
		n.From = *in.From
	}
	if in.Until != nil {
		n.Until = *in.Until
	}
	switch {
	case n.From.Before(today):
		return g, fault.Invalid("from", "生效日期不能早于今天。", "A grant begins today or later.")
	case n.From.After(today.AddMonths(12)):
		return g, fault.Invalid("from", "生效日期最晚在今后一年之内。", "A grant begins within the next year.")
	case n.Until.After(today.AddMonths(30 * 12)):
		return g, fault.Invalid("until", "截止日期最晚在今后三十年之内;长期有效的请留空。",
			"A grant ends within the next thirty years; leave its last day out if it has none.")
	}
	if g, err = tx.Runtime().Accounts.Grant(tx, tx.Raw, n); err != nil {
		return g, err
	}
	return g, noteGrant(tx, g, audit.Create)
}

// ofPortfolio tells whether the role is the general manager's to give and to take, wherever it is held.
func ofPortfolio(role string) bool {
	return policy.Role(role) == policy.GeneralManager || policy.Role(role) == policy.Auditor
}

// placed finds the estate, department and household of a grant, and the day that it is there.
func placed(tx *act.Tx, scope access.Scope, in RoleInput) (today calendar.Day, err error) {
	if in.EstateID == nil {
		return tx.Runtime().Accounts.Today(), nil
	}
	if !scope.Covers(access.Row{Estate: *in.EstateID}) {
		return today, fault.Missing().At("estateID")
	}
	if today, err = tx.Today(*in.EstateID); err != nil {
		_, err = act.Find(0, err, "estateID")
		return today, err
	}
	if in.DepartmentID != nil {
		_, err = tx.Department.Query().Where(department.ID(*in.DepartmentID), department.EstateID(*in.EstateID)).OnlyID(tx)
		_, err = act.Find(0, err, "departmentID")
	}
	if in.HouseholdID != nil {
		_, err = tx.Household.Query().Where(household.ID(*in.HouseholdID), household.EstateID(*in.EstateID)).OnlyID(tx)
		_, err = act.Find(0, err, "householdID")
	}
	return today, err
}

// RevokeGrantInput names a grant, and says why it ends.
type RevokeGrantInput struct {
	GrantID uuid.UUID
	Reason  *string
}

// RevokeGrantPayload is the grant as it ended.
type RevokeGrantPayload struct{ Grant *Grant }

// RevokeGrant ends a grant at once. Nobody ends their own, lest an auditor's bar be lifted by who it
// bars, or the last general manager locks everybody out; a project manager does not end an audit.
//
// Errors: NOT_FOUND; FORBIDDEN; CONFLICT if it was revoked before.
var RevokeGrant = act.New("identity.revokeGrant", act.Needs(policy.Grant, policy.Update).SessionOnly(), nil, func(tx *act.Tx, in RevokeGrantInput) (*RevokeGrantPayload, error) {
	scope := access.RuleFrom(tx).Scope
	if err := confine(tx, tx.Raw, scope); err != nil {
		return nil, err
	}
	accounts := tx.Runtime().Accounts
	g, err := accounts.FindGrant(tx, tx.Raw, in.GrantID)
	switch {
	case err != nil:
		return nil, missingAt(err, "grantID")
	case g.AccountID == tx.Viewer.Account:
		return nil, account.OwnDenied()
	case !scope.Whole() && (ofPortfolio(g.Role) || !scope.Covers(access.Row{Estate: g.Estate})):
		return nil, fault.Denied("该授权只有总经理可以撤销。", "Only the general manager revokes this grant.").At("grantID")
	}
	if g, err = accounts.Revoke(tx, tx.Raw, g.ID, tx.Viewer.Account); err != nil {
		return nil, err
	}
	if in.Reason != nil {
		tx.Because(*in.Reason)
	}
	return &RevokeGrantPayload{grantOf(g)}, noteGrant(tx, g, audit.Delete)
})

// noteGrant puts a grant given or taken on the chain of its estate, or the portfolio's.
func noteGrant(tx *act.Tx, g account.Grant, op audit.Op) error {
	c, err := change("Grant", g.ID, op, "account", g.AccountID, "role", g.Role, "estate", optional(g.Estate), "department", optional(g.Department),
		"household", optional(g.Household), "from", g.From, "until", grantOf(g).Until)
	if err != nil {
		return err
	}
	return tx.Note(g.Estate, c)
}

func value(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}
