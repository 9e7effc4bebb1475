package keys

import (
	"context"
	_ "embed"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/figures"
	"github.com/steward-pm/steward/policy"
)

// KeyDashboard is the state of the keys now, of each estate and of all together.
type KeyDashboard figures.Counted[KeyFigures]

// KeyFigures are an estate's, or with no estate the sum of those asked for. A figure is nil where the viewer may not
// see what it counts.
type KeyFigures struct {
	Estate *ent.Estate

	KeysOut, KeysOverdue *int // with borrowers; of those past their due time
	KeysOutstanding      *int // that engineering owes (K1.4)
	KeysSealed           *int // with security (K1.3)
	KeysLost             *int // lost, of locks that are in use (K2.3)
	LossesUnanswered     *int // reported, and the leader has not answered (K2.3)
	SetsDueForScrapping  *int // K3.1
	LockChangesOrdered   *int // and not done yet (K3.1)
	Discrepancies        *int // of counts, and not resolved (K4.3)
	ApprovalsWaiting     *int // K2.2, K2.3, K3.2
	ObligationsDueToday  *int // of this chapter, not met, due by the end of the estate's day
	ObligationsPastDue   *int // of this chapter, not met, due before now
}

//go:embed dashboard.sql
var dashboardSQL string

// Board is what is counted of keys; of what is due a department counts its own.
var Board = &figures.Board[KeyFigures]{
	About: policy.KeySet, SQL: dashboardSQL, Own: []policy.Resource{policy.Obligation}, New: func(e *ent.Estate) *KeyFigures { return &KeyFigures{Estate: e} },
	Figs: []figures.Figure[KeyFigures]{
		{Of: func(f *KeyFigures) **int { return &f.KeysOut }, Resource: policy.KeyLoanLine},
		{Of: func(f *KeyFigures) **int { return &f.KeysOverdue }, Resource: policy.KeyLoanLine},
		{Of: func(f *KeyFigures) **int { return &f.KeysOutstanding }, Resource: policy.KeySet},
		{Of: func(f *KeyFigures) **int { return &f.SetsDueForScrapping }, Resource: policy.KeySet},
		{Of: func(f *KeyFigures) **int { return &f.KeysSealed }, Resource: policy.KeySeal},
		{Of: func(f *KeyFigures) **int { return &f.KeysLost }, Resource: policy.KeyBalance},
		{Of: func(f *KeyFigures) **int { return &f.LossesUnanswered }, Resource: policy.KeyLoss},
		{Of: func(f *KeyFigures) **int { return &f.LockChangesOrdered }, Resource: policy.KeyLockChange},
		{Of: func(f *KeyFigures) **int { return &f.Discrepancies }, Resource: policy.ReconciliationLine},
		{Of: func(f *KeyFigures) **int { return &f.ApprovalsWaiting }, Resource: policy.Approval},
		{Of: func(f *KeyFigures) **int { return &f.ObligationsDueToday }, Resource: policy.Obligation},
		{Of: func(f *KeyFigures) **int { return &f.ObligationsPastDue }, Resource: policy.Obligation},
	},
}

// Dashboard counts, in two statements however many estates there are: those given, or all where the viewer sees
// keys.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateIDs for an estate where the viewer sees no keys.
func Dashboard(ctx context.Context, estates []uuid.UUID) (*KeyDashboard, error) {
	c, err := Board.All(ctx, estates)
	return (*KeyDashboard)(c), err
}
