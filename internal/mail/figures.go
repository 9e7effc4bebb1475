package mail

import (
	_ "embed"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/figures"
	"github.com/steward-pm/steward/policy"
)

// MailFigures are an estate's mail and press now. A figure is nil where the viewer may not see what it counts.
type MailFigures struct {
	ItemsUndelivered *int // neither delivered nor returned (M3, M5)
	ItemsLeftOver    *int // of those, that came on an earlier day (M5)
	ItemsDoubtful    *int // of those, that a superior is to decide upon (M4)
	PressExpected    *int // copies that the subscriptions ask for today (M1)
	PressMissing     *int // publications of which some are asked for today, and none was counted yet (M1)
	ClaimsOpen       *int // press that was short, and not recovered or written off (M7)
	CasesOpen        *int // not concluded (M6)
}

//go:embed figures.sql
var figuresSQL string

// Board is what is counted of mail; of items a department counts its own.
var Board = &figures.Board[MailFigures]{
	About: policy.MailItem, SQL: figuresSQL, Own: []policy.Resource{policy.MailItem}, New: func(*ent.Estate) *MailFigures { return &MailFigures{} },
	Figs: []figures.Figure[MailFigures]{
		{Of: func(f *MailFigures) **int { return &f.ItemsUndelivered }, Resource: policy.MailItem},
		{Of: func(f *MailFigures) **int { return &f.ItemsLeftOver }, Resource: policy.MailItem},
		{Of: func(f *MailFigures) **int { return &f.ItemsDoubtful }, Resource: policy.MailItem},
		{Of: func(f *MailFigures) **int { return &f.PressExpected }, Resource: policy.PressSubscription},
		{Of: func(f *MailFigures) **int { return &f.PressMissing }, Resource: policy.PressSubscription},
		{Of: func(f *MailFigures) **int { return &f.ClaimsOpen }, Resource: policy.PressClaim},
		{Of: func(f *MailFigures) **int { return &f.CasesOpen }, Resource: policy.MailCase},
	},
}
