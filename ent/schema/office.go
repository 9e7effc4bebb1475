package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// contentHash names what a file holds. It is told to nobody who may see the row only, nor on the audit trail:
// with it they could try out which telephone number a short file holds.
func contentHash() ent.Field {
	return field.String("sha256").Immutable().Annotations(Confidential(), entgql.Skip(entgql.SkipType)).Comment("SHA-256 of the content, in hex.")
}

// File is something uploaded to an estate: a spreadsheet to import, later photos and papers. Its
// content is kept outside the database, named by its hash; it may hold contact data, and is given only to
// who uploaded it and who may see such data in full.
type File struct{ ent.Schema }

// Mixin of a file.
func (File) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0201}, EstateScoped{Self: "uploaded_by"}}
}

// Fields of a file.
func (File) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Immutable().Annotations(Confidential()).Comment("Name as uploaded, made safe."),
		field.String("content_type").Immutable().Comment("Media type as found in the content."),
		field.Int64("size").NonNegative().Immutable().Annotations(entgql.Type("Int")).Comment("Bytes."),
		contentHash(),
		field.UUID("uploaded_by", uuid.UUID{}).Immutable().Comment("The account that uploaded it."),
	}
}

// Indexes of a file.
func (File) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "created_at", "id")}
}

// Annotations of a file.
func (File) Annotations() []schema.Annotation {
	return public("Something uploaded to an estate.", Steward{AppendOnly: true})
}

// ImportRun is a spreadsheet read into the registry or the key ledger, and what came of it.
type ImportRun struct{ ent.Schema }

// Mixin of a run.
func (ImportRun) Mixin() []ent.Mixin { return []ent.Mixin{Identified{Code: 0x0202}, EstateScoped{}} }

// Fields of a run.
func (ImportRun) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").NamedValues("Units", "UNITS", "Keys", "KEYS").Immutable().Annotations(Filter()).Comment("What was imported."),
		field.String("file_name").Immutable().Comment("Name of the spreadsheet."),
		contentHash(),
		field.Text("report").Immutable().Annotations(Confidential(), entgql.Type("JSON")).
			Comment("What was read, created, changed, rejected and warned of, as JSON."),
	}
}

// Indexes of a run.
func (ImportRun) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "created_at", "id")}
}

// Annotations of a run.
func (ImportRun) Annotations() []schema.Annotation {
	return public("A spreadsheet that was imported, and what came of it.", Steward{AppendOnly: true})
}

// Obligation is something due: a loan's return, a move-in's deadline. Chapters open and meet them in
// the transaction of the act; what is not met by its time plus grace is breached, and stays so with a reason.
type Obligation struct{ ent.Schema }

// Mixin of an obligation.
func (Obligation) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0203}, EstateScoped{Department: "department_id", Self: "account_id", Household: "household_id"}}
}

// Fields of an obligation.
func (Obligation) Fields() []ent.Field {
	return []ent.Field{
		field.String("kind").Immutable().Annotations(Filter()).Comment("What is due: keys.return."),
		field.UUID("subject_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("What it is about."),
		field.String("clause").Immutable().Annotations(Filter()).Comment("The clause that demands it: K2.2."),
		field.String("title").Immutable().Comment("What is to be done, in a line, in Chinese."),
		field.String("title_en").Immutable().Default("").Comment("The same in English; empty for what was due before titles had both."),
		field.Time("due_at").Annotations(entgql.OrderField("DUE_AT"), Filter()).Comment("When it is due."),
		field.Time("counted_from").SchemaType(civil).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipType)).
			Comment("Of a time that is counted in working days, the day after which they count; null of any other."),
		field.Int("working_days").NonNegative().Default(0).Annotations(entgql.Skip(entgql.SkipType)).Comment("How many working days it is due after that."),
		field.Time("not_before").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipType)).Comment("Before when it is not due, however few days that is; null for no such bound."),
		field.Time("not_after").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipType)).Comment("After when it is not due, however many days that is; null for no such bound."),
		field.Int64("grace_seconds").NonNegative().Default(0).Annotations(entgql.Type("Int")).Comment("How long after that it counts as breached."),
		field.Enum("state").NamedValues("Open", "OPEN", "Met", "MET", "Breached", "BREACHED", "Cancelled", "CANCELLED").Default("OPEN").
			Annotations(Filter()).Comment("Open, met in time, breached (met late or not yet), cancelled."),
		field.Time("met_at").Optional().Nillable().Annotations(Filter()).Comment("When it was met; null while it is not."),
		field.String("breach_reason").Default("").Comment("Why it was breached, as told afterwards."),
		field.UUID("account_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The account answerable: reminded first."),
		field.UUID("department_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The department answerable."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The household concerned."),
		field.Int("reminders").Default(0).Comment("How many reminders went out."),
	}
}

// Indexes of an obligation.
func (Obligation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "state", "due_at", "id"),
		index.Fields("estate_id", "due_at", "id"),
		index.Fields("estate_id", "subject_id"),
	}
}

// Annotations of an obligation.
func (Obligation) Annotations() []schema.Annotation {
	return public("Something due by a time, and whether it was met.")
}
