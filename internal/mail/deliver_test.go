package mail_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	handoverFields = `{ id householdID departmentID slot count method recipient deliveredAt deliveredByName voidedAt items { id state } }`

	deliverMail  = `mutation($in: DeliverMailInput!) { deliverMail(input: $in) { deliveries ` + handoverFields + ` } }`
	voidDelivery = `mutation($in: VoidMailDeliveryInput!) { voidMailDelivery(input: $in) { delivery ` + handoverFields + ` items ` + itemFields + ` } }`
)

// route is a delivery to each of the stops.
func route(stops ...vars) vars { return vars{"in": vars{"deliveries": stops}} }

// signed is a stop that somebody signs for.
func signed(stop vars, who string, of any) vars {
	stop[who], stop["signature"] = of, vars{}
	return stop
}

// inSlots registers items of the kinds and puts them into their slots: for the household, unless it says otherwise.
func inSlots(app *stewardtest.App, list ...vars) (ids []string) {
	for _, item := range list {
		if item["householdID"] == nil && item["departmentID"] == nil {
			item["householdID"] = app.A.Household
		}
		if item["kind"] == nil {
			item["kind"] = "REGISTERED"
		}
	}
	made := app.As(policy.Receptionist).Do(registerMail, vars{"in": vars{"receiptID": received(app), "items": list}}).Get("registerMail.items").Array()
	for _, item := range made {
		ids = append(ids, id(item))
	}
	app.As(policy.MailSorter).Do(sortMail, named(ids...))
	return ids
}

func TestM3_AHouseholdSignsForItsMail(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	sorter := app.As(policy.MailSorter)
	who := sorter.Do(`query($h: ID!) { residents(where: {householdID: $h}) { edges { node { id name phone } } } }`, vars{"h": app.A.Household}).Get("residents.edges.0.node")
	if who.Get("id").String() != app.A.Resident.String() || strings.Contains(who.Raw, stewardtest.Phone) {
		t.Errorf("the sorter finds who may sign, without the telephone number: %s", who.Raw)
	}
	list := inSlots(app, vars{}, vars{"kind": "LETTER"}, vars{"kind": "PARCEL"})
	d := sorter.Do(deliverMail, route(signed(vars{"itemIDs": list[:2]}, "residentID", app.A.Resident))).Get("deliverMail.deliveries.0")
	if d.Get("method").String() != "SIGNED" || d.Get("recipient").String() != who.Get("name").String() || d.Get("count").Int() != 2 || d.Get("slot").String() != "1栋1单元101" ||
		d.Get("items.#.state").Raw != `["DELIVERED","DELIVERED"]` {
		t.Errorf("delivered: %s", d.Raw)
	}
	signatures := app.Resident().Do(`query($s: ID!) { signatures(where: {subjectID: $s}) { edges { node { capacity method } } } }`, vars{"s": d.Get("id").String()}).Get("signatures.edges.#.node")
	if signatures.Get(`#(capacity=="recipient").method`).String() != "ATTESTED" || signatures.Get(`#(capacity=="handler").method`).String() != "SESSION" {
		t.Errorf("signed: %s", signatures.Raw)
	}
	own := app.Resident().Do(`{ mailDeliveries { edges { node { id recipient items { id events { state } } } } } }`, nil).Get("mailDeliveries.edges.#.node")
	if got := own.Get(`#(id=="` + d.Get("id").String() + `").items.0.events.#.state`).Raw; got != `["SORTED","DELIVERED"]` {
		t.Errorf("the household sees %s", own.Raw)
	}
	if contains(app.Neighbour().Do(`{ mailDeliveries { edges { node { id } } } }`, nil).Get("mailDeliveries.edges.#.node.id"), d.Get("id").String()) {
		t.Error("the neighbours see it, too")
	}
	sorter.Refused(deliverMail, route(signed(vars{"itemIDs": list[:1]}, "residentID", app.A.Resident)), fault.Conflict, "M4") // once
	sorter.Refused(markDead, because(list[0]), fault.Conflict, "M4")
	another := sorter.Do(deliverMail, route(signed(vars{"householdID": app.A.Household}, "recipient", "保姆 张阿姨"))).Get("deliverMail.deliveries.0")
	if _, csv := download(t, app.As(policy.Supervisor), "mail-items.csv?estate=A&lang=zh&from=2026-03-02"); !strings.Contains(csv, "保姆 张阿姨") {
		t.Errorf("the record does not say who signed: %s", csv)
	}
	if another.Get("recipient").String() != "保姆 张阿姨" || !contains(another.Get("items.#.id"), list[2]) {
		t.Errorf("the slot: %s", another.Raw)
	}
}

