package mail_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// A claim is closed by who counted it only with who brings the rest; and who recorded what came gives up no rest.
func TestM7_WhatIsRecoveredIsSignedFor(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist, manager := app.As(policy.Receptionist), app.As(policy.ProjectManager)
	brought(app, readers(app, 1, 2, 1), 1, nil)
	c := claimOf(app, "2026-03-02")
	recovering := func(by string, signature any) vars {
		return vars{"in": vars{"claimID": id(c), "copies": 1, "deliverer": by, "signature": signature}}
	}
	receptionist.Refused(recoverClaim, recovering("孙师傅", nil), fault.InvalidInput)
	if r := receptionist.Refused(recoverClaim, recovering(receptionist.Email, vars{}), fault.RuleBroken, "M7"); r.Field != "deliverer" {
		t.Errorf("brought by who takes it over, refused at %q", r.Field)
	}
	alone := sql(`INSERT INTO press_recoveries (id, created_at, estate_id, claim_id, copies, delivered_by, recovered_on, recorded_by_id, recorded_by_name)
		VALUES (gen_random_uuid(), now(), $1, $2, 1, 'x', '2026-03-02', gen_random_uuid(), 'x')`, app.A.ID, id(c))
	if got := refusalOf(t, raw(t, app), alone); got != "press_recoveries_signed" {
		t.Errorf("unsigned past the program: %q", got)
	}
	r := manager.Do(recoverClaim, recovering("孙师傅", vars{})).Get("recoverPressClaim.recovery.id").String()
	writing := vars{"in": vars{"claimID": id(c), "reason": "邮局不再补"}}
	manager.Refused(writeOffClaim, writing, fault.RuleBroken, "M7")
	const off = `UPDATE press_claims SET write_off_reason = 'x', written_off_by_name = 'x', written_off_by_id = $2 WHERE id = $1`
	if app.TrySQL(off, id(c), manager.Account) == nil {
		t.Error("the database lets who recorded what came write off")
	}
	manager.Do(voidRecovery, stewardtest.Void(r, "数错"))
	manager.Do(writeOffClaim, writing) // of which they recorded nothing that stands
}

// A short count becomes no whole one by who made it, whoever leads.
func TestM7_AShortCountIsVoidedByAnother(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager, daily := app.As(policy.ProjectManager), readers(app, 1, 2, 1)
	short := id(manager.Do(receivePress, bringing(app, daily, 1, nil)).Get("receivePress.deliveries.0"))
	manager.Refused(voidPressDelivery, stewardtest.Void(short, "数错"), fault.RuleBroken, "M7")
	void := `UPDATE press_deliveries SET voided_at = now(), void_reason = 'x', voided_by_id = $2, voided_by_name = 'x' WHERE id = $1`
	if got := refusalOf(t, raw(t, app), sql(void, short, manager.Account)); got != "press_deliveries_by_another" {
		t.Errorf("past the program: %q", got)
	}
	app.As(policy.Supervisor).Do(voidPressDelivery, stewardtest.Void(short, "数错"))
	whole := id(brought(app, daily, 4, nil))
	app.As(policy.Receptionist).Do(voidPressDelivery, stewardtest.Void(whole, "数错")) // nothing is claimed of it
}

// The supervisor of another department does not decide upon mail, which is customer service's.
func TestM4_TheSupervisorOfCustomerServiceLeads(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	g := app.GrantIn(policy.Supervisor, app.A)
	g.Department = app.A.SecurityDepartment
	security := app.Member("security-supervisor@example", g)
	list := inSlots(app, vars{}, vars{})
	d := app.As(policy.MailSorter).Do(deliverMail, route(signed(vars{"itemIDs": list[:1]}, "residentID", app.A.Resident))).Get("deliverMail.deliveries.0.id").String()
	app.As(policy.Receptionist).Do(raiseDoubt, because(list[1]))
	short := brought(app, readers(app, 1, 2, 1), 1, nil)
	c := claimOf(app, "2026-03-02")
	app.Clock.Advance(time.Hour)
	for name, does := range map[string]func(*stewardtest.Person) gjson.Result{
		"decides": func(p *stewardtest.Person) gjson.Result {
			return p.Ask(decideMail, vars{"in": vars{"itemID": list[1], "to": "DEAD", "reason": "x"}})
		},
		"opens": func(p *stewardtest.Person) gjson.Result {
			return p.Ask(openCase, against(app, app.A.Staff, vars{"day": "2026-03-01"}))
		},
		"voids": func(p *stewardtest.Person) gjson.Result { return p.Ask(voidDelivery, stewardtest.Void(d, "x")) },
		"writes off": func(p *stewardtest.Person) gjson.Result {
			return p.Ask(writeOffClaim, vars{"in": vars{"claimID": id(c), "reason": "x"}})
		},
	} {
		security.SignIn()
		if got := does(security).Get("errors.0.extensions.code").String(); got != string(fault.Forbidden) {
			t.Errorf("the supervisor of security %s: %q", name, got)
		}
		app.As(policy.Supervisor).SignIn()
		if r := does(app.As(policy.Supervisor)); r.Get("errors").Exists() {
			t.Errorf("the supervisor of customer service %s: %s", name, r.Raw)
		}
	}
	security.Refused(voidPressDelivery, stewardtest.Void(id(short), "x"), fault.Forbidden)
}

