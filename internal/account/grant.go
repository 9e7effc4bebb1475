package account

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
)

// Grant is a role given to an account: where, and from and until which day.
type Grant struct {
	ID         uuid.UUID
	AccountID  uuid.UUID
	Role       string
	Estate     uuid.UUID // Nil: the whole portfolio
	Department uuid.UUID // Nil: none
	Household  uuid.UUID // Nil: none; set for residents
	From       calendar.Day
	Until      calendar.Day // the last day; zero: open
	GrantedBy  uuid.UUID    // Nil: the system
	CreatedAt  time.Time
	RevokedAt  *time.Time
	RevokedBy  uuid.UUID
}

const grantColumns = `id, account_id, role, estate_id, department_id, household_id, valid_from, valid_until,
	granted_by, created_at, revoked_at, revoked_by`

func scanGrant(row pgx.CollectableRow) (g Grant, err error) {
	err = row.Scan(&g.ID, &g.AccountID, &g.Role, &g.Estate, &g.Department, &g.Household, &g.From, &g.Until,
		&g.GrantedBy, &g.CreatedAt, &g.RevokedAt, &g.RevokedBy)
	return g, err
}

// NewGrant is what a grant is made from.
type NewGrant struct {
	Account    uuid.UUID
	Role       string
	Estate     uuid.UUID    // Nil: the whole portfolio, which only a viewer of the portfolio can give
	Department uuid.UUID    // within Estate
	Household  uuid.UUID    // within Estate
	From       calendar.Day // required
	Until      calendar.Day // the last day; zero: open
	By         uuid.UUID    // who grants; Nil: the system
}

// Grant gives a role. Which roles need an estate, a department or a household is for the caller to say.
// Errors: INVALID_INPUT at role, from, until or estate; NOT_FOUND for an account, estate, department or
// household that is not there; FORBIDDEN outside the viewer's estates; an exclusion by grants_held for a role held
// there in these days already.
func (s *Service) Grant(ctx context.Context, q Querier, in NewGrant) (_ Grant, err error) {
	defer fault.Wrap(&err, "grant(%s, %s)", in.Account, in.Role)
	if err := s.checkGrant(in); err != nil {
		return Grant{}, err
	}
	g := Grant{
		ID: ids.New(ids.Grant), AccountID: in.Account, Role: in.Role, Estate: in.Estate, Department: in.Department,
		Household: in.Household, From: in.From, Until: in.Until, GrantedBy: in.By, CreatedAt: s.now(),
	}
	_, err = q.Exec(ctx, `INSERT INTO identity.grants (`+grantColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, NULL)`,
		g.ID, g.AccountID, g.Role, null(g.Estate), null(g.Department), null(g.Household), g.From, g.Until, null(g.GrantedBy), g.CreatedAt)
	return g, grantRefusal(err)
}

func (s *Service) checkGrant(in NewGrant) error {
	switch {
	case !s.knowsRole(in.Role):
		return unknownRole(in.Role)
	case in.From.IsZero():
		return fault.Invalid("from", "请填写生效日期。", "Give the first day of the grant.")
	case !in.Until.IsZero() && in.Until.Before(in.From):
		return fault.Invalid("until", "截止日期不能早于生效日期。", "The last day lies before the first.")
	case in.Estate == uuid.Nil && (in.Department != uuid.Nil || in.Household != uuid.Nil):
		return fault.Invalid("estate", "部门或业户授权必须指明小区。", "A grant for a department or household names its estate.")
	}
	return nil
}

// grantRefusal tells what PostgreSQL refused.
func grantRefusal(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		return err
	case pg.Code == "23503": // foreign key: no such account or place
		return fault.Missing().Because(err)
	case pg.Code == "42501": // row-level security: outside the viewer's estates
		return fault.Denied("您不能授予该范围的角色;请由管理该范围的人员授权。",
			"You cannot give a role there. Ask somebody who manages it.").Because(err)
	}
	return err
}

func unknownRole(role string) error {
	return fault.Invalid("role", "没有“%[1]s”这个角色。", "There is no role %[1]q.", clean(role, 64))
}

// Revoke ends a grant at once, by whom. Errors: NOT_FOUND outside the viewer's estates too; CONFLICT
// when it was revoked before.
func (s *Service) Revoke(ctx context.Context, q Querier, id, by uuid.UUID) (_ Grant, err error) {
	defer fault.Wrap(&err, "revoke grant(%s)", id)
	rows, err := q.Query(ctx, `UPDATE identity.grants SET revoked_at = $2, revoked_by = $3
		WHERE id = $1 AND revoked_at IS NULL RETURNING `+grantColumns, id, s.now(), null(by))
	if err != nil {
		return Grant{}, err
	}
	g, err := pgx.CollectExactlyOneRow(rows, scanGrant)
	if !errors.Is(err, pgx.ErrNoRows) {
		return g, err
	}
	var revoked bool
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM identity.grants WHERE id = $1 AND revoked_at IS NOT NULL)`, id).Scan(&revoked)
	if err == nil && revoked {
		err = fault.Clash("该授权已被撤销。", "This grant was revoked before.")
	} else if err == nil {
		err = fault.Missing()
	}
	return Grant{}, err
}

