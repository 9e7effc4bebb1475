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

// FeeDispatch is one attempt to bring a household its fee notice or its dunning notice (F3, F4, F8). Each is kept, also one that came back.
type FeeDispatch struct{ ent.Schema }

// Mixin of a dispatch.
func (FeeDispatch) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x090c}, EstateScoped{Household: "household_id"}.voidable(), Voidable{}, LateRecorded{}}
}

// Fields of a dispatch.
func (FeeDispatch) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("notice_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The fee notice that was brought; null for a dunning notice."),
		field.UUID("dunning_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The dunning notice that was brought; null for a fee notice."),
		field.UUID("household_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The household that it is for."),
		field.String("number").Immutable().Annotations(Filter()).Comment("The number of what was brought."),
		field.String("address").Immutable().Comment("The household's units, as they stand on it."),
		field.Int("attempt").Positive().Immutable().Annotations(Filter()).Comment("The first, second … attempt to bring it; one that was voided has its number, too."),
		field.Enum("method").NamedValues("InPerson", "IN_PERSON", "Mailbox", "MAILBOX", "Post", "POST", "Absent", "ABSENT").Immutable().Annotations(Filter()).
			Comment("Handed over and signed for (当面签收), into the mailbox because nobody was home (投入信箱), by post (邮寄), or in vain: nobody was home and nothing was left (无人)."),
		field.Enum("capacity").NamedValues("Household", "HOUSEHOLD", "Family", "FAMILY").Optional().Nillable().Immutable().Annotations(Filter()).
			Comment("Of what was signed for, whether somebody of the household signed, or of the family."),
		field.String("recipient").Default("").Immutable().Comment("Who signed for it; empty if nobody did."),
		field.String("relation").Default("").Immutable().Comment("What of the household a member of the family is: 配偶, 儿子."),
		field.Int64("postage").Default(0).NonNegative().Immutable().Annotations(entgql.Type("Int")).Comment("Of what was posted, the postage in fen (分)."),
		field.String("tracking").Default("").Immutable().Annotations(Filter()).Comment("Of what was posted, its number with the post."),
		field.String("reason").Default("").Immutable().Comment("Why it was posted, or what was met where nobody was home."),
		field.Time("dispatched_at").Immutable().Annotations(entgql.OrderField("DISPATCHED_AT"), Filter()).Comment("When."),
		field.UUID("dispatched_by_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The account that brought it."),
		field.String("dispatched_by_name").Immutable().Comment("Who brought it, as signed."),
		field.Time("due_at").Optional().Nillable().Immutable().Annotations(Filter()).Comment("By when it was due; null where nothing was."),
		field.Bool("late").Default(false).Immutable().Annotations(Filter()).Comment("Whether that was past."),
		field.Time("returned_at").Optional().Nillable().Annotations(Filter()).Comment("When it came back; null if it did not."),
		field.String("returned_reason").Default("").Comment("Why it came back, as the post says."),
		field.UUID("returned_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that recorded that."),
		field.String("returned_by_name").Default("").Comment("Who recorded that, as signed."),
		field.UUID("report_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(Filter()).Comment("The report to the supervisor that it is on; null until it is reported (F9)."),
		sortKey(),
	}
}

// Edges of a dispatch.
func (FeeDispatch) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("notice", FeeNotice.Type).Field("notice_id").Unique().Immutable().Comment("The fee notice that was brought."),
		edge.To("dunning", FeeDunning.Type).Field("dunning_id").Unique().Immutable().Comment("The dunning notice that was brought."),
		edge.To("household", Household.Type).Field("household_id").Unique().Required().Immutable().Comment("The household that it is for."),
		edge.To("report", FeeReport.Type).Field("report_id").Unique().Immutable().Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("The report to the supervisor that it is on (F9)."),
		edge.From("proofs", FeeProof.Type).Ref("dispatch").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("Photos and papers that prove it."),
	}
}

// Indexes of a dispatch.
func (FeeDispatch) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "notice_id", "attempt").Unique(),
		index.Fields("estate_id", "dunning_id", "attempt").Unique(),
		index.Fields("estate_id", "household_id", "dispatched_at"),
		index.Fields("estate_id", "dispatched_at", "id"),
		index.Fields("estate_id", "report_id"),
	}
}

