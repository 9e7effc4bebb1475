package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// CloseKeyMonthInput says which month is closed.
type CloseKeyMonthInput struct {
	EstateID uuid.UUID
	Month    calendar.Day // any day of it
}

// CloseKeyMonthPayload is the statement.
type CloseKeyMonthPayload struct{ Statement *ent.KeyStatement }

// CloseMonth stores the statistics of a month that is over (K4.2). From then on the database refuses entries of that month
// and of those before: what was forgotten is recorded in the month in which it is noticed.
//
// Errors: NOT_FOUND; RULE K4.2 if the month is not over, or one before it is open; CONFLICT if it is closed already, or if
// nothing was entered until its end.
var CloseMonth = act.New("keys.closeMonth", act.Needs(policy.KeyStatement, policy.Create).SessionOnly(), act.Clauses("K4.2"), closeMonth)

func closeMonth(tx *act.Tx, in CloseKeyMonthInput) (*CloseKeyMonthPayload, error) {
	month := firstOf(in.Month)
	e, err := tx.Estate.Get(tx, in.EstateID)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	// From here on the database lets nobody else post: what is in the ledger now is what the month is.
	s, err := tx.KeyStatement.Create().SetEstateID(e.ID).SetMonth(month.UTC()).
		SetClosedByID(tx.Viewer.Account).SetClosedByName(tx.Viewer.Name).SetClosedAt(tx.Now).Save(tx)
	if err != nil {
		return nil, err
	}
	cal, err := tx.Calendar(e.ID)
	if err != nil {
		return nil, err
	}
	next := calendar.Date(month.Year(), month.Month()+1, 1)
	any, err := tx.KeyMovement.Query().Where(keymovement.EstateID(e.ID), keymovement.OccurredAtLT(cal.StartOfDay(next))).Exist(tx)
	if err != nil {
		return nil, err
	}
	if !any {
		return nil, fault.Clash("该月之前没有钥匙进出,视为已结账,请从有记录的第一个月开始。",
			"Nothing was entered until the end of that month, so that it counts as closed; begin with the first month of the ledger.").By("K4.2").At("month")
	}
	lines, err := monthLines(tx, tx.Raw, e.ID, month)
	if err != nil {
		return nil, err
	}
	rows := make([]*ent.KeyStatementLineCreate, len(lines))
	for i, l := range lines {
		rows[i] = tx.KeyStatementLine.Create().SetEstateID(e.ID).SetStatementID(s.ID).SetPosition(l.Position).SetArea(l.Area).SetKind(l.Kind).
			SetOpening(l.Opening).SetAccepted(l.Accepted).SetReplaced(l.Replaced).SetCopied(l.Copied).SetTakenBack(l.TakenBack).SetFound(l.Found).
			SetFromEngineering(l.FromEngineering).SetHandedOver(l.HandedOver).SetLost(l.Lost).SetScrapped(l.Scrapped).SetRetired(l.Retired).
			SetToEngineering(l.ToEngineering).SetAdjusted(l.Adjusted).SetClosing(l.Closing).SetWithHouseholds(l.WithHouseholds).SetLockChanges(l.LockChanges)
	}
	return &CloseKeyMonthPayload{s}, tx.KeyStatementLine.CreateBulk(rows...).Exec(tx)
}

func init() {
	act.Explain("key_movements_open_month", fault.Rule("K4.2", "该时间所在的月份已结账,不能再补记或更改;请按现在的时间记录,计入本月。",
		"The month of that time is closed. Record it now, in the present month.").At("occurredAt"))
	act.Explain("key_statements_over", fault.Rule("K4.2", "该月尚未结束,请在月末之后结账。", "The month is not over; close it when it is.").At("month"))
	act.Explain("key_statements_order", fault.Rule("K4.2", "之前还有月份没有结账,请先结最早的一个月。",
		"A month before it is open; close the earliest first.").At("month"))
	act.Explain("estates_zone_of_closed_months", fault.Rule("K4.2", "已有月份结账,时区决定月末与当天的界限,不能再改。",
		"A month is closed, and the time zone is where months and days end, so it stays.").At("timeZone"))
	act.Explain("estates_zone_of_loans", fault.Rule("K4.2", "有钥匙借出未还,时区决定归还期限;请在全部归还后再改。",
		"Keys are out, and the time zone says until when; change it when all are back.").At("timeZone"))
	act.Explain("keystatement_estate_id_month", fault.Clash("该月已结账。", "The month is closed already.").By("K4.2").At("month"))
}
