package access

import "entgo.io/ent/dialect/sql"

// narrowings are conditions beyond the policy's, by entity.
var narrowings = map[string]func(*Viewer) func(*sql.Selector){}

// Narrow leaves out of every read of the entity, but those of an act's rule, the rows that the condition does not admit: where who may
// read a row depends on what it is about. A nil condition leaves out none. Call it from a package-level init.
func Narrow(entity string, by func(*Viewer) func(*sql.Selector)) { narrowings[entity] = by }

// Narrowed is the condition for the viewer, or nil.
func Narrowed(entity string, v *Viewer) func(*sql.Selector) {
	if by := narrowings[entity]; by != nil && v != nil {
		return by(v)
	}
	return nil
}
