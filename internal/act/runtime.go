package act

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jonboulle/clockwork"
	"github.com/riverqueue/river"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server/request"
	"github.com/steward-pm/steward/internal/streams"
)

// Runtime is what acts run on. The program makes one and puts it into every context.
type Runtime struct {
	DB       *database.DB
	Clock    clockwork.Clock
	Accounts *account.Service
	Keys     audit.KeyStore         // for digests of confidential values
	Jobs     *river.Client[pgx.Tx]  // jobs are inserted in the act's transaction
	Secret   []byte                 // for HMACs of inputs under idempotency keys
	Log      *slog.Logger           // never nil
	Observe  func(act, code string) // told how each act ended; may be nil
	Streams  *streams.Hub           // wakes who waits for changes
	Refusals *Refusals              // nil: each refusal is an entry of the trail

	Rehearsal error // by which an act is rolled back on purpose, which is no failure; may be nil
}

type contextKey int

const (
	runtimeKey contextKey = iota
	pathKey
)

// With puts the runtime into the context.
func With(ctx context.Context, rt *Runtime) context.Context {
	return context.WithValue(ctx, runtimeKey, rt)
}

// WithPath tells the response path of the mutation, which with account and key makes a use of an
// idempotency key: one document may hold several mutations.
func WithPath(ctx context.Context, path string) context.Context {
	return context.WithValue(ctx, pathKey, path)
}

func runtimeFrom(ctx context.Context) *Runtime { return ctx.Value(runtimeKey).(*Runtime) }

// From returns the runtime in the context, for queries that need its services.
func From(ctx context.Context) *Runtime { return runtimeFrom(ctx) }

func (rt *Runtime) start(ctx context.Context, name string) (context.Context, trace.Span) {
	return otel.Tracer("steward/act").Start(ctx, name)
}

// finish tells metrics, traces and, of a refusal, the audit trail how the act ended.
func (rt *Runtime) finish(ctx context.Context, span trace.Span, d *Definition, err error) {
	defer span.End()
	code := "OK"
	rehearsed := rt.Rehearsal != nil && errors.Is(err, rt.Rehearsal)
	if err != nil && !rehearsed {
		code = string(fault.Internal)
		if f := fault.From(err); f != nil {
			code = string(f.Code)
		}
		span.SetStatus(codes.Error, code)
	}
	if rt.Observe != nil {
		rt.Observe(d.Name, code)
	}
	rt.refused(ctx, d, fault.From(err))
}

// refused records a refusal by permission or rule, or of a password, on the read chain, committed before the answer leaves.
func (rt *Runtime) refused(ctx context.Context, d *Definition, f *fault.Error) {
	v := access.From(ctx)
	if v == nil || f == nil {
		return
	}
	switch {
	case f.Code == fault.Forbidden, f.Code == fault.RuleBroken, f.Code == fault.NotFound:
	case f.Code == fault.Conflict && d.ConflictsOnTrail:
	case f.Account != uuid.Nil: // who signs for another would try until it fits
	default:
		return // mistakes and races are no refusals
	}
	e := entry(ctx, rt, d.Name)
	e.Outcome, e.Estate, e.Clause, e.Reason = audit.Refused, homeOf(v), f.Clause, string(f.Code)
	e.Subject = f.Account
	if err := rt.appendRefusal(ctx, e); err != nil {
		rt.Log.ErrorContext(ctx, "a refusal could not be put on the audit trail", "act", d.Name, "error", err)
	}
}

// AppendRead puts a refusal or an audited read on the read chain of e.Estate, in a transaction of its own,
// also when who asked has gone away meanwhile.
func (rt *Runtime) AppendRead(ctx context.Context, e audit.Entry) error {
	ctx = context.WithoutCancel(ctx)
	return rt.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) error { return audit.AppendRead(ctx, tx, e) })
}

// Entry begins an audit entry of the viewer in ctx.
func (rt *Runtime) Entry(ctx context.Context, action string) audit.Entry {
	return entry(ctx, rt, action)
}

func entry(ctx context.Context, rt *Runtime, action string) audit.Entry {
	e := audit.Entry{At: rt.Clock.Now(), Action: action, Request: request.From(ctx).ID}
	if v := access.From(ctx); v != nil {
		e.Actor = audit.Actor{Account: v.Account, Name: v.Name, Roles: v.Roles()}
		if a := request.From(ctx).Address; a.IsValid() {
			e.Actor.Address = a.String()
		}
	}
	return e
}

// homeOf is the estate on whose chain a viewer's refusals stand: the only one, or the portfolio.
func homeOf(v *access.Viewer) uuid.UUID {
	home := audit.Portfolio
	for i, g := range v.Grants {
		if i > 0 && g.Estate != home {
			return audit.Portfolio
		}
		home = g.Estate
	}
	return home
}

// once is the use of an idempotency key that the request names, or nil.
func (rt *Runtime) once(ctx context.Context, d *Definition, in any) (*account.Once, error) {
	key := request.From(ctx).IdempotencyKey
	v := access.From(ctx)
	if key == "" || v.IsSystem() {
		return nil, nil
	}
	path, _ := ctx.Value(pathKey).(string)
	text, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("%s: input: %w", d.Name, err)
	}
	mac := hmac.New(sha256.New, rt.Secret)
	fmt.Fprintf(mac, "%s\x00%s", d.Name, text)
	return &account.Once{Account: v.Account, Key: key, Path: path, HMAC: mac.Sum(nil)}, nil
}

// transact runs the rule in one transaction, with the idempotency record first and the audit entry
// last. It returns the stored result instead if the key was used before.
func (rt *Runtime) transact(ctx context.Context, d *Definition, scope access.Scope, use *account.Once, rule func(*Tx) (any, error)) (stored json.RawMessage, err error) {
	now := rt.Clock.Now().UTC()
	ctx = access.WithRule(ctx, access.Rule{Resource: d.Resource, Scope: scope, Now: now})
	var tx *Tx
	ctx = database.ReportChanges(ctx, func(c database.Change) error { return tx.changed(c) })
	err = rt.DB.InTx(ctx, func(t database.Tx) error {
		tx = newTx(ctx, rt, t, d, now)
		if use != nil {
			if stored, err = rt.Accounts.Begin(ctx, t.Raw, *use); err != nil || stored != nil {
				return err
			}
		}
		out, err := rule(tx)
		if err != nil {
			return err
		}
		if use != nil {
			result, err := store(out)
			if err != nil {
				return err
			}
			if err := rt.Accounts.Finish(ctx, t.Raw, *use, result); err != nil {
				return err
			}
		}
		return tx.append(d)
	})
	return stored, err
}

// CalendarOf is the calendar of an estate's time zone.
func CalendarOf(zone string) (*calendar.Calendar, error) {
	return calendar.New(zone, calendar.China, nil)
}
