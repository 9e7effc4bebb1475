package account

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/internal/fault"
)

// Proof is a password that was right a moment ago: what OpenSession and ChangePassword rest on.
// The database compares its hash again there, so a proof is void once the password changed.
type Proof struct {
	Account uuid.UUID
	hash    string
}

// Credentials are what somebody signs in with, and from where.
type Credentials struct {
	Email     string
	Password  string
	Address   string // network address, for the back-off; a port is cut off, IPv6 counts by its /64
	UserAgent string
}

// claim is whose password is tried: by e-mail address or by account.
type claim struct {
	email   *string // key
	account uuid.UUID
	address string
}

// Prove checks a password, counted and slowed down per account and address. It takes two statements and
// one hash whether the account is unknown, disabled, or the password wrong, and says the same.
//
// Errors: UNAUTHENTICATED; RATE_LIMITED with RetryAfter while backing off or when all cores are busy.
func (s *Service) Prove(ctx context.Context, c Credentials) (_ Proof, err error) {
	key := emailKey(c.Email)
	proof, ok, err := s.try(ctx, claim{email: &key, address: backoffAddress(c.Address)}, c.Password)
	if err == nil && !ok {
		err = fault.New(fault.Unauthenticated, "邮箱或密码不正确。", "The e-mail address or the password is wrong.")
	}
	return proof, err
}

// VerifyPassword checks the password of an account that signs something (a signature by credential),
// counted like a sign-in. Call it before the act's transaction begins: it takes a connection of its own.
//
// Errors: INVALID_INPUT, to be placed at the argument; RATE_LIMITED.
func (s *Service) VerifyPassword(ctx context.Context, account uuid.UUID, password, address string) error {
	_, err := s.verify(ctx, account, password, address)
	return err
}

func (s *Service) verify(ctx context.Context, account uuid.UUID, password, address string) (Proof, error) {
	proof, ok, err := s.try(ctx, claim{account: account, address: backoffAddress(address)}, password)
	if err == nil && !ok {
		err = fault.New(fault.InvalidInput, "密码不正确。", "The password is wrong.")
	}
	return proof, err
}

// errStale says that the stored hash was replaced between our look at its salt and our proof: another
// sign-in renewed it, or the password was changed.
var errStale = errors.New("the stored hash was replaced meanwhile")

func (s *Service) try(ctx context.Context, c claim, password string) (_ Proof, ok bool, err error) {
	defer fault.Wrap(&err, "try a password")
	proof, ok, err := s.attempt(ctx, c, password)
	if errors.Is(err, errStale) {
		proof, ok, err = s.attempt(ctx, c, password)
	}
	return proof, ok, err
}

// attempt is one attempt: counted, hashed, compared.
func (s *Service) attempt(ctx context.Context, c claim, password string) (_ Proof, ok bool, err error) {
	account, salt, err := s.begin(ctx, c)
	if err != nil {
		return Proof{}, false, err
	}
	done, err := s.turns.take(ctx)
	if err != nil {
		s.release(context.WithoutCancel(ctx), c)
		return Proof{}, false, err
	}
	defer done()
	hash, err := s.hash(password, salt)
	if err != nil {
		return Proof{}, false, err
	}
	var verdict string
	err = s.db.QueryRow(ctx, `SELECT identity.attempt_settle($1, $2, $3, $4)`,
		null(account), c.address, hash, s.now()).Scan(&verdict)
	switch {
	case err != nil || verdict == "wrong":
		return Proof{}, false, err
	case verdict == "stale":
		return Proof{}, false, errStale
	}
	return s.renew(ctx, Proof{account, hash}, password, salt)
}

// begin counts the attempt and reads the salt, or a salt as good for an account that is not there.
func (s *Service) begin(ctx context.Context, c claim) (account uuid.UUID, salt string, err error) {
	now := s.now()
	var until *time.Time
	var id uuid.NullUUID
	var found *string
	a, b := s.cfg.PerAccount, s.cfg.PerAddress
	err = s.db.QueryRow(ctx,
		`SELECT blocked_until, account_id, salt FROM identity.attempt_begin($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		c.email, null(c.account), c.address, now, a.Free, a.First, a.Max, a.Leak, b.Free, b.First, b.Max, b.Leak,
	).Scan(&until, &id, &found)
	switch {
	case err != nil:
		return uuid.Nil, "", err
	case until != nil:
		wait := until.Sub(now)
		seconds := int((wait + time.Second - 1) / time.Second)
		return uuid.Nil, "", fault.Busy(wait, "尝试次数过多,请在 %[1]d 秒后再试。", "Too many failed attempts. Try again in %[1]d seconds.", seconds)
	case found == nil:
		return uuid.Nil, s.dummy, nil
	}
	return id.UUID, *found, nil
}

// release gives back an attempt that never came to a hash. If that fails too, one failure too many is
// counted, which harms nobody.
func (s *Service) release(ctx context.Context, c claim) {
	_, _ = s.db.Exec(ctx, `SELECT identity.attempt_release($1, $2, $3)`, c.email, null(c.account), c.address)
}

// renew hashes a right password again if the cost was changed since. The caller holds a turn.
func (s *Service) renew(ctx context.Context, proof Proof, password, salt string) (Proof, bool, error) {
	if p, _, err := parseSalt(salt); err != nil || p == s.cfg.Params {
		return proof, true, err
	}
	hash, err := s.hash(password, s.cfg.Params.newSalt())
	if err != nil {
		return Proof{}, false, err
	}
	var done *bool
	err = s.db.QueryRow(ctx, `SELECT identity.password_rehash($1, $2, $3)`, proof.Account, proof.hash, hash).Scan(&done)
	if err != nil {
		return Proof{}, false, err
	}
	if done == nil {
		return Proof{}, false, errStale
	}
	return Proof{proof.Account, hash}, true, nil
}

// backoffAddress is the address that failures are counted by. A household's IPv6 line has 2^64
// addresses, so they count as one.
func backoffAddress(address string) string {
	if ap, err := netip.ParseAddrPort(address); err == nil {
		address = ap.Addr().String()
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return clean(address, 64)
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		return netip.PrefixFrom(ip, 64).Masked().String()
	}
	return ip.String()
}
