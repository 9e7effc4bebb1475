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

// ArchiveRequest asks to view, borrow or copy what the archive keeps (A5). Who asks may not know what there is, and learns nothing of
// it from the request: which documents are named for it is kept apart, and it waits until it is answered.
type ArchiveRequest struct{ ent.Schema }

// Mixin of a request.
func (ArchiveRequest) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x060b}, EstateScoped{Department: "department_id", Self: "account_id"}}
}

// Fields of a request.
func (ArchiveRequest) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").Immutable().Annotations(entgql.OrderField("CODE"), Filter()).Comment("Its number in the estate: AR-0042."),
		field.Enum("kind").NamedValues("View", "VIEW", "Borrow", "BORROW", "Copy", "COPY").Immutable().Annotations(Filter()).Comment("To view, to borrow the paper, or to take copies."),
		field.String("purpose").Immutable().Annotations(Confidential()).Comment("What for."),
		field.Enum("category").NamedValues(
			"Developer", "DEVELOPER", "Law", "LAW", "OtherExternal", "OTHER_EXTERNAL",
			"ManagementManual", "MANAGEMENT_MANUAL", "TrainingManual", "TRAINING_MANUAL",
			"Work", "WORK", "Training", "TRAINING",
			"MoveIn", "MOVE_IN", "RenovationPapers", "RENOVATION_PAPERS", "Payments", "PAYMENTS", "Violations", "VIOLATIONS",
			"RenovationRecords", "RENOVATION_RECORDS", "Complaints", "COMPLAINTS", "Correspondence", "CORRESPONDENCE", "Supplements", "SUPPLEMENTS").
			Optional().Nillable().Immutable().Annotations(Filter()).Comment("The category asked for, if one was named."),
		field.UUID("unit_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The unit asked about."),
		field.UUID("of_household_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The household asked about."),
		field.UUID("of_staff_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The member of staff asked about."),
		field.String("wanted").Default("").Immutable().Annotations(Confidential()).Comment("What is asked for, in words."),
		field.Time("valid_from").Immutable().Annotations(entgql.OrderField("VALID_FROM"), Filter()).Comment("From when."),
		field.Time("valid_until").Immutable().Annotations(Filter()).Comment("Until when."),
		field.UUID("account_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who asks."),
		field.String("asked_by_name").Immutable().Comment("Who asks, as signed."),
		field.UUID("asked_by_staff_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Who asks, as a member of staff."),
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The department whose supervisor answers, too; it is known once documents are named, and not told to who asks."),
		field.Enum("state").NamedValues("Waiting", "WAITING", "Given", "GIVEN", "Declined", "DECLINED", "Withdrawn", "WITHDRAWN", "Expired", "EXPIRED").Default("WAITING").Annotations(Filter()).
			Comment("Waiting; given; declined, be it that there is nothing or that it is not shown; withdrawn; not answered in time."),
		field.Time("answered_at").Optional().Nillable().Annotations(Filter()).Comment("When it was answered."),
		field.String("answered_by_name").Default("").Comment("Who gave it, as signed."),
		field.String("answer").Default("").Annotations(Confidential()).Comment("What was said with the answer."),
	}
}

// Edges of a request.
func (ArchiveRequest) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("unit", Unit.Type).Field("unit_id").Unique().Immutable().Comment("The unit asked about."),
		edge.To("of_household", Household.Type).Field("of_household_id").Unique().Immutable().Comment("The household asked about."),
		edge.To("of_staff", Staff.Type).Field("of_staff_id").Unique().Immutable().Comment("The member of staff asked about."),
		edge.From("named", ArchiveRequestDocument.Type).Ref("request").Comment("The documents that are named for it; never shown to who asks."),
		edge.From("permits", ArchivePermit.Type).Ref("request").Comment("What came of it."),
	}
}

// Indexes of a request.
func (ArchiveRequest) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "code").Unique(),
		index.Fields("estate_id", "state", "created_at", "id"),
		index.Fields("estate_id", "account_id"),
		index.Fields("estate_id", "valid_from", "id"),
	}
}

// Annotations of a request.
func (ArchiveRequest) Annotations() []schema.Annotation {
	return public("A request to view, borrow or copy what the archive keeps (A5).")
}

// ArchiveRequestDocument is a document that is named for a request: what the approver decides upon.
type ArchiveRequestDocument struct{ ent.Schema }

// Mixin of a named document.
func (ArchiveRequestDocument) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x060c}, EstateScoped{Department: "department_id"}}
}

// Fields of a named document.
func (ArchiveRequestDocument) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("request_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The request."),
		field.UUID("document_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The document."),
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The department whose supervisor decides, too."),
		field.UUID("named_by_id", uuid.UUID{}).Immutable().Comment("The account of who named it."),
		field.String("named_by_name").Immutable().Comment("Who named it, as signed."),
	}
}

// Edges of a named document.
func (ArchiveRequestDocument) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("request", ArchiveRequest.Type).Field("request_id").Unique().Required().Immutable().Comment("The request."),
		edge.To("document", ArchiveDocument.Type).Field("document_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The document; asked for by its id, since it may go with its person to another department."),
	}
}

// Indexes of a named document.
func (ArchiveRequestDocument) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "request_id", "document_id").Unique(),
		index.Fields("estate_id", "document_id"),
	}
}

// Annotations of a named document.
func (ArchiveRequestDocument) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("A document that is named for a request (A5)."), Steward{AppendOnly: true}}
}
