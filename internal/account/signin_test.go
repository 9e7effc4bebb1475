package account_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.person("li", "cs-officer", w.estate())
	for _, email := range []string{"li@example.com", " LI@Example.COM ", "\uff4c\uff49@example.com"} {
		in, err := w.SignIn(t.Context(), account.Credentials{Email: email, Password: password})
		must(t, err)
		if in.AccountID != li || !strings.HasPrefix(in.Token, "stws_") || len(in.Token) != 48 {
			t.Errorf("signed in as %+v", in)
		}
		id, err := w.who(in.Token)
		must(t, err)
		if id.AccountID != li || id.SessionID != in.ID || id.Email != "li@example.com" || len(id.Grants) != 1 || id.TemporaryPassword {
			t.Errorf("identity %+v", id)
		}
	}
	wide := strings.NewReplacer("c", "\uff43", "h", "\uff48", "b", "\uff42").Replace(password)
	if _, err := w.signIn("li", wide); err != nil {
		t.Errorf("a password typed in full width is the same: %v", err)
	}
}

// Whoever is refused, it takes one hash and the same words: nobody learns which accounts exist.
func TestSignInEqualRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("li", "cs-officer")
	disabled := w.person("gone", "cs-officer")
	w.do(system, func(tx pgx.Tx) error { return w.Disable(t.Context(), tx, disabled) })
	var first *fault.Error
	for _, c := range []struct{ name, password string }{
		{"li", "wrong"}, {"nobody", password}, {"gone", password}, {"li", ""},
		{"a\x00b\xff", "x\x00\xff"}, {strings.Repeat("长", 1000), strings.Repeat("x", 100_000)},
	} {
		before := w.hashes.Load()
		_, err := w.signIn(c.name, c.password)
		f := refused(t, err, fault.Unauthenticated)
		if first == nil {
			first = f
		}
		if f.ZH != first.ZH || f.EN != first.EN {
			t.Errorf("%.20q is told %v, others %v", c.name, f, first)
		}
		if n := w.hashes.Load() - before; n != 1 {
			t.Errorf("%.20q took %d hashes, want 1", c.name, n)
		}
	}
}

func TestBackOffDoublesIsCappedAndEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("li", "cs-officer")
	for _, name := range []string{"li", "unknown"} {
		for range 5 {
			_, err := w.signIn(name, "wrong")
			refused(t, err, fault.Unauthenticated)
		}
		for i := range 14 {
			before := w.hashes.Load()
			_, err := w.signIn(name, password)
			f := refused(t, err, fault.RateLimited)
			if want := min(time.Second<<i, 15*time.Minute); f.RetryAfter != want {
				t.Fatalf("%s: delay %d is %v, want %v", name, i, f.RetryAfter, want)
			}
			if w.hashes.Load() != before {
				t.Fatal("hashed while backing off")
			}
			w.clock.Advance(f.RetryAfter)
			if i < 13 {
				_, err = w.signIn(name, "wrong")
				refused(t, err, fault.Unauthenticated)
			}
		}
	}
	if _, err := w.signIn("li", password); err != nil {
		t.Fatalf("the right password after the delay: %v", err)
	}
	for range 5 { // all is forgotten
		_, err := w.signIn("li", "wrong")
		refused(t, err, fault.Unauthenticated)
	}
}

// A stranger elsewhere slows down himself, not the owner.
func TestBackOffIsPerAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("li", "cs-officer")
	for range 5 {
		_, err := w.signInFrom("[2001:db8:1:2::bad]:443", "li", "wrong")
		refused(t, err, fault.Unauthenticated)
	}
	_, err := w.signInFrom("[2001:db8:1:2:ffff::1]:1", "li", password)
	refused(t, err, fault.RateLimited) // the same line: one /64
	for _, other := range []string{"[2001:db8:1:3::1]:443", "192.0.2.1:80", "::ffff:192.0.2.9", "", "pipe"} {
		if _, err := w.signInFrom(other, "li", password); err != nil {
			t.Errorf("from %s: %v", other, err)
		}
	}
	_, err = w.signInFrom("[2001:db8:1:2::bad]:443", "li", password)
	refused(t, err, fault.RateLimited) // the owner's success elsewhere does not help the stranger
}

func TestBackOffOfAnAddressOverAllAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) {
		c.PerAddress = account.Backoff{Free: 8, First: time.Second, Max: time.Minute, Leak: 30 * time.Second}
	})
	w.person("li", "cs-officer")
	for i := range 8 {
		_, err := w.signIn(fmt.Sprint("victim", i), "wrong")
		refused(t, err, fault.Unauthenticated)
	}
	_, err := w.signIn("li", password)
	refused(t, err, fault.RateLimited)
	if n := attempts(w, `subject <> ''`); n != 8 {
		t.Errorf("a blocked address made rows: %d, want 8", n)
	}
	w.clock.Advance(time.Second)
	must(t, second(w.signIn("li", password)))
	must(t, second(w.signIn("li", password))) // a success is not counted
	_, err = w.signIn("victim99", "wrong")
	refused(t, err, fault.Unauthenticated)
	_, err = w.signIn("li", password) // and clears nothing but itself
	refused(t, err, fault.RateLimited)
	w.clock.Advance(5 * time.Minute)
	for i := range 7 {
		_, err := w.signIn(fmt.Sprint("later", i), "wrong")
		refused(t, err, fault.Unauthenticated)
	}
}

