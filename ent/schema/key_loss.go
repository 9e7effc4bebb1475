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

// KeyLoss is keys reported lost (K2.3): they left their holder for the estate's LOST one, the leader was told
// and asked whether the lock is to be changed, and what turns up comes back by counter-entries.
type KeyLoss struct{ ent.Schema }

// Mixin of a loss.
func (KeyLoss) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x030a}, EstateScoped{Department: "department_id", Household: "household_id"}, Versioned{}, Voidable{}}
}

// Fields of a loss.
func (KeyLoss) Fields() []ent.Field {
	optional := func(name, comment string) ent.Field {
		return field.UUID(name, uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment(comment)
	}
	return []ent.Field{
		field.UUID("set_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The key set."),
		field.String("label").Immutable().Comment("The set's label as it was lost: 1栋1单元101 户门."),
		field.UUID("holder_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("Who had the keys."),
		field.String("holder_name").Immutable().Annotations(Filter()).Comment("The holder's name as it was."),
		optional("loan_line_id", "The line of the loan, if they were lent."),
		optional("department_id", "The department concerned: the borrower's, otherwise customer service."),
		optional("household_id", "The holder's household, if any."),
		field.Int("count").Positive().Immutable().Comment("How many keys were lost."),
		field.Int("found").NonNegative().Default(0).Comment("How many of them were found again."),
		field.String("circumstances").Immutable().Comment("How it happened."),
		field.Time("occurred_at").Immutable().Annotations(entgql.OrderField("OCCURRED_AT"), Filter()).Comment("When they were lost, or missed."),
		field.Time("reported_at").Immutable().Annotations(entgql.OrderField("REPORTED_AT"), Filter()).Comment("When it was reported."),
		field.UUID("reported_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account that reported it."),
		field.String("reported_by_name").Immutable().Comment("Who reported it, as signed."),
		field.Enum("state").NamedValues("Open", "OPEN", "Answered", "ANSWERED", "Voided", "VOIDED").Default("OPEN").Annotations(Filter()).
			Comment("Open until the leader has answered; voided when it was reported by mistake."),
		field.String("finding").Default("").Comment("What the leader found."),
		field.Bool("lock_change_requested").Optional().Nillable().Annotations(Filter()).
			Comment("Whether the lock is to be changed; null while the leader has not answered."),
		field.UUID("answered_by_id", uuid.UUID{}).Optional().Nillable().Comment("The leader's account."),
		field.String("answered_by_name").Default("").Comment("The leader, as signed."),
		field.Time("answered_at").Optional().Nillable().Annotations(Filter()).Comment("When the leader answered."),
	}
}

// Edges of a loss.
func (KeyLoss) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("set", KeySet.Type).Field("set_id").Unique().Required().Immutable().Comment("The key set."),
		edge.To("holder", KeyHolder.Type).Field("holder_id").Unique().Required().Immutable().Comment("Who had the keys."),
		edge.To("loan_line", KeyLoanLine.Type).Field("loan_line_id").Unique().Immutable().Comment("The line of the loan."),
		edge.From("movements", KeyMovement.Type).Ref("loss").
			Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("Its entries in the ledger: the loss, and what was found."),
	}
}

// Indexes of a loss.
func (KeyLoss) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "reported_at", "id"),
		index.Fields("estate_id", "occurred_at", "id"),
		index.Fields("estate_id", "set_id"),
	}
}

// Annotations of a loss.
func (KeyLoss) Annotations() []schema.Annotation { return public("Keys reported lost (K2.3).") }
