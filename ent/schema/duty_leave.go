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

// DutyLeave is leave of a member of staff: recorded, then approved or declined by who leads. On approved leave nobody is rostered.
type DutyLeave struct{ ent.Schema }

// Mixin of a leave.
func (DutyLeave) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0a05}, onDutySelf(), Versioned{}}
}

// Fields of a leave.
func (DutyLeave) Fields() []ent.Field {
	fields := []ent.Field{
		dutyDepartment(),
		field.UUID("staff_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("Who is on leave."),
		field.UUID("account_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The account of who is on leave, if any."),
		field.Enum("kind").NamedValues("Annual", "ANNUAL", "Sick", "SICK", "Personal", "PERSONAL", "InLieu", "IN_LIEU", "Other", "OTHER").Immutable().Annotations(Filter()).
			Comment("Annual leave (年假), sick leave (病假), for personal reasons (事假), time off in lieu (调休), other."),
		field.Time("from_on").SchemaType(civil).Immutable().Annotations(entgql.OrderField("FROM"), entgql.Type("Date"), Filter()).Comment("Its first day."),
		field.Time("until_on").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), Filter()).Comment("Its last day."),
		field.Time("starts_at").Immutable().Comment("The beginning of its first day."),
		field.Time("ends_at").Immutable().Comment("The end of its last day."),
		field.String("reason").Default("").Immutable().Annotations(Confidential()).Comment("What was said of it, if anything."),
		field.Enum("state").NamedValues("Recorded", "RECORDED", "Approved", "APPROVED", "Declined", "DECLINED", "Withdrawn", "WITHDRAWN").Default("RECORDED").Annotations(Filter()).
			Comment("Recorded, approved, declined, or withdrawn."),
		field.UUID("recorded_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who recorded it."),
		field.String("recorded_by_name").Immutable().Comment("Who recorded it, as signed."),
		field.Time("decided_at").Optional().Nillable().Comment("When it was approved or declined."),
		field.String("decision_note").Default("").Annotations(Confidential()).Comment("What was said with the decision."),
		field.Time("withdrawn_at").Optional().Nillable().Comment("When it was withdrawn."),
		field.String("withdraw_reason").Default("").Annotations(Confidential()).Comment("Why it was withdrawn."),
	}
	fields = append(fields, dutyWho("decided", "decided upon it")...)
	return append(fields, dutyWho("withdrawn", "withdrew it")...)
}

// Edges of a leave.
func (DutyLeave) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("staff", Staff.Type).Field("staff_id").Unique().Required().Immutable().Comment("Who is on leave."),
	}
}

// Indexes of a leave. A migration adds that nobody is on leave twice at one time.
func (DutyLeave) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "from_on", "id"),
		index.Fields("estate_id", "staff_id", "from_on"),
		index.Fields("estate_id", "state", "until_on"),
	}
}

// Annotations of a leave.
func (DutyLeave) Annotations() []schema.Annotation {
	return public("Leave of a member of staff, on which nobody is rostered once it is approved (D1.1).")
}
