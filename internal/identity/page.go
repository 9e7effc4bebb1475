package identity

import (
	"context"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server/request"
	"golang.org/x/text/language"
)

// size is how many items a list gives: as asked, or 50. The server has refused more than 200 already.
func size(first *int) int {
	if first == nil {
		return 50
	}
	return *first
}

// pageInfo of a list that goes forward only.
func pageInfo(cursors []ent.Cursor, after *ent.Cursor, more bool) *ent.PageInfo {
	info := &ent.PageInfo{HasNextPage: more, HasPreviousPage: after != nil}
	if n := len(cursors); n > 0 {
		info.StartCursor, info.EndCursor = &cursors[0], &cursors[n-1]
	}
	return info
}

// place is the text that a cursor carries; empty for none.
func place(after *ent.Cursor) (string, error) {
	if after == nil {
		return "", nil
	}
	text, ok := after.Value.(string)
	if !ok {
		return "", badCursor()
	}
	return text, nil
}

func badCursor() error {
	return fault.Invalid("after", "游标无效,请从第一页重新开始。", "The cursor is not valid. Start again from the first page.")
}

// cursor marks the place of an item.
func cursor(id uuid.UUID, text string) ent.Cursor { return ent.Cursor{ID: id, Value: text} }

// spoken picks the text in the language of the request.
func spoken(ctx context.Context, zh, en string) string {
	if request.From(ctx).Language == language.English {
		return en
	}
	return zh
}
