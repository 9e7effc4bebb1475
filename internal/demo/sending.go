package demo

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/webhook"
	"github.com/steward-pm/steward/policy"
)

// hook makes the webhook of a door system that is told of keys lost and scrapped. It is stopped when the month is over, since nobody listens
// there; what waits for it is cancelled then.
func hook(ctx context.Context, e *ent.Estate) (stop func() error, err error) {
	made, err := webhook.Create.Do(ctx, webhook.CreateWebhookInput{EstateID: &e.ID, Name: "门禁平台", URL: "https://doors.example.com/steward", Kinds: []string{"keys.reportLoss", "keys.completeScrapping"}})
	if err != nil {
		return nil, err
	}
	return func() error {
		_, err := webhook.Update.Do(ctx, webhook.UpdateWebhookInput{WebhookID: made.Webhook.ID, ExpectedVersion: made.Webhook.Version, Active: new(bool)})
		return err
	}, nil
}

// notices has the first estate's supervisor mailed once a day what is due and what waits for a decision.
func (t *team) notices(ctx context.Context, rt *act.Runtime, e *ent.Estate) error {
	who := t.colleagues[e.ID][policy.Supervisor].viewer
	if who == nil || who.Account == uuid.Nil {
		return nil
	}
	now, hour := rt.Clock.Now(), 8
	return rt.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
		a := account.NoticeAddress{ID: ids.New(ids.Address), Address: who.Email, AskedAt: now, CodeUntil: now, Codes: 1, CodesSince: now, VerifiedAt: &now, DigestHour: &hour}
		if err := rt.Accounts.SetNoticeAddress(ctx, tx, who.Account, a); err != nil {
			return err
		}
		return rt.Accounts.SetMailedClasses(ctx, tx, who.Account, []string{"approval", "obligation"})
	})
}
