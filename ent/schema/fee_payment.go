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

// FeePayment is money that a household paid at project finance, or the counter-entry of one that was recorded by mistake (F5).
type FeePayment struct{ ent.Schema }

// Mixin of a payment.
func (FeePayment) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0907}, EstateScoped{Household: "household_id"}}
}

// Fields of a payment.
func (FeePayment) Fields() []ent.Field {
	return append([]ent.Field{
		field.UUID("household_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The household whose account it is for."),
		field.Int64("receipt").Default(0).Immutable().Annotations(entgql.Type("Int"), entgql.OrderField("RECEIPT"), Filter()).
			Comment("The number of its receipt in the estate; there is none missing before it."),
		field.Enum("method").NamedValues("Cash", "CASH", "BankTransfer", "BANK_TRANSFER", "Card", "CARD", "Mobile", "MOBILE").Immutable().Annotations(Filter()).
			Comment("Cash (现金), bank transfer (转账), card (刷卡), or by telephone (微信, 支付宝)."),
		field.String("reference").Default("").Immutable().Annotations(Filter()).Comment("Its number at the bank or with the paying service."),
		field.String("paid_by").Default("").Immutable().Comment("Who paid it, if that is not the household."),
		field.Time("paid_at").Immutable().Annotations(entgql.OrderField("PAID_AT"), Filter()).Comment("When it was paid."),
		civilDay("booked_on", "The day that it was recorded."),
		amount("What was paid; of a counter-entry less than nothing"),
		tally("unallocated", "What of that has not settled a notice, and is the household's credit"),
		field.UUID("reverses_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("Of a counter-entry, the payment that it reverses."),
		field.String("reason").Default("").Immutable().Comment("Of a counter-entry, why."),
	}, recordedBy()...)
}

// Edges of a payment.
func (FeePayment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("household", Household.Type).Field("household_id").Unique().Required().Immutable().Comment("The household whose account it is for."),
		edge.To("reversals", FeePayment.Type).Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("Its counter-entry, if it was reversed.").
			From("reverses").Field("reverses_id").Unique().Immutable().Comment("Of a counter-entry, the payment that it reverses."),
		edge.From("allocations", FeeAllocation.Type).Ref("payment").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What it settled, and by its reversal did not."),
	}
}

// Indexes of a payment.
func (FeePayment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "receipt").Unique(),
		index.Fields("estate_id", "household_id", "paid_at"),
		index.Fields("estate_id", "paid_at", "id"),
		index.Fields("estate_id", "reverses_id").Unique(),
	}
}

// Annotations of a payment.
func (FeePayment) Annotations() []schema.Annotation {
	return public("What a household paid at project finance, with its receipt (F5).", Steward{AppendOnly: true})
}

// FeeAllocation is what of a payment or a credit note settled a notice; less than nothing where that was undone (F5).
type FeeAllocation struct{ ent.Schema }

// Mixin of an allocation.
func (FeeAllocation) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0908}, EstateScoped{Household: "household_id"}}
}

// Fields of an allocation.
func (FeeAllocation) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("household_id", uuid.UUID{}).Immutable().Comment("The household."),
		field.UUID("notice_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The notice that is settled."),
		field.UUID("payment_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The payment that settles it."),
		field.UUID("credit_note_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The credit note that settles it."),
		civilDay("booked_on", "The day that it was recorded."),
		amount("How much; less than nothing where it was undone"),
	}
}

// Edges of an allocation.
func (FeeAllocation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("notice", FeeNotice.Type).Field("notice_id").Unique().Required().Immutable().Comment("The notice that is settled."),
		edge.To("payment", FeePayment.Type).Field("payment_id").Unique().Immutable().Comment("The payment that settles it."),
		edge.To("credit_note", FeeCreditNote.Type).Field("credit_note_id").Unique().Immutable().Comment("The credit note that settles it."),
	}
}

// Indexes of an allocation.
func (FeeAllocation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "notice_id"),
		index.Fields("estate_id", "payment_id"),
		index.Fields("estate_id", "credit_note_id"),
	}
}

// Annotations of an allocation.
func (FeeAllocation) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("What of a payment or a credit note settled a notice (F5)."), Steward{AppendOnly: true}}
}
