package keys

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyloan"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
)

// dueBack is the obligation that a loan opens, and its end meets (K2.2).
var dueBack = obligation.Declare(obligation.Kind{Name: "keys.return", Clause: "K2.2", TitleZH: "收回钥匙:", TitleEN: "Take keys back from "})

// longest is how many days a loan with an approval may last.
const longest = 366

// due is when keys lent at a time are to be back without an approval: at the end of that day in the estate (K2.2).
func due(cal *calendar.Calendar, lent time.Time) time.Time { return cal.EndOfDay(cal.Today(lent)) }

// lastDay is the end of the last day that is asked for. Errors: INVALID_INPUT at until for a day that a loan due at
// the time given does not reach beyond, or in more than a year.
func lastDay(cal *calendar.Calendar, now, dueAlready time.Time, until calendar.Day) (time.Time, error) {
	end := cal.EndOfDay(until)
	if !end.After(dueAlready) || !end.After(now) {
		return end, fault.Invalid("until", "请填写晚于现应归还日的日期;当天归还无需审批。",
			"Give a day after the one that the keys are due on without it; a loan that ends today needs no approval.").By("K2.2")
	}
	if until.Sub(cal.Today(now)) > longest {
		return end, fault.Invalid("until", "借用最长一年。", "A loan lasts a year at most.").By("K2.2")
	}
	return end, nil
}

// expect opens the obligation that the keys come back: the handler's, who is reminded first (K2.2).
func expect(tx *act.Tx, loan *ent.KeyLoan) error {
	return dueBack.Open(tx, obligation.Due{
		About: loan.BorrowerName, Estate: loan.EstateID, Subject: loan.ID, At: loan.DueAt, Account: loan.LentByID, Household: loan.HouseholdID,
	})
}

// Overdue tells whether keys of the loan are out although they are due (K2.2): the end of a day is no longer in time.
func Overdue(l *ent.KeyLoan, now time.Time) bool {
	return l.State == keyloan.StateOpen && !now.Before(l.DueAt)
}

// Outstanding is how many keys of the line are with the borrower.
func Outstanding(l *ent.KeyLoanLine) int {
	if l.Voided {
		return 0
	}
	return l.Count - l.Returned - l.Lost
}

// openLoan locks a loan that is to be changed, and refuses one that is closed. Errors: NOT_FOUND, those of check.
func openLoan(tx *act.Tx, id uuid.UUID, field string, check func(*act.Tx, *ent.KeyLoan) error) (*ent.KeyLoan, error) {
	loan, err := tx.KeyLoan.Query().Where(keyloan.ID(id)).ForUpdate().Only(tx)
	if loan, err = act.Find(loan, err, field); err != nil {
		return nil, err
	}
	return loan, check(tx, loan)
}

// loans loads what the guards upon loans ask about.
func loans(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyLoan, error) {
	return tx.KeyLoan.Query().Where(keyloan.IDIn(list...)).WithLines().WithBorrower(func(q *ent.KeyHolderQuery) { q.WithStaff() }).All(tx)
}
