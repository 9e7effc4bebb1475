package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Estate is a residential estate (小区): the tenant. Its table is walled by its own id.
type Estate struct{ ent.Schema }

// Mixin of an estate.
func (Estate) Mixin() []ent.Mixin { return []ent.Mixin{Identified{Code: 0x0101}, Versioned{}} }

// Fields of an estate.
func (Estate) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").Immutable().
			Annotations(entgql.OrderField("CODE"), Filter()).
			Comment("Short code, unique in the portfolio: CHHY."),
		field.String("name").
			Annotations(entgql.OrderField("NAME"), Filter()).
			Comment("Name as people say it: 翠湖花园."),
		field.String("time_zone").Default("Asia/Shanghai").
			Comment("IANA time zone; \"today\" and \"the end of the day\" are computed in it."),
		field.String("locale").Default("zh-CN").
			Comment("BCP 47 language of its papers: zh-CN or en."),
		field.Int("backup_days").NonNegative().Default(90).
			Comment("How many days backups are kept: certificates of destruction say until when they still hold what was destroyed (A7)."),
	}
}

// Indexes of an estate.
func (Estate) Indexes() []ent.Index { return []ent.Index{index.Fields("code").Unique()} }

// Annotations of an estate.
func (Estate) Annotations() []schema.Annotation {
	return public("A residential estate (小区): the tenant.", Steward{Estate: "id"})
}
