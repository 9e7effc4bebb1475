package access

import (
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/policy"
)

// Entity is what an entity's schema declares about tenancy and confidentiality (ent/schema.Steward).
// An empty column name says that no row of it is scoped so.
type Entity struct {
	Name, Table                         string
	Code                                ids.Code
	Estate, Department, Self, Household string // columns
	Voided                              string // column that says when a row was voided: it concerns no account and no household then
	Permits                             string // table of permits, with the columns estate_id, subject_id, account_id, valid_from, valid_until and ended_at
	Document                            string // column with what the row is a part of, which has the key of its confidential fields
	AppendOnly                          bool
	Watched                             bool            // who reads a row is on the audit trail
	Confidential, Contact               map[string]bool // fields
}

// Resource is the entity as policy knows it.
func (e Entity) Resource() policy.Resource { return policy.Resource(e.Name) }

// Row is what one row belongs to; zero ids where that does not apply.
type Row struct{ Estate, Department, Self, Household uuid.UUID }

// Scope is how far a viewer's permission reaches: the union of what the grants give.
type Scope struct {
	Portfolio     bool        // everything but the estates in Except
	Except        []uuid.UUID // estates that the portfolio is without: see Barred
	Estates       []uuid.UUID // all rows of these estates
	Departments   []Place     // a department's own rows
	Selves        []Place     // rows that concern the account, in these estates (zero: any)
	Account       uuid.UUID
	Households    []uuid.UUID // rows of these households
	AllHouseholds []uuid.UUID // rows that concern any household, in these estates
	Permits       time.Time   // rows that the account has a permit for at this time (zero: none)
}

// Place is a department of an estate, or an estate alone.
type Place struct{ Estate, Department uuid.UUID }

// Whole tells whether the scope is the portfolio without exception: who decides over what reaches into every
// estate, such as the grants of general managers.
func (s Scope) Whole() bool { return s.Portfolio && len(s.Except) == 0 }

// Empty tells whether the scope reaches nothing.
func (s Scope) Empty() bool {
	return !s.Portfolio && len(s.Estates)+len(s.Departments)+len(s.Selves)+len(s.AllHouseholds)+len(s.Households) == 0
}

// Scope asks the policy for every grant and joins the answers.
func (v *Viewer) Scope(resource policy.Resource, action policy.Action) Scope {
	if v == nil || v.MustChangePassword {
		return Scope{}
	}
	if v.system {
		return Scope{Portfolio: true}
	}
	s := Scope{Account: v.Account}
	if action == policy.Read && v.Token == uuid.Nil { // a permit is the person's, who is signed in (A5)
		s.Permits = v.At
	}
	for _, g := range v.Grants {
		reach := v.policy.Scope(g.Role, resource, action)
		s.add(g, reach)
		if (reach == policy.OfDept || reach == policy.OfHouseholds) && (action == policy.Read || action == policy.Export) { // what concerns oneself, too (A4.3)
			s.add(g, policy.Self)
		}
	}
	return s
}

func (s *Scope) add(g Grant, reach policy.Scope) {
	switch {
	case reach == policy.None:
	case reach == policy.Self && g.Role == policy.Resident:
		s.Households = append(s.Households, g.Household)
	case reach == policy.Self:
		s.Selves = append(s.Selves, Place{Estate: g.Estate})
	case reach == policy.OfHouseholds && g.Estate != uuid.Nil:
		s.AllHouseholds = append(s.AllHouseholds, g.Estate)
	case reach == policy.OfHouseholds: // held over the portfolio it is of no estate's households
	case reach == policy.OfDept && g.place().Department != uuid.Nil:
		s.Departments = append(s.Departments, g.place())
	case reach == policy.OfDept: // who works in no department has nothing that is its own
	case g.Estate == uuid.Nil: // an estate's reach, too, when it is held over the portfolio
		s.Portfolio = true
	default: // the portfolio's reach, too, when a token narrows it
		s.Estates = append(s.Estates, g.Estate)
	}
}

// Barred returns the scope without the estates where an active auditor grant blocks every write, whatever
// else is held; an auditor of the portfolio is barred everywhere. Who manages the whole portfolio keeps the rest
// of it, and is no longer Whole.
func (v *Viewer) Barred(s Scope) Scope {
	for _, estate := range v.Audits {
		if estate == uuid.Nil {
			return Scope{}
		}
		s = s.without(estate)
		s.Households = slices.DeleteFunc(slices.Clone(s.Households), func(h uuid.UUID) bool {
			return slices.ContainsFunc(v.Grants, func(g Grant) bool { return g.Household == h && g.Estate == estate })
		})
	}
	return s
}

func (s Scope) without(estate uuid.UUID) Scope {
	if s.Portfolio {
		s.Except = append(slices.Clone(s.Except), estate)
	}
	is := func(id uuid.UUID) bool { return id == estate }
	s.Estates, s.AllHouseholds = slices.DeleteFunc(slices.Clone(s.Estates), is), slices.DeleteFunc(slices.Clone(s.AllHouseholds), is)
	gone := func(p Place) bool { return p.Estate == estate || p.Estate == uuid.Nil }
	s.Departments = slices.DeleteFunc(slices.Clone(s.Departments), gone)
	s.Selves = slices.DeleteFunc(slices.Clone(s.Selves), gone)
	return s
}

