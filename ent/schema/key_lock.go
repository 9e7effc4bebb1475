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

// KeyGeneration is the keys of one lock of a set: a lock change retires them and opens the next generation (K3.1).
type KeyGeneration struct{ ent.Schema }

// Mixin of a generation.
func (KeyGeneration) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0310}, EstateScoped{}}
}

// Fields of a generation.
func (KeyGeneration) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("set_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The key set."),
		field.Int("number").Positive().Immutable().Comment("Which generation of the set, from 1."),
		field.Int("count").Default(0).Comment("How many keys it has had in all: accepted, copied, replaced. Kept by the database as it posts."),
		field.Time("opened_at").Immutable().Annotations(Filter()).Comment("When it began: with the set, or with the lock change."),
		field.Time("retired_at").Optional().Nillable().Annotations(Filter()).Comment("When the lock was changed; null for the current one."),
	}
}

// Edges of a generation.
func (KeyGeneration) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("set", KeySet.Type).Field("set_id").Unique().Required().Immutable().Comment("The key set."),
	}
}

// Indexes of a generation.
func (KeyGeneration) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "set_id", "number").Unique(),
	}
}

// Annotations of a generation.
func (KeyGeneration) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("The keys of one lock of a set (K3.1)."), Steward{AppendOnly: true}}
}

// KeyLockChange is the order to change a lock, and what came of it (K3.1).
type KeyLockChange struct{ ent.Schema }

// Mixin of a lock change.
func (KeyLockChange) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0311}, EstateScoped{}, Versioned{}}
}

// Fields of a lock change.
func (KeyLockChange) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("set_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The key set."),
		field.UUID("loss_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The loss that asks for it, if one does."),
		field.String("reason").Immutable().Comment("Why the lock is changed."),
		field.UUID("leader_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The account of the leader who demands it: by the order, or by the answer to the loss. Null if it rests on an approval."),
		field.String("leader_name").Default("").Comment("The leader who demands it, as signed."),
		field.Time("demanded_at").Optional().Nillable().Comment("When the leader demanded it."),
		field.UUID("approval_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The leader's approval, if somebody else asked for the change."),
		field.Enum("state").NamedValues("Ordered", "ORDERED", "Done", "DONE", "Cancelled", "CANCELLED").Default("ORDERED").Annotations(Filter()).Comment("Ordered, done, cancelled."),
		field.UUID("ordered_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who ordered it."),
		field.String("ordered_by_name").Immutable().Comment("Who ordered it, as signed."),
		field.Time("ordered_at").Immutable().Annotations(entgql.OrderField("ORDERED_AT"), Filter()).Comment("When it was ordered."),
		field.UUID("done_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of who recorded it."),
		field.String("done_by_name").Default("").Comment("Who recorded it, as signed."),
		field.Time("done_at").Optional().Nillable().Annotations(Filter()).Comment("When the lock was changed."),
		field.String("note").Default("").Comment("What is to be said of the change."),
		field.Int("new_count").NonNegative().Optional().Nillable().Comment("How many keys the new lock came with."),
		field.Int("old_count").NonNegative().Optional().Nillable().Comment("How many keys of the old lock came back; those that did not are lost."),
		field.Int("retired_count").NonNegative().Optional().Nillable().Comment("How many keys of the old lock were retired, the lost ones included."),
		field.Int("generation").Positive().Optional().Nillable().Comment("The generation that it opened."),
	}
}

// Edges of a lock change.
func (KeyLockChange) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("set", KeySet.Type).Field("set_id").Unique().Required().Immutable().Comment("The key set."),
		edge.To("loss", KeyLoss.Type).Field("loss_id").Unique().Comment("The loss that asks for it."),
		edge.To("approval", Approval.Type).Field("approval_id").Unique().Comment("The leader's approval."),
	}
}

// Indexes of a lock change.
func (KeyLockChange) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "ordered_at", "id"),
		index.Fields("estate_id", "set_id"),
		index.Fields("estate_id", "loss_id"),
		index.Fields("estate_id", "approval_id"),
	}
}

