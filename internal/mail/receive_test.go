package mail_test

import (
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestM1_MailIsCountedWithThePostOffice(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist := app.As(policy.Receptionist)
	in := receiving(app, 12, 11)
	in["in"].(vars)["counts"] = []vars{{"kind": "REGISTERED", "stated": 12, "counted": 11, "remark": "少一件"}, {"kind": "PARCEL", "stated": 2, "counted": 3}}
	r := receptionist.Do(receiveMail, in).Get("receiveMail.receipt")
	if r.Get("receivedOn").String() != "2026-03-02" || r.Get("deliveredBy").String() != "孙师傅" || r.Get("receivedByName").String() != receptionist.Email {
		t.Errorf("received: %s", r.Raw)
	}
	if d := r.Get(`lines.#(kind=="REGISTERED")`); d.Get("difference").Int() != -1 || d.Get("remark").String() != "少一件" || r.Get(`lines.#(kind=="PARCEL").difference`).Int() != 1 {
		t.Errorf("the differences as they are: %s", r.Raw)
	}
	signed := receptionist.Do(`query($s: ID!) { signatures(where: {subjectID: $s}) { edges { node { capacity signerName method } } } }`, vars{"s": r.Get("id").String()}).Get("signatures.edges.#.node")
	if signed.Get(`#(capacity=="deliverer").signerName`).String() != "孙师傅" || signed.Get(`#(capacity=="deliverer").method`).String() != "ATTESTED" || signed.Get(`#(capacity=="receptionist").method`).String() != "SESSION" {
		t.Errorf("signed: %s", signed.Raw)
	}
}

func TestM1_CountsThatAreNone(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist := app.As(policy.Receptionist)
	for field, counts := range map[string][]vars{
		"counts":           {},
		"counts.1.kind":    {{"kind": "PARCEL", "stated": 1, "counted": 1}, {"kind": "PARCEL", "stated": 1, "counted": 1}},
		"counts.0.stated":  {{"kind": "PARCEL", "stated": -1, "counted": 1}},
		"counts.0.counted": {{"kind": "PARCEL", "stated": 1, "counted": 100_001}},
	} {
		in := receiving(app, 1, 1)
		in["in"].(vars)["counts"] = counts
		if r := receptionist.Refused(receiveMail, in, fault.InvalidInput, "M1"); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	app.As(policy.MailSorter).Refused(receiveMail, receiving(app, 1, 1), fault.Forbidden)
	own := receiving(app, 1, 1)
	own["in"].(vars)["deliverer"] = receptionist.Email // nobody counts with oneself
	receptionist.Refused(receiveMail, own, fault.RuleBroken, "M1")
	tomorrow := receiving(app, 1, 1)
	tomorrow["in"].(vars)["occurredAt"] = stewardtest.Start.Add(time.Hour)
	receptionist.Refused(receiveMail, tomorrow, fault.InvalidInput, "M1")
}

func TestM1_ItemsAreRegisteredOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist, receipt := app.As(policy.Receptionist), received(app)
	registering := func(list ...vars) vars { return vars{"in": vars{"receiptID": receipt, "items": list}} }
	made := receptionist.Do(registerMail, registering(
		vars{"kind": "REGISTERED", "barcode": " xa 01 ", "householdID": app.A.Household}, vars{"kind": "PARCEL", "departmentID": app.A.FinanceDepartment}, vars{"kind": "LETTER", "addressee": "王某"},
	)).Get("registerMail.items").Array()
	if len(made) != 3 || made[0].Get("householdID").String() != app.A.Household.String() || made[1].Get("departmentID").String() != app.A.FinanceDepartment.String() {
		t.Errorf("registered: %v", made)
	}
	for _, item := range made {
		state(t, item, "RECEIVED")
	}
	code := made[0].Get("barcode").String()
	if r := receptionist.Refused(registerMail, registering(vars{"kind": "PARCEL", "barcode": code}), fault.Conflict, "M1"); r.Field != "items" {
		t.Errorf("a barcode that is here is refused at %q", r.Field)
	}
	receptionist.Refused(registerMail, registering(vars{"kind": "PARCEL", "barcode": "B1"}, vars{"kind": "PARCEL", "barcode": "B 1"}), fault.InvalidInput, "M1")
	receptionist.Refused(registerMail, registering(vars{"kind": "PARCEL", "householdID": app.A.Household, "departmentID": app.A.Department}), fault.InvalidInput, "M1")
	receptionist.Refused(registerMail, registering(vars{"kind": "PARCEL", "householdID": app.B.Household}), fault.NotFound)

	receptionist.Do(voidItem, vars{"in": vars{"id": id(made[0]), "reason": "登记错"}})
	receptionist.Do(registerMail, registering(vars{"kind": "PARCEL", "barcode": code})) // it is free again
}

func TestM1_WhatIsVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist, receipt := app.As(policy.Receptionist), received(app)
	voiding := func(of string) vars { return vars{"in": vars{"id": of, "reason": "登记错"}} }
	item := receptionist.Do(registerMail, vars{"in": vars{"receiptID": receipt, "items": []vars{{"kind": "PARCEL", "householdID": app.A.Household}}}}).Get("registerMail.items.0.id").String()
	receptionist.Refused(voidReceipt, voiding(receipt), fault.Conflict, "M1") // an item of it stands
	receptionist.Do(voidItem, voiding(item))
	receptionist.Refused(voidItem, voiding(item), fault.Conflict)
	app.As(policy.MailSorter).Refused(sortMail, named(item), fault.Conflict)
	if list := app.Resident().Do(`{ mailItems(first: 50) { edges { node { id } } } }`, nil).Get("mailItems.edges.#.node.id"); contains(list, item) {
		t.Error("the household sees an item that was voided")
	}
	receptionist.Do(voidReceipt, voiding(receipt))
	receptionist.Refused(registerMail, vars{"in": vars{"receiptID": receipt, "items": []vars{{"kind": "PARCEL"}}}}, fault.Conflict)

	sorted := items(app, vars{"householdID": app.A.Household})
	app.As(policy.MailSorter).Do(sortMail, named(id(sorted[0])))
	receptionist.Refused(voidItem, voiding(id(sorted[0])), fault.Conflict, "M1")
	later := received(app)
	app.Clock.Advance(16 * time.Minute)
	receptionist.Refused(voidReceipt, voiding(later), fault.Forbidden, "M1")
	app.As(policy.Supervisor).Do(voidReceipt, voiding(later))
}

// A household sees its own mail and its history, and nobody else's.
func TestM1_AHouseholdSeesItsMail(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	made := items(app, vars{"householdID": app.A.Household}, vars{"householdID": app.A.OtherHousehold}, vars{"departmentID": app.A.Department})
	app.As(policy.MailSorter).Do(sortMail, named(id(made[0]), id(made[1])))
	list := app.Resident().Do(`{ mailItems(first: 50) { edges { node { id state events { state } } } } }`, nil).Get("mailItems.edges.#.node")
	if own := list.Get(`#(id=="` + id(made[0]) + `")`); own.Get("state").String() != "SORTED" || own.Get("events.0.state").String() != "SORTED" {
		t.Errorf("the household sees %s", list.Raw)
	}
	if contains(list.Get("#.id"), id(made[1])) || contains(list.Get("#.id"), id(made[2])) {
		t.Errorf("the household sees another's mail: %s", list.Raw)
	}
	app.Resident().Refused(sortMail, named(id(made[0])), fault.Forbidden)
}
