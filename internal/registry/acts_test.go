package registry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

// mutation is the document of an act of the registry.
func mutation(name, payload string) string {
	return fmt.Sprintf(`mutation($in: %s%sInput!) { %s(input: $in) { %s } }`, strings.ToUpper(name[:1]), name[1:], name, payload)
}

func with(base vars, more vars) vars {
	v := vars{}
	for _, m := range []vars{base, more} {
		for k, x := range m {
			v[k] = x
		}
	}
	return v
}

// kind is an entity that is created and updated: what it takes, what is refused, by whom.
type kind struct {
	name    string // of the payload's field and the mutations
	create  string
	by, not policy.Role
	input   vars // of the creation
	bad     vars // field -> a value that is refused there
	change  vars // of the update
	shows   string
	is      string // what the field is after the change
}

func kinds(e stewardtest.Estate) []kind {
	long := strings.Repeat("长", 101)
	people := vars{"name": "", "phone": "电话"}
	return []kind{
		{"area", "createArea", policy.ProjectManager, policy.CSOfficer, vars{"estateID": e.ID, "code": "二区", "name": "南"}, vars{"code": " ", "name": long}, vars{"name": "北"}, "name", "北"},
		{"building", "createBuilding", policy.ProjectManager, policy.CSOfficer, vars{"estateID": e.ID, "code": "2栋"}, vars{"code": ""}, vars{"code": "３栋"}, "code", "3栋"},
		{"unit", "createUnit", policy.ProjectManager, policy.Receptionist, vars{"buildingID": e.Building, "number": "999"},
			vars{"number": "", "areaHundredths": -1, "entrance": long}, vars{"number": "998"}, "label", "1栋998"},
		{"department", "createDepartment", policy.ProjectManager, policy.Supervisor, vars{"estateID": e.ID, "name": "后勤", "kind": "OTHER"}, vars{"name": "\u200bx"}, vars{"name": "后勤部"}, "name", "后勤部"},
		{"staff", "hireStaff", policy.ProjectManager, policy.CSOfficer, vars{"estateID": e.ID, "departmentID": e.Department, "name": "单雄信"}, people, vars{"name": "曾国"}, "name", "曾国"},
		{"household", "createHousehold", policy.CSOfficer, policy.KeyCustodian, vars{"estateID": e.ID, "code": "Y1", "name": "新户"}, vars{"code": "", "name": long}, vars{"name": "户新"}, "name", "户新"},
		{"resident", "addResident", policy.CSOfficer, policy.Archivist, vars{"householdID": e.Household, "name": "小明"}, people, vars{"relation": "OTHER"}, "relation", "OTHER"},
		{"emergencyContact", "addEmergencyContact", policy.CSOfficer, policy.Archivist, vars{"householdID": e.Household, "name": "老李", "phone": "139 0000 0001"}, people, vars{"name": "老王"}, "name", "老王"},
		{"externalPerson", "registerExternalPerson", policy.KeyCustodian, policy.Receptionist, vars{"estateID": e.ID, "name": "师傅", "company": "公司", "phone": "13900000001"},
			with(people, vars{"company": ""}), vars{"company": "另一公司"}, "company", "另一公司"},
	}
}

