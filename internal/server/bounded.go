package server

import (
	"encoding/json"

	"github.com/vektah/gqlparser/v2/ast"
)

// bound is how many bytes a value of the type may have as JSON, if its scalar declares that: scalar Strokes @bounded(bytes: 65536).
// A drawn signature is thousands of numbers, which would count as as many values.
func (a *arguments) bound(t *ast.Type) (bytes int, ok bool) {
	if t == nil || t.Elem != nil || a.schema.Types[t.NamedType] == nil {
		return 0, false
	}
	d := a.schema.Types[t.NamedType].Directives.ForName("bounded")
	if d == nil {
		return 0, false
	}
	n, ok := d.ArgumentMap(nil)["bytes"].(int64)
	return int(n), ok
}

// weighed counts a value of a bounded scalar as text of its length; what is in it was looked at like anything else.
func (a *arguments) weighed(v any, limit int) (leaves int) {
	text, err := json.Marshal(v)
	if err != nil || len(text) > limit {
		a.refuse("%[1]s 作为 JSON 有 %[2]d 字节,上限为 %[3]d;请减少内容。", "%[1]s has %[2]d bytes as JSON, the limit is %[3]d: send less.", len(text), limit)
	}
	return max(1, (len(text)+valueBytes-1)/valueBytes)
}
