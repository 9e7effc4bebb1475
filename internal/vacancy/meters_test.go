package vacancy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const hour = time.Hour

// water is a reading of the water meter, in hundredths, and what else is said of it.
func water(vacancy string, value int, change ...func(reading, in vars)) vars {
	r := vars{"meter": "WATER", "valueHundredths": value}
	in := vars{"vacancyID": vacancy, "readings": []vars{r}}
	for _, f := range change {
		f(r, in)
	}
	return vars{"in": in}
}

func ago(d time.Duration, app *stewardtest.App) func(_, in vars) {
	return func(_, in vars) { in["occurredAt"], in["lateReason"] = app.Clock.Now().Add(-d), "抄表本补录" }
}

func TestV3_AMeterShowsNoLessThanBefore(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	changed := func(r, _ vars) { r["changeReason"] = "旧表停走" }

	p := officer.Do(readMeters, water(id, 10000)).Get("readMeters")
	if p.Get("vacancy.waterHundredths").Int() != 10000 || p.Get("vacancy.waterReadAt").String() == "" || p.Get("vacancy.gasHundredths").Type.String() != "Null" || p.Get("readings.0.recordedByName").String() == "" {
		t.Errorf("read: %s", p.Raw)
	}
	app.Clock.Advance(3 * hour)
	if r := officer.Refused(readMeters, water(id, 9999), fault.RuleBroken, "V3"); r.Field != "readings" {
		t.Errorf("refused at %q", r.Field)
	}
	app.As(policy.Engineering).Do(readMeters, water(id, 10000)) // no water was drawn
	app.Clock.Advance(3 * hour)
	officer.Do(readMeters, water(id, 12000))
	officer.Refused(readMeters, water(id, 12001, ago(hour, app)), fault.RuleBroken, "V3") // more than was shown after
	officer.Do(readMeters, water(id, 11000, ago(hour, app)))
	if v := open(t, officer, app.A.Units[3]); v.Get("waterHundredths").Int() != 12000 || v.Get("electricityHundredths").Int() != 120050 {
		t.Errorf("the last readings: %s", v.Raw)
	}
	app.Clock.Advance(hour)
	officer.Do(readMeters, water(id, 5, changed))
	if v := open(t, officer, app.A.Units[3]); v.Get("waterHundredths").Int() != 5 {
		t.Errorf("of the new meter: %s", v.Raw)
	}

	two := vars{"in": vars{"vacancyID": id, "readings": []vars{{"meter": "GAS", "valueHundredths": 1}, {"meter": "GAS", "valueHundredths": 2}}}}
	none := vars{"in": vars{"vacancyID": id, "readings": []vars{}}}
	for _, in := range []vars{two, none, water(id, -1), water(id, 1_000_000_001), water(id, 9, func(r, _ vars) { r["changeReason"] = " " })} {
		if r := officer.Refused(readMeters, in, fault.InvalidInput); r.Field != "readings" {
			t.Errorf("%v: refused at %q", in, r.Field)
		}
	}
	officer.Refused(readMeters, water(id, 9, ago(25*hour, app)), fault.InvalidInput)
	officer.Refused(readMeters, water(id, 9, func(_, in vars) { in["occurredAt"] = app.Clock.Now().Add(-hour) }), fault.InvalidInput)
	for _, role := range []policy.Role{policy.Security, policy.KeyCustodian, policy.Archivist, policy.Auditor} {
		app.As(role).Refused(readMeters, water(id, 9), fault.Forbidden)
	}
	if r := app.Foreign(policy.CSOfficer).Refused(readMeters, water(id, 9), fault.NotFound); r.Field != "vacancyID" {
		t.Errorf("not found at %q", r.Field)
	}
	err := app.TrySQL(`INSERT INTO meter_readings (id, created_at, estate_id, vacancy_id, unit_id, meter, value_hundredths, read_at, recorded_by_id, recorded_by_name)
		SELECT new_id(x'0702'::int), $2::timestamptz, estate_id, id, $3, 'GAS', 1, $2, $1, '某' FROM vacancies WHERE id = $1`, id, app.Clock.Now(), app.A.Units[0])
	if err == nil || !strings.Contains(err.Error(), "not of the vacancy's unit") {
		t.Errorf("a reading of another unit's meter: %v", err)
	}
}

// The meter stays when people come and go: the next vacancy goes on from what it showed.
func TestV3_AMeterRunsOnFromOneVacancyToTheNext(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, flat := app.As(policy.CSOfficer), built(app, "901", "FLAT")
	first := open(t, officer, flat).Get("id").String()
	officer.Do(readMeters, water(first, 500))
	in := vars{"estateID": app.A.ID, "name": "新户", "occupancy": vars{"unitID": flat, "noticedOn": "2026-02-20", "movedInOn": "2026-03-02"}}
	o := officer.Do(moveInto, vars{"in": in}).Get("createHousehold.occupancy.id").String()
	officer.Do(readMeters, water(first, 501)) // handed over with the keys
	app.Clock.Advance(48 * hour)
	officer.SignIn()
	officer.Refused(readMeters, water(first, 600), fault.Conflict, "V3")
	officer.Do(moveOut, vars{"in": vars{"occupancyID": o}})
	second := open(t, officer, flat).Get("id").String()
	officer.Refused(readMeters, water(second, 400), fault.RuleBroken, "V3")
	officer.Do(readMeters, water(second, 900))
}

func TestV3_AReadingRecordedByMistakeIsVoided(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	id := open(t, officer, app.A.Units[3]).Get("id").String()
	read := func(value int, change ...func(reading, in vars)) string {
		app.Clock.Advance(time.Minute)
		return officer.Do(readMeters, water(id, value, change...)).Get("readMeters.readings.0.id").String()
	}
	last := func() int64 { return open(t, officer, app.A.Units[3]).Get("waterHundredths").Int() }
	void := func(reading string) vars { return stewardtest.Void(reading, " 抄错  门牌 ") }

	read(100)
	wrong := read(70000)
	for _, role := range []policy.Role{policy.Security, policy.KeyCustodian, policy.Auditor} {
		app.As(role).Refused(voidReading, void(wrong), fault.Forbidden)
	}
	app.As(policy.Engineering).Refused(voidReading, void(wrong), fault.Forbidden, "V3") // another's
	app.Foreign(policy.CSOfficer).Refused(voidReading, void(wrong), fault.NotFound)
	if v := officer.Do(voidReading, void(wrong)).Get("voidMeterReading.reading"); v.Get("voidReason").String() != "抄错 门牌" || v.Get("voidedByName").String() == "" {
		t.Errorf("voided: %s", v.Raw)
	}
	if last() != 100 {
		t.Errorf("the one before does not count again, but %d", last())
	}
	officer.Refused(voidReading, void(wrong), fault.Conflict)
	read(150)

	changed := read(3, func(r, _ vars) { r["changeReason"] = "换表" })
	since := read(8)
	if r := officer.Refused(voidReading, void(changed), fault.RuleBroken, "V3"); r.Field != "id" {
		t.Errorf("refused at %q", r.Field)
	}
	officer.Do(voidReading, void(since))
	app.Clock.Advance(16 * time.Minute)
	officer.Refused(voidReading, void(changed), fault.Forbidden, "V3")
	app.As(policy.Supervisor).Do(voidReading, void(changed))
	if last() != 150 {
		t.Errorf("the old meter's does not count again, but %d", last())
	}
}
