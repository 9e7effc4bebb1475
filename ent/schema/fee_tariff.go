package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// amount is one of money that never changes.
func amount(comment string) ent.Field {
	return field.Int64("amount").Immutable().Annotations(entgql.Type("Int"), Filter()).Comment(comment + ", in fen (分).")
}

// tally is an amount of money that the database keeps.
func tally(name, comment string) ent.Field {
	return field.Int64(name).Default(0).Immutable().Annotations(entgql.Type("Int"), Filter()).Comment(comment + ", in fen (分).")
}

// FeeBook is an estate's book of fees: what its notices say of paying, and the last of each of its numbers.
type FeeBook struct{ ent.Schema }

// Mixin of a book.
func (FeeBook) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0901}, EstateScoped{}, Versioned{}}
}

// Fields of a book.
func (FeeBook) Fields() []ent.Field {
	return []ent.Field{
		field.String("pay_at").Default("").Comment("Where and when households pay, as their notices say (F5): 项目财务部, 工作日 9:00–17:00."),
		field.Int("due_days").Default(15).Comment("How many days after its notice a fee is due, and not before its month is over."),
		field.Int("dunning_days").Default(7).Comment("How many days after it was delivered what a dunning notice asks for is due; the next level follows then (F6)."),
		field.Int64("last_receipt").Default(0).Immutable().Annotations(entgql.Type("Int")).Comment("The number of the last receipt; there is none missing before it (F5)."),
		field.Int64("last_credit_note").Default(0).Immutable().Annotations(entgql.Type("Int")).Comment("The number of the last credit note."),
		field.Int64("last_dunning").Default(0).Immutable().Annotations(entgql.Type("Int")).Comment("The number of the last dunning notice (F6)."),
		field.Int64("last_dispatch_report").Default(0).Immutable().Annotations(entgql.Type("Int")).Comment("The number of the last report of dispatches (F9)."),
		field.Int64("last_refund").Default(0).Immutable().Annotations(entgql.Type("Int")).Comment("The number of the last refund."),
		field.Int64("last_entry").Default(0).Immutable().Annotations(entgql.Type("Int")).Comment("The number of the last entry of the journal."),
	}
}

// Indexes of a book.
func (FeeBook) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id").Unique()}
}

// Annotations of a book.
func (FeeBook) Annotations() []schema.Annotation {
	return public("An estate's book of fees: what its notices say of paying, and the last of each of its numbers (F5).")
}

// FeeTariff is what a kind of unit pays for something in a month, for a time (F1). An exclusion constraint holds that no two are at once for
// one fee and kind of unit.
type FeeTariff struct{ ent.Schema }

// Mixin of a tariff.
func (FeeTariff) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0902}, EstateScoped{}}
}

// Fields of a tariff.
func (FeeTariff) Fields() []ent.Field {
	return append([]ent.Field{
		field.String("fee").Immutable().Annotations(entgql.OrderField("FEE"), Filter()).Comment("What is paid for: 物业管理费."),
		field.Enum("unit_kind").NamedValues("Flat", "FLAT", "Shop", "SHOP", "Parking", "PARKING").Immutable().Annotations(Filter()).Comment("What kind of unit pays."),
		field.Enum("basis").NamedValues("PerSquareMetre", "PER_SQUARE_METRE", "Fixed", "FIXED", "PerPlace", "PER_PLACE").Immutable().Annotations(Filter()).
			Comment("By the square metre of floor area, by the unit, or by the parking place."),
		field.Int64("rate").Positive().Immutable().Annotations(entgql.Type("Int")).Comment("What is paid in a month, in hundredths of a fen (万分之一元): 2.35 yuan is 23500."),
		civilDay("from_on", "The first day."),
		field.Time("until_on").SchemaType(civil).Optional().Nillable().Annotations(entgql.Type("Date"), Filter()).Comment("The first day without; null while it lasts."),
		field.String("authority").Default("").Immutable().Comment("By what it is asked for: the contract, or the number of the approval."),
		field.String("end_reason").Default("").Comment("Why it ended, if it did."),
		field.Time("ended_at").Optional().Nillable().Comment("When its end was recorded."),
		field.String("ended_by_name").Default("").Comment("Who ended it, as signed."),
	}, recordedBy()...)
}

// Indexes of a tariff.
func (FeeTariff) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "from_on", "id")}
}

// Annotations of a tariff.
func (FeeTariff) Annotations() []schema.Annotation {
	return public("What a kind of unit pays for something in a month, for a time (F1).")
}

// FeeRun is the billing of an estate's month: one, however often it is run (F2).
type FeeRun struct{ ent.Schema }

// Mixin of a run.
func (FeeRun) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0903}, EstateScoped{}}
}

// Fields of a run.
func (FeeRun) Fields() []ent.Field {
	return []ent.Field{
		field.Time("month").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("MONTH"), Filter()).Comment("The month, as its first day."),
		field.Enum("state").NamedValues("Planned", "PLANNED", "Running", "RUNNING", "Billed", "BILLED").Default("PLANNED").Annotations(Filter()).
			Comment("Planned: its notices are due; running: some are made; billed: all are."),
		field.Time("due_at").Immutable().Annotations(Filter()).Comment("By when its notices are with customer service: the end of the 25th (F2)."),
		field.Time("issued_on").SchemaType(civil).Optional().Nillable().Annotations(entgql.Type("Date")).Comment("The day of its notices; null before it is run."),
		field.Time("pay_by").SchemaType(civil).Optional().Nillable().Annotations(entgql.Type("Date")).Comment("By when its notices are to be paid; null before it is run."),
		field.Int("payers").Default(0).Comment("How many households have something to pay, as it was begun."),
		field.Int("notices").Default(0).Comment("How many of them have their notices: the progress of a run."),
		field.Int64("amount").Default(0).Annotations(entgql.Type("Int")).Comment("What the notices ask for in all, in fen (分)."),
		field.Time("started_at").Optional().Nillable().Comment("When it was run."),
		field.UUID("started_by_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The account that ran it."),
		field.String("started_by_name").Default("").Comment("Who ran it, as signed."),
		field.Time("billed_at").Optional().Nillable().Annotations(Filter()).Comment("When its last notice was made."),
		field.Bool("late").Default(false).Annotations(Filter()).Comment("Whether that was after the 25th, and was reported (F2)."),
		field.Time("received_at").Optional().Nillable().Annotations(Filter()).Comment("When customer service got its notices; null until then (F3)."),
		field.UUID("received_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that got them."),
		field.String("received_by_name").Default("").Comment("Who got them, as signed."),
		field.Time("dispatch_due_at").Optional().Nillable().Annotations(Filter()).Comment("By when they are to be dispatched: the end of the second working day after (F3)."),
		field.Int("dispatched").Default(0).Immutable().Comment("How many of its notices were dispatched, and did not come back."),
	}
}

// Indexes of a run.
func (FeeRun) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "month").Unique()}
}

// Annotations of a run.
func (FeeRun) Annotations() []schema.Annotation {
	return public("The billing of an estate's month: one, however often it is run (F2).")
}
