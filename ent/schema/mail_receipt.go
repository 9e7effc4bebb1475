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

// mailKinds are the kinds of mail by name and value.
var mailKinds = []string{"Letter", "LETTER", "Registered", "REGISTERED", "Parcel", "PARCEL", "Magazine", "MAGAZINE", "Newspaper", "NEWSPAPER", "MoneyOrder", "MONEY_ORDER"}

// mailKind is a kind of mail, as receipts count it and items have it.
func mailKind() ent.Field {
	return field.Enum("kind").NamedValues(mailKinds...).Immutable().Annotations(Filter()).
		Comment("Letter (信件), registered letter (挂号信), parcel (包裹), magazine (杂志), newspaper (报纸) or money order (汇款单).")
}

// MailReceipt is mail taken over from the post office: counted with who delivers it, and signed by both (M1).
type MailReceipt struct{ ent.Schema }

// Mixin of a receipt.
func (MailReceipt) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0801}, EstateScoped{}, Voidable{}, LateRecorded{}}
}

// Fields of a receipt.
func (MailReceipt) Fields() []ent.Field {
	return []ent.Field{
		field.Time("received_on").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), Filter()).Comment("The day in the estate that it came."),
		field.Time("received_at").Immutable().Annotations(entgql.OrderField("RECEIVED_AT"), Filter()).Comment("When it came."),
		field.String("delivered_by").Immutable().Comment("Who delivered it for the post office, as signed."),
		field.UUID("received_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of the receptionist."),
		field.String("received_by_name").Immutable().Comment("The receptionist, as signed."),
		field.String("note").Default("").Immutable().Comment("What else is to be said of it."),
	}
}

// Edges of a receipt.
func (MailReceipt) Edges() []ent.Edge {
	return []ent.Edge{edge.From("lines", MailReceiptLine.Type).Ref("receipt").Comment("What was counted, by kind.")}
}

// Indexes of a receipt.
func (MailReceipt) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "received_at", "id"),
		index.Fields("estate_id", "received_on"),
	}
}

// Annotations of a receipt.
func (MailReceipt) Annotations() []schema.Annotation {
	return public("Mail taken over from the post office (M1).")
}

// MailReceiptLine is what a receipt says of one kind: how many the post office stated, and how many were counted (M1).
type MailReceiptLine struct{ ent.Schema }

// Mixin of a line.
func (MailReceiptLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0802}, EstateScoped{}}
}

// Fields of a line.
func (MailReceiptLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("receipt_id", uuid.UUID{}).Immutable().Comment("The receipt."),
		mailKind(),
		field.Int("stated").NonNegative().Immutable().Comment("How many the post office stated."),
		field.Int("counted").NonNegative().Immutable().Comment("How many were counted."),
		field.String("remark").Default("").Immutable().Comment("What is said of a difference."),
	}
}

// Edges of a line.
func (MailReceiptLine) Edges() []ent.Edge {
	return []ent.Edge{edge.To("receipt", MailReceipt.Type).Field("receipt_id").Unique().Required().Immutable().Comment("The receipt.")}
}

// Indexes of a line.
func (MailReceiptLine) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "receipt_id", "kind").Unique()}
}

// Annotations of a line.
func (MailReceiptLine) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("What a receipt of mail says of one kind (M1)."), Steward{AppendOnly: true}}
}
