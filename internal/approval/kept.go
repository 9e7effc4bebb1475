package approval

import (
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/policy"
)

func init() { access.Narrow(ent.TypeApproval, kept) }

// kept leaves out the questions of kinds that are Kept, but for who asked and who may read what they are about.
func kept(v *access.Viewer) func(*sql.Selector) {
	as := access.Entity{Estate: approval.FieldEstateID, Department: approval.FieldDepartmentID, Self: approval.FieldAskedByID}
	return func(sel *sql.Selector) {
		for _, name := range slices.Sorted(maps.Keys(kinds)) {
			k := kinds[name]
			if !k.Kept {
				continue
			}
			if may := v.Scope(k.Resource, policy.Read).Condition(as, sel.C); may != nil {
				sel.Where(sql.Or(sql.NEQ(sel.C(approval.FieldKind), k.Name), may))
			}
		}
	}
}
