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

// DutyHandover is the sheet of a shift change (交接班): what is open, put on it by the software and frozen; both sides sign it.
type DutyHandover struct{ ent.Schema }

// Mixin of a sheet.
func (DutyHandover) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0a08}, onDuty()}
}

// Fields of a sheet.
func (DutyHandover) Fields() []ent.Field {
	fields := []ent.Field{
		dutyDepartment(),
		field.Time("ended_at").Immutable().Annotations(entgql.OrderField("ENDED_AT"), Filter()).Comment("When the outgoing shift ends."),
		field.Time("begins_at").Immutable().Annotations(Filter()).Comment("When the incoming side is there: at once, or with the next shift."),
		field.Time("due_at").Immutable().Annotations(entgql.OrderField("DUE_AT"), Filter()).Comment("By when it is to be signed by both: an hour after the incoming side is there."),
		field.Time("filled_at").Immutable().Comment("When the software put down what is open."),
		field.String("outgoing_names").Immutable().Comment("Who goes off duty, by the roster."),
		field.String("incoming_names").Immutable().Comment("Who is on duty then, by the roster."),
		field.Int("lines").NonNegative().Immutable().Comment("How many lines it has."),
		field.Int("matters").NonNegative().Immutable().Comment("How many open matters they count."),
		field.Enum("state").NamedValues("Open", "OPEN", "Signed", "SIGNED", "Cancelled", "CANCELLED").Default("OPEN").Annotations(Filter()).
			Comment("Open until both have signed, then signed; or cancelled, since the shift did not change as rostered."),
		field.String("remark").Default("").Comment("What the outgoing side remarks."),
		field.UUID("outgoing_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The member of staff who signed for the outgoing side."),
		field.Time("outgoing_signed_at").Optional().Nillable().Comment("When the outgoing side signed."),
		field.UUID("incoming_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The member of staff who signed for the incoming side."),
		field.Time("incoming_signed_at").Optional().Nillable().Comment("When the incoming side signed."),
		field.Time("signed_at").Optional().Nillable().Annotations(Filter()).Comment("When both had signed."),
		field.Bool("late").Default(false).Annotations(Filter()).Comment("Whether both had signed only after it was due."),
		field.Int("accepted").NonNegative().Default(0).Comment("How many lines the incoming side accepted, as signed."),
		field.Int("disputed").NonNegative().Default(0).Annotations(Filter()).Comment("How many lines the incoming side disputed, as signed."),
		field.String("cancel_reason").Default("").Comment("Why it was cancelled."),
		field.Time("cancelled_at").Optional().Nillable().Comment("When it was cancelled."),
	}
	fields = append(fields, dutyWho("filled", "had it filled before the shift ended")...)
	return append(fields, dutyWho("cancelled", "cancelled it")...)
}

// Edges of a sheet.
func (DutyHandover) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("outgoing", Staff.Type).Field("outgoing_id").Unique().Comment("Who signed for the outgoing side."),
		edge.To("incoming", Staff.Type).Field("incoming_id").Unique().Comment("Who signed for the incoming side."),
		edge.From("items", DutyHandoverLine.Type).Ref("handover").Annotations(entgql.RelayConnection(), entgql.Skip(entgql.SkipWhereInput)).Comment("Its lines."),
	}
}

// Indexes of a sheet. A migration adds that a shift change has one that is not cancelled.
func (DutyHandover) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "ended_at", "id"),
		index.Fields("estate_id", "state", "due_at", "id"),
		index.Fields("estate_id", "due_at", "id"),
		index.Fields("estate_id", "outgoing_id"),
		index.Fields("estate_id", "incoming_id"),
	}
}

// Annotations of a sheet.
func (DutyHandover) Annotations() []schema.Annotation {
	return public("The sheet of a shift change (交接班), filled by the software and signed by both sides (D2).")
}

// DutyHandoverLine is an open matter on a sheet. Accepted, the incoming side answers for it from the signatures on; disputed, the outgoing side goes on doing so.
type DutyHandoverLine struct{ ent.Schema }

// Mixin of a line.
func (DutyHandoverLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0a09}, onDuty()}
}

// Fields of a line.
func (DutyHandoverLine) Fields() []ent.Field {
	fields := []ent.Field{
		dutyDepartment(),
		field.UUID("handover_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The sheet."),
		field.Int("position").Positive().Immutable().Annotations(entgql.OrderField("POSITION")).Comment("Its place on the sheet."),
		field.String("source").Immutable().Annotations(Filter()).Comment("What it is: keys.out."),
		field.String("title").Immutable().Comment("The same in words, in Chinese: 未还钥匙."),
		field.String("title_en").Immutable().Comment("The same in English."),
		field.String("entity").Immutable().Annotations(Filter()).Comment("The type of what it is about: KeyLoan."),
		field.UUID("subject_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("What it is about; null of a line that counts what has no line of its own."),
		field.String("text").Immutable().Comment("What it is about, in words, as it was then."),
		field.String("text_en").Immutable().Comment("The same in English."),
		field.Int("counted").Positive().Default(1).Immutable().Comment("How many matters it counts."),
		field.Time("since_at").Optional().Nillable().Immutable().Comment("Since when it is open, if that is known."),
		field.Time("due_at").Optional().Nillable().Immutable().Annotations(Filter()).Comment("By when it was or is due, if it is."),
		field.String("remark").Default("").Comment("What the outgoing side remarks on it."),
		field.Enum("state").NamedValues("Pending", "PENDING", "Accepted", "ACCEPTED", "Disputed", "DISPUTED").Default("PENDING").Annotations(Filter()).
			Comment("Not decided yet; accepted, or disputed, by the incoming side."),
		field.String("dispute_reason").Default("").Comment("Why it is disputed."),
		field.Time("decided_at").Optional().Nillable().Comment("When the incoming side decided."),
		field.UUID("answers_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The member of staff who answers for it, since both signed: of the incoming side if accepted, of the outgoing if disputed."),
		field.Time("answers_since").Optional().Nillable().Annotations(entgql.OrderField("ANSWERS_SINCE"), Filter()).Comment("From when: from the signatures if accepted; if disputed, it goes on from the end of the shift."),
	}
	return append(fields, dutyWho("decided", "decided for the incoming side")...)
}

// Edges of a line.
func (DutyHandoverLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("handover", DutyHandover.Type).Field("handover_id").Unique().Required().Immutable().Comment("The sheet."),
		edge.To("answers", Staff.Type).Field("answers_id").Unique().Comment("Who answers for it."),
	}
}

// Indexes of a line.
func (DutyHandoverLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "handover_id", "position").Unique(),
		index.Fields("estate_id", "subject_id", "answers_since"),
		index.Fields("estate_id", "answers_since", "id"),
		index.Fields("estate_id", "answers_id"),
	}
}

// Annotations of a line.
func (DutyHandoverLine) Annotations() []schema.Annotation {
	return public("An open matter on the sheet of a shift change, and who answers for it (D2).")
}
