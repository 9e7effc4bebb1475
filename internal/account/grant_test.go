package account_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
)

// A grant holds from its first day to its last, both included, by the date that is handed in.
func TestGrantHoldsFromAndUntilADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	estate := w.estate()
	household := estate // has the same id here
	li := w.person("li", "")
	g := w.give(account.NewGrant{Account: li, Role: "resident", Estate: estate, Household: household, From: today.AddDays(1), Until: today.AddDays(2)})
	in := w.session("li")
	for day, want := range map[int]int{0: 0, 1: 1, 2: 1, 3: 0} {
		id, err := w.Authenticate(t.Context(), in.Token, today.AddDays(day))
		must(t, err)
		if len(id.Grants) != want {
			t.Errorf("day %d: %d grants, want %d", day, len(id.Grants), want)
		}
		if want == 1 {
			want := account.Held{ID: g.ID, Role: "resident", Estate: estate, Household: household, From: today.AddDays(1), Until: today.AddDays(2)}
			if id.Grants[0] != want {
				t.Errorf("got %+v, want %+v", id.Grants[0], want)
			}
		}
	}
}

func TestGrantInputIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.person("li", "")
	good := account.NewGrant{Account: li, Role: "cs-officer", Estate: w.estate(), From: today}
	for field, spoil := range map[string]func(*account.NewGrant){
		"role":   func(g *account.NewGrant) { g.Role = "emperor" },
		"from":   func(g *account.NewGrant) { g.From = calendar.Day{} },
		"until":  func(g *account.NewGrant) { g.Until = today.AddDays(-1) },
		"estate": func(g *account.NewGrant) { g.Estate = uuid.Nil; g.Household = uuid.New() },
	} {
		in := good
		spoil(&in)
		err := w.as(system, func(tx pgx.Tx) error { return second(w.Grant(t.Context(), tx, in)) })
		if f := refused(t, err, fault.InvalidInput); f.Field != field {
			t.Errorf("field %q, want %q", f.Field, field)
		}
	}
	good.Account = uuid.New()
	refused(t, w.as(system, func(tx pgx.Tx) error { return second(w.Grant(t.Context(), tx, good)) }), fault.NotFound)
}

// A project manager gives and takes inside the own estate, and nowhere else.
func TestGrantsStayInsideTheViewersEstates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.estate(), w.estate()
	pm, li := w.person("pm", "project-manager", a), w.person("li", "cs-officer", b)
	elsewhere := w.give(account.NewGrant{Account: pm, Role: "auditor"})
	give := func(estate uuid.UUID) error {
		return w.as(of(pm, a), func(tx pgx.Tx) error {
			return second(w.Grant(t.Context(), tx, account.NewGrant{Account: li, Role: "cs-officer", Estate: estate, From: today, By: pm}))
		})
	}
	refused(t, give(b), fault.Forbidden)
	refused(t, give(uuid.Nil), fault.Forbidden)
	must(t, give(a))

	list := func(v viewer, f account.GrantFilter) (grants []account.Grant) {
		w.do(v, func(tx pgx.Tx) (err error) {
			grants, err = w.ListGrants(t.Context(), tx, f)
			return err
		})
		return grants
	}
	seen := list(of(pm, a), account.GrantFilter{Accounts: []uuid.UUID{li}})
	if len(seen) != 1 || seen[0].Estate != a || seen[0].GrantedBy != pm {
		t.Fatalf("the project manager sees %+v", seen)
	}
	if own := list(of(pm), account.GrantFilter{}); len(own) != 2 {
		t.Errorf("own grants: %+v", own)
	}
	if all := list(system, account.GrantFilter{On: today, Estate: b}); len(all) != 1 || all[0].AccountID != li {
		t.Errorf("grants of estate b: %+v", all)
	}
	revoke := func(v viewer, id uuid.UUID) error {
		return w.as(v, func(tx pgx.Tx) error { return second(w.Revoke(t.Context(), tx, id, pm)) })
	}
	refused(t, revoke(of(pm, b), seen[0].ID), fault.NotFound)
	refused(t, revoke(of(pm, a), elsewhere.ID), fault.NotFound) // the own auditor grant, which binds him
	must(t, revoke(of(pm, a), seen[0].ID))
	refused(t, revoke(of(pm, a), seen[0].ID), fault.Conflict)
	w.do(of(pm, a), func(tx pgx.Tx) error {
		g, err := w.FindGrant(t.Context(), tx, seen[0].ID)
		if g.RevokedAt == nil || g.RevokedBy != pm {
			t.Errorf("grant %+v", g)
		}
		return err
	})
}

// Who leaves: grants, sessions and tokens end at once.
func TestEndAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.estate(), w.estate()
	pm := w.person("pm", "project-manager", a)
	li := w.person("li", "cs-officer", a)
	in := w.session("li")
	_, secret, err := w.token(account.NewToken{Account: li, Name: "x", Role: "cs-officer", ExpiresAt: w.clock.Now().Add(time.Hour)})
	must(t, err)
	end := func(v viewer) (e account.Ended, err error) {
		err = w.as(v, func(tx pgx.Tx) (err error) {
			e, err = w.EndAll(t.Context(), tx, li, pm, uuid.Nil)
			return err
		})
		return e, err
	}
	_, err = end(of(pm, b))
	refused(t, err, fault.NotFound)
	e, err := end(of(pm, a))
	must(t, err)
	if e != (account.Ended{Grants: 1, Sessions: 1, Tokens: 1}) {
		t.Errorf("ended %+v", e)
	}
	for _, bearer := range []string{in.Token, secret} {
		_, err := w.who(bearer)
		refused(t, err, fault.Unauthenticated)
	}
	w.give(account.NewGrant{Account: li, Role: "cs-officer", Estate: a})
	kept := w.give(account.NewGrant{Account: li, Role: "cs-officer", Estate: b})
	e, err = end(of(pm, a))
	must(t, err)
	if e != (account.Ended{Grants: 1, Elsewhere: 1}) {
		t.Errorf("ended %+v", e)
	}
	id, err := w.who(w.session("li").Token)
	must(t, err)
	if len(id.Grants) != 1 || id.Grants[0].ID != kept.ID {
		t.Errorf("grants %+v", id.Grants)
	}
}
