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

// KeyAcceptance is a sheet of keys taken over from engineering (钥匙交接验收统计表, K1.1).
type KeyAcceptance struct{ ent.Schema }

// Mixin of a sheet.
func (KeyAcceptance) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0305}, EstateScoped{}, Versioned{}, Voidable{}}
}

// Fields of a sheet.
func (KeyAcceptance) Fields() []ent.Field {
	return []ent.Field{
		field.String("source_file").Default("").Immutable().Comment("Name of the spreadsheet that it was imported from; empty for a sheet that was filled in here."),
		field.Enum("state").NamedValues("Draft", "DRAFT", "Effective", "EFFECTIVE", "Cancelled", "CANCELLED", "Voided", "VOIDED").Default("EFFECTIVE").Annotations(Filter()).
			Comment("Draft while lines are checked; effective when engineering has signed; cancelled before, voided after (K1.1)."),
		field.String("deliverer").Default("").Immutable().Comment("Who delivers the keys (交验人); of an imported sheet each line says it."),
		field.String("handler").Immutable().Comment("Who took the keys over (经手人)."),
		field.Time("accepted_at").Optional().Nillable().Annotations(entgql.OrderField("ACCEPTED_AT"), Filter()).Comment("When it took effect; null while it has not."),
	}
}

// Edges of a sheet.
func (KeyAcceptance) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("lines", KeyAcceptanceLine.Type).Ref("acceptance").
			Annotations(entgql.Skip(entgql.SkipType, entgql.SkipWhereInput)).Comment("Its lines."),
		edge.From("checks", KeyAcceptanceCheck.Type).Ref("acceptance").
			Annotations(entgql.Skip(entgql.SkipType, entgql.SkipWhereInput)).Comment("The lines of its draft."),
	}
}

// Indexes of a sheet.
func (KeyAcceptance) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "accepted_at", "id")}
}

// Annotations of a sheet.
func (KeyAcceptance) Annotations() []schema.Annotation {
	return public("A sheet of keys taken over from engineering (K1.1).", Steward{AppendOnly: true})
}

// KeyAcceptanceLine is one key set on a sheet: what engineering owes and what it delivered. The
// difference was outstanding by then; what the newest line of a set says stands on the set (K1.4).
type KeyAcceptanceLine struct{ ent.Schema }

// Mixin of a line.
func (KeyAcceptanceLine) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0306}, EstateScoped{}}
}

// Fields of a line.
func (KeyAcceptanceLine) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("acceptance_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The sheet."),
		field.UUID("set_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The key set."),
		field.Int("due").NonNegative().Immutable().Comment("How many keys engineering owes (应交)."),
		field.Int("delivered").NonNegative().Immutable().Comment("How many it delivered (实交)."),
		field.Int("outstanding").NonNegative().Immutable().Comment("How many were not handed over by then; KeySet.outstanding says how many are not yet."),
		field.String("condition").Immutable().Annotations(Filter()).Comment("State of the keys (状态): 完好."),
		field.String("deliverer").Immutable().Comment("Who delivered them (交验人)."),
		field.String("follow_up").Default("").Immutable().Comment("What is done about what is missing (跟进情况)."),
	}
}

// Edges of a line.
func (KeyAcceptanceLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("acceptance", KeyAcceptance.Type).Field("acceptance_id").Unique().Required().Immutable().Comment("The sheet."),
		edge.To("set", KeySet.Type).Field("set_id").Unique().Required().Immutable().Comment("The key set."),
	}
}

// Indexes of a line.
func (KeyAcceptanceLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "acceptance_id"),
		index.Fields("estate_id", "set_id"),
	}
}

// Annotations of a line.
func (KeyAcceptanceLine) Annotations() []schema.Annotation {
	return public("One key set on an acceptance sheet.", Steward{AppendOnly: true})
}

// KeyFollowUp is a note on what is done about keys that engineering still owes (跟进情况, K1.4).
type KeyFollowUp struct{ ent.Schema }

// Mixin of a note.
func (KeyFollowUp) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x030c}, EstateScoped{}, Voidable{}}
}

// Fields of a note.
func (KeyFollowUp) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("set_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The key set."),
		field.String("note").Immutable().Comment("What was done, or is to be done."),
		field.Int("outstanding").NonNegative().Immutable().Comment("How many keys were outstanding then."),
		field.Time("follow_up_on").SchemaType(civil).Optional().Nillable().Immutable().Annotations(entgql.Type("Date")).Comment("When it is followed up next."),
		field.UUID("noted_by_id", uuid.UUID{}).Immutable().Comment("The account of who noted it."),
		field.String("noted_by_name").Immutable().Comment("Who noted it, as signed."),
	}
}

// Edges of a note.
func (KeyFollowUp) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("set", KeySet.Type).Field("set_id").Unique().Required().Immutable().Comment("The key set."),
	}
}

// Indexes of a note.
func (KeyFollowUp) Indexes() []ent.Index { return []ent.Index{index.Fields("estate_id", "set_id")} }

// Annotations of a note.
func (KeyFollowUp) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("A note on keys that engineering still owes (K1.4)."), Steward{AppendOnly: true}}
}

// KeyAcceptanceCheck is a line of a sheet in draft: what engineering says it delivers, and what was found when it was
// checked. When engineering has signed, it becomes a KeyAcceptanceLine (K1.1).
type KeyAcceptanceCheck struct{ ent.Schema }

// Mixin of a line in draft.
func (KeyAcceptanceCheck) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x030f}, EstateScoped{}, Versioned{}}
}

// Fields of a line in draft.
func (KeyAcceptanceCheck) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("acceptance_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The sheet."),
		field.UUID("unit_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The unit that the keys open."),
		field.String("place").Immutable().Annotations(Filter()).Comment("Which door (位置): 户门."),
		field.Int("due").Positive().Immutable().Comment("How many keys engineering owes (应交)."),
		field.Int("delivered").NonNegative().Optional().Nillable().Comment("How many good keys were counted (实交); null until checked."),
		field.Int("faulty").NonNegative().Default(0).Comment("How many were faulty and went back: they stay outstanding."),
		field.String("remark").Default("").Comment("What the check found."),
		field.UUID("checked_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account of who checked it."),
		field.String("checked_by_name").Default("").Comment("Who checked it, as signed."),
		field.Time("checked_at").Optional().Nillable().Annotations(Filter()).Comment("When it was checked; null until then."),
		field.Time("removed_at").Optional().Nillable().Annotations(Filter()).Comment("When it left the sheet; null while it is on it."),
	}
}

// Edges of a line in draft.
func (KeyAcceptanceCheck) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("acceptance", KeyAcceptance.Type).Field("acceptance_id").Unique().Required().Immutable().Comment("The sheet."),
		edge.To("unit", Unit.Type).Field("unit_id").Unique().Required().Immutable().Comment("The unit."),
	}
}

// Indexes of a line in draft.
func (KeyAcceptanceCheck) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "acceptance_id", "unit_id", "place").Unique().Annotations(entsql.IndexWhere("removed_at IS NULL"))}
}

// Annotations of a line in draft.
func (KeyAcceptanceCheck) Annotations() []schema.Annotation {
	return public("A line of an acceptance sheet in draft (K1.1).")
}
