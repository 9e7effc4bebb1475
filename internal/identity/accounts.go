package identity

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/contact"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/paging"
	"github.com/steward-pm/steward/policy"
)

// Account is somebody's account, as the viewer may see it.
type Account struct {
	ID          uuid.UUID
	Email, Name string // the e-mail address masked, unless the viewer sees contact data in full
	Kind        AccountKind
	Locale      string
	CreatedAt   time.Time
	DisabledAt  *time.Time
	Grants      []*Grant // in force or to come, where the viewer may see them
}

// AccountEdge is an account and its place in the list.
type AccountEdge struct {
	Node   *Account
	Cursor ent.Cursor
}

// AccountConnection is a page of accounts.
type AccountConnection struct {
	Edges    []*AccountEdge
	PageInfo *ent.PageInfo

	filter account.AccountFilter
}

// TotalCount counts all accounts that the list would show; only when it is asked for.
func (c *AccountConnection) TotalCount(ctx context.Context) (n int, err error) {
	err = read(ctx, policy.Account, func(q pgx.Tx) (err error) {
		n, err = act.From(ctx).Accounts.CountAccounts(ctx, q, c.filter)
		return err
	})
	return n, err
}

// AccountFilter says which accounts to list.
type AccountFilter struct {
	EstateID    *uuid.UUID
	EmailPrefix *string
	Kind        *AccountKind
	EnabledOnly *bool
}

func (f *AccountFilter) filter(v *access.Viewer) (out account.AccountFilter, err error) {
	if f == nil {
		return out, nil
	}
	out.Estate = value(f.EstateID)
	if f.Kind != nil {
		out.Kind = account.Kind(*f.Kind)
	}
	out.Enabled = f.EnabledOnly != nil && *f.EnabledOnly
	if f.EmailPrefix != nil && *f.EmailPrefix != "" {
		if !v.SeesFully(policy.Account) { // or the address could be found out letter by letter
			return out, fault.Denied("您看不到完整的邮箱,不能按它筛选。", "You do not see e-mail addresses in full, and cannot filter by them.").At("where.emailPrefix")
		}
		out.EmailPrefix = *f.EmailPrefix
	}
	return out, nil
}

// Accounts lists the accounts with a role in the viewer's estates, by e-mail address. Three statements,
// however many accounts: the place, the page, its grants.
//
// Errors: FORBIDDEN; INVALID_INPUT at after.
func Accounts(ctx context.Context, first *int, after *ent.Cursor, where *AccountFilter) (page *AccountConnection, err error) {
	filter, err := where.filter(access.From(ctx))
	if err != nil {
		return nil, err
	}
	err = read(ctx, policy.Account, func(q pgx.Tx) error {
		page, err = List(ctx, q, filter, paging.Size(first), after)
		return err
	})
	return page, err
}

// List reads one page, for who may read accounts, which Accounts finds out. Its cursors are ids: an account's own cursor holds the e-mail address.
func List(ctx context.Context, q account.Querier, filter account.AccountFilter, first int, after *ent.Cursor) (*AccountConnection, error) {
	accounts, from := act.From(ctx).Accounts, ""
	if after != nil {
		a, err := accounts.Find(ctx, q, after.ID)
		if fault.Is(err, fault.NotFound) {
			err = paging.BadCursor()
		}
		if err != nil {
			return nil, err
		}
		from = a.Cursor()
	}
	found, err := accounts.ListAccounts(ctx, q, filter, first, from)
	if err != nil {
		return nil, err
	}
	nodes, err := show(ctx, q, found.Items...)
	if err != nil {
		return nil, err
	}
	page := &AccountConnection{Edges: make([]*AccountEdge, len(nodes)), filter: filter}
	cursors := make([]ent.Cursor, len(nodes))
	for i, a := range nodes {
		cursors[i] = ent.Cursor{ID: a.ID}
		page.Edges[i] = &AccountEdge{a, cursors[i]}
	}
	page.PageInfo = paging.Info(cursors, after, found.More)
	return page, nil
}

// FindAccount reads one account. Errors: FORBIDDEN; NOT_FOUND.
func FindAccount(ctx context.Context, id uuid.UUID) (out *Account, err error) {
	err = read(ctx, policy.Account, func(q pgx.Tx) error {
		a, err := act.From(ctx).Accounts.Find(ctx, q, id)
		if err != nil {
			return missingAt(err, "id")
		}
		nodes, err := show(ctx, q, a)
		if err == nil {
			out = nodes[0]
		}
		return err
	})
	return out, err
}

// show makes accounts what the viewer may see of them, with their grants: one statement.
func show(ctx context.Context, q account.Querier, accounts ...account.Account) ([]*Account, error) {
	v, today := access.From(ctx), act.From(ctx).Accounts.Today()
	byID, list, nodes := map[uuid.UUID]*Account{}, make([]uuid.UUID, len(accounts)), make([]*Account, len(accounts))
	full := v.SeesFully(policy.Account)
	for i, a := range accounts {
		nodes[i] = &Account{
			ID: a.ID, Email: a.Email, Name: a.Name, Kind: AccountKind(a.Kind), Locale: a.Locale, CreatedAt: a.CreatedAt,
			DisabledAt: a.DisabledAt, Grants: []*Grant{},
		}
		if !full && a.ID != v.Account {
			nodes[i].Email = contact.New(a.Email).String()
		}
		byID[a.ID], list[i] = nodes[i], a.ID
	}
	grants, err := grantsOf(ctx, q, list)
	for _, g := range grants {
		if g.RevokedAt == nil && (g.Until.IsZero() || !g.Until.Before(today)) {
			byID[g.AccountID].Grants = append(byID[g.AccountID].Grants, grantOf(g))
		}
	}
	return nodes, err
}

// grantsOf lists the grants of accounts, in one statement unless they have a thousand or more.
func grantsOf(ctx context.Context, q account.Querier, list []uuid.UUID) (all []account.Grant, err error) {
	const most = 1000 // of account.ListGrants, which orders by account
	slices.SortFunc(list, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	for len(list) > 0 {
		some, err := act.From(ctx).Accounts.ListGrants(ctx, q, account.GrantFilter{Accounts: list})
		if err != nil || len(some) < most {
			return append(all, some...), err
		}
		last := some[most-1].AccountID // perhaps cut short: read again with the rest, unless it is all there is
		if some[0].AccountID != last {
			some = some[:slices.IndexFunc(some, func(g account.Grant) bool { return g.AccountID == last })]
			list = list[slices.Index(list, last):]
		} else {
			list = list[slices.Index(list, last)+1:]
		}
		all = append(all, some...)
	}
	return all, nil
}
