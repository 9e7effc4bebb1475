package signature_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Who types a colleague's name, or the own, would be several persons: those sign as what they are.
func TestAMereNameIsOfNobodyHere(t *testing.T) {
	t.Parallel()
	app := start(t)
	ctx := clerk(app)
	hire(app, app.A, "王 五", nil)
	hire(app, app.B, "赵六", nil)
	left, coming := hire(app, app.A, "钱七", nil), hire(app, app.A, "孙八", nil)
	app.SQL(`UPDATE staffs SET employed_until = $2 WHERE id = $1`, left, stewardtest.Start)
	app.SQL(`UPDATE staffs SET employed_from = $2 WHERE id = $1`, coming, stewardtest.Start.AddDate(0, 0, 1))
	app.SQL(`UPDATE identity.accounts SET name = '项目经理' WHERE email = 'project-manager@a.example'`)
	for name, refused := range map[string]bool{
		"王五": true, " 王　五 ": true, "项目经理": true, "赵六": false, "钱七": false, "孙八": false, "王五(某某公司)": false, "王五六": false,
	} {
		in := signInput{Ceremony: scrap, Capacity: "requester", Estate: app.A.ID, Subject: uuid.New(), Signature: named(name)}
		_, err := sign.Do(ctx, in)
		if f := fault.From(err); !refused && err != nil || refused && (!fault.Is(err, fault.RuleBroken) || f.Clause != "K3.2" || f.Field != "signature.name") {
			t.Errorf("%s: %#v", name, err)
		}
		in.Who, in.Signature = signature.Who{Name: name, Field: "broughtBy"}, &signature.Input{}
		if _, err = sign.Do(ctx, in); refused {
			want(t, err, fault.RuleBroken, "broughtBy")
		}
	}
	app.SQL(`DROP TRIGGER signature_signer ON signatures`) // the mutant
	if _, err := sign.Do(ctx, signInput{Ceremony: scrap, Capacity: "requester", Estate: app.A.ID, Subject: uuid.New(), Signature: named("王五")}); err != nil {
		t.Errorf("something else refuses the name, so this proves nothing of the trigger: %v", err)
	}
}

// Where a department signs, somebody on its staff does, whoever writes it; outsiders only where they may.
func TestADepartmentSignsByItsStaff(t *testing.T) {
	t.Parallel()
	app := start(t)
	ctx := clerk(app)
	app.SQL(`UPDATE signature_capacities SET department = 'CUSTOMER_SERVICE', outsiders = (capacity = 'borrower') WHERE kind = 'test.lend'`)
	ours, another := hire(app, app.A, "客服甲", nil), hire(app, app.A, "保安乙", nil)
	app.SQL(`UPDATE staffs SET department_id = $2 WHERE id = $1`, another, app.A.SecurityDepartment)
	for name, c := range map[string]struct {
		capacity string
		who      signature.Who
		by       *signature.Input
		refused  bool
	}{
		"staff":                        {"handler", signature.Who{Staff: &ours, Field: "staffID"}, &signature.Input{}, false},
		"staff of another":             {"handler", signature.Who{Staff: &another, Field: "staffID"}, &signature.Input{}, true},
		"a name":                       {"handler", signature.Who{Name: "某某", Field: "staffID"}, &signature.Input{}, true},
		"a resident":                   {"handler", signature.Who{Resident: &app.A.Resident, Field: "staffID"}, &signature.Input{}, true},
		"an account of no staff":       {"handler", signature.Who{Viewer: true, Field: "staffID"}, password(stewardtest.Password), true},
		"where outsiders may, one":     {"borrower", signature.Who{Name: "某某"}, &signature.Input{}, false},
		"where outsiders may, another": {"borrower", signature.Who{Staff: &another, Field: "staffID"}, &signature.Input{}, true},
	} {
		_, err := sign.Do(ctx, signInput{Ceremony: lend, Capacity: c.capacity, Estate: app.A.ID, Subject: uuid.New(), Who: c.who, Signature: c.by})
		if f := fault.From(err); !c.refused && err != nil || c.refused && (!fault.Is(err, fault.InvalidInput) || f.Clause != "K2.1" || f.Field != "staffID") {
			t.Errorf("%s: %#v", name, err)
		}
	}
	me := texts(t, app, `SELECT id::text FROM identity.accounts WHERE email = $1`, app.As(policy.ProjectManager).Email)[0]
	if got := plain(ctx, t, app, `INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, method, attested_by_id, content_hash, signed_at, person)
		VALUES (gen_random_uuid(), now(), $1, 'test.lend', gen_random_uuid(), 'handler', '某某', 'ATTESTED', $2, '00', now(), 'staff:x')`, app.A.ID, me); got != "signatures_department23514" {
		t.Errorf("by SQL: %q", got)
	}
}
