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

// KeyLoan is a row of 钥匙借用登记表: keys lent to a borrower until the end of the day (K2.1, K2.2).
type KeyLoan struct{ ent.Schema }

// Mixin of a loan.
func (KeyLoan) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0307}, EstateScoped{Household: "household_id"}, Versioned{}, Voidable{}, LateRecorded{}}
}

// Fields of a loan.
func (KeyLoan) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("borrower_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The borrower's account in the ledger."),
		field.String("borrower_name").Immutable().Annotations(Filter()).Comment("The borrower's name as signed."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The borrower's household, if a resident."),
		field.String("purpose").Immutable().Comment("What the keys are for."),
		field.UUID("lent_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of the handler (经办人)."),
		field.String("lent_by_name").Immutable().Comment("The handler's name as signed."),
		field.Time("lent_at").Immutable().Annotations(entgql.OrderField("LENT_AT"), Filter()).Comment("When the keys were lent."),
		field.Time("due_at").Annotations(entgql.OrderField("DUE_AT"), Filter()).Comment("When they are due back: the end of the day in the estate's time zone (K2.2)."),
		field.Time("returned_at").Optional().Nillable().Annotations(Filter()).Comment("When the last key came back; null while some are out or lost."),
		field.Enum("state").NamedValues("Open", "OPEN", "Returned", "RETURNED", "Lost", "LOST", "Voided", "VOIDED").Default("OPEN").Annotations(Filter()).
			Comment("Open while a key is out. Returned when all came back, lost when what did not was reported lost (K2.3), voided when it was recorded by mistake."),
		field.UUID("approval_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).
			Comment("The general manager's approval, if it is for more than a day (K2.2): the latest, after an extension."),
	}
}

// Edges of a loan.
func (KeyLoan) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("borrower", KeyHolder.Type).Field("borrower_id").Unique().Required().Immutable().Comment("The borrower's account in the ledger."),
		edge.To("approval", Approval.Type).Field("approval_id").Unique().Comment("The general manager's approval."),
		edge.From("lines", KeyLoanLine.Type).Ref("loan").Comment("What was lent."),
	}
}

// Indexes of a loan.
func (KeyLoan) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "lent_at", "id"),
		index.Fields("estate_id", "state", "due_at", "id"),
		index.Fields("estate_id", "borrower_id"),
	}
}

// Annotations of a loan.
func (KeyLoan) Annotations() []schema.Annotation { return public("Keys lent to a borrower (K2.1).") }

// KeyLoanLine is one key set of a loan; it is open until as many keys came back, or were lost, as were lent.
type KeyLoanLine struct{ ent.Schema }

// Mixin of a line.
func (KeyLoanLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0308}, EstateScoped{Household: "household_id"}}
}

// Fields of a line.
func (KeyLoanLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("loan_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The loan."),
		field.UUID("set_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The key set."),
		field.UUID("from_id", uuid.UUID{}).Immutable().Comment("The holder they were lent from, and go back to."),
		field.String("label").Immutable().
			Comment("The set's label as it was lent: 1栋1单元101 户门. The borrower's household sees the line, and not the set."),
		field.Int("count").Positive().Immutable().Comment("How many keys were lent."),
		field.Int("returned").NonNegative().Default(0).Comment("How many came back."),
		field.Int("lost").NonNegative().Default(0).Comment("How many were reported lost, also if found since: those come back by the loss (K2.3)."),
		field.Bool("voided").Default(false).Comment("Whether its loan was voided: nothing of it is out."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The borrower's household, if a resident."),
	}
}

// Edges of a line.
func (KeyLoanLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("loan", KeyLoan.Type).Field("loan_id").Unique().Required().Immutable().Comment("The loan."),
		edge.To("set", KeySet.Type).Field("set_id").Unique().Required().Immutable().Comment("The key set."),
		edge.To("from", KeyHolder.Type).Field("from_id").Unique().Required().Immutable().Comment("The holder they were lent from."),
		edge.From("returns", KeyReturn.Type).Ref("line").Comment("What came back, when, by whom."),
	}
}

// Indexes of a line.
func (KeyLoanLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "loan_id", "set_id", "from_id").Unique(),
		index.Fields("estate_id", "set_id"),
	}
}

// Annotations of a line.
func (KeyLoanLine) Annotations() []schema.Annotation {
	return public("One key set of a loan.")
}

// KeyReturn is keys of one line coming back, perhaps some of them, perhaps by another person (K2.1).
type KeyReturn struct{ ent.Schema }

// Mixin of a return.
func (KeyReturn) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0309}, EstateScoped{Household: "household_id"}, Voidable{}, LateRecorded{}}
}

// Fields of a return.
func (KeyReturn) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("line_id", uuid.UUID{}).Immutable().Comment("The line of the loan."),
		field.UUID("receipt_id", uuid.UUID{}).Immutable().Comment("The same for all that came back at once, which is signed for as one: the subject of its signatures."),
		field.Int("count").Positive().Immutable().Comment("How many keys came back."),
		field.String("returned_by").Immutable().Comment("Who brought them, as signed."),
		field.UUID("received_by_id", uuid.UUID{}).Immutable().Comment("The account of the handler who took them back."),
		field.String("received_by_name").Immutable().Comment("The handler's name as signed."),
		field.Time("returned_at").Immutable().Comment("When they came back."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The borrower's household, if a resident."),
	}
}

// Edges of a return.
func (KeyReturn) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("line", KeyLoanLine.Type).Field("line_id").Unique().Required().Immutable().Comment("The line of the loan."),
	}
}

// Indexes of a return.
func (KeyReturn) Indexes() []ent.Index { return []ent.Index{index.Fields("estate_id", "line_id")} }

// Annotations of a return.
func (KeyReturn) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("Keys of one line coming back."), Steward{AppendOnly: true}}
}
