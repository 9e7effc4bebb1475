package archives

import (
	_ "embed"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/figures"
	"github.com/steward-pm/steward/policy"
)

// ArchiveFigures are an estate's archive now (A5). A figure is nil where the viewer may not see what it counts.
type ArchiveFigures struct {
	RequestsWaiting *int // not answered yet
	LoansOut        *int // of which something is out
	LoansOverdue    *int // of those, past their due time
}

//go:embed figures.sql
var figuresSQL string

// Board is what is counted of the archive; a department counts its own.
var Board = &figures.Board[ArchiveFigures]{
	About: policy.ArchiveRequest, SQL: figuresSQL, Own: []policy.Resource{policy.ArchiveRequest, policy.ArchiveLoan}, New: func(*ent.Estate) *ArchiveFigures { return &ArchiveFigures{} },
	Figs: []figures.Figure[ArchiveFigures]{
		{Of: func(f *ArchiveFigures) **int { return &f.RequestsWaiting }, Resource: policy.ArchiveRequest},
		{Of: func(f *ArchiveFigures) **int { return &f.LoansOut }, Resource: policy.ArchiveLoan},
		{Of: func(f *ArchiveFigures) **int { return &f.LoansOverdue }, Resource: policy.ArchiveLoan},
	},
}
