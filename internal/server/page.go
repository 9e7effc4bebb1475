package server

import (
	"encoding/json"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/internal/fault"
)

// page returns how many rows a field may answer, and whether it is a connection at all: a field with
// an argument first or last.
func (m *meter) page(def *ast.FieldDefinition, args map[string]any) (size int, paged bool) {
	size = -1
	for _, name := range [...]string{"first", "last"} {
		arg := def.Arguments.ForName(name)
		if arg == nil || arg.Type.NamedType != "Int" {
			continue
		}
		paged = true
		n, given := integer(args[name])
		if !given {
			continue
		}
		if n < 0 || n > int64(m.PageSize) {
			m.refusePage(name, n)
			n = int64(m.PageSize)
		}
		size = max(size, int(n))
	}
	if size < 0 {
		size = m.DefaultPage
	}
	return max(size, 1), paged // an empty page still costs its query and its total
}

func pageRefusal(arg string, n int64, limit int) *fault.Error {
	return fault.Invalid(arg,
		"%[1]s 为 %[2]d,须在 0 到 %[3]d 之间;更多的行请用 after 翻页。",
		"%[1]s is %[2]d, but must be from 0 to %[3]d: page through more rows with after.",
		arg, n, limit,
	).With("limit", "page").With("maximum", limit).With("measured", n)
}

// integer reads an Int in whatever form the parser or the variables hold it.
func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case int32:
		return int64(v), true
	case float64:
		return int64(v), true
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	return 0, false
}
