package duty

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyhandover"
	"github.com/steward-pm/steward/ent/dutyhandoverline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// mostLines is how many lines of a sheet are remarked on, or decided, at once.
const mostLines = 500

// DutyLineRemarkInput is what the outgoing side says of a line.
type DutyLineRemarkInput struct {
	LineID uuid.UUID
	Remark string
}

// RemarkDutyHandoverInput is what the outgoing side says.
type RemarkDutyHandoverInput struct {
	HandoverID uuid.UUID
	Remark     *string // of the whole
	Lines      []DutyLineRemarkInput
}

// Check refuses endless remarks.
func (in RemarkDutyHandoverInput) Check() error {
	if len(in.Lines) > mostLines {
		return tooMany("lines")
	}
	for i, l := range in.Lines {
		if err := wording.CheckText(fmt.Sprintf("lines.%d.remark", i), l.Remark, 0, 500); err != nil {
			return err
		}
	}
	return wording.Optional(wording.CheckRemark, "remark", in.Remark)
}

func tooMany(field string) error {
	return fault.Invalid(field, "最多 %[1]d 行。", "Give at most %[1]d lines.", mostLines).By(handing)
}

// RemarkDutyHandoverPayload is the sheet.
type RemarkDutyHandoverPayload struct{ Handover *ent.DutyHandover }

// Remark adds what the outgoing side has to say, to the sheet or to its lines, which are decided upon anew (D2).
//
// Errors: NOT_FOUND; RULE D2 for who does not go off duty by the roster; CONFLICT D2 once somebody signed, or if it was cancelled.
var Remark = act.Guarded(act.New("duty.remarkSheet", act.Needs(policy.DutyHandover, policy.Update), act.Clauses(handing), func(tx *act.Tx, in RemarkDutyHandoverInput) (*RemarkDutyHandoverPayload, error) {
	ids := make([]uuid.UUID, len(in.Lines))
	for i, l := range in.Lines {
		ids[i] = l.LineID
	}
	h, of, err := sheetOf(tx, need{policy.DutyHandover, policy.Update}, in.HandoverID, ids, "lines.%d.lineID")
	if err != nil {
		return nil, err
	}
	if err := unsigned(tx, h); err != nil {
		return nil, err
	}
	if _, err := onSide(tx, h, true); err != nil {
		return nil, err
	}
	for _, l := range in.Lines {
		u := of[l.LineID].Update().SetRemark(wording.Tidy(l.Remark))
		if of[l.LineID].State != dutyhandoverline.StatePending { // it was decided upon without this remark
			u.SetState(dutyhandoverline.StatePending).SetDisputeReason("").ClearDecidedAt().ClearDecidedByID().SetDecidedByName("")
		}
		if err := u.Exec(tx); err != nil {
			return nil, err
		}
	}
	if in.Remark != nil {
		if h, err = h.Update().SetRemark(wording.Tidy(*in.Remark)).Save(tx); err != nil {
			return nil, err
		}
	}
	return &RemarkDutyHandoverPayload{h}, nil
}), sheetGuard(need{policy.DutyHandover, policy.Update}, unsigned))

// DutyLineDisputeInput is a line that the incoming side does not take over, and why.
type DutyLineDisputeInput struct {
	LineID uuid.UUID
	Reason string
}

// DecideDutyHandoverInput is what the incoming side takes over, and what not.
type DecideDutyHandoverInput struct {
	HandoverID uuid.UUID
	AcceptIDs  []uuid.UUID // lines
	Dispute    []DutyLineDisputeInput
	AcceptRest *bool // every line that is not decided then
}

// Check refuses endless lists, and to dispute without a reason.
func (in DecideDutyHandoverInput) Check() error {
	if len(in.AcceptIDs) > mostLines || len(in.Dispute) > mostLines {
		return tooMany("acceptIDs")
	}
	for i, l := range in.Dispute {
		if err := wording.CheckText(fmt.Sprintf("dispute.%d.reason", i), l.Reason, 1, 500); err != nil {
			return err
		}
	}
	return nil
}

// DecideDutyHandoverPayload is the sheet.
type DecideDutyHandoverPayload struct{ Handover *ent.DutyHandover }

// Decide accepts lines for the incoming side, or disputes them with a reason; until somebody signs either may be changed (D2).
//
// Errors: NOT_FOUND; RULE D2 for who is not on duty then by the roster; CONFLICT D2 once somebody signed, or if it was cancelled.
var Decide = act.Guarded(act.New("duty.decideSheet", act.Needs(policy.DutyHandoverLine, policy.Update), act.Clauses(handing), decide), sheetGuard(need{policy.DutyHandoverLine, policy.Update}, unsigned))

