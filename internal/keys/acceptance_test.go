package keys_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	takenOver   = `acceptance { id state version deliverer handler acceptedAt sourceFile }`
	draftSheet  = `mutation($in: DraftKeyAcceptanceInput!) { draftKeyAcceptance(input: $in) { ` + takenOver + ` } }`
	addLines    = `mutation($in: AddKeyAcceptanceLinesInput!) { addKeyAcceptanceLines(input: $in) { ` + takenOver + ` } }`
	removeLine  = `mutation($in: RemoveKeyAcceptanceLineInput!) { removeKeyAcceptanceLine(input: $in) { ` + takenOver + ` } }`
	checkLines  = `mutation($in: CheckKeyAcceptanceLinesInput!) { checkKeyAcceptanceLines(input: $in) { ` + takenOver + ` } }`
	signSheet   = `mutation($in: SignKeyAcceptanceInput!) { signKeyAcceptance(input: $in) { ` + takenOver + ` } }`
	cancelSheet = `mutation($in: CancelKeyAcceptanceInput!) { cancelKeyAcceptance(input: $in) { ` + takenOver + ` } }`
	linesOf     = `query($a: ID!) { keyAcceptanceChecks(first: 200, where: {acceptanceID: $a}) { edges { node { id version place due delivered faulty remark checkedByName removedAt } } } }`
	acceptedOf  = `query($a: ID!) { keyAcceptanceLines(first: 200, where: {acceptanceID: $a}) { edges { node { due delivered outstanding condition deliverer followUp set { id label kind outstanding generation } } } } }`
	sheetSigned = `query($s: ID!) { signatures(where: {subjectID: $s}) { edges { node { kind capacity signerName method } } } }`

	deliverer = "王工"
)

func owes(unit any, place string, due int) vars {
	return vars{"unitID": unit, "place": place, "due": due}
}

func accepting(estate uuid.UUID, lines ...vars) vars {
	return vars{"in": vars{"estateID": estate, "deliverer": deliverer, "lines": lines}}
}

func found(check string, delivered, faulty int) vars {
	return vars{"checkID": check, "delivered": delivered, "faulty": faulty}
}

func checking(sheet string, lines ...vars) vars {
	return vars{"in": vars{"acceptanceID": sheet, "lines": lines}}
}

// signing is the signature of the deliverer, who has no account, and what else is given.
func signing(sheet string, more vars) vars {
	in := vars{"acceptanceID": sheet, "signature": vars{"name": deliverer}}
	for k, v := range more {
		in[k] = v
	}
	return vars{"in": in}
}

// drafted makes a sheet, and gives its id and those of its lines by place.
func drafted(p *stewardtest.Person, estate uuid.UUID, lines ...vars) (sheet string, checks map[string]string) {
	sheet = p.Do(draftSheet, accepting(estate, lines...)).Get("draftKeyAcceptance.acceptance.id").String()
	return sheet, checksOf(p, sheet)
}

func checksOf(p *stewardtest.Person, sheet string) map[string]string {
	checks := map[string]string{}
	for _, c := range p.Do(linesOf, vars{"a": sheet}).Get("keyAcceptanceChecks.edges.#.node").Array() {
		if c.Get("removedAt").Type == gjson.Null {
			checks[c.Get("place").String()] = c.Get("id").String()
		}
	}
	return checks
}

// publicArea makes a unit that is one.
func publicArea(app *stewardtest.App, number string) string {
	return app.As(policy.ProjectManager).Do(`mutation($in: CreateUnitInput!) { createUnit(input: $in) { unit { id } } }`,
		vars{"in": vars{"buildingID": app.A.Building, "number": number, "kind": "PUBLIC_AREA"}}).Get("createUnit.unit.id").String()
}

// hired takes somebody on, with an account unless that is nobody's.
func hired(app *stewardtest.App, department uuid.UUID, name string, account uuid.UUID) string {
	in := vars{"estateID": app.A.ID, "departmentID": department, "name": name}
	if account != uuid.Nil {
		in["accountID"] = account
	}
	return app.As(policy.ProjectManager).Do(`mutation($in: HireStaffInput!) { hireStaff(input: $in) { staff { id } } }`, vars{"in": in}).Get("hireStaff.staff.id").String()
}

// engineerOf is who signs for engineering, attested; taken on when first asked for.
func engineerOf(app *stewardtest.App) string {
	return signerOf(app, app.A.EngineeringDepartment, "换锁师傅")
}

// guardOf is who signs for security, attested.
func guardOf(app *stewardtest.App) string {
	return signerOf(app, app.A.SecurityDepartment, "保安队长")
}

