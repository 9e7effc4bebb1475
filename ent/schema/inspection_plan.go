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

// InspectionItem is a line of an estate's inspection plan: what is done in each vacant unit, and how often (V4). The rulebook's five are there
// from the estate's first day; who manages it adds others.
type InspectionItem struct{ ent.Schema }

// Mixin of an item.
func (InspectionItem) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0703}, EstateScoped{}, Versioned{}}
}

// Fields of an item.
func (InspectionItem) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").Immutable().Annotations(Filter()).Comment("Code, unique in the estate: VENTILATION, LEAKS, FACILITIES, CLEANING and HAZARDS are the rulebook's."),
		field.String("name").Comment("What is done: 通风."),
		field.String("name_en").Default("").Comment("The same in English."),
		field.String("clause").Default("").Immutable().Annotations(Filter()).Comment("The clause that demands it; empty for the estate's own."),
		field.Int("position").Positive().Immutable().Annotations(entgql.OrderField("POSITION")).Comment("Its place in the plan."),
		field.Int("interval_count").Positive().Comment("How often: each so many days or months, at the latest."),
		field.Enum("interval_unit").NamedValues("Day", "DAY", "Month", "MONTH").Comment("Days or calendar months."),
		field.Bool("active").Default(true).Annotations(Filter()).Comment("Whether it is due at all; what the rulebook demands always is."),
		field.Time("since_on").SchemaType(civil).Optional().Nillable().Immutable().Annotations(entgql.Type("Date")).
			Comment("From when on it is counted in what stood empty before; null for the rulebook's, which are counted since the unit stands empty."),
	}
}

// Edges of an item.
func (InspectionItem) Edges() []ent.Edge { return nil }

// Indexes of an item.
func (InspectionItem) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "code").Unique(),
		index.Fields("estate_id", "position").Unique(),
	}
}

// Annotations of an item.
func (InspectionItem) Annotations() []schema.Annotation {
	return public("A line of an estate's inspection plan: what is done in each vacant unit, and how often (V4).")
}

// InspectionDue is by when an item is due in a vacant unit: one for each item of the plan and each vacancy, kept by the database, also
// once the vacancy is over: what was missed stays missed.
type InspectionDue struct{ ent.Schema }

// Mixin of a due.
func (InspectionDue) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0704}, EstateScoped{}}
}

// Fields of a due.
func (InspectionDue) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("vacancy_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The vacancy."),
		field.UUID("unit_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The unit."),
		field.UUID("item_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The item of the plan."),
		field.Time("done_on").SchemaType(civil).Optional().Nillable().Immutable().Annotations(entgql.Type("Date"), Filter()).
			Comment("When it was done last in this vacancy; null while it was not."),
		field.Time("due_on").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("DUE"), Filter()).
			Comment("By when it is due: its interval after the last time, or after the unit fell vacant."),
		field.Time("ended_on").SchemaType(civil).Optional().Nillable().Immutable().Annotations(entgql.Type("Date"), Filter()).
			Comment("From when on it is due no more, since the vacancy ended or the item left the plan; what was missed by then stays so. Null while it is due."),
	}
}

// Edges of a due.
func (InspectionDue) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("vacancy", Vacancy.Type).Field("vacancy_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The vacancy."),
		edge.To("unit", Unit.Type).Field("unit_id").Unique().Required().Immutable().Comment("The unit."),
		edge.To("item", InspectionItem.Type).Field("item_id").Unique().Required().Immutable().Comment("The item of the plan."),
	}
}

// Indexes of a due.
func (InspectionDue) Indexes() []ent.Index {
	// What is due no more is in no index by day, so that the years do not slow what is asked each day.
	return []ent.Index{
		index.Fields("estate_id", "vacancy_id", "item_id").Unique(),
		index.Fields("estate_id", "due_on", "id").Annotations(entsql.IndexWhere("ended_on IS NULL")),
	}
}

// Annotations of a due.
func (InspectionDue) Annotations() []schema.Annotation {
	return public("By when an item of the plan is due in a vacant unit, or was due still when the vacancy ended (V4.1, V4.4).", Steward{AppendOnly: true})
}
