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

// Vacancy is the time for which a flat or a shop stands empty: a line of 空置房登记表 (V3). The database opens it when the unit falls
// vacant, be it by an import, and closes it when somebody has moved in; people describe it, and read its meters.
type Vacancy struct{ ent.Schema }

// Mixin of a vacancy.
func (Vacancy) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0701}, EstateScoped{}, Versioned{}}
}

// Fields of a vacancy.
func (Vacancy) Fields() []ent.Field {
	day := func(name, comment string, order ...schema.Annotation) ent.Field {
		return field.Time(name).SchemaType(civil).Optional().Nillable().Annotations(append(order, entgql.Type("Date"), Filter())...).Comment(comment)
	}
	meter := func(name, of string) []ent.Field {
		return []ent.Field{
			field.Int64(name + "_hundredths").Optional().Nillable().Annotations(entgql.Type("Int")).Comment("The last reading of the " + of + ", in hundredths."),
			field.Time(name + "_read_at").Optional().Nillable().Comment("When the " + of + " was last read."),
		}
	}
	fields := []ent.Field{
		field.UUID("unit_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The unit."),
		field.UUID("building_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The building that it is in."),
		field.UUID("area_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The area that the building stands in; follows the building."),
		sortKey(),
		field.Enum("state").NamedValues("Open", "OPEN", "Closed", "CLOSED").Default("OPEN").Annotations(Filter()).
			Comment("Open until somebody has moved in; then closed."),
		field.Time("since_on").SchemaType(civil).Annotations(entgql.OrderField("SINCE"), entgql.Type("Date"), Filter()).
			Comment("Since when it stands empty: from the move-out, or from when it came on record."),
		field.String("since_reason").Default("").Comment("Why it stands empty since later than was on record, if that was put right once something had fallen due or was inspected."),
		day("ended_on", "The day on which it ended; null while it lasts."),
		field.Bool("converted").Default(false).Annotations(Filter()).
			Comment("Whether it ended since the unit was said to be no flat and no shop any more; nobody has moved in, and it is open again once it is one again."),
		field.String("condition").Default("").Comment("In what condition it is (房屋状况)."),
		field.UUID("described_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of who described it last."),
		field.String("described_by_name").Default("").Comment("Who described it last, as signed."),
		field.Time("described_at").Optional().Nillable().Comment("When it was described last."),
		day("ventilated_on", "When it was ventilated last (V4.1)."),
		day("ventilation_due_on", "By when it is to be ventilated: the plan's interval, at most seven days, after the last time, or since it stands empty (V4.1)."),
		day("cleaned_on", "When it was cleaned last (V4.4)."),
		day("cleaning_due_on", "By when it is to be cleaned: the plan's interval, at most a calendar month, after the last time, or since it stands empty (V4.4)."),
		day("due_on", "By when the next item of the plan is due; null once it is closed.", entgql.OrderField("DUE")),
	}
	fields = append(fields, meter("water", "water meter")...)
	fields = append(fields, meter("electricity", "electricity meter")...)
	return append(fields, meter("gas", "gas meter")...)
}

// Edges of a vacancy.
func (Vacancy) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("unit", Unit.Type).Field("unit_id").Unique().Required().Immutable().Comment("The unit."),
		edge.From("readings", MeterReading.Type).Ref("vacancy").Comment("The readings of its meters."),
		edge.From("defects", Defect.Type).Ref("vacancy").Annotations(entgql.RelayConnection(), entgql.Skip(entgql.SkipWhereInput)).Comment("What was found to be wrong in it (V5)."),
		edge.From("dues", InspectionDue.Type).Ref("vacancy").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What is due in it, by when (V4); once it is over, what was due when it ended."),
		edge.From("inspections", Inspection.Type).Ref("vacancy").Annotations(entgql.Skip(entgql.SkipType, entgql.SkipWhereInput)).Comment("The visits to it (V4)."),
	}
}

// Indexes of a vacancy. A migration adds that a unit has one that is open.
func (Vacancy) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "unit_id"),
		index.Fields("estate_id", "sort_key", "id"),
		index.Fields("estate_id", "since_on", "id"),
		index.Fields("estate_id", "due_on", "id"),
	}
}

// Annotations of a vacancy.
func (Vacancy) Annotations() []schema.Annotation {
	return public("The time for which a flat or a shop stands empty: a line of 空置房登记表 (V3).")
}

// MeterReading is what a meter of a vacant unit showed (V3): never less than before, unless the meter was changed.
type MeterReading struct{ ent.Schema }

// Mixin of a reading.
func (MeterReading) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0702}, EstateScoped{}, Voidable{}, LateRecorded{}}
}

// Fields of a reading.
func (MeterReading) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("vacancy_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The vacancy."),
		field.UUID("unit_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The unit, whose meter runs on from one vacancy to the next."),
		field.Enum("meter").NamedValues("Water", "WATER", "Electricity", "ELECTRICITY", "Gas", "GAS").Immutable().Annotations(Filter()).
			Comment("Water (水表), electricity (电表) or gas (气表)."),
		field.Int64("value_hundredths").NonNegative().Immutable().Annotations(entgql.Type("Int")).
			Comment("What it showed, in hundredths: 1234.56 is 123456."),
		field.String("change_reason").Default("").Immutable().Comment("Why the meter was changed, if this is the first reading of a new one."),
		field.Time("read_at").Immutable().Annotations(entgql.OrderField("READ_AT"), Filter()).Comment("When it was read."),
		field.UUID("recorded_by_id", uuid.UUID{}).Immutable().Comment("The account of who recorded it."),
		field.String("recorded_by_name").Immutable().Comment("Who recorded it, as signed."),
	}
}

// Edges of a reading.
func (MeterReading) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("vacancy", Vacancy.Type).Field("vacancy_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The vacancy."),
		edge.To("unit", Unit.Type).Field("unit_id").Unique().Required().Immutable().Comment("The unit."),
	}
}

// Indexes of a reading.
func (MeterReading) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "unit_id", "meter", "read_at", "id"),
		index.Fields("estate_id", "vacancy_id", "read_at"),
	}
}

// Annotations of a reading.
func (MeterReading) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("What a meter of a vacant unit showed (V3)."), Steward{AppendOnly: true}}
}
