package act

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
)

// guard is an act's precondition on what it acts upon, asked by can before the act and by the rule in it.
type guard interface {
	entity() string
	// check answers for each id, in a constant number of statements; an id that is missing from the
	// answer is not there for the viewer.
	check(tx *Tx, list []uuid.UUID) (map[uuid.UUID]error, error)
}

// Guard is the precondition of an act upon rows of type T: a plain function, used by the act's rule and by can.
type Guard[T any] struct {
	Entity string                              // ent.TypeKeySet
	Load   func(*Tx, []uuid.UUID) ([]T, error) // in a constant number of statements
	ID     func(T) uuid.UUID                   //
	Check  func(*Tx, T) error                  // a *fault.Error that says why not
}

func (g Guard[T]) entity() string { return g.Entity }

func (g Guard[T]) check(tx *Tx, list []uuid.UUID) (map[uuid.UUID]error, error) {
	rows, err := g.Load(tx, list)
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]error, len(rows))
	for _, row := range rows {
		out[g.ID(row)] = g.Check(tx, row)
	}
	return out, nil
}

// Guarded gives the act its guard; call it where the act is declared.
func Guarded[In, Out, T any](a *Act[In, Out], g Guard[T]) *Act[In, Out] {
	a.guard = g
	return a
}

// Ask is one question: may the viewer perform the act upon this?
type Ask struct {
	Action string
	ID     uuid.UUID
}

// Can answers the questions, in their order, in a constant number of statements per act asked about:
// nil if the act is allowed, or the refusal that it would meet.
//
// Errors: INVALID_INPUT for an unknown action, or an id of another type.
func Can(ctx context.Context, asks []Ask) ([]error, error) {
	byAct := map[*Definition][]int{}
	for i, q := range asks {
		d := definition(q.Action)
		if d == nil || d.guard == nil {
			return nil, fault.Invalid(fmt.Sprintf("checks.%d.action", i), "没有可询问的操作 %[1]q。", "There is no action %[1]q to ask about.", q.Action)
		}
		if want := ent.Entities[d.guard.entity()].Code; ids.CodeOf(q.ID) != want {
			return nil, fault.Invalid(fmt.Sprintf("checks.%d.id", i), "这个操作针对 %[1]s。", "The action is upon a %[1]s.", d.guard.entity())
		}
		byAct[d] = append(byAct[d], i)
	}
	answers := make([]error, len(asks))
	for d, which := range byAct {
		if err := d.answer(ctx, asks, which, answers); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// Allowed lists the acts that the viewer may perform upon the entity now.
func Allowed(ctx context.Context, id uuid.UUID) ([]string, error) {
	entity, names := ent.TypeOf(ids.CodeOf(id)), []string{}
	for _, d := range All() {
		if d.guard == nil || d.guard.entity() != entity {
			continue
		}
		answers, err := Can(ctx, []Ask{{d.Name, id}})
		if err != nil {
			return nil, err
		}
		if answers[0] == nil {
			names = append(names, d.Name)
		}
	}
	return names, nil
}

func definition(name string) *Definition {
	for _, d := range all {
		if d.Name == name {
			return d
		}
	}
	return nil
}

func (d *Definition) answer(ctx context.Context, asks []Ask, which []int, answers []error) error {
	scope, refusal := d.permit(access.From(ctx))
	list := make([]uuid.UUID, len(which))
	for i, w := range which {
		list[i] = asks[w].ID
		answers[w] = refusal
	}
	if refusal != nil {
		return nil
	}
	found, err := runtimeFrom(ctx).ask(ctx, d, scope, list)
	if err != nil {
		return err
	}
	for _, w := range which {
		reason, ok := found[asks[w].ID]
		if !ok {
			reason = fault.Missing()
		}
		answers[w] = reason
	}
	return nil
}

// errAsked rolls back what only asked.
var errAsked = fmt.Errorf("asked")

// ask runs the guard as the act would, in a transaction that is rolled back.
func (rt *Runtime) ask(ctx context.Context, d *Definition, scope access.Scope, list []uuid.UUID) (found map[uuid.UUID]error, err error) {
	_, err = rt.transact(ctx, d, scope, nil, func(tx *Tx) (any, error) {
		var err error
		if found, err = d.guard.check(tx, list); err != nil {
			return nil, err
		}
		return nil, errAsked
	})
	if found != nil {
		return found, nil
	}
	return nil, Translate(err)
}
