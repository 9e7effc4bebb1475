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

// PressReceipt is press taken over from the post office: counted by publication with who delivers it, and signed by both (M1, M7).
type PressReceipt struct{ ent.Schema }

// Mixin of a receipt.
func (PressReceipt) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x080e}, EstateScoped{}, LateRecorded{}}
}

// Fields of a receipt.
func (PressReceipt) Fields() []ent.Field {
	return []ent.Field{
		civilDay("day", "The day whose issues it is about."),
		field.Time("received_at").Immutable().Annotations(entgql.OrderField("RECEIVED_AT"), Filter()).Comment("When it came."),
		field.String("delivered_by").Immutable().Comment("Who delivered it for the post office, as signed."),
		field.UUID("received_by_id", uuid.UUID{}).Immutable().Comment("The account of the receptionist."),
		field.String("received_by_name").Immutable().Comment("The receptionist, as signed."),
		field.String("note").Default("").Immutable().Comment("What else is to be said of it."),
	}
}

// Edges of a receipt.
func (PressReceipt) Edges() []ent.Edge {
	return []ent.Edge{edge.From("deliveries", PressDelivery.Type).Ref("receipt").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What came, by publication.")}
}

// Indexes of a receipt.
func (PressReceipt) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "received_at", "id")}
}

// Annotations of a receipt.
func (PressReceipt) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("Press taken over from the post office (M1, M7)."), Steward{AppendOnly: true}}
}

// PressDelivery is what came of a publication's issue of a day. What was expected, and who gets how many, the database says (M7).
type PressDelivery struct{ ent.Schema }

// Mixin of a delivery.
func (PressDelivery) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x080f}, EstateScoped{}, Voidable{}}
}

// Fields of a delivery.
func (PressDelivery) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("receipt_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The receipt that it came with."),
		field.UUID("publication_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The publication."),
		field.Time("day").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("DAY"), Filter()).Comment("The day of the issue."),
		field.Int("expected").NonNegative().Default(0).Immutable().Comment("How many copies the subscriptions of that day ask for."),
		field.Int("delivered").NonNegative().Immutable().Comment("How many were counted."),
		field.String("remark").Default("").Immutable().Comment("What is said of a difference."),
	}
}

// Edges of a delivery.
func (PressDelivery) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("receipt", PressReceipt.Type).Field("receipt_id").Unique().Required().Immutable().Comment("The receipt that it came with."),
		edge.To("publication", Publication.Type).Field("publication_id").Unique().Required().Immutable().Comment("The publication."),
		edge.From("allocations", PressAllocation.Type).Ref("delivery").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("Who gets how many, in their order."),
		edge.From("claims", PressClaim.Type).Ref("delivery").Annotations(entgql.Skip(entgql.SkipAll)).Comment("What is claimed of the post office."),
	}
}

// Indexes of a delivery.
func (PressDelivery) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "day", "id"),
		index.Fields("estate_id", "receipt_id"),
	}
}

// Annotations of a delivery.
func (PressDelivery) Annotations() []schema.Annotation {
	return public("What came of a publication's issue of a day (M7).", Steward{AppendOnly: true})
}

// PressAllocation is how many copies of an issue a subscriber gets: households before departments (M7). It is 业户报刊收发记录; the
// database writes it, of each delivery and of what was recovered later.
type PressAllocation struct{ ent.Schema }

// Mixin of an allocation.
func (PressAllocation) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0810}, EstateScoped{Household: "household_id"}.voidable()}
}

// Fields of an allocation.
func (PressAllocation) Fields() []ent.Field {
	return append([]ent.Field{
		field.UUID("delivery_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The delivery."),
		field.UUID("recovery_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The recovery, of copies that came later."),
		field.UUID("subscription_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The subscription."),
		field.UUID("publication_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The publication."),
		publicationName(),
		field.Time("day").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("DAY"), Filter()).Comment("The day of the issue."),
		field.Int("place").Positive().Immutable().Comment("Its place in the order in which copies are given out: households before departments, who went short last first."),
		field.Int("wanted").NonNegative().Immutable().Comment("How many copies it was still to get."),
		field.Int("given").NonNegative().Immutable().Comment("How many it gets."),
		field.Time("voided_at").Optional().Nillable().Immutable().Annotations(Filter()).Comment("When the delivery or the recovery was voided; null while it stands."),
	}, subscriber()...)
}

// Edges of an allocation.
func (PressAllocation) Edges() []ent.Edge {
	return append([]ent.Edge{
		edge.To("delivery", PressDelivery.Type).Field("delivery_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The delivery."),
		edge.To("subscription", PressSubscription.Type).Field("subscription_id").Unique().Required().Immutable().Comment("The subscription."),
	}, subscriberEdges()...)
}

// Indexes of an allocation.
func (PressAllocation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "day", "id"),
		index.Fields("estate_id", "household_id", "day", "id"),
		index.Fields("estate_id", "delivery_id"),
		index.Fields("estate_id", "subscription_id", "day"),
	}
}

// Annotations of an allocation.
func (PressAllocation) Annotations() []schema.Annotation {
	return public("How many copies of an issue a subscriber gets (M7).", Steward{AppendOnly: true})
}
