package fees

import (
	_ "embed"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/figures"
	"github.com/steward-pm/steward/policy"
)

// FeeFigures are an estate's fees now; amounts are in fen. A figure is nil where the viewer may not see what it counts.
type FeeFigures struct {
	HouseholdsInArrears *int // with a notice that was to be paid by an earlier day (F6)
	AmountOverdue       *int // what they owe of such notices (F6)
	AmountOpen          *int // what is owed in all, overdue or not
	NoticesToDispatch   *int // that customer service has, and that were not dispatched or came back (F3)
	DunningsToReview    *int // F6
	DunningsToStamp     *int // F7
	DunningsToHandOver  *int // F7
	DunningsToDispatch  *int // F7
	BankLinesOpen       *int // neither confirmed nor ignored (F5)
	RefundsAsked        *int // not paid yet (F5)
}

//go:embed figures.sql
var figuresSQL string

// Board is what is counted of fees.
var Board = &figures.Board[FeeFigures]{
	About: policy.FeeNotice, SQL: figuresSQL, New: func(*ent.Estate) *FeeFigures { return &FeeFigures{} },
	Figs: []figures.Figure[FeeFigures]{
		{Of: func(f *FeeFigures) **int { return &f.HouseholdsInArrears }, Resource: policy.FeeNotice},
		{Of: func(f *FeeFigures) **int { return &f.AmountOverdue }, Resource: policy.FeeNotice},
		{Of: func(f *FeeFigures) **int { return &f.AmountOpen }, Resource: policy.FeeAccount},
		{Of: func(f *FeeFigures) **int { return &f.NoticesToDispatch }, Resource: policy.FeeNotice},
		{Of: func(f *FeeFigures) **int { return &f.DunningsToReview }, Resource: policy.FeeDunning},
		{Of: func(f *FeeFigures) **int { return &f.DunningsToStamp }, Resource: policy.FeeDunning},
		{Of: func(f *FeeFigures) **int { return &f.DunningsToHandOver }, Resource: policy.FeeDunning},
		{Of: func(f *FeeFigures) **int { return &f.DunningsToDispatch }, Resource: policy.FeeDunning},
		{Of: func(f *FeeFigures) **int { return &f.BankLinesOpen }, Resource: policy.FeeBankLine},
		{Of: func(f *FeeFigures) **int { return &f.RefundsAsked }, Resource: policy.FeeRefund},
	},
}
