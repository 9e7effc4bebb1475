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

// Renovation is works of a household, from the application to the end, with the deposit that is held for them (A1.4).
type Renovation struct{ ent.Schema }

// Mixin of a renovation.
func (Renovation) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0608}, serviced().voidable(), ofHousehold{}, Recorded{}, Voidable{}}
}

// Fields of a renovation.
func (Renovation) Fields() []ent.Field {
	money := func(name, comment string) ent.Field {
		return field.Int64(name).NonNegative().Default(0).Annotations(entgql.Type("Int")).Comment(comment + ", in minor units of the currency.")
	}
	return []ent.Field{
		field.String("contractor").Default("").Immutable().Annotations(Confidential()).Comment("Who carries the works out."),
		field.Time("begins_on").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), Filter()).Comment("First day of the works, as applied for."),
		field.Time("ends_on").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), Filter()).Comment("Last day of the works, as applied for."),
		field.Enum("state").NamedValues("Applied", "APPLIED", "Approved", "APPROVED", "UnderWay", "UNDER_WAY", "Inspected", "INSPECTED", "Closed", "CLOSED", "Voided", "VOIDED").
			Default("APPLIED").Annotations(Filter()).Comment("Applied for, approved, under way, inspected, closed; voided when it was recorded by mistake."),
		money("deposit", "What was paid as a deposit"),
		money("deducted", "What was kept of the deposit"),
		money("returned", "What was given back of the deposit"),
		field.String("currency").Default("").Comment("The currency of the deposit: CNY; empty without one."),
		field.String("deduction_reason").Default("").Annotations(Confidential()).Comment("Why something was kept of the deposit."),
		field.Time("paid_at").Optional().Nillable().Annotations(Filter()).Comment("When the deposit was paid; null without one."),
		field.Time("settled_at").Optional().Nillable().Annotations(Filter()).Comment("When the deposit was given back, or what was left of it; null while it is held."),
	}
}

// Edges of a renovation.
func (Renovation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("steps", RenovationStep.Type).Ref("renovation").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("Who did what when."),
	}
}

// Annotations of a renovation.
func (Renovation) Annotations() []schema.Annotation {
	return public("A renovation of a household (A1.4).", Steward{Document: "id", Watched: true})
}

// RenovationStep says who did what when in a renovation (A1.4).
type RenovationStep struct{ ent.Schema }

// Mixin of a step.
func (RenovationStep) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x060a}, serviced(), ofHousehold{}}
}

// Fields of a step.
func (RenovationStep) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("renovation_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The renovation."),
		field.Enum("step").NamedValues("Applied", "APPLIED", "DepositPaid", "DEPOSIT_PAID", "Approved", "APPROVED", "UnderWay", "UNDER_WAY", "Inspected", "INSPECTED",
			"DepositReturned", "DEPOSIT_RETURNED", "DepositVoided", "DEPOSIT_VOIDED", "Closed", "CLOSED").Immutable().Annotations(Filter()).
			Comment("What was done; DEPOSIT_VOIDED counters the entry of the deposit before it."),
		field.Int64("amount").NonNegative().Default(0).Immutable().Annotations(entgql.Type("Int")).Comment("Of the deposit what was paid or given back, in minor units of its currency."),
		field.String("note").Default("").Immutable().Annotations(Confidential()).Comment("What was noted of it: what the inspection found, why something was kept."),
		field.UUID("done_by_id", uuid.UUID{}).Immutable().Comment("The account that recorded it."),
		field.String("done_by_name").Immutable().Comment("Who recorded it, as signed."),
		field.Time("done_at").Immutable().Annotations(Filter()).Comment("When it was recorded."),
	}
}

// Edges of a step.
func (RenovationStep) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("renovation", Renovation.Type).Field("renovation_id").Unique().Required().Immutable().Comment("The renovation."),
	}
}

// Indexes of a step.
func (RenovationStep) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "renovation_id", "done_at")}
}

// Annotations of a step.
func (RenovationStep) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("A step of a renovation (A1.4)."), Steward{Document: "renovation_id", AppendOnly: true}}
}
