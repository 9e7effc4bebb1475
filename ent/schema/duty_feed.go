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

// DutyFeed is a private address at which a calendar reads somebody's own shifts; it can be revoked, and ends with the account.
type DutyFeed struct{ ent.Schema }

// Mixin of a feed.
func (DutyFeed) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0a07}, onDutySelf()}
}

// Fields of a feed.
func (DutyFeed) Fields() []ent.Field {
	return []ent.Field{
		dutyDepartment(),
		field.UUID("staff_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The member of staff whose shifts it shows."),
		field.UUID("account_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account whose feed it is."),
		field.String("label").Immutable().Comment("What it is for: 手机日历."),
		field.String("token_hash").Immutable().Annotations(Confidential(), entgql.Skip(entgql.SkipAll)).Comment("SHA-256, in hex, of the token in its address, which is shown once and kept nowhere."),
		field.Time("revoked_at").Optional().Nillable().Annotations(Filter()).Comment("When it was revoked; null while it is read."),
	}
}

// Edges of a feed.
func (DutyFeed) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("staff", Staff.Type).Field("staff_id").Unique().Required().Immutable().Comment("The member of staff whose shifts it shows."),
	}
}

// Indexes of a feed. A migration adds that a token is that of one feed.
func (DutyFeed) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "account_id"),
		index.Fields("estate_id", "staff_id"),
		index.Fields("estate_id", "created_at", "id"),
	}
}

// Annotations of a feed.
func (DutyFeed) Annotations() []schema.Annotation {
	return public("A private address at which a calendar reads somebody's own shifts (D1.1).")
}
