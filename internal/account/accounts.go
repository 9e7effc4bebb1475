package account

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/wording"
)

// Kind is whose account it is.
type Kind string

// The kinds of accounts. Programs use the API tokens of a person's account.
const (
	Staff    Kind = "staff"
	Resident Kind = "resident"
)

// Account is somebody who can be asked who they are.
type Account struct {
	ID         uuid.UUID
	Email      string // as it was typed
	Name       string
	Kind       Kind
	Locale     string // BCP 47: zh, en
	CreatedAt  time.Time
	DisabledAt *time.Time
	key        string
}

// Cursor is the account's place in ListAccounts.
func (a Account) Cursor() string { return base64.RawURLEncoding.EncodeToString([]byte(a.key)) }

const accountColumns = `id, email, name, kind, locale, created_at, disabled_at, email_key`

func scanAccount(row pgx.CollectableRow) (a Account, err error) {
	err = row.Scan(&a.ID, &a.Email, &a.Name, &a.Kind, &a.Locale, &a.CreatedAt, &a.DisabledAt, &a.key)
	return a, err
}

// NewAccount is what an account is made from.
type NewAccount struct {
	Email    string
	Name     string
	Kind     Kind
	Locale   string    // zh unless given
	Password string    // empty: a random temporary one is made
	ID       uuid.UUID // Nil: a new one is made

	NoPassword bool // it signs in at an issuer only
}

