// Package obligation keeps what is due: a row of a declared kind with its time, grace and state, opened and met by chapters
// in the transaction of the act. What is not met in time is breached, which a later meeting does not undo.
package obligation

import (
	"cmp"
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
)

// Due is something to be done by a time.
type Due struct {
	About     string // what the kind's title says is to be done is about, in words
	AboutEN   string // the same in English; empty: as About
	Clause    string // where the kind has none
	Estate    uuid.UUID
	Subject   uuid.UUID // what it is about; with the kind it finds the obligation again
	At        time.Time
	Term      Term          // or when it is due in working days of the estate's calendar; it moves when the calendar does
	Grace     time.Duration // how long after At it counts as breached
	Account   uuid.UUID     // answerable, reminded first; Nil: nobody in person
	Household *uuid.UUID    // concerned, if any

	Department uuid.UUID // answerable, whose supervisor sees it; Nil: customer service
}

// Open records that something is due.
func (k *Kind) Open(tx *act.Tx, d Due) error {
	at, err := d.at(tx)
	if err != nil {
		return err
	}
	c := tx.Obligation.Create().SetEstateID(d.Estate).SetKind(k.Name).SetClause(cmp.Or(k.Clause, d.Clause)).
		SetTitle(k.TitleZH + d.About).SetTitleEn(k.TitleEN + cmp.Or(d.AboutEN, d.About)).
		SetSubjectID(d.Subject).SetDueAt(at).SetGraceSeconds(int64(d.Grace / time.Second)).SetNillableHouseholdID(d.Household)
	d.Term.keep(c.Mutation())
	if d.Account != uuid.Nil {
		c.SetAccountID(d.Account)
	}
	if d.Department == uuid.Nil {
		if d.Department, err = CustomerService(tx, d.Estate); err != nil {
			return err
		}
	}
	if d.Department != uuid.Nil {
		c.SetDepartmentID(d.Department)
	}
	return c.Exec(tx)
}

// customerServiceOf is the key of an estate's department.
type customerServiceOf uuid.UUID

// CustomerService is the department that answers unless another does; Nil if the estate has none yet.
func CustomerService(tx *act.Tx, estate uuid.UUID) (uuid.UUID, error) {
	return act.Once(tx, customerServiceOf(estate), func() (uuid.UUID, error) {
		id, err := tx.Department.Query().
			Where(department.EstateID(estate), department.KindEQ(department.KindCustomerService)).Order(ent.Asc(department.FieldID)).FirstID(tx)
		if ent.IsNotFound(err) {
			return uuid.Nil, nil
		}
		return id, err
	})
}

// Meet records that what was due about the subject is done now. Late, it stays breached, with the time it was met.
func (k *Kind) Meet(tx *act.Tx, subject uuid.UUID) error { return k.MeetAt(tx, subject, tx.Now) }

// MeetAt is Meet for what was done at an earlier time and is recorded now: if that was in time, it is met, though it has
// counted as breached until now.
func (k *Kind) MeetAt(tx *act.Tx, subject uuid.UUID, at time.Time) error {
	return k.each(tx, subject, func(o *ent.Obligation) error {
		u := o.Update().SetMetAt(at)
		if !at.After(breachOf(o)) && (o.State == obligation.StateOpen || at.Before(tx.Now)) {
			u.SetState(obligation.StateMet)
			if err := tellLifted(tx, o, at); err != nil {
				return err
			}
		} else {
			u.SetState(obligation.StateBreached)
		}
		return u.Exec(tx)
	})
}

// Cancel records that nothing is due about the subject any more.
func (k *Kind) Cancel(tx *act.Tx, subject uuid.UUID) error {
	return k.each(tx, subject, func(o *ent.Obligation) error {
		return o.Update().SetState(obligation.StateCancelled).Exec(tx)
	})
}

// Move gives what is due about the subject another time, as a corrected deadline does: reminders begin anew. It is not counted in working days any more.
func (k *Kind) Move(tx *act.Tx, subject uuid.UUID, at time.Time) error {
	return k.each(tx, subject, func(o *ent.Obligation) error {
		u := o.Update().SetDueAt(at).SetReminders(0)
		if o.CountedFrom != nil {
			u.ClearCountedFrom().SetWorkingDays(0).ClearNotBefore().ClearNotAfter()
		}
		return u.Exec(tx)
	})
}

func (k *Kind) each(tx *act.Tx, subject uuid.UUID, f func(*ent.Obligation) error) error {
	list, err := tx.Obligation.Query().
		Where(obligation.SubjectID(subject), obligation.Kind(k.Name), obligation.MetAtIsNil(), obligation.StateNEQ(obligation.StateCancelled)).
		ForUpdate().All(tx)
	if err != nil {
		return err
	}
	for _, o := range list {
		if err := f(o); err != nil {
			return err
		}
	}
	return nil
}

func breachOf(o *ent.Obligation) time.Time {
	return o.DueAt.Add(time.Duration(o.GraceSeconds) * time.Second)
}

// tellLifted tells the leaders that what counted as breached was met in time after all, as is recorded only now.
func tellLifted(tx *act.Tx, o *ent.Obligation, at time.Time) error {
	if o.State != obligation.StateBreached || o.DepartmentID == nil {
		return nil
	}
	cal, err := tx.Calendar(o.EstateID)
	if err != nil {
		return err
	}
	when := clockTime(cal, at)
	return Tell(tx, *o.DepartmentID, account.Message{
		Estate: o.EstateID, Kind: "obligation.lifted", Subject: o.SubjectID,
		TitleZH: "逾期已撤销:" + o.Title, TitleEN: "No longer overdue: " + cmp.Or(o.TitleEn, o.Title),
		BodyZH: tx.Viewer.Name + " 补登记:已于 " + when + " 完成(" + o.Clause + ")。",
		BodyEN: tx.Viewer.Name + " recorded late that it was done at " + when + " (" + o.Clause + ").",
	})
}
