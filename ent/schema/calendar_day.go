package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// CalendarDay is a day on which an estate's office works, or does not, whatever the week and the public holidays say.
type CalendarDay struct{ ent.Schema }

// Mixin of a day.
func (CalendarDay) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0110}, EstateScoped{}}
}

// Fields of a day.
func (CalendarDay) Fields() []ent.Field {
	return []ent.Field{
		field.Time("day").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("DAY"), Filter()).Comment("The day, which no other row of the estate is about."),
		field.Bool("working").Annotations(Filter()).Comment("Whether the office works on it: an extra working day, or a closed one."),
		field.String("reason").Comment("Why."),
		field.UUID("set_by_id", uuid.UUID{}).Comment("The account that said so last."),
		field.String("set_by_name").Comment("Who said so last, as signed."),
		field.Time("set_at").Comment("When."),
		field.Time("cleared_at").Optional().Nillable().Annotations(Filter()).Comment("When it became a day like others again; null while it is not."),
	}
}

// Indexes of a day.
func (CalendarDay) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "day").Unique()}
}

// Annotations of a day.
func (CalendarDay) Annotations() []schema.Annotation {
	return public("A day on which an estate's office works, or does not, whatever the week and the public holidays say. Deadlines in working days go by it.")
}
