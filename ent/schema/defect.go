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

// Defect is an abnormality of a vacant unit that was passed to the department concerned (V5). Its state, its department and its times
// change by events alone: the database sets them. It outlives the vacancy.
type Defect struct{ ent.Schema }

// Mixin of a defect.
func (Defect) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0709}, EstateScoped{Department: "department_id"}, Voidable{}, LateRecorded{}}
}

// Fields of a defect.
func (Defect) Fields() []ent.Field {
	when := func(name, comment string, more ...schema.Annotation) ent.Field {
		return field.Time(name).Optional().Nillable().Immutable().Annotations(append(more, Filter())...).Comment(comment)
	}
	who := func(name, comment string) []ent.Field {
		return []ent.Field{
			field.UUID(name+"_by_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The account of who " + comment + "."),
			field.String(name + "_by_name").Default("").Immutable().Comment("Who " + comment + ", as signed."),
		}
	}
	fields := []ent.Field{
		field.UUID("vacancy_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The vacancy in which it was found."),
		field.UUID("unit_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The unit."),
		field.UUID("inspection_result_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).
			Comment("The abnormal result of an inspection that it comes from; null if it was reported by itself."),
		field.UUID("department_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The department that it was passed to."),
		field.String("finding").Immutable().Comment("What was found."),
		field.Time("found_at").Immutable().Annotations(entgql.OrderField("FOUND_AT"), Filter()).Comment("When it was found."),
		field.UUID("reported_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who reported it."),
		field.String("reported_by_name").Immutable().Comment("Who reported it, as signed."),
		field.Enum("state").NamedValues("Reported", "REPORTED", "Acknowledged", "ACKNOWLEDGED", "Resolved", "RESOLVED", "Reopened", "REOPENED", "Closed", "CLOSED").
			Default("REPORTED").Immutable().Annotations(Filter()).
			Comment("Reported to the department; acknowledged by it; resolved, as it says; reopened, since a re-inspection found otherwise; closed by a re-inspection."),
		field.Time("notified_at").Immutable().Annotations(Filter()).Comment("When the department was notified; of a defect that was reassigned, the present one."),
		field.Time("acknowledge_by").Immutable().Comment("By when the department is to acknowledge it: the end of the next working day."),
		when("acknowledged_at", "When the department acknowledged it."),
		field.Time("resolve_by").Immutable().Annotations(Filter()).Comment("By when it is to be resolved: seven days after the department was notified, unless that was extended."),
		when("proposed_until", "Until when the department proposes to have it resolved; null unless it does."),
		when("resolved_at", "When the department resolved it; null again once it is reopened."),
		field.String("resolution").Default("").Immutable().Comment("What the department did."),
		when("reinspect_by", "By when what was resolved is to be inspected again: three days after."),
		when("reinspected_at", "When it was last inspected again."),
		when("closed_at", "When a re-inspection closed it."),
		field.Int("reopened").Default(0).Immutable().Annotations(Filter()).Comment("How many times a re-inspection found it not to be resolved."),
		when("due_at", "By when the next step is due; null once it is closed or voided.", entgql.OrderField("DUE_AT")),
		when("escalated_at", "When it first rose to the project manager, since a step was overdue; null if none was."),
	}
	fields = append(fields, who("acknowledged", "acknowledged it for the department")...)
	fields = append(fields, who("resolved", "resolved it")...)
	return append(fields, who("reinspected", "inspected it again")...)
}

// Edges of a defect.
func (Defect) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("vacancy", Vacancy.Type).Field("vacancy_id").Unique().Required().Immutable().Comment("The vacancy in which it was found."),
		edge.To("unit", Unit.Type).Field("unit_id").Unique().Required().Immutable().Comment("The unit."),
		edge.To("department", Department.Type).Field("department_id").Unique().Required().Immutable().Comment("The department that it was passed to."),
		edge.To("inspection_result", InspectionResult.Type).Field("inspection_result_id").Unique().Immutable().Comment("The result of an inspection that it comes from."),
		edge.From("events", DefectEvent.Type).Ref("defect").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What happened to it, by whom and when."),
		edge.From("photos", DefectPhoto.Type).Ref("defect").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("Its photos."),
	}
}

