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

// KeyCabinetOpening is one opening of a key cabinet, or somebody's attempt who may not open it (K1.2).
type KeyCabinetOpening struct{ ent.Schema }

// Mixin of an opening.
func (KeyCabinetOpening) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x030b}, EstateScoped{Self: "opened_by_id"}}
}

// Fields of an opening.
func (KeyCabinetOpening) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("cabinet_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The cabinet."),
		field.Enum("outcome").NamedValues("Opened", "OPENED", "Refused", "REFUSED").Immutable().Annotations(Filter()).
			Comment("Opened, or refused to whom may not open it."),
		field.String("purpose").Immutable().Comment("What for."),
		field.UUID("opened_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who opened it, or asked to."),
		field.String("opened_by_name").Immutable().Comment("Who that was, as signed."),
		field.Time("occurred_at").Immutable().Annotations(entgql.OrderField("OCCURRED_AT"), Filter()).Comment("When it was opened, or refused."),
		field.String("late_reason").Default("").Immutable().Comment("Why it was recorded later, if it was."),
	}
}

// Edges of an opening.
func (KeyCabinetOpening) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("cabinet", KeyHolder.Type).Field("cabinet_id").Unique().Required().Immutable().Comment("The cabinet."),
	}
}

// Indexes of an opening.
func (KeyCabinetOpening) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "occurred_at", "id"),
		index.Fields("estate_id", "cabinet_id"),
	}
}

// Annotations of an opening.
func (KeyCabinetOpening) Annotations() []schema.Annotation {
	return public("An opening of a key cabinet, made or refused (K1.2).", Steward{AppendOnly: true})
}
