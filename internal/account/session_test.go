package account_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
)

func TestSessionEndsByIdlenessAndByAge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("li", "cs-officer")
	idle, used := w.session("li"), w.session("li")
	for range 13 { // 6.5 days, used every 11 h 59 m and 59 s more
		w.clock.Advance(12*time.Hour - time.Second)
		must(t, second(w.who(used.Token)))
	}
	_, err := w.who(idle.Token)
	refused(t, err, fault.Unauthenticated)
	w.clock.Advance(11 * time.Hour)
	must(t, second(w.who(used.Token)))
	w.clock.Advance(used.ExpiresAt.Sub(w.clock.Now()) - time.Microsecond)
	id, err := w.who(used.Token)
	must(t, err)
	if !id.ExpiresAt.Equal(used.ExpiresAt) {
		t.Errorf("expires at %v, want %v", id.ExpiresAt, used.ExpiresAt)
	}
	w.clock.Advance(time.Microsecond)
	_, err = w.who(used.Token)
	refused(t, err, fault.Unauthenticated)
}

func TestLastSeenIsWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("li", "cs-officer")
	in := w.session("li")
	version := func() (xmin string) {
		must(t, w.owner.QueryRow(t.Context(), `SELECT xmin::text FROM identity.sessions`).Scan(&xmin))
		return xmin
	}
	first := version()
	w.clock.Advance(59 * time.Second)
	must(t, second(w.who(in.Token)))
	if version() != first {
		t.Error("written within the minute")
	}
	w.clock.Advance(time.Second)
	id, err := w.who(in.Token)
	must(t, err)
	if version() == first || !id.ExpiresAt.Equal(w.clock.Now().Add(12*time.Hour)) {
		t.Errorf("not written after the minute; expires at %v", id.ExpiresAt)
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.person("li", "cs-officer")
	in := w.session("li")
	flipped := []byte(in.Token)
	flipped[20] ^= 1
	for _, bearer := range []string{"", "stws_", "x" + in.Token[1:], string(flipped), in.Token + "x", "stwt_" + in.Token[5:], "\x00"} {
		_, err := w.who(bearer)
		refused(t, err, fault.Unauthenticated)
	}
	w.do(system, func(tx pgx.Tx) error { return w.Disable(t.Context(), tx, li) })
	_, err := w.who(in.Token)
	refused(t, err, fault.Unauthenticated)
	w.do(system, func(tx pgx.Tx) error { return w.Enable(t.Context(), tx, li) })
	_, err = w.who(in.Token)
	refused(t, err, fault.Unauthenticated) // enabling revives no session
	must(t, second(w.signIn("li", password)))
}

func TestSessionsAreListedAndRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li, wang := w.person("li", "cs-officer"), w.person("wang", "cs-officer")
	a := w.session("li")
	w.clock.Advance(time.Minute)
	b := w.session("li")
	c := w.session("wang")
	list := func() (ids []uuid.UUID) {
		w.do(of(li), func(tx pgx.Tx) error {
			all, err := w.ListSessions(t.Context(), tx, li)
			for _, s := range all {
				ids = append(ids, s.ID)
				if s.UserAgent != "test" || s.Address != "192.0.2.1:5000" {
					t.Errorf("session %+v", s)
				}
			}
			return err
		})
		return ids
	}
	if got := list(); len(got) != 2 || got[0] != b.ID || got[1] != a.ID {
		t.Fatalf("sessions %v", got)
	}
	err := w.as(of(li), func(tx pgx.Tx) error { return second(w.RevokeSession(t.Context(), tx, c.ID)) })
	refused(t, err, fault.NotFound)
	for range 2 { // signing out twice is no error
		w.do(of(li), func(tx pgx.Tx) error { return second(w.RevokeSession(t.Context(), tx, a.ID)) })
	}
	_, err = w.who(a.Token)
	refused(t, err, fault.Unauthenticated)
	if got := list(); len(got) != 1 || got[0] != b.ID {
		t.Fatalf("sessions %v", got)
	}
	w.session("li")
	w.do(of(li), func(tx pgx.Tx) error {
		n, err := w.RevokeSessions(t.Context(), tx, li, b.ID)
		if n != 1 {
			t.Errorf("revoked %d, want 1", n)
		}
		return err
	})
	must(t, second(w.who(b.Token)))
	w.do(of(li), func(tx pgx.Tx) error {
		n, err := w.RevokeSessions(t.Context(), tx, wang, uuid.Nil)
		if n != 0 {
			t.Errorf("revoked %d of another's sessions", n)
		}
		return err
	})
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.person("li", "cs-officer")
	here, there := w.session("li"), w.session("li")
	change := func(current, chosen string) error {
		return w.as(of(li), func(tx pgx.Tx) error {
			return w.ChangePassword(t.Context(), tx, account.ChangePassword{Account: li, Current: current, New: chosen, Keep: here.ID})
		})
	}
	if f := refused(t, change("wrong", "another long one"), fault.InvalidInput); f.Field != "currentPassword" {
		t.Errorf("field %q", f.Field)
	}
	for _, bad := range []string{"short", "1234567890", "Password123", password, "li@example.com12"} {
		if f := refused(t, change(password, bad), fault.InvalidInput); f.Field != "newPassword" {
			t.Errorf("%q: field %q", bad, f.Field)
		}
	}
	must(t, change(password, "another long one"))
	must(t, second(w.who(here.Token)))
	_, err := w.who(there.Token)
	refused(t, err, fault.Unauthenticated)
	_, err = w.signIn("li", password)
	refused(t, err, fault.Unauthenticated)
	must(t, second(w.signIn("li", "another long one")))
}

// A proof is void once the password changed: the database compares again.
func TestProofIsVoidAfterAChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.person("li", "cs-officer")
	c := account.Credentials{Email: "li@example.com", Password: password}
	proof, err := w.Prove(t.Context(), c)
	must(t, err)
	w.do(system, func(tx pgx.Tx) error { return third(w.ResetPassword(t.Context(), tx, li)) })
	_, err = w.OpenSession(t.Context(), w.app, proof, c)
	refused(t, err, fault.Unauthenticated)
}

func TestTemporaryPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var temporary string
	var li account.Account
	w.do(system, func(tx pgx.Tx) (err error) {
		li, temporary, err = w.Create(t.Context(), tx, account.NewAccount{Email: "li@example.com", Name: "李", Kind: account.Staff})
		return err
	})
	in, err := w.signIn("li", temporary)
	must(t, err)
	if id, err := w.who(in.Token); err != nil || !id.TemporaryPassword {
		t.Fatalf("identity %+v, %v", id, err)
	}
	w.do(of(li.ID), func(tx pgx.Tx) error {
		return w.ChangePassword(t.Context(), tx, account.ChangePassword{Account: li.ID, Current: temporary, New: password, Keep: in.ID})
	})
	if id, err := w.who(in.Token); err != nil || id.TemporaryPassword {
		t.Fatalf("identity %+v, %v", id, err)
	}
	var next string
	w.do(system, func(tx pgx.Tx) (err error) {
		next, _, err = w.ResetPassword(t.Context(), tx, li.ID)
		return err
	})
	_, err = w.who(in.Token)
	refused(t, err, fault.Unauthenticated) // a reset ends the sessions
	_, err = w.signIn("li", password)
	refused(t, err, fault.Unauthenticated)
	if next == temporary || len(next) != 19 {
		t.Errorf("temporary password %q", next)
	}
	w.clock.Advance(72 * time.Hour)
	_, err = w.signIn("li", next)
	refused(t, err, fault.Unauthenticated) // it died of age
}
