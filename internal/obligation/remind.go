package obligation

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

const (
	// leaderAfter is how long after the due time the leader hears of what is still open.
	leaderAfter = time.Hour
	// batch is how many obligations one transaction deals with, in a constant number of statements.
	batch = 500
)

// Remind tells those answerable of what is past due, their leaders of what is still open an hour later, and
// marks as breached what is past its grace. It returns how many obligations it dealt with. Each step of an
// obligation is taken once, however many servers run this and how often.
func Remind(ctx context.Context, rt *act.Runtime) (n int, err error) {
	defer fault.Wrap(&err, "remind of obligations")
	ctx = act.With(ctx, rt)
	var due []remindInput
	if err := rt.DB.Ent.Obligation.Query().Where(awaiting(rt.Clock.Now())).
		GroupBy(obligation.FieldEstateID, obligation.FieldClause).Scan(ctx, &due); err != nil {
		return 0, err
	}
	for _, in := range due {
		for more := true; more; {
			done, err := remind.Do(ctx, in)
			if fault.Is(err, fault.Conflict) {
				break // another server has them in hand
			}
			if err != nil {
				return n, err
			}
			n += done.Count
			more = done.Count == batch
		}
	}
	return n, nil
}

// remindInput is what one clause demands in one estate, at most a batch of it: an act says on the audit trail by which clause.
type remindInput struct {
	Estate uuid.UUID `json:"estate_id"`
	Clause string    `json:"clause"`
}

// reminded tells how many obligations were dealt with.
type reminded struct{ Count int }

// remind is the program's own act, though policy would let those do it who deal with obligations.
var remind = act.New("obligations.remind", act.Needs(policy.Obligation, policy.Update), nil, remindEstate)

func remindEstate(tx *act.Tx, in remindInput) (*reminded, error) {
	tx.By(in.Clause)
	list, err := tx.Obligation.Query().Where(obligation.EstateID(in.Estate), obligation.Clause(in.Clause), awaiting(tx.Now)).
		Order(obligation.ByDueAt(), obligation.ByID()).Limit(batch).ForUpdate(sql.WithLockAction(sql.SkipLocked)).All(tx)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		// Nothing was changed, so that nothing is to be said on the audit trail.
		return nil, fault.Clash("已由另一台服务器处理。", "Another server has dealt with it.")
	}
	cal, err := tx.Calendar(in.Estate)
	if err != nil {
		return nil, err
	}
	who, err := findLeaders(tx, in.Estate, cal.Today(tx.Now))
	if err != nil {
		return nil, err
	}
	leadersOf, err := answer(tx, list, who)
	if err != nil {
		return nil, err
	}
	inPerson, err := person(tx, in.Estate, cal.Today(tx.Now), list)
	if err != nil {
		return nil, err
	}
	var messages []account.Message
	steps := make([]step, len(list))
	for i, o := range list {
		steps[i] = nextStep(o, inPerson(o), leadersOf, tx.Now)
		messages = append(messages, steps[i].messages(cal)...)
	}
	if err := take(tx, in.Estate, steps); err != nil {
		return nil, err
	}
	if err := raise(tx, steps); err != nil {
		return nil, err
	}
	return &reminded{len(list)}, tx.Runtime().Accounts.Post(tx, tx.Raw, messages...)
}

// awaiting selects what is past due and not done, and has not had all of its steps.
func awaiting(now time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) { // literals, so that the partial index of just these serves
			b.WriteString(`(met_at IS NULL AND state IN ('OPEN', 'BREACHED') AND due_at < `).Arg(now).
				WriteString(` AND (reminders = 0 OR reminders = 1 AND due_at <= `).Arg(now.Add(-leaderAfter)).
				WriteString(` OR state = 'OPEN' AND due_at + make_interval(secs => grace_seconds) < `).Arg(now).WriteString(`))`)
		}))
	}
}

