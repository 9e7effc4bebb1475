package fees

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feebook"
	"github.com/steward-pm/steward/ent/feerun"
	"github.com/steward-pm/steward/ent/feetariff"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

// atOnce is how many households are billed in the act itself; more are a job's.
const atOnce = 500

// Chunk is how many households one transaction of a job bills: it is done in a second, and payments wait no longer.
var Chunk = 2000

// RunFeeBillingInput names the month of an estate, by any of its days.
type RunFeeBillingInput struct {
	EstateID uuid.UUID
	Month    calendar.Day
	PayBy    *calendar.Day // nil: as many days later as the book says, and not before the month is over
}

// Check refuses a month that is none.
func (in RunFeeBillingInput) Check() error {
	if in.Month.Year() < 2000 {
		return fault.Invalid("month", "月份太早。", "The month is too long ago.").By("F2")
	}
	return nil
}

// RunFeeBillingPayload is the month's run as it stands now.
type RunFeeBillingPayload struct{ Run *ent.FeeRun }

// Bill makes the notices of a month (收费通知单), each payer's once, however often and wherever it is run (F2). Those of up to atOnce households are
// made here; of more a job makes them, and the run says how far it is. A month that is billed after the 25th is reported to who leads.
//
// Errors: NOT_FOUND; INVALID_INPUT for a month to come after the next, or a day to pay by that is past; CONFLICT if a later month was billed, or there is no
// tariff for it.
var Bill = act.New("fees.bill", act.Needs(policy.FeeRun, policy.Create).SessionOnly(), act.Clauses("F2", "F1"), bill)

func bill(tx *act.Tx, in RunFeeBillingInput) (*RunFeeBillingPayload, error) {
	today, err := tx.Today(in.EstateID)
	if today, err = act.Find(today, err, "estateID"); err != nil {
		return nil, err
	}
	month := in.Month.NthOfMonth(1)
	if month.After(today.NthOfMonth(1).AddMonths(1)) {
		return nil, fault.Invalid("month", "最多提前计一个月。", "Bill this month, or the next, and no later one.").By("F2")
	}
	run, err := runOf(tx, in.EstateID, month)
	if err != nil {
		return nil, err
	}
	tx.About(ent.TypeFeeRun, run.ID, run.RowScope())
	switch run.State {
	case feerun.StateBilled:
		return &RunFeeBillingPayload{run}, nil
	case feerun.StatePlanned:
		if run, err = start(tx, run, today, in.PayBy); err != nil {
			return nil, err
		}
	}
	if run.Payers > atOnce {
		return &RunFeeBillingPayload{run}, tx.Enqueue(billing{Run: run.ID}, nil)
	}
	for p := (place{}); ; {
		if p, err = billNext(tx, run, p, atOnce); err != nil {
			return nil, err
		}
		if p.done {
			run, err = finish(tx, run)
			return &RunFeeBillingPayload{run}, err
		}
	}
}

// runOf is the month's run, locked; the first to ask makes it, and has it due. Errors: CONFLICT if a later month was billed.
func runOf(tx *act.Tx, estate uuid.UUID, month calendar.Day) (*ent.FeeRun, error) {
	find := func() (*ent.FeeRun, error) {
		return tx.FeeRun.Query().Where(ofMonth(estate, month)).ForUpdate().Only(tx)
	}
	run, err := find()
	if !ent.IsNotFound(err) {
		return run, err
	}
	// Two that are first at once wait for each other here.
	if _, err := tx.Raw.Exec(tx, `SELECT pg_advisory_xact_lock(hashtextextended('fee run ' || $1, 0))`, estate.String()); err != nil {
		return nil, err
	}
	if run, err = find(); !ent.IsNotFound(err) {
		return run, err
	}
	later, err := tx.FeeRun.Query().Where(feerun.EstateID(estate), feerun.MonthGT(month.UTC()), feerun.StateNEQ(feerun.StatePlanned)).Exist(tx)
	switch {
	case err != nil:
		return nil, err
	case later:
		return nil, fault.Clash("之后的月份已计费;漏计的天数会随下一次计费补收。", "A later month was billed; what was left out is made up for with the next.").By("F2").At("month")
	}
	cal, err := tx.Calendar(estate)
	if err != nil {
		return nil, err
	}
	due := cal.EndOfDay(month.NthOfMonth(25)) // F2: by the 25th
	if run, err = tx.FeeRun.Create().SetEstateID(estate).SetMonth(month.UTC()).SetDueAt(due).Save(tx); err != nil {
		return nil, err
	}
	department, err := finance(tx, estate)
	if err != nil {
		return nil, err
	}
	return run, dueBilling.Open(tx, obligation.Due{About: monthOf(run), Estate: estate, Subject: run.ID, At: due, Department: department})
}

