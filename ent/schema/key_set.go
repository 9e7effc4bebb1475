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

// KeySet is the keys of one lock: so many that open the same door (K1.1).
type KeySet struct{ ent.Schema }

// Mixin of a key set.
func (KeySet) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0301}, EstateScoped{}, Versioned{}}
}

// Fields of a key set.
func (KeySet) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("unit_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The unit that it opens."),
		field.String("place").Immutable().Annotations(Filter()).Comment("Which door (位置): 户门."),
		field.String("label").Annotations(entgql.OrderField("LABEL"), Filter()).Comment("Unit and place as one: 1栋1单元101 户门."),
		field.Enum("kind").NamedValues("UnitKeys", "UNIT", "PublicArea", "PUBLIC_AREA").Immutable().
			Annotations(Filter()).Comment("Keys of a unit, or of a public area (K1.3)."),
		field.Int("outstanding").NonNegative().Default(0).Annotations(Filter()).
			Comment("How many keys engineering still owes, by the newest sheet (K1.4)."),
		field.Enum("condition").NamedValues("InUse", "IN_USE", "DueForScrapping", "DUE_FOR_SCRAPPING", "Scrapped", "SCRAPPED").Default("IN_USE").
			Annotations(Filter()).Comment("In use, due for scrapping (third lock change, or keys of the generation are gone: it cannot be lent), scrapped (K3.1)."),
		field.Int("generation").Positive().Default(1).Comment("Which lock it is for: grows with each lock change (K3.1)."),
		field.Int("lock_changes").NonNegative().Default(0).Annotations(Filter()).Comment("How often the lock was changed since the original set came (K3.1)."),
		sortKey(),
	}
}

// Edges of a key set.
func (KeySet) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("unit", Unit.Type).Field("unit_id").Unique().Required().Immutable().Comment("The unit that it opens."),
		edge.From("balances", KeyBalance.Type).Ref("set").Comment("Where its keys are now (K4.1)."),
		edge.From("acceptance_lines", KeyAcceptanceLine.Type).Ref("set").Comment("What engineering owed and delivered, sheet by sheet (K1.1)."),
		edge.From("follow_ups", KeyFollowUp.Type).Ref("set").Comment("What is done about what it still owes (K1.4)."),
		edge.From("generations", KeyGeneration.Type).Ref("set").Annotations(entgql.Skip(entgql.SkipType, entgql.SkipWhereInput)).Comment("The locks that it was for, one after the other (K3.1)."),
		edge.From("hooks", KeyHook.Type).Ref("set").Annotations(entgql.Skip(entgql.SkipType, entgql.SkipWhereInput)).Comment("Where it hangs in the cabinets (K1.2)."),
		edge.From("seals", KeySeal.Type).Ref("set").Annotations(entgql.Skip(entgql.SkipType, entgql.SkipWhereInput)).Comment("What of it is sealed with security (K1.3)."),
	}
}

// Indexes of a key set.
func (KeySet) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "unit_id", "place").Unique(),
		index.Fields("estate_id", "sort_key", "id"),
	}
}

// Annotations of a key set.
func (KeySet) Annotations() []schema.Annotation { return public("The keys of one lock.") }

// KeyHolder is who or what can hold keys: an account of the ledger (K4.1).
type KeyHolder struct{ ent.Schema }

// Mixin of a holder.
func (KeyHolder) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0302}, EstateScoped{Household: "household_id"}}
}

// Fields of a holder.
func (KeyHolder) Fields() []ent.Field {
	party := func(name, comment string) ent.Field {
		return field.UUID(name, uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment(comment)
	}
	return []ent.Field{
		field.Enum("kind").NamedValues(
			"Source", "SOURCE", "Cabinet", "CABINET", "Desk", "DESK", "Seal", "SEAL", "Staff", "STAFF", "Resident", "RESIDENT",
			"External", "EXTERNAL", "Household", "HOUSEHOLD", "Engineering", "ENGINEERING", "Lost", "LOST", "Scrapped", "SCRAPPED").
			Immutable().Annotations(Filter()).
			Comment("The source that keys enter from, the cabinet, the front desk, the security seal, a borrower (staff, resident, external), a household, engineering, lost, scrapped."),
		field.String("name").Annotations(Filter()).Comment("Name as shown on registers."),
		party("staff_id", "The borrower, if a member of staff."),
		party("resident_id", "The borrower, if a resident."),
		party("external_person_id", "The borrower, if from outside."),
		party("household_id", "The household, if the holder is one or belongs to one."),
	}
}

// Edges of a holder.
func (KeyHolder) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("staff", Staff.Type).Field("staff_id").Unique().Immutable().Comment("The borrower, if a member of staff."),
		edge.To("resident", Resident.Type).Field("resident_id").Unique().Immutable().Comment("The borrower, if a resident."),
		edge.To("external_person", ExternalPerson.Type).Field("external_person_id").Unique().Immutable().Comment("The borrower, if from outside."),
		edge.To("household", Household.Type).Field("household_id").Unique().Immutable().Comment("The household."),
	}
}

// Indexes of a holder. A migration adds one unique index per kind of party.
func (KeyHolder) Indexes() []ent.Index { return []ent.Index{index.Fields("estate_id", "kind")} }

// Annotations of a holder.
func (KeyHolder) Annotations() []schema.Annotation {
	return public("Who or what holds keys: an account of the key ledger.")
}

// KeyMovement is one double entry: so many keys of a set from a holder to a holder (K4.1). The
// database moves the two balances as it posts, and refuses one that would fall below zero.
type KeyMovement struct{ ent.Schema }

// Mixin of a movement.
func (KeyMovement) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0303}, EstateScoped{Household: "household_id"}, LateRecorded{}}
}

