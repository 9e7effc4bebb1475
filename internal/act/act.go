// Package act is the one way in which anything changes. Everything that people do under the rulebook
// (lend, move in, grant a role) is one value that declares itself once; what every act needs is done
// around its rule here, and nowhere by hand:
//
//	viewer -> permission -> input checked, prepared -> idempotency -> one transaction { rule } -> audit entry -> commit -> errors translated
package act

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// Definition is what an act declares of itself. The list of all definitions is data: can, allowedActions
// and docs/rulebook.md are made from it.
type Definition struct {
	Name     string // "keys.lend"
	Resource policy.Resource
	Action   policy.Action
	Own      bool     // concerns the viewer's own session, password, tokens or inbox: needs no grant, and auditors may
	Clauses  []string // of the rulebook

	SessionOnly bool // an API token may not
	NotAuditors bool // an auditor may not, although it is Own
	FirstOfAll  bool // may be done before a password that somebody else set is changed

	ConflictsOnTrail bool // a CONFLICT tells of what the viewer may not see, and is recorded like a refusal
	guard            guard
}

var all []*Definition

// All lists every act, by name.
func All() []*Definition {
	list := slices.Clone(all)
	slices.SortFunc(list, func(a, b *Definition) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Need is what permission an act needs.
type Need struct {
	resource policy.Resource
	action   policy.Action
	own      bool

	sessionOnly, notAuditors, firstOfAll, conflictsOnTrail bool
}

// Needs says that the policy must allow the action on the resource; rows of that resource are then
// written within the scope that the policy gives, and all others within its estates.
func Needs(r policy.Resource, a policy.Action) Need { return Need{resource: r, action: a} }

// Own says that the act concerns only the viewer's own session, password, tokens or inbox. It needs no
// grant, and a person: an API token may not.
func Own() Need { return Need{own: true, sessionOnly: true} }

// SessionOnly keeps API tokens from the act: they are for dashboards, and must not make more of themselves.
func (n Need) SessionOnly() Need { n.sessionOnly = true; return n }

// NotAuditors keeps auditors from an act that is Own.
func (n Need) NotAuditors() Need { n.notAuditors = true; return n }

// FirstOfAll allows the act while the password is one that somebody else set.
func (n Need) FirstOfAll() Need { n.firstOfAll = true; return n }

// ConflictsOnTrail records the act's CONFLICTs as refusals, where asking again and again would find something out.
func (n Need) ConflictsOnTrail() Need { n.conflictsOnTrail = true; return n }

// Clauses are the clauses that the act carries out.
func Clauses(ids ...string) []string { return ids }

// Checker is an input that can tell by itself what is wrong with it, before any SQL.
type Checker interface {
	// Check returns a *fault.Error with the field, or nil.
	Check() error
}

// Preparer is an input that must do something before the transaction: verify the password of who signs, which takes
// its time, needs a connection of its own, and stays counted when the act is refused.
type Preparer interface {
	// Prepare runs after Check for each call, also for one that an idempotency key answers with what was done before.
	// It reads what the rule will read, and cannot write. It returns a *fault.Error with the field, or nil.
	Prepare(ctx context.Context) error
}

// Act is something that people do. In is its input, Out its payload.
type Act[In, Out any] struct {
	Definition
	rule func(*Tx, In) (Out, error)
}

// New declares an act; call it from a package-level variable, so that All knows it.
func New[In, Out any](name string, need Need, clauses []string, rule func(*Tx, In) (Out, error)) *Act[In, Out] {
	a := &Act[In, Out]{Definition{
		Name: name, Resource: need.resource, Action: need.action, Own: need.own, Clauses: clauses,
		SessionOnly: need.sessionOnly, NotAuditors: need.notAuditors, FirstOfAll: need.firstOfAll, ConflictsOnTrail: need.conflictsOnTrail,
	}, rule}
	all = append(all, &a.Definition)
	return a
}

// Do performs the act for the viewer in the context.
//
// Errors: UNAUTHENTICATED, FORBIDDEN, those of the input's Check and Prepare and of the rule, CONFLICT where the
// database refuses. Refusals are on the audit trail before the answer leaves.
func (a *Act[In, Out]) Do(ctx context.Context, in In) (out Out, err error) {
	rt := runtimeFrom(ctx)
	ctx, span := rt.start(ctx, a.Name)
	defer func() {
		err = Translate(err)
		rt.finish(ctx, span, &a.Definition, err)
	}()
	scope, err := a.permit(access.From(ctx))
	if err != nil {
		return out, err
	}
	if c, ok := any(in).(Checker); ok {
		if err := c.Check(); err != nil {
			return out, err
		}
	}
	if p, ok := any(in).(Preparer); ok {
		if err := p.Prepare(access.WithRule(ctx, access.Rule{Resource: a.Resource, Scope: scope, Now: rt.Clock.Now().UTC(), ReadOnly: true})); err != nil {
			return out, err
		}
	}
	for try := 0; ; try++ {
		out, err = a.once(ctx, rt, scope, in)
		if try == 3 || !retriable(err) {
			return out, err
		}
	}
}

// permit answers where the viewer may perform the act.
func (d *Definition) permit(v *access.Viewer) (access.Scope, error) {
	switch {
	case v == nil:
		return access.Scope{}, fault.SignedOut()
	case d.SessionOnly && v.Token != uuid.Nil:
		return access.Scope{}, fault.Denied("API 令牌不能进行此操作,请登录后再做。", "An API token may not do this. Sign in to do it.")
	case v.MustChangePassword && !d.FirstOfAll:
		return access.Scope{}, fault.Denied("请先修改密码,再进行其他操作。", "Change your password first.")
	case d.NotAuditors && len(v.Audits) > 0:
		return access.Scope{}, auditorDenied()
	case d.Own && v.IsSystem():
		return access.Scope{Portfolio: true}, nil
	case d.Own:
		return access.Scope{Account: v.Account}, nil
	}
	scope := v.Scope(d.Resource, d.Action)
	if scope.Empty() {
		return scope, fault.Denied("您的岗位无权进行此操作。", "None of your roles allows this.")
	}
	if scope = v.Barred(scope); scope.Empty() {
		return scope, auditorDenied()
	}
	return scope, nil
}

func auditorDenied() *fault.Error {
	return fault.Denied("审计人员不得更改任何数据。", "An auditor changes nothing.")
}

// once runs the act in one transaction.
func (a *Act[In, Out]) once(ctx context.Context, rt *Runtime, scope access.Scope, in In) (out Out, err error) {
	use, err := rt.once(ctx, &a.Definition, in)
	if err != nil {
		return out, err
	}
	stored, err := rt.transact(ctx, &a.Definition, scope, use, func(tx *Tx) (any, error) {
		var err error
		out, err = a.rule(tx, in)
		return out, err
	})
	if err != nil {
		return out, err
	}
	if stored != nil {
		return restore[Out](ctx, rt.DB.Ent, stored)
	}
	detach(out)
	return out, nil
}
