package account_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
)

// once runs effect under the key as an act does, and returns the answer.
func (w *world) once(o account.Once, effect func() error) (answer string, err error) {
	err = w.as(of(o.Account), func(tx pgx.Tx) error {
		stored, err := w.Begin(w.t.Context(), tx, o)
		if err != nil || stored != nil {
			answer = string(stored)
			return err
		}
		if err := effect(); err != nil {
			return err
		}
		answer = `{"id": 1}`
		return w.Finish(w.t.Context(), tx, o, json.RawMessage(answer))
	})
	return answer, err
}

func TestManyIdenticalRequestsHaveOneEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := account.Once{Account: w.person("li", ""), Key: "k", Path: "lendKeys", HMAC: []byte("a")}
	var effects atomic.Int32
	outcomes := w.rush(200, func() error {
		answer, err := w.once(o, func() error { effects.Add(1); return nil })
		if err == nil && answer != `{"id": 1}` {
			return errors.New("answer " + answer)
		}
		return err
	})
	if outcomes[""] != 200 || effects.Load() != 1 {
		t.Errorf("%d effects, outcomes %v", effects.Load(), outcomes)
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li, wang := w.person("li", ""), w.person("wang", "")
	o := account.Once{Account: li, Key: "k", Path: "lendKeys", HMAC: []byte("a")}
	effects := 0
	run := func(o account.Once) error {
		return second(w.once(o, func() error { effects++; return nil }))
	}
	// Only success is kept: the next caller is the first again.
	failed := errors.New("the rule refuses")
	if err := second(w.once(o, func() error { return failed })); !errors.Is(err, failed) {
		t.Fatal(err)
	}
	must(t, run(o))
	must(t, run(o))
	if effects != 1 {
		t.Fatalf("%d effects, want 1", effects)
	}
	other := o
	other.HMAC = []byte("b")
	refused(t, run(other), fault.Conflict)
	// Another path and another account have keys of their own.
	path, account := o, o
	path.Path, account.Account = "returnKeys", wang
	must(t, run(path))
	must(t, run(account))
	if effects != 3 {
		t.Fatalf("%d effects, want 3", effects)
	}
	// After a day the key is new, whether or not it was pruned.
	w.clock.Advance(24*time.Hour - time.Microsecond)
	must(t, run(o))
	refused(t, run(other), fault.Conflict)
	w.clock.Advance(time.Microsecond)
	must(t, run(other))
	if effects != 4 {
		t.Errorf("%d effects, want 4", effects)
	}
	for _, key := range []string{"", "a\x00", "a\n", string(make([]byte, 201))} {
		bad := o
		bad.Key = key
		if f := refused(t, run(bad), fault.InvalidInput); f.Field != "idempotencyKey" {
			t.Errorf("field %q", f.Field)
		}
	}
}

// Nobody uses or reads another's key, and a Finish without Begin is a mistake of ours.
func TestIdempotencyIsTheAccountsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li, wang := w.person("li", ""), w.person("wang", "")
	o := account.Once{Account: li, Key: "k", HMAC: []byte("a")}
	err := w.as(of(wang), func(tx pgx.Tx) error { return second(w.Begin(t.Context(), tx, o)) })
	if err == nil || fault.From(err) != nil {
		t.Errorf("claimed in another's name: %v", err)
	}
	if err := w.as(of(li), func(tx pgx.Tx) error { return w.Finish(t.Context(), tx, o, json.RawMessage("1")) }); err == nil {
		t.Error("finished without begin")
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.person("li", "")
	w.session("li")
	_, err := w.signIn("li", "wrong")
	refused(t, err, fault.Unauthenticated)
	must(t, second(w.once(account.Once{Account: li, Key: "k", HMAC: []byte("a")}, func() error { return nil })))
	prune := func(after time.Duration) (p account.Pruned) {
		w.clock.Advance(after)
		err := w.as(viewer{"", ""}, func(tx pgx.Tx) (err error) {
			if p, err = w.Prune(t.Context(), tx); err != nil {
				return err
			}
			var left string // what prune lent itself is given back
			err = tx.QueryRow(t.Context(), `SELECT current_setting('app.account_id')`).Scan(&left)
			if left != "" {
				t.Errorf("prune left app.account_id = %q", left)
			}
			return err
		})
		must(t, err)
		return p
	}
	for _, c := range []struct {
		after time.Duration
		want  account.Pruned
	}{
		{0, account.Pruned{}},
		{25 * time.Hour, account.Pruned{Idempotency: 1}},
		{7 * 24 * time.Hour, account.Pruned{Attempts: 2}},
		{29*24*time.Hour + 23*time.Hour, account.Pruned{Sessions: 1}},
	} {
		if got := prune(c.after); got != c.want {
			t.Errorf("after %v more: pruned %+v, want %+v", c.after, got, c.want)
		}
	}
	if n := w.count(of(li), `SELECT count(*) FROM identity.accounts WHERE id <> $1`, uuid.Nil); n != 1 {
		t.Errorf("%d accounts", n)
	}
}

// A path of any length is one place: clients choose the aliases that it is made of.
func TestIdempotencyOfLongPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	noise := make([]byte, 50_000) // that no index can compress
	rand.NewChaCha8([32]byte{}).Read(noise)
	o := account.Once{Account: w.person("li", ""), Key: "k", Path: hex.EncodeToString(noise), HMAC: []byte("a")}
	effects := 0
	run := func(o account.Once) {
		t.Helper()
		if answer, err := w.once(o, func() error { effects++; return nil }); err != nil || answer != `{"id": 1}` {
			t.Errorf("%s %v", answer, err)
		}
	}
	run(o)
	run(o)
	o.Path = o.Path[1:]
	run(o)
	if effects != 2 {
		t.Errorf("%d effects of two places", effects)
	}
}