// Along a route each signs for its own, and all is recorded or nothing.
func TestM3_ARouteIsDeliveredAsAWhole(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	sorter := app.As(policy.MailSorter)
	list := inSlots(app, vars{}, vars{"householdID": app.A.OtherHousehold}, vars{"departmentID": app.A.SecurityDepartment}, vars{"kind": "LETTER", "departmentID": app.A.EngineeringDepartment})
	stops := func() []vars {
		return []vars{
			signed(vars{"householdID": app.A.Household}, "residentID", app.A.Resident), signed(vars{"householdID": app.A.OtherHousehold}, "residentID", app.A.OtherResident),
			signed(vars{"departmentID": app.A.SecurityDepartment}, "staffID", app.A.Staff), {"departmentID": app.A.EngineeringDepartment, "toBox": true},
		}
	}
	bad := stops()
	bad[1]["residentID"] = app.A.Resident
	if r := sorter.Refused(deliverMail, route(bad...), fault.RuleBroken, "M3"); r.Field != "deliveries.1.residentID" {
		t.Errorf("another household's resident is refused at %q", r.Field)
	}
	if got := texts(t, app, `SELECT DISTINCT state FROM mail_items WHERE id = ANY ($1::uuid[])`, list); !slices.Equal(got, []string{"SORTED"}) {
		t.Errorf("of a route that was refused: %v", got)
	}
	once := sorter.With("Idempotency-Key", "route-1")
	done := once.Do(deliverMail, route(stops()...)).Get("deliverMail.deliveries.#.id").Raw
	if again := once.Do(deliverMail, route(stops()...)).Get("deliverMail.deliveries.#.id").Raw; again != done || strings.Count(done, ",") != 3 {
		t.Errorf("repeated: %s and %s", done, again)
	}
	if r := sorter.Refused(deliverMail, route(stops()[:1]...), fault.Conflict, "M3"); r.Field != "deliveries.0.householdID" {
		t.Errorf("an empty slot is refused at %q", r.Field)
	}
}

// Of those who deliver the same slot at once one does.
func TestM3_ASlotIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	inSlots(app, vars{"departmentID": app.A.SecurityDepartment}, vars{"departmentID": app.A.SecurityDepartment})
	stewardtest.Race(t, app.As(policy.MailSorter), deliverMail, route(signed(vars{"departmentID": app.A.SecurityDepartment}, "recipient", "保安队长")))
}

func TestM2_WhatIsRegisteredIsSignedFor(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	sorter := app.As(policy.MailSorter)
	list := inSlots(app, vars{"kind": "LETTER"}, vars{"kind": "NEWSPAPER"}, vars{"kind": "REGISTERED"}, vars{"kind": "PARCEL"}, vars{"kind": "MAGAZINE"}, vars{"kind": "MONEY_ORDER"})
	for _, item := range list[2:] {
		if r := sorter.Refused(deliverMail, route(vars{"itemIDs": []string{item}, "toBox": true}), fault.RuleBroken, "M2"); r.Field != "deliveries.0.toBox" {
			t.Errorf("refused at %q", r.Field)
		}
	}
	d := sorter.Do(deliverMail, route(vars{"itemIDs": list[:2], "toBox": true})).Get("deliverMail.deliveries.0")
	if d.Get("method").String() != "BOX" || d.Get("recipient").String() != "" || d.Get("count").Int() != 2 {
		t.Errorf("into the box: %s", d.Raw)
	}
}

func TestM3_DeliveriesThatAreNone(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	sorter := app.As(policy.MailSorter)
	list := inSlots(app, vars{}, vars{"householdID": app.A.OtherHousehold})
	unsorted := id(items(app, vars{"householdID": app.A.Household})[0])
	for name, c := range map[string]struct {
		stop   vars
		code   fault.Code
		clause string
		field  string
	}{
		"of nothing":             {signed(vars{}, "residentID", app.A.Resident), fault.InvalidInput, "M3", "deliveries.0.itemIDs"},
		"of two things":          {signed(vars{"itemIDs": list[:1], "householdID": app.A.Household}, "residentID", app.A.Resident), fault.InvalidInput, "M3", "deliveries.0.itemIDs"},
		"signed by nobody":       {vars{"itemIDs": list[:1]}, fault.InvalidInput, "M3", "deliveries.0.residentID"},
		"without a signature":    {vars{"itemIDs": list[:1], "residentID": app.A.Resident}, fault.InvalidInput, "", "deliveries.0.signature"},
		"into the box, signed":   {signed(vars{"itemIDs": list[:1], "toBox": true}, "residentID", app.A.Resident), fault.InvalidInput, "M3", "deliveries.0.toBox"},
		"for two households":     {signed(vars{"itemIDs": list}, "residentID", app.A.Resident), fault.InvalidInput, "M3", "deliveries.0.itemIDs.1"},
		"that is not sorted":     {signed(vars{"itemIDs": []string{unsorted}}, "residentID", app.A.Resident), fault.Conflict, "M4", "deliveries.0.itemIDs.0"},
		"signed by staff":        {signed(vars{"itemIDs": list[:1]}, "staffID", app.A.Staff), fault.RuleBroken, "M3", "deliveries.0.staffID"},
		"signed by who delivers": {signed(vars{"itemIDs": list[:1]}, "recipient", sorter.Email), fault.RuleBroken, "M3", "deliveries.0.recipient"},
		"to a foreign household": {signed(vars{"householdID": app.B.Household}, "recipient", "张三"), fault.NotFound, "", "deliveries.0.householdID"},
		"by a foreign resident":  {signed(vars{"itemIDs": list[:1]}, "residentID", app.B.Resident), fault.NotFound, "", "deliveries.0.residentID"},
	} {
		if r := sorter.Refused(deliverMail, route(c.stop), c.code, c.clause); r.Field != c.field {
			t.Errorf("%s is refused at %q", name, r.Field)
		}
	}
	twice := signed(vars{"itemIDs": list[:1]}, "residentID", app.A.Resident)
	if r := sorter.Refused(deliverMail, route(twice, twice), fault.InvalidInput, "M3"); r.Field != "deliveries.1" {
		t.Errorf("named twice: %q", r.Field)
	}
	early := route(twice)
	early["in"].(vars)["occurredAt"], early["in"].(vars)["lateReason"] = stewardtest.Start.Add(-time.Hour), "停电"
	if r := sorter.Refused(deliverMail, early, fault.InvalidInput, "M3"); r.Field != "occurredAt" {
		t.Errorf("before it came: %q", r.Field)
	}
	for _, p := range []*stewardtest.Person{app.As(policy.CSOfficer), app.As(policy.Supervisor), app.Resident(), app.As(policy.Auditor)} {
		p.Refused(deliverMail, route(twice), fault.Forbidden)
	}
	app.Foreign(policy.MailSorter).Refused(deliverMail, route(twice), fault.NotFound)
}

