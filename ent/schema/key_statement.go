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

// KeyStatement is the statistics of a closed month: opening + in - out = closing, per area and kind (K4.2).
type KeyStatement struct{ ent.Schema }

// Mixin of a statement.
func (KeyStatement) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0316}, EstateScoped{}}
}

// Fields of a statement.
func (KeyStatement) Fields() []ent.Field {
	return []ent.Field{
		field.Time("month").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("MONTH"), Filter()).Comment("The month, as its first day."),
		field.UUID("closed_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who closed it."),
		field.String("closed_by_name").Immutable().Comment("Who closed it, as signed."),
		field.Time("closed_at").Immutable().Annotations(entgql.OrderField("CLOSED_AT"), Filter()).Comment("When the month was closed."),
	}
}

// Edges of a statement.
func (KeyStatement) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("lines", KeyStatementLine.Type).Ref("statement").Annotations(entgql.Skip(entgql.SkipType, entgql.SkipWhereInput)).Comment("Its lines."),
	}
}

// Indexes of a statement.
func (KeyStatement) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "month").Unique(),
		index.Fields("estate_id", "closed_at", "id"),
	}
}

// Annotations of a statement.
func (KeyStatement) Annotations() []schema.Annotation {
	return public("The statistics of a closed month (K4.2).", Steward{AppendOnly: true})
}

// KeyStatementLine is one area and kind of a statement.
type KeyStatementLine struct{ ent.Schema }

// Mixin of a line.
func (KeyStatementLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0317}, EstateScoped{}}
}

// Fields of a line.
func (KeyStatementLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("statement_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The statement."),
		field.Int("position").Positive().Immutable().Comment("Its place on the statement, from 1."),
		field.String("area").Immutable().Comment("The area, as named then; empty: none."),
		field.Enum("kind").NamedValues("UnitKeys", "UNIT", "PublicArea", "PUBLIC_AREA").Immutable().Annotations(Filter()).Comment("Keys of units, or of public areas."),
		field.Int("opening").NonNegative().Immutable().Comment("In the office's keeping at the month's begin: cabinet, desk, seal, borrowers."),
		field.Int("accepted").Default(0).Immutable().Comment("Accepted from engineering (验收)."),
		field.Int("replaced").Default(0).Immutable().Comment("Came with a changed lock (更换)."),
		field.Int("copied").Default(0).Immutable().Comment("Copied by approved order."),
		field.Int("taken_back").Default(0).Immutable().Comment("Taken back from households."),
		field.Int("found").Default(0).Immutable().Comment("Found again."),
		field.Int("from_engineering").Default(0).Immutable().Comment("Came back from engineering."),
		field.Int("handed_over").Default(0).Immutable().Comment("Handed over to households (移交)."),
		field.Int("lost").Default(0).Immutable().Comment("Lost."),
		field.Int("scrapped").Default(0).Immutable().Comment("Scrapped (报废)."),
		field.Int("retired").Default(0).Immutable().Comment("Retired by a lock change."),
		field.Int("to_engineering").Default(0).Immutable().Comment("Given to engineering."),
		field.Int("adjusted").Default(0).Immutable().Comment("Adjusted after counts, more or fewer."),
		field.Int("closing").NonNegative().Immutable().Comment("In the office's keeping at the month's end (保管)."),
		field.Int("with_households").NonNegative().Default(0).Immutable().Comment("With households at the month's end (签收)."),
		field.Int("lock_changes").NonNegative().Default(0).Immutable().Comment("Locks changed in the month."),
	}
}

// Edges of a line.
func (KeyStatementLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("statement", KeyStatement.Type).Field("statement_id").Unique().Required().Immutable().Comment("The statement."),
	}
}

// Indexes of a line.
func (KeyStatementLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "statement_id", "position").Unique(),
	}
}

// Annotations of a line.
func (KeyStatementLine) Annotations() []schema.Annotation {
	return public("One area and kind of a statement (K4.2).", Steward{AppendOnly: true})
}

// KeySpotCheck is an unannounced spot check: a random sample of sets and of register entries, with the seed that draws it again (K4.3).
type KeySpotCheck struct{ ent.Schema }

// Mixin of a spot check.
func (KeySpotCheck) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0318}, EstateScoped{}}
}

// Fields of a spot check.
func (KeySpotCheck) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("reconciliation_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The count."),
		field.String("seed").Immutable().Comment("The seed of the draw, made by the server; that of what was drawn on the same day and not counted."),
		field.Int("population").NonNegative().Immutable().Comment("From how many sets it was drawn."),
		field.Int("size").Positive().Immutable().Comment("How many sets were drawn."),
		field.Int("register_population").NonNegative().Immutable().Comment("From how many loans of the register it was drawn."),
		field.Int("register_size").NonNegative().Immutable().Comment("How many loans of the register were drawn."),
		field.UUID("drawn_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who drew it."),
		field.String("drawn_by_name").Immutable().Comment("Who drew it, as signed."),
		field.Time("drawn_at").Immutable().Annotations(entgql.OrderField("DRAWN_AT"), Filter()).Comment("When it was drawn."),
	}
}

// Edges of a spot check.
func (KeySpotCheck) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("reconciliation", Reconciliation.Type).Field("reconciliation_id").Unique().Required().Immutable().Comment("The count."),
	}
}

// Indexes of a spot check.
func (KeySpotCheck) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "drawn_at", "id"),
		index.Fields("estate_id", "reconciliation_id").Unique(),
	}
}

// Annotations of a spot check.
func (KeySpotCheck) Annotations() []schema.Annotation {
	return public("An unannounced spot check (K4.3).", Steward{AppendOnly: true})
}
