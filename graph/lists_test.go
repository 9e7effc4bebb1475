package graph_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/internal/server"
)

var atMost = regexp.MustCompile(`at most (\d+)`)

// What an input says may be listed at once, each with all that may be said of it, is within what the server takes in one operation.
func TestWhatMayBeListedAtOnceMayBeSent(t *testing.T) {
	t.Parallel()
	limit, lists := server.Defaults().Leaves, 0
	for _, f := range schema.Mutation.Fields {
		if !strings.Contains(f.Name, "Mail") && !strings.Contains(f.Name, "Press") {
			continue
		}
		w := weighing{}
		if n := w.object(schema.Types[f.Arguments[0].Type.Name()]); n > limit {
			t.Errorf("%s takes up to %d values, of which the server takes %d", f.Name, n, limit)
		}
		for _, name := range w.unbounded {
			t.Errorf("%s does not say how many of %s it takes", f.Name, name)
		}
		lists += w.lists
	}
	if lists < 9 {
		t.Errorf("only %d lists were found", lists)
	}
}

// weighing counts the values of an input that is full.
type weighing struct {
	lists     int
	unbounded []string
}

func (w *weighing) object(def *ast.Definition) (values int) {
	for _, f := range def.Fields {
		most := 1
		switch bound := atMost.FindStringSubmatch(f.Description); {
		case f.Type.Elem == nil:
		case def.Name == "MailHandoverInput": // the route says how many items there are in all
			continue
		case schema.Types[f.Type.Name()].Fields.ForName("kind") != nil && f.Name == "counts": // one for each kind of mail
			most = len(schema.Types["MailItemKind"].EnumValues)
		case schema.Types[f.Type.Name()].Kind == ast.Enum: // each once
			most = len(schema.Types[f.Type.Name()].EnumValues)
		case bound == nil:
			w.unbounded = append(w.unbounded, def.Name+"."+f.Name)
		default:
			w.lists++
			most, _ = strconv.Atoi(bound[1])
			if def.Name == "DeliverMailInput" {
				values += 200
			}
		}
		values += most * w.value(f.Type)
	}
	return values
}

// value is how many values a full one counts as: a text by its length.
func (w *weighing) value(t *ast.Type) int {
	switch def := schema.Types[t.Name()]; {
	case def.Kind == ast.InputObject:
		return w.object(def)
	case t.Name() == "Strokes":
		return 20 // a name, drawn
	case t.Name() == "String":
		return 2 // a hundred characters of up to four bytes; what may be longer is there once
	default:
		return 1
	}
}
