package fees

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedispatch"
	"github.com/steward-pm/steward/ent/feedunning"
	"github.com/steward-pm/steward/ent/feerun"
	entobligation "github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/obligation"
)

const (
	// workingDays is within how many working days a notice is dispatched (F3).
	workingDays = 2
	// dispatchDays is within how many days a dunning notice is dispatched that customer service got (F7).
	dispatchDays = 3
	// reportDays is within how many working days the first dispatch that no report has is reported, and readDays within how many a report is acknowledged: the clause
	// has no term for either (F9).
	reportDays, readDays = 5, 2
)

// What is due of dispatching: that customer service gets a month's notices (F2); the month's notices within two working days of getting them, and what came back within as many (F3); a dunning notice
// within three days (F7), and delivered within two more (F8); and of the report to the supervisor (F9).
var (
	dueReceive  = obligation.Declare(obligation.Kind{Name: "fees.receive", Clause: "F2", TitleZH: "接收收费通知单:", TitleEN: "Get from the accountant the fee notices of ", Of: ent.TypeFeeRun})
	dueDispatch = obligation.Declare(obligation.Kind{Name: "fees.dispatch", Clause: "F3", TitleZH: "派发收费通知单:", TitleEN: "Dispatch the fee notices of ", Of: ent.TypeFeeRun, Counted: runsMove})
	dueAgain    = obligation.Declare(obligation.Kind{Name: "fees.dispatchAgain", Clause: "F3", TitleZH: "重新派发退回的通知单:", TitleEN: "Dispatch again, as it came back: "})
	dueOut      = obligation.Declare(obligation.Kind{Name: "fees.dispatchDunning", Clause: "F7", TitleZH: "派发催缴通知单:", TitleEN: "Dispatch dunning notice ", Of: ent.TypeFeeDunning})
	dueDeliver  = obligation.Declare(obligation.Kind{Name: "fees.deliverDunning", Clause: "F8", TitleZH: "送达催缴通知单:", TitleEN: "Deliver dunning notice ", Of: ent.TypeFeeDunning})
	dueHand     = obligation.Declare(obligation.Kind{Name: "fees.handDunning", Clause: "F7", TitleZH: "审核、盖章并移交催缴通知单:", TitleEN: "Review, stamp and hand over dunning notice: ", Of: ent.TypeFeeDunning})
)

// What is due of reports (F9): that dispatches are reported, of their estate, and that the supervisor has read one.
var (
	dueReport = obligation.Declare(obligation.Kind{Name: "fees.reportDispatches", Clause: "F9", TitleZH: "向主管汇报派发记录", TitleEN: "Report dispatches to the supervisor"})
	dueRead   = obligation.Declare(obligation.Kind{Name: "fees.acknowledgeReport", Clause: "F9", TitleZH: "确认派发汇报:第 ", TitleEN: "Acknowledge the report of dispatches: ", Of: ent.TypeFeeReport})
)

// inDays is a term of so many working days from today on.
func inDays(tx *act.Tx, estate uuid.UUID, days int) (obligation.Term, error) {
	cal, err := tx.HoldCalendar(estate)
	if err != nil {
		return obligation.Term{}, err
	}
	return obligation.Term{From: cal.Today(tx.Now), Days: days}, nil
}

// toReport has what was dispatched on a route reported, in each of its estates (F9).
func toReport(tx *act.Tx, route []*stop) error {
	seen := map[uuid.UUID]bool{}
	for _, s := range route {
		estate := s.estate()
		if seen[estate] {
			continue
		}
		seen[estate] = true
		term, err := inDays(tx, estate, reportDays)
		if err != nil {
			return err
		}
		if err := openOnce(tx, dueReport, obligation.Due{Estate: estate, Subject: estate, Term: term}); err != nil {
			return err
		}
	}
	return nil
}

// within is the term in which what came goes out, and when that ends: with the second working day after (F3).
func within(tx *act.Tx, estate uuid.UUID, came time.Time) (obligation.Term, time.Time, error) {
	cal, err := tx.HoldCalendar(estate)
	if err != nil {
		return obligation.Term{}, time.Time{}, err
	}
	t := obligation.Term{From: cal.Today(came), Days: workingDays}
	return t, t.By(cal).UTC(), nil
}

// runsMove has months say until when they are to be dispatched by the calendar as it is now.
func runsMove(tx *act.Tx, estate uuid.UUID, due map[uuid.UUID]time.Time) error {
	list, err := tx.FeeRun.Query().Where(feerun.EstateID(estate), feerun.IDIn(slices.Collect(maps.Keys(due))...)).Order(feerun.ByID()).All(tx)
	if err != nil {
		return err
	}
	for _, r := range list {
		if at := due[r.ID]; r.DispatchDueAt == nil || !at.Equal(*r.DispatchDueAt) {
			if err := r.Update().SetDispatchDueAt(at.UTC()).Exec(tx); err != nil {
				return err
			}
		}
	}
	return nil
}

// met has what was due met by the attempt, and what follows from it due.
func (s *stop) met(tx *act.Tx, d *ent.FeeDispatch) error {
	if d.Method != feedispatch.MethodAbsent {
		if err := dueAgain.MeetAt(tx, s.in.id(), d.DispatchedAt); err != nil {
			return err
		}
	}
	if s.dunning == nil {
		return nil
	}
	if err := dueOut.MeetAt(tx, s.dunning.ID, d.DispatchedAt); err != nil {
		return err
	}
	return s.dunningDue(tx, d.DispatchedAt)
}

// dunningDue has the delivery met or due, as the notice stands.
func (s *stop) dunningDue(tx *act.Tx, at time.Time) error {
	now, err := tx.FeeDunning.Get(tx, s.dunning.ID)
	if err != nil {
		return err
	}
	switch now.State {
	case feedunning.StateDelivered:
		return dueDeliver.MeetAt(tx, now.ID, at)
	case feedunning.StateDispatched:
		return openOnce(tx, dueDeliver, obligation.Due{About: dunningTitle(now), Estate: now.EstateID, Subject: now.ID, At: *now.DeliverDueAt})
	case feedunning.StateHanded:
		// It is to be dispatched first: how long it takes after that begins then.
		if err := dueDeliver.Cancel(tx, now.ID); err != nil {
			return err
		}
		return openOnce(tx, dueOut, obligation.Due{About: dunningTitle(now), Estate: now.EstateID, Subject: now.ID, At: *now.DispatchDueAt})
	}
	return nil
}

// openOnce has something due, unless it is already.
func openOnce(tx *act.Tx, kind *obligation.Kind, d obligation.Due) error {
	open, err := tx.Obligation.Query().Where(entobligation.EstateID(d.Estate), entobligation.SubjectID(d.Subject), entobligation.Kind(kind.Name),
		entobligation.MetAtIsNil(), entobligation.StateNEQ(entobligation.StateCancelled)).Exist(tx)
	if err != nil || open {
		return err
	}
	return kind.Open(tx, d)
}

// allDispatched has a month's dispatch met with its last notice.
func allDispatched(tx *act.Tx, route []*stop, at time.Time) error {
	var runs []uuid.UUID
	for _, s := range route {
		if s.notice != nil {
			runs = append(runs, s.notice.RunID)
		}
	}
	list, err := tx.FeeRun.Query().Where(feerun.IDIn(runs...)).All(tx)
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.Dispatched == r.Notices {
			if err := dueDispatch.MeetAt(tx, r.ID, at); err != nil {
				return err
			}
		}
	}
	return nil
}
