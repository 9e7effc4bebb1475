package identity

import (
	"github.com/google/uuid"
	"github.com/steward-pm/steward/internal/act"
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

// noteCount puts on the portfolio's chain how many of the viewer's own things an act changed, if any.
func noteCount(tx *act.Tx, what string, n int) error {
	if n == 0 {
		return nil
	}
	c, err := change("Account", tx.Viewer.Account, audit.Update, what, n)
	if err != nil {
		return err
	}
	return tx.Note(audit.Portfolio, c)
}
