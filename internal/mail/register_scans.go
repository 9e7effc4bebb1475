package mail

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailscan"
	"github.com/steward-pm/steward/internal/registers"
)

// ScanRegister is 邮件刷码核对表: what was scanned, what it was of, and what is said of what matches nothing (M2).
func ScanRegister(say func(zh, en string) string) registers.Register[*ent.MailScan] {
	type row = *ent.MailScan
	return registers.Register[row]{
		Name: "mail-scans", ZH: "邮件刷码核对表", EN: "Scans of mail",
		Columns: []registers.Column[row]{
			{ZH: "刷码时间", EN: "Scanned", Kind: registers.Time, Value: func(s row) any { return s.ScannedAt }},
			{ZH: "台位", EN: "Desk", Value: func(s row) any { return s.Desk }},
			{ZH: "条码", EN: "Barcode", Width: 20, Value: func(s row) any { return s.Code }},
			{ZH: "结果", EN: "Outcome", Value: func(s row) any { return say(outcomeWords(s.Outcome)) }},
			{ZH: "种类", EN: "Kind", Value: func(s row) any {
				if s.Edges.Item == nil {
					return ""
				}
				return say(kindZH(string(s.Edges.Item.Kind)), kindEN(string(s.Edges.Item.Kind)))
			}},
			{ZH: "刷码人", EN: "By", Value: func(s row) any { return s.ScannedByName }},
			{ZH: "说明", EN: "Explanation", Width: 24, Value: func(s row) any { return s.Explanation }},
			{ZH: "说明人", EN: "Explained by", Value: func(s row) any { return s.ExplainedByName }},
		},
	}
}

func outcomeWords(o mailscan.Outcome) (zh, en string) {
	switch o {
	case mailscan.OutcomeMatched:
		return "相符", "matched"
	case mailscan.OutcomeUnknown:
		return "清单外", "unknown"
	case mailscan.OutcomeDouble:
		return "重复", "double"
	}
	return "已送出", "already delivered"
}

// ScanRows reads an estate's scans of a time (zero: open), the first first.
func ScanRows(ctx context.Context, db *ent.Client, estate uuid.UUID, from, until time.Time) iter.Seq2[*ent.MailScan, error] {
	var last *ent.MailScan
	return registers.Pages(func() ([]*ent.MailScan, bool, error) {
		q := db.MailScan.Query().Where(mailscan.EstateID(estate)).Order(mailscan.ByScannedAt(), mailscan.ByID()).Limit(registers.PageSize).WithItem()
		if !from.IsZero() {
			q.Where(mailscan.ScannedAtGTE(from))
		}
		if !until.IsZero() {
			q.Where(mailscan.ScannedAtLT(until))
		}
		if last != nil {
			q.Where(registers.After(mailscan.FieldScannedAt, last.ScannedAt, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		return list, len(list) == registers.PageSize, nil
	})
}
