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

// FeeBankStatement is a statement of an account at the bank, as it was imported (F5): each file once.
type FeeBankStatement struct{ ent.Schema }

// Mixin of a statement.
func (FeeBankStatement) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0915}, EstateScoped{}}
}

// Fields of a statement.
func (FeeBankStatement) Fields() []ent.Field {
	return append([]ent.Field{
		field.String("file_name").Immutable().Comment("Name of the spreadsheet."),
		contentHash(),
		field.String("account").Default("").Immutable().Annotations(Filter()).Comment("Which account it is of, as who imported it says."),
		civilDay("from_on", "The day of its first line."),
		civilDay("until_on", "The day of its last line."),
		field.Int("lines").Positive().Immutable().Comment("How many lines were taken."),
		amount("What they say was paid, together"),
		field.Text("report").Immutable().Annotations(Confidential(), entgql.Type("JSON")).
			Comment("Of which lines nothing was taken, and why, as JSON: rejected by row and column, known before, paid out."),
	}, recordedBy()...)
}

// Edges of a statement.
func (FeeBankStatement) Edges() []ent.Edge {
	return []ent.Edge{edge.From("entries", FeeBankLine.Type).Ref("statement").Annotations(entgql.Skip(entgql.SkipAll)).Comment("Its lines.")}
}

// Indexes of a statement.
func (FeeBankStatement) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "sha256").Unique(),
		index.Fields("estate_id", "created_at", "id"),
	}
}

// Annotations of a statement.
func (FeeBankStatement) Annotations() []schema.Annotation {
	return public("A statement of an account at the bank, as it was imported (F5).", Steward{AppendOnly: true})
}

// FeeBankLine is a payment that the bank received (F5). Nothing is booked for it before somebody confirms whose it is.
type FeeBankLine struct{ ent.Schema }

// Mixin of a line.
func (FeeBankLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0916}, EstateScoped{}}
}

// Fields of a line.
func (FeeBankLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("statement_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The statement that it came with."),
		field.Int("row").Positive().Immutable().Comment("Its line in the file, of which the heading is the first."),
		field.Time("paid_on").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("PAID_ON"), Filter()).Comment("The day on which it was paid."),
		amount("What was paid"),
		field.String("payer").Default("").Immutable().Annotations(Filter()).Comment("Who paid it, as the bank says."),
		field.String("memo").Default("").Immutable().Comment("What the payer wrote to it."),
		field.String("transaction_id").Immutable().Annotations(Filter()).Comment("Its number at the bank, which no other line of the estate has."),
		field.Enum("state").NamedValues("Proposed", "PROPOSED", "Confirmed", "CONFIRMED", "Ignored", "IGNORED").Default("PROPOSED").Annotations(Filter()).
			Comment("Proposed, with a household or none; confirmed, and booked as a payment; ignored, since it is no payment of fees."),
		field.UUID("proposed_household_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("Whose payment it seems to be; null if nothing tells."),
		field.Enum("match").NamedValues("NoticeNumber", "NOTICE_NUMBER", "ReceiptNumber", "RECEIPT_NUMBER", "Unit", "UNIT", "AmountAndName", "AMOUNT_AND_NAME", "Nothing", "NOTHING").
			Default("NOTHING").Immutable().Annotations(Filter()).
			Comment("What tells: the number of a notice or a receipt in the memo, a unit in it, or the payer's name together with the exact amount of one open notice."),
		field.String("matched").Default("").Immutable().Comment("That number, unit or notice."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("Whose payment it is, as was confirmed."),
		field.UUID("payment_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The payment that was booked for it; null again once that is reversed."),
		field.UUID("decided_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that confirmed or ignored it."),
		field.String("decided_by_name").Default("").Comment("Who confirmed or ignored it, as signed."),
		field.Time("decided_at").Optional().Nillable().Annotations(Filter()).Comment("When."),
		field.String("reason").Default("").Comment("Why it was ignored."),
		field.Int("released").Default(0).Immutable().Comment("How many payments that were booked for it were reversed."),
	}
}

// Edges of a line.
func (FeeBankLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("statement", FeeBankStatement.Type).Field("statement_id").Unique().Required().Immutable().Comment("The statement that it came with."),
		edge.To("proposed_household", Household.Type).Field("proposed_household_id").Unique().Immutable().Comment("Whose payment it seems to be."),
		edge.To("household", Household.Type).Field("household_id").Unique().Comment("Whose payment it is."),
		edge.To("payment", FeePayment.Type).Field("payment_id").Unique().Comment("The payment that was booked for it."),
	}
}

// Indexes of a line.
func (FeeBankLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "transaction_id").Unique(),
		index.Fields("estate_id", "payment_id").Unique(),
		index.Fields("estate_id", "statement_id", "row"),
		index.Fields("estate_id", "paid_on", "id"),
	}
}

// Annotations of a line.
func (FeeBankLine) Annotations() []schema.Annotation {
	return public("A payment that the bank received, whose it seems to be, and what was booked for it (F5).")
}
