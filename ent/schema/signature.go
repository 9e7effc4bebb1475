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

// Signature is somebody's signature under something: who, in what capacity, when, how, over which exact content. Who that is as
// a person, for the rules of distinct persons, the database decides in a column of its own (ent/migrations/00014_signatures.sql).
type Signature struct{ ent.Schema }

// Mixin of a signature.
func (Signature) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0204}, EstateScoped{Household: "household_id"}}
}

// Fields of a signature.
func (Signature) Fields() []ent.Field {
	return []ent.Field{
		field.String("kind").Immutable().Annotations(Filter()).Comment("What is signed: keys.lend."),
		field.UUID("subject_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("What is signed for."),
		field.String("capacity").Immutable().Annotations(Filter()).Comment("In what capacity: borrower, handler, witness."),
		field.String("signer_name").Immutable().Annotations(Filter()).Comment("Who signed."),
		field.UUID("staff_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The signer, if a member of staff."),
		field.UUID("resident_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The signer, if a resident."),
		field.UUID("account_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The account that signed; null if the signature is attested."),
		field.Enum("method").NamedValues("Session", "SESSION", "Credential", "CREDENTIAL", "Attested", "ATTESTED").Immutable().Annotations(Filter()).Comment("By being signed in, by the own password in that very call, or on paper or screen as attested by the clerk."),
		field.UUID("attested_by_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The account of the clerk who attests."),
		field.String("attested_by_name").Default("").Immutable().Comment("The clerk who attests, as signed."),
		field.String("content_hash").Immutable().Comment("SHA-256, in hex, of the content that was signed."),
		field.Text("strokes").Optional().Nillable().Immutable().Annotations(Confidential(), entgql.Type("Strokes")).Comment("The drawn signature, if it was drawn."),
		field.Time("signed_at").Immutable().Annotations(entgql.OrderField("SIGNED_AT"), Filter()).Comment("When it was signed."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The household concerned, if any."),
	}
}

// Edges of a signature.
func (Signature) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("staff", Staff.Type).Field("staff_id").Unique().Immutable().Comment("The signer, if a member of staff."),
		edge.To("resident", Resident.Type).Field("resident_id").Unique().Immutable().Comment("The signer, if a resident."),
	}
}

// Indexes of a signature.
func (Signature) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "subject_id", "kind", "capacity").Unique(),
		index.Fields("estate_id", "signed_at", "id"),
		index.Fields("estate_id", "staff_id"),
	}
}

// Annotations of a signature.
func (Signature) Annotations() []schema.Annotation {
	return public("A signature.", Steward{AppendOnly: true})
}

// Certificate is the paper that a witnessed act ends in: its frozen content and who signed it.
type Certificate struct{ ent.Schema }

// Mixin of a certificate.
func (Certificate) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0205}, EstateScoped{}}
}

// Fields of a certificate.
func (Certificate) Fields() []ent.Field {
	return []ent.Field{
		field.String("kind").Immutable().Annotations(Filter()).Comment("What it certifies: keys.scrap."),
		field.UUID("subject_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("What it is about."),
		field.String("number").Immutable().Annotations(Filter()).Comment("Its number in the estate."),
		field.String("title").Immutable().Comment("What it certifies, in Chinese."),
		field.String("title_en").Immutable().Comment("The same in English."),
		field.Text("content").Immutable().Annotations(Confidential(), entgql.Type("JSON")).Comment("What was signed, as JSON."),
		field.String("content_hash").Immutable().Comment("SHA-256, in hex, of the content: each signature has the same."),
		field.Time("issued_at").Immutable().Annotations(entgql.OrderField("ISSUED_AT"), Filter()).Comment("When it was issued."),
	}
}

// Indexes of a certificate.
func (Certificate) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "subject_id", "kind").Unique(),
		index.Fields("estate_id", "number").Unique(),
		index.Fields("estate_id", "issued_at", "id"),
	}
}

// Annotations of a certificate.
func (Certificate) Annotations() []schema.Annotation {
	return public("The certificate of a witnessed act.", Steward{AppendOnly: true})
}
