package keys_test

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// model is what the ledger of one set must show, kept beside it in plain numbers.
type model struct {
	cabinet, desk, household int
	loans                    []openLoan
}

type openLoan struct {
	id, line string
	out      int
	cabinet  bool // lent from there, goes back there
}

// Over random histories of moves, loans, returns and handing over, the ledger agrees with the model, no
// balance but the source's is negative, and the set's accounts sum to zero (K4.1).
func TestK4_1_EveryMovementIsADoubleEntry(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	next := 0
	rapid.Check(t, func(t *rapid.T) {
		set := app.A.Sets[next%2] // units of the household that gets keys
		m := read(app, set)
		if next < 1000 {
			next++
		}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			m.step(t, app, custodian, set)
		}
		got := read(app, set)
		if got.cabinet != m.cabinet || got.desk != m.desk || got.household != m.household {
			t.Fatalf("ledger %+v, model %+v", got, m)
		}
	})
}

func (m *model) step(t *rapid.T, app *stewardtest.App, p *stewardtest.Person, set uuid.UUID) {
	n := rapid.IntRange(1, 4).Draw(t, "count")
	switch rapid.IntRange(0, 3).Draw(t, "act") {
	case 0: // cabinet to desk and back
		toDesk := rapid.Bool().Draw(t, "to desk")
		from, to, have := app.A.Cabinet, app.A.Desk, &m.cabinet
		if !toDesk {
			from, to, have = to, from, &m.desk
		}
		in := vars{"in": vars{"setID": set, "count": n, "fromID": from, "toID": to}}
		if m.try(t, p, `mutation($in: MoveKeysInput!) { moveKeys(input: $in) { movement { id } } }`, in, n <= *have) {
			if toDesk {
				m.cabinet, m.desk = m.cabinet-n, m.desk+n
			} else {
				m.cabinet, m.desk = m.cabinet+n, m.desk-n
			}
		}
	case 1:
		cabinet := rapid.Bool().Draw(t, "from cabinet")
		in, have := loanOf(vars{"staffID": app.A.Staff}, set, n), &m.desk
		if cabinet {
			in["in"].(vars)["fromID"], have = app.A.Cabinet, &m.cabinet
		}
		answer, err := p.Try(lendKeys, in)
		if err != nil || answer.Get("errors").Exists() == (n <= *have) {
			t.Fatalf("lend %d of %d: %v %s", n, *have, err, answer.Raw)
		}
		if loan := answer.Get("data.lendKeys.loan"); n <= *have {
			*have -= n
			m.loans = append(m.loans, openLoan{loan.Get("id").String(), loan.Get("lines.0.id").String(), n, cabinet})
		}
	case 2:
		if len(m.loans) == 0 {
			return
		}
		l := &m.loans[rapid.IntRange(0, len(m.loans)-1).Draw(t, "loan")]
		in := vars{"in": vars{"loanID": l.id, "signature": vars{}, "lines": []vars{{"lineID": l.line, "count": n}}}}
		if m.try(t, p, returnKeys, in, n <= l.out) {
			l.out -= n
			if l.cabinet {
				m.cabinet += n
			} else {
				m.desk += n
			}
		}
	case 3:
		in := vars{"in": vars{"setID": set, "count": n, "fromID": app.A.Cabinet, "householdID": app.A.Household, "signature": vars{"name": "代办人"}}}
		if m.try(t, p, `mutation($in: HandOverKeysInput!) { handOverKeys(input: $in) { movement { id } } }`, in, n <= m.cabinet) {
			m.cabinet, m.household = m.cabinet-n, m.household+n
		}
	}
}

// try performs an act that the model says is possible or not.
func (m *model) try(t *rapid.T, p *stewardtest.Person, document string, in vars, possible bool) bool {
	answer, err := p.Try(document, in)
	if err != nil || answer.Get("errors").Exists() == possible {
		t.Fatalf("possible: %v, but %v %s", possible, err, answer.Raw)
	}
	return possible
}

// read takes the ledger's balances of a set, and checks what holds of every ledger.
func read(app *stewardtest.App, set uuid.UUID) model {
	var m model
	sum := 0
	for _, b := range app.As(policy.KeyCustodian).Do(`query($s: ID!) { keyBalances(first: 200, where: {setID: $s}) { edges { node { count source holder { kind } } } } }`,
		vars{"s": set}).Get("keyBalances.edges.#.node").Array() {
		n := int(b.Get("count").Int())
		sum += n
		if n < 0 && !b.Get("source").Bool() {
			panic("a balance below zero: " + b.Raw)
		}
		switch b.Get("holder.kind").String() {
		case "CABINET":
			m.cabinet += n
		case "DESK":
			m.desk += n
		case "HOUSEHOLD":
			m.household += n
		}
	}
	if sum != 0 {
		panic("a set's accounts do not sum to zero")
	}
	return m
}
