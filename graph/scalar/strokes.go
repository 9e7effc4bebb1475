package scalar

import (
	"errors"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalStrokes writes a drawn signature, which is stored as JSON.
func MarshalStrokes(text string) graphql.Marshaler { return MarshalJSON(text) }

// UnmarshalStrokes is there because a scalar has both directions: inputs read signature.Strokes.
func UnmarshalStrokes(any) (string, error) {
	return "", errors.New("strokes are read as signature.Strokes")
}
