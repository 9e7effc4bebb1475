package mail

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailday"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CloseMailDayInput names the day.
type CloseMailDayInput struct{ DayID uuid.UUID }

// CloseMailDayPayload is the day, closed, with its figures.
type CloseMailDayPayload struct{ Day *ent.MailDay }

// CloseDay closes a day's mail: each scan matches or is explained, each item of the list was scanned or explained, each item was delivered,
// returned or excused, of each kind as many items are registered as were counted, or it is explained (M1, M2, M5), and what press is expected
// that day was counted (M7). Of what was excused the leaders hear.
//
// Errors: NOT_FOUND; CONFLICT if it is closed; RULE M1, M2, M5 or M7 while something is not explained or counted, or an earlier day is open.
var CloseDay = act.Guarded(act.New("mail.closeDay", act.Needs(policy.MailDay, policy.Update).SessionOnly(), act.Clauses("M5", "M2", "M1", "M7"), closeDay), dayGuard(canClose))

func closeDay(tx *act.Tx, in CloseMailDayInput) (*CloseMailDayPayload, error) {
	d, err := lockDay(tx, in.DayID)
	if err != nil {
		return nil, err
	}
	if err := canClose(tx, d); err != nil {
		return nil, err
	}
	d, err = d.Update().SetState(mailday.StateClosed).SetClosedAt(tx.Now).SetClosedByID(tx.Viewer.Account).SetClosedByName(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	if err := dueClose.Meet(tx, d.ID); err != nil {
		return nil, err
	}
	return &CloseMailDayPayload{d}, tellExcused(tx, d)
}

// tellExcused reports to the leaders what was not delivered the day it came (M5).
func tellExcused(tx *act.Tx, d *ent.MailDay) error {
	if d.Undelivered+d.Missing+d.Miscounted == 0 {
		return nil
	}
	department, err := obligation.CustomerService(tx, d.EstateID)
	if err != nil {
		return err
	}
	day := calendar.DayOf(d.Day).String()
	return obligation.Tell(tx, department, account.Message{
		Estate: d.EstateID, Kind: dueClose.Name, Subject: d.ID, TitleZH: "邮件日清有说明事项:" + day, TitleEN: "Mail of the day closed with reasons: " + day,
		BodyZH: fmt.Sprintf("%s 日清:%d 件未送达、%d 件未刷码、%d 类登记与清点不符,均已说明原因,请查看(M5)。", day, d.Undelivered, d.Missing, d.Miscounted),
		BodyEN: fmt.Sprintf("%s was closed with %d items not delivered, %d not scanned and %d kinds registered otherwise than counted, each with its reason; please look at them (M5).",
			day, d.Undelivered, d.Missing, d.Miscounted),
	})
}

// canClose refuses a day of which something is not explained.
func canClose(tx *act.Tx, d *ent.MailDay) error {
	if err := canWork(d); err != nil {
		return err
	}
	c := &MailDayCheck{Day: d}
	if err := c.read(tx, tx.Raw); err != nil {
		return err
	}
	before, err := tx.MailDay.Query().Where(mailday.EstateID(d.EstateID), mailday.StateEQ(mailday.StateOpen), mailday.DayLT(d.Day)).Exist(tx)
	switch {
	case err != nil:
		return err
	case before:
		return earlierOpen()
	case c.ScansOpen > 0 || c.MissingOpen > 0:
		return fault.Rule("M2", "当天还有 %[1]d 次刷码、%[2]d 件未刷码的邮件没有说明,请先逐一说明(explainMailScans、explainMissingMail)。",
			"%[1]d scans and %[2]d items that were not scanned are not explained; explain each first (explainMailScans, explainMissingMail).", c.ScansOpen, c.MissingOpen)
	case c.UndeliveredOpen > 0:
		return fault.Rule("M5", "还有 %[1]d 件邮件既未送达、退回,也没有说明原因,请先办理或说明(excuseMail)。",
			"%[1]d items are neither delivered nor returned nor excused; see to them, or give the reason (excuseMail).", c.UndeliveredOpen)
	case c.MiscountedOpen > 0:
		return fault.Rule("M1", "有 %[1]d 类邮件登记的件数与接收时清点的不符,请先补登(registerMail)或说明(explainMailCounts)。",
			"Of %[1]d kinds other items are registered than were counted; register what is missing (registerMail), or explain it (explainMailCounts).", c.MiscountedOpen)
	case c.Uncounted > 0:
		return fault.Rule("M7", "当天还有 %[1]d 种报刊没有清点,请先清点,没有送到的记 0 份(receivePress)。",
			"%[1]d publications of the day were not counted; count them first, as 0 where none came (receivePress).", c.Uncounted)
	}
	return nil
}

// ReopenMailDayInput names a closed day, and says why it is opened again.
type ReopenMailDayInput struct {
	DayID  uuid.UUID
	Reason string
}

// Check refuses an empty or endless reason.
func (in ReopenMailDayInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// ReopenMailDayPayload is the day, open again.
type ReopenMailDayPayload struct{ Day *ent.MailDay }

// ReopenDay opens the day that was closed last again: mail came after it was closed, or a mistake is put right. It is due again (M5).
//
// Errors: NOT_FOUND; CONFLICT if it is open, or not the last that was closed.
var ReopenDay = act.Guarded(act.New("mail.reopenDay", act.Needs(policy.MailDay, policy.Approve).SessionOnly(), act.Clauses("M5"), reopenDay), dayGuard(canReopen))

func reopenDay(tx *act.Tx, in ReopenMailDayInput) (*ReopenMailDayPayload, error) {
	d, err := lockDay(tx, in.DayID)
	if err != nil {
		return nil, err
	}
	if err := canReopen(tx, d); err != nil {
		return nil, err
	}
	tx.Because(wording.Tidy(in.Reason))
	if d, err = d.Update().SetState(mailday.StateOpen).ClearClosedAt().ClearClosedByID().SetClosedByName("").Save(tx); err != nil {
		return nil, err
	}
	return &ReopenMailDayPayload{d}, expectClosing(tx, d)
}

func canReopen(tx *act.Tx, d *ent.MailDay) error {
	if err := ofCustomerService(tx, policy.MailDay, policy.Approve, d.EstateID, "M5"); err != nil {
		return err
	}
	if d.State == mailday.StateOpen {
		return fault.Clash("当天尚未日清。", "The day is open.").By("M5")
	}
	later, err := tx.MailDay.Query().Where(mailday.EstateID(d.EstateID), mailday.StateEQ(mailday.StateClosed), mailday.DayGT(d.Day)).Exist(tx)
	if err == nil && later {
		return notLast()
	}
	return err
}

// lockDay orders closing with what is recorded of the day. Errors: NOT_FOUND at dayID.
func lockDay(tx *act.Tx, id uuid.UUID) (*ent.MailDay, error) {
	d, err := tx.MailDay.Query().Where(mailday.ID(id)).ForUpdate().Only(tx)
	return act.Find(d, err, "dayID")
}

// dayGuard asks of each day what check says.
func dayGuard(check func(*act.Tx, *ent.MailDay) error) act.Guard[*ent.MailDay] {
	return act.Guard[*ent.MailDay]{
		Entity: ent.TypeMailDay,
		ID:     func(d *ent.MailDay) uuid.UUID { return d.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.MailDay, error) {
			return tx.MailDay.Query().Where(mailday.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}

// earlierOpen refuses to close a day over an earlier one.
func earlierOpen() *fault.Error {
	return fault.Rule("M5", "之前还有一天没有日清,请先办理最早的一天。", "An earlier day is open; close the earliest first.").At("dayID")
}

// notLast refuses to open a day over a later one.
func notLast() *fault.Error {
	return fault.Clash("只能重新打开最近日清的一天。", "A later day was closed since; only the last is opened again.").By("M5").At("dayID")
}
