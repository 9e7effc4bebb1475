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

// RegisterExport is a register that somebody asked for, to be written while nobody waits: what was asked, how far it is, and until it
// expires what was written. The row stays when the content goes.
type RegisterExport struct{ ent.Schema }

// Mixin of an export.
func (RegisterExport) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0209}, EstateScoped{Self: "account_id"}}
}

// Fields of an export.
func (RegisterExport) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account that asked for it: by its rights it is written, and nobody else downloads it."),
		field.String("account_name").Immutable().Comment("Who asked for it, as signed."),
		field.String("register").Immutable().Annotations(Filter()).Comment("Which register: keys-loans."),
		field.Enum("format").NamedValues("XLSX", "XLSX", "CSV", "CSV", "HTML", "HTML", "PDF", "PDF").Immutable().Annotations(Filter()).
			Comment("As what it is written."),
		field.Enum("language").NamedValues("ZH", "ZH", "EN", "EN").Immutable().Comment("In which language."),
		field.Time("from_on").SchemaType(civil).Optional().Nillable().Immutable().Annotations(entgql.Type("Date")).
			Comment("The first day that is wanted; null from the beginning."),
		field.Time("until_on").SchemaType(civil).Optional().Nillable().Immutable().Annotations(entgql.Type("Date")).
			Comment("The last day that is wanted; null until it is written."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).
			Comment("The only household that is wanted; null for all."),

		field.Enum("state").NamedValues("Waiting", "WAITING", "Running", "RUNNING", "Done", "DONE", "Failed", "FAILED",
			"Refused", "REFUSED", "Cancelled", "CANCELLED", "Expired", "EXPIRED").Default("WAITING").Annotations(Filter()).
			Comment("Waiting, being written, ready to be downloaded, failed (it can be tried again), refused when it was to be written, cancelled before, past its time."),
		field.Int64("job_number").Optional().Nillable().Annotations(entgql.Type("Int")).
			Comment("The job that writes it, as failedJobs lists it if it fails; null before it began."),
		field.Int("rows").NonNegative().Default(0).Comment("How many rows are written, so far or altogether."),
		field.Int64("size").NonNegative().Default(0).Annotations(entgql.Type("Int")).Comment("Bytes of what was written; 0 before."),
		field.String("sha256").Default("").Annotations(Confidential(), entgql.Skip(entgql.SkipAll)).
			Comment("SHA-256 of what was written, in hex; empty while there is nothing, and after it is removed."),
		field.Time("started_at").Optional().Nillable().Comment("When it was last begun to be written."),
		field.Time("finished_at").Optional().Nillable().Comment("When it was done, refused, given up or cancelled."),
		field.Time("expires_at").Optional().Nillable().Annotations(Filter()).Comment("Until when it can be downloaded; null before it is done."),
		field.String("reason").Default("").Comment("Why it was refused or failed, and what to do, in Chinese."),
		field.String("reason_en").Default("").Comment("The same in English."),
	}
}

// Edges of an export.
func (RegisterExport) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("household", Household.Type).Field("household_id").Unique().Immutable().Comment("The only household that is wanted; null for all."),
	}
}

// Indexes of an export.
func (RegisterExport) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "created_at", "id"),
		index.Fields("account_id", "created_at", "id"),
		index.Fields("account_id", "state"),
		index.Fields("state", "expires_at"),
	}
}

// Annotations of an export.
func (RegisterExport) Annotations() []schema.Annotation {
	return public("A register that somebody asked for, written while nobody waits, and kept to be downloaded until it expires.")
}
