package fees

import (
	"context"
	"iter"

	"entgo.io/ent/dialect/sql"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feeentry"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// JournalRow is a posting with its entry: a line of the journal.
type JournalRow struct {
	Entry   *ent.FeeEntry
	Posting *ent.FeePosting
}

// JournalRegister is 日记账: every entry, debit and credit (F5).
func JournalRegister(say func(zh, en string) string) registers.Register[JournalRow] {
	return registers.Register[JournalRow]{
		Name: "fee-journal", ZH: "收费日记账", EN: "Journal of fees",
		Columns: []registers.Column[JournalRow]{
			{ZH: "凭证号", EN: "Entry", Kind: registers.Int, Value: func(r JournalRow) any { return r.Entry.Number }},
			{ZH: "日期", EN: "Day", Kind: registers.Date, Value: func(r JournalRow) any { return calendar.DayOf(r.Entry.BookedOn) }},
			{ZH: "摘要", EN: "What", Width: 16, Value: func(r JournalRow) any { return kindWords(say, r.Entry.Kind) }},
			{ZH: "单号", EN: "Of number", Value: func(r JournalRow) any { return r.Entry.About }},
			{ZH: "业户编号", EN: "Household number", Value: func(r JournalRow) any { return home(r.Entry.Edges.Household).Code }},
			{ZH: "业户", EN: "Household", Width: 16, Value: func(r JournalRow) any { return home(r.Entry.Edges.Household).Name }},
			{ZH: "科目", EN: "Account", Width: 16, Value: func(r JournalRow) any { return accountWords(say, r.Posting.Account) }},
			{ZH: "借方", EN: "Debit", Kind: registers.Hundredths, Value: func(r JournalRow) any { return side(r.Posting.Amount) }},
			{ZH: "贷方", EN: "Credit", Kind: registers.Hundredths, Value: func(r JournalRow) any { return side(-r.Posting.Amount) }},
		},
	}
}

// side is an amount on its side of the journal; nothing on the other.
func side(amount int64) any {
	if amount < 0 {
		return nil
	}
	return amount
}

// JournalRows reads the entries of days, by number, the debit first.
func JournalRows(ctx context.Context, db *ent.Client, w Within) iter.Seq2[JournalRow, error] {
	var last *ent.FeeEntry
	return registers.Pages(func() ([]JournalRow, bool, error) {
		q := db.FeeEntry.Query().Where(feeentry.EstateID(w.Estate), w.home, w.days(feeentry.FieldBookedOn)).
			Order(feeentry.ByNumber(), feeentry.ByID()).Limit(registers.PageSize).WithHousehold().
			WithPostings(func(q *ent.FeePostingQuery) { q.Order(sql.OrderByField("amount", sql.OrderDesc()).ToFunc()) })
		if last != nil {
			q.Where(registers.After(feeentry.FieldNumber, last.Number, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		var out []JournalRow
		for _, e := range list {
			for _, p := range e.Edges.Postings {
				out = append(out, JournalRow{e, p})
			}
		}
		return out, len(list) == registers.PageSize, nil
	})
}
