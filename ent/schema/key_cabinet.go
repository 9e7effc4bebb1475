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
	return []ent.Mixin{Identified{Code: 0x030b}, EstateScoped{Self: "opened_by_id"}, Voidable{}, LateRecorded{}}
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

// KeyHook is a hook of a key cabinet, and the set that hangs there (K1.2).
type KeyHook struct{ ent.Schema }

// Mixin of a hook.
func (KeyHook) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x030d}, EstateScoped{}, Versioned{}}
}

// Fields of a hook.
func (KeyHook) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("cabinet_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The cabinet."),
		field.String("number").Immutable().Annotations(Filter()).Comment("The hook's number in the cabinet."),
		field.UUID("set_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The key set that hangs there; null: free."),
		sortKey(),
	}
}

// Edges of a hook.
func (KeyHook) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("cabinet", KeyHolder.Type).Field("cabinet_id").Unique().Required().Immutable().Comment("The cabinet."),
		edge.To("set", KeySet.Type).Field("set_id").Unique().Comment("The key set that hangs there."),
	}
}

// Indexes of a hook.
func (KeyHook) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "cabinet_id", "number").Unique(),
		index.Fields("estate_id", "cabinet_id", "set_id").Unique(),
		index.Fields("estate_id", "sort_key", "id"),
		index.Fields("estate_id", "set_id"),
	}
}

// Annotations of a hook.
func (KeyHook) Annotations() []schema.Annotation {
	return public("A hook of a key cabinet, and the set that hangs there (K1.2).")
}

// KeySeal is a sealed packet of public-area keys with security, under a number (K1.3).
type KeySeal struct{ ent.Schema }

// Mixin of a seal.
func (KeySeal) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x030e}, EstateScoped{}, Versioned{}}
}

// Fields of a seal.
func (KeySeal) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("set_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The key set."),
		field.String("number").Immutable().Annotations(Filter()).Comment("The number on the seal."),
		field.Int("count").Positive().Immutable().Comment("How many keys are in the packet."),
		field.Enum("state").NamedValues("Sealed", "SEALED", "Broken", "BROKEN", "Replaced", "REPLACED").Default("SEALED").Annotations(Filter()).
			Comment("Sealed, broken (the keys came out), or replaced by another seal."),
		field.Time("sealed_at").Immutable().Annotations(entgql.OrderField("SEALED_AT"), Filter()).Comment("When it was sealed."),
		field.UUID("sealed_by_id", uuid.UUID{}).Immutable().Comment("The account of who sealed it."),
		field.String("sealed_by_name").Immutable().Comment("Who sealed it, as signed."),
		field.Time("ended_at").Optional().Nillable().Annotations(Filter()).Comment("When it was broken or replaced."),
		field.UUID("ended_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of who broke or replaced it."),
		field.String("ended_by_name").Default("").Comment("Who broke or replaced it, as signed."),
		field.String("end_reason").Default("").Comment("Why it was broken or replaced."),
		field.UUID("previous_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The seal that this one replaces."),
		field.UUID("acceptance_line_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The line of the acceptance sheet that its keys came by, if they were sealed as they came."),
	}
}

// Edges of a seal.
func (KeySeal) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("set", KeySet.Type).Field("set_id").Unique().Required().Immutable().Comment("The key set."),
		edge.To("acceptance_line", KeyAcceptanceLine.Type).Field("acceptance_line_id").Unique().Immutable().Comment("The line of the acceptance sheet."),
		edge.To("successors", KeySeal.Type).Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("The seal that replaced it, if one did.").
			From("previous").Field("previous_id").Unique().Immutable().Comment("The seal that this one replaces."),
	}
}

// Indexes of a seal.
func (KeySeal) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "number").Unique(),
		index.Fields("estate_id", "set_id"),
		index.Fields("estate_id", "previous_id").Unique(),
		index.Fields("estate_id", "acceptance_line_id"),
		index.Fields("estate_id", "sealed_at", "id"),
	}
}

// Annotations of a seal.
func (KeySeal) Annotations() []schema.Annotation {
	return public("A sealed packet of public-area keys with security (K1.3).")
}
