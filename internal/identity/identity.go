// Package identity is the acts upon accounts: signing in and out, passwords, sessions, API tokens, the
// inbox, and, for managers, accounts, grants of roles and the audit trail. It makes the viewer of a request from a bearer
// token. What is stored, and how, is internal/account's; who may do what stands here.
//
// viewer.go who is asking · signin.go · password.go · session.go · token.go · inbox.go: one's own affairs
// accounts.go · administer.go · grant.go: other people's · audittrail.go the trail as managers and auditors read it
package identity

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// confine narrows what row-level security shows in the transaction to the estates of the scope. The
// viewer's settings hold every estate where the viewer has any role; somebody who manages one estate
// and works at the desk of another must not manage accounts there.
//
// Who manages the portfolio and audits some of it manages accounts in all other estates, and nothing that
// reaches over the portfolio.
func confine(ctx context.Context, q account.Querier, scope access.Scope) error {
	if scope.Portfolio && !scope.Whole() {
		_, err := q.Exec(ctx, `SELECT set_config('app.estate_ids', (SELECT format('{%s}', string_agg(id::text, ',')) FROM estates WHERE id <> ALL ($1)), true),
			set_config('app.households', '', true)`, scope.Except)
		return err
	}
	estates := "*"
	if !scope.Portfolio {
		list := make([]string, len(scope.Estates))
		for i, id := range scope.Estates {
			list[i] = id.String()
		}
		if estates = ""; len(list) > 0 {
			estates = "{" + strings.Join(list, ",") + "}"
		}
	}
	_, err := q.Exec(ctx, `SELECT set_config('app.estate_ids', $1, true), set_config('app.households', '', true)`, estates)
	return err
}

// read runs f under what the viewer may read of the resource: accounts, grants, the audit trail. An API token,
// which lies about in dashboards, reads none of them, whatever its role.
//
// Errors: UNAUTHENTICATED; FORBIDDEN, which goes on the audit trail.
func read(ctx context.Context, resource policy.Resource, f func(pgx.Tx) error) error {
	v := access.From(ctx)
	if v == nil {
		return fault.SignedOut()
	}
	rt, scope := act.From(ctx), v.Scope(resource, policy.Read)
	switch {
	case v.Token != uuid.Nil:
		return refuse(ctx, "read."+string(resource), fault.Denied("API 令牌不能查看账号、授权和审计记录,请登录后查看。",
			"An API token does not see accounts, grants or the audit trail. Sign in to see them."))
	case scope.Empty():
		return refuse(ctx, "read."+string(resource), fault.Denied("您的岗位无权查看。", "None of your roles may see this."))
	}
	return rt.DB.As(ctx, func(tx pgx.Tx) error {
		if err := confine(ctx, tx, scope); err != nil {
			return err
		}
		return f(tx)
	})
}

// refuse puts the refusal of a read on the portfolio's read chain, unless others like it stand for it.
func refuse(ctx context.Context, action string, f *fault.Error) error {
	rt := act.From(ctx)
	return rt.RefuseEntry(ctx, rt.Entry(ctx, action), f)
}

// own runs f for the person who is signed in, seeing nothing but what is the person's own.
//
// Errors: UNAUTHENTICATED; FORBIDDEN for an API token, which is narrower than its owner.
func own(ctx context.Context, f func(q account.Querier, me uuid.UUID) error) error {
	v := access.From(ctx)
	switch {
	case v == nil:
		return fault.SignedOut()
	case v.Token != uuid.Nil:
		return fault.Denied("API 令牌无权查看个人事务,请登录后查看。", "An API token does not see personal matters. Sign in to see them.")
	}
	return act.From(ctx).DB.As(ctx, func(tx pgx.Tx) error {
		if err := confine(ctx, tx, access.Scope{}); err != nil {
			return err
		}
		return f(tx, v.Account)
	})
}

// optional is nil for the zero id.
func optional(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
