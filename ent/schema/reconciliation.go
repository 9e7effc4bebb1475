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

// Reconciliation is a count against what is on record: expected frozen, counted blind, each difference resolved, closed.
type Reconciliation struct{ ent.Schema }

// Mixin of a reconciliation.
func (Reconciliation) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0207}, EstateScoped{}, Versioned{}}
}

// Fields of a reconciliation.
func (Reconciliation) Fields() []ent.Field {
	return []ent.Field{
		field.String("kind").Immutable().Annotations(Filter()).Comment("What is counted: keys.spotCheck."),
		field.String("clause").Immutable().Annotations(Filter()).Comment("The clause that demands it: K4.3."),
		field.UUID("subject_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("What it is about."),
		field.String("title").Immutable().Comment("What is counted, in a line, in Chinese."),
		field.String("title_en").Immutable().Comment("The same in English."),
		field.Enum("state").NamedValues("Counting", "COUNTING", "Settling", "SETTLING", "Closed", "CLOSED", "Cancelled", "CANCELLED").Default("COUNTING").Annotations(Filter()).Comment("Counting, settling (all is counted, differences are being resolved), closed; cancelled with a reason."),
		field.Time("frozen_at").Immutable().Annotations(entgql.OrderField("FROZEN_AT"), Filter()).Comment("As of when the record was frozen."),
		field.UUID("opened_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who opened it."),
		field.String("opened_by_name").Immutable().Comment("Who opened it, as signed."),
		field.Time("counted_at").Optional().Nillable().Annotations(Filter()).Comment("When the last line was counted."),
		field.UUID("closed_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of who closed or cancelled it."),
		field.String("closed_by_name").Default("").Comment("Who closed or cancelled it, as signed."),
		field.Time("closed_at").Optional().Nillable().Annotations(Filter()).Comment("When it was closed or cancelled."),
		field.String("close_note").Default("").Comment("What was said at the end."),
	}
}

// Edges of a reconciliation.
func (Reconciliation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("lines", ReconciliationLine.Type).Ref("reconciliation").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("Its lines."),
	}
}

// Indexes of a reconciliation.
func (Reconciliation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "state", "frozen_at", "id"),
		index.Fields("estate_id", "frozen_at", "id"),
		index.Fields("estate_id", "subject_id"),
	}
}

// Annotations of a reconciliation.
func (Reconciliation) Annotations() []schema.Annotation {
	return public("A count against what is on record.")
}

// ReconciliationLine is one thing counted.
type ReconciliationLine struct{ ent.Schema }

// Mixin of a line.
func (ReconciliationLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0208}, EstateScoped{}, Versioned{}}
}

// Fields of a line.
func (ReconciliationLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("reconciliation_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The reconciliation."),
		field.UUID("item_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("What is counted."),
		field.UUID("place_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("Where it is counted, if that matters."),
		field.Int("position").Positive().Immutable().Comment("Its place on the sheet, from 1."),
		field.String("label").Immutable().Comment("What is counted, as written on the sheet."),
		field.Int("frozen").NonNegative().Immutable().Annotations(entgql.Skip(entgql.SkipType), Confidential()).Comment("What the record said when it was frozen: hidden, on the audit trail too, so that the count is blind."),
		field.Int("expected").NonNegative().Optional().Nillable().Comment("What the record said; null until all lines of the count are counted."),
		field.Int("counted").NonNegative().Optional().Nillable().Comment("What was counted; null until then."),
		field.UUID("counted_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of who counted it."),
		field.String("counted_by_name").Default("").Comment("Who counted it, as signed."),
		field.Time("counted_at").Optional().Nillable().Annotations(Filter()).Comment("When it was counted."),
		field.Enum("state").NamedValues("Awaiting", "AWAITING", "Matched", "MATCHED", "Different", "DIFFERENT", "Resolved", "RESOLVED").Default("AWAITING").Annotations(Filter()).Comment("Awaiting until all lines of the count are counted; then matched, or different (a case that is open), and resolved."),
		field.String("resolution").Default("").Annotations(Filter()).Comment("How the difference was resolved."),
		field.String("resolution_reason").Default("").Comment("Why there was a difference."),
		field.UUID("resolved_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of who resolved it."),
		field.String("resolved_by_name").Default("").Comment("Who resolved it, as signed."),
		field.Time("resolved_at").Optional().Nillable().Annotations(Filter()).Comment("When the difference was resolved."),
	}
}

// Edges of a line.
func (ReconciliationLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("reconciliation", Reconciliation.Type).Field("reconciliation_id").Unique().Required().Immutable().Comment("The reconciliation."),
	}
}

// Indexes of a line.
func (ReconciliationLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "reconciliation_id", "position").Unique(),
		index.Fields("estate_id", "state", "id"),
		index.Fields("estate_id", "item_id"),
	}
}

// Annotations of a line.
func (ReconciliationLine) Annotations() []schema.Annotation {
	return public("One thing counted.", Steward{Document: "reconciliation_id"})
}
