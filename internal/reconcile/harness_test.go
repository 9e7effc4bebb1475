package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/reconciliationline"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/reconcile"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

var kind = reconcile.Declare(reconcile.Kind{Name: "test.count", Clause: "K4.3"})

// other is a kind of count that has no business with the sheets of kind.
var other = reconcile.Declare(reconcile.Kind{Name: "test.other", Clause: "M5"})

// probe is an act whose rule is the test's.
var probe = act.New("test.reconcile", act.Needs(policy.KeySpotCheck, policy.Create), act.Clauses("K4.3"),
	func(tx *act.Tx, in input) (*ent.Reconciliation, error) { return in.rule(tx) })

type input struct {
	rule func(*act.Tx) (*ent.Reconciliation, error)
}

// office is an estate with somebody who counts.
type office struct {
	*stewardtest.App
	ctx context.Context
}

func open(t *testing.T) office {
	t.Helper()
	app := stewardtest.New(t)
	p := app.As(policy.Supervisor)
	return office{app, access.With(app.Context(), access.New(app.Policy, access.Viewer{
		Account: p.Account, Name: "主管", Grants: []access.Grant{{Role: policy.Supervisor, Estate: app.A.ID, Department: app.A.Department}},
	}))}
}

// do performs the rule as an act.
func (o office) do(rule func(*act.Tx) (*ent.Reconciliation, error)) (*ent.Reconciliation, error) {
	return probe.Do(o.ctx, input{rule})
}

// sheet opens a sheet of lines on which so much is expected.
func (o office) sheet(expected ...int) (uuid.UUID, error) {
	items := make([]reconcile.Item, len(expected))
	for i, n := range expected {
		items[i] = reconcile.Item{Item: o.A.Sets[0], Place: &o.A.Cabinet, Label: fmt.Sprintf("第 %d 行", i+1), Expected: n}
	}
	s, err := o.do(func(tx *act.Tx) (*ent.Reconciliation, error) {
		return kind.Open(tx, o.A.ID, o.A.ID, "测试清点", "Count of a test", items)
	})
	if err != nil {
		return uuid.Nil, err
	}
	return s.ID, nil
}

func (o office) count(sheet uuid.UUID, counts ...reconcile.Counted) error {
	_, err := o.do(func(tx *act.Tx) (*ent.Reconciliation, error) { return kind.Count(tx, sheet, counts) })
	return err
}

func (o office) resolve(line uuid.UUID, reason string) error {
	_, err := o.do(func(tx *act.Tx) (*ent.Reconciliation, error) {
		_, err := kind.Resolve(tx, line, "EXPLAINED", reason)
		return nil, err
	})
	return err
}

func (o office) close(sheet uuid.UUID) error {
	_, err := o.do(func(tx *act.Tx) (*ent.Reconciliation, error) { return kind.Close(tx, sheet, "") })
	return err
}

func (o office) cancel(sheet uuid.UUID, reason string) error {
	_, err := o.do(func(tx *act.Tx) (*ent.Reconciliation, error) { return kind.Cancel(tx, sheet, reason) })
	return err
}

// read is the sheet with its lines, in their order.
func (o office) read(sheet uuid.UUID) (s *ent.Reconciliation, lines []*ent.ReconciliationLine) {
	s, err := o.DB.Ent.Reconciliation.Get(o.ctx, sheet)
	if err != nil {
		panic(err)
	}
	if lines, err = s.QueryLines().Order(reconciliationline.ByPosition()).All(o.ctx); err != nil {
		panic(err)
	}
	return s, lines
}

// refused fails the test unless err is the refusal, at the field if one is given.
func refused(t testing.TB, err error, code fault.Code, field ...string) {
	t.Helper()
	f := fault.From(err)
	if f == nil || f.Code != code || len(field) > 0 && f.Field != field[0] {
		t.Errorf("want %s at %v, got %v", code, field, err)
	}
}

// errUndone rolls back what was only tried.
var errUndone = errors.New("undone")

// raw tries a statement as the role that serves, past all of Go, and gives the constraint that refused it; what it
// did is undone.
func (o office) raw(sql string, args ...any) string {
	err := o.DB.System(o.Context(), func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sql, args...); err != nil {
			return err
		}
		return errUndone
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.ConstraintName
	}
	if !errors.Is(err, errUndone) {
		return err.Error()
	}
	return ""
}
