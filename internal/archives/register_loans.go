package archives

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archiveloan"
	"github.com/steward-pm/steward/internal/registers"
)

// LoanRow is a row of 档案借阅登记表: one document of a loan, with what it came back by.
type LoanRow struct {
	Loan *ent.ArchiveLoan
	Line *ent.ArchiveLoanLine
}

// LoanRegister is 档案借阅登记表, the paper that is lent, as it stands at now (A5). Of a document it says where it stands, and no more.
func LoanRegister(say func(zh, en string) string, now time.Time) registers.Register[LoanRow] {
	return registers.Register[LoanRow]{
		Name: "archives-loans", ZH: "档案借阅登记表", EN: "Paper lent from the archive",
		Columns: []registers.Column[LoanRow]{
			{ZH: "借阅编号", EN: "Loan", Value: func(r LoanRow) any { return r.Loan.Code }},
			{ZH: "申请编号", EN: "Request", Value: func(r LoanRow) any {
				if r.Loan.Edges.Request == nil {
					return nil
				}
				return r.Loan.Edges.Request.Code
			}},
			{ZH: "借阅人", EN: "Borrower", Value: func(r LoanRow) any { return r.Loan.BorrowerName }},
			{ZH: "案卷号", EN: "Volume", Value: func(r LoanRow) any { return r.Line.VolumeCode }},
			{ZH: "分类", EN: "Category", Value: func(r LoanRow) any { return word(say, r.Line.Category) }},
			{ZH: "页数", EN: "Pages", Kind: registers.Int, Value: func(r LoanRow) any { return r.Line.Pages }},
			{ZH: "借出时间", EN: "Lent", Kind: registers.Time, Value: func(r LoanRow) any { return r.Loan.LentAt }},
			{ZH: "应还时间", EN: "Due", Kind: registers.Time, Value: func(r LoanRow) any { return r.Loan.DueAt }},
			{ZH: "经办人", EN: "Lent by", Value: func(r LoanRow) any { return r.Loan.LentByName }},
			{ZH: "归还时间", EN: "Returned at", Kind: registers.Time, Value: func(r LoanRow) any {
				if r.Line.Edges.Return == nil {
					return nil
				}
				return r.Line.Edges.Return.ReturnedAt
			}},
			{ZH: "归还人", EN: "Returned by", Value: func(r LoanRow) any {
				if r.Line.Edges.Return == nil {
					return nil
				}
				return r.Line.Edges.Return.ReturnedBy
			}},
			{ZH: "归还页数", EN: "Pages back", Kind: registers.Int, Value: func(r LoanRow) any { return r.Line.PagesBack }},
			{ZH: "备注", EN: "Remark", Width: 22, Value: func(r LoanRow) any { return r.Line.Remark }},
			{ZH: "状态", EN: "State", Value: func(r LoanRow) any { return r.state(say, now) }},
		},
	}
}

func (r LoanRow) state(say func(zh, en string) string, now time.Time) string {
	switch {
	case r.Loan.State == archiveloan.StateVoided:
		return say("已作废", "Voided")
	case !r.Line.Open:
		return say("已归还", "Returned")
	case Overdue(r.Loan, now):
		return say("逾期未还", "Overdue")
	}
	return say("借阅中", "Out")
}

// LoanRows reads the loans of an estate that were lent in a time (zero: open), the first first.
func LoanRows(ctx context.Context, db *ent.Client, estate uuid.UUID, from, until time.Time) iter.Seq2[LoanRow, error] {
	var last *ent.ArchiveLoan
	return registers.Pages(func() ([]LoanRow, bool, error) {
		q := db.ArchiveLoan.Query().Where(archiveloan.EstateID(estate)).WithRequest().
			WithLines(func(q *ent.ArchiveLoanLineQuery) { q.WithReturn().Order(ent.Asc("volume_code", "id")) }).
			Order(archiveloan.ByLentAt(), archiveloan.ByID()).Limit(registers.PageSize)
		if !from.IsZero() {
			q.Where(archiveloan.LentAtGTE(from))
		}
		if !until.IsZero() {
			q.Where(archiveloan.LentAtLT(until))
		}
		if last != nil {
			q.Where(registers.After(archiveloan.FieldLentAt, last.LentAt, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		var rows []LoanRow
		for _, l := range list {
			for _, line := range l.Edges.Lines {
				rows = append(rows, LoanRow{l, line})
			}
		}
		return rows, len(list) == registers.PageSize, nil
	})
}
