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

// subscriber are the household or the department whom something of the press is for.
func subscriber() []ent.Field {
	return []ent.Field{
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The household whom it is for."),
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The department that it is for."),
	}
}

// subscriberEdges are the edges of subscriber.
func subscriberEdges() []ent.Edge {
	return []ent.Edge{
		edge.To("household", Household.Type).Field("household_id").Unique().Immutable().Comment("The household whom it is for."),
		edge.To("department", Department.Type).Field("department_id").Unique().Immutable().Comment("The department that it is for."),
	}
}

// publicationName stands where residents read, who see no publications.
func publicationName() ent.Field {
	return field.String("publication_name").Immutable().Comment("The publication, by name.")
}

// civilDay is a day in the estate that never changes.
func civilDay(name, comment string) ent.Field {
	return field.Time(name).SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), Filter()).Comment(comment)
}

// recorded are who recorded a row: the time is that of the row itself.
func recordedBy() []ent.Field {
	return []ent.Field{
		field.UUID("recorded_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account that recorded it."),
		field.String("recorded_by_name").Immutable().Comment("Who recorded it, as signed."),
	}
}

// Publication is a newspaper or a magazine that people of an estate subscribe to (M1).
type Publication struct{ ent.Schema }

// Mixin of a publication.
func (Publication) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x080b}, EstateScoped{}, Voidable{}}
}

// Fields of a publication.
func (Publication) Fields() []ent.Field {
	return append([]ent.Field{
		field.String("name").Immutable().Annotations(entgql.OrderField("NAME"), Filter()).Comment("Its name, which no other of the estate has."),
		field.Enum("kind").NamedValues("Newspaper", "NEWSPAPER", "Magazine", "MAGAZINE").Immutable().Annotations(Filter()).Comment("Newspaper (报纸) or magazine (杂志)."),
		field.Enum("frequency").NamedValues("Daily", "DAILY", "Weekdays", "WEEKDAYS", "Weekly", "WEEKLY", "Monthly", "MONTHLY").Immutable().Annotations(Filter()).
			Comment("When it is issued: every day, from Monday to Friday, on one day of the week, or on one day of the month."),
		field.Int("weekday").Optional().Nillable().Immutable().Comment("The day of the week of a weekly one: 1 is Monday, 7 is Sunday."),
		field.Int("month_day").Optional().Nillable().Immutable().Comment("The day of the month of a monthly one; in a shorter month its last day."),
	}, recordedBy()...)
}

// Annotations of a publication.
func (Publication) Annotations() []schema.Annotation {
	return public("A newspaper or a magazine that people of an estate subscribe to (M1).")
}

// PressSubscription is a household's or a department's subscription to a publication for a time (M1): 业户订阅邮件一览表.
type PressSubscription struct{ ent.Schema }

// Mixin of a subscription.
func (PressSubscription) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x080c}, EstateScoped{Household: "household_id"}.voidable(), Voidable{}}
}

// Fields of a subscription.
func (PressSubscription) Fields() []ent.Field {
	fields := append([]ent.Field{
		field.UUID("publication_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The publication."),
		publicationName(),
	}, subscriber()...)
	fields = append(fields,
		field.Int("copies").Positive().Immutable().Comment("How many copies of each issue."),
		field.Time("from_on").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("FROM"), Filter()).Comment("The first day."),
		field.Time("last_on").SchemaType(civil).Annotations(entgql.Type("Date"), entgql.OrderField("LAST"), Filter()).Comment("The last day."),
		field.String("paid_reference").Default("").Immutable().Comment("By what it was paid: the number of the receipt."),
		field.UUID("renews_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The subscription that it renews, if it does."),
		field.String("end_reason").Default("").Comment("Why it ended before its time, if it did."),
		field.Time("ended_at").Optional().Nillable().Comment("When it was ended before its time."),
		field.String("ended_by_name").Default("").Comment("Who ended it, as signed."),
	)
	return append(fields, recordedBy()...)
}

// Edges of a subscription.
func (PressSubscription) Edges() []ent.Edge {
	return append([]ent.Edge{
		edge.To("publication", Publication.Type).Field("publication_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The publication."),
		edge.From("pauses", PressPause.Type).Ref("subscription").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("When it is paused."),
	}, subscriberEdges()...)
}

// Indexes of a subscription.
func (PressSubscription) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "last_on", "id"),
		index.Fields("estate_id", "household_id", "from_on"),
		index.Fields("estate_id", "publication_id", "last_on"),
	}
}

// Annotations of a subscription.
func (PressSubscription) Annotations() []schema.Annotation {
	return public("A household's or a department's subscription to a publication for a time (M1).")
}

// PressPause is a time in which a subscription is paused: nothing is expected for it (M1).
type PressPause struct{ ent.Schema }

// Mixin of a pause.
func (PressPause) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x080d}, EstateScoped{Household: "household_id"}.voidable(), Voidable{}}
}

// Fields of a pause.
func (PressPause) Fields() []ent.Field {
	return append([]ent.Field{
		field.UUID("subscription_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The subscription."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The household whom the subscription is for."),
		civilDay("from_on", "The first day without."),
		field.Time("last_on").SchemaType(civil).Annotations(entgql.Type("Date"), Filter()).Comment("The last day without."),
		field.String("reason").Default("").Immutable().Comment("Why it is paused."),
		field.String("resumed_by_name").Default("").Comment("Who had it delivered again before the pause was over, as signed."),
	}, recordedBy()...)
}

// Edges of a pause.
func (PressPause) Edges() []ent.Edge {
	return []ent.Edge{edge.To("subscription", PressSubscription.Type).Field("subscription_id").Unique().Required().Immutable().Comment("The subscription.")}
}

// Indexes of a pause.
func (PressPause) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "subscription_id", "from_on")}
}

// Annotations of a pause.
func (PressPause) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("A time in which a subscription is paused (M1).")}
}
