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

// sortKey is the natural-order key of a code or label: building 10 sorts after building 2.
func sortKey() ent.Field {
	return field.String("sort_key").
		Annotations(entgql.OrderField("NATURAL"), entgql.Skip(entgql.SkipType), entsql.Annotation{Collation: "C"}).
		Comment("Natural-order key: 10 after 2.")
}

// Area is a part of an estate (区域), by which keys are sorted (K1.2) and rounds are walked.
type Area struct{ ent.Schema }

// Mixin of an area.
func (Area) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0102}, EstateScoped{}, Versioned{}}
}

// Fields of an area.
func (Area) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").Annotations(Filter()).Comment("Code, unique in the estate."),
		field.String("name").Annotations(Filter()).Comment("Name of the area."),
		sortKey(),
	}
}

// Indexes of an area.
func (Area) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "code").Unique()}
}

// Annotations of an area.
func (Area) Annotations() []schema.Annotation { return public("A part of an estate (区域).") }

// Building is a building of an estate (楼栋).
type Building struct{ ent.Schema }

// Mixin of a building.
func (Building) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0103}, EstateScoped{}, Versioned{}}
}

// Fields of a building.
func (Building) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").Annotations(Filter()).Comment("Code, unique in the estate: 10栋."),
		field.UUID("area_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The area it stands in."),
		sortKey(),
	}
}

// Edges of a building.
func (Building) Edges() []ent.Edge {
	return []ent.Edge{edge.To("area", Area.Type).Field("area_id").Unique().Comment("The area it stands in.")}
}

// Indexes of a building.
func (Building) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "code").Unique(),
		index.Fields("estate_id", "sort_key", "id"),
	}
}

// Annotations of a building.
func (Building) Annotations() []schema.Annotation { return public("A building of an estate (楼栋).") }

// Unit is what can be let, sold or kept: a flat, a shop, a parking place, a public area (房).
type Unit struct{ ent.Schema }

// Mixin of a unit.
func (Unit) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0104}, EstateScoped{}, Versioned{}}
}

// Fields of a unit.
func (Unit) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("building_id", uuid.UUID{}).Annotations(Filter()).Comment("The building it is in."),
		field.String("entrance").Default("").Annotations(Filter()).Comment("Entrance or stairwell (单元), if the building has several."),
		field.String("number").Annotations(Filter()).Comment("Door number (房号): 1001."),
		field.String("label").Annotations(entgql.OrderField("LABEL"), Filter()).
			Comment("Building, entrance and number as one: 1栋1单元101."),
		field.Enum("kind").NamedValues("Flat", "FLAT", "Shop", "SHOP", "Parking", "PARKING", "PublicArea", "PUBLIC_AREA").
			Default("FLAT").Annotations(Filter()).Comment("What kind of unit it is."),
		field.Enum("state").NamedValues("Vacant", "VACANT", "AwaitingMoveIn", "AWAITING_MOVE_IN", "Occupied", "OCCUPIED", "Renovating", "RENOVATING").
			Default("VACANT").Annotations(Filter()).
			Comment("Vacant (空置), awaiting move-in (待入伙), occupied (已入住) or being renovated (装修中)."),
		field.Int64("area_hundredths").NonNegative().Default(0).
			Annotations(entgql.OrderField("AREA"), entgql.Type("Int"), Filter()).
			Comment("Floor area in hundredths of a square metre: 89.50 m² is 8950."),
		field.String("remark").Default("").Comment("Free text (备注)."),
		sortKey(),
	}
}

// Edges of a unit.
func (Unit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("building", Building.Type).Field("building_id").Unique().Required().Comment("The building it is in."),
		edge.From("occupancies", Occupancy.Type).Ref("unit").
			Annotations(entgql.Skip(entgql.SkipWhereInput)).
			Comment("Who lives or lived in it, and in what capacity."),
	}
}

// Indexes of a unit.
func (Unit) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "building_id", "entrance", "number").Unique(),
		index.Fields("estate_id", "sort_key", "id"),
		index.Fields("estate_id", "state", "sort_key", "id"),
		index.Fields("estate_id", "created_at", "id"),
	}
}

// Annotations of a unit.
func (Unit) Annotations() []schema.Annotation {
	return public("A flat, shop, parking place or public area (房).")
}
