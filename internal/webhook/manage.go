package webhook

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CreateWebhookInput is where what is to be told.
type CreateWebhookInput struct {
	EstateID  *uuid.UUID // nil: the whole portfolio
	Name, URL string
	Kinds     []string
}

// Check refuses what is no name, and endless lists.
func (in CreateWebhookInput) Check() error { return check(in.Name, in.Kinds) }

func check(name string, kinds []string) error {
	if err := wording.CheckText("name", name, 1, 200); err != nil {
		return err
	}
	if len(kinds) == 0 || len(kinds) > 100 {
		return fault.Invalid("kinds", "请填写 1 到 100 个事件类型。", "Give 1 to 100 kinds of events.")
	}
	return nil
}

// CreateWebhookPayload is the webhook, with its secret the first time.
type CreateWebhookPayload struct {
	Webhook *Webhook
	Secret  string `replay:"-"`
}

// Create makes a webhook, whose secret is shown once.
//
// Errors: INVALID_INPUT at name, url, kinds; NOT_FOUND at estateID; FORBIDDEN for the portfolio unless the viewer manages all of it.
var Create = act.New("webhooks.create", act.Needs(policy.Webhook, policy.Create).SessionOnly(), nil, func(tx *act.Tx, in CreateWebhookInput) (*CreateWebhookPayload, error) {
	estate := audit.Portfolio
	if in.EstateID != nil {
		estate = *in.EstateID
	}
	scope := access.RuleFrom(tx).Scope
	switch {
	case in.EstateID == nil && !scope.Whole():
		return nil, fault.Denied("只有总经理可以为全部小区设置 Webhook,请指明小区。", "Only the general manager makes one for the whole portfolio: name an estate.").At("estateID")
	case in.EstateID != nil:
		if !scope.Covers(access.Row{Estate: estate}) {
			return nil, fault.Missing().At("estateID")
		}
		e, err := tx.Estate.Get(tx, estate)
		if _, err = act.Find(e, err, "estateID"); err != nil {
			return nil, err
		}
	}
	if err := fits(tx, in.URL, in.Kinds); err != nil {
		return nil, err
	}
	w := &Webhook{
		ID: ids.New(ids.Webhook), EstateID: in.EstateID, Name: wording.Tidy(in.Name), URL: in.URL, Kinds: tidy(in.Kinds), Active: true, SecretSince: tx.Now, Version: 1,
		CreatedAt: tx.Now, CreatedByName: tx.Viewer.Name, estate: estate,
	}
	secret, kept, err := newSecret(tx.Runtime(), w.ID)
	if err != nil {
		return nil, err
	}
	_, err = tx.Raw.Exec(tx, `INSERT INTO outgoing.webhooks (id, estate_id, created_at, name, url, kinds, active, secret, secret_since, version, created_by_id, created_by_name)
		VALUES ($1, $2, $3, $4, $5, $6, true, $7, $3, 1, $8, $9)`, w.ID, estate, w.CreatedAt, w.Name, w.URL, w.Kinds, kept, tx.Viewer.Account, w.CreatedByName)
	if err != nil {
		return nil, err
	}
	return &CreateWebhookPayload{w, secret}, note(tx, w, audit.Create, "name", nil, w.Name, "url", nil, w.URL, "kinds", nil, strings.Join(w.Kinds, " "))
})

func fits(tx *act.Tx, address string, kinds []string) error {
	if err := configFrom(tx).checkURL(address); err != nil {
		return err
	}
	var acts []string
	for _, d := range act.All() {
		acts = append(acts, d.Name)
	}
	return known(kinds, acts)
}

