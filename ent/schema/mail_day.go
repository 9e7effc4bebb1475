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

// MailDay is a day's mail, from its first receipt or scan, or from what was left the day before, until it is closed: every scan matched or
// explained, every item delivered, returned or excused (M2, M5).
type MailDay struct{ ent.Schema }

// Mixin of a day.
func (MailDay) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0806}, EstateScoped{}}
}

// Fields of a day.
func (MailDay) Fields() []ent.Field {
	return []ent.Field{
		field.Time("day").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("DAY"), Filter()).Comment("The day in the estate."),
		field.Enum("state").NamedValues("Open", "OPEN", "Closed", "CLOSED").Default("OPEN").Annotations(Filter()).Comment("Open until everything of it is explained and it is closed."),
		field.Time("opened_at").Immutable().Comment("When its first mail came or was scanned, or what was left the day before was carried over to it."),
		field.Time("closed_at").Optional().Nillable().Annotations(Filter()).Comment("When it was closed."),
		field.UUID("closed_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that closed it."),
		field.String("closed_by_name").Default("").Comment("Who closed it, as signed."),
		field.Int("listed").Default(0).Immutable().Comment("How many items of which each is scanned were on its list, as it was closed."),
		field.Int("matched").Default(0).Immutable().Comment("How many of them were scanned, as it was closed."),
		field.Int("missing").Default(0).Immutable().Comment("How many of them were not, each explained, as it was closed."),
		field.Int("unknown").Default(0).Immutable().Comment("How many scans were of no item, each explained, as it was closed."),
		field.Int("doubled").Default(0).Immutable().Comment("How many scans were of what was scanned before, each explained, as it was closed."),
		field.Int("already_delivered").Default(0).Immutable().Comment("How many scans were of what had gone already, each explained, as it was closed."),
		field.Int("undelivered").Default(0).Immutable().Comment("How many items were still here at its end, each excused (M5), as it was closed."),
		field.Int("miscounted").Default(0).Immutable().Comment("Of how many kinds other items were registered than its receipts counted, each explained (M1), as it was closed."),
	}
}

// Indexes of a day.
func (MailDay) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "day").Unique()}
}

// Annotations of a day.
func (MailDay) Annotations() []schema.Annotation {
	return public("A day's mail, which closes when all of it is explained (M2, M5).")
}

// MailScan is a code that a desk scanned; what it is of the database decides as it comes in (M2).
type MailScan struct{ ent.Schema }

// Mixin of a scan.
func (MailScan) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0807}, EstateScoped{}}
}

// Fields of a scan.
func (MailScan) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("day_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The day."),
		field.String("key").Immutable().Comment("The scan's own key, by which the desk may send it again."),
		field.String("code").Immutable().Annotations(Filter()).Comment("What was scanned."),
		field.String("desk").Immutable().Annotations(Filter()).Comment("Where it was scanned."),
		field.UUID("item_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The item of that barcode, if there is one."),
		field.Enum("outcome").NamedValues("Matched", "MATCHED", "Unknown", "UNKNOWN", "Double", "DOUBLE", "AlreadyDelivered", "ALREADY_DELIVERED").Immutable().Annotations(Filter()).
			Comment("An item that is here, for the first time today; no item; an item that was scanned today before; an item that was delivered or went back already."),
		field.Time("scanned_at").Immutable().Annotations(entgql.OrderField("SCANNED_AT"), Filter()).Comment("When."),
		field.UUID("scanned_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account that scanned it."),
		field.String("scanned_by_name").Immutable().Comment("Who scanned it, as signed."),
		field.Time("explained_at").Optional().Nillable().Immutable().Annotations(Filter()).Comment("When it was explained; null of what matches, and while no explanation stands."),
		field.String("explanation").Default("").Immutable().Comment("Why it matches nothing."),
		field.UUID("explained_by_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The account that explained it."),
		field.String("explained_by_name").Default("").Immutable().Comment("Who explained it, as signed."),
	}
}

// Edges of a scan.
func (MailScan) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("day", MailDay.Type).Field("day_id").Unique().Required().Immutable().Comment("The day."),
		edge.To("item", MailItem.Type).Field("item_id").Unique().Immutable().Comment("The item of that barcode, if there is one."),
	}
}

// Indexes of a scan.
func (MailScan) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "key").Unique(),
		index.Fields("estate_id", "scanned_at", "id"),
		index.Fields("estate_id", "day_id", "outcome"),
	}
}

// Annotations of a scan.
func (MailScan) Annotations() []schema.Annotation {
	return public("A code that a desk scanned (M2).", Steward{AppendOnly: true})
}

// MailExcuse is a recorded reason for what a day does not close without: an item that was not scanned, or a scan that matches nothing (M2), a
// kind of which other items were registered than counted (M1), an item that is still here (M5). Voided, it leaves open what it satisfied.
type MailExcuse struct{ ent.Schema }

// Mixin of an excuse.
func (MailExcuse) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0808}, EstateScoped{}, Voidable{}}
}

// Fields of an excuse.
func (MailExcuse) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("day_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The day."),
		field.Enum("kind").NamedValues("Unscanned", "UNSCANNED", "Unmatched", "UNMATCHED", "Miscounted", "MISCOUNTED", "Undelivered", "UNDELIVERED").
			Immutable().Annotations(Filter()).
			Comment("Why an item was not scanned (M2), why a scan matches nothing (M2), why other items of a kind were registered than counted (M1), or why an item is still here at the end of the day (M5)."),
		field.UUID("item_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The item that was not scanned, or is still here."),
		field.UUID("scan_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The scan that matches nothing."),
		field.Enum("mail_kind").NamedValues(mailKinds...).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The kind of mail of which other items were registered than counted."),
		field.Int("difference").Optional().Nillable().Immutable().Comment("How many more items of the kind were registered than counted, less if below zero: the reason is for as many."),
		field.String("reason").Immutable().Comment("The reason."),
		field.UUID("given_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account that gave it."),
		field.String("given_by_name").Immutable().Comment("Who gave it, as signed."),
		field.Time("given_at").Immutable().Annotations(entgql.OrderField("GIVEN_AT")).Comment("When."),
	}
}

// Edges of an excuse.
func (MailExcuse) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("day", MailDay.Type).Field("day_id").Unique().Required().Immutable().Comment("The day."),
		edge.To("item", MailItem.Type).Field("item_id").Unique().Immutable().Comment("The item that was not scanned, or is still here."),
		edge.To("scan", MailScan.Type).Field("scan_id").Unique().Immutable().Comment("The scan that matches nothing."),
	}
}

// Indexes of an excuse. A migration adds that one stands for each thing.
func (MailExcuse) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "day_id", "kind", "item_id"),
		index.Fields("estate_id", "item_id"),
		index.Fields("estate_id", "scan_id"),
		index.Fields("estate_id", "given_at", "id"),
	}
}

// Annotations of an excuse.
func (MailExcuse) Annotations() []schema.Annotation {
	return public("A recorded reason for what a day of mail does not close without (M1, M2, M5).", Steward{AppendOnly: true})
}
