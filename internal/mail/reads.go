package mail

import (
	"entgo.io/ent/dialect/sql"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailevent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/policy"
)

func init() { access.Narrow(ent.TypeMailEvent, ownEvents) }

// ownEvents leaves residents the events of what is their household's still: whom an item was first taken to be for reads no more of it, since
// the reason may name whom it is for.
func ownEvents(v *access.Viewer) func(*sql.Selector) {
	scope := v.Scope(policy.MailEvent, policy.Read)
	if len(scope.Households) == 0 {
		return nil
	}
	scope.Households = nil // as staff, if they are of it, too
	return func(sel *sql.Selector) {
		i := sql.Table(mailitem.Table)
		own := sql.Exists(sql.Select(i.C(mailitem.FieldID)).From(i).Where(sql.And(
			sql.ColumnsEQ(i.C(mailitem.FieldEstateID), sel.C(mailevent.FieldEstateID)), sql.ColumnsEQ(i.C(mailitem.FieldID), sel.C(mailevent.FieldItemID)),
			sql.ColumnsEQ(i.C(mailitem.FieldHouseholdID), sel.C(mailevent.FieldHouseholdID)))))
		if staff := scope.Condition(ent.Entities[ent.TypeMailEvent], sel.C); staff != nil {
			sel.Where(sql.Or(staff, own))
		}
	}
}
