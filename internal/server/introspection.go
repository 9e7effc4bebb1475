package server

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/internal/fault"
)

// checkIntrospection refuses __schema and __type when introspection is off, wherever they stand.
func checkIntrospection(doc *ast.QueryDocument, allowed bool) *fault.Error {
	if allowed {
		return nil
	}
	memo := newSpreads[bool](doc)
	for _, op := range doc.Operations {
		if asksSchema(op.SelectionSet, memo) {
			return fault.Denied(
				"本服务已关闭结构查询(introspection);请使用随版本发布的 schema 文件。",
				"Introspection is switched off here: use the schema file of the release.")
		}
	}
	return nil
}

func asksSchema(set ast.SelectionSet, memo spreads[bool]) bool {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if introspective(s.Name) || asksSchema(s.SelectionSet, memo) {
				return true
			}
		case *ast.InlineFragment:
			if asksSchema(s.SelectionSet, memo) {
				return true
			}
		case *ast.FragmentSpread:
			if memo.of(s.Name, func(f *ast.FragmentDefinition) bool { return asksSchema(f.SelectionSet, memo) }) {
				return true
			}
		}
	}
	return false
}
