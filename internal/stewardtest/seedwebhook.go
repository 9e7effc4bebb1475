package stewardtest

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/ids"
)

// seedWebhook makes a webhook that is not active, or each test's acts would leave deliveries, and one delivery that was made.
func seedWebhook(ctx context.Context, tx pgx.Tx, estate uuid.UUID) error {
	hook := ids.New(ids.Webhook)
	if _, err := tx.Exec(ctx, `INSERT INTO outgoing.webhooks (estate_id, id, created_at, name, url, kinds, active, secret, secret_since, created_by_id, created_by_name)
		VALUES ($1, $2, $3, '门禁平台', 'https://doors.example.com/', '{keys.lend}', false, decode(repeat('00', 64), 'hex'), $3, gen_random_uuid(), '经理')`, estate, hook, Start); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO outgoing.deliveries (estate_id, id, created_at, webhook_id, event_id, event_estate_id, kind, occurred_at, state, attempts, status, queued_at, attempted_at, done_at)
		VALUES ($1, $2, $3, $4, gen_random_uuid(), $1, 'keys.lend', $3, 'DELIVERED', 1, 200, $3, $3, $3)`, estate, ids.New(ids.Delivery), Start, hook)
	return err
}
