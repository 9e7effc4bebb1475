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

// RemindAhead tells those answerable of what is due soon, once each time that it gets a time (the database says when: ent/migrations/00098_streams.sql); where nobody is in person, those who answer for it. It returns how
// many obligations it dealt with, and may run on any number of servers.
func RemindAhead(ctx context.Context, rt *act.Runtime) (n int, err error) {
	defer fault.Wrap(&err, "remind ahead")
	ctx = act.With(ctx, rt)
	var due []remindInput
	if err := rt.DB.Ent.Obligation.Query().Where(soon(rt.Clock.Now())).GroupBy(obligation.FieldEstateID, obligation.FieldClause).Scan(ctx, &due); err != nil {
		return 0, err
	}
	for _, in := range due {
		for more := true; more; {
			done, err := remindAhead.Do(ctx, in)
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

// remindAhead is the program's own act, as remind is.
var remindAhead = act.New("obligations.remindAhead", act.Needs(policy.Obligation, policy.Update), nil, remindEstateAhead)

func remindEstateAhead(tx *act.Tx, in remindInput) (*reminded, error) {
	tx.By(in.Clause)
	list, err := tx.Obligation.Query().Where(obligation.EstateID(in.Estate), obligation.Clause(in.Clause), soon(tx.Now)).
		Order(obligation.ByDueAt(), obligation.ByID()).Limit(batch).ForUpdate(sql.WithLockAction(sql.SkipLocked)).All(tx)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
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
	marked := make([]uuid.UUID, len(list))
	for i, o := range list {
		marked[i] = o.ID
		to := leadersOf(o)
		if p := inPerson(o); p != nil {
			to = []uuid.UUID{*p}
		}
		messages = append(messages, aheadMessages(o, to, cal)...)
		f, err := audit.Plain("reminded_at", nil, tx.Now)
		if err != nil {
			return nil, err
		}
		if err := tx.Note(in.Estate, audit.Change{Type: ent.TypeObligation, ID: o.ID, Op: audit.Update, Fields: []audit.Field{f}}); err != nil {
			return nil, err
		}
	}
	if _, err := tx.Raw.Exec(tx, `UPDATE obligations SET reminded_at = $3 WHERE estate_id = $1 AND id = ANY ($2)`, in.Estate, marked, tx.Now); err != nil {
		return nil, err
	}
	return &reminded{len(list)}, tx.Runtime().Accounts.Post(tx, tx.Raw, messages...)
}

// soon selects what is not done nor due yet, and of which it is time to remind.
func soon(now time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) { // literals, so that the partial index of just these serves
			b.WriteString(`(met_at IS NULL AND state = 'OPEN' AND reminded_at IS NULL AND remind_at <= `).Arg(now).WriteString(` AND due_at > `).Arg(now).WriteString(`)`)
		}))
	}
}

// aheadMessages hold no contact data: what is due, by when, and the clause.
func aheadMessages(o *ent.Obligation, to []uuid.UUID, cal *calendar.Calendar) (list []account.Message) {
	due := clockTime(cal, o.DueAt)
	for _, who := range to {
		list = append(list, account.Message{
			AccountID: who, Estate: o.EstateID, Kind: "obligation.ahead", Subject: o.SubjectID,
			TitleZH: "即将到期:" + o.Title, TitleEN: "Due soon: " + cmp.Or(o.TitleEn, o.Title),
			BodyZH: fmt.Sprintf("请于 %s 前完成(%s)。", due, o.Clause), BodyEN: fmt.Sprintf("It is due by %s (%s).", due, o.Clause),
		})
	}
	return list
}
