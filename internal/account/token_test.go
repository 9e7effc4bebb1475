package account_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
)

func (w *world) token(in account.NewToken) (t account.Token, secret string, err error) {
	err = w.as(of(in.Account), func(tx pgx.Tx) (err error) {
		t, secret, err = w.CreateToken(w.t.Context(), tx, in)
		return err
	})
	return t, secret, err
}

// A token does what its owner may do at that time, inside its role and estates.
func TestTokenIsTheIntersection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b, c := w.estate(), w.estate(), w.estate()
	li := w.person("li", "cs-officer", a, b)
	w.give(account.NewGrant{Account: li, Role: "auditor", Estate: a})
	in := account.NewToken{Account: li, Name: "大屏", Role: "cs-officer", Estates: []uuid.UUID{b, c}, ExpiresAt: w.clock.Now().Add(time.Hour)}
	made, secret, err := w.token(in)
	must(t, err)
	if !strings.HasPrefix(secret, "stwt_") {
		t.Errorf("secret %q", secret)
	}
	id, err := w.who(secret)
	must(t, err)
	if id.TokenID != made.ID || id.SessionID != uuid.Nil || len(id.Grants) != 1 || id.Grants[0].Estate != b || id.Grants[0].Role != "cs-officer" {
		t.Errorf("identity %+v", id)
	}
	if len(id.Held) != 3 {
		t.Errorf("the owner's auditor grant is shaken off: %+v", id.Held)
	}
	w.do(portfolio(li), func(tx pgx.Tx) error { return second(w.Revoke(t.Context(), tx, id.Grants[0].ID, li)) })
	id, err = w.who(secret)
	must(t, err)
	if len(id.Grants) != 0 {
		t.Errorf("the token outlives its owner's grant: %+v", id.Grants)
	}
	w.clock.Advance(time.Hour)
	_, err = w.who(secret)
	refused(t, err, fault.Unauthenticated)
}

func TestTokenNarrowsAPortfolioGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.estate(), w.estate()
	boss := w.person("boss", "general-manager", uuid.Nil)
	in := account.NewToken{Account: boss, Name: "x", Role: "general-manager", Estates: []uuid.UUID{a, b}, ExpiresAt: w.clock.Now().Add(time.Hour)}
	_, secret, err := w.token(in)
	must(t, err)
	id, err := w.who(secret)
	must(t, err)
	if len(id.Grants) != 2 || id.Grants[0].Estate != a || id.Grants[1].Estate != b || id.Held[0].Estate != uuid.Nil {
		t.Errorf("identity %+v", id)
	}
}

func TestTokensAreListedAndRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li, wang := w.person("li", "cs-officer"), w.person("wang", "cs-officer")
	made, secret, err := w.token(account.NewToken{Account: li, Name: "x", Role: "cs-officer", ExpiresAt: w.clock.Now().Add(365 * 24 * time.Hour)})
	must(t, err)
	must(t, second(w.who(secret)))
	var list []account.Token
	w.do(of(li), func(tx pgx.Tx) (err error) {
		list, err = w.ListTokens(t.Context(), tx, li)
		return err
	})
	if len(list) != 1 || list[0].ID != made.ID || list[0].LastUsedAt == nil || list[0].Estates != nil {
		t.Errorf("tokens %+v", list)
	}
	w.do(system, func(tx pgx.Tx) error { return w.Disable(t.Context(), tx, li) })
	_, err = w.who(secret)
	refused(t, err, fault.Unauthenticated) // it rests while its owner is disabled
	w.do(system, func(tx pgx.Tx) error { return w.Enable(t.Context(), tx, li) })
	must(t, second(w.who(secret)))
	err = w.as(of(wang), func(tx pgx.Tx) error { return second(w.RevokeToken(t.Context(), tx, made.ID)) })
	refused(t, err, fault.NotFound)
	for range 2 {
		w.do(of(li), func(tx pgx.Tx) error { return second(w.RevokeToken(t.Context(), tx, made.ID)) })
	}
	_, err = w.who(secret)
	refused(t, err, fault.Unauthenticated)
}

func TestTokenInputIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li, wang := w.person("li", "cs-officer"), w.person("wang", "cs-officer")
	good := account.NewToken{Account: li, Name: "x", Role: "cs-officer", ExpiresAt: w.clock.Now().Add(time.Hour)}
	for field, spoil := range map[string]func(*account.NewToken){
		"name":      func(in *account.NewToken) { in.Name = " " },
		"role":      func(in *account.NewToken) { in.Role = "emperor" },
		"expiresAt": func(in *account.NewToken) { in.ExpiresAt = w.clock.Now().Add(366 * 24 * time.Hour) },
	} {
		in := good
		spoil(&in)
		_, _, err := w.token(in)
		if f := refused(t, err, fault.InvalidInput); f.Field != field {
			t.Errorf("field %q, want %q", f.Field, field)
		}
	}
	err := w.as(of(wang), func(tx pgx.Tx) error { _, _, err := w.CreateToken(t.Context(), tx, good); return err })
	if err == nil || !strings.Contains(err.Error(), "row-level security") {
		t.Errorf("a token in another's name: %v", err)
	}
	must(t, third(w.token(good)))
}
