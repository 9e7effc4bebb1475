package identity_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/identity"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// counted counts the statements of a transaction.
type counted struct {
	pgx.Tx
	n int
}

func (c *counted) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	c.n++
	return c.Tx.Exec(ctx, sql, args...)
}

func (c *counted) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	c.n++
	return c.Tx.Query(ctx, sql, args...)
}

func (c *counted) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	c.n++
	return c.Tx.QueryRow(ctx, sql, args...)
}

func TestStatementsDoNotGrowWithTheList(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for i := range 40 {
		app.Member(fmt.Sprintf("many-%d@a.example", i), inEstate(app, policy.MailSorter, app.A.ID), inEstate(app, policy.Receptionist, app.A.ID))
		app.As(policy.ProjectManager).Do(createCabinet, vars{"in": vars{"estateID": app.A.ID, "name": fmt.Sprint("柜", i)}})
	}
	for _, first := range []int{1, 40} {
		err := app.DB.As(app.Context(), func(tx pgx.Tx) error {
			q := &counted{Tx: tx}
			page, err := identity.List(app.Context(), q, account.AccountFilter{}, first, nil)
			if err != nil {
				return err
			}
			if q.n != 2 || len(page.Edges) != first {
				t.Errorf("%d accounts with grants in %d statements, want %d in 2", len(page.Edges), q.n, first)
			}
			q.n = 0
			records, err := audit.List(app.Context(), q, audit.Filter{}, audit.Page{Limit: first, Changes: 100})
			if q.n != 2 || len(records) != first {
				t.Errorf("%d entries with changes in %d statements, want %d in 2", len(records), q.n, first)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
