package mail

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailreceipt"
	"github.com/steward-pm/steward/ent/mailreceiptline"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// ReceiptRow is a count of one kind, with the receipt that it is of.
type ReceiptRow struct {
	Receipt *ent.MailReceipt
	Line    *ent.MailReceiptLine
}

// ReceiptRegister is what was counted with the post office (M1): 邮件接收核对表.
func ReceiptRegister(say func(zh, en string) string) registers.Register[ReceiptRow] {
	return registers.Register[ReceiptRow]{
		Name: "mail-receipts", ZH: "邮件接收核对表", EN: "Mail counted with the post office",
		Columns: []registers.Column[ReceiptRow]{
			{ZH: "日期", EN: "Day", Kind: registers.Date, Value: func(r ReceiptRow) any { return calendar.DayOf(r.Receipt.ReceivedOn) }},
			{ZH: "接收时间", EN: "Received", Kind: registers.Time, Value: func(r ReceiptRow) any { return r.Receipt.ReceivedAt }},
			{ZH: "种类", EN: "Kind", Value: func(r ReceiptRow) any { return say(kindZH(string(r.Line.Kind)), kindEN(string(r.Line.Kind))) }},
			{ZH: "邮局数量", EN: "Stated", Kind: registers.Int, Value: func(r ReceiptRow) any { return r.Line.Stated }},
			{ZH: "实收数量", EN: "Counted", Kind: registers.Int, Value: func(r ReceiptRow) any { return r.Line.Counted }},
			{ZH: "差额", EN: "Difference", Kind: registers.Int, Value: func(r ReceiptRow) any { return Difference(r.Line) }},
			{ZH: "差额说明", EN: "Remark", Width: 24, Value: func(r ReceiptRow) any { return r.Line.Remark }},
			{ZH: "投递人", EN: "Delivered by", Value: func(r ReceiptRow) any { return r.Receipt.DeliveredBy }},
			{ZH: "接待员", EN: "Received by", Value: func(r ReceiptRow) any { return r.Receipt.ReceivedByName }},
			{ZH: "备注", EN: "Note", Width: 20, Value: func(r ReceiptRow) any {
				if r.Receipt.VoidedAt != nil {
					return say("已作废:", "Voided: ") + r.Receipt.VoidReason
				}
				return r.Receipt.Note
			}},
		},
	}
}

// ReceiptRows reads the counts of an estate's receipts of a time (zero: open), the first first.
func ReceiptRows(ctx context.Context, db *ent.Client, estate uuid.UUID, from, until time.Time) iter.Seq2[ReceiptRow, error] {
	var last *ent.MailReceipt
	return registers.Pages(func() ([]ReceiptRow, bool, error) {
		q := db.MailReceipt.Query().Where(mailreceipt.EstateID(estate)).Order(mailreceipt.ByReceivedAt(), mailreceipt.ByID()).Limit(registers.PageSize).
			WithLines(func(q *ent.MailReceiptLineQuery) { q.Order(mailreceiptline.ByKind()) })
		if !from.IsZero() {
			q.Where(mailreceipt.ReceivedAtGTE(from))
		}
		if !until.IsZero() {
			q.Where(mailreceipt.ReceivedAtLT(until))
		}
		if last != nil {
			q.Where(registers.After(mailreceipt.FieldReceivedAt, last.ReceivedAt, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		var rows []ReceiptRow
		for _, r := range list {
			for _, line := range r.Edges.Lines {
				rows = append(rows, ReceiptRow{r, line})
			}
		}
		return rows, len(list) == registers.PageSize, nil
	})
}
