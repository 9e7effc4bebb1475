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

// FeeDunning is a dunning notice: 催缴通知单 (F6). What it asks for never changes: where that is less by now, another revision takes its place,
// and goes through every step anew.
type FeeDunning struct{ ent.Schema }

// Mixin of a dunning notice. A household sees what was delivered to it.
func (FeeDunning) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x090d}, EstateScoped{Household: "delivered_to_id"}}
}

// signedStep are when a step was taken, and by whom; null until then.
func signedStep(name, done string) []ent.Field {
	return []ent.Field{
		field.Time(name + "_at").Optional().Nillable().Annotations(Filter()).Comment("When " + done + "; null until then."),
		field.UUID(name+"_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that did."),
		field.String(name + "_by_name").Default("").Comment("Who did, as signed."),
	}
}

// Fields of a dunning notice.
func (FeeDunning) Fields() []ent.Field {
	list := []ent.Field{
		field.UUID("household_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The household that owes."),
		field.UUID("delivered_to_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The household, once it was delivered to it."),
		field.Int64("number").Immutable().Annotations(entgql.Type("Int"), entgql.OrderField("NUMBER"), Filter()).Comment("Its number in the estate."),
		field.Int("revision").Positive().Default(1).Immutable().Annotations(Filter()).Comment("Its version: a new one for every change of what it asks for."),
		field.Enum("level").NamedValues("First", "FIRST", "Second", "SECOND", "Final", "FINAL").Immutable().Annotations(Filter()).Comment("The first, second or final notice."),
		field.Enum("state").NamedValues("Draft", "DRAFT", "Reviewed", "REVIEWED", "Stamped", "STAMPED", "Handed", "HANDED", "Dispatched", "DISPATCHED", "Delivered", "DELIVERED",
			"Settled", "SETTLED", "Withdrawn", "WITHDRAWN", "Replaced", "REPLACED").Default("DRAFT").Annotations(Filter()).
			Comment("Draft; reviewed by the accountant; stamped by finance; handed to customer service; dispatched, but not delivered yet; delivered; and settled, if it was paid since. Withdrawn if it was paid before; replaced by another version."),
		amount("What it asks for"),
		field.String("household_name").Immutable().Comment("The household's name, as it was."),
		field.String("building").Immutable().Annotations(Filter()).Comment("The building to which it goes."),
		field.String("address").Immutable().Comment("The household's units, as one."),
		field.UUID("replaces_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The version that it replaces."),
		field.UUID("previous_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The notice of the level before, whose period ran out."),
		civilDay("drafted_on", "The day that it was drafted."),
		field.String("drafted_by_name").Default("").Immutable().Comment("Who had it drafted; empty if that was the program."),
		field.Time("draft_due_at").Immutable().Annotations(Filter()).Comment("By when it was to be drafted: three days after what it asks for was to be paid (F6)."),
		field.Time("hand_due_at").Immutable().Annotations(Filter()).Comment("By when it is to be reviewed, stamped and with customer service: three days after it was drafted (F7)."),
		field.String("content_hash").Default("").Annotations(Filter()).Comment("SHA-256, in hex, of what was reviewed and stamped; empty until it is reviewed."),
	}
	list = append(list, signedStep("reviewed", "the accountant reviewed it")...)
	list = append(list, signedStep("stamped", "finance stamped it")...)
	list = append(list, signedStep("handed", "customer service got it")...)
	list = append(list,
		field.Time("dispatch_due_at").Optional().Nillable().Annotations(Filter()).Comment("By when it is to be dispatched: three days after customer service got it (F7)."),
		field.Time("dispatched_at").Optional().Nillable().Immutable().Annotations(Filter()).Comment("When it was first taken to the household; null until then."),
		field.Time("deliver_due_at").Optional().Nillable().Immutable().Annotations(Filter()).Comment("By when it is to be delivered: two days after it was dispatched (F8)."),
		field.Time("delivered_at").Optional().Nillable().Immutable().Annotations(Filter()).Comment("When it was signed for or posted, and did not come back."),
		field.Time("pay_by").SchemaType(civil).Optional().Nillable().Immutable().Annotations(entgql.Type("Date"), Filter()).Comment("By when it is to be paid, once it was delivered; the next level follows after that."),
		field.Time("settled_at").Optional().Nillable().Immutable().Annotations(Filter()).Comment("When all that it asks for was settled, after it was delivered."),
		field.Time("ended_at").Optional().Nillable().Annotations(Filter()).Comment("When it was withdrawn or replaced; null if it was not."),
		field.String("end_reason").Default("").Comment("Why it was withdrawn or replaced."),
		field.UUID("ended_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that withdrew it; null if that was a payment or a credit note."),
		field.String("ended_by_name").Default("").Comment("Who withdrew it, as signed; empty if it was a payment or a credit note."),
		sortKey(),
	)
	return list
}

