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

// onDuty makes a row of the duty roster the department's own.
func onDuty() EstateScoped { return EstateScoped{Department: "department_id"} }

// onDutySelf makes it also that of the member of staff whom it concerns.
func onDutySelf() EstateScoped {
	return EstateScoped{Department: "department_id", Self: "account_id"}
}

// dutyDepartment is the department whose roster it is of.
func dutyDepartment() ent.Field {
	return field.UUID("department_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The department whose duty it is: customer service.")
}

// dutyWho are the account and the name of who did something, once it is done.
func dutyWho(name, comment string) []ent.Field {
	return []ent.Field{
		field.UUID(name+"_by_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The account of who " + comment + "; null if nobody did, or the program did."),
		field.String(name + "_by_name").Default("").Comment("Who " + comment + ", as signed."),
	}
}

// DutyShift is a kind of shift (班次): when it begins and ends, and how many it takes on each day of the week. One that ends before it begins
// goes on over midnight.
type DutyShift struct{ ent.Schema }

// Mixin of a shift.
func (DutyShift) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0a01}, onDuty(), Versioned{}}
}

// Fields of a shift.
func (DutyShift) Fields() []ent.Field {
	fields := []ent.Field{
		dutyDepartment(),
		field.String("name").Annotations(Filter()).Comment("Its name: 早班."),
		field.String("short").Comment("The letter or two by which the month's grid names it: 早."),
		field.String("begins").Immutable().Annotations(entgql.OrderField("BEGINS")).Comment("When it begins, by the estate's clock: 08:00."),
		field.String("ends").Immutable().Comment("When it ends: 16:00; on the next day if that is not after its beginning."),
		field.Int("rest_minutes").NonNegative().Default(660).Comment("How many minutes of rest follow it before the same person begins another shift."),
	}
	for _, day := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		fields = append(fields, field.Int(day).NonNegative().Default(0).Comment("How many it takes on a "+day+"; 0: it is not worked then."))
	}
	return append(fields,
		field.Time("retired_at").Optional().Nillable().Annotations(Filter()).Comment("When it was given up; null while it is worked."),
	)
}

// Indexes of a shift. A migration adds that of one name there is one that is worked.
func (DutyShift) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "begins", "id"),
		index.Fields("estate_id", "department_id", "name"),
	}
}

// Annotations of a shift.
func (DutyShift) Annotations() []schema.Annotation {
	return public("A kind of shift (班次): when it begins and ends, and how many it takes on each day of the week (D1.1).")
}

// DutyRoster is a month's duty roster (客服部值班表): drafted, then published before the month begins. The program opens it when it is time to draw it up.
type DutyRoster struct{ ent.Schema }

// Mixin of a roster.
func (DutyRoster) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0a02}, onDuty(), Versioned{}}
}

// Fields of a roster.
func (DutyRoster) Fields() []ent.Field {
	fields := []ent.Field{
		dutyDepartment(),
		field.Time("month").SchemaType(civil).Immutable().Annotations(entgql.OrderField("MONTH"), entgql.Type("Date"), Filter()).Comment("The month, by its first day."),
		field.Enum("state").NamedValues("Draft", "DRAFT", "Published", "PUBLISHED").Default("DRAFT").Annotations(Filter()).Comment("A draft, or published."),
		field.Time("due_at").Immutable().Annotations(Filter()).Comment("By when it is to be published: the beginning of the month."),
		field.Time("published_at").Optional().Nillable().Annotations(Filter()).Comment("When it was published."),
		field.Bool("late").Default(false).Annotations(Filter()).Comment("Whether it was published only after the month had begun."),
	}
	fields = append(fields, dutyWho("drafted", "began the draft")...)
	return append(fields, dutyWho("published", "published it")...)
}

// Edges of a roster.
func (DutyRoster) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("assignments", DutyAssignment.Type).Ref("roster").Annotations(entgql.RelayConnection(), entgql.Skip(entgql.SkipWhereInput)).Comment("Who works what on which day, what was changed included."),
		edge.From("changes", DutyChange.Type).Ref("roster").Annotations(entgql.RelayConnection(), entgql.Skip(entgql.SkipWhereInput)).Comment("What was changed after it was published, and why."),
	}
}

// Indexes of a roster.
func (DutyRoster) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "department_id", "month").Unique(),
		index.Fields("estate_id", "month", "id"),
		index.Fields("estate_id", "state", "due_at"),
	}
}

// Annotations of a roster.
func (DutyRoster) Annotations() []schema.Annotation {
	return public("A month's duty roster (客服部值班表), published before the month begins (D1.1).")
}
