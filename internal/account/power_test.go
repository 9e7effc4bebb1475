package account_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
)

// upon are the acts upon another's account, by name; each leaves it as it was or is rolled back.
func (w *world) upon(token uuid.UUID) map[string]func(pgx.Tx, uuid.UUID) error {
	ctx := w.t.Context()
	return map[string]func(pgx.Tx, uuid.UUID) error{
		"reset":   func(tx pgx.Tx, id uuid.UUID) error { return third(w.ResetPassword(ctx, tx, id)) },
		"disable": func(tx pgx.Tx, id uuid.UUID) error { return w.Disable(ctx, tx, id) },
		"tokens":  func(tx pgx.Tx, id uuid.UUID) error { return second(w.ListTokens(ctx, tx, id)) },
		"revoke":  func(tx pgx.Tx, _ uuid.UUID) error { return second(w.RevokeToken(ctx, tx, token)) },
	}
}

// errUndo rolls back what was let through.
var errUndo = errors.New("undo")

// allowed tells which of the acts upon the account the viewer is let do; all others must be refused so.
func (w *world) allowed(v viewer, id, token uuid.UUID, code fault.Code) []string {
	w.t.Helper()
	var may []string
	for name, act := range w.upon(token) {
		err := w.as(v, func(tx pgx.Tx) error {
			if err := act(tx, id); err != nil {
				return err
			}
			return errUndo
		})
		if errors.Is(err, errUndo) {
			may = append(may, name)
			continue
		}
		refused(w.t, err, code)
	}
	slices.Sort(may)
	return may
}

// Who moved from one estate to another, by the end of a grant or by its last day: the old manager has no power
// left, and the new one all of it, from the day on that the old grant is over. Seeing the name goes on.
func TestPowerNeedsAGrantInForce(t *testing.T) {
	t.Parallel()
	everything := slices.Sorted(maps.Keys((&world{t: t}).upon(uuid.Nil)))
	for _, end := range []string{"revoked", "expired"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a, b := w.estate(), w.estate()
			was, is := w.person("was", "project-manager", a), w.person("is", "project-manager", b)
			li := w.person("li", "")
			made, _, err := w.token(account.NewToken{Account: li, Name: "x", Role: "cs-officer", ExpiresAt: w.clock.Now().AddDate(0, 1, 0)})
			must(t, err)
			old := w.give(account.NewGrant{Account: li, Role: "cs-officer", Estate: a, Until: today.AddDays(1)})
			w.give(account.NewGrant{Account: li, Role: "cs-officer", Estate: b, From: today.AddDays(1)}) // to come counts already
			for _, v := range []viewer{of(was, a), of(is, b)} {
				if may := w.allowed(v, li, made.ID, fault.Forbidden); len(may) > 0 {
					t.Errorf("while both hold: %v is let %v", v, may)
				}
			}
			if end == "revoked" {
				w.do(system, func(tx pgx.Tx) error { return second(w.Revoke(t.Context(), tx, old.ID, was)) })
			} else {
				w.clock.Advance(48 * time.Hour)
			}
			if may := w.allowed(of(was, a), li, made.ID, fault.Forbidden); len(may) > 0 {
				t.Errorf("the former manager is let %v", may)
			}
			if may := w.allowed(of(is, b), li, made.ID, ""); !slices.Equal(may, everything) {
				t.Errorf("the new manager is let %v, want %v", may, everything)
			}
			w.do(of(was, a), func(tx pgx.Tx) error { return second(w.Find(t.Context(), tx, li)) })
			session := w.session("li")
			w.do(of(was, a), func(tx pgx.Tx) error {
				e, err := w.EndAll(t.Context(), tx, li, was, uuid.Nil)
				if e != (account.Ended{Elsewhere: 1}) {
					t.Errorf("the former manager ended %+v", e)
				}
				return err
			})
			must(t, second(w.who(session.Token)))
			w.do(of(is, b), func(tx pgx.Tx) error {
				e, err := w.EndAll(t.Context(), tx, li, is, uuid.Nil)
				if e != (account.Ended{Grants: 1, Sessions: 1, Tokens: 1}) {
					t.Errorf("the new manager ended %+v", e)
				}
				return err
			})
		})
	}
}

// The database alone keeps auditors and general managers from who manages an estate, and everybody from
// themselves, by the functions of older servers too.
func TestAnAuditIsNotAManagersToEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.estate()
	pm := w.person("pm", "project-manager", a)
	boss := w.person("boss", "general-manager", uuid.Nil)
	old := func(tx pgx.Tx, id uuid.UUID) error {
		var grants int
		err := tx.QueryRow(t.Context(), `SELECT grants FROM identity.account_end($1, $2, $3)`, id, pm, w.clock.Now()).Scan(&grants)
		if grants != 0 {
			t.Errorf("an older server ended %d grants", grants)
		}
		return err
	}
	for name, role := range map[string]string{"audits": "auditor", "manages": "general-manager"} {
		id := w.person(name, "cs-officer", a)
		where := a
		if role == "general-manager" {
			where = uuid.Nil
		}
		w.give(account.NewGrant{Account: id, Role: role, Estate: where})
		made, _, err := w.token(account.NewToken{Account: id, Name: "x", Role: "cs-officer", ExpiresAt: w.clock.Now().AddDate(0, 1, 0)})
		must(t, err)
		session := w.session(name)
		if may := w.allowed(of(pm, a), id, made.ID, fault.Forbidden); len(may) > 0 {
			t.Errorf("a manager is let %v upon who %s", may, name)
		}
		refused(t, w.as(of(pm, a), func(tx pgx.Tx) error { return second(w.EndAll(t.Context(), tx, id, pm, uuid.Nil)) }), fault.Forbidden)
		w.do(of(pm, a), func(tx pgx.Tx) error { return old(tx, id) })
		who, err := w.who(session.Token)
		must(t, err)
		if len(who.Grants) != 2 {
			t.Errorf("who %s holds %+v", name, who.Grants)
		}
		w.do(portfolio(boss), func(tx pgx.Tx) error {
			e, err := w.EndAll(t.Context(), tx, id, boss, uuid.Nil)
			if e != (account.Ended{Grants: 2, Sessions: 1, Tokens: 1}) {
				t.Errorf("the general manager ended %+v", e)
			}
			return err
		})
	}
	for _, v := range []viewer{of(pm, a), portfolio(boss)} {
		id := uuid.MustParse(v.account)
		refused(t, w.as(v, func(tx pgx.Tx) error { return second(w.EndAll(t.Context(), tx, id, id, uuid.Nil)) }), fault.Forbidden)
		w.do(v, func(tx pgx.Tx) error { return old(tx, id) })
		refused(t, w.as(v, func(tx pgx.Tx) error { return w.Disable(t.Context(), tx, id) }), fault.Forbidden)
	}
}

