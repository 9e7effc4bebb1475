package fees

import (
	"context"
	"iter"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feeaccount"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/internal/registers"
)

// AccountRegister is 业户往来账: what each household owes, and its credit (F5).
func AccountRegister() registers.Register[*ent.FeeAccount] {
	type row = *ent.FeeAccount
	return registers.Register[row]{
		Name: "fee-accounts", ZH: "业户往来账", EN: "Accounts of households",
		Columns: []registers.Column[row]{
			{ZH: "业户编号", EN: "Household number", Value: func(a row) any { return home(a.Edges.Household).Code }},
			{ZH: "业户", EN: "Household", Width: 16, Value: func(a row) any { return home(a.Edges.Household).Name }},
			{ZH: "欠费", EN: "Owes", Kind: registers.Hundredths, Value: func(a row) any { return a.Receivable }},
			{ZH: "预收", EN: "Credit", Kind: registers.Hundredths, Value: func(a row) any { return a.Credit }},
		},
	}
}

// AccountRows reads the accounts, household by household.
func AccountRows(ctx context.Context, db *ent.Client, w Within) iter.Seq2[*ent.FeeAccount, error] {
	var last *ent.Household
	return registers.Pages(func() ([]*ent.FeeAccount, bool, error) {
		q := db.Household.Query().Where(household.EstateID(w.Estate), household.HasFeeAccountWith(w.home)).Order(household.ByCode(), household.ByID()).Limit(registers.PageSize).
			WithFeeAccount(func(q *ent.FeeAccountQuery) { q.Where(feeaccount.EstateID(w.Estate)) })
		if last != nil {
			q.Where(registers.After(household.FieldCode, last.Code, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		var out []*ent.FeeAccount
		for _, h := range list {
			for _, a := range h.Edges.FeeAccount {
				a.Edges.Household = h
				out = append(out, a)
			}
		}
		last = list[len(list)-1]
		return out, len(list) == registers.PageSize, nil
	})
}
