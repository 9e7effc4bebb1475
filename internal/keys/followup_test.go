package keys_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const noteKeys = `mutation($in: NoteOutstandingKeysInput!) { noteOutstandingKeys(input: $in) { followUp { note outstanding followUpOn notedByName createdAt set { label } } } }`

func noteOf(set uuid.UUID, note string, on any) vars {
	return vars{"in": vars{"setID": set, "note": note, "followUpOn": on}}
}

func TestK1_4_OutstandingKeysAreFollowedUp(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	n := custodian.Do(noteKeys, noteOf(set, "已电话催交", "2026-03-02")).Get("noteOutstandingKeys.followUp")
	if n.Get("outstanding").Int() != 1 || n.Get("followUpOn").String() != "2026-03-02" || n.Get("notedByName").String() == "" {
		t.Errorf("noted: %s", n.Raw)
	}
	app.As(policy.Supervisor).Do(noteKeys, noteOf(set, "工程部答应周五交", "2026-03-06"))
	custodian.Do(noteKeys, noteOf(app.A.Sets[1], "等锁厂补钥匙", nil))

	if got := custodian.Do(`query($id: ID!) { node(id: $id) { ... on KeySet { followUps { note } } } }`, vars{"id": set}).Get("node.followUps.#.note").Array(); len(got) != 3 { // one is there from the beginning
		t.Errorf("the set has the notes %v", got)
	}
	lines := register(t, custodian, "keys-outstanding")
	for _, want := range []string{"跟进人", "下次跟进", "工程部答应周五交,", "2026-03-06", "等锁厂补钥匙"} {
		if !strings.Contains(lines, want) {
			t.Errorf("the register lacks %q:\n%s", want, lines)
		}
	}
	if strings.Contains(lines, "已电话催交") {
		t.Errorf("the register shows an older note:\n%s", lines)
	}
}

func TestK1_4_NotesThatAreRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, ok := app.As(policy.KeyCustodian), noteOf(app.A.Sets[0], "催", nil)
	for _, role := range []policy.Role{policy.CSOfficer, policy.Archivist, policy.Engineering, policy.Auditor} {
		app.As(role).Refused(noteKeys, ok, fault.Forbidden)
	}
	app.Resident().Refused(noteKeys, ok, fault.Forbidden)
	app.Nobody().Refused(noteKeys, ok, fault.Unauthenticated)
	app.Foreign(policy.KeyCustodian).Refused(noteKeys, ok, fault.NotFound)
	for _, c := range []struct {
		in    vars
		code  fault.Code
		field string
	}{
		{noteOf(app.A.Sets[0], " ", nil), fault.InvalidInput, "note"},
		{noteOf(app.A.Sets[0], strings.Repeat("催", 501), nil), fault.InvalidInput, "note"},
		{noteOf(app.A.Sets[0], "催", "2026-03-01"), fault.InvalidInput, "followUpOn"},
		{noteOf(app.B.Sets[0], "催", nil), fault.NotFound, "setID"},
		{noteOf(app.IDs(`SELECT id FROM key_sets WHERE estate_id = $1 AND kind = 'PUBLIC_AREA'`, app.A.ID)[0], "催", nil), fault.Conflict, "setID"},
	} {
		if r := custodian.Refused(noteKeys, c.in, c.code); r.Field != c.field {
			t.Errorf("%v: refused at %q", c.in, r.Field)
		}
	}
}

// register is a register of estate A as it is downloaded.
func register(t *testing.T, p *stewardtest.Person, name string) string {
	t.Helper()
	r, err := p.Request(http.MethodGet, "/registers/"+name+".csv?estate=A&lang=zh", nil)
	if err != nil {
		t.Fatal(err)
	}
	status, body, err := p.Send(r)
	if err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %s %v", name, status, body, err)
	}
	return string(body)
}
