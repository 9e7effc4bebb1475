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

// ArchiveDocument is a document of the archive: handed in to the inbox, then bound into a volume by the archivist (A2).
type ArchiveDocument struct{ ent.Schema }

// Mixin of a document.
func (ArchiveDocument) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0603}, kept("archive_permits").voidable(), Versioned{}, Voidable{}}
}

// Fields of a document.
func (ArchiveDocument) Fields() []ent.Field {
	return append(keptFields(),
		archiveClass(),
		archiveCategory(),
		field.UUID("file_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The file of the household or the member of staff."),
		field.UUID("manual_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The manual of which it is an edition (A1.2)."),
		field.String("title").Annotations(Confidential()).Comment("What it is."),
		field.Time("dated").SchemaType(civil).Annotations(entgql.Type("Date"), Filter()).Comment("The day that it bears."),
		field.Int("pages").NonNegative().Comment("How many pages; 0 for what was never on paper."),
		field.Time("retained_from").SchemaType(civil).Optional().Nillable().Annotations(entgql.Type("Date")).
			Comment("From which day its retention counts (A7): the day that it bears, never sooner than was first said; of a record, when it was settled. The database makes it."),
		field.String("source").Default("").Annotations(Confidential()).Comment("Whom it is from."),
		field.String("edition").Default("").Annotations(Filter(), Confidential()).Comment("Its edition or version."),
		field.Bool("current").Default(false).Annotations(Filter()).Comment("Whether it is the edition of its manual in force (A1.2)."),
		field.Enum("state").NamedValues("Inbox", "INBOX", "Bound", "BOUND", "Destroyed", "DESTROYED", "Voided", "VOIDED").Default("INBOX").Annotations(Filter()).
			Comment("Handed in; bound in a volume; destroyed, of which only this stub is left (A7); handed in by mistake."),
		field.UUID("volume_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The volume that it is bound in."),
		field.UUID("subject_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The record that filed itself as this document, if one did."),
		filingKey(),
		field.UUID("handed_in_by_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The account that handed it in; null for what the program filed by itself, as it does the contacts of an imported list."),
		field.String("handed_in_by_name").Immutable().Comment("Who handed it in, as signed."),
		field.Time("handed_in_at").Immutable().Annotations(entgql.OrderField("HANDED_IN_AT"), Filter()).Comment("When it was handed in."),
		field.UUID("bound_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of the archivist who bound it."),
		field.String("bound_by_name").Default("").Comment("The archivist who bound it, as signed."),
		field.Time("bound_at").Optional().Nillable().Annotations(Filter()).Comment("When it was bound."),
		field.String("name").Default("").Annotations(Confidential()).Comment("Name of the content, made safe; empty for what is on paper only."),
		field.String("content_type").Default("").Immutable().Annotations(Filter()).Comment("Media type of the content, as found in it."),
		field.Int64("size").NonNegative().Default(0).Immutable().Annotations(entgql.Type("Int")).Comment("Bytes of the content."),
		field.String("sha256").Default("").Annotations(Confidential(), entgql.Skip(entgql.SkipType)).Comment("SHA-256 of the content, in hex; empty without content."),
		field.Enum("text_state").NamedValues("None", "NONE", "Waiting", "WAITING", "Indexed", "INDEXED", "Partly", "PARTLY", "Unreadable", "UNREADABLE").Default("NONE").Annotations(Filter()).
			Comment("Whether the words of its content are found by searchArchive: there is no content; it waits to be read, as it does for a minute; they are; those of its beginning are, since it is longer than is read; or it has no text that can be read, as pictures, scans, encrypted and damaged files have not."),
		field.Time("lent_until").Optional().Nillable().Annotations(Filter()).Comment("Until when its paper is lent (A5); null while it is in its place. The database keeps it."),
		field.Time("destroyed_at").Optional().Nillable().Annotations(Filter()).Comment("When it was destroyed (A7)."),
		field.String("certificate_number").Default("").Comment("The number of the certificate of its destruction."),
	)
}