// Annotations of a lock change.
func (KeyLockChange) Annotations() []schema.Annotation {
	return public("The order to change a lock, and what came of it (K3.1).")
}

// KeyCopyOrder is the order to have keys copied: copies are made by an approved order only (K2.3).
type KeyCopyOrder struct{ ent.Schema }

// Mixin of an order.
func (KeyCopyOrder) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0312}, EstateScoped{}, Versioned{}, Voidable{}}
}

// Fields of an order.
func (KeyCopyOrder) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("set_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The key set."),
		field.Int("count").Positive().Immutable().Comment("How many copies."),
		field.String("reason").Immutable().Comment("What the copies are for."),
		field.UUID("approval_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The leader's approval."),
		field.Enum("state").NamedValues("Open", "OPEN", "Made", "MADE", "Ended", "ENDED", "Voided", "VOIDED").Default("OPEN").Annotations(Filter()).
			Comment("Open, made, ended without (declined, withdrawn, expired), voided when its copies were recorded by mistake."),
		field.UUID("ordered_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who ordered it."),
		field.String("ordered_by_name").Immutable().Comment("Who ordered it, as signed."),
		field.Time("ordered_at").Immutable().Annotations(entgql.OrderField("ORDERED_AT"), Filter()).Comment("When it was ordered."),
		field.UUID("made_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of who recorded the copies of it."),
		field.String("made_by_name").Default("").Comment("Who recorded the copies of it, as signed."),
		field.Time("made_at").Optional().Nillable().Annotations(Filter()).Comment("When the copies came."),
	}
}

// Edges of an order.
func (KeyCopyOrder) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("set", KeySet.Type).Field("set_id").Unique().Required().Immutable().Comment("The key set."),
		edge.To("approval", Approval.Type).Field("approval_id").Unique().Comment("The leader's approval."),
	}
}

// Indexes of an order.
func (KeyCopyOrder) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "ordered_at", "id"),
		index.Fields("estate_id", "set_id"),
		index.Fields("estate_id", "approval_id"),
	}
}

// Annotations of an order.
func (KeyCopyOrder) Annotations() []schema.Annotation {
	return public("The order to have keys copied (K2.3).")
}

// KeyScrapping is the scrapping of a set: requested, consented to by the leader, returned to engineering, as one witnessed act (K3.2).
type KeyScrapping struct{ ent.Schema }

// Mixin of a scrapping.
func (KeyScrapping) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0313}, EstateScoped{}, Versioned{}}
}

// Fields of a scrapping.
func (KeyScrapping) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("set_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The key set."),
		field.String("reason").Immutable().Comment("Why it is scrapped."),
		field.UUID("approval_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The leader's consent."),
		field.UUID("certificate_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The certificate of the witnessed act."),
		field.Enum("state").NamedValues("Open", "OPEN", "Done", "DONE", "Ended", "ENDED").Default("OPEN").Annotations(Filter()).Comment("Open, done, ended without (declined, withdrawn, expired)."),
		field.UUID("requested_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who requested it."),
		field.String("requested_by_name").Immutable().Comment("Who requested it, as signed."),
		field.Time("requested_at").Immutable().Annotations(entgql.OrderField("REQUESTED_AT"), Filter()).Comment("When it was requested."),
		field.Int("count").NonNegative().Optional().Nillable().Comment("How many keys went back to engineering."),
		field.Time("done_at").Optional().Nillable().Annotations(Filter()).Comment("When engineering took them back."),
	}
}

// Edges of a scrapping.
func (KeyScrapping) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("set", KeySet.Type).Field("set_id").Unique().Required().Immutable().Comment("The key set."),
		edge.To("approval", Approval.Type).Field("approval_id").Unique().Comment("The leader's consent."),
		edge.To("certificate", Certificate.Type).Field("certificate_id").Unique().Comment("The certificate."),
	}
}

// Indexes of a scrapping.
func (KeyScrapping) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "requested_at", "id"),
		index.Fields("estate_id", "set_id"),
		index.Fields("estate_id", "approval_id"),
	}
}

// Annotations of a scrapping.
func (KeyScrapping) Annotations() []schema.Annotation {
	return public("The scrapping of a key set (K3.2).")
}