// FindGrant reads one grant. Errors: NOT_FOUND.
func (s *Service) FindGrant(ctx context.Context, q Querier, id uuid.UUID) (_ Grant, err error) {
	defer fault.Wrap(&err, "find grant(%s)", id)
	rows, err := q.Query(ctx, `SELECT `+grantColumns+` FROM identity.grants WHERE id = $1`, id)
	if err != nil {
		return Grant{}, err
	}
	g, err := pgx.CollectExactlyOneRow(rows, scanGrant)
	return g, missing(err)
}

// GrantFilter says which grants to list; zero fields do not restrict.
type GrantFilter struct {
	Accounts []uuid.UUID
	Estate   uuid.UUID
	On       calendar.Day // only those in force on that day
}

// ListGrants lists the grants of accounts that the viewer may see (the own, and those in the viewer's
// estates), by account and then oldest first; at most 1,000.
func (s *Service) ListGrants(ctx context.Context, q Querier, f GrantFilter) (_ []Grant, err error) {
	defer fault.Wrap(&err, "list grants")
	rows, err := q.Query(ctx, `SELECT `+grantColumns+` FROM identity.grants
		WHERE ($1::uuid[] IS NULL OR account_id = ANY ($1)) AND ($2::uuid IS NULL OR estate_id = $2)
		  AND ($3::date IS NULL OR (revoked_at IS NULL AND valid_from <= $3 AND (valid_until IS NULL OR valid_until >= $3)))
		ORDER BY account_id, created_at, id LIMIT 1000`, f.Accounts, null(f.Estate), f.On)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanGrant)
}

// Ended counts what EndAll ended, and the grants it could not.
type Ended struct {
	Grants, Sessions, Tokens int
	Elsewhere                int // grants that stay, in force or to come
}

// EndAll ends the grants of an account at once, in the estate (uuid.Nil: in all): for staff who leave. Grants
// outside the viewer's estates are counted and stay, for who manages those; sessions and tokens end with the last grant.
// Errors: NOT_FOUND; FORBIDDEN for the own account, and for auditors and general managers unless the viewer sees
// the whole portfolio.
func (s *Service) EndAll(ctx context.Context, q Querier, account, by, estate uuid.UUID) (e Ended, err error) {
	defer fault.Wrap(&err, "end all(%s)", account)
	var may string
	var grants, sessions, tokens, elsewhere *int
	err = q.QueryRow(ctx, `SELECT may, grants, sessions, tokens, elsewhere FROM identity.account_end($1, $2, $3, $4, $5)`,
		account, null(by), s.now(), s.Today(), null(estate)).Scan(&may, &grants, &sessions, &tokens, &elsewhere)
	if err != nil {
		return Ended{}, err
	}
	if grants == nil {
		return Ended{}, verdict(may)
	}
	return Ended{*grants, *sessions, *tokens, *elsewhere}, nil
}
