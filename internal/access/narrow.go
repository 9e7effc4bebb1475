package access

import (
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/steward-pm/steward/policy"
)

// narrowings are conditions beyond the policy's, by entity.
var narrowings = map[string]func(*Viewer) func(*sql.Selector){}

// Narrow leaves out of every read of the entity, but those of an act's rule, the rows that the condition does not admit: where who may
// read a row depends on what it is about. A nil condition leaves out none. Call it from a package-level init.
func Narrow(entity string, by func(*Viewer) func(*sql.Selector)) { narrowings[entity] = by }

// NarrowToSubject is Narrow for an entity whose rows are of a kind, and about a subject: rows of the kinds that subjects lists are read by who may read the
// row that they are about, and by nobody else. It is asked when something is read, since chapters declare kinds later.
func NarrowToSubject(entity string, subjects func() map[string]Entity) {
	Narrow(entity, func(v *Viewer) func(*sql.Selector) {
		return func(sel *sql.Selector) {
			of := subjects()
			for _, kind := range slices.Sorted(maps.Keys(of)) {
				if v.Scope(of[kind].Resource(), policy.Read).Whole() {
					continue
				}
				sel.Where(sql.Or(sql.NEQ(sel.C("kind"), kind), v.reads(of[kind], sel.C("estate_id"), sel.C("subject_id"))))
			}
		}
	})
}

// reads is the condition that the viewer may read the row of the entity that has this id.
func (v *Viewer) reads(e Entity, estate, id string) *sql.Predicate {
	t := sql.Table(e.Table)
	row := sql.Select(t.C("id")).From(t).Where(sql.And(sql.ColumnsEQ(t.C(e.Estate), estate), sql.ColumnsEQ(t.C("id"), id)))
	if p := v.Scope(e.Resource(), policy.Read).Predicate(e); p != nil {
		p(row)
	}
	if p := Narrowed(e.Name, v); p != nil {
		p(row)
	}
	return sql.Exists(row)
}

// Narrowed is the condition for the viewer, or nil.
func Narrowed(entity string, v *Viewer) func(*sql.Selector) {
	if by := narrowings[entity]; by != nil && v != nil {
		return by(v)
	}
	return nil
}
