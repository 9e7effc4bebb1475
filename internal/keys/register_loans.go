package keys

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyloan"
	"github.com/steward-pm/steward/internal/naming"
	"github.com/steward-pm/steward/internal/registers"
)

// LoanRow is a row of 钥匙借用登记表: one line of a loan, with its set (as far as the viewer may see it)
// and returns loaded.
type LoanRow struct {
	Loan *ent.KeyLoan
	Line *ent.KeyLoanLine
}

// LoanRegister is 钥匙借用登记表 (K2.1) as it stands at now; say chooses the language of its words.
func LoanRegister(say func(zh, en string) string, now time.Time) registers.Register[LoanRow] {
	return registers.Register[LoanRow]{
		Name: "keys-loans", ZH: "钥匙借用登记表", EN: "Key loans",
		Columns: []registers.Column[LoanRow]{
			{ZH: "区域", EN: "Area", Value: func(r LoanRow) any { return areaOf(r.Line.Edges.Set) }},
			{ZH: "钥匙位置", EN: "Key set", Width: 24, Value: func(r LoanRow) any { return r.Line.Label }},
			{ZH: "数量", EN: "Count", Kind: registers.Int, Value: func(r LoanRow) any { return r.Line.Count }},
			{ZH: "借用人", EN: "Borrower", Value: func(r LoanRow) any { return r.Loan.BorrowerName }},
			{ZH: "用途", EN: "Purpose", Width: 20, Value: func(r LoanRow) any { return r.Loan.Purpose }},
			{ZH: "借出时间", EN: "Lent", Kind: registers.Time, Value: func(r LoanRow) any { return r.Loan.LentAt }},
			{ZH: "应还时间", EN: "Due", Kind: registers.Time, Value: func(r LoanRow) any { return r.Loan.DueAt }},
			{ZH: "经办人", EN: "Handler", Value: func(r LoanRow) any { return r.Loan.LentByName }},
			{ZH: "归还数量", EN: "Returned", Kind: registers.Int, Value: func(r LoanRow) any { return r.Line.Returned }},
			{ZH: "归还时间", EN: "Returned at", Kind: registers.Time, Value: LoanRow.returnedAt},
			{ZH: "归还人", EN: "Returned by", Value: LoanRow.returnedBy},
			{ZH: "状态", EN: "State", Value: func(r LoanRow) any { return r.state(say, now) }},
		},
	}
}

// LoanRows reads the loans of an estate that were lent in a time (zero: open), the first first.
func LoanRows(ctx context.Context, db *ent.Client, estate uuid.UUID, from, until time.Time) iter.Seq2[LoanRow, error] {
	var last *ent.KeyLoan
	return registers.Pages(func() ([]LoanRow, bool, error) {
		q := db.KeyLoan.Query().Where(keyloan.EstateID(estate)).Order(keyloan.ByLentAt(), keyloan.ByID()).Limit(registers.PageSize).
			WithLines(func(q *ent.KeyLoanLineQuery) { q.WithReturns().WithSet(withArea) })
		if !from.IsZero() {
			q.Where(keyloan.LentAtGTE(from))
		}
		if !until.IsZero() {
			q.Where(keyloan.LentAtLT(until))
		}
		if last != nil {
			q.Where(registers.After(keyloan.FieldLentAt, last.LentAt, last.ID))
		}
		loans, err := q.All(ctx)
		if err != nil || len(loans) == 0 {
			return nil, false, err
		}
		last = loans[len(loans)-1]
		return linesOf(loans), len(loans) == registers.PageSize, nil
	})
}

func linesOf(loans []*ent.KeyLoan) (rows []LoanRow) {
	for _, loan := range loans {
		slices.SortFunc(loan.Edges.Lines, func(a, b *ent.KeyLoanLine) int { return cmp.Compare(naming.Natural(a.Label), naming.Natural(b.Label)) })
		for _, line := range loan.Edges.Lines {
			rows = append(rows, LoanRow{loan, line})
		}
	}
	return rows
}

// returnedAt is when the last of the keys came back.
func (r LoanRow) returnedAt() any {
	var at time.Time
	for _, back := range standing(r.Line.Edges.Returns) {
		if back.ReturnedAt.After(at) {
			at = back.ReturnedAt
		}
	}
	return at
}

// returnedBy names everybody who brought some back.
func (r LoanRow) returnedBy() any {
	var names []string
	for _, back := range standing(r.Line.Edges.Returns) {
		if !slices.Contains(names, back.ReturnedBy) {
			names = append(names, back.ReturnedBy)
		}
	}
	return strings.Join(names, "、")
}

func (r LoanRow) state(say func(zh, en string) string, now time.Time) string {
	switch {
	case r.Line.Voided:
		return say("已作废", "Voided")
	case r.Line.Returned == r.Line.Count:
		return say("已归还", "Returned")
	case Outstanding(r.Line) == 0:
		return say("已报失", "Lost")
	case !now.Before(r.Loan.DueAt): // K2.2: the end of the day is no longer in time
		return say("逾期未还", "Overdue")
	case r.Line.Returned > 0:
		return say("部分归还", "Partly returned")
	}
	return say("借用中", "Out")
}

// withArea loads with a set where its door is.
func withArea(q *ent.KeySetQuery) {
	q.WithUnit(func(q *ent.UnitQuery) { q.WithBuilding(func(q *ent.BuildingQuery) { q.WithArea() }) })
}

// areaOf names the area; empty where there is none, or none for the viewer to see.
func areaOf(s *ent.KeySet) string {
	if s == nil || s.Edges.Unit == nil || s.Edges.Unit.Edges.Building == nil || s.Edges.Unit.Edges.Building.Edges.Area == nil {
		return ""
	}
	return s.Edges.Unit.Edges.Building.Edges.Area.Name
}
