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

// InspectionRound is a walk through vacant units, in walking order, with the keys that open them (V4).
type InspectionRound struct{ ent.Schema }

// Mixin of a round.
func (InspectionRound) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0708}, EstateScoped{}}
}

// Fields of a round.
func (InspectionRound) Fields() []ent.Field {
	return []ent.Field{
		field.Time("planned_on").SchemaType(civil).Immutable().Annotations(entgql.OrderField("PLANNED_ON"), entgql.Type("Date"), Filter()).Comment("The day that it is planned for."),
		field.UUID("area_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The area that it is through; null: the whole estate."),
		field.UUID("walker_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The member of staff who walks it."),
		field.String("walker_name").Immutable().Comment("Who walks it."),
		field.Int("units").Positive().Immutable().Comment("How many units it is through."),
		field.Enum("state").NamedValues("Planned", "PLANNED", "UnderWay", "UNDER_WAY", "Closed", "CLOSED", "Cancelled", "CANCELLED").Default("PLANNED").Annotations(Filter()).
			Comment("Planned, under way, closed with its keys back, or cancelled."),
		field.UUID("planned_by_id", uuid.UUID{}).Immutable().Comment("The account of who planned it."),
		field.String("planned_by_name").Immutable().Comment("Who planned it."),
		field.Time("started_at").Optional().Nillable().Comment("When it began."),
		field.String("without_keys_reason").Default("").Comment("Why it is walked without keys, if it is."),
		field.Time("ended_at").Optional().Nillable().Comment("When it was closed or cancelled."),
		field.String("cancel_reason").Default("").Comment("Why it was cancelled."),
		field.Int("voided_visits").NonNegative().Default(0).Immutable().Comment("How many of the visits that were signed for at its end were voided since; its lines say which."),
	}
}

// Edges of a round.
func (InspectionRound) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("walker", Staff.Type).Field("walker_id").Unique().Required().Immutable().Comment("Who walks it."),
		edge.To("area", Area.Type).Field("area_id").Unique().Immutable().Comment("The area that it is through."),
		edge.From("lines", InspectionRoundLine.Type).Ref("round").Comment("Its units, in walking order."),
		edge.From("keys", InspectionRoundKey.Type).Ref("round").Comment("The loans of its keys."),
	}
}

// Indexes of a round.
func (InspectionRound) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "planned_on", "id"),
		index.Fields("estate_id", "state", "planned_on"),
	}
}

// Annotations of a round.
func (InspectionRound) Annotations() []schema.Annotation {
	return public("A walk through vacant units with the keys that open them (V4).")
}

// InspectionRoundLine is a unit of a round.
type InspectionRoundLine struct{ ent.Schema }

// Mixin of a line.
func (InspectionRoundLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x070d}, EstateScoped{}}
}

// Fields of a line.
func (InspectionRoundLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("round_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The round."),
		field.UUID("vacancy_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The vacancy."),
		field.UUID("unit_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The unit."),
		field.Int("position").Positive().Immutable().Comment("Its place on the way: by area, building, entrance, floor and door."),
		field.UUID("inspection_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The visit; null while it was not visited. One that was voided after the round was closed stays named, and says so."),
		field.String("skip_reason").Default("").Comment("Why it was passed by, if it was."),
		field.Bool("open").Default(true).Immutable().Annotations(entgql.Skip(entgql.SkipType)).Comment("While the round is not over."),
		field.Bool("under_way").Default(false).Immutable().Annotations(entgql.Skip(entgql.SkipType)).Comment("While the round is under way: no other takes the unit then."),
		field.Time("planned_on").SchemaType(civil).Immutable().Annotations(entgql.Skip(entgql.SkipType)).Comment("The day that the round is planned for: no other of the day takes the unit."),
	}
}

// Edges of a line.
func (InspectionRoundLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("round", InspectionRound.Type).Field("round_id").Unique().Required().Immutable().Comment("The round."),
		edge.To("vacancy", Vacancy.Type).Field("vacancy_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The vacancy."),
		edge.To("unit", Unit.Type).Field("unit_id").Unique().Required().Immutable().Comment("The unit."),
		edge.To("inspection", Inspection.Type).Field("inspection_id").Unique().Immutable().Comment("The visit."),
	}
}

// Indexes of a line. A migration adds that a vacancy is on one round of a day, and on one that is under way.
func (InspectionRoundLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "round_id", "vacancy_id").Unique(),
		index.Fields("estate_id", "round_id", "position").Unique(),
	}
}

// Annotations of a line.
func (InspectionRoundLine) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("A unit of a round (V4).")}
}

// InspectionRoundKey is a loan of keys that a round is walked with: it is not closed while they are out.
type InspectionRoundKey struct{ ent.Schema }

// Mixin of a key.
func (InspectionRoundKey) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x070e}, EstateScoped{}}
}

// Fields of a key.
func (InspectionRoundKey) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("round_id", uuid.UUID{}).Immutable().Comment("The round."),
		field.UUID("loan_id", uuid.UUID{}).Immutable().Comment("The loan."),
	}
}

// Edges of a key.
func (InspectionRoundKey) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("round", InspectionRound.Type).Field("round_id").Unique().Required().Immutable().Comment("The round."),
		edge.To("loan", KeyLoan.Type).Field("loan_id").Unique().Required().Immutable().Comment("The loan."),
	}
}

// Indexes of a key.
func (InspectionRoundKey) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "round_id"),
		index.Fields("estate_id", "loan_id").Unique(),
	}
}

// Annotations of a key.
func (InspectionRoundKey) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("A loan of keys that a round is walked with (V4, K2.1)."), Steward{AppendOnly: true}}
}