func ofMonth(estate uuid.UUID, month calendar.Day) predicate.FeeRun {
	return feerun.And(feerun.EstateID(estate), feerun.Month(month.UTC()))
}

// monthOf names a run's month: 2026-03.
func monthOf(run *ent.FeeRun) string { return run.Month.Format("2006-01") }

// start has the run running, on the estate's day.
func start(tx *act.Tx, run *ent.FeeRun, today calendar.Day, payBy *calendar.Day) (*ent.FeeRun, error) {
	month := calendar.DayOf(run.Month)
	last := month.AddMonths(1).AddDays(-1)
	priced, err := tx.FeeTariff.Query().Where(feetariff.EstateID(run.EstateID), feetariff.FromOnLTE(last.UTC()), feetariff.Or(feetariff.UntilOnIsNil(), feetariff.UntilOnGT(month.UTC()))).Exist(tx)
	switch {
	case err != nil:
		return nil, err
	case !priced:
		return nil, fault.Clash("这个月没有收费标准,请先设定。", "There is no tariff for the month; set one first.").By("F1").At("month")
	case payBy != nil && payBy.Before(today):
		return nil, fault.Invalid("payBy", "付款期限不能早于今天。", "The day to pay by is past.").By("F2")
	case payBy != nil && payBy.After(latest(last, today).AddDays(mostDays)):
		return nil, tooLongToPay().At("payBy")
	}
	by := last
	if payBy != nil {
		by = *payBy
	} else {
		book, err := tx.FeeBook.Query().Where(feebook.EstateID(run.EstateID)).Only(tx)
		if err != nil {
			return nil, err
		}
		if due := today.AddDays(book.DueDays); due.After(by) {
			by = due
		}
	}
	var payers int
	if err := tx.Raw.QueryRow(tx, `SELECT count(DISTINCT household_id)::int FROM fee_charges($1, $2)`, run.EstateID, month.UTC()).Scan(&payers); err != nil {
		return nil, err
	}
	return run.Update().SetState(feerun.StateRunning).SetPayers(payers).SetIssuedOn(today.UTC()).SetPayBy(by.UTC()).
		SetStartedAt(tx.Now).SetStartedByID(tx.Viewer.Account).SetStartedByName(tx.Viewer.Name).Save(tx)
}

// latest is the later of two days.
func latest(a, b calendar.Day) calendar.Day {
	if b.After(a) {
		return b
	}
	return a
}

// tooLongToPay refuses a day so late that what is not paid would not be demanded (F6).
func tooLongToPay() *fault.Error {
	return fault.Invalid("payBy", "付款期限最迟为月末或今天之后 %[1]d 天。", "The day to pay by is at most %[1]d days after the month's end, or after today.", mostDays).By("F2")
}

// place is how far a run has gone through the households, in walking order.
type place struct {
	key       string
	household uuid.UUID
	done      bool
}

