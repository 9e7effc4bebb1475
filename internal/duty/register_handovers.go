package duty

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyhandover"
	"github.com/steward-pm/steward/ent/dutyhandoverline"
	"github.com/steward-pm/steward/internal/registers"
)

// HandoverRow is a line of a sheet; a sheet without one has a row of its own.
type HandoverRow struct {
	Sheet *ent.DutyHandover
	Line  *ent.DutyHandoverLine
}

// HandoverRegister is 交接班记录: every sheet with its lines, and who answers for each (D2).
func HandoverRegister(say func(zh, en string) string) registers.Register[HandoverRow] {
	line := func(f func(*ent.DutyHandoverLine) any) func(HandoverRow) any {
		return func(r HandoverRow) any {
			if r.Line == nil {
				return nil
			}
			return f(r.Line)
		}
	}
	return registers.Register[HandoverRow]{
		Name: "duty-handovers", ZH: "交接班记录", EN: "Handovers of shifts",
		Columns: []registers.Column[HandoverRow]{
			{ZH: "交班时间", EN: "Shift ended", Kind: registers.Time, Value: func(r HandoverRow) any { return r.Sheet.EndedAt }},
			{ZH: "交班人", EN: "Outgoing", Value: func(r HandoverRow) any { return side(r.Sheet.Edges.Outgoing, r.Sheet.OutgoingNames) }},
			{ZH: "接班人", EN: "Incoming", Value: func(r HandoverRow) any { return side(r.Sheet.Edges.Incoming, r.Sheet.IncomingNames) }},
			{ZH: "状态", EN: "State", Value: func(r HandoverRow) any { return sheetWords(say, r.Sheet) }},
			{ZH: "签署时间", EN: "Signed", Kind: registers.Time, Value: func(r HandoverRow) any { return r.Sheet.SignedAt }},
			{ZH: "交班备注", EN: "Remark", Width: 20, Value: func(r HandoverRow) any { return r.Sheet.Remark }},
			{ZH: "事项", EN: "Matter", Value: line(func(l *ent.DutyHandoverLine) any { return say(l.Title, l.TitleEn) })},
			{ZH: "内容", EN: "What", Width: 28, Value: line(func(l *ent.DutyHandoverLine) any { return say(l.Text, l.TextEn) })},
			{ZH: "数量", EN: "Count", Kind: registers.Int, Value: line(func(l *ent.DutyHandoverLine) any { return l.Counted })},
			{ZH: "备注", EN: "Remark on it", Width: 18, Value: line(func(l *ent.DutyHandoverLine) any { return l.Remark })},
			{ZH: "接收", EN: "Taken over", Value: line(func(l *ent.DutyHandoverLine) any { return lineWords(say, l) })},
			{ZH: "异议", EN: "Disputed since", Width: 18, Value: line(func(l *ent.DutyHandoverLine) any { return l.DisputeReason })},
			{ZH: "责任人", EN: "Who answers", Value: line(func(l *ent.DutyHandoverLine) any { return side(l.Edges.Answers, "") })},
			{ZH: "责任起", EN: "From", Kind: registers.Time, Value: line(func(l *ent.DutyHandoverLine) any { return l.AnswersSince })},
		},
	}
}

// side is who signed, or who was to.
func side(who *ent.Staff, names string) string {
	if who != nil {
		return who.Name
	}
	return names
}

func sheetWords(say func(zh, en string) string, h *ent.DutyHandover) string {
	switch {
	case h.State == dutyhandover.StateSigned && h.Late:
		return say("逾期签署", "Signed late")
	case h.State == dutyhandover.StateSigned:
		return say("已签署", "Signed")
	case h.State == dutyhandover.StateCancelled:
		return say("已取消", "Cancelled")
	}
	return say("未签署", "Not signed")
}

func lineWords(say func(zh, en string) string, l *ent.DutyHandoverLine) string {
	switch l.State {
	case dutyhandoverline.StateAccepted:
		return say("接受", "Accepted")
	case dutyhandoverline.StateDisputed:
		return say("异议", "Disputed")
	}
	return say("未处理", "Not decided")
}

// HandoverRows reads the sheets of a time, the oldest first, each with its lines.
func HandoverRows(ctx context.Context, db *ent.Client, estate uuid.UUID, from, until time.Time) iter.Seq2[HandoverRow, error] {
	var last *ent.DutyHandover
	return registers.Pages(func() ([]HandoverRow, bool, error) {
		q := db.DutyHandover.Query().Where(dutyhandover.EstateID(estate)).Order(dutyhandover.ByEndedAt(), dutyhandover.ByID()).Limit(registers.PageSize).WithOutgoing().WithIncoming().
			WithItems(func(q *ent.DutyHandoverLineQuery) { q.Order(dutyhandoverline.ByPosition()).WithAnswers() })
		if !from.IsZero() {
			q.Where(dutyhandover.EndedAtGTE(from))
		}
		if !until.IsZero() {
			q.Where(dutyhandover.EndedAtLT(until))
		}
		if last != nil {
			q.Where(registers.After(dutyhandover.FieldEndedAt, last.EndedAt, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		var out []HandoverRow
		for _, h := range list {
			for _, l := range h.Edges.Items {
				out = append(out, HandoverRow{h, l})
			}
			if len(h.Edges.Items) == 0 {
				out = append(out, HandoverRow{Sheet: h})
			}
		}
		return out, len(list) == registers.PageSize, nil
	})
}
