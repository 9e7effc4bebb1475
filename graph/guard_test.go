package graph

import (
	"testing"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/graph/generated"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// A schema in which somebody allowed filters and orders by telephone.
const leaky = `
type Query { residents(where: ResidentWhereInput, orderBy: ResidentOrder): [Resident!] households: [Household!] }
type Household { residents(where: ResidentWhereInput): [Resident!] }
type Resident { name: String }
input ResidentWhereInput { name: String phone: String phoneHasPrefix: String not: ResidentWhereInput and: [ResidentWhereInput!] }
input ResidentOrder { field: ResidentOrderField! }
enum ResidentOrderField { NAME PHONE }`

func TestContactDataIsNoOracle(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: leaky})
	table, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	estate := uuid.New()
	holder := func(roles ...policy.Role) *access.Viewer {
		v := access.Viewer{Account: uuid.New()}
		for i, r := range roles {
			g := access.Grant{Role: r, Estate: estate}
			if i > 0 {
				g.Estate = uuid.New()
			}
			v.Grants = append(v.Grants, g)
		}
		return access.New(table, v)
	}
	sees, masked := holder(policy.CSOfficer), holder(policy.Archivist)
	mixed := holder(policy.CSOfficer, policy.Archivist) // in two estates: masked in one of them
	cases := map[string]bool{                           // document -> whether it asks for contact data
		`{ residents(where: {name: "王"}) { name } }`:                                                                          false,
		`{ residents(orderBy: {field: NAME}) { name } }`:                                                                      false,
		`{ residents(where: {phone: "138"}) { name } }`:                                                                       true,
		`{ residents(where: {not: {and: [{phoneHasPrefix: "1"}]}}) { name } }`:                                                true,
		`{ residents(orderBy: {field: PHONE}) { name } }`:                                                                     true,
		`{ households { residents(where: {phone: "138"}) { name } } }`:                                                        true,
		`{ households { ...f } } fragment f on Household { residents(where: {phone: "1"}) { name } }`:                         true,
		`{ households { ... on Household { residents(where: {phone: "1"}) { name } } } }`:                                     true,
		`query($w: ResidentWhereInput) { residents(where: $w) { name } }`:                                                     true,
		`query($o: ResidentOrderField = NAME) { residents(orderBy: {field: $o}) { name } households { residents { name } } }`: false,
	}
	o := oraclesOf(schema)
	for document, asks := range cases {
		doc, errs := gqlparser.LoadQueryWithRules(schema, document, nil)
		if errs != nil {
			t.Fatalf("%s: %v", document, errs)
		}
		args := map[string]any{"w": map[string]any{"phone": "138"}, "o": "NAME"}
		for name, v := range map[string]*access.Viewer{"masked": masked, "mixed": mixed} {
			if err := o.check(v, doc.Operations[0].SelectionSet, args); fault.Is(err, fault.Forbidden) != asks {
				t.Errorf("%s, %s: %v", name, document, err)
			}
		}
		if err := o.check(sees, doc.Operations[0].SelectionSet, args); err != nil {
			t.Errorf("who sees it in full: %s: %v", document, err)
		}
	}
}

func TestTheSchemaHasNoOracleToday(t *testing.T) {
	t.Parallel()
	g := &RequireViewer{}
	if err := g.Validate(generated.NewExecutableSchema(generated.Config{})); err != nil {
		t.Fatal(err)
	}
	if len(g.oracles) > 0 {
		t.Errorf("contact data may be filtered or ordered by: %v", g.oracles)
	}
}

func TestRootFieldsAreForViewers(t *testing.T) {
	t.Parallel()
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	somebody, late := access.New(nil, access.Viewer{}), access.New(nil, access.Viewer{MustChangePassword: true})
	public, first := 0, 0
	for _, f := range append(schema.Query.Fields, schema.Mutation.Fields...) {
		if err := admits(somebody, f.Name); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if err := admits(nil, f.Name); err == nil {
			public++
		} else if !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%s: %v", f.Name, err)
		}
		if err := admits(late, f.Name); err == nil {
			first++
		} else if !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	if public != 5 || first != 7 { // __schema, __type, signIn, signInMethods, viewer; and changePassword, signOut
		t.Errorf("%d root fields for everybody, %d before the password is changed", public, first)
	}
}