// Create makes an account and returns the temporary password, if one was made. The new account holds no
// grants, so that only its maker's next Grant lets a project manager see it.
//
// Errors: INVALID_INPUT at email, name or password; CONFLICT when the address has an account.
func (s *Service) Create(ctx context.Context, q Querier, in NewAccount) (_ Account, temporary string, err error) {
	defer fault.Wrap(&err, "create account")
	if err := cmp.Or(checkEmail(in.Email), wording.CheckName("name", in.Name)); err != nil {
		return Account{}, "", err
	}
	a := Account{
		ID: in.ID, Email: strings.TrimSpace(in.Email), Name: wording.Tidy(in.Name), Kind: in.Kind,
		Locale: cmp.Or(in.Locale, "zh"), CreatedAt: s.now(), key: emailKey(in.Email),
	}
	if a.ID == uuid.Nil {
		a.ID = ids.New(ids.Account)
	}
	var hash *string
	var until *time.Time
	if !in.NoPassword {
		made := ""
		if made, until, temporary, err = s.firstPassword(ctx, in); err != nil {
			return Account{}, "", err
		}
		hash = &made
	}
	var created bool
	err = q.QueryRow(ctx, `SELECT identity.account_create($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		a.ID, a.Email, a.key, a.Name, a.Kind, a.Locale, hash, until, a.CreatedAt).Scan(&created)
	if err != nil {
		return Account{}, "", err
	}
	if !created {
		return Account{}, "", fault.Clash("该邮箱已有账号。如在您的账号列表中且在您的小区有角色,请直接授予角色;否则请总经理授予。",
			"There is an account with this e-mail address. If it is in your list with a role in your estate, give it the role; else ask the general manager to.").At("email")
	}
	return a, temporary, nil
}

// firstPassword hashes the given password, or one it makes.
func (s *Service) firstPassword(ctx context.Context, in NewAccount) (hash string, until *time.Time, temporary string, err error) {
	password := in.Password
	if password == "" {
		temporary = randomPassword()
		password = temporary
		until = new(s.now().Add(s.cfg.TemporaryLives))
	} else if err := at("password", checkPassword(password, in.Email)); err != nil {
		return "", nil, "", err
	}
	hash, err = s.newHash(ctx, password)
	return hash, until, temporary, err
}

// Disable stops an account: it cannot sign in, its sessions end, its tokens rest. Errors: NOT_FOUND;
// FORBIDDEN for what identity.administers refuses; CONFLICT when it is disabled.
func (s *Service) Disable(ctx context.Context, q Querier, id uuid.UUID) (err error) {
	defer fault.Wrap(&err, "disable account(%s)", id)
	return administered(q.QueryRow(ctx, `SELECT identity.account_disable($1, $2, $3)`, id, s.now(), s.Today()))
}

// Enable lets a disabled account in again. Errors: as Disable; FORBIDDEN when a viewer of the whole portfolio
// disabled it, and this one sees less.
func (s *Service) Enable(ctx context.Context, q Querier, id uuid.UUID) (err error) {
	defer fault.Wrap(&err, "enable account(%s)", id)
	return administered(q.QueryRow(ctx, `SELECT identity.account_disable($1, NULL, $2)`, id, s.Today()))
}

// SetProfile changes the name and locale of an account. Errors: INVALID_INPUT at name; NOT_FOUND.
func (s *Service) SetProfile(ctx context.Context, q Querier, id uuid.UUID, name, locale string) (err error) {
	defer fault.Wrap(&err, "set profile(%s)", id)
	if err := wording.CheckName("name", name); err != nil {
		return err
	}
	return one(q.Exec(ctx, `UPDATE identity.accounts SET name = $2, locale = $3 WHERE id = $1`, id, wording.Tidy(name), clean(locale, 35)))
}

// administered reads what identity.administers had to say.
func administered(row pgx.Row) error {
	var may string
	if err := row.Scan(&may); err != nil {
		return err
	}
	return verdict(may)
}

// verdict is the refusal that a word of identity.administers stands for; nil for ok.
func verdict(may string) error {
	switch may {
	case "ok":
		return nil
	case "missing":
		return fault.Missing()
	case "own":
		return OwnDenied()
	case "former":
		return fault.Denied("该账号在您的小区已没有角色,请由总经理处理。",
			"This account holds no role in your estate any more. Ask the general manager.")
	case "reserved":
		return fault.Denied("审计人员和总经理的账号只有总经理可以处理。", "Only the general manager handles accounts of auditors and general managers.")
	case "portfolio":
		return fault.Denied("该账号由总经理停用,只有总经理可以启用。", "The general manager disabled this account, and only the general manager enables it.")
	case "elsewhere":
		return fault.Denied("该账号在其他小区也有角色,请由总经理处理;您可以撤销其在本小区的授权。",
			"This account holds roles in other estates too. Ask the general manager, or revoke its grants in your estate.")
	}
	return fault.Clash("账号状态没有变化,请刷新后重试。", "The account is in that state already. Read it again.")
}

// OwnDenied refuses what nobody does to the own account.
func OwnDenied() *fault.Error {
	return fault.Denied("不能对自己的账号或授权进行此操作,请由另一位经理办理。", "Nobody does this to their own account or grants. Ask another manager.")
}

// Standing counts the grants of an account that are in force or to come.
type Standing struct {
	Here      int // in the viewer's estates
	Elsewhere int
	Reserved  int // of auditors and general managers, wherever they are
}

// Standings tells how accounts stand, in one statement.
func (s *Service) Standings(ctx context.Context, q Querier, all []uuid.UUID) (_ map[uuid.UUID]Standing, err error) {
	defer fault.Wrap(&err, "standings of %d accounts", len(all))
	rows, err := q.Query(ctx, `SELECT a, s.here, s.elsewhere, s.reserved FROM unnest($1::uuid[]) a, identity.standing(a, $2) s`, all, s.Today())
	if err != nil {
		return nil, err
	}
	found := make(map[uuid.UUID]Standing, len(all))
	var id uuid.UUID
	var one Standing
	_, err = pgx.ForEachRow(rows, []any{&id, &one.Here, &one.Elsewhere, &one.Reserved}, func() error { found[id] = one; return nil })
	return found, err
}

// Find reads an account that the viewer may see: the own, and those with a grant in the viewer's estates.
// Errors: NOT_FOUND.
func (s *Service) Find(ctx context.Context, q Querier, id uuid.UUID) (_ Account, err error) {
	defer fault.Wrap(&err, "find account(%s)", id)
	return findAccount(ctx, q, `SELECT `+accountColumns+` FROM identity.accounts WHERE id = $1`, id)
}

// FindByEmail reads an account by its address, however it is written. Errors: NOT_FOUND.
func (s *Service) FindByEmail(ctx context.Context, q Querier, email string) (_ Account, err error) {
	defer fault.Wrap(&err, "find account by e-mail")
	return findAccount(ctx, q, `SELECT `+accountColumns+` FROM identity.accounts WHERE email_key = $1`, emailKey(email))
}

func findAccount(ctx context.Context, q Querier, sql string, arg any) (Account, error) {
	rows, err := q.Query(ctx, sql, arg)
	if err != nil {
		return Account{}, err
	}
	a, err := pgx.CollectExactlyOneRow(rows, scanAccount)
	return a, missing(err)
}

// FindAll reads many accounts in one statement; those the viewer may not see are left out.
func (s *Service) FindAll(ctx context.Context, q Querier, all []uuid.UUID) (_ map[uuid.UUID]Account, err error) {
	defer fault.Wrap(&err, "find %d accounts", len(all))
	rows, err := q.Query(ctx, `SELECT `+accountColumns+` FROM identity.accounts WHERE id = ANY ($1)`, all)
	if err != nil {
		return nil, err
	}
	found := make(map[uuid.UUID]Account, len(all))
	list, err := pgx.CollectRows(rows, scanAccount)
	for _, a := range list {
		found[a.ID] = a
	}
	return found, err
}

// AccountFilter says which accounts to list; zero fields do not restrict.
type AccountFilter struct {
	EmailPrefix string
	Estate      uuid.UUID // with a grant there that is not revoked
	Kind        Kind
	Enabled     bool // only those that may sign in
}

// A range instead of LIKE: LIKE is not leakproof, and its index is not used below a policy.
const accountWhere = ` FROM identity.accounts a
	WHERE ($1 = '' OR (email_key >= $1 AND email_key < $1 || chr(1114111)))
	  AND ($2::uuid IS NULL OR EXISTS (SELECT FROM identity.grants g
	       WHERE g.account_id = a.id AND g.estate_id = $2 AND g.revoked_at IS NULL))
	  AND ($3 = '' OR kind = $3) AND (NOT $4 OR disabled_at IS NULL)`

// ListAccounts lists the accounts that the viewer may see by e-mail address, after a cursor.
// Errors: INVALID_INPUT at after.
func (s *Service) ListAccounts(ctx context.Context, q Querier, f AccountFilter, first int, after string) (_ Page[Account], err error) {
	defer fault.Wrap(&err, "list accounts")
	key, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil || clean(string(key), maxEmailBytes) != string(key) {
		return Page[Account]{}, badCursor()
	}
	size := pageSize(first)
	rows, err := q.Query(ctx, `SELECT `+accountColumns+accountWhere+` AND email_key > $5 ORDER BY email_key LIMIT $6`,
		emailKey(f.EmailPrefix), null(f.Estate), f.Kind, f.Enabled, string(key), size+1)
	if err != nil {
		return Page[Account]{}, err
	}
	list, err := pgx.CollectRows(rows, scanAccount)
	return pageOf(list, size), err
}

// CountAccounts counts what ListAccounts would list.
func (s *Service) CountAccounts(ctx context.Context, q Querier, f AccountFilter) (n int, err error) {
	defer fault.Wrap(&err, "count accounts")
	err = q.QueryRow(ctx, `SELECT count(*)`+accountWhere, emailKey(f.EmailPrefix), null(f.Estate), f.Kind, f.Enabled).Scan(&n)
	return n, err
}

func badCursor() error {
	return fault.Invalid("after", "游标无效,请从第一页重新开始。", "The cursor is not valid. Start again from the first page.")
}

// at places a refusal at a field of the input.
func at(field string, err error) error {
	if f := fault.From(err); f != nil {
		return f.At(field)
	}
	return err
}

// missing turns "no row" into NOT_FOUND.
func missing(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.Missing()
	}
	return err
}

// one turns "no row was changed" into NOT_FOUND.
func one(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.RowsAffected() == 0 {
		return fault.Missing()
	}
	return err
}
