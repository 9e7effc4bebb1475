package signature_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/signature"
)

func TestStrokesThatNobodyDrew(t *testing.T) {
	t.Parallel()
	n := func(list ...any) []any { return list }
	num := func(s string) json.Number { return json.Number(s) }
	for name, c := range map[string]struct {
		in any
		ok bool
	}{
		"a stroke":                  {n(n(num("1"), num("2.5"), num("-3"), num("1e5"))), true},
		"as a literal":              {n(n(int64(1), 2.5, int64(3), int64(4))), true},
		"a dot beside a stroke":     {n(n(int64(1), int64(2)), n(int64(1), int64(2), int64(3), int64(4))), true},
		"a dot":                     {n(n(int64(1), int64(2))), false},
		"no stroke":                 {n(), false},
		"an empty stroke":           {n(n()), false},
		"an empty stroke besides":   {n(n(), n(int64(1), int64(2), int64(3), int64(4))), false},
		"half a point":              {n(n(int64(1), int64(2), int64(3), int64(4), int64(5))), false},
		"text":                      {n(n("1", "2", "3", "4")), false},
		"SVG":                       {"<svg onload=alert(1)>", false},
		"points one level deeper":   {n(n(n(int64(1), int64(2)), n(int64(3), int64(4)))), false},
		"null":                      {nil, false},
		"null within":               {n(n(nil, nil, nil, nil)), false},
		"too far":                   {n(n(num("100000.5"), num("1"), num("2"), num("3"))), false},
		"too far the other way":     {n(n(num("1"), num("-1e6"), num("2"), num("3"))), false},
		"out of range":              {n(n(num("1e999"), num("1"), num("2"), num("3"))), false},
		"not a number":              {n(n(math.NaN(), 1.0, 2.0, 3.0)), false},
		"infinite":                  {n(n(math.Inf(1), 1.0, 2.0, 3.0)), false},
		"64 KiB to the byte":        {n(slices.Repeat(n(int64(1)), 32766)), true}, // [[1,…,1]]: two brackets more at each end
		"a little more than 64 KiB": {n(slices.Repeat(n(int64(1)), 32768)), false},
	} {
		var s signature.Strokes
		if err := s.UnmarshalGQL(c.in); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is accepted is written again as it was read, and says so in no more than 64 KiB.
func TestStrokesComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		within := rapid.Float64Range(-100_000, 100_000)
		var in [][]float64
		for range rapid.IntRange(1, 5).Draw(t, "strokes") {
			points := 2 * rapid.IntRange(2, 600).Draw(t, "points")
			in = append(in, rapid.SliceOfN(within, points, points).Draw(t, "stroke"))
		}
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var raw any
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&raw); err != nil {
			t.Fatal(err)
		}
		var s signature.Strokes
		if err := s.UnmarshalGQL(raw); (err == nil) != (len(text) <= 65536) {
			t.Fatalf("%d bytes: %v", len(text), err)
		} else if err != nil {
			return
		}
		var out strings.Builder
		s.MarshalGQL(&out)
		if out.String() != string(text) {
			t.Fatalf("%s became %s", text, out.String())
		}
	})
}

func TestContentHasOneFormOnly(t *testing.T) {
	t.Parallel()
	for _, same := range [][]any{
		{map[string]any{"b": 1, "a": []string{"x"}}, struct {
			B int      `json:"b"`
			A []string `json:"a"`
		}{1, []string{"x"}}, json.RawMessage(` { "b" : 1, "a": ["\u0078"] } `)},
		{map[string]any{"n": int64(9007199254740993)}, json.RawMessage(`{"n":9007199254740993}`)},
	} {
		_, first, err := signature.Canonical(same[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range same[1:] {
			if text, hash, err := signature.Canonical(other); err != nil || hash != first {
				t.Errorf("%v is not the same as %v: %s, %v", other, same[0], text, err)
			}
		}
	}
	if text, hash, _ := signature.Canonical("<&>"); text != `"<&>"` || hash != fmt.Sprintf("%x", sha256.Sum256([]byte(text))) {
		t.Errorf("%s %s", text, hash)
	}
	if _, _, err := signature.Canonical(func() {}); err == nil {
		t.Error("a function was signed")
	}
}
