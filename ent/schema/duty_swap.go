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

// DutySwap is an exchange of two shifts between two members of staff: asked for by one, agreed to by the other, approved by who leads.
type DutySwap struct{ ent.Schema }

// Mixin of a swap.
func (DutySwap) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0a06}, onDuty()}
}

// Fields of a swap.
func (DutySwap) Fields() []ent.Field {
	fields := []ent.Field{
		dutyDepartment(),
		field.UUID("given_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The assignment that who asks gives."),
		field.UUID("taken_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The assignment of the other that who asks takes for it."),
		field.UUID("asker_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The member of staff who asks."),
		field.UUID("other_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The member of staff who is asked."),
		field.String("reason").Immutable().Comment("Why."),
		field.Enum("state").
			NamedValues("Asked", "ASKED", "Agreed", "AGREED", "Approved", "APPROVED", "Refused", "REFUSED", "Declined", "DECLINED", "Withdrawn", "WITHDRAWN", "Lapsed", "LAPSED").
			Default("ASKED").Annotations(Filter()).
			Comment("Asked; agreed to by the other; approved, and so carried out; refused by the other; declined by who leads; withdrawn by who asked; lapsed, since one of the shifts began or was changed."),
		field.Time("asked_at").Immutable().Annotations(entgql.OrderField("ASKED_AT"), Filter()).Comment("When it was asked for."),
		field.UUID("asked_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who asked."),
		field.String("asked_by_name").Immutable().Comment("Who asked, as signed."),
		field.Time("expires_at").Immutable().Annotations(Filter()).Comment("When the first of the two shifts begins: it lapses then."),
		field.Time("answered_at").Optional().Nillable().Comment("When the other agreed or refused."),
		field.String("answer_note").Default("").Comment("What the other said."),
		field.Time("decided_at").Optional().Nillable().Comment("When who leads approved or declined it."),
		field.String("decision_note").Default("").Comment("What was said with the decision."),
		field.Time("ended_at").Optional().Nillable().Comment("When it came to its end, whichever; null while it waits."),
	}
	fields = append(fields, dutyWho("answered", "agreed or refused")...)
	return append(fields, dutyWho("decided", "approved or declined it")...)
}

// Edges of a swap.
func (DutySwap) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("given", DutyAssignment.Type).Field("given_id").Unique().Required().Immutable().Comment("The assignment that who asks gives."),
		edge.To("taken", DutyAssignment.Type).Field("taken_id").Unique().Required().Immutable().Comment("The assignment that who asks takes for it."),
		edge.To("asker", Staff.Type).Field("asker_id").Unique().Required().Immutable().Comment("The member of staff who asks."),
		edge.To("other", Staff.Type).Field("other_id").Unique().Required().Immutable().Comment("The member of staff who is asked."),
	}
}

// Indexes of a swap. A migration adds that an assignment is given in one swap that waits.
func (DutySwap) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "asked_at", "id"),
		index.Fields("estate_id", "state", "expires_at"),
		index.Fields("estate_id", "given_id"),
		index.Fields("estate_id", "taken_id"),
		index.Fields("estate_id", "asker_id"),
		index.Fields("estate_id", "other_id"),
	}
}

// Annotations of a swap.
func (DutySwap) Annotations() []schema.Annotation {
	return public("An exchange of two shifts, agreed by both persons and approved by who leads (D1.1).")
}