// Annotations of a dispatch.
func (FeeDispatch) Annotations() []schema.Annotation {
	return public("One attempt to bring a household its fee notice or its dunning notice (F3, F4, F8).")
}

// FeeProof is a photo or paper that proves a dispatch: the signed receipt, the slip of the post (F9).
type FeeProof struct{ ent.Schema }

// Mixin of a proof.
func (FeeProof) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0910}, EstateScoped{}}
}

// Fields of a proof.
func (FeeProof) Fields() []ent.Field {
	return append([]ent.Field{
		field.UUID("dispatch_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The dispatch that it proves."),
		field.String("name").Immutable().Annotations(Confidential()).Comment("Name as uploaded, made safe."),
		field.String("content_type").Immutable().Comment("Media type as found in the content."),
		field.Int64("size").NonNegative().Immutable().Annotations(entgql.Type("Int")).Comment("Bytes."),
		contentHash(),
	}, recordedBy()...)
}

// Edges of a proof.
func (FeeProof) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("dispatch", FeeDispatch.Type).Field("dispatch_id").Unique().Required().Immutable().Comment("The dispatch that it proves."),
	}
}

// Indexes of a proof.
func (FeeProof) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "dispatch_id"), index.Fields("estate_id", "sha256")}
}

// Annotations of a proof.
func (FeeProof) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("A photo or paper that proves a dispatch of a notice (F9)."), Steward{AppendOnly: true}}
}

// FeeReport is the report of dispatches and signed receipts to the supervisor, who acknowledges it (F9): all that were recorded since the one before.
type FeeReport struct{ ent.Schema }

// Mixin of a report.
func (FeeReport) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x090f}, EstateScoped{}}
}

// Fields of a report.
func (FeeReport) Fields() []ent.Field {
	return append([]ent.Field{
		field.Int64("number").Default(0).Immutable().Annotations(entgql.Type("Int"), entgql.OrderField("NUMBER"), Filter()).Comment("Its number in the estate; there is none missing before it."),
		field.Time("from_on").SchemaType(civil).Optional().Nillable().Immutable().Annotations(entgql.Type("Date")).Comment("The day of the first dispatch on it."),
		field.Time("until_on").SchemaType(civil).Optional().Nillable().Immutable().Annotations(entgql.Type("Date")).Comment("The day of the last."),
		field.Int("dispatches").Default(0).Immutable().Comment("How many attempts are on it, without those that were voided."),
		field.Int("signed").Default(0).Immutable().Comment("How many of them were signed for."),
		field.Int("boxed").Default(0).Immutable().Comment("How many went into the mailbox."),
		field.Int("posted").Default(0).Immutable().Comment("How many were posted."),
		field.Int("absent").Default(0).Immutable().Comment("How many were in vain."),
		field.Int("returned").Default(0).Immutable().Comment("How many had come back by then."),
		field.Int("late").Default(0).Immutable().Annotations(Filter()).Comment("How many were late."),
		field.Int64("postage").Default(0).Immutable().Annotations(entgql.Type("Int")).Comment("What the postage of them comes to, in fen (分)."),
		field.Int("waiting").Default(0).Immutable().Comment("How many notices that were due by then had not been dispatched."),
		field.String("note").Default("").Immutable().Comment("What is said with it."),
		field.Time("acknowledged_at").Optional().Nillable().Annotations(Filter()).Comment("When the supervisor acknowledged it; null until then."),
		field.UUID("acknowledged_by_id", uuid.UUID{}).Optional().Nillable().Comment("The account that did."),
		field.String("acknowledged_by_name").Default("").Comment("Who did, as signed."),
		field.String("answer").Default("").Comment("What the supervisor says to it."),
	}, recordedBy()...)
}

// Edges of a report.
func (FeeReport) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("list", FeeDispatch.Type).Ref("report").Annotations(entgql.Skip(entgql.SkipAll)).Comment("The dispatches on it."),
	}
}

// Indexes of a report.
func (FeeReport) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "number").Unique()}
}

// Annotations of a report.
func (FeeReport) Annotations() []schema.Annotation {
	return public("The report of dispatches and signed receipts to the supervisor (F9).")
}