// billNext makes the notices of the next households after a place, and notes each on the audit trail.
func billNext(tx *act.Tx, run *ent.FeeRun, after place, most int) (next place, err error) {
	var seen, made int
	var asked int64
	err = tx.Raw.QueryRow(tx, `SELECT seen, last_key, last_household, made, asked FROM fee_bill($1, $2, $3, $4, $5, $6)`,
		run.ID, run.EstateID, tx.Now, after.key, after.household, most).Scan(&seen, &next.key, &next.household, &made, &asked)
	if err != nil {
		return next, err
	}
	next.done = seen < most
	if err := noteNotices(tx, run, made); err != nil || made == 0 {
		return next, err
	}
	return next, follow(tx, run.EstateID) // credit may have settled what is demanded
}

// noteNotices puts the last so many notices of a run on the audit trail: number, amount and whose.
func noteNotices(tx *act.Tx, run *ent.FeeRun, made int) error {
	if made == 0 {
		return nil
	}
	rows, err := tx.Raw.Query(tx, `SELECT id, household_id, number, amount FROM fee_notices WHERE estate_id = $1 AND run_id = $2 ORDER BY length(number) DESC, number DESC LIMIT $3`, run.EstateID, run.ID, made)
	if err != nil {
		return err
	}
	defer rows.Close()
	var list []audit.Change
	for rows.Next() {
		var id, household uuid.UUID
		var number string
		var amount int64
		if err := rows.Scan(&id, &household, &number, &amount); err != nil {
			return err
		}
		c := audit.Change{Type: ent.TypeFeeNotice, ID: id, Op: audit.Create}
		for _, f := range []struct {
			name  string
			value any
		}{{"number", number}, {"household_id", household}, {"amount", amount}} {
			field, err := audit.Plain(f.name, nil, f.value)
			if err != nil {
				return err
			}
			c.Fields = append(c.Fields, field)
		}
		list = append(list, c)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, c := range list {
		if err := tx.Note(run.EstateID, c); err != nil {
			return err
		}
	}
	return nil
}

// F2: by the 25th customer service has the month's notices; the leaders hear of a month that is not billed by then.
var dueBilling = obligation.Declare(obligation.Kind{Name: "fees.bill", Clause: "F2", TitleZH: "开具收费通知单:", TitleEN: "Make the fee notices of "})

// finish has a run billed, once all of its notices are there, and customer service has to get them by the 25th, or the day after they are made; of a late one the
// leaders hear (F2).
func finish(tx *act.Tx, run *ent.FeeRun) (*ent.FeeRun, error) {
	late := tx.Now.After(run.DueAt)
	run, err := tx.FeeRun.UpdateOneID(run.ID).SetState(feerun.StateBilled).SetBilledAt(tx.Now).SetLate(late).Save(tx)
	if err != nil {
		return nil, err
	}
	if err := dueBilling.Meet(tx, run.ID); err != nil {
		return nil, err
	}
	cal, err := tx.Calendar(run.EstateID)
	if err != nil {
		return nil, err
	}
	if run.Notices > 0 {
		by := run.DueAt
		if next := cal.EndOfDay(cal.Today(tx.Now).AddDays(1)); next.After(by) {
			by = next
		}
		if err := dueReceive.Open(tx, obligation.Due{About: monthOf(run), Estate: run.EstateID, Subject: run.ID, At: by}); err != nil {
			return nil, err
		}
	}
	if !late {
		return run, nil
	}
	department, err := finance(tx, run.EstateID)
	if err != nil {
		return nil, err
	}
	due := run.DueAt.Add(-time.Second)
	day := cal.Today(due).String()
	return run, obligation.Tell(tx, department, account.Message{
		Estate: run.EstateID, Kind: dueBilling.Name, Subject: run.ID, TitleZH: "收费通知单逾期开具:" + monthOf(run), TitleEN: "Fee notices were late: " + monthOf(run),
		BodyZH: fmt.Sprintf("%s 的收费通知单应于 %s 前交客服部,今日由 %s 开具,共 %d 份(F2)。", monthOf(run), day, run.StartedByName, run.Notices),
		BodyEN: fmt.Sprintf("The notices of %s were due with customer service by %s; %s made them today, %d in all (F2).", monthOf(run), day, run.StartedByName, run.Notices),
	})
}
