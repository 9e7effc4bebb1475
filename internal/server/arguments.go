package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/steward-pm/steward/internal/fault"
)

// maxText is how many bytes one text in an argument may have.
const maxText = 100_000

// valueBytes is how much text counts as one value. One text of 100 kB, used again in hundreds of conditions of
// a filter, has the database fold it for every row and condition.
const valueBytes = 256

// arguments looks at all that a field is given, as literals or by variables: how many values, how deep,
// and whether it is text and numbers that can be stored at all. Resolvers and the database then meet
// nothing else.
type arguments struct {
	schema  *ast.Schema
	vars    map[string]any
	at      ast.Path // the place in the field's arguments
	deepest int
	wrong   *fault.Error // the first value that cannot be
}

// field returns the number of values, and of levels of objects in one another.
func (a *arguments) field(f *ast.Field) (leaves int) {
	for _, arg := range f.Arguments {
		if def := f.Definition.Arguments.ForName(arg.Name); def != nil {
			leaves = plus(leaves, a.below(ast.PathName(arg.Name), func() int { return a.literal(arg.Value, def.Type, 0) }))
		}
	}
	return leaves
}

func (a *arguments) below(e ast.PathElement, count func() int) int {
	a.at = append(a.at, e)
	defer func() { a.at = a.at[:len(a.at)-1] }()
	return count()
}

// literal counts what a document says. Empty lists and objects count as one value.
func (a *arguments) literal(v *ast.Value, t *ast.Type, depth int) (leaves int) {
	if limit, ok := a.bound(t); ok && v.Kind != ast.Variable {
		a.literal(v, nil, depth)
		whole, err := v.Value(a.vars)
		if err != nil {
			whole = v.String() // of numbers that were refused just now
		}
		return a.weighed(whole, limit)
	}
	switch v.Kind {
	case ast.Variable:
		return a.value(a.vars[v.Raw], t, depth)
	case ast.ListValue:
		for i, c := range v.Children {
			leaves = plus(leaves, a.below(ast.PathIndex(i), func() int { return a.literal(c.Value, elem(t), depth) }))
		}
	case ast.ObjectValue:
		a.deepest = max(a.deepest, depth+1)
		for _, c := range v.Children {
			leaves = plus(leaves, a.below(ast.PathName(c.Name), func() int { return a.literal(c.Value, a.typeOf(t, c.Name), depth+1) }))
		}
	case ast.IntValue, ast.FloatValue:
		a.number(v.Raw, t)
	case ast.StringValue, ast.BlockValue:
		leaves = a.text(v.Raw)
	}
	return max(leaves, 1)
}

// value counts what a variable holds.
func (a *arguments) value(v any, t *ast.Type, depth int) (leaves int) {
	if limit, ok := a.bound(t); ok {
		a.value(v, nil, depth)
		return a.weighed(v, limit)
	}
	switch v := v.(type) {
	case []any:
		for i, c := range v {
			leaves = plus(leaves, a.below(ast.PathIndex(i), func() int { return a.value(c, elem(t), depth) }))
		}
	case map[string]any:
		a.deepest = max(a.deepest, depth+1)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			leaves = plus(leaves, a.below(ast.PathName(name), func() int { return a.value(v[name], a.typeOf(t, name), depth+1) }))
		}
	case string:
		if isInt(t) {
			a.number(v, t)
		}
		leaves = a.text(v)
	case json.Number, int, int32, int64, float64:
		a.number(fmt.Sprint(v), t)
	}
	return max(leaves, 1)
}

// text refuses what PostgreSQL cannot keep as text, and what nobody types, and tells how many values it counts as.
func (a *arguments) text(s string) (leaves int) {
	switch {
	case strings.ContainsRune(s, 0) || !utf8.ValidString(s):
		a.refuse("%[1]s 含有不能存储的字符(空字符或非 UTF-8),请去掉后再提交。",
			"%[1]s holds characters that cannot be stored (NUL, or not UTF-8): send it without them.")
	case len(s) > maxText:
		a.refuse("%[1]s 有 %[2]d 字节,上限为 %[3]d;请缩短。", "%[1]s has %[2]d bytes, the limit is %[3]d: make it shorter.", len(s), maxText)
	}
	return (len(s) + valueBytes - 1) / valueBytes
}

// number refuses an Int of more than 32 bits, as GraphQL has it, and numbers that no type of ours holds.
func (a *arguments) number(s string, t *ast.Type) {
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err == nil && (!isInt(t) || n >= math.MinInt32 && n <= math.MaxInt32):
	case err != nil && strings.ContainsAny(s, ".eE") && !isInt(t):
		if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsInf(f, 0) {
			return
		}
		fallthrough
	default:
		a.refuse("%[1]s 的数值 %[2]s 超出范围,整数须在 %[3]d 到 %[4]d 之间。",
			"%[1]s is %[2]s, which is out of range: whole numbers go from %[3]d to %[4]d.", cut(s, 40), math.MinInt32, math.MaxInt32)
	}
}

// refuse records the first refusal, at its place; its first argument is the place.
func (a *arguments) refuse(zh, en string, args ...any) {
	if a.wrong == nil {
		field := dotted(a.at)
		a.wrong = fault.Invalid(field, zh, en, append([]any{field}, args...)...)
	}
}

// typeOf is the type of an input object's field; nil below a scalar.
func (a *arguments) typeOf(t *ast.Type, name string) *ast.Type {
	if t == nil || a.schema.Types[t.Name()] == nil {
		return nil
	}
	if f := a.schema.Types[t.Name()].Fields.ForName(name); f != nil {
		return f.Type
	}
	return nil
}

// elem is the type of a list's items. A single value stands for a list of it.
func elem(t *ast.Type) *ast.Type {
	if t == nil || t.Elem == nil {
		return t
	}
	return t.Elem
}

func isInt(t *ast.Type) bool { return t != nil && t.Name() == "Int" }

// given measures the arguments of the present field, and tells whether they may be used.
func (m *meter) given(f *ast.Field) (leaves int, ok bool) {
	a := arguments{schema: m.schema.Schema(), vars: m.vars}
	leaves = a.field(f)
	if a.wrong != nil {
		m.refuse(a.wrong)
	}
	if a.deepest > m.InputDepth {
		m.refuse(exceeded("inputDepth", "参数嵌套深度", "depth of arguments", m.InputDepth, a.deepest))
	}
	return leaves, a.wrong == nil
}

// checkVariables refuses a variable that holds too much before it is counted again wherever it is used.
func (m *meter) checkVariables(defs ast.VariableDefinitionList) *gqlerror.Error {
	for _, def := range defs {
		a := arguments{schema: m.schema.Schema(), vars: m.vars}
		if n := a.value(m.vars[def.Variable], def.Type, 0); n > m.Leaves {
			return gqlerror.Wrap(tooMany(m.Leaves, n))
		}
	}
	return nil
}

func tooMany(limit, measured int) *fault.Error {
	return exceeded("leaves", "参数值个数", "number of values in arguments", limit, measured)
}

// refuse records the first field that cannot be answered, at its place in the response.
func (m *meter) refuse(f *fault.Error) {
	if m.wrong == nil {
		m.wrong = gqlerror.WrapPath(slices.Clone(m.path), f)
	}
}
