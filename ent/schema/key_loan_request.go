package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// KeyLoanRequest asks the general manager for a loan of more than a day, or the extension of one (K2.2).
type KeyLoanRequest struct{ ent.Schema }

// Mixin of a request.
func (KeyLoanRequest) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0314}, EstateScoped{Household: "household_id"}, Versioned{}}
}

// Fields of a request.
func (KeyLoanRequest) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("loan_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The loan to be extended; null for a new loan."),
		field.UUID("borrower_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The borrower's account in the ledger."),
		field.String("borrower_name").Immutable().Comment("The borrower's name."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The borrower's household, if a resident."),
		field.String("purpose").Immutable().Comment("What the keys are for."),
		field.Time("until").Immutable().Annotations(Filter()).Comment("Until when: the end of a day in the estate's time zone."),
		field.UUID("approval_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The approval asked for."),
	}
}

// Edges of a request.
func (KeyLoanRequest) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("loan", KeyLoan.Type).Field("loan_id").Unique().Immutable().Comment("The loan to be extended."),
		edge.To("borrower", KeyHolder.Type).Field("borrower_id").Unique().Required().Immutable().Comment("The borrower's account in the ledger."),
		edge.To("approval", Approval.Type).Field("approval_id").Unique().Comment("The approval asked for."),
		edge.From("lines", KeyLoanRequestLine.Type).Ref("request").Comment("What is to be lent."),
	}
}

// Indexes of a request.
func (KeyLoanRequest) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "created_at", "id"),
		index.Fields("estate_id", "loan_id"),
		index.Fields("estate_id", "approval_id").Unique(),
	}
}

// Annotations of a request.
func (KeyLoanRequest) Annotations() []schema.Annotation {
	return public("A request for a loan of more than a day, or its extension (K2.2).")
}

// KeyLoanRequestLine is one key set asked for.
type KeyLoanRequestLine struct{ ent.Schema }

// Mixin of a line.
func (KeyLoanRequestLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0315}, EstateScoped{Household: "household_id"}}
}

// Fields of a line.
func (KeyLoanRequestLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("request_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The request."),
		field.UUID("set_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The key set."),
		field.String("label").Immutable().Comment("The set's label as it was asked for."),
		field.Int("count").Positive().Immutable().Comment("How many keys."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The borrower's household, if a resident."),
	}
}

// Edges of a line.
func (KeyLoanRequestLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("request", KeyLoanRequest.Type).Field("request_id").Unique().Required().Immutable().Comment("The request."),
		edge.To("set", KeySet.Type).Field("set_id").Unique().Required().Immutable().Comment("The key set."),
	}
}

// Indexes of a line.
func (KeyLoanRequestLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "request_id", "set_id").Unique(),
	}
}

// Annotations of a line.
func (KeyLoanRequestLine) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("One key set asked for."), Steward{AppendOnly: true}}
}
