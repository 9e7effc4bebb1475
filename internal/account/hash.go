package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/steward-pm/steward/internal/fault"
	"golang.org/x/crypto/argon2"
)

// Params is the cost of a password hash.
type Params struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// DefaultParams is OWASP's recommendation for argon2id: 19 MiB, two passes, one thread.
var DefaultParams = Params{Memory: 19 * 1024, Time: 2, Threads: 1}

// KDF derives the hash of a password.
type KDF func(password, salt []byte, p Params) []byte

// Argon2id is the KDF of all stored passwords.
func Argon2id(password, salt []byte, p Params) []byte {
	return argon2.IDKey(password, salt, p.Time, p.Memory, p.Threads, hashBytes)
}

const (
	saltBytes = 16
	hashBytes = 32
)

// String writes the parameters as a PHC string begins: $argon2id$v=19$m=19456,t=2,p=1.
func (p Params) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d", argon2.Version, p.Memory, p.Time, p.Threads)
}

// newSalt writes the parameters and a new salt: a PHC string without its hash.
func (p Params) newSalt() string {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails
	return p.String() + "$" + base64.RawStdEncoding.EncodeToString(salt)
}

// parseSalt reads what newSalt writes.
func parseSalt(text string) (p Params, salt []byte, err error) {
	defer fault.Wrap(&err, "parse salt of a password hash")
	head, tail, _ := cutLast(text, "$")
	var version int
	if _, err := fmt.Sscanf(head, "$argon2id$v=%d$m=%d,t=%d,p=%d", &version, &p.Memory, &p.Time, &p.Threads); err != nil {
		return p, nil, err
	}
	if version != argon2.Version {
		return p, nil, fmt.Errorf("argon2 version %d is not known", version)
	}
	salt, err = base64.RawStdEncoding.DecodeString(tail)
	return p, salt, err
}

// cutLast is strings.Cut at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// hash completes a salt to the PHC string of the password. The caller holds a turn.
func (s *Service) hash(password, salt string) (string, error) {
	p, raw, err := parseSalt(salt)
	if err != nil {
		return "", err
	}
	return salt + "$" + base64.RawStdEncoding.EncodeToString(s.cfg.KDF([]byte(normalPassword(password)), raw, p)), nil
}

// newHash hashes a new password, when its turn has come.
func (s *Service) newHash(ctx context.Context, password string) (string, error) {
	done, err := s.turns.take(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return s.hash(password, s.cfg.Params.newSalt())
}

// turns lets so many hashes run at once as there are cores: each takes 19 MiB and a core, and a flood
// of sign-ins must not stop everything else.
type turns struct {
	slots chan struct{}
	wait  time.Duration
	clock clockwork.Clock
}

func newTurns(n int, wait time.Duration, clock clockwork.Clock) turns {
	return turns{slots: make(chan struct{}, n), wait: wait, clock: clock}
}

// take waits for a turn; call done after it. Errors: RATE_LIMITED when none came in time.
func (t turns) take(ctx context.Context) (done func(), err error) {
	done = func() { <-t.slots }
	select {
	case t.slots <- struct{}{}:
		return done, nil
	default:
	}
	timer := t.clock.NewTimer(t.wait)
	defer timer.Stop()
	select {
	case t.slots <- struct{}{}:
		return done, nil
	case <-timer.Chan():
		return nil, fault.Busy(max(t.wait, time.Second),
			"登录请求过多,请稍后再试。", "Too many people are signing in at this moment. Try again shortly.")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