// Edges of a dunning notice.
func (FeeDunning) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("household", Household.Type).Field("household_id").Unique().Required().Immutable().Comment("The household that owes."),
		edge.To("replacement", FeeDunning.Type).Annotations(entgql.Skip(entgql.SkipAll)).Comment("The version that replaces it.").
			From("replaces").Field("replaces_id").Unique().Immutable().Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("The version that it replaces."),
		edge.To("next", FeeDunning.Type).Annotations(entgql.Skip(entgql.SkipAll)).Comment("The notices of the level after.").
			From("previous").Field("previous_id").Unique().Immutable().Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("The notice of the level before."),
		edge.From("lines", FeeDunningLine.Type).Ref("dunning").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What it asks for."),
		edge.From("dispatches", FeeDispatch.Type).Ref("dunning").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("The attempts to bring it."),
	}
}

// Indexes of a dunning notice.
func (FeeDunning) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "number", "revision").Unique(),
		index.Fields("estate_id", "household_id", "drafted_on"),
		index.Fields("estate_id", "replaces_id").Unique(),
		index.Fields("estate_id", "previous_id"),
		index.Fields("estate_id", "state", "sort_key", "id"),
		index.Fields("estate_id", "drafted_on", "sort_key", "id"),
	}
}

// Annotations of a dunning notice.
func (FeeDunning) Annotations() []schema.Annotation {
	return public("A dunning notice: 催缴通知单 (F6, F7, F8).")
}

// FeeDunningLine is one fee notice that a dunning notice asks for, and how much of it was open (F6).
type FeeDunningLine struct{ ent.Schema }

// Mixin of a line. A household sees those of what was delivered to it.
func (FeeDunningLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x090e}, EstateScoped{Household: "delivered_to_id"}}
}

// Fields of a line.
func (FeeDunningLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("dunning_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The dunning notice."),
		field.UUID("notice_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The fee notice that is not paid."),
		field.UUID("household_id", uuid.UUID{}).Immutable().Comment("The household that owes."),
		field.UUID("delivered_to_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The household, once the notice was delivered to it."),
		field.String("number").Immutable().Comment("The fee notice's number."),
		civilDay("month", "Its month, as its first day."),
		civilDay("pay_by", "By when it was to be paid."),
		field.Int64("asked").Immutable().Annotations(entgql.Type("Int")).Comment("What the fee notice asked for, in fen (分)."),
		field.Int64("settled").Immutable().Annotations(entgql.Type("Int")).Comment("What of that was settled, in fen (分)."),
		amount("What is asked for now"),
	}
}

// Edges of a line.
func (FeeDunningLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("dunning", FeeDunning.Type).Field("dunning_id").Unique().Required().Immutable().Comment("The dunning notice."),
		edge.To("notice", FeeNotice.Type).Field("notice_id").Unique().Required().Immutable().Comment("The fee notice that is not paid."),
	}
}

// Indexes of a line.
func (FeeDunningLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "dunning_id", "notice_id").Unique(),
		index.Fields("estate_id", "notice_id"),
	}
}

// Annotations of a line.
func (FeeDunningLine) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("One fee notice that a dunning notice asks for (F6)."), Steward{AppendOnly: true}}
}