func TestWhatIsCreatedAndChanged(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for _, k := range kinds(app.A) {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			who := app.As(k.by).In(t)
			create := mutation(k.create, k.name+" { id version "+k.shows+" }")
			update := mutation("update"+strings.ToUpper(k.name[:1])+k.name[1:], k.name+" { id version "+k.shows+" }")

			made := who.Do(create, vars{"in": k.input}).Get(k.create + "." + k.name)
			edit := func(version int64, more vars) vars {
				return vars{"in": with(vars{"id": made.Get("id").String(), "expectedVersion": version}, more)}
			}
			after := who.Do(update, edit(1, k.change)).Get("*." + k.name)
			if after.Get("version").Int() != 2 || after.Get(k.shows).String() != k.is {
				t.Errorf("after: %s", after.Raw)
			}
			stale := who.Refused(update, edit(1, k.change), fault.Conflict)
			if stale.Field != "expectedVersion" || stale.Extensions.Get("version").Int() != 2 {
				t.Errorf("a stale change: %+v", stale)
			}
			for field, value := range k.bad {
				if r := who.Refused(create, vars{"in": with(k.input, vars{field: value})}, fault.InvalidInput); r.Field != field {
					t.Errorf("%s = %v is refused at %s", field, value, r.Field)
				}
				if r := who.Ask(update, edit(2, vars{field: value})); r.Get("errors.0.extensions.field").String() != field && !notThere(r) {
					t.Errorf("changed to %s = %v: %s", field, value, r.Raw)
				}
			}
			app.As(k.not).In(t).Refused(create, vars{"in": k.input}, fault.Forbidden)
			app.As(k.not).In(t).Refused(update, edit(2, k.change), fault.Forbidden)
			app.As(policy.Auditor).In(t).Refused(create, vars{"in": k.input}, fault.Forbidden)
			app.Foreign(k.by).In(t).Refused(create, vars{"in": k.input}, fault.NotFound)
			app.Foreign(k.by).In(t).Refused(update, edit(2, k.change), fault.NotFound)
			app.Nobody().In(t).Refused(create, vars{"in": k.input}, fault.Unauthenticated)
		})
	}
}

// notThere tells whether the document was refused because the input has no such field.
func notThere(r gjson.Result) bool {
	return strings.Contains(r.Raw, "unknown field") || strings.Contains(r.Raw, "is not defined")
}

func TestCodesAndNamesAreTakenOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for _, k := range kinds(app.A) {
		field := map[string]string{"area": "code", "building": "code", "unit": "number", "department": "name", "household": "code"}[k.name]
		if field == "" {
			continue
		}
		create := mutation(k.create, k.name+" { id }")
		app.As(k.by).Do(create, vars{"in": k.input})
		if r := app.As(k.by).Refused(create, vars{"in": k.input}, fault.Conflict); r.Field != field {
			t.Errorf("%s is refused at %q", k.name, r.Field)
		}
	}
}

func TestEstates(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	general := app.As(policy.GeneralManager)
	create := mutation("createEstate", "estate { id code name timeZone locale }")
	update := mutation("updateEstate", "estate { name timeZone version }")
	made := general.Do(create, vars{"in": vars{"code": "XJ", "name": " 西郊  花园 ", "timeZone": "Asia/Urumqi"}}).Get("createEstate.estate")
	if made.Get("name").String() != "西郊 花园" || made.Get("locale").String() != "zh-CN" {
		t.Errorf("made: %s", made.Raw)
	}
	if n := len(app.IDs(`SELECT id FROM key_holders WHERE estate_id = $1`, made.Get("id").String())); n != 7 {
		t.Errorf("%d holders of keys, want the 7 that every estate has", n)
	}
	for field, bad := range map[string]string{"code": "小写", "name": " ", "timeZone": "Mars/Phobos", "locale": "tlh"} {
		if r := general.Refused(create, vars{"in": with(vars{"code": "Z", "name": "z"}, vars{field: bad})}, fault.InvalidInput); r.Field != field {
			t.Errorf("%s is refused at %s", field, r.Field)
		}
	}
	general.Refused(create, vars{"in": vars{"code": "XJ", "name": "z"}}, fault.Conflict)
	for _, role := range []policy.Role{policy.ProjectManager, policy.CSOfficer, policy.Auditor} {
		app.As(role).Refused(create, vars{"in": vars{"code": "Q", "name": "q"}}, fault.Forbidden)
	}
	change := vars{"in": vars{"id": app.A.ID, "expectedVersion": 1, "name": "甲园"}}
	app.Foreign(policy.ProjectManager).Refused(update, change, fault.NotFound)
	if got := app.As(policy.ProjectManager).Do(update, change).Get("updateEstate.estate"); got.Get("name").String() != "甲园" {
		t.Errorf("changed: %s", got.Raw)
	}
}

