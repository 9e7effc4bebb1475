// Package access says who is asking, and turns what they may do into what they can reach: scopes, SQL
// predicates (wall 1) and the settings that row-level security reads (wall 2).
package access

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/policy"
)

// Grant is a role that an account holds somewhere.
type Grant struct {
	ID          uuid.UUID
	Role        policy.Role
	Estate      uuid.UUID // zero: the whole portfolio
	Department  uuid.UUID // for roles of a department
	WorksIn     uuid.UUID // the department that the account is employed in there
	Household   uuid.UUID // for residents
	From, Until time.Time // civil days; Until zero: open
}

// place is the department whose own the grant reaches: the one that it names, or else where the account works.
func (g Grant) place() Place {
	if g.Department != uuid.Nil {
		return Place{g.Estate, g.Department}
	}
	return Place{g.Estate, g.WorksIn}
}

// Workplaces are the departments in which the viewer works, or which the viewer leads, each once.
func (v *Viewer) Workplaces() (list []Place) {
	for _, g := range v.Grants {
		if p := g.place(); p.Department != uuid.Nil && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// Viewer is who is asking: an account with the grants active now, or the program itself. Immutable.
type Viewer struct {
	Account uuid.UUID
	Name    string
	Email   string
	Session uuid.UUID // zero with an API token
	Token   uuid.UUID // zero with a session
	Grants  []Grant
	Audits  []uuid.UUID // estates that the account audits, whatever a token narrows: no write there (Nil: none anywhere)

	At time.Time // when it was found out who is asking

	MustChangePassword bool // somebody else set the password: until it is changed the grants count for nothing

	policy *policy.Table
	system bool
}

// New makes the viewer of an account. Grants of a token are narrowed before.
func New(table *policy.Table, v Viewer) *Viewer {
	v.policy = table
	return &v
}

// System is the program itself: jobs, imports from the command line, the demo. It reaches everything.
func System(table *policy.Table, name string) *Viewer {
	return &Viewer{Name: name, policy: table, system: true}
}

// IsSystem tells whether the program itself is asking.
func (v *Viewer) IsSystem() bool { return v != nil && v.system }

// Roles lists the distinct roles held, in the order of the grants.
func (v *Viewer) Roles() []string {
	var roles []string
	for _, g := range v.Grants {
		if !slices.Contains(roles, string(g.Role)) {
			roles = append(roles, string(g.Role))
		}
	}
	return roles
}

// Has tells whether the viewer holds the role anywhere.
func (v *Viewer) Has(role policy.Role) bool {
	return slices.ContainsFunc(v.Grants, func(g Grant) bool { return g.Role == role })
}

// Holders lists the roles that may do this to any row of an estate where they are held, whoever asks.
func (v *Viewer) Holders(resource policy.Resource, action policy.Action) (list []policy.Role) {
	for _, role := range policy.Roles {
		if v.policy.Scope(role, resource, action) >= policy.OfEstate {
			list = append(list, role)
		}
	}
	return list
}

// Readers lists the roles that may read any row of the resource.
func (v *Viewer) Readers(resource policy.Resource) (list []policy.Role) {
	for _, role := range policy.Roles {
		if v.policy.Scope(role, resource, policy.Read) != policy.None {
			list = append(list, role)
		}
	}
	return list
}

// Heads are the roles that may do the action on the resource in the department that they are held in.
func (v *Viewer) Heads(resource policy.Resource, action policy.Action) (list []policy.Role) {
	for _, role := range policy.Roles {
		if v.policy.Scope(role, resource, action) == policy.OfDept {
			list = append(list, role)
		}
	}
	return list
}

// SeesFully tells whether the viewer may see the resource's contact data in full wherever it may be read.
func (v *Viewer) SeesFully(resource policy.Resource) bool {
	read, reveal := v.Scope(resource, policy.Read), v.Scope(resource, policy.Reveal)
	return reveal.Portfolio || !read.Portfolio && len(read.Departments)+len(read.Selves)+len(read.AllHouseholds) == 0 &&
		within(read.Estates, reveal.Estates) && within(read.Households, reveal.Households)
}

func within(list, of []uuid.UUID) bool {
	return !slices.ContainsFunc(list, func(id uuid.UUID) bool { return !slices.Contains(of, id) })
}

// Settings are the transaction-local settings that row-level security reads; see DESIGN of the walls in
// docs/architecture.md. No viewer: all empty, no rows.
type Settings struct{ EstateIDs, Households, Account string }

// Settings of the viewer. A resident's estate is not among the estates: residents reach rows by household.
func (v *Viewer) Settings() Settings {
	if v == nil {
		return Settings{}
	}
	if v.system {
		return Settings{EstateIDs: "*", Account: "*"}
	}
	if v.MustChangePassword {
		return Settings{Account: v.Account.String()}
	}
	var estates, households []string
	for _, g := range v.Grants {
		switch {
		case g.Role == policy.Resident:
			households = append(households, g.Household.String())
		case g.Estate == uuid.Nil:
			estates = append(estates, "*")
		default:
			estates = append(estates, g.Estate.String())
		}
	}
	s := Settings{Account: v.Account.String(), Households: array(households), EstateIDs: array(estates)}
	if slices.Contains(estates, "*") {
		s.EstateIDs = "*"
	}
	return s
}

func array(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	slices.Sort(ids)
	return "{" + strings.Join(slices.Compact(ids), ",") + "}"
}

type contextKey int

const (
	viewerKey contextKey = iota
	ruleKey
	readsKey
)

// With puts the viewer into the context.
func With(ctx context.Context, v *Viewer) context.Context {
	return context.WithValue(ctx, viewerKey, v)
}

// From returns who is asking, or nil if nobody is signed in.
func From(ctx context.Context) *Viewer {
	switch v := ctx.Value(viewerKey).(type) {
	case *Viewer:
		return v
	case *Live:
		return v.Viewer()
	}
	return nil
}

// Rule is the reach of an act under way: its rule may read whatever is in the estates where the viewer
// may perform it, and write within the act's scope.
type Rule struct {
	Resource policy.Resource // what the act is about: its rows are written within Scope
	Scope    Scope
	Now      time.Time // when the act is recorded
	ReadOnly bool      // the act is being prepared, outside of its transaction: nothing is written
}

// WithRule marks the context of an act's rule.
func WithRule(ctx context.Context, r Rule) context.Context {
	return context.WithValue(ctx, ruleKey, &r)
}

// RuleFrom returns the act under way, or nil outside of acts.
func RuleFrom(ctx context.Context) *Rule {
	r, _ := ctx.Value(ruleKey).(*Rule)
	return r
}