// Fields of a movement.
func (KeyMovement) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("set_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The key set."),
		field.UUID("from_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The holder that gave."),
		field.UUID("to_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The holder that got."),
		field.Int("count").Positive().Immutable().Comment("How many keys."),
		field.Enum("reason").NamedValues("Accepted", "ACCEPTED", "Placed", "PLACED", "Lent", "LENT", "Returned", "RETURNED", "HandedOver", "HANDED_OVER",
			"Lost", "LOST", "Found", "FOUND", "Sealed", "SEALED", "Unsealed", "UNSEALED", "Copied", "COPIED", "Replaced", "REPLACED", "Retired", "RETIRED",
			"TakenBack", "TAKEN_BACK", "ToEngineering", "TO_ENGINEERING", "FromEngineering", "FROM_ENGINEERING", "Scrapped", "SCRAPPED",
			"Adjusted", "ADJUSTED", "Voided", "VOIDED").
			Immutable().Annotations(Filter()).
			Comment("Accepted from engineering, placed (cabinet and desk), lent, returned, handed over to a household, lost, found again, sealed with security, unsealed, copied by order, replaced and retired by a lock change, taken back from a household, given to engineering and back, scrapped, adjusted after a count, voided (a counter-entry)."),
		field.UUID("loan_line_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The line of the loan that it belongs to."),
		field.UUID("acceptance_line_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The line of the acceptance sheet that it belongs to."),
		field.UUID("loss_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The loss that it belongs to (K2.3)."),
		field.UUID("copy_order_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The approved order that the copies were made by (K2.3)."),
		field.UUID("lock_change_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The lock change that retired the keys, or that they came with (K3.1)."),
		field.UUID("scrapping_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The scrapping that they went back to engineering by (K3.2)."),
		field.UUID("reverses_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The entry that this one counters, if it does; note says why."),
		field.Int("generation").Positive().Default(1).Immutable().Comment("The generation of the set's keys that moved (K3.1)."),
		field.String("note").Default("").Immutable().Comment("What is to be said of it: where keys were found."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The household that gave or got."),
		field.Time("occurred_at").Immutable().Annotations(entgql.OrderField("OCCURRED_AT"), Filter()).Comment("When the keys changed hands."),
		field.UUID("recorded_by_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).
			Comment("The account that made the entry, which the database knows; null for the program's own."),
	}
}

// Edges of a movement.
func (KeyMovement) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("set", KeySet.Type).Field("set_id").Unique().Required().Immutable().Comment("The key set."),
		edge.To("from", KeyHolder.Type).Field("from_id").Unique().Required().Immutable().Comment("The holder that gave."),
		edge.To("to", KeyHolder.Type).Field("to_id").Unique().Required().Immutable().Comment("The holder that got."),
		edge.To("loan_line", KeyLoanLine.Type).Field("loan_line_id").Unique().Immutable().Comment("The line of the loan."),
		edge.To("acceptance_line", KeyAcceptanceLine.Type).Field("acceptance_line_id").Unique().Immutable().Comment("The line of the acceptance sheet."),
		edge.To("loss", KeyLoss.Type).Field("loss_id").Unique().Immutable().Comment("The loss."),
		edge.To("copy_order", KeyCopyOrder.Type).Field("copy_order_id").Unique().Immutable().Comment("The approved order."),
		edge.To("lock_change", KeyLockChange.Type).Field("lock_change_id").Unique().Immutable().Comment("The lock change."),
		edge.To("scrapping", KeyScrapping.Type).Field("scrapping_id").Unique().Immutable().Comment("The scrapping."),
		edge.To("reversals", KeyMovement.Type).Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("The counter-entry, if it was voided.").
			From("reverses").Field("reverses_id").Unique().Immutable().Comment("The entry that this one counters."),
	}
}

// Indexes of a movement.
func (KeyMovement) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "set_id", "occurred_at"),
		index.Fields("estate_id", "occurred_at", "id"),
		index.Fields("estate_id", "loan_line_id"),
		index.Fields("estate_id", "loss_id"),
		index.Fields("estate_id", "copy_order_id").Unique(),
		index.Fields("estate_id", "lock_change_id"),
		index.Fields("estate_id", "scrapping_id"),
		index.Fields("estate_id", "reverses_id").Unique(),
	}
}

// Annotations of a movement.
func (KeyMovement) Annotations() []schema.Annotation {
	return public("One double entry of the key ledger.", Steward{AppendOnly: true})
}

// KeyBalance is how many keys of a set a holder has: kept by the database as it posts movements,
// written by nothing else.
type KeyBalance struct{ ent.Schema }

// Mixin of a balance.
func (KeyBalance) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0304}, EstateScoped{Household: "household_id"}}
}

// Fields of a balance.
func (KeyBalance) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("set_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The key set."),
		field.UUID("holder_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The holder."),
		field.Bool("source").Immutable().Comment("Whether the holder is the source, whose balance alone is negative: -(accepted + copied + replaced)."),
		field.Int("count").Annotations(Filter()).Comment("How many keys of the set the holder has."),
		field.UUID("household_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The holder's household."),
	}
}

// Edges of a balance.
func (KeyBalance) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("set", KeySet.Type).Field("set_id").Unique().Required().Immutable().Comment("The key set."),
		edge.To("holder", KeyHolder.Type).Field("holder_id").Unique().Required().Immutable().Comment("The holder."),
	}
}

// Indexes of a balance.
func (KeyBalance) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "set_id", "holder_id").Unique(),
		index.Fields("estate_id", "holder_id", "set_id"),
	}
}

// Annotations of a balance.
func (KeyBalance) Annotations() []schema.Annotation {
	return public("How many keys of a set a holder has now.", Steward{AppendOnly: true})
}
