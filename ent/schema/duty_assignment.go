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

// DutyAssignment is a shift of a day that somebody works. It is never altered: who no longer works it is taken off, and another put on. The
// database holds that nobody is on two at one time.
type DutyAssignment struct{ ent.Schema }

// Mixin of an assignment.
func (DutyAssignment) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0a03}, onDuty()}
}

// Fields of an assignment.
func (DutyAssignment) Fields() []ent.Field {
	return []ent.Field{
		dutyDepartment(),
		field.UUID("roster_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The roster."),
		field.UUID("shift_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The shift."),
		field.UUID("staff_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The member of staff who works it."),
		field.Time("day").SchemaType(civil).Immutable().Annotations(entgql.Type("Date"), Filter()).Comment("The day on which it begins."),
		field.Time("starts_at").Immutable().Annotations(entgql.OrderField("STARTS_AT"), Filter()).Comment("When it begins."),
		field.Time("ends_at").Immutable().Annotations(Filter()).Comment("When it ends."),
		field.Time("rested_at").Immutable().Comment("Until when the rest after it lasts: no other shift of the same person begins before."),
		field.Enum("origin").NamedValues("Hand", "HAND", "Proposal", "PROPOSAL", "Change", "CHANGE", "Swap", "SWAP").Immutable().Annotations(Filter()).
			Comment("Put down by hand, proposed by the program, put right after publishing, or by a swap."),
		field.UUID("added_by_id", uuid.UUID{}).Immutable().Comment("The account of who put it down."),
		field.String("added_by_name").Immutable().Comment("Who put it down, as signed."),
		field.UUID("added_change_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The change by which it came onto a published roster; null if it was there when that was published, or is on a draft."),
		field.Time("removed_at").Optional().Nillable().Annotations(Filter()).Comment("When it was taken off; null while it stands."),
		field.UUID("removed_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of who took it off."),
		field.String("removed_by_name").Default("").Comment("Who took it off, as signed."),
		field.UUID("removed_change_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The change by which it was taken off a published roster; null if it stands, or was taken off the draft."),
	}
}

// Edges of an assignment.
func (DutyAssignment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("roster", DutyRoster.Type).Field("roster_id").Unique().Required().Immutable().Comment("The roster."),
		edge.To("shift", DutyShift.Type).Field("shift_id").Unique().Required().Immutable().Comment("The shift."),
		edge.To("staff", Staff.Type).Field("staff_id").Unique().Required().Immutable().Comment("The member of staff who works it."),
		edge.To("added_change", DutyChange.Type).Field("added_change_id").Unique().Immutable().Comment("The change by which it came onto a published roster."),
		edge.To("removed_change", DutyChange.Type).Field("removed_change_id").Unique().Comment("The change by which it was taken off a published roster."),
	}
}

// Indexes of an assignment. A migration adds that nobody is on two at one time.
func (DutyAssignment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "roster_id", "starts_at", "id"),
		index.Fields("estate_id", "staff_id", "starts_at"),
		index.Fields("estate_id", "starts_at", "id"),
		index.Fields("estate_id", "ends_at"),
		index.Fields("estate_id", "shift_id", "day"),
		index.Fields("estate_id", "added_change_id"),
		index.Fields("estate_id", "removed_change_id"),
	}
}

// Annotations of an assignment.
func (DutyAssignment) Annotations() []schema.Annotation {
	return public("A shift of a day that somebody works (D1.1).")
}

// DutyChange is what was changed in a roster after it was published, and why.
type DutyChange struct{ ent.Schema }

// Mixin of a change.
func (DutyChange) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0a04}, onDuty()}
}

// Fields of a change.
func (DutyChange) Fields() []ent.Field {
	return []ent.Field{
		dutyDepartment(),
		field.UUID("roster_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The roster."),
		field.UUID("swap_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The swap that it carries out; null if it is none."),
		field.String("reason").Immutable().Comment("Why."),
		field.Time("changed_at").Immutable().Annotations(entgql.OrderField("CHANGED_AT"), Filter()).Comment("When."),
		field.UUID("changed_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account of who changed it."),
		field.String("changed_by_name").Immutable().Comment("Who changed it, as signed."),
	}
}

// Edges of a change.
func (DutyChange) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("roster", DutyRoster.Type).Field("roster_id").Unique().Required().Immutable().Comment("The roster."),
		edge.To("swap", DutySwap.Type).Field("swap_id").Unique().Immutable().Comment("The swap that it carries out."),
		edge.From("additions", DutyAssignment.Type).Ref("added_change").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What came on by it."),
		edge.From("removals", DutyAssignment.Type).Ref("removed_change").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("What was taken off by it."),
	}
}

// Indexes of a change.
func (DutyChange) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "roster_id", "changed_at", "id"),
		index.Fields("estate_id", "changed_at", "id"),
		index.Fields("estate_id", "swap_id"),
	}
}

// Annotations of a change.
func (DutyChange) Annotations() []schema.Annotation {
	return public("What was changed in a roster after it was published, and why (D1.1).", Steward{AppendOnly: true})
}
