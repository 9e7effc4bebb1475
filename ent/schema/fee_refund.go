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

// FeeRefund gives back what a household has paid too much (F5): asked for by one, approved by another, and then paid out.
type FeeRefund struct{ ent.Schema }

// Mixin of a refund.
func (FeeRefund) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0917}, EstateScoped{Household: "household_id"}}
}

// Fields of a refund.
func (FeeRefund) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("household_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The household whose credit it is."),
		field.Int64("number").Optional().Nillable().Immutable().Annotations(entgql.Type("Int"), entgql.OrderField("NUMBER"), Filter()).
			Comment("Its number in the estate, once it is paid out; there is none missing before it."),
		amount("What is given back"),
		field.Enum("method").NamedValues("Cash", "CASH", "BankTransfer", "BANK_TRANSFER", "Mobile", "MOBILE").Immutable().Annotations(Filter()).
			Comment("Cash (现金), bank transfer (转账), or by telephone (微信, 支付宝)."),
		field.String("payee").Immutable().Comment("Who gets it."),
		field.String("payee_account").Default("").Immutable().Annotations(Confidential()).Comment("The payee's account at the bank or with the paying service."),
		field.String("reason").Immutable().Comment("Why it is given back."),
		field.UUID("approval_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The approval that it rests on."),
		field.Enum("state").NamedValues("Asked", "ASKED", "Paid", "PAID", "Ended", "ENDED", "Returned", "RETURNED").Default("ASKED").Annotations(Filter()).
			Comment("Asked for, and perhaps approved; paid out; ended without (declined, withdrawn, lapsed); returned by the bank, and credit again."),
		field.UUID("asked_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account that asked for it."),
		field.String("asked_by_name").Immutable().Comment("Who asked for it, as signed."),
		field.Time("asked_at").Immutable().Annotations(entgql.OrderField("ASKED_AT"), Filter()).Comment("When it was asked for."),
		field.Time("booked_on").SchemaType(civil).Optional().Nillable().Annotations(entgql.Type("Date"), Filter()).Comment("The day on which it was paid out."),
		field.UUID("paid_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that paid it out."),
		field.String("paid_by_name").Default("").Comment("Who paid it out, as signed."),
		field.Time("paid_at").Optional().Nillable().Annotations(Filter()).Comment("When it was paid out."),
		field.String("reference").Default("").Comment("Its number at the bank or with the paying service."),
		field.Time("returned_on").SchemaType(civil).Optional().Nillable().Annotations(entgql.Type("Date")).Comment("The day on which the money came back."),
		field.UUID("returned_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that recorded that."),
		field.String("returned_by_name").Default("").Comment("Who recorded that, as signed."),
		field.Time("returned_at").Optional().Nillable().Comment("When that was recorded."),
		field.String("return_reason").Default("").Comment("Why it came back."),
	}
}

// Edges of a refund.
func (FeeRefund) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("household", Household.Type).Field("household_id").Unique().Required().Immutable().Comment("The household whose credit it is."),
		edge.To("approval", Approval.Type).Field("approval_id").Unique().Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("The approval that it rests on."),
		edge.From("parts", FeeRefundPart.Type).Ref("refund").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("Of what it was taken."),
	}
}

// Indexes of a refund.
func (FeeRefund) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "number").Unique(),
		index.Fields("estate_id", "household_id", "asked_at"),
		index.Fields("estate_id", "asked_at", "id"),
		index.Fields("estate_id", "approval_id"),
	}
}

// Annotations of a refund.
func (FeeRefund) Annotations() []schema.Annotation {
	return public("What a household has paid too much, and is given back (F5).")
}

// FeeRefundPart is what a refund took of a payment or a credit note, the oldest first: the database writes it.
type FeeRefundPart struct{ ent.Schema }

// Mixin of a part.
func (FeeRefundPart) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0918}, EstateScoped{Household: "household_id"}}
}

// Fields of a part.
func (FeeRefundPart) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("household_id", uuid.UUID{}).Immutable().Comment("The household."),
		field.UUID("refund_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The refund."),
		field.UUID("payment_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The payment that it was taken of."),
		field.UUID("credit_note_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The credit note that it was taken of."),
		amount("How much"),
	}
}

// Edges of a part.
func (FeeRefundPart) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("refund", FeeRefund.Type).Field("refund_id").Unique().Required().Immutable().Comment("The refund."),
		edge.To("payment", FeePayment.Type).Field("payment_id").Unique().Immutable().Comment("The payment that it was taken of."),
		edge.To("credit_note", FeeCreditNote.Type).Field("credit_note_id").Unique().Immutable().Comment("The credit note that it was taken of."),
	}
}

// Indexes of a part.
func (FeeRefundPart) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "refund_id"),
		index.Fields("estate_id", "payment_id"),
		index.Fields("estate_id", "credit_note_id"),
	}
}

// Annotations of a part.
func (FeeRefundPart) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("What a refund took of a payment or a credit note (F5)."), Steward{AppendOnly: true}}
}
