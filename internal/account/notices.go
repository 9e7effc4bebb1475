package account

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
)

// NoticeAddress is where an account wants to be told by mail.
type NoticeAddress struct {
	ID         uuid.UUID // of this address, and of the code that was sent to it
	Address    string    // empty: none
	AskedAt    time.Time
	CodeUntil  time.Time
	Tries      int
	Codes      int // sent since CodesSince
	CodesSince time.Time
	VerifiedAt *time.Time // nil: the account has not proved to read it
	DigestHour *int       // nil: at once
}

const noticeAddressColumns = `id, address, asked_at, code_until, tries, codes, codes_since, verified_at, digest_hour`

// NoticeAddress reads the address of an account; the zero value if there never was one. In an act it is locked.
func (s *Service) NoticeAddress(ctx context.Context, q Querier, account uuid.UUID, lock bool) (a NoticeAddress, err error) {
	defer fault.Wrap(&err, "notice address(%s)", account)
	sql := `SELECT ` + noticeAddressColumns + ` FROM identity.notice_addresses WHERE account_id = $1`
	if lock {
		sql += ` FOR UPDATE`
	}
	rows, err := q.Query(ctx, sql, account)
	if err != nil {
		return a, err
	}
	a, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[NoticeAddress])
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return a, err
}

// SetNoticeAddress keeps the address.
func (s *Service) SetNoticeAddress(ctx context.Context, q Querier, account uuid.UUID, a NoticeAddress) (err error) {
	defer fault.Wrap(&err, "set notice address(%s)", account)
	_, err = q.Exec(ctx, `INSERT INTO identity.notice_addresses (account_id, `+noticeAddressColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (account_id) DO UPDATE SET id = excluded.id, address = excluded.address, asked_at = excluded.asked_at, code_until = excluded.code_until,
			tries = excluded.tries, codes = excluded.codes, codes_since = excluded.codes_since, verified_at = excluded.verified_at, digest_hour = excluded.digest_hour`,
		account, a.ID, a.Address, a.AskedAt, a.CodeUntil, a.Tries, a.Codes, a.CodesSince, a.VerifiedAt, a.DigestHour)
	return err
}

// MailedClasses are the classes of messages that an account is mailed.
func (s *Service) MailedClasses(ctx context.Context, q Querier, account uuid.UUID) (_ []string, err error) {
	defer fault.Wrap(&err, "mailed classes(%s)", account)
	rows, err := q.Query(ctx, `SELECT class FROM identity.notice_settings WHERE account_id = $1 AND email ORDER BY class`, account)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// SetMailedClasses has an account mailed these classes, and no others.
func (s *Service) SetMailedClasses(ctx context.Context, q Querier, account uuid.UUID, classes []string) (err error) {
	defer fault.Wrap(&err, "set mailed classes(%s)", account)
	_, err = q.Exec(ctx, `WITH off AS (UPDATE identity.notice_settings SET email = false WHERE account_id = $1 AND email AND NOT class = ANY ($2))
		INSERT INTO identity.notice_settings (account_id, class, email) SELECT $1, c, true FROM unnest($2::text[]) c
		ON CONFLICT (account_id, class) DO UPDATE SET email = true`, account, classes)
	return err
}

// PostCode leaves the mail with a code in the outbox.
func (s *Service) PostCode(ctx context.Context, q Querier, account, address uuid.UUID) (err error) {
	defer fault.Wrap(&err, "post code(%s)", account)
	_, err = q.Exec(ctx, `INSERT INTO identity.mails (id, account_id, address_id, kind, created_at) VALUES ($1, $2, $3, 'code', $4)`,
		ids.New(ids.Mail), account, address, s.now())
	return err
}

// Waiting is somebody for whom messages wait to be mailed.
type Waiting struct {
	Account    uuid.UUID
	Address    uuid.UUID
	Since      time.Time // the oldest came then
	DigestHour *int
}

// WaitingForMail lists for whom messages wait, the longest first.
func (s *Service) WaitingForMail(ctx context.Context, q Querier, most int) (_ []Waiting, err error) {
	defer fault.Wrap(&err, "waiting for mail")
	rows, err := q.Query(ctx, `SELECT n.account_id, a.id, min(n.created_at), a.digest_hour FROM identity.mail_notices n JOIN identity.notice_addresses a USING (account_id)
		WHERE n.mail_id IS NULL GROUP BY n.account_id, a.id, a.digest_hour ORDER BY min(n.created_at) LIMIT $1`, most)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Waiting])
}

// Letter puts all that waits for somebody into one mail.
func (s *Service) Letter(ctx context.Context, q Querier, w Waiting) (id uuid.UUID, err error) {
	defer fault.Wrap(&err, "letter(%s)", w.Account)
	id = ids.New(ids.Mail)
	_, err = q.Exec(ctx, `WITH letter AS (INSERT INTO identity.mails (id, account_id, address_id, kind, created_at, queued_at) VALUES ($1, $2, $3, 'notices', $4, $4) RETURNING id)
		UPDATE identity.mail_notices n SET mail_id = l.id FROM letter l WHERE n.account_id = $2 AND n.mail_id IS NULL`, id, w.Account, w.Address, s.now())
	return id, err
}

// QueueCodes marks mails with codes that are not jobs yet, and returns them.
func (s *Service) QueueCodes(ctx context.Context, q Querier, most int) (_ []uuid.UUID, err error) {
	defer fault.Wrap(&err, "queue codes")
	rows, err := q.Query(ctx, `UPDATE identity.mails SET queued_at = $1 WHERE id IN (SELECT id FROM identity.mails WHERE queued_at IS NULL ORDER BY created_at LIMIT $2) RETURNING id`, s.now(), most)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// Outgoing is a mail that is to be sent, as it is at that moment.
type Outgoing struct {
	ID, Account, Address uuid.UUID
	Kind                 string // code, notices
	CreatedAt            time.Time
	Over                 bool   // it was sent, or given up
	To                   string // empty: the account has no such address any more
	Verified             bool
	CodeUntil            time.Time
	Locale               string
	Disabled             bool
}

// FindOutgoing reads a mail that is to be sent. Errors: NOT_FOUND.
func (s *Service) FindOutgoing(ctx context.Context, q Querier, id uuid.UUID) (_ Outgoing, err error) {
	defer fault.Wrap(&err, "find mail(%s)", id)
	rows, err := q.Query(ctx, `SELECT m.id, m.account_id, m.address_id, m.kind, m.created_at, m.sent_at IS NOT NULL OR m.dropped_at IS NOT NULL,
			coalesce(a.address, ''), a.verified_at IS NOT NULL, coalesce(a.code_until, 'epoch'), c.locale, c.disabled_at IS NOT NULL
		FROM identity.mails m JOIN identity.accounts c ON c.id = m.account_id LEFT JOIN identity.notice_addresses a ON a.account_id = m.account_id AND a.id = m.address_id WHERE m.id = $1`, id)
	if err != nil {
		return Outgoing{}, err
	}
	m, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Outgoing])
	return m, missing(err)
}

// Enclosed lists the messages of a mail, the oldest first.
func (s *Service) Enclosed(ctx context.Context, q Querier, mail uuid.UUID) (_ []Message, err error) {
	defer fault.Wrap(&err, "messages of mail(%s)", mail)
	rows, err := q.Query(ctx, `SELECT i.id, i.account_id, i.estate_id, i.kind, i.subject_id, i.title_zh, i.title_en, i.body_zh, i.body_en, i.created_at, i.read_at
		FROM identity.inbox i JOIN identity.mail_notices n ON n.message_id = i.id WHERE n.mail_id = $1 ORDER BY i.created_at, i.id`, mail)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanMessage)
}

// Fate is what became of an attempt to send a mail.
type Fate struct {
	Sent, Dropped bool   // neither: it is tried again
	Problem       string // what went wrong, without address and text
}

// Settle notes what became of an attempt.
func (s *Service) Settle(ctx context.Context, q Querier, mail uuid.UUID, f Fate) (err error) {
	defer fault.Wrap(&err, "settle mail(%s)", mail)
	_, err = q.Exec(ctx, `UPDATE identity.mails SET attempts = attempts + 1, problem = $2, sent_at = CASE WHEN $3 THEN $5::timestamptz END, dropped_at = CASE WHEN $4 THEN $5::timestamptz END
		WHERE id = $1 AND sent_at IS NULL AND dropped_at IS NULL`, mail, f.Problem, f.Sent, f.Dropped, s.now())
	return err
}

// MailAgain has a mail that was given up sent again: ok; sent: it was; unwanted: it would reach nobody who wants it. The viewer administers the portfolio.
func (s *Service) MailAgain(ctx context.Context, q Querier, mail uuid.UUID) (may string, err error) {
	defer fault.Wrap(&err, "mail again(%s)", mail)
	err = q.QueryRow(ctx, `SELECT identity.mail_again($1, $2)`, mail, s.now()).Scan(&may)
	return may, err
}
