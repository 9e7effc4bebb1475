package signature

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// Strokes is a drawn signature: strokes of x, y, x, y, … numbers, and nothing that a browser would run.
type Strokes [][]float64

const (
	strokesBytes = 64 << 10 // of the JSON; the scalar's @bounded says so too
	farthest     = 100_000  // from the origin, in either direction
)

var errStrokes = errors.New("strokes are lists of numbers x, y, x, y, … such as [[10, 20, 11.5, 22]], and at least one stroke has two points")

// UnmarshalGQL reads the GraphQL scalar Strokes.
func (s *Strokes) UnmarshalGQL(v any) error {
	list, ok := v.([]any)
	if !ok {
		return errStrokes
	}
	out := make(Strokes, len(list))
	for i, item := range list {
		stroke, ok := item.([]any)
		if !ok {
			return errStrokes
		}
		out[i] = make([]float64, len(stroke))
		for j, n := range stroke {
			if out[i][j], ok = number(n); !ok {
				return errStrokes
			}
		}
	}
	*s = out
	return out.check()
}

// check refuses what nobody drew.
func (s Strokes) check() error {
	drawn := false
	for _, stroke := range s {
		if len(stroke) == 0 || len(stroke)%2 != 0 {
			return errStrokes
		}
		for _, n := range stroke {
			if !(math.Abs(n) <= farthest) { // also what is not a number
				return fmt.Errorf("the numbers of strokes go from %d to %d", -farthest, farthest)
			}
		}
		drawn = drawn || len(stroke) >= 4
	}
	if !drawn {
		return errStrokes
	}
	if n := len(s.json()); n > strokesBytes {
		return fmt.Errorf("strokes have at most %d bytes as JSON, these have %d: draw with fewer points", strokesBytes, n)
	}
	return nil
}

// number reads a number of a variable or of a literal.
func number(v any) (float64, bool) {
	switch n := v.(type) {
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	case float64:
		return n, true
	case int64:
		return float64(n), true
	}
	return 0, false
}

// MarshalGQL writes the GraphQL scalar Strokes.
func (s Strokes) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, s.json()) }

// json is how strokes are stored.
func (s Strokes) json() string {
	text, err := json.Marshal([][]float64(s))
	if err != nil {
		return "null" // only of what check refuses: not a number
	}
	return string(text)
}