// A mutant of the wall: an audit that account_end is let at by mistake stays all the same.
func TestEndLeavesAuditsEvenOfAnAccountThatMayEnd(t *testing.T) {
	t.Parallel()
	for _, spoiled := range []bool{false, true} {
		w := newWorld(t)
		a := w.estate()
		pm, id := w.person("pm", "project-manager", a), w.person("audits", "cs-officer", a)
		w.give(account.NewGrant{Account: id, Role: "auditor", Estate: a})
		must(t, second(w.owner.Exec(t.Context(), `CREATE OR REPLACE FUNCTION identity.administers(p_account uuid, p_today date) RETURNS text
			LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$ SELECT 'ok' $$`)))
		if spoiled {
			must(t, second(w.owner.Exec(t.Context(), `DO $$ BEGIN EXECUTE replace(pg_get_functiondef('identity.account_end(uuid, uuid, timestamptz, date, uuid)'::regprocedure),
				'AND g.role NOT IN (''auditor'', ''general-manager'')', ''); END $$`)))
		}
		w.do(of(pm, a), func(tx pgx.Tx) error {
			e, err := w.EndAll(t.Context(), tx, id, pm, uuid.Nil)
			if leaks := e == (account.Ended{Grants: 2}); leaks != spoiled {
				t.Errorf("without the wall: %v, ended %+v", spoiled, e)
			}
			return err
		})
	}
}

func TestWhomThePortfolioDisabledNoEstateEnables(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.estate()
	boss, pm, li := w.person("boss", "general-manager", uuid.Nil), w.person("pm", "project-manager", a), w.person("li", "cs-officer", a)
	turn := func(v viewer, off bool) error {
		return w.as(v, func(tx pgx.Tx) error {
			if off {
				return w.Disable(t.Context(), tx, li)
			}
			return w.Enable(t.Context(), tx, li)
		})
	}
	must(t, turn(portfolio(boss), true))
	refused(t, turn(of(pm, a), false), fault.Forbidden)
	refused(t, turn(of(pm, a), true), fault.Conflict) // nor is it made the estate's by disabling again
	refused(t, turn(of(pm, a), false), fault.Forbidden)
	must(t, turn(portfolio(boss), false))
	must(t, turn(of(pm, a), true))
	must(t, turn(of(pm, a), false))
	must(t, turn(of(pm, a), true))
	must(t, turn(portfolio(boss), true)) // makes it the portfolio's
	refused(t, turn(portfolio(boss), true), fault.Conflict)
	refused(t, turn(of(pm, a), false), fault.Forbidden)
	must(t, turn(portfolio(boss), false))
	refused(t, turn(portfolio(boss), false), fault.Conflict)
}

// The grants' places are there, and no role is held twice in one place on a day: the database decides.
func TestGrantsNameWhatIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.estate(), w.estate()
	li := w.person("li", "")
	give := func(g account.NewGrant) error {
		g.Account = li
		return w.as(system, func(tx pgx.Tx) error { return second(w.Grant(t.Context(), tx, g)) })
	}
	for _, g := range []account.NewGrant{
		{Role: "cs-officer", Estate: uuid.New(), From: today},
		{Role: "resident", Estate: a, Household: b, From: today}, // the household of the other estate
		{Role: "resident", Estate: a, Household: uuid.New(), From: today},
		{Role: "cs-officer", Estate: a, Department: uuid.New(), From: today},
	} {
		refused(t, give(g), fault.NotFound)
	}
	must(t, give(account.NewGrant{Role: "cs-officer", Estate: a, From: today, Until: today.AddDays(3)}))
	must(t, give(account.NewGrant{Role: "general-manager", From: today}))
	for _, g := range []account.NewGrant{
		{Role: "cs-officer", Estate: a, From: today.AddDays(3)},
		{Role: "cs-officer", Estate: a, From: today.AddDays(1), Until: today.AddDays(1)},
		{Role: "general-manager", From: today.AddDays(9)}, // no estate is an estate too
	} {
		if pg, ok := errors.AsType[*pgconn.PgError](give(g)); !ok || pg.ConstraintName != "grants_held" {
			t.Errorf("%+v is given beside one like it: %v", g, pg)
		}
	}
	for _, g := range []account.NewGrant{
		{Role: "cs-officer", Estate: a, From: today.AddDays(4)},
		{Role: "cs-officer", Estate: b, From: today},
		{Role: "resident", Estate: a, Household: a, From: today},
	} {
		must(t, give(g))
	}
}
