// Package paging is what lists need that are no entity's: how many items, the place where the next page begins, the
// words in the language of the request. Entities have all of it from ent.
package paging

import (
	"context"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server/request"
	"golang.org/x/text/language"
)

// Size is how many items a list gives: as asked, or 50. The server has refused more than 200 already.
func Size(first *int) int {
	if first == nil {
		return 50
	}
	return *first
}

// Info is the page info of a list that goes forward only.
func Info(cursors []ent.Cursor, after *ent.Cursor, more bool) *ent.PageInfo {
	info := &ent.PageInfo{HasNextPage: more, HasPreviousPage: after != nil}
	if n := len(cursors); n > 0 {
		info.StartCursor, info.EndCursor = &cursors[0], &cursors[n-1]
	}
	return info
}

// Place is the text that a cursor carries; empty for none. Errors: INVALID_INPUT at after.
func Place(after *ent.Cursor) (string, error) {
	if after == nil {
		return "", nil
	}
	text, ok := after.Value.(string)
	if !ok {
		return "", BadCursor()
	}
	return text, nil
}

// BadCursor refuses a cursor of another list.
func BadCursor() error {
	return fault.Invalid("after", "游标无效,请从第一页重新开始。", "The cursor is not valid. Start again from the first page.")
}

// Cursor marks the place of an item.
func Cursor(id uuid.UUID, text string) ent.Cursor { return ent.Cursor{ID: id, Value: text} }

// Spoken picks the text in the language of the request.
func Spoken(ctx context.Context, zh, en string) string {
	if request.From(ctx).Language == language.English {
		return en
	}
	return zh
}
