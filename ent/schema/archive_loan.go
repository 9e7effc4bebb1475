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

// borrowed is the scope of what is lent: the borrower's own, and of the department whose supervisor decided.
func borrowed() EstateScoped { return EstateScoped{Department: "department_id", Self: "account_id"} }

// borrowedFields are the columns of borrowed; the database holds them to those of the loan's request.
func borrowedFields() []ent.Field {
	return []ent.Field{
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The department whose supervisor decided, too."),
		field.UUID("account_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of the borrower."),
	}
}

// ArchiveLoan is paper that the archivist lends: documents of a request to borrow that was given, until it is over at the latest (A5). A
// loan is of documents, though they are bound: the approval names documents, and who may borrow one may not read the rest of its volume.
type ArchiveLoan struct{ ent.Schema }

// Mixin of a loan.
func (ArchiveLoan) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x060d}, borrowed(), Voidable{}, LateRecorded{}}
}

// Fields of a loan.
func (ArchiveLoan) Fields() []ent.Field {
	return append(borrowedFields(),
		field.String("code").Immutable().Annotations(entgql.OrderField("CODE"), Filter()).Comment("Its number in the estate: AL-0042."),
		field.UUID("request_id", uuid.UUID{}).Annotations(Filter()).Comment("The request that was given: the latest, after an extension."),
		field.String("borrower_name").Immutable().Annotations(Filter()).Comment("The borrower, as signed."),
		field.UUID("lent_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of the archivist who lent it."),
		field.String("lent_by_name").Immutable().Comment("The archivist who lent it, as signed."),
		field.Time("lent_at").Immutable().Annotations(entgql.OrderField("LENT_AT"), Filter()).Comment("When it was lent."),
		field.Time("due_at").Annotations(entgql.OrderField("DUE_AT"), Filter()).Comment("When it is due back: never after what was approved is over."),
		field.Time("returned_at").Optional().Nillable().Annotations(Filter()).Comment("When the last of it came back."),
		field.Enum("state").NamedValues("Open", "OPEN", "Returned", "RETURNED", "Voided", "VOIDED").Default("OPEN").Annotations(Filter()).
			Comment("Open while a document of it is out; returned; voided when it was recorded by mistake."),
	)
}

// Edges of a loan.
func (ArchiveLoan) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("request", ArchiveRequest.Type).Field("request_id").Unique().Required().Comment("The request that was given."),
		edge.From("lines", ArchiveLoanLine.Type).Ref("loan").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What is lent, document by document."),
		edge.From("returns", ArchiveReturn.Type).Ref("loan").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What came back, when, by whom."),
	}
}

// Indexes of a loan.
func (ArchiveLoan) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "code").Unique(),
		index.Fields("estate_id", "lent_at", "id"),
		index.Fields("estate_id", "state", "due_at", "id"),
		index.Fields("estate_id", "account_id"),
		index.Fields("estate_id", "request_id"),
	}
}

// Annotations of a loan.
func (ArchiveLoan) Annotations() []schema.Annotation {
	return public("Paper that is lent from the archive (A5).")
}

// ArchiveLoanLine is one document of a loan; it says no more of it than where it stands, since what is destroyed is told nowhere (A7).
type ArchiveLoanLine struct{ ent.Schema }

// Mixin of a line.
func (ArchiveLoanLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x060e}, borrowed()}
}

// Fields of a line.
func (ArchiveLoanLine) Fields() []ent.Field {
	return append(borrowedFields(),
		field.UUID("loan_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The loan."),
		field.UUID("document_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The document."),
		archiveCategory(),
		field.String("volume_code").Default("").Immutable().Comment("The code of its volume; empty of what is not bound."),
		field.Int("pages").Positive().Immutable().Comment("How many pages were lent."),
		field.Bool("open").Default(true).Annotations(Filter()).Comment("Whether it is out."),
		field.UUID("return_id", uuid.UUID{}).Optional().Nillable().Comment("With what it came back."),
		field.Int("pages_back").NonNegative().Optional().Nillable().Comment("How many pages came back."),
		field.String("remark").Default("").Annotations(Confidential()).Comment("In what condition it came back, and what is missing."),
	)
}

// Edges of a line.
func (ArchiveLoanLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("loan", ArchiveLoan.Type).Field("loan_id").Unique().Required().Immutable().Comment("The loan."),
		edge.To("document", ArchiveDocument.Type).Field("document_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The document; hidden again once the permit has ended, and so asked for by its id."),
		edge.To("return", ArchiveReturn.Type).Field("return_id").Unique().Comment("With what it came back."),
	}
}

// Indexes of a line.
func (ArchiveLoanLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "loan_id", "document_id").Unique(),
		index.Fields("estate_id", "document_id"),
		index.Fields("estate_id", "return_id"),
	}
}

// Annotations of a line.
func (ArchiveLoanLine) Annotations() []schema.Annotation {
	return public("A document of a loan (A5).")
}

// ArchiveReturn is what came back of a loan at once, and is signed for as one.
type ArchiveReturn struct{ ent.Schema }

// Mixin of a return.
func (ArchiveReturn) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x060f}, borrowed(), Voidable{}, LateRecorded{}}
}

// Fields of a return.
func (ArchiveReturn) Fields() []ent.Field {
	return append(borrowedFields(),
		field.UUID("loan_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The loan."),
		field.String("returned_by").Immutable().Comment("Who brought it, as signed."),
		field.UUID("received_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of the archivist who took it back."),
		field.String("received_by_name").Immutable().Comment("The archivist who took it back, as signed."),
		field.Time("returned_at").Immutable().Annotations(Filter()).Comment("When it came back."),
		field.Int("missing").NonNegative().Default(0).Immutable().Annotations(Filter()).Comment("How many pages were missing."),
	)
}

// Edges of a return.
func (ArchiveReturn) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("loan", ArchiveLoan.Type).Field("loan_id").Unique().Required().Immutable().Comment("The loan."),
		edge.From("lines", ArchiveLoanLine.Type).Ref("return").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What came back; nothing once it is voided."),
	}
}

// Indexes of a return.
func (ArchiveReturn) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "loan_id")}
}

// Annotations of a return.
func (ArchiveReturn) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("What came back of a loan at once (A5).")}
}
