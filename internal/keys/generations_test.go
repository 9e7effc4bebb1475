package keys_test

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// lockModel is what a set must be, kept beside it in plain numbers.
type lockModel struct {
	app                     *stewardtest.App
	set                     uuid.UUID
	desk, cabinet, scrapped int
	generation, changes     int
	count                   int // keys that the generation has had
	loans                   []openLoan
	losses                  []lossModel
}

type lossModel struct {
	id                string
	count, generation int
}

// condition is K3.1 in words.
func (m *lockModel) condition() string {
	if m.changes >= 3 || m.lost() > 0 {
		return "DUE_FOR_SCRAPPING"
	}
	return "IN_USE"
}

// lost are the keys of this generation that are gone.
func (m *lockModel) lost() (n int) {
	for _, l := range m.losses {
		if l.generation == m.generation {
			n += l.count
		}
	}
	return n
}

func (m *lockModel) lent() (n int) {
	for _, l := range m.loans {
		n += l.out
	}
	return n
}

// Over random histories of acceptance, loans, returns, losses, finds and lock changes, the set is what K3.1 says, its
// generation has had what came from the source, and its accounts sum to zero.
func TestK3_1_TheSetIsWhatItsHistorySays(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	rapid.Check(t, func(t *rapid.T) {
		m := &lockModel{app: app, set: uuid.New(), generation: 1}
		m.set = app.IDs(`SELECT new_id(x'0301'::int)`)[0]
		app.SQL(`INSERT INTO key_sets (id, created_at, estate_id, unit_id, place, label, kind, sort_key) VALUES ($1::uuid, $2, $3, $4, $1::uuid::text, 'x', 'UNIT', 'x')`,
			m.set, app.Clock.Now(), app.A.ID, app.A.Units[0])
		m.accept(app, 4)
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			m.step(t, app)
		}
		m.agrees(t, app)
	})
}

// accept takes keys over to the front desk, as a sheet does.
func (m *lockModel) accept(app *stewardtest.App, n int) {
	app.SQL(`INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, occurred_at)
		VALUES (new_id(x'0303'::int), $1, $2, $3, $4, $5, $6, 'ACCEPTED', $1)`, app.Clock.Now(), app.A.ID, m.set, app.A.Source, app.A.Desk, n)
	m.desk, m.count = m.desk+n, m.count+n
}

func (m *lockModel) step(t *rapid.T, app *stewardtest.App) {
	n, p, tally := rapid.IntRange(1, 3).Draw(t, "count"), app.As(policy.KeyCustodian), &model{}
	switch rapid.IntRange(0, 5).Draw(t, "act") {
	case 0:
		m.accept(app, n)
	case 1:
		possible := n <= m.desk && m.condition() == "IN_USE"
		answer, err := p.Try(lendKeys, loanOf(vars{"staffID": app.A.Staff}, m.set, n))
		if err != nil || answer.Get("errors").Exists() == possible {
			t.Fatalf("lend %d of %+v: %v %s", n, m, err, answer.Raw)
		}
		if loan := answer.Get("data.lendKeys.loan"); possible {
			m.desk -= n
			m.loans = append(m.loans, openLoan{loan.Get("id").String(), loan.Get("lines.0.id").String(), n, false})
		}
	case 2:
		for i := range m.loans {
			if l := &m.loans[i]; l.out > 0 && tally.try(t, p, returnKeys, vars{"in": vars{"loanID": l.id, "signature": vars{}}}, true) {
				m.desk, l.out = m.desk+l.out, 0
			}
		}
	case 3:
		answer, err := p.Try(reportLoss, lossOf(m.set, app.A.Desk, n))
		if err != nil || answer.Get("errors").Exists() == (n <= m.desk) {
			t.Fatalf("lose %d of %+v: %v %s", n, m, err, answer.Raw)
		}
		if n <= m.desk {
			m.desk -= n
			m.losses = append(m.losses, lossModel{answer.Get("data.reportKeyLoss.loss.id").String(), n, m.generation})
		}
	case 4:
		if len(m.losses) == 0 {
			return
		}
		l := &m.losses[rapid.IntRange(0, len(m.losses)-1).Draw(t, "loss")]
		if tally.try(t, p, foundKey, foundOf(l.id, app.A.Desk, n), n <= l.count && l.generation == m.generation) {
			m.desk, l.count = m.desk+n, l.count-n
		}
	case 5:
		m.change(t, app, p, tally, n)
	}
}

// change changes the lock, unless it was changed three times or keys are lent.
func (m *lockModel) change(t *rapid.T, app *stewardtest.App, p *stewardtest.Person, tally *model, n int) {
	leader := app.As(policy.Supervisor)
	if !tally.try(t, leader, orderChange, changeOf(m.set), m.changes < 3) {
		return
	}
	id := p.Do(`query($s: ID!) { keyLockChanges(where: {setID: $s, state: ORDERED}) { edges { node { id } } } }`, vars{"s": m.set}).Get("keyLockChanges.edges.0.node.id").String()
	if !tally.try(t, p, recordChange, changedOf(app, m.set, id, n), m.lent() == 0) {
		leader.Do(cancelChange, cancelOf(id))
		return
	}
	m.scrapped += m.desk + m.cabinet + m.lost()
	m.generation, m.changes, m.desk, m.cabinet, m.count = m.generation+1, m.changes+1, 0, n, n
}

func (m *lockModel) agrees(t *rapid.T, app *stewardtest.App) {
	read(app, m.set) // panics unless the accounts sum to zero
	s := app.As(policy.KeyCustodian).Do(`query($id: ID!) { node(id: $id) { ... on KeySet { condition generation lockChanges } } }`, vars{"id": m.set}).Get("node")
	if s.Get("condition").String() != m.condition() || int(s.Get("generation").Int()) != m.generation || int(s.Get("lockChanges").Int()) != m.changes {
		t.Fatalf("the set is %s, the model %s %+v", s.Raw, m.condition(), m)
	}
	got := kept(app, m.set)
	if int(got["DESK"]) != m.desk || int(got["CABINET"]) != m.cabinet || int(got["LOST"]) != m.lost() || int(got["STAFF"]) != m.lent() || int(got["SCRAPPED"]) != m.scrapped {
		t.Fatalf("the ledger %v, the model %+v", got, m)
	}
	if n := len(app.IDs(`SELECT set_id FROM key_generations WHERE set_id = $1 AND retired_at IS NULL AND number = $2 AND count = $3`, m.set, m.generation, m.count)); n != 1 {
		t.Fatalf("generation %d has not had %d keys", m.generation, m.count)
	}
	if n := len(app.IDs(`SELECT $1::uuid WHERE $2 = (SELECT count(*) FROM key_generations WHERE set_id = $1)
		AND (SELECT sum(count) FROM key_generations WHERE set_id = $1) = -(SELECT count FROM key_balances WHERE set_id = $1 AND source)`, m.set, m.generation)); n != 1 {
		t.Fatalf("the generations do not add up to what came from the source")
	}
}
