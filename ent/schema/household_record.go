package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"
)

// ofHousehold makes a row a household's, and customer service's own (A1.4): the department is that of the household's file.
type ofHousehold struct{ mixin.Schema }

// Fields say whose it is.
func (ofHousehold) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("household_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The household whom it concerns."),
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The department that keeps the household's file."),
	}
}

// serviced is the scope of what customer service keeps of households.
func serviced() EstateScoped {
	return EstateScoped{Department: "department_id", Household: "household_id"}
}

// Recorded is what every structured record of a household's file says (A1.4): the database files it as a document by these columns.
type Recorded struct{ mixin.Schema }

// Fields of a record.
func (Recorded) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("file_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The household's file."),
		field.String("title").Immutable().Annotations(Confidential()).Comment("What it is about, in a line; the title of its document in the household's file."),
		field.String("particulars").Default("").Immutable().Annotations(Confidential()).Comment("The particulars."),
		field.Time("dated").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), entgql.OrderField("DATED"), Filter()).Comment("The day that it is of."),
		field.UUID("recorded_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account that recorded it."),
		field.String("recorded_by_name").Immutable().Comment("Who recorded it, as signed."),
		field.Time("recorded_at").Immutable().Annotations(Filter()).Comment("When it was recorded."),
		field.Time("erased_at").Optional().Nillable().Annotations(Filter()).Comment("When it was erased with its document, and only this stub stayed (A7)."),
	}
}

// Edges of a record.
func (Recorded) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("file", ArchiveFile.Type).Field("file_id").Unique().Required().Immutable().Comment("The household's file, that it is in."),
	}
}

// Indexes of a record.
func (Recorded) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "dated", "id"),
		index.Fields("estate_id", "household_id", "dated"),
	}
}

// answered are the fields of how a record was settled: by whom, when, and what they found.
func answered(finding string) []ent.Field {
	return []ent.Field{
		field.String("finding").Default("").Annotations(Confidential()).Comment(finding),
		field.UUID("answered_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that settled it."),
		field.String("answered_by_name").Default("").Comment("Who settled it, as signed."),
		field.Time("answered_at").Optional().Nillable().Annotations(Filter()).Comment("When it was settled."),
	}
}
