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

// StaffFileConsultation records that both parts of a staff file were read for promotion or pay (A1.3). The person, the own supervisor
// and the manager see that it was, by whom, and why.
type StaffFileConsultation struct{ ent.Schema }

// Mixin of a consultation.
func (StaffFileConsultation) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0616}, EstateScoped{Department: "department_id", Self: "account_id"}}
}

// Fields of a consultation.
func (StaffFileConsultation) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("staff_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The member of staff."),
		field.UUID("file_id", uuid.UUID{}).Immutable().Comment("The member of staff's file."),
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The member of staff's department; the database has it follow them."),
		field.UUID("account_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The member of staff's account; the database has it follow them."),
		field.Enum("purpose").NamedValues("Promotion", "PROMOTION", "Pay", "PAY").Immutable().Annotations(Filter()).Comment("What it was read for: promotion (晋升), or pay (薪酬)."),
		field.String("reason").Immutable().Annotations(Confidential()).Comment("On what occasion."),
		field.Int("work_documents").NonNegative().Immutable().Comment("How many documents the work file held."),
		field.Int("training_documents").NonNegative().Immutable().Comment("How many documents the training file held."),
		field.UUID("consulted_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account that read it."),
		field.String("consulted_by_name").Immutable().Comment("Who read it, as signed."),
		field.Time("consulted_at").Immutable().Annotations(entgql.OrderField("CONSULTED_AT"), Filter()).Comment("When it was read."),
	}
}

// Edges of a consultation.
func (StaffFileConsultation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("staff", Staff.Type).Field("staff_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("The member of staff."),
		edge.To("file", ArchiveFile.Type).Field("file_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("The file."),
	}
}

// Indexes of a consultation.
func (StaffFileConsultation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "consulted_at", "id"),
		index.Fields("estate_id", "staff_id"),
	}
}

// Annotations of a consultation.
func (StaffFileConsultation) Annotations() []schema.Annotation {
	return public("A staff file that was read for promotion or pay (A1.3).", Steward{AppendOnly: true})
}
