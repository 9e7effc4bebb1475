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

// Occupancy joins a household and a unit for a time (the rulebook, "Who lives where"). Two exclusion
// constraints in the migrations hold that no two are at once for one unit and capacity, and that a
// unit has one payer at a time.
type Occupancy struct{ ent.Schema }

// Mixin of an occupancy.
func (Occupancy) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0108}, EstateScoped{Household: "household_id"}, Versioned{}}
}

// Fields of an occupancy.
func (Occupancy) Fields() []ent.Field {
	day := func(name, comment string) ent.Field {
		return field.Time(name).SchemaType(civil).Optional().Nillable().Annotations(entgql.Type("Date"), Filter()).Comment(comment)
	}
	return []ent.Field{
		field.UUID("household_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The household."),
		field.UUID("unit_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The unit."),
		field.String("unit_label").Immutable().Comment("The unit's label, for those who may see the occupancy and not the unit."),
		field.Enum("capacity").NamedValues("Owner", "OWNER", "Tenant", "TENANT", "User", "USER").Immutable().
			Annotations(Filter()).Comment("In what capacity the household has the unit."),
		field.Bool("payer").Default(true).Annotations(Filter()).Comment("Whether this household pays the unit's fees (F1)."),
		field.Enum("state").NamedValues("Noticed", "NOTICED", "MovedIn", "MOVED_IN", "DeemedMovedIn", "DEEMED_MOVED_IN", "MovedOut", "MOVED_OUT").
			Annotations(Filter()).Comment("Noticed, moved in, deemed moved in (F1), moved out."),
		field.Time("from_on").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), Filter()).Comment("First day of the occupancy."),
		day("until_on", "First day after the occupancy; null while it lasts."),
		day("noticed_on", "Day of the move-in notice (入伙通知)."),
		day("deadline_on", "Last day to come and move in; who does not is deemed moved in (F1)."),
		day("moved_in_on", "Day of moving in (入伙), or of being deemed so."),
	}
}

// Edges of an occupancy.
func (Occupancy) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("household", Household.Type).Field("household_id").Unique().Required().Immutable().Comment("The household."),
		edge.To("unit", Unit.Type).Field("unit_id").Unique().Required().Immutable().Comment("The unit."),
	}
}

// Indexes of an occupancy.
func (Occupancy) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "household_id"),
		index.Fields("estate_id", "unit_id"),
		index.Fields("estate_id", "state", "deadline_on"),
	}
}

// Annotations of an occupancy.
func (Occupancy) Annotations() []schema.Annotation {
	return public("A household's time in a unit, in one capacity.")
}