func TestUnitsStandInNaturalOrderAndFollowTheirBuilding(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	for _, number := range []string{"1010", "99", "0102"} {
		manager.Do(mutation("createUnit", "unit { id }"), vars{"in": vars{"buildingID": app.A.Building, "entrance": "1单元", "number": number}})
	}
	labels := func() string {
		return manager.Do(`query($e: ID!) { units(where: {estateID: $e}) { edges { node { label } } } }`, vars{"e": app.A.ID}).Get("units.edges.#.node.label").Raw
	}
	if got, want := labels(), `["1栋1单元99","1栋1单元101","1栋1单元102","1栋1单元0102","1栋1单元103","1栋1单元104","1栋1单元1010"]`; got != want {
		t.Errorf("order %s\nwant %s", got, want)
	}
	manager.Do(mutation("updateBuilding", "building { code }"), vars{"in": vars{"id": app.A.Building, "expectedVersion": 1, "code": "A座"}})
	if got := labels(); strings.Count(got, "A座1单元") != 7 {
		t.Errorf("labels %s", got)
	}
	if n := len(app.IDs(`SELECT id FROM key_sets WHERE estate_id = $1 AND label LIKE 'A座1单元%'`, app.A.ID)); n < 4 {
		t.Errorf("%d key sets follow", n)
	}
	unit := vars{"id": app.A.Units[0], "expectedVersion": 3, "state": "RENOVATING"} // moved in, then relabelled
	if got := manager.Do(mutation("updateUnit", "unit { state }"), vars{"in": unit}).Get("updateUnit.unit.state").String(); got != "RENOVATING" {
		t.Errorf("state %s", got)
	}
	manager.Refused(mutation("updateUnit", "unit { state }"), vars{"in": with(unit, vars{"expectedVersion": 4, "state": "VACANT"})}, fault.Conflict)
}

func TestReferencesStayInTheEstate(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	general := app.As(policy.GeneralManager) // who sees both
	for _, c := range []struct {
		act, payload, field string
		in                  vars
	}{
		{"createBuilding", "building { id }", "areaID", vars{"estateID": app.A.ID, "code": "9栋", "areaID": app.B.Area}},
		{"hireStaff", "staff { id }", "departmentID", vars{"estateID": app.A.ID, "departmentID": app.B.Department, "name": "甲"}},
		{"hireStaff", "staff { id }", "accountID", vars{"estateID": app.A.ID, "departmentID": app.A.Department, "name": "甲", "accountID": uuid.New()}},
		{"giveMoveInNotice", "occupancy { id }", "unitID", vars{"householdID": app.A.Household, "unitID": app.B.Units[3]}},
		{"createHousehold", "household { id }", "occupancy.unitID", vars{"estateID": app.A.ID, "name": "甲", "occupancy": vars{"unitID": app.B.Units[3]}}},
	} {
		if r := general.Refused(mutation(c.act, c.payload), vars{"in": c.in}, fault.NotFound); r.Field != c.field {
			t.Errorf("%s is refused at %q, want %q", c.act, r.Field, c.field)
		}
	}
}

func TestContactDataIsMasked(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	people := `query($h: ID!) { residents(where: {householdID: $h}) { edges { node { phone household { emergencyContacts { phone } } } } } }`
	for role, full := range map[policy.Role]bool{policy.CSOfficer: true, policy.ProjectManager: true, policy.GeneralManager: true, policy.Archivist: false, policy.Auditor: false, policy.KeyCustodian: false} {
		got := app.As(role).Ask(people, vars{"h": app.A.Household}).Raw
		if strings.Contains(got, stewardtest.Phone) != full || !strings.Contains(got, "5678") {
			t.Errorf("%s sees %s", role, got)
		}
	}
	if got := app.Resident().Do(people, vars{"h": app.A.Household}).Raw; strings.Count(got, stewardtest.Phone) != 2 {
		t.Errorf("the household sees %s", got)
	}
	if got := app.Neighbour().Do(people, vars{"h": app.A.Household}).Get("residents.edges.#").Int(); got != 0 {
		t.Errorf("a neighbour sees %d residents", got)
	}
}