// Edges of a document.
func (ArchiveDocument) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("file", ArchiveFile.Type).Field("file_id").Unique().Immutable().Comment("The file of the household or the member of staff."),
		edge.To("household", Household.Type).Field("household_id").Unique().Immutable().Comment("The household whom it concerns."),
		edge.To("staff", Staff.Type).Field("staff_id").Unique().Immutable().Comment("The member of staff whom it concerns."),
		edge.To("department", Department.Type).Field("department_id").Unique().Comment("The department whose own it is."),
		edge.To("manual", ArchiveManual.Type).Field("manual_id").Unique().Immutable().Comment("The manual of which it is an edition."),
		edge.To("volume", ArchiveVolume.Type).Field("volume_id").Unique().Comment("The volume that it is bound in."),
	}
}

// Indexes of a document.
func (ArchiveDocument) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "filing_key", "id"),
		index.Fields("estate_id", "state", "handed_in_at", "id"),
		index.Fields("estate_id", "file_id", "filing_key"),
		index.Fields("estate_id", "volume_id", "filing_key"),
		index.Fields("estate_id", "household_id"),
		index.Fields("estate_id", "account_id"),
		index.Fields("estate_id", "manual_id"),
		index.Fields("estate_id", "subject_id"),
		index.Fields("estate_id", "sha256"),
	}
}

// Annotations of a document.
func (ArchiveDocument) Annotations() []schema.Annotation {
	return public("A document of the archive (A2, A3).", Steward{Document: "id", Watched: true})
}

// ArchiveManual is a manual of the company in an estate, 《管理手册》 or 《培训手册》, of which one edition is in force (A1.2).
type ArchiveManual struct{ ent.Schema }

// Mixin of a manual.
func (ArchiveManual) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0604}, EstateScoped{}, Versioned{}}
}

// Fields of a manual.
func (ArchiveManual) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").NamedValues("Management", "MANAGEMENT", "Training", "TRAINING").Immutable().Annotations(Filter()).Comment("《管理手册》 or 《培训手册》."),
		field.String("name").Annotations(Filter()).Comment("Its name, unique in the estate."),
	}
}

// Edges of a manual.
func (ArchiveManual) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("editions", ArchiveDocument.Type).Ref("manual").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("Its editions, among them the one in force."),
	}
}

// Indexes of a manual.
func (ArchiveManual) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "name").Unique()}
}

// Annotations of a manual.
func (ArchiveManual) Annotations() []schema.Annotation {
	return public("A manual, of which one edition is in force (A1.2).")
}

// ArchivePermit lets one account read one document for a time, because it was approved (A5). It ends by itself, or is withdrawn.
type ArchivePermit struct{ ent.Schema }

// Mixin of a permit.
func (ArchivePermit) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0605}, EstateScoped{Department: "department_id", Self: "account_id"}}
}

// Fields of a permit.
func (ArchivePermit) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("subject_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The document: archiveDocuments shows it while the permit lasts."),
		field.UUID("account_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account that may read it."),
		field.Time("valid_from").Immutable().Annotations(entgql.OrderField("VALID_FROM"), Filter()).Comment("From when."),
		field.Time("valid_until").Immutable().Annotations(Filter()).Comment("Until when."),
		field.Bool("copies").Default(false).Immutable().Comment("Whether copies may be taken."),
		field.UUID("request_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The request that it came of."),
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The department whose supervisor decides such requests, too."),
		field.Time("ended_at").Optional().Nillable().Annotations(Filter()).Comment("When it was withdrawn; null unless it was."),
		field.String("end_reason").Default("").Comment("Why it was withdrawn."),
	}
}

// Edges of a permit.
func (ArchivePermit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("document", ArchiveDocument.Type).Field("subject_id").Unique().Required().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The document; hidden again once the permit has ended, and so asked for by its id."),
		edge.To("request", ArchiveRequest.Type).Field("request_id").Unique().Immutable().Comment("The request that it came of."),
	}
}

// Indexes of a permit.
func (ArchivePermit) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "account_id", "subject_id"),
		index.Fields("estate_id", "subject_id"),
		index.Fields("estate_id", "valid_from", "id"),
		index.Fields("estate_id", "request_id"),
	}
}

// Annotations of a permit.
func (ArchivePermit) Annotations() []schema.Annotation {
	return public("A permit to read one document for a time (A5).")
}
