package mail_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	moveOut       = `mutation($in: MoveOutInput!) { moveOut(input: $in) { occupancy { state } } }`
	subscriptions = `query($h: ID!) { pressSubscriptions(where: {householdID: $h}, orderBy: {field: LAST, direction: ASC}) { edges { node { id fromOn lastOn endReason endedByName voidedAt voidReason voidedByName } } } }`
)

// leaves moves the household out of a unit on a day.
func leaves(app *stewardtest.App, unit any, on string) {
	o := app.IDs(`SELECT id FROM occupancies WHERE unit_id = $1 AND household_id = $2 AND until_on IS NULL`, unit, app.A.Household)[0]
	app.As(policy.CSOfficer).Do(moveOut, vars{"in": vars{"occupancyID": o, "on": on}})
}

// Who is gone subscribes to nothing: what was open ends the day before the first that is no longer theirs, or with the last press that came,
// and what was to begin later never does.
func TestM1_WhoMovesOutHasNoPressExpected(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist := app.As(policy.Receptionist)
	daily, monthly := publication(app, "日报"), publication(app, "月报")
	subscribe := func(publication string, more vars) string {
		more["householdID"] = app.A.Household
		return receptionist.Do(subscribePress, subscribing(publication, more)).Get("subscribePress.subscription.id").String()
	}
	open, planned := subscribe(daily, vars{}), subscribe(monthly, vars{"fromOn": "2026-04-01"})
	renewed := receptionist.Do(renewPress, vars{"in": vars{"subscriptionID": open, "lastOn": "2027-12-31"}}).Get("renewPressSubscription.subscription.id").String()
	over := subscribe(monthly, vars{"lastOn": "2026-01-31"})
	neighbour := receptionist.Do(subscribePress, subscribing(daily, vars{"householdID": app.A.OtherHousehold})).Get("subscribePress.subscription.id").String()
	came := subscribe(publication(app, "晨报"), vars{})
	receptionist.Do(receivePress, bringing(app, app.IDs(`SELECT publication_id FROM press_subscriptions WHERE id = $1`, came)[0].String(), 1, nil)) // this morning
	app.Clock.Advance(24 * time.Hour)
	for _, p := range []*stewardtest.Person{receptionist, app.As(policy.CSOfficer), app.As(policy.MailSorter)} {
		p.SignIn()
	}
	leaves(app, app.A.Units[1], "2026-03-02") // of which they had notice only
	leaves(app, app.A.Units[0], "2026-03-02") // yesterday, as is recorded today

	of := map[string]gjson.Result{}
	for _, s := range receptionist.Do(subscriptions, vars{"h": app.A.Household}).Get("pressSubscriptions.edges.#.node").Array() {
		of[s.Get("id").String()] = s
	}
	officer := app.As(policy.CSOfficer).Email
	for id, last := range map[string]string{open: "2026-03-01", came: "2026-03-02"} {
		if s := of[id]; s.Get("lastOn").String() != last || s.Get("endReason").String() != "业户已迁出 (moved out on 2026-03-02)" || s.Get("endedByName").String() != officer || s.Get("voidedAt").String() != "" {
			t.Errorf("should end on %s: %s", last, s.Raw)
		}
	}
	for _, id := range []string{planned, renewed} {
		if s := of[id]; s.Get("voidedAt").String() == "" || s.Get("voidReason").String() == "" || s.Get("voidedByName").String() != officer {
			t.Errorf("should never begin: %s", s.Raw)
		}
	}
	if s := of[over]; s.Get("lastOn").String() != "2026-01-31" || s.Get("endReason").String() != "" || s.Get("voidedAt").String() != "" {
		t.Errorf("what was over stays: %s", s.Raw)
	}
	if got := texts(t, app, `SELECT last_on::text FROM press_subscriptions WHERE id = $1 AND ended_at IS NULL`, neighbour); !slices.Equal(got, []string{"2026-12-31"}) {
		t.Errorf("the neighbour's: %v", got)
	}
	if n := texts(t, app, `SELECT count(*)::text FROM generate_series('2026-03-03'::date, '2027-12-31', '1 day') d CROSS JOIN LATERAL press_expected($1, d::date) x WHERE x.household_id = $2`,
		app.A.ID, app.A.Household); n[0] != "0" {
		t.Errorf("%s copies are expected still", n[0])
	}
	// What still comes for them is registered and sorted, under their name.
	item := inSlots(app, vars{"kind": "LETTER"})
	if slot := texts(t, app, `SELECT slot FROM mail_items WHERE id = $1`, item[0]); slot[0] == "" {
		t.Error("mail for who is gone has no slot")
	}
}

// Who has another unit still, or only pays no longer, keeps what they have; and it is the trigger that ends the rest.
func TestM1_WhoStaysKeepsThePress(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	daily := publication(app, "日报")
	id := app.As(policy.Receptionist).Do(subscribePress, subscribing(daily, vars{"householdID": app.A.Household})).Get("subscribePress.subscription.id").String()
	last := func() string {
		return texts(t, app, `SELECT last_on::text FROM press_subscriptions WHERE id = $1 AND voided_at IS NULL`, id)[0]
	}
	app.As(policy.CSOfficer).Do(`mutation($in: GiveMoveInNoticeInput!) { giveMoveInNotice(input: $in) { occupancy { payer } } }`,
		vars{"in": vars{"householdID": app.A.OtherHousehold, "unitID": app.A.Units[0], "capacity": "TENANT", "payer": true}})
	if n := texts(t, app, `SELECT count(*)::text FROM occupancies WHERE unit_id = $1 AND household_id = $2`, app.A.Units[0], app.A.Household); n[0] != "2" || last() != "2026-12-31" {
		t.Errorf("after another pays, in %s occupancies, it ends on %s", n[0], last())
	}
	leaves(app, app.A.Units[0], "2026-03-02") // and has notice of another
	if last() != "2026-12-31" {
		t.Errorf("with another unit it ends on %s", last())
	}
	app.SQL(`ALTER TABLE occupancies DISABLE TRIGGER press_follows`)
	app.SQL(`UPDATE occupancies SET state = 'MOVED_OUT', until_on = '2026-03-02' WHERE unit_id = $1 AND household_id = $2`, app.A.Units[1], app.A.Household)
	if last() != "2026-12-31" {
		t.Errorf("without the trigger it ends on %s, so this proves nothing of it", last())
	}
	app.SQL(`UPDATE occupancies SET state = 'NOTICED', until_on = NULL WHERE unit_id = $1 AND household_id = $2`, app.A.Units[1], app.A.Household)
	app.SQL(`ALTER TABLE occupancies ENABLE TRIGGER press_follows`)
	app.SQL(`UPDATE occupancies SET state = 'MOVED_OUT', until_on = '2026-03-02' WHERE unit_id = $1 AND household_id = $2`, app.A.Units[1], app.A.Household)
	if last() != "2026-03-01" {
		t.Errorf("with the last unit it ends on %s", last())
	}
}
