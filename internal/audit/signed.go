package audit

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// keptMarks is how many signed heads are kept per chain, so that memory depends on the number of chains
// only. The more, the closer a rewritten stretch is named; the newest one, which finds a removed tail, is always kept.
const keptMarks = 256

// SignedHeads are the heads that were signed, as read from a sink.
type SignedHeads struct {
	marks map[Chain][]checkpoint // by place
	at    []time.Time            // of a sample of the lines
	bad   []Break
}

// checkpoint is a head that was signed.
type checkpoint struct {
	at   time.Time
	seq  int64
	hash [sha256.Size]byte
}

// LoadHeads reads signed heads and checks each signature. Lines that were tampered with show as breaks in
// every report made with them. The error is that of reading only.
func LoadHeads(r io.Reader, key ed25519.PublicKey) (*SignedHeads, error) {
	s := &SignedHeads{marks: map[Chain][]checkpoint{}}
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break // what has no newline yet is being written, or was torn
		}
		if err != nil {
			return nil, fmt.Errorf("signed heads, line %d: %w", n, err)
		}
		if defect, detail := s.add(line, key); defect != "" {
			s.bad = append(s.bad, Break{Defect: defect, Detail: fmt.Sprintf("line %d: %s", n, detail)})
		}
	}
	for c := range s.marks {
		slices.SortStableFunc(s.marks[c], func(a, b checkpoint) int { return cmp.Compare(a.seq, b.seq) })
	}
	return s, nil
}

func (s *SignedHeads) add(line []byte, key ed25519.PublicKey) (Defect, string) {
	if bytes.HasSuffix(line, []byte(tornLine+"\n")) {
		return "", ""
	}
	var l signedLine
	var heads headsAt
	if err := json.Unmarshal(line, &l); err != nil {
		return Unreadable, err.Error()
	}
	if !ed25519.Verify(key, append([]byte(signingContext), l.Heads...), l.Signature) {
		return BadSignature, "not signed with this key"
	}
	if err := json.Unmarshal(l.Heads, &heads); err != nil {
		return Unreadable, err.Error()
	}
	s.at = thin(append(s.at, heads.At))
	for _, h := range heads.Chains {
		if len(h.Hash) != sha256.Size {
			return Unreadable, "a hash of a wrong length"
		}
		s.marks[h.Chain] = thin(append(s.marks[h.Chain], checkpoint{heads.At, h.Seq, [sha256.Size]byte(h.Hash)}))
	}
	return "", ""
}

// thin drops every second element when there are too many, never the last.
func thin[T any](marks []T) []T {
	if len(marks) <= keptMarks {
		return marks
	}
	kept := marks[:0]
	for i, m := range marks {
		if (len(marks)-1-i)%2 == 0 {
			kept = append(kept, m)
		}
	}
	return kept
}

// upTo are a chain's signed heads as of a moment, by place.
func (s *SignedHeads) upTo(c Chain, at time.Time) []checkpoint {
	if s == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.marks[c]), func(m checkpoint) bool { return m.at.After(at) })
}

func (s *SignedHeads) newest(at time.Time) (newest time.Time) {
	for _, t := range s.at {
		if !t.After(at) && t.After(newest) {
			newest = t
		}
	}
	return newest
}

func (s *SignedHeads) chains() []Chain {
	if s == nil {
		return nil
	}
	return slices.SortedFunc(maps.Keys(s.marks), func(a, b Chain) int {
		return cmp.Or(bytes.Compare(a.Estate[:], b.Estate[:]), cmp.Compare(a.Kind, b.Kind))
	})
}
