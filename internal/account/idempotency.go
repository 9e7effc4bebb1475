package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/internal/fault"
)

// idempotencyLife is how long a success is remembered.
const idempotencyLife = 24 * time.Hour

const maxKeyBytes = 200

// maxPathBytes is how long a path is kept as it is. Clients choose aliases, and an index row holds few KB.
const maxPathBytes = 200

// place is the path as it is kept. No path has a colon, so that none is the hash of another.
func (o Once) place() string {
	if len(o.Path) <= maxPathBytes {
		return o.Path
	}
	sum := sha256.Sum256([]byte(o.Path))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Once is one use of an idempotency key.
type Once struct {
	Account uuid.UUID
	Key     string // the client's: 1 to 200 bytes
	Path    string // the response path of the mutation; Begin and Finish keep a long one as its hash
	HMAC    []byte // of the resolved input
}

// Begin claims the key inside the act's transaction, as its first statement. The first caller gets nil and
// goes on, to Finish with its result; those that come meanwhile wait here until it commits (they then get
// the stored result) or rolls back (one of them is the first). After 24 hours a key is new again.
//
// Errors: CONFLICT when the key was used with another input; INVALID_INPUT at idempotencyKey.
func (s *Service) Begin(ctx context.Context, q Querier, o Once) (stored json.RawMessage, err error) {
	defer fault.Wrap(&err, "idempotency begin")
	if o.Key == "" || len(o.Key) > maxKeyBytes || clean(o.Key, maxKeyBytes) != o.Key || strings.ContainsAny(o.Key, "\r\n") {
		return nil, fault.Invalid("idempotencyKey", "幂等键须为 1 至 %[1]d 字节的文本。", "An idempotency key is a text of 1 to %[1]d bytes.", maxKeyBytes)
	}
	now := s.now()
	tag, err := q.Exec(ctx, `INSERT INTO identity.idempotency AS i (account_id, key, path, request_hmac, created_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account_id, key, path) DO UPDATE
		SET request_hmac = excluded.request_hmac, created_at = excluded.created_at, result = NULL
		WHERE i.created_at <= $6`, o.Account, o.Key, o.place(), o.HMAC, now, now.Add(-idempotencyLife))
	if err != nil || tag.RowsAffected() == 1 {
		return nil, err
	}
	var hmac []byte
	err = q.QueryRow(ctx, `SELECT request_hmac, result FROM identity.idempotency WHERE account_id = $1 AND key = $2 AND path = $3`,
		o.Account, o.Key, o.place()).Scan(&hmac, &stored)
	switch {
	case err != nil:
		return nil, err
	case subtle.ConstantTimeCompare(hmac, o.HMAC) != 1:
		return nil, fault.Clash("该幂等键已用于另一请求,请换一个新键。", "This idempotency key was used with another input. Use a new key.").At("idempotencyKey")
	case stored == nil:
		return nil, errors.New("an act committed its idempotency key without a result")
	}
	return stored, nil
}

// Finish stores the result of the act that Begin let through: ids, never confidential values.
func (s *Service) Finish(ctx context.Context, q Querier, o Once, result json.RawMessage) (err error) {
	defer fault.Wrap(&err, "idempotency finish")
	tag, err := q.Exec(ctx, `UPDATE identity.idempotency SET result = $4 WHERE account_id = $1 AND key = $2 AND path = $3 AND result IS NULL`,
		o.Account, o.Key, o.place(), result)
	if err == nil && tag.RowsAffected() != 1 {
		err = errors.New("finished without begin")
	}
	return err
}
