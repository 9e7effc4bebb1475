// Package webhook tells other systems that something happened: which act, upon what, where and when, by ids alone. Whoever receives it
// asks the API for the rest, under grants of its own.
package webhook

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// Webhook is an address that is told what happens in an estate, or in the whole portfolio.
type Webhook struct {
	ID            uuid.UUID
	EstateID      *uuid.UUID // nil: the portfolio
	Name, URL     string
	Kinds         []string // of acts: keys.lend, keys.*, *
	Active        bool
	SecretSince   time.Time
	Version       int
	CreatedAt     time.Time
	CreatedByName string

	estate uuid.UUID // Portfolio: all zeros
	secret []byte    // encrypted
}

const columns = `id, estate_id, name, url, kinds, active, secret_since, version, created_at, created_by_name, secret`

func scan(row pgx.CollectableRow) (*Webhook, error) {
	w := &Webhook{}
	err := row.Scan(&w.ID, &w.estate, &w.Name, &w.URL, &w.Kinds, &w.Active, &w.SecretSince, &w.Version, &w.CreatedAt, &w.CreatedByName, &w.secret)
	if w.estate != audit.Portfolio {
		w.EstateID = &w.estate
	}
	return w, err
}

// Config is what the program allows.
type Config struct {
	Networks []netip.Prefix // private networks that webhooks may reach; http is allowed to loopback addresses among them
}

type configKey struct{}

// With puts the settings into the context.
func With(ctx context.Context, c Config) context.Context {
	return context.WithValue(ctx, configKey{}, c)
}

func configFrom(ctx context.Context) Config {
	c, _ := ctx.Value(configKey{}).(Config)
	return c
}

// checkURL refuses what is no address to tell things to. What it resolves to is looked at each time that it is connected to.
func (c Config) checkURL(text string) error {
	bad := func(zh, en string) error { return fault.Invalid("url", zh, en) }
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || len(text) > 2000 || u.Scheme != "https" && u.Scheme != "http":
		return bad("请填写 https:// 开头的完整地址。", "Give a whole address that begins with https://.")
	case u.User != nil || u.Fragment != "":
		return bad("地址中不能带用户名、密码或 #。", "The address cannot hold a user, a password or a #.")
	case u.Scheme == "http" && !c.plain(u.Hostname()):
		return bad("只支持 https 地址。", "Only https is allowed.")
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && !c.Reaches(a) {
		return bad("不能使用内部网络的地址。", "Addresses of private networks are not allowed.")
	}
	return nil
}

// plain tells whether http will do: to this machine, where the settings allow that it is reached.
func (c Config) plain(host string) bool {
	a, err := netip.ParseAddr(host)
	if err != nil && strings.EqualFold(host, "localhost") {
		a, err = netip.MustParseAddr("127.0.0.1"), nil
	}
	return err == nil && a.IsLoopback() && c.Reaches(a)
}

// special are networks that are not the internet's, beside those that netip knows.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("::ffff:0:0:0/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// Reaches tells whether an address may be connected to.
func (c Config) Reaches(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	in := func(p netip.Prefix) bool { return p.Contains(a) }
	if slices.ContainsFunc(c.Networks, in) {
		return true
	}
	return a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !slices.ContainsFunc(special, in)
}

// read runs f under what the viewer may read; an API token reads none, as it reads no accounts.
//
// Errors: UNAUTHENTICATED; FORBIDDEN.
func read(ctx context.Context, f func(tx pgx.Tx, s access.Scope) error) error {
	v := access.From(ctx)
	if v == nil {
		return fault.SignedOut()
	}
	rt, scope := act.From(ctx), v.Scope(policy.Webhook, policy.Read)
	switch {
	case v.Token != uuid.Nil:
		return rt.RefuseEntry(ctx, rt.Entry(ctx, "read.Webhook"), fault.Denied("API 令牌不能查看 Webhook,请登录后查看。", "An API token does not see webhooks. Sign in to see them."))
	case scope.Empty():
		return rt.RefuseEntry(ctx, rt.Entry(ctx, "read.Webhook"), fault.Denied("您的岗位无权查看 Webhook。", "None of your roles may see webhooks."))
	}
	return rt.DB.As(ctx, func(tx pgx.Tx) error { return f(tx, scope) })
}

// where is the scope as a condition on estate_id, whose parameters are $1 and $2.
const where = `(estate_id = ANY ($1) OR $2)`

func reach(s access.Scope) (estates []uuid.UUID, whole bool) {
	if s.Estates == nil {
		s.Estates = []uuid.UUID{}
	}
	return s.Estates, s.Portfolio
}
