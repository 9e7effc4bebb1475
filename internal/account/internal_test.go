package account

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/internal/fault"
	"pgregory.net/rapid"
)

// Whatever the grants and the token: nothing is left that the owner does not hold, nor that the token
// does not name, and nothing that both allow is lost.
func TestNarrowIsTheIntersection(t *testing.T) {
	t.Parallel()
	estates := []uuid.UUID{{1}, {2}, {3}}
	may := func(grants []Held, role string, estate uuid.UUID) bool {
		for _, g := range grants {
			if g.Role == role && (g.Estate == estate || g.Estate == uuid.Nil) {
				return true
			}
		}
		return false
	}
	rapid.Check(t, func(t *rapid.T) {
		role := rapid.SampledFrom([]string{"officer", "auditor"})
		held := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Held {
			return Held{Role: role.Draw(t, "role"), Estate: rapid.SampledFrom(append(estates, uuid.Nil)).Draw(t, "estate")}
		})).Draw(t, "held")
		limit, set := role.Draw(t, "limit"), rapid.SliceOfDistinct(rapid.SampledFrom(estates), rapid.ID).Draw(t, "set")
		left := narrow(held, limit, set)
		for _, r := range []string{"officer", "auditor"} {
			for _, e := range estates {
				named := len(set) == 0
				for _, s := range set {
					named = named || s == e
				}
				if got, want := may(left, r, e), may(held, r, e) && r == limit && named; got != want {
					t.Fatalf("%s in %v: %v, want %v (held %v, left %v)", r, e, got, want, held, left)
				}
			}
		}
	})
}

func TestSaltSurvivesWriting(t *testing.T) {
	t.Parallel()
	text := DefaultParams.newSalt()
	if !strings.HasPrefix(text, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("salt %s", text)
	}
	p, salt, err := parseSalt(text)
	if err != nil || p != DefaultParams || len(salt) != saltBytes || text == DefaultParams.newSalt() {
		t.Errorf("read %v %x, %v", p, salt, err)
	}
	for _, bad := range []string{"", "$argon2id$v=19", "$argon2i$v=19$m=1,t=1,p=1$AAAA", "$argon2id$v=16$m=1,t=1,p=1$AAAA", "$argon2id$v=19$m=1,t=1,p=1$!"} {
		if _, _, err := parseSalt(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	if a := Argon2id([]byte("p"), salt, Params{8, 1, 1}); len(a) != hashBytes || !bytes.Equal(a, Argon2id([]byte("p"), salt, Params{8, 1, 1})) {
		t.Error("the hash is not a function of its input")
	}
}

func TestPasswordPolicy(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"correct horse", "钥匙柜在客服中心一楼", strings.Repeat("ab", 128)} {
		if err := checkPassword(good, "li@example.com"); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "nine char", strings.Repeat("ab", 129), "aaaaaaaaaaaa", "1234567890", "QWERTYUIOP", "LI@example.com",
		"\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10", "0123456789a\x00", "0123456789a\xff"} {
		if err := checkPassword(bad, "li@example.com"); !fault.Is(err, fault.InvalidInput) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if p := randomPassword(); p == randomPassword() || checkPassword(p, "li@example.com") != nil {
		t.Errorf("random password %q", p)
	}
}

func TestBackoffAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "192.0.2.1:80": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "[::ffff:192.0.2.1]:80": "192.0.2.1",
		"2001:db8::1": "2001:db8::/64", "[2001:db8::ff%eth0]:80": "2001:db8::/64", "": "", "@": "@", "a\x00": "a?",
	} {
		if got := backoffAddress(in); got != want {
			t.Errorf("%q counts as %q, want %q", in, got, want)
		}
	}
}
