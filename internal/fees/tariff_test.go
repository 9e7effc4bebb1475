package fees_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func setting(app *stewardtest.App, more vars) vars {
	in := vars{"estateID": app.A.ID, "fee": "垃圾清运费", "unitKind": "FLAT", "basis": "FIXED", "rate": 100000, "fromOn": "2026-03-01"}
	for k, v := range more {
		in[k] = v
	}
	return vars{"in": in}
}

func TestF1_ATariffHasItsTime(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	first := accountant.Do(setTariff, setting(app, nil)).Get("setFeeTariff.tariff.id").String()
	if r := accountant.Refused(setTariff, setting(app, vars{"fromOn": "2026-06-01"}), fault.Conflict, "F1"); r.Field != "fromOn" {
		t.Errorf("refused at %q", r.Field)
	}
	accountant.Do(setTariff, setting(app, vars{"unitKind": "SHOP"})) // another kind of unit
	accountant.Do(setTariff, setting(app, vars{"fee": "车位管理费", "unitKind": "PARKING", "basis": "PER_PLACE"}))
	for field, more := range map[string]vars{
		"basis": {"basis": "PER_PLACE", "fee": "x"}, "rate": {"rate": 0, "fee": "x"}, "lastOn": {"lastOn": "2026-02-01", "fee": "x"}, "fee": {"fee": " "}, "fromOn": {"fromOn": "1900-01-01", "fee": "x"},
	} {
		if r := accountant.Refused(setTariff, setting(app, more), fault.InvalidInput); r.Field != field {
			t.Errorf("refused at %q, want %q", r.Field, field)
		}
	}
	accountant.Refused(setTariff, setting(app, vars{"estateID": app.B.ID}), fault.NotFound)
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.SealKeeper, policy.Auditor} {
		app.As(role).Refused(setTariff, setting(app, vars{"fee": "x"}), fault.Forbidden)
	}

	ending := func(last string) vars { return vars{"in": vars{"tariffID": first, "lastOn": last, "reason": "调价"}} }
	if r := accountant.Refused(endTariff, ending("2026-02-01"), fault.InvalidInput, "F1"); r.Field != "lastOn" {
		t.Errorf("refused at %q", r.Field)
	}
	billed(app, "2026-03-02")
	accountant.Refused(endTariff, ending("2026-03-15"), fault.Conflict, "F1") // the rest of March was billed by it
	app.Foreign(policy.Accountant).Refused(endTariff, ending("2026-03-31"), fault.NotFound)
	if got := accountant.Do(endTariff, ending("2026-03-31")).Get("endFeeTariff.tariff"); got.Get("untilOn").String() != "2026-04-01" || got.Get("endedByName").String() != accountant.Email {
		t.Errorf("ended: %s", got.Raw)
	}
	accountant.Refused(endTariff, ending("2026-03-31"), fault.Conflict, "F1") // once
	accountant.Do(setTariff, setting(app, vars{"fromOn": "2026-04-01", "rate": 120000}))

	// Without its trigger a tariff would end before what was billed by it.
	app.Super(`ALTER TABLE fee_tariffs DISABLE TRIGGER fee_tariff_ends`)
	other := app.IDs(`SELECT id FROM fee_tariffs WHERE estate_id = $1 AND fee = '物业管理费'`, app.A.ID)[0]
	accountant.Do(endTariff, vars{"in": vars{"tariffID": other, "lastOn": "2026-01-15", "reason": "误"}})
}

func TestF5_TheBookSaysWhereToPay(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	accountant := app.As(policy.Accountant)
	changing := func(version int, more vars) vars {
		in := vars{"estateID": app.A.ID, "expectedVersion": version}
		for k, v := range more {
			in[k] = v
		}
		return vars{"in": in}
	}
	b := accountant.Do(setBook, changing(1, vars{"payAt": "项目财务部", "dueDays": 45})).Get("setFeeBook.book")
	if b.Get("payAt").String() != "项目财务部" || b.Get("version").Int() != 2 {
		t.Errorf("the book: %s", b.Raw)
	}
	accountant.Refused(setBook, changing(1, vars{"dueDays": 3}), fault.Conflict)
	if r := accountant.Refused(setBook, changing(2, vars{"dueDays": 91}), fault.InvalidInput, "F5"); r.Field != "dueDays" {
		t.Errorf("refused at %q", r.Field)
	}
	accountant.Refused(setBook, vars{"in": vars{"estateID": app.B.ID, "expectedVersion": 1}}, fault.NotFound)
	app.As(policy.CSOfficer).Refused(setBook, changing(2, nil), fault.Forbidden)
	if by := billed(app, "2026-03-01").Get("payBy").String(); by != "2026-04-16" {
		t.Errorf("March is to be paid by %s", by)
	}
	if value[bool](t, app, `SELECT has_column_privilege('steward_app', 'fee_books', 'last_receipt', 'UPDATE')`) {
		t.Error("the serving role may change the number of the last receipt")
	}
}
