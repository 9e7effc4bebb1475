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

// FeeAccount is how a household's account stands: the sums of its postings, which the database keeps as they are made.
type FeeAccount struct{ ent.Schema }

// Mixin of an account.
func (FeeAccount) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0909}, EstateScoped{Household: "household_id"}}
}

// Fields of an account.
func (FeeAccount) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("household_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The household."),
		field.Int64("receivable").Default(0).Immutable().Annotations(entgql.Type("Int"), entgql.OrderField("RECEIVABLE"), Filter()).Comment("What it owes, in fen (分)."),
		field.Int64("credit").Default(0).Immutable().Annotations(entgql.Type("Int"), entgql.OrderField("CREDIT"), Filter()).Comment("What it has paid too much, and is kept for its next notice, in fen (分)."),
	}
}

// Edges of an account.
func (FeeAccount) Edges() []ent.Edge {
	return []ent.Edge{edge.To("household", Household.Type).Field("household_id").Unique().Required().Immutable().Comment("The household.")}
}

// Indexes of an account.
func (FeeAccount) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "household_id").Unique(),
		index.Fields("estate_id", "receivable", "id"),
	}
}

// Annotations of an account.
func (FeeAccount) Annotations() []schema.Annotation {
	return public("How a household's account stands: the sums of its postings.", Steward{AppendOnly: true})
}

// FeeEntry is an entry of the journal: what happened, with postings that together are nothing. The database writes it, with what it is about.
type FeeEntry struct{ ent.Schema }

// Mixin of an entry.
func (FeeEntry) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x090a}, EstateScoped{}}
}

// Fields of an entry.
func (FeeEntry) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("number").Immutable().Annotations(entgql.Type("Int"), entgql.OrderField("NUMBER"), Filter()).Comment("Its number in the estate; there is none missing before it."),
		civilDay("booked_on", "The day that it is of."),
		field.Enum("kind").NamedValues("Billed", "BILLED", "Credited", "CREDITED", "Paid", "PAID", "Reversed", "REVERSED", "Settled", "SETTLED", "Unsettled", "UNSETTLED", "Refunded", "REFUNDED", "Returned", "RETURNED").Immutable().Annotations(Filter()).
			Comment("A notice; a credit note; a payment; its reversal; credit that settled a notice, or does no longer; credit that was given back, or came back."),
		field.UUID("household_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The household whose account it is about."),
		field.UUID("subject_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("What it is about: the notice, credit note, payment, allocation or refund."),
		field.String("about").Immutable().Comment("The number of that."),
	}
}

// Edges of an entry.
func (FeeEntry) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("household", Household.Type).Field("household_id").Unique().Required().Immutable().Comment("The household whose account it is about."),
		edge.From("postings", FeePosting.Type).Ref("entry").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("Its postings."),
	}
}

// Indexes of an entry.
func (FeeEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "number").Unique(),
		index.Fields("estate_id", "subject_id"),
		index.Fields("estate_id", "household_id", "booked_on"),
	}
}

// Annotations of an entry.
func (FeeEntry) Annotations() []schema.Annotation {
	return public("An entry of the journal, whose postings are together nothing.", Steward{AppendOnly: true})
}

// FeePosting is what an entry adds to one account.
type FeePosting struct{ ent.Schema }

// Mixin of a posting.
func (FeePosting) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x090b}, EstateScoped{}}
}

// Fields of a posting.
func (FeePosting) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("entry_id", uuid.UUID{}).Immutable().Comment("The entry."),
		field.UUID("household_id", uuid.UUID{}).Immutable().Comment("The household whose account it is about."),
		field.Enum("account").NamedValues("Receivable", "RECEIVABLE", "Revenue", "REVENUE", "Cash", "CASH", "Bank", "BANK", "Credit", "CREDIT").Immutable().
			Comment("Receivable (应收账款), revenue (主营业务收入), cash (库存现金), bank (银行存款), or the household's credit (预收账款)."),
		amount("How much: a debit, or less than nothing for a credit"),
	}
}

// Edges of a posting.
func (FeePosting) Edges() []ent.Edge {
	return []ent.Edge{edge.To("entry", FeeEntry.Type).Field("entry_id").Unique().Required().Immutable().Comment("The entry.")}
}

// Indexes of a posting.
func (FeePosting) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "entry_id", "account").Unique(),
		index.Fields("estate_id", "household_id", "account"),
	}
}

// Annotations of a posting.
func (FeePosting) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("What an entry of the journal adds to one account."), Steward{AppendOnly: true}}
}
