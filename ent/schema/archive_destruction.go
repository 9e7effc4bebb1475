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

// ArchiveDestruction is an order to destroy what is past its retention: the archivist proposes it, the project manager approves it
// and names the witness (监销员), archivist and witness carry it out (A7). It says nothing of what the documents said.
type ArchiveDestruction struct{ ent.Schema }

// Mixin of an order.
func (ArchiveDestruction) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0612}, EstateScoped{}, Versioned{}}
}

// Fields of an order.
func (ArchiveDestruction) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("method").NamedValues("Shredding", "SHREDDING", "Pulping", "PULPING", "Burning", "BURNING", "Erasure", "ERASURE").
			Immutable().Annotations(Filter()).Comment("Paper is shredded, pulped or burnt, beside the erasure of the content; erasure alone is for what was never on paper."),
		field.String("reason").Immutable().Comment("Why it is proposed."),
		field.Enum("state").NamedValues("Proposed", "PROPOSED", "Approved", "APPROVED", "Done", "DONE", "Ended", "ENDED", "Cancelled", "CANCELLED").
			Default("PROPOSED").Annotations(Filter()).Comment("Proposed; approved, and waiting for its witness; done; ended without (declined, withdrawn, expired); cancelled."),
		field.Int("quantity").Positive().Immutable().Comment("How many documents."),
		field.Int("pages").NonNegative().Immutable().Comment("Their pages on paper."),
		field.Time("dated_from").SchemaType(civil).Immutable().Annotations(entgql.Type("Date")).Comment("The earliest date among them."),
		field.Time("dated_until").SchemaType(civil).Immutable().Annotations(entgql.Type("Date")).Comment("The latest date among them."),
		field.Time("eligible_on").SchemaType(civil).Immutable().Annotations(entgql.Type("Date")).Comment("From which day all of them were past their retention."),
		field.UUID("proposed_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of the archivist who proposed it."),
		field.UUID("proposed_by_staff_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipType)).Comment("That archivist as a member of staff, noted by the database, whatever account is the own later."),
		field.String("proposed_by_name").Immutable().Comment("Who proposed it, as signed."),
		field.Time("proposed_at").Immutable().Annotations(entgql.OrderField("PROPOSED_AT"), Filter()).Comment("When it was proposed."),
		field.UUID("approval_id", uuid.UUID{}).Optional().Nillable().Comment("The project manager's approval."),
		field.UUID("approved_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of who approved it."),
		field.UUID("approved_by_staff_id", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipType)).Comment("Who approved it as a member of staff, noted by the database."),
		field.String("approved_by_name").Default("").Comment("Who approved it, as signed."),
		field.Time("approved_at").Optional().Nillable().Comment("When it was approved."),
		field.UUID("witness_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The witness (监销员): a member of staff who is neither the archivist nor the approver."),
		field.String("content_hash").Default("").Comment("SHA-256 over the ids and the SHA-256 of the content of all documents, from before they were destroyed."),
		field.Text("content").Default("").Annotations(Confidential(), entgql.Skip(entgql.SkipType)).Comment("What approver, archivist and witness sign, as JSON; the certificate shows it."),
		field.UUID("certificate_id", uuid.UUID{}).Optional().Nillable().Comment("The certificate."),
		field.String("destroyed_by_name").Default("").Comment("The archivist who destroyed it, as signed."),
		field.Time("done_at").Optional().Nillable().Annotations(Filter()).Comment("When it was carried out."),
		field.Time("backups_until").SchemaType(civil).Optional().Nillable().Annotations(entgql.Type("Date")).Comment("Until when backups still hold what was destroyed."),
		field.UUID("cancelled_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that cancelled it."),
		field.String("cancelled_by_name").Default("").Comment("Who cancelled it, as signed."),
		field.Time("cancelled_at").Optional().Nillable().Comment("When it was cancelled."),
		field.String("cancel_reason").Default("").Comment("Why it was cancelled."),
	}
}

// Edges of an order.
func (ArchiveDestruction) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("approval", Approval.Type).Field("approval_id").Unique().Comment("The project manager's approval."),
		edge.To("witness", Staff.Type).Field("witness_id").Unique().Comment("The witness."),
		edge.To("certificate", Certificate.Type).Field("certificate_id").Unique().Comment("The certificate."),
		edge.From("lines", ArchiveDestructionLine.Type).Ref("destruction").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What it is upon, document by document."),
	}
}

// Indexes of an order.
func (ArchiveDestruction) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "proposed_at", "id"),
		index.Fields("estate_id", "approval_id"),
	}
}

// Annotations of an order.
func (ArchiveDestruction) Annotations() []schema.Annotation {
	return public("An order to destroy documents, and what came of it (A7).")
}

// ArchiveDestructionLine is one document of an order, as it was proposed.
type ArchiveDestructionLine struct{ ent.Schema }

// Mixin of a line.
func (ArchiveDestructionLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0613}, EstateScoped{}}
}

// Fields of a line.
func (ArchiveDestructionLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("destruction_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The order."),
		field.UUID("document_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The document."),
		archiveCategory(),
		field.String("volume_code").Immutable().Comment("The code of its volume."),
		field.Time("dated").SchemaType(civil).Immutable().Annotations(entgql.Type("Date")).Comment("The day that it bears."),
		field.Int("pages").NonNegative().Immutable().Comment("Its pages."),
		field.Int("years").NonNegative().Immutable().Comment("How many years it was to be kept; 0 for what was voided."),
		field.String("basis").Immutable().Comment("The schedule and the item in it."),
		field.Time("eligible_on").SchemaType(civil).Immutable().Annotations(entgql.Type("Date")).Comment("From which day it was past its retention."),
		field.Time("handed_in_on").SchemaType(civil).Optional().Nillable().Immutable().Annotations(entgql.Type("Date")).Comment("The day on which it was handed in, whatever day it bears."),
		field.Bool("voided").Default(false).Immutable().Comment("Whether it was voided: handed in by mistake."),
		field.Bool("open").Default(true).Immutable().Annotations(Filter()).Comment("Whether its order is neither done nor ended; the database says so."),
	}
}

// Edges of a line.
func (ArchiveDestructionLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("destruction", ArchiveDestruction.Type).Field("destruction_id").Unique().Required().Immutable().Comment("The order."),
		edge.To("document", ArchiveDocument.Type).Field("document_id").Unique().Required().Immutable().Comment("The document, or its stub."),
	}
}

// Indexes of a line.
func (ArchiveDestructionLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "destruction_id", "document_id").Unique(),
		index.Fields("estate_id", "document_id"),
	}
}

// Annotations of a line.
func (ArchiveDestructionLine) Annotations() []schema.Annotation {
	return public("A document of an order to destroy (A7).", Steward{AppendOnly: true})
}