// step is what the time that has passed asks for about one obligation.
type step struct {
	o         *ent.Obligation
	reminders int // in all, after this
	state     obligation.State
	person    uuid.UUID   // answerable, to be told now; Nil: nobody
	leaders   []uuid.UUID // to be told now
}

// nextStep decides. What nobody is answerable for in person goes to the leaders at once.
func nextStep(o *ent.Obligation, person *uuid.UUID, leadersOf func(*ent.Obligation) []uuid.UUID, now time.Time) step {
	s := step{o: o, reminders: o.Reminders, state: o.State}
	if o.Reminders == 0 && person != nil {
		s.reminders, s.person = 1, *person
	}
	if s.reminders < 2 && (person == nil || !now.Before(o.DueAt.Add(leaderAfter))) {
		s.reminders, s.leaders = 2, leadersOf(o)
	}
	if now.After(breachOf(o)) {
		s.state = obligation.StateBreached
	}
	return s
}

// messages hold no contact data: what is due, by when, and the clause.
func (s step) messages(cal *calendar.Calendar) []account.Message {
	due := clockTime(cal, s.o.DueAt)
	en := cmp.Or(s.o.TitleEn, s.o.Title) // what was due before titles had both has one
	m := account.Message{
		Estate: s.o.EstateID, Kind: "obligation.overdue", Subject: s.o.SubjectID,
		TitleZH: "已到期未完成:" + s.o.Title, TitleEN: "Overdue: " + en,
		BodyZH: fmt.Sprintf("应于 %s 前完成(%s),请立即处理。", due, s.o.Clause),
		BodyEN: fmt.Sprintf("It was due by %s (%s). Please see to it now.", due, s.o.Clause),
	}
	var list []account.Message
	if s.person != uuid.Nil {
		m.AccountID = s.person
		list = append(list, m)
	}
	m.Kind = "obligation.escalated"
	m.TitleZH, m.TitleEN = "逾期仍未完成:"+s.o.Title, "Still open: "+en
	m.BodyZH = fmt.Sprintf("应于 %s 前完成(%s),至今未完成,请督促。", due, s.o.Clause)
	m.BodyEN = fmt.Sprintf("It was due by %s (%s) and is not done yet. Please follow it up.", due, s.o.Clause)
	for _, leader := range s.leaders {
		if leader != s.person {
			m.AccountID = leader
			list = append(list, m)
		}
	}
	return list
}

// clockTime is a moment as people of the estate write it: the end of a day is its 24:00.
func clockTime(cal *calendar.Calendar, at time.Time) string {
	local := at.In(cal.Zone())
	if day := calendar.DayOf(local); at.Equal(cal.StartOfDay(day)) {
		return day.AddDays(-1).String() + " 24:00"
	}
	return local.Format("2006-01-02 15:04")
}

// take writes the steps in one statement, and what changed onto the audit trail. The entities' own way
// would be a statement each.
func take(tx *act.Tx, estate uuid.UUID, steps []step) error {
	ids, reminders, states := make([]uuid.UUID, len(steps)), make([]int, len(steps)), make([]string, len(steps))
	for i, s := range steps {
		ids[i], reminders[i], states[i] = s.o.ID, s.reminders, string(s.state)
		c := audit.Change{Type: ent.TypeObligation, ID: s.o.ID, Op: audit.Update}
		for _, f := range []struct {
			name          string
			before, after any
		}{{obligation.FieldReminders, s.o.Reminders, s.reminders}, {obligation.FieldState, s.o.State, s.state}} {
			if f.before == f.after {
				continue
			}
			field, err := audit.Plain(f.name, f.before, f.after)
			if err != nil {
				return err
			}
			c.Fields = append(c.Fields, field)
		}
		if err := tx.Note(estate, c); err != nil {
			return err
		}
	}
	_, err := tx.Raw.Exec(tx, `UPDATE obligations o SET reminders = s.reminders, state = s.state
		FROM unnest($1::uuid[], $2::int[], $3::text[]) s(id, reminders, state) WHERE o.estate_id = $4 AND o.id = s.id`,
		ids, reminders, states, estate)
	return err
}
