package identity

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/oidc"
	"github.com/steward-pm/steward/policy"
)

// Mapping gives a role to whom the provider claims something of.
type Mapping struct {
	Claim      string `json:"claim"` // a text, or a list of texts: groups
	Value      string `json:"value"`
	Role       string `json:"role"`
	Estate     string `json:"estate"`     // its code; empty: the whole portfolio
	Department string `json:"department"` // its name, for roles of one
}

// ReadMappings reads a list of mappings as JSON. The error says which of them cannot be.
func ReadMappings(r io.Reader) (list []Mapping, err error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("claims to grants: %w", err)
	}
	for i, m := range list {
		in := RoleInput{Role: m.Role, EstateID: given(m.Estate), DepartmentID: given(m.Department)}
		err := in.Check()
		switch {
		case m.Claim == "" || m.Value == "":
			return nil, fmt.Errorf("claims to grants: number %d names no claim or no value", i+1)
		case policy.Role(m.Role) == policy.Resident:
			return nil, fmt.Errorf("claims to grants: number %d: residents are no staff of the organisation", i+1)
		case err != nil:
			return nil, fmt.Errorf("claims to grants: number %d (%s): %w", i+1, m.Role, err)
		}
	}
	return list, nil
}

// given stands for a place that is named, before it is looked up.
func given(name string) *uuid.UUID {
	if name == "" {
		return nil
	}
	return new(uuid.UUID)
}

// ClaimsOf lists the claims that mappings look at.
func ClaimsOf(list []Mapping) (claims []string) {
	for _, m := range list {
		if !slices.Contains(claims, m.Claim) {
			claims = append(claims, m.Claim)
		}
	}
	return claims
}

// roles are what the person's claims give.
func (s *SignOn) roles(person oidc.Person) (list []Mapping) {
	for _, m := range s.mapping {
		if person.Has(m.Claim, m.Value) {
			list = append(list, m)
		}
	}
	return list
}

type followInput struct {
	Who         account.External
	Account     uuid.UUID // Nil: a new one is made
	Email, Name string
	Roles       []Mapping
}

// followAct makes the account of who has none yet, and has the grants that the issuer's claims gave follow the claims. Grants that people gave
// are theirs to end. The viewer is the system.
var followAct = act.New("identity.follow", act.Needs(policy.Grant, policy.Create).SessionOnly(), nil, func(tx *act.Tx, in followInput) (Nothing, error) {
	accounts := tx.Runtime().Accounts
	if in.Account == uuid.Nil {
		made, err := newcomer(tx, in)
		if err != nil {
			return Nothing{}, err
		}
		in.Account = made
	}
	tx.About("Account", in.Account, access.Row{})
	had, err := accounts.ExternalGrants(tx, tx.Raw, in.Account, in.Who.Issuer)
	if err != nil {
		return Nothing{}, err
	}
	wanted, err := places(tx, in.Roles)
	if err != nil {
		return Nothing{}, err
	}
	for _, g := range had {
		if slices.ContainsFunc(wanted, func(w RoleInput) bool { return same(g, w) }) {
			continue
		}
		if g, err = accounts.Revoke(tx, tx.Raw, g.ID, uuid.Nil); err != nil {
			return Nothing{}, err
		}
		if err := noteGrant(tx, g, audit.Delete); err != nil {
			return Nothing{}, err
		}
	}
	return Nothing{}, follow(tx, in, wanted)
})

// follow gives what is wanted and not held, whoever gave it.
func follow(tx *act.Tx, in followInput, wanted []RoleInput) error {
	accounts := tx.Runtime().Accounts
	held, err := accounts.ListGrants(tx, tx.Raw, account.GrantFilter{Accounts: []uuid.UUID{in.Account}})
	if err != nil {
		return err
	}
	today := accounts.Today()
	for _, w := range wanted {
		if slices.ContainsFunc(held, func(g account.Grant) bool {
			return g.RevokedAt == nil && (g.Until.IsZero() || !g.Until.Before(today)) && same(g, w)
		}) {
			continue
		}
		g, err := give(tx, in.Account, w)
		if err != nil {
			return err
		}
		if err := accounts.MarkExternal(tx, tx.Raw, g.ID, in.Who.Issuer); err != nil {
			return err
		}
	}
	return nil
}

// newcomer makes an account without a password: it signs in at its issuer, until somebody resets the password.
func newcomer(tx *act.Tx, in followInput) (uuid.UUID, error) {
	accounts := tx.Runtime().Accounts
	a, _, err := accounts.Create(tx, tx.Raw, account.NewAccount{Email: in.Email, Name: cmp.Or(in.Name, in.Email), Kind: account.Staff, NoPassword: true})
	switch {
	case fault.Is(err, fault.Conflict):
		return uuid.Nil, fault.Clash("该邮箱已有账号。请先用密码登录,再连接统一登录。",
			"There is an account with this e-mail address. Sign in with its password, and connect your organisation's sign-in.")
	case fault.Is(err, fault.InvalidInput):
		return uuid.Nil, fault.Denied("统一登录没有给出可用的姓名和邮箱,请联系管理员。",
			"Your organisation's sign-in gave no e-mail address and name. Ask its administrator.").Because(err)
	case err != nil:
		return uuid.Nil, err
	}
	c, err := change("Account", a.ID, audit.Create, "kind", a.Kind, "issuer", in.Who.Issuer)
	if err != nil {
		return uuid.Nil, err
	}
	if err := tx.Note(audit.Portfolio, c); err != nil {
		return uuid.Nil, err
	}
	return a.ID, accounts.Connect(tx, tx.Raw, in.Who, a.ID)
}

// places looks up the estates and departments of mappings; what is not there any more gives nothing.
func places(tx *act.Tx, list []Mapping) (out []RoleInput, err error) {
	for _, m := range list {
		w := RoleInput{Role: m.Role}
		if m.Estate != "" {
			id, err := tx.Estate.Query().Where(estate.Code(m.Estate)).OnlyID(tx)
			if ent.IsNotFound(err) {
				tx.Runtime().Log.WarnContext(tx, "a claim gives a role in an estate that is not there", "estate", m.Estate, "role", m.Role)
				continue
			}
			if err != nil {
				return nil, err
			}
			w.EstateID = &id
		}
		if m.Department != "" {
			id, err := tx.Department.Query().Where(department.EstateID(value(w.EstateID)), department.Name(m.Department)).OnlyID(tx)
			if ent.IsNotFound(err) {
				tx.Runtime().Log.WarnContext(tx, "a claim gives a role in a department that is not there", "estate", m.Estate, "department", m.Department)
				continue
			}
			if err != nil {
				return nil, err
			}
			w.DepartmentID = &id
		}
		if !slices.ContainsFunc(out, func(o RoleInput) bool {
			return o.Role == w.Role && value(o.EstateID) == value(w.EstateID) && value(o.DepartmentID) == value(w.DepartmentID)
		}) {
			out = append(out, w)
		}
	}
	return out, nil
}

func same(g account.Grant, w RoleInput) bool {
	return g.Role == w.Role && g.Estate == value(w.EstateID) && g.Department == value(w.DepartmentID) && g.Household == uuid.Nil
}
