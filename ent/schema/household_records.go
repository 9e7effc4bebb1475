package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
)

// Violation is a household's breach of the estate's rules (违章), or what it owes (欠费) (A1.4).
type Violation struct{ ent.Schema }

// Mixin of a violation.
func (Violation) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0606}, serviced().voidable(), ofHousehold{}, Recorded{}, Voidable{}}
}

// Fields of a violation.
func (Violation) Fields() []ent.Field {
	return append([]ent.Field{
		field.Enum("kind").NamedValues("Violation", "VIOLATION", "Arrears", "ARREARS").Immutable().Annotations(Filter()).Comment("A breach of the rules (违章), or arrears (欠费)."),
		field.Int64("amount").NonNegative().Default(0).Immutable().Annotations(entgql.Type("Int")).Comment("What is owed, in minor units of the currency; 0 for nothing."),
		field.String("currency").Default("").Immutable().Comment("The currency of the amount: CNY; empty without one."),
		field.Enum("state").NamedValues("Open", "OPEN", "Resolved", "RESOLVED", "Voided", "VOIDED").Default("OPEN").Annotations(Filter()).
			Comment("Open until it is put right or paid; voided when it was recorded by mistake."),
	}, answered("How it was put right, or paid.")...)
}

// Annotations of a violation.
func (Violation) Annotations() []schema.Annotation {
	return public("A violation, or arrears, of a household (A1.4).", Steward{Document: "id", Watched: true})
}

// Complaint is what a household complains of, and the answer to it (A1.4).
type Complaint struct{ ent.Schema }

// Mixin of a complaint.
func (Complaint) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0607}, serviced().voidable(), ofHousehold{}, Recorded{}, Voidable{}}
}

// Fields of a complaint.
func (Complaint) Fields() []ent.Field {
	return append([]ent.Field{
		way(),
		field.Time("due_at").Annotations(Filter()).Comment("Until when it is to be answered: three working days of the estate's calendar."),
		field.Enum("state").NamedValues("Open", "OPEN", "Answered", "ANSWERED", "Voided", "VOIDED").Default("OPEN").Annotations(Filter()).
			Comment("Open until it is answered; voided when it was recorded by mistake."),
	}, answered("What was found, and answered to the household.")...)
}

// way is how something reached the office, or left it.
func way() ent.Field {
	return field.Enum("way").NamedValues("InPerson", "IN_PERSON", "Telephone", "TELEPHONE", "Letter", "LETTER", "Electronic", "ELECTRONIC").Immutable().
		Annotations(Filter()).Comment("In person, by telephone, by letter or electronically.")
}

// Annotations of a complaint.
func (Complaint) Annotations() []schema.Annotation {
	return public("A complaint of a household (A1.4).", Steward{Document: "id", Watched: true})
}

// Correspondence is a letter or message to or from a household (A1.4).
type Correspondence struct{ ent.Schema }

// Mixin of correspondence.
func (Correspondence) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0609}, serviced().voidable(), ofHousehold{}, Recorded{}, Voidable{}}
}

// Fields of correspondence.
func (Correspondence) Fields() []ent.Field {
	return append([]ent.Field{
		field.Enum("direction").NamedValues("Received", "IN", "Sent", "OUT").Immutable().Annotations(Filter()).Comment("From the household, or to it."),
		way(),
		field.Enum("state").NamedValues("Filed", "FILED", "Open", "OPEN", "Answered", "ANSWERED", "Voided", "VOIDED").Annotations(Filter()).
			Comment("Filed when nothing is awaited; open while what came in waits for its answer; answered; voided when it was recorded by mistake."),
	}, answered("How it was answered.")...)
}

// Annotations of correspondence.
func (Correspondence) Annotations() []schema.Annotation {
	return public("A letter or message to or from a household (A1.4).", Steward{Document: "id", Watched: true})
}
