package account

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
)

// Message is a notice in somebody's inbox.
type Message struct {
	ID        uuid.UUID // made by Post
	AccountID uuid.UUID // the recipient
	Estate    uuid.UUID // Nil: none
	Kind      string    // what happened: "keys.overdue"
	Subject   uuid.UUID // what it is about; Nil: nothing that can be opened
	TitleZH   string
	TitleEN   string
	BodyZH    string
	BodyEN    string
	CreatedAt time.Time  // set by Post
	ReadAt    *time.Time // nil: unread
}

const messageColumns = `id, account_id, estate_id, kind, subject_id, title_zh, title_en, body_zh, body_en, created_at, read_at`

func scanMessage(row pgx.CollectableRow) (m Message, err error) {
	err = row.Scan(&m.ID, &m.AccountID, &m.Estate, &m.Kind, &m.Subject, &m.TitleZH, &m.TitleEN, &m.BodyZH, &m.BodyEN, &m.CreatedAt, &m.ReadAt)
	return m, err
}

// inboxPlace is a message's place in both orders of ListMessages.
type inboxPlace struct {
	Read bool      `json:"r,omitempty"`
	At   time.Time `json:"t"`
	ID   uuid.UUID `json:"i"`
}

// Cursor is the message's place in ListMessages.
func (m Message) Cursor() string {
	text, _ := json.Marshal(inboxPlace{m.ReadAt != nil, m.CreatedAt, m.ID}) // cannot fail
	return base64.RawURLEncoding.EncodeToString(text)
}

// Post puts messages into inboxes, in one statement. Any viewer, and the job runner, may post to anybody.
func (s *Service) Post(ctx context.Context, q Querier, messages ...Message) (err error) {
	defer fault.Wrap(&err, "post %d messages", len(messages))
	if len(messages) == 0 {
		return nil
	}
	now := s.now()
	n := len(messages)
	id, to, estate, subject := make([]uuid.UUID, n), make([]uuid.UUID, n), make([]uuid.NullUUID, n), make([]uuid.NullUUID, n)
	kind, titleZH, titleEN, bodyZH, bodyEN := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, m := range messages {
		id[i], to[i], estate[i], subject[i] = ids.New(ids.Message), m.AccountID, null(m.Estate), null(m.Subject)
		kind[i], titleZH[i], titleEN[i], bodyZH[i], bodyEN[i] = m.Kind, m.TitleZH, m.TitleEN, m.BodyZH, m.BodyEN
	}
	_, err = q.Exec(ctx, `INSERT INTO identity.inbox (id, account_id, estate_id, kind, subject_id, title_zh, title_en, body_zh, body_en, created_at)
		SELECT m.*, $10::timestamptz FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[],
			$6::text[], $7::text[], $8::text[], $9::text[]) m`, id, to, estate, kind, subject, titleZH, titleEN, bodyZH, bodyEN, now)
	return err
}

// MessageFilter says which messages to list, and in which order.
type MessageFilter struct {
	UnreadOnly  bool
	UnreadFirst bool // else simply the newest first
}

// ListMessages lists the inbox of the viewer, newest first, after a cursor of the same order.
// Errors: INVALID_INPUT at after.
func (s *Service) ListMessages(ctx context.Context, q Querier, account uuid.UUID, f MessageFilter, first int, after string) (_ Page[Message], err error) {
	defer fault.Wrap(&err, "list messages(%s)", account)
	// Before the first message there is a moment that no message reaches.
	place := inboxPlace{At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ID: uuid.Max}
	if after != "" {
		text, err := base64.RawURLEncoding.DecodeString(after)
		if err != nil || json.Unmarshal(text, &place) != nil {
			return Page[Message]{}, badCursor()
		}
	}
	next, order := `(created_at, id) < ($4, $5)`, `created_at DESC, id DESC`
	if f.UnreadFirst {
		next, order = `(is_read > $3 OR (is_read = $3 AND (created_at, id) < ($4, $5)))`, `is_read, created_at DESC, id DESC`
	}
	size := pageSize(first)
	rows, err := q.Query(ctx, `SELECT `+messageColumns+` FROM identity.inbox
		WHERE account_id = $1 AND (NOT $2 OR NOT is_read) AND ($3::boolean IS NOT NULL) AND `+next+`
		ORDER BY `+order+` LIMIT $6`, account, f.UnreadOnly, place.Read, place.At, place.ID, size+1)
	if err != nil {
		return Page[Message]{}, err
	}
	list, err := pgx.CollectRows(rows, scanMessage)
	return pageOf(list, size), err
}

// MessagesSince lists the inbox of the viewer from a time on, the oldest first.
func (s *Service) MessagesSince(ctx context.Context, q Querier, account uuid.UUID, since time.Time) (_ []Message, err error) {
	defer fault.Wrap(&err, "messages since(%s)", account)
	rows, err := q.Query(ctx, `SELECT `+messageColumns+` FROM identity.inbox WHERE account_id = $1 AND created_at >= $2 ORDER BY created_at, id`, account, since)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanMessage)
}

// FindMessage reads one message of the viewer's inbox. Errors: NOT_FOUND.
func (s *Service) FindMessage(ctx context.Context, q Querier, id uuid.UUID) (_ Message, err error) {
	defer fault.Wrap(&err, "find message(%s)", id)
	rows, err := q.Query(ctx, `SELECT `+messageColumns+` FROM identity.inbox WHERE id = $1`, id)
	if err != nil {
		return Message{}, err
	}
	m, err := pgx.CollectExactlyOneRow(rows, scanMessage)
	return m, missing(err)
}

// MarkRead marks messages of the viewer's inbox as read, those already read keep their time, and tells
// how many are newly read. Errors: NOT_FOUND when one of them is not there: then none is marked.
func (s *Service) MarkRead(ctx context.Context, q Querier, account uuid.UUID, messages ...uuid.UUID) (n int, err error) {
	defer fault.Wrap(&err, "mark read(%s)", account)
	var found, wanted int
	err = q.QueryRow(ctx, `WITH wanted AS (SELECT DISTINCT unnest($2::uuid[]) AS id),
		found AS (SELECT i.id FROM identity.inbox i JOIN wanted USING (id) WHERE i.account_id = $1),
		marked AS (UPDATE identity.inbox i SET read_at = $3 FROM found f
			WHERE i.id = f.id AND i.read_at IS NULL AND (SELECT count(*) FROM found) = (SELECT count(*) FROM wanted) RETURNING 1)
		SELECT (SELECT count(*) FROM found), (SELECT count(*) FROM wanted), (SELECT count(*) FROM marked)`,
		account, messages, s.now()).Scan(&found, &wanted, &n)
	if err == nil && found < wanted {
		err = fault.Missing()
	}
	return n, err
}

// MarkAllRead marks the viewer's whole inbox as read, and tells how many are newly read.
func (s *Service) MarkAllRead(ctx context.Context, q Querier, account uuid.UUID) (_ int, err error) {
	defer fault.Wrap(&err, "mark all read(%s)", account)
	tag, err := q.Exec(ctx, `UPDATE identity.inbox SET read_at = $2 WHERE account_id = $1 AND NOT is_read`, account, s.now())
	return int(tag.RowsAffected()), err
}

// UnreadCount counts the unread messages of the viewer's inbox.
func (s *Service) UnreadCount(ctx context.Context, q Querier, account uuid.UUID) (n int, err error) {
	defer fault.Wrap(&err, "unread count(%s)", account)
	err = q.QueryRow(ctx, `SELECT count(*) FROM identity.inbox WHERE account_id = $1 AND NOT is_read`, account).Scan(&n)
	return n, err
}
