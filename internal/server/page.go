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
			m.refuse(pageRefusal(name, n, m.PageSize))
			n = int64(m.PageSize)
		}
		size = max(size, int(n))
	}
	if paged {
		m.direction(args)
	}
	if size < 0 {
		size = m.DefaultPage
	}
	return max(size, 1), paged // an empty page still costs its query and its total
}

// direction refuses a page that goes both ways: first goes on after a cursor, last goes back before one.
func (m *meter) direction(args map[string]any) {
	given := func(name string) bool { return args[name] != nil }
	switch {
	case given("first") && given("last"):
		m.refuse(fault.Invalid("last", "first 与 last 不能同时使用,请只给其中一个。", "first and last do not go together: give one of them."))
	case given("before") && !given("last"):
		m.refuse(fault.Invalid("before", "before 须与 last 一起使用;向后翻页请用 first 和 after。", "before goes with last: to go forward, use first and after."))
	case given("after") && given("last"):
		m.refuse(fault.Invalid("after", "after 不能与 last 一起使用;向前翻页请用 last 和 before。", "after does not go with last: to go back, use last and before."))
	}
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
