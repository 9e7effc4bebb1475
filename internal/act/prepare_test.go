package act_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type preparedInput struct {
	probeInput
	Wrong  bool                        // what Check refuses
	Before func(context.Context) error `json:"-"`
}

func (in preparedInput) Check() error {
	if in.Wrong {
		return fault.Invalid("wrong", "错", "Wrong.")
	}
	return nil
}

func (in preparedInput) Prepare(ctx context.Context) error { return in.Before(ctx) }

var prepared = act.New("test.prepared", act.Needs(policy.Area, policy.Create), act.Clauses("A1.1"),
	func(tx *act.Tx, in preparedInput) (*probePayload, error) { return in.Rule(tx) })

// What an input prepares comes after permission and Check, and before anything is done or answered, also by an idempotency key.
func TestInputsPrepareBeforeTheTransaction(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	ctx, times := keyed(manager(app), "key 1"), 0
	in := preparedInput{probeInput: probeInput{Rule: addArea(app.A.ID, "P1")}}
	in.Before = func(ctx context.Context) error {
		times++
		if n, err := act.From(ctx).DB.Ent.Unit.Query().Count(ctx); err != nil || n != len(app.A.Units) {
			t.Errorf("it reads %d units, %v: those where the act may be done are %d", n, err, len(app.A.Units))
		}
		err := act.From(ctx).DB.Ent.Area.Create().SetEstateID(app.A.ID).SetCode("P0").SetName("P0").SetSortKey("P0").Exec(ctx)
		if err == nil || fault.From(err) != nil {
			t.Errorf("it wrote outside of the transaction: %v", err)
		}
		return nil
	}
	for range 2 { // the second is a replay
		if _, err := prepared.Do(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	if times != 2 || len(areas(t, app)) != 1 {
		t.Errorf("prepared %d times, areas %q", times, areas(t, app))
	}
	for name, c := range map[string]struct {
		ctx   context.Context
		wrong bool
	}{
		"who may not":   {as(app, uuid.New(), nil, access.Grant{Role: policy.Archivist, Estate: app.A.ID}), false},
		"a wrong input": {manager(app), true},
	} {
		in.Wrong = c.wrong
		if _, err := prepared.Do(c.ctx, in); err == nil || times != 2 {
			t.Errorf("%s: %v, prepared %d times", name, err, times)
		}
	}
	in.Wrong = false
	in.Rule = func(*act.Tx) (*probePayload, error) { t.Error("the rule ran"); return nil, nil }
	for _, refusal := range []error{fault.Invalid("credential", "错", "Wrong."), errors.New("disk on fire")} {
		in.Before = func(context.Context) error { return refusal }
		if _, err := prepared.Do(ctx, in); !errors.Is(err, refusal) {
			t.Errorf("refused by %v, got %v", refusal, err)
		}
	}
}
