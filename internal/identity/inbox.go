package identity

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/paging"
)

// Message is a notice in the viewer's inbox.
type Message struct {
	ID                  uuid.UUID
	Kind                string
	EstateID, SubjectID *uuid.UUID
	CreatedAt           time.Time
	ReadAt              *time.Time

	text account.Message
}

// Title is the notice's heading, in the language of the request.
func (m *Message) Title(ctx context.Context) string {
	return paging.Spoken(ctx, m.text.TitleZH, m.text.TitleEN)
}

// Body is the notice, in the language of the request.
func (m *Message) Body(ctx context.Context) string {
	return paging.Spoken(ctx, m.text.BodyZH, m.text.BodyEN)
}

// MessageEdge is a message and its place in the list.
type MessageEdge struct {
	Node   *Message
	Cursor ent.Cursor
}

// MessageConnection is a page of the inbox.
type MessageConnection struct {
	Edges    []*MessageEdge
	PageInfo *ent.PageInfo
}

// Inbox lists the viewer's own messages, the newest first: one statement.
//
// Errors: INVALID_INPUT at after.
func Inbox(ctx context.Context, first *int, after *ent.Cursor, unreadOnly *bool) (page *MessageConnection, err error) {
	from, err := paging.Place(after)
	if err != nil {
		return nil, err
	}
	err = own(ctx, func(q account.Querier, me uuid.UUID) error {
		filter := account.MessageFilter{UnreadOnly: unreadOnly != nil && *unreadOnly}
		found, err := act.From(ctx).Accounts.ListMessages(ctx, q, me, filter, paging.Size(first), from)
		page = &MessageConnection{Edges: make([]*MessageEdge, len(found.Items))}
		cursors := make([]ent.Cursor, len(found.Items))
		for i, m := range found.Items {
			cursors[i] = paging.Cursor(m.ID, m.Cursor())
			page.Edges[i] = &MessageEdge{messageOf(m), cursors[i]}
		}
		page.PageInfo = paging.Info(cursors, after, found.More)
		return err
	})
	return page, err
}

func messageOf(m account.Message) *Message {
	return &Message{
		ID: m.ID, Kind: m.Kind, EstateID: optional(m.Estate), SubjectID: optional(m.Subject), CreatedAt: m.CreatedAt, ReadAt: m.ReadAt, text: m,
	}
}

// UnreadCount counts the viewer's unread messages.
func UnreadCount(ctx context.Context) (n int, err error) {
	err = own(ctx, func(q account.Querier, me uuid.UUID) (err error) {
		n, err = act.From(ctx).Accounts.UnreadCount(ctx, q, me)
		return err
	})
	return n, err
}

// MarkReadInput names messages, or all of them.
type MarkReadInput struct {
	MessageIDs []uuid.UUID
	All        *bool
}

// Check refuses both, neither, and endless lists.
func (in MarkReadInput) Check() error {
	all := in.All != nil && *in.All
	if all == (len(in.MessageIDs) > 0) {
		return fault.Invalid("messageIDs", "请指明消息,或选择全部。", "Name messages, or choose all.")
	}
	if len(in.MessageIDs) > 200 {
		return fault.Invalid("messageIDs", "一次最多 200 条。", "At most 200 messages at once.")
	}
	return nil
}

// MarkReadPayload tells how many messages were unread until now.
type MarkReadPayload struct{ Count int }

// MarkRead marks messages of the viewer's own inbox as read; those read before keep their time.
//
// Errors: NOT_FOUND when one of them is not there: then none is marked.
var MarkRead = act.New("identity.markRead", act.Own(), nil, func(tx *act.Tx, in MarkReadInput) (*MarkReadPayload, error) {
	accounts, me := tx.Runtime().Accounts, tx.Viewer.Account
	mark := func() (int, error) { return accounts.MarkRead(tx, tx.Raw, me, in.MessageIDs...) }
	if len(in.MessageIDs) == 0 {
		mark = func() (int, error) { return accounts.MarkAllRead(tx, tx.Raw, me) }
	}
	n, err := mark()
	if err != nil {
		return nil, missingAt(err, "messageIDs")
	}
	return &MarkReadPayload{n}, noteCount(tx, "readMessages", n)
})
