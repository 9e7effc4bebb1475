package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"
	"github.com/steward-pm/steward/internal/ids"
)

// Identified gives an entity its id and its place in time.
type Identified struct {
	mixin.Schema
	Code ids.Code // never reused
}

// Fields of every entity.
func (m Identified) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(ids.Maker(m.Code)).Immutable().
			Comment("Opaque identity; says what type it is of."),
		field.Time("created_at").Immutable().
			Annotations(entgql.OrderField("CREATED_AT"), Filter()).
			Comment("When the row was recorded."),
	}
}

// Annotations carry the type code to the generated code.
func (m Identified) Annotations() []schema.Annotation {
	return []schema.Annotation{Steward{Code: m.Code}}
}

// EstateScoped makes an entity a tenant's: it carries estate_id, and with it the three walls. The
// columns named here tell which rows are a department's own, concern one member of staff, or may be
// read by the residents of a household; Permits names the table of those that let one account read one row for
// a time, Voided the column by which a row concerns neither any more. An empty name says that no row is.
type EstateScoped struct {
	mixin.Schema
	Department, Self, Household, Voided, Permits string
}

// voidable hides a row that was voided from the account and the household whom it was recorded to concern.
func (m EstateScoped) voidable() EstateScoped {
	m.Voided = "voided_at"
	return m
}

// Fields of every tenant entity.
func (EstateScoped) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("estate_id", uuid.UUID{}).Immutable().
			Annotations(Filter()).
			Comment("The estate that the row belongs to."),
	}
}

// Edges of every tenant entity.
func (EstateScoped) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("estate", Estate.Type).Field("estate_id").Unique().Required().Immutable().
			Comment("The estate that this belongs to."),
	}
}

// Annotations carry the scope's columns to the generated code.
func (m EstateScoped) Annotations() []schema.Annotation {
	return []schema.Annotation{Steward{Estate: "estate_id", Department: m.Department, Self: m.Self, Household: m.Household, Voided: m.Voided, Permits: m.Permits}}
}

// Versioned lets people edit a row without losing each other's changes: an act that edits gives the
// version it saw, and a newer one is a CONFLICT.
type Versioned struct{ mixin.Schema }

// Fields of what people edit.
func (Versioned) Fields() []ent.Field {
	return []ent.Field{
		field.Int("version").Default(1).
			Comment("Grows with every change; give it back as expectedVersion."),
	}
}

// Voidable lets an act be countered, with a reason: the row stays, and says who voided it when and why.
type Voidable struct{ mixin.Schema }

// Fields of what can be voided.
func (Voidable) Fields() []ent.Field {
	return []ent.Field{
		field.Time("voided_at").Optional().Nillable().Annotations(Filter()).Comment("When it was voided; null while it stands."),
		field.String("void_reason").Default("").Comment("Why it was voided."),
		field.UUID("voided_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that voided it."),
		field.String("voided_by_name").Default("").Comment("Who voided it, as signed."),
	}
}

// LateRecorded lets an act be recorded up to 24 hours after it happened (paper kept during an outage), with a reason.
type LateRecorded struct{ mixin.Schema }

// Fields of what may be recorded late.
func (LateRecorded) Fields() []ent.Field {
	return []ent.Field{
		field.String("late_reason").Default("").Immutable().Comment("Why it was recorded later than it happened, if it was."),
	}
}

// public are the GraphQL annotations of an entity that is listed as a Relay connection.
func public(comment string, more ...schema.Annotation) []schema.Annotation {
	return append([]schema.Annotation{
		schema.Comment(comment),
		entgql.RelayConnection(),
	}, more...)
}

// civil is the column type of a civil date: midnight UTC in Go, `date` in PostgreSQL.
var civil = map[string]string{dialect.Postgres: "date"}
