// Package demo makes a believable portfolio through the program's own acts and imports: three estates, a
// member of staff for each role, and a month of keys lent and taken back, some of them not yet. In the first estate
// everything happens in that month of which the rulebook's chapter K tells, and some of it waits for who tries the demo.
// It is the same on every machine, but for the dates, which end today, the passwords, and what spot checks draw.
package demo

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/jonboulle/clockwork"
	"golang.org/x/sync/errgroup"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/policy"
)

// SignIn is how somebody of the demo signs in.
type SignIn struct{ Role, Email, Password string }

// String is the line that scripts read.
func (s SignIn) String() string { return fmt.Sprintf("sign-in %s %s %s", s.Role, s.Email, s.Password) }

// Loaded tells whether the database holds any estate already.
func Loaded(ctx context.Context, rt *act.Runtime, table *policy.Table) (bool, error) {
	return rt.DB.Ent.Estate.Query().Exist(access.With(ctx, access.System(table, "demo")))
}

// Load makes the portfolio, whose uploads are put there, and returns a sign-in for each role.
func Load(ctx context.Context, rt *act.Runtime, table *policy.Table, uploads *files.Files, progress func(string, ...any)) (list []SignIn, err error) {
	ctx = access.With(act.With(ctx, rt), access.System(table, "demo"))
	estates := make([]*ent.Estate, len(portfolio))
	for i, p := range portfolio {
		progress("importing %s", p.name)
		if estates[i], err = p.load(ctx, rt, i); err != nil {
			return nil, fmt.Errorf("demo estate %s: %w", p.code, err)
		}
	}
	progress("making accounts")
	team, err := hire(ctx, rt, table, estates)
	if err != nil {
		return nil, fmt.Errorf("demo accounts: %w", err)
	}
	team.uploads = uploads
	if err := team.notices(ctx, rt, estates[0]); err != nil {
		return nil, fmt.Errorf("demo notices: %w", err)
	}
	stop, err := hook(ctx, estates[0])
	if err != nil {
		return nil, fmt.Errorf("demo webhook: %w", err)
	}
	progress("living through a month")
	g, gctx := errgroup.WithContext(ctx)
	for i, e := range estates {
		g.Go(func() error { return team.month(gctx, rt, table, e, uint64(i)) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return team.signIns, stop()
}

// replay is the runtime with a clock that can be set: history is acted out, not written down.
func replay(rt *act.Runtime) (*act.Runtime, *clockwork.FakeClock) {
	clock := clockwork.NewFakeClockAt(rt.Clock.Now())
	past := *rt
	past.Clock = clock
	return &past, clock
}

func find(ctx context.Context, rt *act.Runtime, code string) (*ent.Estate, error) {
	return rt.DB.Ent.Estate.Query().Where(estate.Code(code)).Only(ctx)
}

// password is a random one that can be typed: the demo may be reachable from elsewhere.
func password() string { return rand.Text()[:12] }
