package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// kept is the scope of what the archive keeps (A4.1-A4.3): a department's own, a member of staff's, a household's.
func kept(permits string) EstateScoped {
	return EstateScoped{Department: "department_id", Self: "account_id", Household: "household_id", Permits: permits}
}

// keptFields are the columns of kept. The database fills them in from the household or the member of staff whom the row concerns.
func keptFields() []ent.Field {
	return []ent.Field{
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The department whose own it is: its author, the member of staff's, customer service for households."),
		field.UUID("account_id", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The account of the member of staff whom it concerns."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The household whom it concerns."),
		field.UUID("staff_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The member of staff whom it concerns."),
	}
}

// archiveClass is one of the four classes of the archive (A1.1-A1.4).
func archiveClass() ent.Field {
	return field.Enum("class").NamedValues("External", "EXTERNAL", "Internal", "INTERNAL", "Staff", "STAFF", "Household", "HOUSEHOLD").
		Immutable().Annotations(Filter()).Comment("External material, internal manuals, staff files, household files.")
}

// archiveCategory is one of the fixed categories; the database holds it to its class.
func archiveCategory() ent.Field {
	return field.Enum("category").NamedValues(
		"Developer", "DEVELOPER", "Law", "LAW", "OtherExternal", "OTHER_EXTERNAL",
		"ManagementManual", "MANAGEMENT_MANUAL", "TrainingManual", "TRAINING_MANUAL",
		"Work", "WORK", "Training", "TRAINING",
		"MoveIn", "MOVE_IN", "RenovationPapers", "RENOVATION_PAPERS", "Payments", "PAYMENTS", "Violations", "VIOLATIONS",
		"RenovationRecords", "RENOVATION_RECORDS", "Complaints", "COMPLAINTS", "Correspondence", "CORRESPONDENCE", "Supplements", "SUPPLEMENTS").
		Immutable().Annotations(Filter()).Comment("The category: three of external material, two manuals, two parts of a staff file, eight of a household's (A1.1-A1.4).")
}

// ArchiveFile is the file of a household, or of a member of staff: one each, there from the day that they are (A1.3, A1.4, A6).
type ArchiveFile struct{ ent.Schema }

// Mixin of a file.
func (ArchiveFile) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0601}, kept(""), Versioned{}}
}

// Fields of a file.
func (ArchiveFile) Fields() []ent.Field {
	return append(keptFields(),
		archiveClass(),
		field.String("code").Immutable().Annotations(entgql.OrderField("CODE"), Filter()).Comment("Its number in the estate: H-0042, S-0007."),
		field.String("place").Default("").Annotations(Filter()).Comment("Where its papers are: room, cabinet, shelf."),
	)
}

// Edges of a file.
func (ArchiveFile) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("household", Household.Type).Field("household_id").Unique().Immutable().Comment("The household whose file it is."),
		edge.To("staff", Staff.Type).Field("staff_id").Unique().Immutable().Comment("The member of staff whose file it is."),
		edge.From("volumes", ArchiveVolume.Type).Ref("file").Comment("Its volumes."),
		edge.From("documents", ArchiveDocument.Type).Ref("file").Annotations(entgql.Skip(entgql.SkipAll)).Comment("Its documents."),
	}
}

// Indexes of a file.
func (ArchiveFile) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "code").Unique(),
		index.Fields("estate_id", "household_id").Unique(),
		index.Fields("estate_id", "staff_id").Unique(),
	}
}

// Annotations of a file.
func (ArchiveFile) Annotations() []schema.Annotation {
	return public("The file of a household or of a member of staff (A6).", Steward{Watched: true})
}

// ArchiveVolume is a volume (卷): documents of one category, bound by the archivist, with a place on the shelf (A2, A3).
type ArchiveVolume struct{ ent.Schema }

// Mixin of a volume.
func (ArchiveVolume) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0602}, kept(""), Versioned{}}
}

// Fields of a volume.
func (ArchiveVolume) Fields() []ent.Field {
	return append(keptFields(),
		archiveClass(),
		archiveCategory(),
		field.UUID("file_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The file that it is part of, if it is a household's or a member of staff's."),
		field.String("code").Immutable().Annotations(entgql.OrderField("CODE"), Filter()).Comment("Its code (案卷号), unique in the estate."),
		field.String("title").Annotations(Confidential()).Comment("What it holds."),
		field.String("place").Default("").Annotations(Filter()).Comment("Where it stands: room, cabinet, shelf."),
		field.Time("period_from").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), Filter()).Comment("First day of its period."),
		field.Time("period_until").SchemaType(civil).Optional().Nillable().Annotations(entgql.Type("Date"), Filter()).Comment("Last day of its period; null while it is open-ended."),
		field.Enum("state").NamedValues("Open", "OPEN", "Closed", "CLOSED").Default("OPEN").Annotations(Filter()).Comment("Open for further documents, or closed."),
		field.Int("pages").NonNegative().Default(0).Comment("Pages of the documents in it; the database counts."),
		field.Int("bound").NonNegative().Default(0).Annotations(Filter()).Comment("How many documents are in it; the database counts."),
		filingKey(),
		field.UUID("opened_by_id", uuid.UUID{}).Immutable().Comment("The account of the archivist who opened it."),
		field.String("opened_by_name").Immutable().Comment("Who opened it, as signed."),
		field.Time("closed_at").Optional().Nillable().Comment("When it was closed."),
	)
}

// filingKey orders by class, then by time (A3).
func filingKey() ent.Field {
	return field.String("filing_key").Default("").
		Annotations(entgql.OrderField("FILING"), entgql.Skip(entgql.SkipType), entsql.Annotation{Collation: "C"}).
		Comment("Order key: by class, then by time (A3); the database makes it.")
}

// Edges of a volume.
func (ArchiveVolume) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("file", ArchiveFile.Type).Field("file_id").Unique().Immutable().Comment("The file that it is part of."),
		edge.To("household", Household.Type).Field("household_id").Unique().Immutable().Comment("The household whom it concerns."),
		edge.To("staff", Staff.Type).Field("staff_id").Unique().Immutable().Comment("The member of staff whom it concerns."),
		edge.From("documents", ArchiveDocument.Type).Ref("volume").Annotations(entgql.Skip(entgql.SkipAll)).Comment("The documents bound in it."),
	}
}

// Indexes of a volume.
func (ArchiveVolume) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "code").Unique(),
		index.Fields("estate_id", "filing_key", "id"),
		index.Fields("estate_id", "file_id"),
	}
}

// Annotations of a volume.
func (ArchiveVolume) Annotations() []schema.Annotation {
	return public("A volume of the archive (A2).", Steward{Document: "id", Watched: true})
}