func signerOf(app *stewardtest.App, department uuid.UUID, name string) string {
	if list := app.IDs(`SELECT id FROM staffs WHERE department_id = $1 AND name = $2`, department, name); len(list) > 0 {
		return list[0].String()
	}
	return hired(app, department, name, uuid.Nil)
}

// setAt is the set of a door as the custodian sees it.
func setAt(app *stewardtest.App, place string) gjson.Result {
	return app.As(policy.KeyCustodian).Do(`query($p: String!) { keySets(where: {place: $p}) { edges { node { id kind label outstanding version balances { count holder { kind } } } } } }`,
		vars{"p": place}).Get("keySets.edges.0.node")
}

// has is how many keys of a set the holders of a kind have.
func has(set gjson.Result, kind string) (n int64) {
	for _, b := range set.Get("balances").Array() {
		if b.Get("holder.kind").String() == kind {
			n += b.Get("count").Int()
		}
	}
	return n
}

func TestK1_1_ASheetIsCheckedStepByStepAndSigned(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, flat := app.As(policy.KeyCustodian), app.A.Units[0]
	sheet, checks := drafted(custodian, app.A.ID, owes(flat, "车库", 3), owes(flat, " 信 箱 ", 2), owes(app.A.Units[1], "阁楼", 4))
	if len(checks) != 3 || checks["信 箱"] == "" {
		t.Fatalf("lines %v", checks)
	}
	if r := custodian.Refused(signSheet, signing(sheet, nil), fault.RuleBroken, "K1.1"); r.Field != "acceptanceID" || !strings.Contains(r.Message, "车库") {
		t.Errorf("not checked at all: %+v", r)
	}

	t.Run("the draft changes until it is signed", func(t *testing.T) {
		p := custodian.In(t)
		more := p.Do(addLines, vars{"in": vars{"acceptanceID": sheet, "lines": []vars{owes(flat, "露台", 1)}}}).Get("addKeyAcceptanceLines.acceptance")
		if more.Get("version").Int() != 2 || more.Get("state").String() != "DRAFT" || more.Get("acceptedAt").Type != gjson.Null {
			t.Errorf("with a further line: %s", more.Raw)
		}
		if r := p.Refused(addLines, vars{"in": vars{"acceptanceID": sheet, "lines": []vars{owes(flat, "车库", 1)}}}, fault.Conflict, "K1.1"); r.Field != "lines" {
			t.Errorf("a set twice: refused at %q", r.Field)
		}
		p.Do(removeLine, vars{"in": vars{"checkID": checksOf(p, sheet)["露台"]}})
		p.Refused(removeLine, vars{"in": vars{"checkID": p.Do(linesOf, vars{"a": sheet}).Get(`keyAcceptanceChecks.edges.#(node.place=="露台").node.id`).String()}}, fault.Conflict, "K1.1")
		p.Do(addLines, vars{"in": vars{"acceptanceID": sheet, "lines": []vars{owes(flat, "露台", 2)}}}) // once more, and then off again
		p.Do(removeLine, vars{"in": vars{"checkID": checksOf(p, sheet)["露台"]}})
	})
	t.Run("checked in steps, and corrected", func(t *testing.T) {
		p := custodian.In(t)
		p.Do(checkLines, checking(sheet, found(checks["车库"], 3, 0)))
		if r := p.Refused(signSheet, signing(sheet, nil), fault.RuleBroken, "K1.1"); !strings.Contains(r.Message, "信 箱") {
			t.Errorf("half checked: %s", r.Message)
		}
		first := found(checks["信 箱"], 2, 0)
		first["expectedVersion"] = 1
		p.Do(checkLines, checking(sheet, first, found(checks["阁楼"], 4, 0)))
		if r := p.Refused(checkLines, checking(sheet, first), fault.Conflict); r.Field != "lines.0.expectedVersion" {
			t.Errorf("an old version: refused at %q", r.Field)
		}
		again := found(checks["信 箱"], 1, 1)
		again["remark"], again["expectedVersion"] = "一把折断,工程部重配", 2
		p.Do(checkLines, checking(sheet, again, found(checks["阁楼"], 0, 0)))
	})

	before := custodian.Do(`query($a: ID!) { node(id: $a) { ... on KeyAcceptance { version } } }`, vars{"a": sheet}).Get("node.version").Int()
	if r := custodian.Refused(signSheet, signing(sheet, vars{"expectedVersion": before - 1}), fault.Conflict); r.Field != "expectedVersion" {
		t.Errorf("engineering saw an older sheet: refused at %q", r.Field)
	}
	if keys := setAt(app, "车库"); keys.Exists() {
		t.Errorf("before it is signed there is %s", keys.Raw)
	}
	signed := custodian.Do(signSheet, signing(sheet, vars{"expectedVersion": before})).Get("signKeyAcceptance.acceptance")
	if signed.Get("state").String() != "EFFECTIVE" || signed.Get("acceptedAt").String() == "" || signed.Get("deliverer").String() != deliverer || signed.Get("sourceFile").String() != "" {
		t.Errorf("signed: %s", signed.Raw)
	}
	for place, want := range map[string]struct{ cabinet, outstanding int64 }{"车库": {3, 0}, "信 箱": {1, 1}, "阁楼": {0, 4}} {
		s := setAt(app, place)
		if has(s, "CABINET") != want.cabinet || has(s, "SOURCE") != -want.cabinet || s.Get("outstanding").Int() != want.outstanding || s.Get("kind").String() != "UNIT" {
			t.Errorf("%s: %s", place, s.Raw)
		}
	}
	lines := custodian.Do(acceptedOf, vars{"a": sheet}).Get("keyAcceptanceLines.edges.#.node").Array()
	if len(lines) != 3 || lines[1].Get("condition").String() != "1 把有问题" || lines[1].Get("followUp").String() != "一把折断,工程部重配" ||
		lines[1].Get("outstanding").Int() != 1 || lines[0].Get("condition").String() != "完好" || lines[0].Get("deliverer").String() != deliverer {
		t.Errorf("accepted: %v", lines)
	}
	by := custodian.Do(sheetSigned, vars{"s": sheet}).Get("signatures.edges.#.node").Array()
	if len(by) != 2 || by[0].Get("kind").String() != "keys.accept" {
		t.Errorf("signed by %v", by)
	}
	for _, s := range by {
		want := map[string][2]string{"deliverer": {deliverer, "ATTESTED"}, "handler": {custodian.Email, "SESSION"}}[s.Get("capacity").String()]
		if s.Get("signerName").String() != want[0] || s.Get("method").String() != want[1] {
			t.Errorf("signature %s", s.Raw)
		}
	}
	if rows := garage(t, custodian, "keys-acceptance"); len(rows) != 1 || !strings.Contains(rows[0], "3,3,0,完好,"+deliverer+","+custodian.Email+",2026-03-02") {
		t.Errorf("钥匙交接验收统计表: %q", rows)
	}
	custodian.Do(`mutation($in: NoteOutstandingKeysInput!) { noteOutstandingKeys(input: $in) { followUp { outstanding } } }`,
		vars{"in": vars{"setID": setAt(app, "信 箱").Get("id").String(), "note": "已催"}}) // K1.4 goes on from here

	t.Run("in effect, it does not change any more", func(t *testing.T) {
		p := custodian.In(t)
		p.Refused(signSheet, signing(sheet, nil), fault.Conflict, "K1.1")
		p.Refused(cancelSheet, vars{"in": vars{"acceptanceID": sheet}}, fault.Conflict, "K1.1")
		p.Refused(checkLines, checking(sheet, found(checks["车库"], 1, 0)), fault.Conflict, "K1.1")
		p.Refused(addLines, vars{"in": vars{"acceptanceID": sheet, "lines": []vars{owes(flat, "露台", 1)}}}, fault.Conflict, "K1.1")
		p.Refused(removeLine, vars{"in": vars{"checkID": checks["车库"]}}, fault.Conflict, "K1.1")
	})
	t.Run("what was missing comes with a further sheet", func(t *testing.T) {
		p := custodian.In(t)
		sheet, checks := drafted(p, app.A.ID, owes(flat, "信 箱", 1))
		p.Do(checkLines, checking(sheet, found(checks["信 箱"], 1, 0)))
		p.Do(signSheet, signing(sheet, nil))
		if s := setAt(app, "信 箱"); has(s, "CABINET") != 2 || s.Get("outstanding").Int() != 0 {
			t.Errorf("then: %s", s.Raw)
		}
	})
	t.Run("a list that is imported later goes on from there", func(t *testing.T) {
		accept(t, app, 3, 3)
		if s := setAt(app, "车库"); has(s, "CABINET") != 3 || s.Get("outstanding").Int() != 0 {
			t.Errorf("the list says what was delivered before: %s", s.Raw)
		}
		sheet, checks := drafted(custodian.In(t), app.A.ID, owes(flat, "车库", 2))
		custodian.Do(checkLines, checking(sheet, found(checks["车库"], 1, 0)))
		custodian.Do(signSheet, signing(sheet, nil))
		accept(t, app, 5, 5) // of which 3 came by the list before, and 1 by the sheet
		if s := setAt(app, "车库"); has(s, "CABINET") != 5 || s.Get("outstanding").Int() != 0 {
			t.Errorf("five of five: %s", s.Raw)
		}
	})
}
