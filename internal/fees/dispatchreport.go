package fees

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feereport"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ReportFeeDispatchesInput names the estate whose dispatches are reported.
type ReportFeeDispatchesInput struct {
	EstateID uuid.UUID
	Note     *string
}

// Check refuses an endless note.
func (in ReportFeeDispatchesInput) Check() error {
	return wording.Optional(wording.CheckRemark, "note", in.Note)
}

// ReportFeeDispatchesPayload is the report.
type ReportFeeDispatchesPayload struct{ Report *ent.FeeReport }

// Report reports the dispatches and signed receipts since the report before to the supervisor (F9): each is on one report, and the supervisor is told, and has it to
// acknowledge within two working days. What was dispatched is to be reported within five.
//
// Errors: NOT_FOUND; FORBIDDEN F9 for the supervisor of another department; CONFLICT F9 if nothing was dispatched since.
var Report = act.New("fees.reportDispatches", act.Needs(policy.FeeReport, policy.Create).SessionOnly(), act.Clauses("F9"), func(tx *act.Tx, in ReportFeeDispatchesInput) (*ReportFeeDispatchesPayload, error) {
	e, err := tx.Estate.Get(tx, in.EstateID)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	if err := ofCustomerService(tx, policy.FeeReport, policy.Create, e.ID, "F9"); err != nil {
		return nil, err
	}
	r, err := tx.FeeReport.Create().SetEstateID(e.ID).SetNote(tidy(in.Note)).SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	if r, err = tx.FeeReport.Get(tx, r.ID); err != nil { // the database has filled it
		return nil, err
	}
	if err := dueReport.Meet(tx, e.ID); err != nil {
		return nil, err
	}
	term, err := inDays(tx, e.ID, readDays)
	if err != nil {
		return nil, err
	}
	if err := dueRead.Open(tx, obligation.Due{About: fmt.Sprintf("%d 号", r.Number), AboutEN: fmt.Sprint(r.Number), Estate: e.ID, Subject: r.ID, Term: term}); err != nil {
		return nil, err
	}
	department, err := obligation.CustomerService(tx, e.ID)
	if err != nil {
		return nil, err
	}
	return &ReportFeeDispatchesPayload{r}, obligation.Tell(tx, department, account.Message{
		Estate: e.ID, Kind: "fees.report", Subject: r.ID, TitleZH: fmt.Sprintf("通知单派发汇报第 %d 号,请确认", r.Number), TitleEN: fmt.Sprintf("Report %d of dispatches, to be acknowledged", r.Number),
		BodyZH: fmt.Sprintf("%s 汇报派发 %d 次:签收 %d,投入信箱 %d,邮寄 %d,无人 %d;退回 %d,逾期 %d,到期未派发 %d(F9)。", r.RecordedByName, r.Dispatches, r.Signed, r.Boxed, r.Posted, r.Absent, r.Returned, r.Late, r.Waiting),
		BodyEN: fmt.Sprintf("%s reports %d dispatches: %d signed for, %d into the mailbox, %d posted, %d in vain; %d came back, %d were late, %d are overdue (F9).", r.RecordedByName, r.Dispatches, r.Signed, r.Boxed, r.Posted, r.Absent, r.Returned, r.Late, r.Waiting),
	})
})

// AcknowledgeFeeReportInput names a report that the supervisor has read.
type AcknowledgeFeeReportInput struct {
	ReportID uuid.UUID
	Answer   *string
}

// Check refuses an endless answer.
func (in AcknowledgeFeeReportInput) Check() error {
	return wording.Optional(wording.CheckRemark, "answer", in.Answer)
}

// AcknowledgeFeeReportPayload is the report, acknowledged.
type AcknowledgeFeeReportPayload struct{ Report *ent.FeeReport }

// Acknowledge records that the supervisor has read a report (F9).
//
// Errors: NOT_FOUND; FORBIDDEN F9 for the supervisor of another department; RULE F9 for who made it; CONFLICT F9 if it was acknowledged.
var Acknowledge = act.Guarded(act.New("fees.acknowledgeReport", act.Needs(policy.FeeReport, policy.Approve).SessionOnly(), act.Clauses("F9"), acknowledge), act.Guard[*ent.FeeReport]{
	Entity: ent.TypeFeeReport,
	ID:     func(r *ent.FeeReport) uuid.UUID { return r.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.FeeReport, error) {
		return tx.FeeReport.Query().Where(feereport.IDIn(list...)).All(tx)
	},
	Check: canAcknowledge,
})

func acknowledge(tx *act.Tx, in AcknowledgeFeeReportInput) (*AcknowledgeFeeReportPayload, error) {
	r, err := tx.FeeReport.Query().Where(feereport.ID(in.ReportID)).ForUpdate().Only(tx)
	if r, err = act.Find(r, err, "reportID"); err != nil {
		return nil, err
	}
	if err := canAcknowledge(tx, r); err != nil {
		return nil, err
	}
	r, err = r.Update().SetAcknowledgedAt(tx.Now).SetAcknowledgedByID(tx.Viewer.Account).SetAcknowledgedByName(tx.Viewer.Name).SetAnswer(tidy(in.Answer)).Save(tx)
	if err != nil {
		return nil, err
	}
	return &AcknowledgeFeeReportPayload{r}, dueRead.Meet(tx, r.ID)
}

func canAcknowledge(tx *act.Tx, r *ent.FeeReport) error {
	switch {
	case r.AcknowledgedAt != nil:
		return acknowledgedBefore()
	case r.RecordedByID == tx.Viewer.Account:
		return ownReport()
	}
	return ofCustomerService(tx, policy.FeeReport, policy.Approve, r.EstateID, "F9")
}
