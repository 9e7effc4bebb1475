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

// PressClaim is what the post office owes of an issue that came short: open until it is recovered in full, or written off (M7).
type PressClaim struct{ ent.Schema }

// Mixin of a claim.
func (PressClaim) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0811}, EstateScoped{}}
}

// Fields of a claim.
func (PressClaim) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("delivery_id", uuid.UUID{}).Immutable().Comment("The delivery that was short."),
		field.UUID("publication_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The publication."),
		field.Time("day").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("DAY"), Filter()).Comment("The day of the issue."),
		field.Int("short").Positive().Immutable().Comment("How many copies are missing."),
		field.Int("recovered").NonNegative().Default(0).Immutable().Comment("How many of them came later."),
		field.Enum("state").NamedValues("Open", "OPEN", "Recovered", "RECOVERED", "WrittenOff", "WRITTEN_OFF", "Voided", "VOIDED").Default("OPEN").Immutable().
			Annotations(Filter()).Comment("Open; recovered in full; written off; voided with its delivery."),
		field.Time("closed_at").Optional().Nillable().Comment("When it was recovered in full, written off or voided."),
		field.UUID("written_off_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that wrote the rest off."),
		field.String("written_off_by_name").Default("").Comment("Who wrote the rest off, as signed."),
		field.String("write_off_reason").Default("").Comment("Why the rest was written off."),
	}
}

// Edges of a claim.
func (PressClaim) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("delivery", PressDelivery.Type).Field("delivery_id").Unique().Required().Immutable().Comment("The delivery that was short."),
		edge.To("publication", Publication.Type).Field("publication_id").Unique().Required().Immutable().Comment("The publication."),
		edge.From("recoveries", PressRecovery.Type).Ref("claim").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What came later."),
	}
}

// Indexes of a claim.
func (PressClaim) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "delivery_id").Unique(),
		index.Fields("estate_id", "day", "id"),
	}
}

// Annotations of a claim.
func (PressClaim) Annotations() []schema.Annotation {
	return public("What the post office owes of an issue that came short (M7).")
}

// PressRecovery is copies of a claim that came later: they go to who went short, in the order of the delivery (M7).
type PressRecovery struct{ ent.Schema }

// Mixin of a recovery.
func (PressRecovery) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0812}, EstateScoped{}, Voidable{}}
}

// Fields of a recovery.
func (PressRecovery) Fields() []ent.Field {
	return append([]ent.Field{
		field.UUID("claim_id", uuid.UUID{}).Immutable().Comment("The claim."),
		field.Int("copies").Positive().Immutable().Comment("How many copies came."),
		field.String("delivered_by").Immutable().Comment("Who brought them for the post office."),
		civilDay("recovered_on", "The day that they came."),
	}, recordedBy()...)
}

// Edges of a recovery.
func (PressRecovery) Edges() []ent.Edge {
	return []ent.Edge{edge.To("claim", PressClaim.Type).Field("claim_id").Unique().Required().Immutable().Comment("The claim.")}
}

// Indexes of a recovery.
func (PressRecovery) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "claim_id")}
}

// Annotations of a recovery.
func (PressRecovery) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("Copies of a claim that came later (M7)."), Steward{AppendOnly: true}}
}
