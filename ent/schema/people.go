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
	"github.com/steward-pm/steward/internal/contact"
)

// nameKey is the pinyin order key of a name.
func nameKey() ent.Field {
	return field.String("sort_key").
		Annotations(entgql.OrderField("PINYIN"), entgql.Skip(entgql.SkipType), entsql.Annotation{Collation: "C"}).
		Comment("Pinyin order key.")
}

// phone is contact data, masked unless the viewer may see it in full.
func phone() ent.Field {
	return field.String("phone").GoType(contact.Phone{}).DefaultFunc(noPhone).
		Annotations(Contact(), entgql.Type("Phone")).
		Comment("Telephone; the last 4 digits only, unless the viewer may see contact data in full.")
}

// Department is a department of an estate: customer service, security, engineering, finance.
type Department struct{ ent.Schema }

// Mixin of a department.
func (Department) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0105}, EstateScoped{Department: "id"}, Versioned{}}
}

// Fields of a department.
func (Department) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Annotations(Filter()).Comment("Name: 客服部."),
		field.Enum("kind").NamedValues("CustomerService", "CUSTOMER_SERVICE", "Security", "SECURITY", "Engineering", "ENGINEERING", "Finance", "FINANCE", "Other", "OTHER").
			Annotations(Filter()).Comment("What the rulebook knows it as."),
	}
}

// Indexes of a department.
func (Department) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "name").Unique()}
}

// Annotations of a department.
func (Department) Annotations() []schema.Annotation { return public("A department of an estate.") }

// Staff is a member of an estate's staff.
type Staff struct{ ent.Schema }

// Mixin of a member of staff.
func (Staff) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0106}, EstateScoped{Department: "department_id", Self: "account_id"}, Versioned{}}
}

// Fields of a member of staff.
func (Staff) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Annotations(Filter()).Comment("Full name."),
		nameKey(),
		field.String("position").Default("").Annotations(Filter()).Comment("Position (职务)."),
		field.UUID("department_id", uuid.UUID{}).Annotations(Filter()).Comment("The department."),
		field.UUID("account_id", uuid.UUID{}).Optional().Nillable().Annotations(Filter()).Comment("The account they sign in with, if any."),
		phone(),
		field.Time("employed_from").SchemaType(civil).Annotations(entgql.Type("Date")).Comment("First day of employment."),
		field.Time("employed_until").SchemaType(civil).Optional().Nillable().
			Annotations(entgql.Type("Date"), Filter()).Comment("Last day of employment; null while employed."),
	}
}

// Edges of a member of staff.
func (Staff) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("department", Department.Type).Field("department_id").Unique().Required().Comment("The department."),
	}
}

// Indexes of a member of staff.
func (Staff) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "department_id"),
		index.Fields("estate_id", "sort_key", "id"),
		index.Fields("estate_id", "account_id").Unique(),
	}
}

// Annotations of a member of staff.
func (Staff) Annotations() []schema.Annotation { return public("A member of an estate's staff.") }

// Household is a household (业户): who is billed, written to and filed as one (A6).
type Household struct{ ent.Schema }

// Mixin of a household.
func (Household) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0107}, EstateScoped{Household: "id"}, Versioned{}}
}

// Fields of a household.
func (Household) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").Immutable().Annotations(entgql.OrderField("CODE"), Filter()).Comment("Household number, unique in the estate."),
		field.String("name").Annotations(Filter()).Comment("Name by which the household is known."),
		nameKey(),
	}
}

// Edges of a household.
func (Household) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("occupancies", Occupancy.Type).Ref("household").Comment("The units it has or had, and in what capacity."),
		edge.From("residents", Resident.Type).Ref("household").Comment("The people of the household."),
		edge.From("emergency_contacts", EmergencyContact.Type).Ref("household").Comment("Whom to call in an emergency."),
		edge.From("fee_account", FeeAccount.Type).Ref("household").Annotations(entgql.Skip(entgql.SkipWhereInput)).Comment("How its account of fees stands; empty until it was billed or paid for the first time."),
	}
}

// Indexes of a household.
func (Household) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "code").Unique(),
		index.Fields("estate_id", "sort_key", "id"),
	}
}

// Annotations of a household.
func (Household) Annotations() []schema.Annotation { return public("A household (业户).") }

// Resident is a person of a household.
type Resident struct{ ent.Schema }

// Mixin of a resident.
func (Resident) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x0109}, EstateScoped{Household: "household_id"}, Versioned{}}
}

// Fields of a resident.
func (Resident) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("household_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The household."),
		field.String("name").Annotations(Filter()).Comment("Full name."),
		nameKey(),
		field.Enum("relation").NamedValues("Head", "HEAD", "Family", "FAMILY", "Other", "OTHER").Default("FAMILY").
			Annotations(Filter()).Comment("Place in the household: its head, family, other."),
		phone(),
		field.UUID("account_id", uuid.UUID{}).Optional().Nillable().
			Annotations(entgql.Skip(entgql.SkipAll)).Comment("The account they sign in with, if any."),
	}
}

// Edges of a resident.
func (Resident) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("household", Household.Type).Field("household_id").Unique().Required().Immutable().Comment("The household."),
	}
}

// Indexes of a resident.
func (Resident) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("estate_id", "household_id"),
		index.Fields("estate_id", "sort_key", "id"),
		index.Fields("estate_id", "phone"),
	}
}

// Annotations of a resident.
func (Resident) Annotations() []schema.Annotation { return public("A person of a household.") }

// EmergencyContact is whom to call when something happens to a household (A1.4).
type EmergencyContact struct{ ent.Schema }

// Mixin of an emergency contact.
func (EmergencyContact) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x010a}, EstateScoped{Household: "household_id"}, Versioned{}}
}

// Fields of an emergency contact.
func (EmergencyContact) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("household_id", uuid.UUID{}).Immutable().Annotations(Filter()).Comment("The household."),
		field.String("name").Annotations(Confidential()).Comment("Full name; empty once it was erased with its document (A7)."),
		phone(),
	}
}

// Edges of an emergency contact.
func (EmergencyContact) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("household", Household.Type).Field("household_id").Unique().Required().Immutable().Comment("The household."),
	}
}

// Indexes of an emergency contact.
func (EmergencyContact) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "household_id")}
}

// Annotations of an emergency contact.
func (EmergencyContact) Annotations() []schema.Annotation {
	return []schema.Annotation{schema.Comment("Whom to call when something happens to a household (紧急联系人)."), Steward{Document: "id"}}
}

// ExternalPerson is somebody from outside who works in the estate: a contractor who borrows keys (K2.1).
type ExternalPerson struct{ ent.Schema }

// Mixin of an external person.
func (ExternalPerson) Mixin() []ent.Mixin {
	return []ent.Mixin{Identified{Code: 0x010b}, EstateScoped{}, Versioned{}}
}

// Fields of an external person.
func (ExternalPerson) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Annotations(Filter()).Comment("Full name."),
		nameKey(),
		field.String("company").Annotations(Filter()).Comment("The company they come from."),
		phone(),
	}
}

// Indexes of an external person.
func (ExternalPerson) Indexes() []ent.Index {
	return []ent.Index{index.Fields("estate_id", "sort_key", "id")}
}

// Annotations of an external person.
func (ExternalPerson) Annotations() []schema.Annotation {
	return public("Somebody from outside who works in the estate, such as a contractor.")
}

// noPhone is the number of somebody who gave none.
func noPhone() contact.Phone { return contact.Phone{} }
