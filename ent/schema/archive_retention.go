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

// ArchiveRetention is how long an estate keeps a category: one line of its schedule, there from the day that the estate is (A7).
type ArchiveRetention struct{ ent.Schema }

// Mixin of a line of the schedule.
func (ArchiveRetention) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0610}, EstateScoped{}, Versioned{}}
}

// Fields of a line of the schedule.
func (ArchiveRetention) Fields() []ent.Field {
	return []ent.Field{
		archiveCategory(),
		field.Int("years").Positive().Optional().Nillable().Annotations(Filter()).Comment("How many years after its date a document is kept; null: permanently."),
		field.String("basis").Annotations(Filter()).Comment("The schedule and the item in it, as the certificate names them."),
		field.UUID("set_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that set it; null for the default."),
		field.String("set_by_name").Default("").Comment("Who set it, as signed."),
	}
}

// Indexes of a line of the schedule.
func (ArchiveRetention) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "category").Unique()}
}

// Annotations of a line of the schedule.
func (ArchiveRetention) Annotations() []schema.Annotation {
	return public("How long a category is kept (A7).")
}

// ArchiveHold is a legal hold: what it is on is not destroyed until it is released (A7).
type ArchiveHold struct{ ent.Schema }

// Mixin of a hold.
func (ArchiveHold) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0611}, EstateScoped{}}
}

// Fields of a hold.
func (ArchiveHold) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("subject_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("What is held: the document, the volume or the file."),
		field.UUID("document_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The document that is held."),
		field.UUID("volume_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The volume that is held, with all that is bound in it."),
		field.UUID("file_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The file that is held, with all its documents."),
		field.String("reason").Immutable().Annotations(Confidential()).Comment("Why."),
		field.UUID("placed_by_id", uuid.UUID{}).Immutable().Comment("The account that placed it."),
		field.String("placed_by_name").Immutable().Comment("Who placed it, as signed."),
		field.Time("placed_at").Immutable().Annotations(entgql.OrderField("PLACED_AT"), Filter()).Comment("When it was placed."),
		field.Time("released_at").Optional().Nillable().Annotations(Filter()).Comment("When it was released; null while it holds."),
		field.String("release_reason").Default("").Annotations(Confidential()).Comment("Why it was released."),
		field.UUID("released_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that released it."),
		field.String("released_by_name").Default("").Comment("Who released it, as signed."),
	}
}

// Edges of a hold.
func (ArchiveHold) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("document", ArchiveDocument.Type).Field("document_id").Unique().Immutable().Comment("The document that is held."),
		edge.To("volume", ArchiveVolume.Type).Field("volume_id").Unique().Immutable().Comment("The volume that is held."),
		edge.To("file", ArchiveFile.Type).Field("file_id").Unique().Immutable().Comment("The file that is held."),
	}
}

// Indexes of a hold.
func (ArchiveHold) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "placed_at", "id"),
		index.Fields("estate_id", "document_id"),
		index.Fields("estate_id", "volume_id"),
		index.Fields("estate_id", "file_id"),
	}
}

// Annotations of a hold.
func (ArchiveHold) Annotations() []schema.Annotation {
	return public("A legal hold on a document, a volume or a file (A7).", Steward{Document: "subject_id"})
}
