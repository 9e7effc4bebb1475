package graph

import (
	"context"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// A cursor holds a value of the column that its list is ordered by. Only lists make them, but they are
// text, and anybody can send one of another list, or one of his own making.

var _ graphql.FieldInterceptor = (*RequireViewer)(nil)

// InterceptField refuses a cursor that does not fit the order of the list, which would give any page or none.
func (*RequireViewer) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	fc := graphql.GetFieldContext(ctx)
	if len(fc.Args) == 0 {
		return next(ctx)
	}
	at, cursor := cursorOf(fc)
	if order, ordered := fc.Args["orderBy"]; ordered && cursor != nil && !fits(cursor.Value, order) {
		return nil, badCursor(at)
	}
	return next(ctx)
}

// Translate makes refusals of what the layers below refuse, at the field that ctx answers.
func Translate(ctx context.Context, err error) error {
	if fc := graphql.GetFieldContext(ctx); fc != nil && act.Unfit(err) {
		if at, cursor := cursorOf(fc); cursor != nil {
			return badCursor(at).Because(err)
		}
	}
	return act.Translate(err)
}

func badCursor(at string) *fault.Error {
	return fault.Invalid(at, "游标无效,请从第一页重新开始。", "The cursor is not valid. Start again from the first page.")
}

// cursorOf is the cursor that the field is asked with, and its argument.
func cursorOf(fc *graphql.FieldContext) (at string, _ *ent.Cursor) {
	for _, name := range []string{"after", "before"} {
		if c, ok := fc.Args[name].(*ent.Cursor); ok && c != nil {
			return name, c
		}
	}
	return "", nil
}

// fits tells whether the value could be one of the column of an order, such as *ent.UnitOrder. A cursor
// without a value stands at an id, and fits everywhere.
func fits(value, order any) bool {
	text, isText := value.(string)
	switch {
	case value == nil:
		return true
	case isText && (strings.ContainsRune(text, 0) || !utf8.ValidString(text)):
		return false
	}
	field := reflect.Indirect(reflect.ValueOf(order))
	if field.IsValid() {
		field = reflect.Indirect(field.FieldByName("Field"))
	}
	if !field.IsValid() {
		return false // the order is that of the ids
	}
	read := field.FieldByName("Value")
	row := reflect.New(read.Type().In(0).Elem())
	return kindOf(reflect.TypeOf(value)) == kindOf(reflect.TypeOf(read.Call([]reflect.Value{row})[0].Interface()))
}

// kindOf is a type as the database compares it: all whole numbers are alike.
func kindOf(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return "number"
	}
	return t.Kind().String()
}