func TestM3_ADeliveryIsVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	sorter := app.As(policy.MailSorter)
	list := inSlots(app, vars{"barcode": "XA01"}, vars{})
	deliver := func() string {
		return sorter.Do(deliverMail, route(signed(vars{"itemIDs": list}, "residentID", app.A.Resident))).Get("deliverMail.deliveries.0.id").String()
	}
	first := deliver()
	for _, p := range []*stewardtest.Person{app.As(policy.CSOfficer), app.Resident(), app.As(policy.Auditor)} {
		p.Refused(voidDelivery, stewardtest.Void(first, "投错"), fault.Forbidden)
	}
	app.Foreign(policy.MailSorter).Refused(voidDelivery, stewardtest.Void(first, "投错"), fault.NotFound)
	sorter.Refused(voidDelivery, stewardtest.Void(first, " "), fault.InvalidInput)
	back := sorter.Do(voidDelivery, stewardtest.Void(first, "投错")).Get("voidMailDelivery")
	if back.Get("items.#.state").Raw != `["SORTED","SORTED"]` || back.Get("items.0.slot").String() != "1栋1单元101" || back.Get("items.0.events.2.reason").String() != "投错" ||
		len(back.Get("delivery.items").Array()) != 0 || back.Get("delivery.voidedAt").String() == "" {
		t.Errorf("voided: %s", back.Raw)
	}
	sorter.Refused(voidDelivery, stewardtest.Void(first, "投错"), fault.Conflict)
	if contains(app.Resident().Do(`{ mailDeliveries { edges { node { id } } } }`, nil).Get("mailDeliveries.edges.#.node.id"), first) {
		t.Error("the household sees a delivery that was voided")
	}
	second := deliver() // it goes out again
	app.Clock.Advance(16 * time.Minute)
	sorter.Refused(voidDelivery, stewardtest.Void(second, "投错"), fault.Forbidden, "M3")
	again := app.As(policy.Receptionist).Do(registerMail, vars{"in": vars{"receiptID": received(app), "items": []vars{{"kind": "REGISTERED", "barcode": "XA01"}}}})
	app.As(policy.Supervisor).Refused(voidDelivery, stewardtest.Void(second, "投错"), fault.Conflict, "M1") // another of its barcode came
	app.As(policy.Receptionist).Do(voidItem, stewardtest.Void(again.Get("registerMail.items.0.id").String(), "登记错"))
	app.As(policy.Supervisor).Do(voidDelivery, stewardtest.Void(second, "投错"))
}

// download takes a register over HTTP.
func download(t *testing.T, p *stewardtest.Person, register string) (status int, body string) {
	t.Helper()
	r, err := p.Request(http.MethodGet, "/registers/"+register, nil)
	if err != nil {
		t.Fatal(err)
	}
	status, content, err := p.Send(r)
	if err != nil {
		t.Fatal(err)
	}
	return status, string(content)
}

func TestM3_TheSortListIsPrinted(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	inSlots(app, vars{"departmentID": app.A.FinanceDepartment, "barcode": "ZZ9"}, vars{"householdID": app.A.OtherHousehold, "barcode": "YY9"}, vars{"barcode": "XX9"})
	const list = "mail-sort-list.html?estate=A&lang=zh"
	status, page := download(t, app.As(policy.MailSorter), list)
	x, y, z := strings.Index(page, "XX9"), strings.Index(page, "YY9"), strings.Index(page, "ZZ9")
	if status != http.StatusOK || x < 0 || x > y || y > z || !strings.Contains(page, "邮件分拣清单") {
		t.Errorf("%d: %s", status, page)
	}
	if status, _ := download(t, app.As(policy.KeyCustodian), list); status != http.StatusForbidden {
		t.Errorf("the custodian gets %d", status)
	}
}
