package database

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
)

// Change is what a write did to one row, for the audit trail.
type Change struct {
	Entity  access.Entity
	ID      uuid.UUID
	Created bool // else updated; nothing is deleted
	Row     access.Row
	Fields  []FieldChange // those that differ
}

// FieldChange is one column before and after; Before is nil for a created row.
type FieldChange struct {
	Name          string
	Before, After any
}

type changesKey struct{}

// ReportChanges has every write under the context told to report.
func ReportChanges(ctx context.Context, report func(Change) error) context.Context {
	return context.WithValue(ctx, changesKey{}, report)
}

// record stamps new rows with the act's time, counts versions up, and reports every change.
func (w wall) record(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		rule := access.RuleFrom(ctx)
		if rule == nil || rule.ReadOnly {
			return nil, fmt.Errorf("database: %s is written outside of an act's rule", m.Type())
		}
		if err := stamp(m, rule.Now); err != nil {
			return nil, err
		}
		change := Change{Entity: w[m.Type()], Created: m.Op().Is(ent.OpCreate)}
		if err := change.fields(ctx, m); err != nil {
			return nil, err
		}
		v, err := next.Mutate(ctx, m)
		if err != nil {
			return v, err
		}
		if report, ok := ctx.Value(changesKey{}).(func(Change) error); ok {
			row, ok := v.(interface{ RowScope() access.Row })
			if !ok {
				return nil, fmt.Errorf("database: %s changed many rows at once, which the audit trail cannot tell", m.Type())
			}
			change.Row = row.RowScope()
			return v, report(change)
		}
		return v, nil
	})
}

func stamp(m ent.Mutation, now time.Time) error {
	if m.Op().Is(ent.OpCreate) {
		return m.SetField("created_at", now)
	}
	if v, ok := m.(interface{ AddVersion(int) }); ok {
		v.AddVersion(1)
	}
	return nil
}

// fields compares every field that the mutation sets with what was there.
func (c *Change) fields(ctx context.Context, m ent.Mutation) error {
	if one, ok := m.(interface{ ID() (uuid.UUID, bool) }); ok {
		c.ID, _ = one.ID()
	}
	for _, name := range m.Fields() {
		if name == "created_at" || name == "version" {
			continue
		}
		f := FieldChange{Name: name}
		f.After, _ = m.Field(name)
		if !c.Created {
			var err error
			if f.Before, err = m.OldField(ctx, name); err != nil {
				return err
			}
		}
		c.Fields = append(c.Fields, f)
	}
	for _, name := range m.ClearedFields() {
		before, err := m.OldField(ctx, name)
		if err != nil {
			return err
		}
		c.Fields = append(c.Fields, FieldChange{Name: name, Before: before})
	}
	return nil
}