func tidy(kinds []string) []string {
	kinds = slices.Clone(kinds)
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// note puts a change on the chain of the webhook's estate: name, before, after, name, before, after …
func note(tx *act.Tx, w *Webhook, op audit.Op, values ...any) error {
	c := audit.Change{Type: "Webhook", ID: w.ID, Op: op}
	for i := 0; i < len(values); i += 3 {
		if values[i+1] == values[i+2] {
			continue
		}
		f, err := audit.Plain(values[i].(string), values[i+1], values[i+2])
		if err != nil {
			return err
		}
		c.Fields = append(c.Fields, f)
	}
	return tx.Note(w.estate, c)
}

// UpdateWebhookInput is what shall be another; what is nil stays.
type UpdateWebhookInput struct {
	WebhookID       uuid.UUID
	ExpectedVersion int
	Name, URL       *string
	Kinds           []string
	Active          *bool
}

// Check refuses what is no name, and endless lists.
func (in UpdateWebhookInput) Check() error {
	name, kinds := "x", []string{"*"}
	if in.Name != nil {
		name = *in.Name
	}
	if in.Kinds != nil {
		kinds = in.Kinds
	}
	return check(name, kinds)
}

// UpdateWebhookPayload is the webhook as it is now.
type UpdateWebhookPayload struct{ Webhook *Webhook }

// Update changes a webhook, or stops it: what waits for one that is not active is not delivered.
//
// Errors: NOT_FOUND; INVALID_INPUT at name, url, kinds; CONFLICT for another version.
var Update = act.New("webhooks.update", act.Needs(policy.Webhook, policy.Update).SessionOnly(), nil, func(tx *act.Tx, in UpdateWebhookInput) (*UpdateWebhookPayload, error) {
	w, err := find(tx, tx.Raw, access.RuleFrom(tx).Scope, in.WebhookID, true)
	if err != nil {
		return nil, at(err, "webhookID")
	}
	if w.Version != in.ExpectedVersion {
		return nil, fault.Clash("数据已被他人更改(现为第 %[1]d 版),请重新读取后再改。", "Somebody changed it meanwhile (it is version %[1]d now); read it again and repeat your change.", w.Version).
			At("expectedVersion").With("version", w.Version)
	}
	was := *w
	if in.Name != nil {
		w.Name = wording.Tidy(*in.Name)
	}
	if in.URL != nil {
		w.URL = *in.URL
	}
	if in.Kinds != nil {
		w.Kinds = tidy(in.Kinds)
	}
	if in.Active != nil {
		w.Active = *in.Active
	}
	if err := fits(tx, w.URL, w.Kinds); err != nil {
		return nil, err
	}
	w.Version++
	_, err = tx.Raw.Exec(tx, `UPDATE outgoing.webhooks SET name = $3, url = $4, kinds = $5, active = $6, version = $7 WHERE estate_id = $1 AND id = $2`,
		w.estate, w.ID, w.Name, w.URL, w.Kinds, w.Active, w.Version)
	if err != nil {
		return nil, err
	}
	return &UpdateWebhookPayload{w}, note(tx, w, audit.Update, "name", was.Name, w.Name, "url", was.URL, w.URL,
		"kinds", strings.Join(was.Kinds, " "), strings.Join(w.Kinds, " "), "active", was.Active, w.Active)
})

// RotateWebhookSecretInput names a webhook.
type RotateWebhookSecretInput struct{ WebhookID uuid.UUID }

// RotateWebhookSecretPayload is the webhook, with its new secret the first time.
type RotateWebhookSecretPayload struct {
	Webhook *Webhook
	Secret  string `replay:"-"`
}

// Rotate gives a webhook another secret, by which it is signed from now on.
//
// Errors: NOT_FOUND.
var Rotate = act.New("webhooks.rotateSecret", act.Needs(policy.Webhook, policy.Update).SessionOnly(), nil, func(tx *act.Tx, in RotateWebhookSecretInput) (*RotateWebhookSecretPayload, error) {
	w, err := find(tx, tx.Raw, access.RuleFrom(tx).Scope, in.WebhookID, true)
	if err != nil {
		return nil, at(err, "webhookID")
	}
	secret, kept, err := newSecret(tx.Runtime(), w.ID)
	if err != nil {
		return nil, err
	}
	was := w.SecretSince
	w.SecretSince = tx.Now
	w.Version++
	_, err = tx.Raw.Exec(tx, `UPDATE outgoing.webhooks SET secret = $3, secret_since = $4, version = $5 WHERE estate_id = $1 AND id = $2`, w.estate, w.ID, kept, w.SecretSince, w.Version)
	if err != nil {
		return nil, err
	}
	return &RotateWebhookSecretPayload{w, secret}, note(tx, w, audit.Update, "secretSince", was, w.SecretSince)
})

// RedeliverWebhookInput names a delivery.
type RedeliverWebhookInput struct{ DeliveryID uuid.UUID }

// RedeliverWebhookPayload is the delivery, on its way again.
type RedeliverWebhookPayload struct{ Delivery *WebhookDelivery }

// Redeliver delivers an event once more, with all its attempts, under the same event id.
//
// Errors: NOT_FOUND; CONFLICT while it is under way, and where the webhook is not active.
var Redeliver = act.New("webhooks.redeliver", act.Needs(policy.Webhook, policy.Update).SessionOnly(), nil, func(tx *act.Tx, in RedeliverWebhookInput) (*RedeliverWebhookPayload, error) {
	d, err := findDelivery(tx, tx.Raw, access.RuleFrom(tx).Scope, in.DeliveryID)
	if err != nil {
		return nil, at(err, "deliveryID")
	}
	w, err := find(tx, tx.Raw, access.RuleFrom(tx).Scope, d.WebhookID, false)
	switch {
	case err != nil:
		return nil, at(err, "deliveryID")
	case d.State == "PENDING":
		return nil, fault.Clash("该事件正在投递,请等待结果。", "It is under way: wait for what comes of it.").At("deliveryID")
	case !w.Active:
		return nil, fault.Clash("该 Webhook 已停用,请先启用。", "The webhook is not active: activate it first.").At("deliveryID")
	}
	was := d.State
	d.State, d.Attempts, d.DoneAt, d.NextAt, d.Problem, d.Status = "PENDING", 0, nil, nil, "", nil
	if _, err := tx.Raw.Exec(tx, `UPDATE outgoing.deliveries SET state = 'PENDING', attempts = 0, done_at = NULL, next_at = NULL, problem = '', status = NULL, queued_at = $3
		WHERE estate_id = $1 AND id = $2`, d.webhookEstate, d.ID, tx.Now); err != nil {
		return nil, err
	}
	if err := tx.Enqueue(deliver{d.webhookEstate, d.ID}, nil); err != nil {
		return nil, err
	}
	f, err := audit.Plain("state", was, d.State)
	if err != nil {
		return nil, err
	}
	return &RedeliverWebhookPayload{d}, tx.Note(d.webhookEstate, audit.Change{Type: "WebhookDelivery", ID: d.ID, Op: audit.Update, Fields: []audit.Field{f}})
})
