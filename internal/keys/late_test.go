package keys_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const handOverKeys = `mutation($in: HandOverKeysInput!) { handOverKeys(input: $in) { movement { id occurredAt lateReason } } }`

func TestK4_1_EntriesAreRecordedWithinADay(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	app.Clock.Advance(24 * time.Hour)
	custodian, now := app.As(policy.KeyCustodian), app.Clock.Now()
	for operation, c := range map[string]struct {
		document string
		in       vars
	}{
		"moveKeys":     {moveKeys, vars{"setID": app.A.Sets[0], "count": 1, "fromID": app.A.Cabinet, "toID": app.A.Desk}},
		"handOverKeys": {handOverKeys, vars{"setID": app.A.Sets[1], "count": 1, "fromID": app.A.Cabinet, "householdID": app.A.Household, "signature": vars{"name": "代办人"}}},
	} {
		at := func(ago time.Duration, reason any) vars {
			in := maps.Clone(c.in)
			in["occurredAt"], in["lateReason"] = now.Add(-ago), reason
			return vars{"in": in}
		}
		for field, cases := range map[string][]vars{
			"occurredAt": {at(-time.Second, "停电"), at(24*time.Hour+time.Second, "停电")},
			"lateReason": {at(11*time.Minute, nil), at(11*time.Minute, " ")},
		} {
			for _, in := range cases {
				if r := custodian.Refused(c.document, in, fault.InvalidInput); r.Field != field {
					t.Errorf("%s %v: refused at %q", operation, in, r.Field)
				}
			}
		}
		custodian.Do(c.document, at(5*time.Minute, nil))
		m := custodian.Do(c.document, at(24*time.Hour, "停电")).Get(operation + ".movement")
		if got, err := time.Parse(time.RFC3339, m.Get("occurredAt").String()); err != nil || !got.Equal(now.Add(-24*time.Hour)) || m.Get("lateReason").String() != "停电" {
			t.Errorf("%s: %s", operation, m.Raw)
		}
	}
}

// An entry that is recorded late must have been possible when it happened, and leave possible what came after.
func TestK4_1_AnEntryMustHaveBeenPossibleThen(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	move := func(from, to uuid.UUID, ago time.Duration) vars {
		return vars{"in": vars{"setID": set, "count": app.A.AtDesk, "fromID": from, "toID": to, "occurredAt": app.Clock.Now().Add(-ago), "lateReason": "停电"}}
	}
	app.Clock.Advance(time.Hour)
	custodian.Do(moveKeys, move(app.A.Desk, app.A.Cabinet, 0)) // from here on the desk has none
	app.Clock.Advance(time.Hour)
	custodian.Do(moveKeys, move(app.A.Cabinet, app.A.Desk, 0)) // and from here on it has them again
	app.Clock.Advance(time.Hour)
	between, before := move(app.A.Desk, app.A.Cabinet, 90*time.Minute), move(app.A.Desk, app.A.Cabinet, 150*time.Minute)
	custodian.Refused(moveKeys, between, fault.Conflict, "K4.1")
	custodian.Refused(moveKeys, before, fault.Conflict, "K4.1")
	custodian.Do(moveKeys, move(app.A.Cabinet, app.A.Desk, 150*time.Minute)) // this much the cabinet had always
	custodian.Do(moveKeys, before)                                           // and now the desk did, too

	// It is the trigger that holds it: without it the ledger tells what cannot have been.
	if was := negative(app); was != 0 {
		t.Errorf("%d balances were below zero", was)
	}
	app.SQL(`DROP TRIGGER key_post_late ON key_movements`)
	custodian.Do(moveKeys, between)
	if was := negative(app); was == 0 {
		t.Error("nothing is wrong without the trigger, so this does not test it")
	}
}

// negative is how often a holder but the source had fewer keys of a set than none, at any time.
func negative(app *stewardtest.App) int {
	return len(app.IDs(`SELECT set_id FROM (
		SELECT set_id, holder, source, sum(n) OVER (PARTITION BY set_id, holder ORDER BY occurred_at) AS had FROM (
			SELECT m.set_id, h.id AS holder, h.kind = 'SOURCE' AS source, m.occurred_at, CASE WHEN m.to_id = h.id THEN m.count ELSE -m.count END AS n
			FROM key_movements m JOIN key_holders h ON h.estate_id = m.estate_id AND h.id IN (m.from_id, m.to_id)) legs) x
		WHERE had < 0 AND NOT source`))
}

// leg is what an entry did to the front desk; the cabinet got the opposite.
type leg struct {
	at time.Time
	n  int
}

// possible tells whether the giver never had fewer keys than none; the desk gives if sign is 1.
func possible(history []leg, sign, opening int) bool {
	for _, until := range history {
		had := opening
		for _, l := range history {
			if !l.at.After(until.at) {
				had += sign * l.n
			}
		}
		if had < 0 {
			return false
		}
	}
	return true
}

// Over random histories of entries that are recorded late, those that were possible are taken and no others, and no
// balance was below zero at any time.
func TestK4_1_NoBalanceWasEverNegative(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[3]
	var history []leg
	taken, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		for range rapid.IntRange(1, 4).Draw(t, "steps") {
			app.Clock.Advance(time.Minute)
			elapsed := app.Clock.Now().Sub(stewardtest.Start)
			n, deskGives := rapid.IntRange(1, 4).Draw(t, "count"), rapid.Bool().Draw(t, "from the desk")
			at := app.Clock.Now().Add(-time.Duration(rapid.IntRange(0, int(elapsed.Minutes())).Draw(t, "minutes ago")) * time.Minute)
			from, to, l, sign, opening := app.A.Cabinet, app.A.Desk, leg{at, n}, -1, app.A.InCabinet
			if deskGives {
				from, to, l, sign, opening = to, from, leg{at, -n}, 1, app.A.AtDesk
			}
			answer, err := custodian.Try(moveKeys, vars{"in": vars{"setID": set, "count": n, "fromID": from, "toID": to, "occurredAt": at, "lateReason": "停电"}})
			if err != nil {
				t.Fatal(err)
			}
			was := possible(append(history[:len(history):len(history)], l), sign, opening)
			if answer.Get("errors").Exists() == was {
				t.Fatalf("possible: %v, but %s", was, answer.Raw)
			}
			if was {
				history, taken = append(history, l), taken+1
			} else if refused++; answer.Get("errors.0.extensions.code").String() != string(fault.Conflict) {
				t.Fatalf("refused: %s", answer.Raw)
			}
		}
	})
	if was := negative(app); was != 0 {
		t.Errorf("%d balances were below zero", was)
	}
	if taken < 20 || refused < 20 {
		t.Errorf("%d taken and %d refused prove little", taken, refused)
	}
}