func TestParallelFailuresCountExactly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.PerAccount.Free = 60; c.PerAccount.Leak = time.Hour; c.HashWait = time.Hour })
	w.person("li", "cs-officer")
	outcomes := w.rush(50, func() error { return second(w.signIn("li", "wrong")) })
	if outcomes[fault.Unauthenticated] != 50 || attempts(w, `failures = 50`) != 2 {
		t.Errorf("outcomes %v, and the counters are not 50", outcomes)
	}
}

// Guesses that arrive at once get no more tries than guesses one by one.
func TestParallelGuessesAreNotFree(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.HashWait = time.Hour })
	w.person("li", "cs-officer")
	before := w.hashes.Load()
	outcomes := w.rush(50, func() error { return second(w.signIn("li", "wrong")) })
	if outcomes[fault.Unauthenticated] != 5 || outcomes[fault.RateLimited] != 45 {
		t.Errorf("outcomes %v, want 5 tries and 45 refused", outcomes)
	}
	if n := w.hashes.Load() - before; n != 5 {
		t.Errorf("%d hashes, want 5", n)
	}
}

func TestBusyCoresRefuseAndCountNothing(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	entered := make(chan struct{}, 1)
	w := newWorld(t)
	w.person("li", "cs-officer")
	cfg := w.cfg
	cfg.Hashes = 1
	cfg.KDF = func(password, salt []byte, p account.Params) []byte {
		entered <- struct{}{}
		<-gate
		return account.Argon2id(password, salt, p)
	}
	s := account.New(w.app, w.clock, cfg)
	try := func(address string) error {
		return second(s.SignIn(t.Context(), account.Credentials{Email: "li@example.com", Password: password, Address: address}))
	}
	first, late := make(chan error, 1), make(chan error, 1)
	go func() { first <- try("192.0.2.1") }()
	<-entered
	go func() { late <- try("192.0.2.2") }()
	must(t, w.clock.BlockUntilContext(t.Context(), 1))
	w.clock.Advance(2 * time.Second)
	if f := refused(t, <-late, fault.RateLimited); f.RetryAfter < time.Second {
		t.Errorf("retry after %v", f.RetryAfter)
	}
	if n := attempts(w, `address = '192.0.2.2' AND failures > 0`); n != 0 {
		t.Errorf("an attempt that was never hashed counts as failure")
	}
	close(gate)
	must(t, <-first)
}

func TestRehashWhenTheCostChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("li", "cs-officer")
	cfg := w.cfg
	cfg.Params.Time = 3
	cfg.HashWait, cfg.PerAccount.Free, cfg.PerAccount.Leak = time.Hour, 100, time.Hour
	dearer := account.New(w.app, w.clock, cfg)
	outcomes := w.rush(8, func() error {
		return second(dearer.SignIn(t.Context(), account.Credentials{Email: "li@example.com", Password: password}))
	})
	if outcomes[""] != 8 {
		t.Fatalf("sign-ins while the hash is renewed: %v", outcomes)
	}
	var hash string
	must(t, w.owner.QueryRow(t.Context(), `SELECT hash FROM identity.credentials`).Scan(&hash))
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=8,t=3,p=1$") {
		t.Errorf("stored %s", hash)
	}
	must(t, second(dearer.SignIn(t.Context(), account.Credentials{Email: "li@example.com", Password: password})))
}

func TestVerifyPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.person("li", "cs-officer")
	must(t, w.VerifyPassword(t.Context(), li, password, "192.0.2.1"))
	refused(t, w.VerifyPassword(t.Context(), uuid.New(), password, "192.0.2.1"), fault.InvalidInput)
	for range 5 {
		refused(t, w.VerifyPassword(t.Context(), li, "wrong", "192.0.2.1"), fault.InvalidInput)
	}
	refused(t, w.VerifyPassword(t.Context(), li, password, "192.0.2.1"), fault.RateLimited)
	_, err := w.signIn("li", password)
	refused(t, err, fault.RateLimited) // one counter: signatures are no second door
}

// A failure stays counted although the act that asked is rolled back.
func TestFailureSurvivesTheActsRollback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.person("li", "cs-officer")
	err := w.as(of(li), func(pgx.Tx) error { return w.VerifyPassword(t.Context(), li, "wrong", "192.0.2.1") })
	refused(t, err, fault.InvalidInput)
	if attempts(w, `failures = 1 AND subject <> ''`) != 1 {
		t.Error("the failure is gone")
	}
}

// rush runs f n times at once and counts the outcomes by code; "" is success.
func (w *world) rush(n int, f func() error) map[fault.Code]int {
	w.t.Helper()
	outcomes := map[fault.Code]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range n {
		wg.Go(func() {
			<-start
			err := f()
			var code fault.Code
			if err != nil {
				code = fault.Internal
				if refusal := fault.From(err); refusal != nil {
					code = refusal.Code
				} else {
					w.t.Error(err)
				}
			}
			mu.Lock()
			outcomes[code]++
			mu.Unlock()
		})
	}
	close(start)
	wg.Wait()
	return outcomes
}

func attempts(w *world, where string) (n int) {
	w.t.Helper()
	must(w.t, w.owner.QueryRow(context.Background(), `SELECT count(*) FROM identity.sign_in_attempts WHERE `+where).Scan(&n))
	return n
}

func second[T any](_ T, err error) error { return err }
