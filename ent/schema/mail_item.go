package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// MailItem is a piece of mail for a household or a department (M1, M4). Its state, and whom it is for, change only by an event:
// the database sets them.
type MailItem struct{ ent.Schema }

// Mixin of an item.
func (MailItem) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0803}, EstateScoped{Department: "department_id", Household: "household_id"}.voidable(), Voidable{}}
}

// Fields of an item.
func (MailItem) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("receipt_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The receipt that it came with."),
		field.Time("received_on").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("RECEIVED_ON"), Filter()).Comment("The day that it came."),
		mailKind(),
		field.String("barcode").Default("").Immutable().Annotations(Filter()).Comment("Its barcode; no two items that are still here have the same. What is scanned (M2) and came without one has a code of the estate's own, S-000001."),
		field.String("sender").Default("").Immutable().Comment("Who sent it, as far as it says."),
		field.String("addressee").Default("").Immutable().Comment("Whom it is addressed to, as it says."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The household whom it is for."),
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The department that it is for."),
		field.Enum("state").NamedValues("Received", "RECEIVED", "Sorted", "SORTED", "Delivered", "DELIVERED",
			"Dead", "DEAD", "Returned", "RETURNED", "Doubtful", "DOUBTFUL").Default("RECEIVED").Immutable().Annotations(Filter()).
			Comment("Received; sorted; delivered; dead, until it is returned to the post office; doubtful, until a superior decides (M4)."),
		field.Time("changed_at").Immutable().Annotations(Filter()).Comment("Since when it is in this state."),
		field.String("changed_by_name").Immutable().Comment("Who brought it there, as signed."),
		field.String("slot").Default("").Immutable().Annotations(Filter()).Comment("The slot that it was sorted into: the household's first unit, or the department (M3)."),
		field.String("sort_key").Default("").Immutable().Annotations(entgql.OrderField("SLOT"), entgql.Skip(entgql.SkipType), entsql.Annotation{Collation: "C"}).
			Comment("The order of the slots: households by their units, then departments."),
		field.UUID("delivery_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The delivery that it went out with (M3)."),
		field.UUID("registered_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account that registered it."),
		field.String("registered_by_name").Immutable().Comment("Who registered it, as signed."),
	}
}

// Edges of an item.
func (MailItem) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("receipt", MailReceipt.Type).Field("receipt_id").Unique().Required().Immutable().Comment("The receipt that it came with."),
		edge.To("household", Household.Type).Field("household_id").Unique().Immutable().Comment("The household whom it is for."),
		edge.To("department", Department.Type).Field("department_id").Unique().Immutable().Comment("The department that it is for."),
		edge.To("delivery", MailDelivery.Type).Field("delivery_id").Unique().Immutable().Comment("The delivery that it went out with: who signed for it, and when (M3)."),
		edge.From("events", MailEvent.Type).Ref("item").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What happened to it, by whom and when."),
	}
}

// Indexes of an item: each begins with the estate and leads to the day, so that the day's work reads no history.
func (MailItem) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "received_on", "id"),
		index.Fields("estate_id", "household_id", "received_on", "id"),
		index.Fields("estate_id", "receipt_id"),
		index.Fields("estate_id", "barcode"),
		index.Fields("estate_id", "delivery_id"),
	}
}

// Annotations of an item.
func (MailItem) Annotations() []schema.Annotation {
	return public("A piece of mail for a household or a department (M1, M4).")
}

// MailEvent is a change of an item's state: who did it, when, and why (M4).
type MailEvent struct{ ent.Schema }

// Mixin of an event.
func (MailEvent) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0804}, EstateScoped{Department: "department_id", Household: "household_id"}}
}

// Fields of an event.
func (MailEvent) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("item_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The item."),
		field.Enum("state").NamedValues("Sorted", "SORTED", "Delivered", "DELIVERED", "Dead", "DEAD", "Returned", "RETURNED", "Doubtful", "DOUBTFUL").
			Immutable().Annotations(Filter()).Comment("The state that it brought the item to."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The household whom the item is for since."),
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The department that the item is for since."),
		field.UUID("delivery_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The delivery, if it was delivered."),
		field.String("reason").Default("").Immutable().Comment("Why it is doubtful or dead, what the superior decided upon, or why a delivery was voided."),
		field.String("taken_by").Default("").Immutable().Comment("Who took a dead item back for the post office."),
		field.UUID("acted_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account that did it."),
		field.String("acted_by_name").Immutable().Comment("Who did it, as signed."),
		field.Time("acted_at").Immutable().Comment("When."),
	}
}

// Edges of an event.
func (MailEvent) Edges() []ent.Edge {
	return []ent.Edge{edge.To("item", MailItem.Type).Field("item_id").Unique().Required().Immutable().Comment("The item.")}
}

// Indexes of an event.
func (MailEvent) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "item_id", "acted_at")}
}

// Annotations of an event.
func (MailEvent) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("A change of an item of mail (M4)."), Steward{AppendOnly: true}}
}
