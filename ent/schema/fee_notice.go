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

// FeeNotice is what a household is asked to pay for a month: 收费通知单 (F2). It never changes; what was paid or credited is added to it.
type FeeNotice struct{ ent.Schema }

// Mixin of a notice.
func (FeeNotice) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0904}, EstateScoped{Household: "household_id"}}
}

// Fields of a notice.
func (FeeNotice) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("run_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The run that made it."),
		field.UUID("household_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The household that pays."),
		field.String("number").Immutable().Annotations(Filter()).Comment("Its number, which no other of the estate has: 202603-00017."),
		field.Time("month").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("MONTH"), Filter()).Comment("The month, as its first day."),
		civilDay("issued_on", "The day that it was made."),
		field.Time("pay_by").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("PAY_BY"), Filter()).Comment("By when it is to be paid."),
		field.String("household_name").Immutable().Comment("The household's name, as it was."),
		field.String("building").Immutable().Annotations(Filter()).Comment("The building to which it goes: that of the household's first unit."),
		field.String("address").Immutable().Comment("The household's units that it is for, as one."),
		amount("What it asks for"),
		tally("credited", "What of that was taken back by credit notes"),
		tally("settled", "What of it is settled, by payments and credit notes"),
		field.Enum("state").NamedValues("Open", "OPEN", "Settled", "SETTLED").Default("OPEN").Immutable().Annotations(Filter()).Comment("Open until all of it is settled."),
		field.Enum("dispatch").NamedValues("Waiting", "WAITING", "Dispatched", "DISPATCHED", "Returned", "RETURNED").Default("WAITING").Immutable().Annotations(Filter()).
			Comment("Waiting to be dispatched; dispatched, by hand, mailbox or post; or returned, so that it is to be dispatched again (F3, F4)."),
		field.Time("dispatched_at").Optional().Nillable().Immutable().Annotations(Filter()).Comment("When it was first dispatched; null until then (F3)."),
		sortKey(),
	}
}

// Edges of a notice.
func (FeeNotice) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("run", FeeRun.Type).Field("run_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The run that made it."),
		edge.To("household", Household.Type).Field("household_id").Unique().Required().Immutable().Comment("The household that pays."),
		edge.From("lines", FeeNoticeLine.Type).Ref("notice").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What it is for."),
		edge.From("allocations", FeeAllocation.Type).Ref("notice").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("By what it was settled, or is no longer."),
		edge.From("credit_notes", FeeCreditNote.Type).Ref("notice").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What of it was taken back."),
		edge.From("dispatches", FeeDispatch.Type).Ref("notice").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("The attempts to bring it to the household (F4)."),
		edge.From("dunning_lines", FeeDunningLine.Type).Ref("notice").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What dunning notices ask for of it (F6)."),
	}
}

// Indexes of a notice.
func (FeeNotice) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "run_id", "household_id").Unique(),
		index.Fields("estate_id", "number").Unique(),
		index.Fields("estate_id", "household_id", "month"),
		index.Fields("estate_id", "month", "sort_key", "id"),
	}
}

// Annotations of a notice.
func (FeeNotice) Annotations() []schema.Annotation {
	return public("What a household is asked to pay for a month: 收费通知单 (F2).", Steward{AppendOnly: true})
}

// FeeNoticeLine is one fee of one unit on a notice, for days of a month (F1).
type FeeNoticeLine struct{ ent.Schema }

// Mixin of a line.
func (FeeNoticeLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0905}, EstateScoped{Household: "household_id"}}
}

// Fields of a line.
func (FeeNoticeLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("notice_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The notice."),
		field.UUID("household_id", uuid.UUID{}).Immutable().Comment("The household that pays."),
		field.UUID("tariff_id", uuid.UUID{}).Immutable().Comment("The tariff."),
		field.UUID("unit_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The unit."),
		field.String("unit_label").Immutable().Comment("The unit's label, as it was."),
		field.String("fee").Immutable().Comment("What is paid for, as the tariff says."),
		field.Enum("basis").NamedValues("PerSquareMetre", "PER_SQUARE_METRE", "Fixed", "FIXED", "PerPlace", "PER_PLACE").Immutable().Comment("By the square metre, the unit or the parking place."),
		field.Int64("rate").Immutable().Annotations(entgql.Type("Int")).Comment("What is paid in a month, in hundredths of a fen."),
		field.Int64("quantity_hundredths").Immutable().Annotations(entgql.Type("Int")).Comment("Of how much, in hundredths: 89.50 m² is 8950, one place is 100."),
		civilDay("from_on", "The first day that is paid for."),
		civilDay("until_on", "The first day after."),
		field.Int("days").Immutable().Comment("How many days that is."),
		field.Int("of_days").Immutable().Comment("How many days their month has."),
		amount("What is paid for them: the month's fee by the day, so that the parts of a month are together the whole"),
	}
}

// Edges of a line.
func (FeeNoticeLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("notice", FeeNotice.Type).Field("notice_id").Unique().Required().Immutable().Comment("The notice."),
		edge.To("tariff", FeeTariff.Type).Field("tariff_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The tariff."),
		edge.To("unit", Unit.Type).Field("unit_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The unit."),
	}
}

// Indexes of a line.
func (FeeNoticeLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "notice_id"),
		index.Fields("estate_id", "unit_id", "tariff_id", "from_on"),
	}
}

// Annotations of a line.
func (FeeNoticeLine) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("One fee of one unit on a notice, for days of a month (F1)."), Steward{AppendOnly: true}}
}

// FeeCreditNote takes back some or all of what a notice asks for: how a notice is corrected.
type FeeCreditNote struct{ ent.Schema }

// Mixin of a credit note.
func (FeeCreditNote) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0906}, EstateScoped{Household: "household_id"}}
}

// Fields of a credit note.
func (FeeCreditNote) Fields() []ent.Field {
	return append([]ent.Field{
		field.UUID("notice_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The notice that it corrects."),
		field.UUID("household_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The household."),
		field.Int64("number").Default(0).Immutable().Annotations(entgql.Type("Int"), entgql.OrderField("NUMBER"), Filter()).Comment("Its number in the estate; there is none missing before it."),
		civilDay("issued_on", "Its day."),
		amount("What is taken back"),
		tally("unallocated", "What of that has not settled a notice, and is the household's credit"),
		field.String("reason").Immutable().Comment("Why."),
	}, recordedBy()...)
}

// Edges of a credit note.
func (FeeCreditNote) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("notice", FeeNotice.Type).Field("notice_id").Unique().Required().Immutable().Comment("The notice that it corrects."),
		edge.To("household", Household.Type).Field("household_id").Unique().Required().Immutable().Comment("The household."),
		edge.From("allocations", FeeAllocation.Type).Ref("credit_note").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What it settled."),
	}
}

// Indexes of a credit note.
func (FeeCreditNote) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "number").Unique(),
		index.Fields("estate_id", "notice_id"),
		index.Fields("estate_id", "household_id"),
	}
}

// Annotations of a credit note.
func (FeeCreditNote) Annotations() []schema.Annotation {
	return public("What of a notice was taken back: how a notice is corrected (F2).", Steward{AppendOnly: true})
}
