package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Approval is a question to who decides, and the answer: asked, given, declined, withdrawn, expired, used.
type Approval struct{ ent.Schema }

// Mixin of an approval.
func (Approval) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0206}, EstateScoped{Self: "asked_by_id"}, Versioned{}}
}

// Fields of an approval.
func (Approval) Fields() []ent.Field {
	return []ent.Field{
		field.String("kind").Immutable().Annotations(Filter()).Comment("What is asked: keys.longLoan."),
		field.String("clause").Immutable().Annotations(Filter()).Comment("The clause that demands it: K2.2."),
		field.UUID("subject_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("What it is about."),
		field.String("title").Immutable().Comment("What is asked, in a line, in Chinese."),
		field.String("title_en").Immutable().Comment("The same in English."),
		field.Text("content").Immutable().Annotations(Confidential(), entgql.Type("JSON")).Comment("What exactly is asked, as JSON."),
		field.String("content_hash").Immutable().Comment("SHA-256, in hex, of the content: the signature has the same."),
		field.String("reason").Immutable().Annotations(Confidential()).Comment("Why it is asked."),
		field.UUID("asked_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who asked it."),
		field.String("asked_by_name").Immutable().Comment("Who asked it, as signed."),
		field.UUID("asked_by_staff_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipType)).Comment("The member of staff who asked it, noted by the database: who gets another account meanwhile does not decide it either."),
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The department whose supervisor decides it, beside those who decide in the whole estate."),
		field.Time("asked_at").Immutable().Annotations(entgql.OrderField("ASKED_AT"), Filter()).Comment("When it was asked."),
		field.Time("expires_at").Annotations(entgql.OrderField("EXPIRES_AT"), Filter()).Comment("When it lapses if not decided, or if given and not used."),
		field.Enum("state").NamedValues("Asked", "ASKED", "Given", "GIVEN", "Declined", "DECLINED", "Withdrawn", "WITHDRAWN", "Expired", "EXPIRED", "Used", "USED").Default("ASKED").Annotations(Filter()).Comment("Asked, given, declined, withdrawn, expired, used."),
		field.UUID("decided_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of who decided it."),
		field.String("decided_by_name").Default("").Comment("Who decided it, as signed."),
		field.Time("decided_at").Optional().Nillable().Annotations(Filter()).Comment("When it was decided."),
		field.String("decision_note").Default("").Annotations(Confidential()).Comment("What was said with the decision."),
		field.UUID("withdrawn_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of who withdrew it."),
		field.String("withdrawn_by_name").Default("").Comment("Who withdrew it, as signed."),
		field.Time("withdrawn_at").Optional().Nillable().Annotations(Filter()).Comment("When it was withdrawn."),
		field.String("withdraw_reason").Default("").Annotations(Confidential()).Comment("Why it was withdrawn."),
		field.Time("used_at").Optional().Nillable().Annotations(Filter()).Comment("When it was used."),
	}
}

// Indexes of an approval.
func (Approval) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "state", "expires_at", "id"),
		index.Fields("estate_id", "asked_at", "id"),
		index.Fields("estate_id", "subject_id"),
	}
}

// Annotations of an approval.
func (Approval) Annotations() []schema.Annotation {
	return public("A question to who decides, and the answer.")
}
