package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// MailDelivery is mail that went to a household or a department at once: under one signature, or ordinary mail into the letter box (M3).
type MailDelivery struct{ ent.Schema }

// Mixin of a delivery.
func (MailDelivery) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0805}, EstateScoped{Department: "department_id", Household: "household_id"}.voidable(), Voidable{}, LateRecorded{}}
}

// Fields of a delivery.
func (MailDelivery) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The household that it went to."),
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The department that it went to."),
		field.String("slot").Immutable().Comment("The slot that it came out of."),
		field.Int("count").Positive().Immutable().Comment("How many items they were."),
		field.Enum("method").NamedValues("Signed", "SIGNED", "Box", "BOX").Immutable().Annotations(Filter()).
			Comment("Signed for, or put into the letter box, as is done with letters and newspapers alone (M2)."),
		field.String("recipient").Default("").Immutable().Comment("Who signed for it; empty of what went into the box."),
		field.Time("delivered_at").Immutable().Annotations(entgql.OrderField("DELIVERED_AT"), Filter()).Comment("When."),
		field.UUID("delivered_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account that delivered it."),
		field.String("delivered_by_name").Immutable().Comment("Who delivered it, as signed."),
	}
}

// Edges of a delivery.
func (MailDelivery) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("household", Household.Type).Field("household_id").Unique().Immutable().Comment("The household that it went to."),
		edge.To("department", Department.Type).Field("department_id").Unique().Immutable().Comment("The department that it went to."),
		edge.From("items", MailItem.Type).Ref("delivery").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What was delivered; nothing, once it was voided."),
	}
}

// Indexes of a delivery.
func (MailDelivery) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "delivered_at", "id"),
		index.Fields("estate_id", "household_id", "delivered_at", "id"),
	}
}

// Annotations of a delivery.
func (MailDelivery) Annotations() []schema.Annotation {
	return public("Mail that went to a household or a department at once (M3).")
}