// EstatesOnly widens the scope to all rows of the estates it touches: what an act's rule may read.
func (s Scope) EstatesOnly() Scope {
	w := Scope{Portfolio: s.Portfolio, Except: s.Except, Households: s.Households}
	w.Estates = slices.Concat(s.Estates, s.AllHouseholds)
	for _, p := range slices.Concat(s.Departments, s.Selves) {
		if p.Estate != uuid.Nil { // a new estate is in none: no estate must not cover it
			w.Estates = append(w.Estates, p.Estate)
		}
	}
	return w
}

// Covers tells whether a row is within the scope.
func (s Scope) Covers(row Row) bool {
	if s.Portfolio && !slices.Contains(s.Except, row.Estate) || slices.Contains(s.Estates, row.Estate) {
		return true
	}
	for _, p := range s.Departments {
		if p.Department == row.Department && p.Department != uuid.Nil && (p.Estate == row.Estate) {
			return true
		}
	}
	for _, p := range s.Selves {
		if row.Self == s.Account && row.Self != uuid.Nil && (p.Estate == row.Estate || p.Estate == uuid.Nil) {
			return true
		}
	}
	return row.Household != uuid.Nil && (slices.Contains(s.Households, row.Household) || slices.Contains(s.AllHouseholds, row.Estate))
}

// Predicate is the scope as a condition on the entity's table. The whole portfolio adds none (nil): an = ANY of
// 200 estates beside another list made PostgreSQL probe every combination.
func (s Scope) Predicate(e Entity) func(*sql.Selector) {
	if s.Whole() {
		return nil
	}
	return func(sel *sql.Selector) { sel.Where(sql.Or(s.conditions(e, sel.C)...)) }
}

// Condition is the scope as a condition on columns of an entity's table, for what narrows a wider scope; nil for the whole portfolio.
func (s Scope) Condition(e Entity, column func(string) string) *sql.Predicate {
	if s.Whole() {
		return nil
	}
	return sql.Or(s.conditions(e, column)...)
}

// conditions are the alternatives under which a row is reached; there is always at least one.
func (s Scope) conditions(e Entity, column func(string) string) []*sql.Predicate {
	any := []*sql.Predicate{sql.False()}
	if e.Estate != "" && s.Portfolio {
		any = append(any, sql.Not(in(column(e.Estate), s.Except)))
	}
	if e.Estate != "" && len(s.Estates) > 0 {
		any = append(any, in(column(e.Estate), s.Estates))
	}
	if e.Household != "" && len(s.Households) > 0 {
		any = append(any, e.standing(in(column(e.Household), s.Households), column))
	}
	if e.Household != "" && len(s.AllHouseholds) > 0 {
		any = append(any, sql.And(in(column(e.Estate), s.AllHouseholds), sql.NotNull(column(e.Household))))
	}
	for _, p := range s.Departments {
		if e.Department != "" && p.Department != uuid.Nil {
			any = append(any, sql.And(sql.EQ(column(e.Estate), p.Estate), sql.EQ(column(e.Department), p.Department)))
		}
	}
	for _, p := range s.Selves {
		if e.Self == "" {
			continue
		}
		mine := sql.EQ(column(e.Self), s.Account)
		if p.Estate != uuid.Nil {
			mine = sql.And(sql.EQ(column(e.Estate), p.Estate), mine)
		}
		any = append(any, e.standing(mine, column))
	}
	if e.Permits != "" && !s.Permits.IsZero() {
		any = append(any, e.standing(s.permitted(e, column), column))
	}
	if len(any) > 1 {
		any = any[1:]
	}
	return any
}

// standing leaves out what was voided: filed by mistake, it may concern another.
func (e Entity) standing(p *sql.Predicate, column func(string) string) *sql.Predicate {
	if e.Voided == "" {
		return p
	}
	return sql.And(p, sql.IsNull(column(e.Voided)))
}

// permitted are the rows for which the account has a permit that has begun, and not ended.
func (s Scope) permitted(e Entity, column func(string) string) *sql.Predicate {
	p := sql.Table(e.Permits)
	return sql.Exists(sql.Select(p.C("id")).From(p).Where(sql.And(
		sql.ColumnsEQ(p.C("estate_id"), column(e.Estate)), sql.ColumnsEQ(p.C("subject_id"), column("id")), sql.EQ(p.C("account_id"), s.Account),
		sql.LTE(p.C("valid_from"), s.Permits), sql.GT(p.C("valid_until"), s.Permits), sql.IsNull(p.C("ended_at")))))
}

func in(column string, list []uuid.UUID) *sql.Predicate {
	if len(list) == 1 {
		return sql.EQ(column, list[0])
	}
	args := make([]any, len(list))
	for i, id := range list {
		args[i] = id
	}
	return sql.In(column, args...)
}