// Nobody signs twice under the own name with a character that nobody sees.
func TestM3_AnInvisibleCharacterMakesNoOtherPerson(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	sorter := app.As(policy.MailSorter)
	staff := texts(t, app, `SELECT name FROM staffs WHERE id = $1`, app.A.Staff)[0]
	list := inSlots(app, vars{})
	for _, mark := range []string{"\ufe00", "\ufe0f", "\U000e0100", "\u2800", "\u034f", "\u3164", "\uffa0", "\u180b"} {
		for _, who := range []string{sorter.Email + mark, staff + mark} {
			if r := sorter.Ask(deliverMail, route(signed(vars{"itemIDs": list}, "recipient", who))); !r.Get("errors").Exists() {
				t.Errorf("%q signs as recipient", who)
			}
		}
		if got := texts(t, app, `SELECT (signature_name($1) = signature_name($2))::text`, staff, staff[:3]+mark+staff[3:]); got[0] != "true" {
			t.Errorf("%q is another name", mark)
		}
	}
}

// Into the box goes only what is for who has it now.
func TestM3_WhoMovedOutHasNoBox(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	sorter := app.As(policy.MailSorter)
	first := inSlots(app, vars{"kind": "LETTER", "householdID": app.A.OtherHousehold}) // sorted while they lived there
	o := app.IDs(`SELECT id FROM occupancies WHERE unit_id = $1 AND until_on IS NULL`, app.A.Units[2])[0]
	app.As(policy.CSOfficer).Do(`mutation($in: MoveOutInput!) { moveOut(input: $in) { unit { state } } }`, vars{"in": vars{"occupancyID": o}})
	second := inSlots(app, vars{"kind": "LETTER", "householdID": app.A.OtherHousehold}) // and after
	for _, list := range [][]string{first, second} {
		sorter.Refused(deliverMail, route(vars{"itemIDs": list, "toBox": true}), fault.RuleBroken, "M3")
	}
	sorter.Do(deliverMail, route(signed(vars{"itemIDs": append(first, second...)}, "recipient", "原住户亲属"))) // signed for it goes
}

// A scan proves that the thing is here, an excuse that it lay here, and a case asks who is responsible: its record stays.
func TestM1_WhatWasScannedExcusedOrNamedIsNotVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	receptionist := app.As(policy.Receptionist)
	made := items(app, vars{"householdID": app.A.Household, "barcode": "PP01"}, vars{"householdID": app.A.Household, "barcode": "PP02"}, vars{"householdID": app.A.Household, "barcode": "PP03"})
	me := hired(app, "接待员甲", receptionist.Account)
	receptionist.Do(scanMail, scanning(app, "一号台", "PP01"))
	receptionist.Do(excuseMail, ofDay(today(app), "无人在家", id(made[1])))
	c := id(app.As(policy.Supervisor).Do(openCase, against(app, me, vars{"itemID": id(made[2])})).Get("openMailCase.case"))
	void := `UPDATE mail_items SET voided_at = now(), void_reason = 'x', voided_by_id = $2, voided_by_name = 'x' WHERE id = $1`
	for i, what := range []string{"scanned", "excused", "named"} {
		receptionist.Refused(voidItem, stewardtest.Void(id(made[i]), "登记错"), fault.Conflict, "M1")
		if got := refusalOf(t, raw(t, app), sql(void, id(made[i]), uuid.New())); got != "mail_items_untouched" {
			t.Errorf("%s, past the program: %q", what, got)
		}
	}
	app.As(policy.Supervisor).Do(voidCase, stewardtest.Void(c, "登记错"))
	receptionist.Do(voidItem, stewardtest.Void(id(made[2]), "登记错")) // named by nothing that stands
	names := sql(`INSERT INTO mail_cases (id, created_at, estate_id, kind, item_id, circumstances, responsible_id, responsible_name, opened_by_id, opened_by_name, answer_by)
		VALUES (gen_random_uuid(), now(), $1, 'LOSS', $2, 'x', $3, 'x', gen_random_uuid(), 'x', now())`, app.A.ID, id(made[2]), me)
	if got := refusalOf(t, raw(t, app), names); got != "mail_cases_item" {
		t.Errorf("a case about what was voided: %q", got)
	}
}

// A number that a scanner and a keyboard write in another case is one number.
func TestM2_BarcodesAreOfOneCase(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	made := items(app, vars{"householdID": app.A.Household, "barcode": "xa123456789cn"})
	if got := made[0].Get("barcode").String(); got != "XA123456789CN" {
		t.Errorf("kept as %s", got)
	}
	registering := vars{"in": vars{"receiptID": received(app), "items": []vars{{"kind": "PARCEL", "barcode": "XA123456789CN"}}}}
	app.As(policy.Receptionist).Refused(registerMail, registering, fault.Conflict, "M1")
	if got := outcomes(app.As(policy.Receptionist).Do(scanMail, scanning(app, "一号台", "Xa123456789cn"))); got != `["MATCHED"]` {
		t.Errorf("scanned it is %s", got)
	}
	receipt := texts(t, app, `SELECT receipt_id::text FROM mail_items WHERE id = $1`, id(made[0]))[0]
	if got := refusalOf(t, raw(t, app), sql(`INSERT INTO mail_items (id, created_at, estate_id, receipt_id, received_on, kind, barcode, changed_at, changed_by_name, registered_by_id, registered_by_name)
		VALUES (gen_random_uuid(), now(), $1, $2, '2026-03-02', 'PARCEL', 'xa1', now(), 'x', gen_random_uuid(), 'x')`, app.A.ID, receipt)); got != "mail_items_barcode_case" {
		t.Errorf("past the program: %q", got)
	}
}
