package act

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/ids"
)

// A payload is kept under an idempotency key as ids, which are read again under the caller's present
// scope, and plain values. Fields tagged `replay:"-"`, such as secrets shown once, are left out.

var noder = reflect.TypeFor[ent.Noder]()

// store writes a payload, a pointer to a struct, as JSON by field.
func store(payload any) (json.RawMessage, error) {
	v := reflect.Indirect(reflect.ValueOf(payload))
	out := map[string]any{}
	for _, f := range reflect.VisibleFields(v.Type()) {
		value := v.FieldByIndex(f.Index)
		switch {
		case f.Tag.Get("replay") == "-":
		case f.Type.Implements(noder):
			if !value.IsNil() {
				out[f.Name] = idOf(value)
			}
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Implements(noder):
			list := make([]uuid.UUID, value.Len())
			for i := range list {
				list[i] = idOf(value.Index(i))
			}
			out[f.Name] = list
		default:
			out[f.Name] = value.Interface()
		}
	}
	return json.Marshal(out)
}

func idOf(v reflect.Value) uuid.UUID {
	return v.Elem().FieldByName("ID").Interface().(uuid.UUID) // every entity has one
}

// restore reads a payload again.
func restore[Out any](ctx context.Context, c *ent.Client, stored json.RawMessage) (out Out, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(stored, &fields); err != nil {
		return out, err
	}
	v := reflect.New(reflect.TypeFor[Out]().Elem())
	for _, f := range reflect.VisibleFields(v.Elem().Type()) {
		raw, ok := fields[f.Name]
		if !ok {
			continue
		}
		if err := restoreField(ctx, c, v.Elem().FieldByIndex(f.Index), raw); err != nil {
			return out, fmt.Errorf("replay %s: %w", f.Name, err)
		}
	}
	return v.Interface().(Out), nil
}

func restoreField(ctx context.Context, c *ent.Client, field reflect.Value, raw json.RawMessage) error {
	switch t := field.Type(); {
	case t.Implements(noder):
		var id uuid.UUID
		if err := json.Unmarshal(raw, &id); err != nil {
			return err
		}
		node, err := Node(ctx, c, id)
		if err != nil {
			return err
		}
		field.Set(reflect.ValueOf(node))
	case t.Kind() == reflect.Slice && t.Elem().Implements(noder):
		var list []uuid.UUID
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		nodes, err := Nodes(ctx, c, list)
		if err != nil {
			return err
		}
		for _, n := range nodes {
			if n != nil {
				field.Set(reflect.Append(field, reflect.ValueOf(n)))
			}
		}
	default:
		return json.Unmarshal(raw, field.Addr().Interface())
	}
	return nil
}

// Node reads an entity by its id, which says its type: no look-up is needed.
func Node(ctx context.Context, c *ent.Client, id uuid.UUID) (ent.Noder, error) {
	n, err := c.Noder(ctx, id, ent.WithNodeType(tableOf))
	if ent.IsNotFound(err) {
		missed(ctx, id)
	}
	return n, err
}

// Nodes reads entities by their ids, a query per type; nil where there is none.
func Nodes(ctx context.Context, c *ent.Client, list []uuid.UUID) ([]ent.Noder, error) {
	nodes, err := c.Noders(ctx, list, ent.WithNodeType(tableOf))
	for i, n := range nodes {
		if n == nil && i < len(list) {
			missed(ctx, list[i])
		}
	}
	return nodes, err
}

// missed notes who asks for what is watched and not shown (A6).
func missed(ctx context.Context, id uuid.UUID) {
	if e := ent.Entities[ent.TypeOf(ids.CodeOf(id))]; e.Watched {
		access.Missed(ctx, e.Name, id)
	}
}

func tableOf(_ context.Context, id uuid.UUID) (string, error) {
	e, ok := ent.Entities[ent.TypeOf(ids.CodeOf(id))]
	if !ok {
		return "", &ent.NotFoundError{}
	}
	return e.Table, nil
}

// detach makes the payload's entities read on outside of the act's transaction. An entity may stand in it twice.
func detach(payload any) {
	v := reflect.Indirect(reflect.ValueOf(payload))
	if v.Kind() != reflect.Struct {
		return
	}
	done := map[uintptr]bool{}
	unwrap := func(entity reflect.Value) {
		if !entity.IsNil() && !done[entity.Pointer()] {
			done[entity.Pointer()] = true
			entity.MethodByName("Unwrap").Call(nil)
		}
	}
	for _, f := range reflect.VisibleFields(v.Type()) {
		value := v.FieldByIndex(f.Index)
		switch {
		case f.Type.Implements(noder):
			unwrap(value)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Implements(noder):
			for i := range value.Len() {
				unwrap(value.Index(i))
			}
		}
	}
}