// Indexes of a defect.
func (Defect) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "found_at", "id"),
		index.Fields("estate_id", "due_at", "id"),
		index.Fields("estate_id", "department_id", "due_at"),
		index.Fields("estate_id", "vacancy_id"),
		index.Fields("estate_id", "unit_id"),
		index.Fields("estate_id", "inspection_result_id"),
	}
}

// Annotations of a defect.
func (Defect) Annotations() []schema.Annotation {
	return public("An abnormality of a vacant unit, passed to the department concerned: a line of 空置房异常处理记录 (V5).")
}

// DefectEvent is a step of a defect: who did it, when, and what they say (V5).
type DefectEvent struct{ ent.Schema }

// Mixin of an event.
func (DefectEvent) Mixin() []ent.Mixin { return []ent.Mixin{Identified{Code: 0x070a}, EstateScoped{}} }

// Fields of an event.
func (DefectEvent) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("defect_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The defect."),
		field.Enum("kind").NamedValues("Acknowledged", "ACKNOWLEDGED", "Resolved", "RESOLVED", "Closed", "CLOSED", "Reopened", "REOPENED",
			"Reassigned", "REASSIGNED", "Proposed", "PROPOSED", "Extended", "EXTENDED", "Escalated", "ESCALATED").Immutable().Annotations(Filter()).
			Comment("Acknowledged or resolved by the department; closed or reopened by a re-inspection; reassigned to another department; another time proposed; the time extended; risen to the project manager."),
		field.UUID("department_id", uuid.UUID{}).Immutable().Comment("The department that it is with since."),
		field.String("note").Default("").Immutable().Comment("What was done, what the re-inspection found, or why."),
		field.Time("acknowledge_by").Optional().Nillable().Immutable().Comment("By when the department is to acknowledge it, of a reassignment."),
		field.Time("due_at").Optional().Nillable().Immutable().
			Comment("By when it is to be resolved since, of what was reassigned, reopened or extended; proposed, of a proposal; inspected again, of what was resolved."),
		field.UUID("acted_by_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The account that did it; null for the program, which lets it rise."),
		field.String("acted_by_name").Immutable().Comment("Who did it, as signed."),
		field.Time("acted_at").Immutable().Comment("When."),
	}
}

// Edges of an event.
func (DefectEvent) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("defect", Defect.Type).Field("defect_id").Unique().Required().Immutable().Comment("The defect."),
		edge.To("department", Department.Type).Field("department_id").Unique().Required().Immutable().Comment("The department that it is with since."),
		edge.From("photos", DefectPhoto.Type).Ref("event").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("The photos that came with it."),
	}
}

// Indexes of an event.
func (DefectEvent) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "defect_id", "acted_at")}
}

// Annotations of an event.
func (DefectEvent) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("A step of a defect (V5)."), Steward{AppendOnly: true}}
}

// DefectPhoto is a photo of a defect: taken when it was found, resolved, or inspected again (V5).
type DefectPhoto struct{ ent.Schema }

// Mixin of a photo.
func (DefectPhoto) Mixin() []ent.Mixin { return []ent.Mixin{Identified{Code: 0x070b}, EstateScoped{}} }

// Fields of a photo.
func (DefectPhoto) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("defect_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The defect."),
		field.UUID("event_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The step that it came with; null for the report."),
		field.String("name").Immutable().Annotations(Confidential()).Comment("Name as uploaded, made safe."),
		field.String("content_type").Immutable().Comment("Media type as found in the content."),
		field.Int64("size").NonNegative().Immutable().Annotations(entgql.Type("Int")).Comment("Bytes."),
		contentHash(),
	}
}

// Edges of a photo.
func (DefectPhoto) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("defect", Defect.Type).Field("defect_id").Unique().Required().Immutable().Comment("The defect."),
		edge.To("event", DefectEvent.Type).Field("event_id").Unique().Immutable().Comment("The step that it came with."),
	}
}

// Indexes of a photo.
func (DefectPhoto) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "defect_id"), index.Fields("estate_id", "event_id"), index.Fields("estate_id", "sha256")}
}

// Annotations of a photo.
func (DefectPhoto) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("A photo of a defect (V5)."), Steward{AppendOnly: true}}
}
