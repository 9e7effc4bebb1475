package identity

import (
	"github.com/google/uuid"
	"github.com/steward-pm/steward/internal/audit"
)

// change is an audit.Change of plain values: name, value, name, value …
func change(kind string, id uuid.UUID, op audit.Op, values ...any) (audit.Change, error) {
	c := audit.Change{Type: kind, ID: id, Op: op}
	for i := 0; i < len(values); i += 2 {
		before, after := any(nil), values[i+1]
		if op == audit.Delete {
			before, after = after, nil
		}
		f, err := audit.Plain(values[i].(string), before, after)
		if err != nil {
			return c, err
		}
		c.Fields = append(c.Fields, f)
	}
	return c, nil
}