func decide(tx *act.Tx, in DecideDutyHandoverInput) (*DecideDutyHandoverPayload, error) {
	h, of, err := sheetOf(tx, need{policy.DutyHandoverLine, policy.Update}, in.HandoverID, in.AcceptIDs, "acceptIDs.%d")
	if err != nil {
		return nil, err
	}
	for i, l := range in.Dispute {
		if of[l.LineID] == nil {
			return nil, fault.Missing().At(fmt.Sprintf("dispute.%d.lineID", i))
		}
	}
	if err := unsigned(tx, h); err != nil {
		return nil, err
	}
	if _, err := onSide(tx, h, false); err != nil {
		return nil, err
	}
	decided := map[uuid.UUID]bool{}
	set := func(l *ent.DutyHandoverLine, to dutyhandoverline.State, reason string) error {
		decided[l.ID] = true
		return l.Update().SetState(to).SetDisputeReason(reason).SetDecidedAt(tx.Now).SetDecidedByID(tx.Viewer.Account).SetDecidedByName(tx.Viewer.Name).Exec(tx)
	}
	for _, id := range in.AcceptIDs {
		if err := set(of[id], dutyhandoverline.StateAccepted, ""); err != nil {
			return nil, err
		}
	}
	for _, l := range in.Dispute {
		if err := set(of[l.LineID], dutyhandoverline.StateDisputed, wording.Tidy(l.Reason)); err != nil {
			return nil, err
		}
	}
	for _, l := range of {
		if in.AcceptRest == nil || !*in.AcceptRest || decided[l.ID] || l.State != dutyhandoverline.StatePending {
			continue
		}
		if err := set(l, dutyhandoverline.StateAccepted, ""); err != nil {
			return nil, err
		}
	}
	return &DecideDutyHandoverPayload{h}, nil
}

// sheetOf finds a sheet and its lines, and locks it. Errors: NOT_FOUND at handoverID, or at the first of some lines that is not its own.
func sheetOf(tx *act.Tx, need need, id uuid.UUID, some []uuid.UUID, field string) (*ent.DutyHandover, map[uuid.UUID]*ent.DutyHandoverLine, error) {
	h, err := tx.DutyHandover.Query().Where(dutyhandover.ID(id)).ForUpdate().Only(tx)
	if h, err = find(tx, need, h, err, "handoverID"); err != nil {
		return nil, nil, err
	}
	lines, err := tx.DutyHandoverLine.Query().Where(dutyhandoverline.EstateID(h.EstateID), dutyhandoverline.HandoverID(h.ID)).All(tx)
	if err != nil {
		return nil, nil, err
	}
	of := map[uuid.UUID]*ent.DutyHandoverLine{}
	for _, l := range lines {
		of[l.ID] = l
	}
	for i, id := range some {
		if of[id] == nil {
			return nil, nil, fault.Missing().At(fmt.Sprintf(field, i))
		}
	}
	return h, of, nil
}

// onSide is the viewer, who is on a side of the shift change by the roster. Errors: RULE D2.
func onSide(tx *act.Tx, h *ent.DutyHandover, outgoing bool) (*ent.Staff, error) {
	me, err := self(tx, h.EstateID)
	if err != nil {
		return nil, err
	}
	on := false
	if me != nil {
		if err := tx.Raw.QueryRow(tx, `SELECT duty_is_on(h, $3, $4) FROM duty_handovers h WHERE h.estate_id = $1 AND h.id = $2`, h.EstateID, h.ID, outgoing, me.ID).Scan(&on); err != nil {
			return nil, err
		}
	}
	if !on {
		return nil, notOnDuty()
	}
	return me, nil
}

func notOnDuty() *fault.Error {
	return fault.Rule(handing, "按值班表,您不在交接的这一方:由下班人员交班、由当班人员接班;实际换人的,请主管先变更值班表。",
		"By the roster you are not on that side: who goes off duty hands over, and who is on duty takes over. Where somebody else did, the supervisor changes the roster first.").At("handoverID")
}

// unsigned refuses a sheet that is open no more, or that one side has signed.
func unsigned(_ *act.Tx, h *ent.DutyHandover) error {
	switch {
	case h.State != dutyhandover.StateOpen:
		return sheetOver()
	case h.OutgoingID != nil || h.IncomingID != nil:
		return sheetStays()
	}
	return nil
}

func sheetOver() *fault.Error {
	return fault.Clash("交接表已签署或已取消。", "The sheet is signed, or was cancelled.").By(handing).At("handoverID")
}

func sheetStays() *fault.Error {
	return fault.Clash("已有一方签字,内容不能再改;有误的请主管取消后重新填写。", "One side has signed, and what it signed stays; if it is wrong, have the supervisor cancel it and fill it anew.").By(handing).At("handoverID")
}

func sheetGuard(need need, check func(*act.Tx, *ent.DutyHandover) error) act.Guard[*ent.DutyHandover] {
	return act.Guard[*ent.DutyHandover]{
		Entity: ent.TypeDutyHandover,
		ID:     func(h *ent.DutyHandover) uuid.UUID { return h.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.DutyHandover, error) {
			rows, err := tx.DutyHandover.Query().Where(dutyhandover.IDIn(list...)).All(tx)
			return among(tx, need, rows), err
		},
		Check: check,
	}
}

// Responsible is the line by which somebody answers for a matter at a time, now unless given: of the last shift change whose sheet both sides signed by then. Nil:
// it never stood on a sheet that was signed (D2). A sheet that is signed late takes it from nobody who took over since.
func Responsible(ctx context.Context, subject uuid.UUID, at *time.Time) (*ent.DutyHandoverLine, error) {
	rt := act.From(ctx)
	when := rt.Clock.Now()
	if at != nil {
		when = *at
	}
	l, err := rt.DB.Ent.DutyHandoverLine.Query().Where(dutyhandoverline.SubjectID(subject), dutyhandoverline.AnswersSinceLTE(when)).
		Order(dutyhandoverline.ByHandoverField(dutyhandover.FieldEndedAt, sql.OrderDesc()), dutyhandoverline.ByAnswersSince(sql.OrderDesc()), dutyhandoverline.ByID(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return l, err
}
