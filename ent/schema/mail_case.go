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

// MailCase is mail or press that was lost or lay about through carelessness, and what came of it (M6): the person responsible answers, and
// a manager concludes.
type MailCase struct{ ent.Schema }

// Mixin of a case.
func (MailCase) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0813}, EstateScoped{Self: "responsible_account_id"}.voidable(), Voidable{}}
}

// Fields of a case.
func (MailCase) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").NamedValues("Loss", "LOSS", "Backlog", "BACKLOG").Immutable().Annotations(Filter()).Comment("Loss (缺失) or backlog (积压)."),
		field.UUID("item_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The item of mail that it is about, if it is about one."),
		field.UUID("claim_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The claim that it is about, if it is about one."),
		field.Time("day").SchemaType(civil).Optional().Nillable().Immutable().Annotations(entgql.Type("Date"), Filter()).Comment("The day whose mail it is about, if it is about a whole day."),
		field.String("circumstances").Immutable().Comment("What happened."),
		field.UUID("responsible_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The person responsible."),
		field.String("responsible_name").Immutable().Comment("The person responsible, by name."),
		field.UUID("responsible_account_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The account of the person responsible, who reads the case and answers; null if there is none."),
		field.Enum("state").NamedValues("Open", "OPEN", "Answered", "ANSWERED", "Concluded", "CONCLUDED", "Voided", "VOIDED").Default("OPEN").Immutable().
			Annotations(Filter()).Comment("Open; answered by the person responsible; concluded; voided."),
		field.UUID("opened_by_id", uuid.UUID{}).Immutable().Comment("The account that opened it."),
		field.String("opened_by_name").Immutable().Comment("Who opened it, as signed."),
		field.Time("answer_by").Comment("Until when the person responsible may answer before it is concluded."),
		field.String("answer").Default("").Comment("What the person responsible says."),
		field.Time("answered_at").Optional().Nillable().Comment("When they said it."),
		field.String("finding").Default("").Comment("What was found."),
		field.String("outcome").Default("").Comment("What follows from it."),
		field.UUID("concluded_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of the manager who concluded it."),
		field.String("concluded_by_name").Default("").Comment("Who concluded it, as signed."),
		field.Time("concluded_at").Optional().Nillable().Comment("When."),
	}
}

// Edges of a case.
func (MailCase) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("item", MailItem.Type).Field("item_id").Unique().Immutable().Comment("The item of mail that it is about."),
		edge.To("claim", PressClaim.Type).Field("claim_id").Unique().Immutable().Comment("The claim that it is about."),
		edge.To("responsible", Staff.Type).Field("responsible_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The person responsible."),
	}
}

// Indexes of a case.
func (MailCase) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "created_at", "id"),
		index.Fields("estate_id", "item_id"),
		index.Fields("estate_id", "responsible_account_id"),
	}
}

// Annotations of a case.
func (MailCase) Annotations() []schema.Annotation {
	return public("Mail or press that was lost or lay about through carelessness, and what came of it (M6).")
}
