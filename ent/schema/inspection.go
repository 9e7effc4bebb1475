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

// Inspection is what somebody found in a vacant unit (V4): the results of one visit, signed by who inspected.
type Inspection struct{ ent.Schema }

// Mixin of an inspection.
func (Inspection) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0705}, EstateScoped{}, Voidable{}, LateRecorded{}}
}

// Fields of an inspection.
func (Inspection) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("vacancy_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The vacancy."),
		field.UUID("unit_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The unit."),
		field.UUID("round_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The round that it was made on, if it was."),
		field.UUID("line_key", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipType)).
			Comment("What the phone of who walked called it, so that it is taken once."),
		field.Time("inspected_at").Immutable().Annotations(entgql.OrderField("INSPECTED_AT"), Filter()).Comment("When it was inspected."),
		field.Time("inspected_on").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), Filter()).Comment("The day of it in the estate's time zone, from which what is due is counted."),
		field.UUID("inspected_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who inspected."),
		field.String("inspected_by_name").Immutable().Comment("Who inspected, as signed."),
		field.String("note").Default("").Immutable().Comment("What else is to be said of the visit."),
		field.String("without_key_reason").Default("").Immutable().Comment("How the unit was entered on a round with keys while none of its own were lent, if it was."),
	}
}

// Edges of an inspection.
func (Inspection) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("vacancy", Vacancy.Type).Field("vacancy_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The vacancy."),
		edge.To("unit", Unit.Type).Field("unit_id").Unique().Required().Immutable().Comment("The unit."),
		edge.To("round", InspectionRound.Type).Field("round_id").Unique().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The round."),
		edge.From("results", InspectionResult.Type).Ref("inspection").Comment("What was checked, with its findings."),
	}
}

// Indexes of an inspection.
func (Inspection) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "inspected_at", "id"),
		index.Fields("estate_id", "vacancy_id", "inspected_at"),
		index.Fields("estate_id", "round_id"),
	}
}

// Annotations of an inspection.
func (Inspection) Annotations() []schema.Annotation {
	return public("A visit to a vacant unit, with what was found (V4).", Steward{AppendOnly: true})
}

// InspectionResult is what became of one item of the plan at one visit; what was not done has none. When it was due is counted by the
// database, so that the share done on time is one statement.
type InspectionResult struct{ ent.Schema }

// Mixin of a result.
func (InspectionResult) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0706}, EstateScoped{}}
}

// Fields of a result.
func (InspectionResult) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("inspection_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The inspection."),
		field.UUID("vacancy_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The vacancy."),
		field.UUID("item_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The item of the plan."),
		field.Enum("result").NamedValues("Normal", "NORMAL", "Abnormal", "ABNORMAL").Immutable().Annotations(Filter()).
			Comment("Done, and all in order; or done, and something is not: then it names the finding and a department (V5)."),
		field.String("finding").Default("").Immutable().Comment("What was found."),
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The department that an abnormal finding was passed to (V5)."),
		field.Time("done_on").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), Filter()).Comment("The day on which it was done."),
		field.Time("due_on").SchemaType(civil).Optional().Nillable().Immutable().Annotations(entgql.Type("Date"), Filter()).Comment("By when it was due then; on time if done by that day."),
		field.Bool("voided").Default(false).Immutable().Annotations(Filter()).Comment("Whether the inspection was voided, so that nothing was done."),
	}
}

// Edges of a result.
func (InspectionResult) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("inspection", Inspection.Type).Field("inspection_id").Unique().Required().Immutable().Comment("The inspection."),
		edge.To("item", InspectionItem.Type).Field("item_id").Unique().Required().Immutable().Comment("The item of the plan."),
		edge.To("department", Department.Type).Field("department_id").Unique().Immutable().Comment("The department that an abnormal finding was passed to."),
		edge.From("photos", InspectionPhoto.Type).Ref("result").Comment("What it looked like."),
		edge.From("defects", Defect.Type).Ref("inspection_result").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What became of an abnormal one, as the department has it (V5)."),
	}
}

// Indexes of a result. A migration adds those of what was done last, and of what was due when.
func (InspectionResult) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "inspection_id", "item_id").Unique()}
}

// Annotations of a result.
func (InspectionResult) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("What became of one item of the plan at one visit (V4)."), Steward{AppendOnly: true}}
}

// InspectionPhoto is a photo of what was found; its content is kept where uploads are.
type InspectionPhoto struct{ ent.Schema }

// Mixin of a photo.
func (InspectionPhoto) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0707}, EstateScoped{}}
}

// Fields of a photo.
func (InspectionPhoto) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("result_id", uuid.UUID{}).Immutable().Comment("The result that it shows."),
		field.String("content_type").Immutable().Comment("Media type as found in the content: image/jpeg."),
		field.Int64("size").NonNegative().Immutable().Annotations(entgql.Type("Int")).Comment("Bytes."),
		contentHash(),
	}
}

// Edges of a photo.
func (InspectionPhoto) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("result", InspectionResult.Type).Field("result_id").Unique().Required().Immutable().Comment("The result that it shows."),
	}
}

// Indexes of a photo.
func (InspectionPhoto) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "result_id"), index.Fields("estate_id", "sha256")}
}

// Annotations of a photo.
func (InspectionPhoto) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("A photo of what was found in a vacant unit (V4)."), Steward{AppendOnly: true}}
}
