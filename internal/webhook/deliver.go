package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/jobs"
	"github.com/steward-pm/steward/internal/outbox"
)

// Deliverer delivers.
type Deliverer struct {
	cfg    Config
	client *http.Client
}

const (
	patience = 10 * time.Second // with an answer
	answers  = 64 << 10         // so much of one is read, so that the connection can be used again
)

// NewDeliverer makes one. It connects to nothing but what the settings allow, whatever a name resolves to by then, follows no redirect
// and uses no proxy.
func NewDeliverer(cfg Config) *Deliverer {
	dialer := &net.Dialer{Timeout: patience, Control: func(network, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !cfg.Reaches(to.Addr()) {
			return errPrivate
		}
		return nil
	}}
	return &Deliverer{cfg, &http.Client{
		Timeout: patience,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: patience, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

var errPrivate = errors.New("it is an address of a private network")

// deliver is the job of one delivery.
type deliver struct {
	Estate   uuid.UUID `json:"estate"` // of the webhook
	Delivery uuid.UUID `json:"delivery"`
}

// Kind implements river.JobArgs.
func (deliver) Kind() string { return "webhooks.deliver" }

// InsertOpts has an event tried for two days.
func (deliver) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: len(backOff) + 1} }

// backOff is how long after each failure the next attempt is.
var backOff = []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// Box makes jobs of the deliveries that acts left.
func Box(ctx context.Context, rt *act.Runtime, tx pgx.Tx) (jobs []river.InsertManyParams, err error) {
	rows, err := tx.Query(ctx, `UPDATE outgoing.deliveries d SET queued_at = $1 FROM (SELECT estate_id, id FROM outgoing.deliveries
		WHERE queued_at IS NULL AND state = 'PENDING' ORDER BY created_at LIMIT $2) w WHERE d.estate_id = w.estate_id AND d.id = w.id RETURNING d.estate_id, d.id`, rt.Clock.Now(), outbox.Batch())
	if err != nil {
		return nil, err
	}
	var one deliver
	_, err = pgx.ForEachRow(rows, []any{&one.Estate, &one.Delivery}, func() error {
		jobs = append(jobs, river.InsertManyParams{Args: one})
		return nil
	})
	return jobs, err
}

// worker works the jobs.
type worker struct {
	river.WorkerDefaults[deliver]
	*Deliverer
}

// Workers adds what works the jobs of deliveries.
func (d *Deliverer) Workers(w *river.Workers) { river.AddWorker(w, &worker{Deliverer: d}) }

// NextRetry implements river.Worker.
func (w *worker) NextRetry(job *river.Job[deliver]) time.Time {
	return job.AttemptedAt.Add(wait(job.Attempt))
}

// wait is how long after its attempt-th failure the next one is.
func wait(attempt int) time.Duration { return backOff[min(max(attempt, 1), len(backOff))-1] }

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, job *river.Job[deliver]) error {
	return w.Deliver(ctx, act.From(ctx), job.Args.Delivery, job.Attempt >= job.MaxAttempts)
}

// event is all that is ever told.
type event struct {
	ID       uuid.UUID  `json:"id"` // the same however often it is delivered
	Kind     string     `json:"kind"`
	EstateID *uuid.UUID `json:"estateID"`
	Subject  *subject   `json:"subject"`
	At       time.Time  `json:"at"`
}

type subject struct {
	Type string    `json:"type"`
	ID   uuid.UUID `json:"id"`
}

func (d *WebhookDelivery) event() event {
	e := event{ID: d.EventID, Kind: d.Kind, EstateID: d.EstateID, At: d.OccurredAt.UTC()}
	if d.SubjectID != nil && d.SubjectType != nil {
		e.Subject = &subject{*d.SubjectType, *d.SubjectID}
	}
	return e
}

// Deliver makes one attempt at a delivery; last says that no other follows. It may be made twice, when a server is killed before it noted the
// answer: the event's id is the same.
//
// Errors: what went wrong, so that the queue tries again; river.JobCancel of what is not there.
func (d *Deliverer) Deliver(ctx context.Context, rt *act.Runtime, delivery uuid.UUID, last bool) error {
	var of *Webhook
	var what *WebhookDelivery
	err := rt.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		if what, err = findDelivery(ctx, tx, access.Scope{Portfolio: true}, delivery); err != nil {
			return err
		}
		of, err = find(ctx, tx, access.Scope{Portfolio: true}, what.WebhookID, false)
		return err
	})
	switch {
	case fault.Is(err, fault.NotFound):
		return river.JobCancel(err)
	case err != nil || what.State != "PENDING":
		return err
	case !of.Active:
		return d.settle(ctx, rt, what, "CANCELLED", 0, "the webhook is not active", nil)
	}
	secret, err := openSecret(rt, of)
	if err != nil {
		return err
	}
	status, err := d.post(ctx, rt, of.URL, secret, what)
	if err == nil {
		return d.settle(ctx, rt, what, "DELIVERED", status, "", nil)
	}
	state, next := "PENDING", new(rt.Clock.Now().Add(wait(what.Attempts+1)))
	if status == http.StatusGone || errors.Is(err, errPrivate) {
		last = true // it will be the same later
	}
	if last {
		state, next = "FAILED", nil
	}
	told := fmt.Errorf("delivery %s: %w", what.ID, err)
	if err := d.settle(ctx, rt, what, state, status, err.Error(), next); err != nil {
		return err
	}
	if last {
		return river.JobCancel(told)
	}
	return told
}

// What was given up is on its way again when its job is tried again.
var _ = jobs.Again(func(tx *act.Tx, job deliver) error {
	d, err := findDelivery(tx, tx.Raw, access.Scope{Portfolio: true}, job.Delivery)
	if err != nil {
		return err
	}
	w, err := find(tx, tx.Raw, access.Scope{Portfolio: true}, d.WebhookID, false)
	switch {
	case err != nil:
		return err
	case d.State != "PENDING" && d.State != "FAILED":
		return fault.Clash("该事件已送达或已取消;如需再发一次,请用 redeliverWebhook。", "It was delivered since, or cancelled: to have it told once more, use redeliverWebhook.")
	case !w.Active:
		return fault.Clash("该 Webhook 已停用,请先启用。", "The webhook is not active: activate it first.")
	}
	_, err = tx.Raw.Exec(tx, `UPDATE outgoing.deliveries SET state = 'PENDING', done_at = NULL, next_at = $3 WHERE estate_id = $1 AND id = $2`, d.webhookEstate, d.ID, tx.Now)
	return err
})

// post sends the event, and tells what was answered. What goes wrong is said without the address, which may hold a secret.
func (d *Deliverer) post(ctx context.Context, rt *act.Runtime, address string, secret []byte, what *WebhookDelivery) (status int, err error) {
	if err := d.cfg.checkURL(address); err != nil {
		return 0, errPrivate
	}
	body, err := json.Marshal(what.event())
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("its address is none")
	}
	h := r.Header
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "Steward")
	h.Set("Steward-Event", what.Kind)
	h.Set("Steward-Delivery", what.ID.String())
	h.Set("Steward-Signature", Sign(secret, rt.Clock.Now(), body))
	resp, err := d.client.Do(r)
	if err != nil {
		return 0, tidied(err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, answers))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp.StatusCode, fmt.Errorf("it was answered with status %d", resp.StatusCode)
	}
	return resp.StatusCode, nil
}

// tidied is why nothing was answered, without the address.
func tidied(err error) error {
	if errors.Is(err, errPrivate) {
		return errPrivate
	}
	var timeout net.Error
	var resolving *net.DNSError
	switch {
	case errors.As(err, &resolving):
		return errors.New("its name is not known")
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("it did not answer in time")
	}
	return errors.New("it could not be connected to")
}

// settle notes what came of an attempt.
func (d *Deliverer) settle(ctx context.Context, rt *act.Runtime, what *WebhookDelivery, state string, status int, problem string, next *time.Time) error {
	now := rt.Clock.Now()
	return rt.DB.System(context.WithoutCancel(ctx), func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE outgoing.deliveries SET state = $3, attempts = attempts + 1, status = nullif($4, 0), problem = $5, attempted_at = $6, next_at = $7,
			done_at = CASE WHEN $3 <> 'PENDING' THEN $6::timestamptz END WHERE estate_id = $1 AND id = $2 AND state = 'PENDING'`,
			what.webhookEstate, what.ID, state, status, problem, now, next)
		return err
	})
}

// findDelivery reads one delivery of the scope, locked in an act. Errors: NOT_FOUND.
func findDelivery(ctx context.Context, tx pgx.Tx, s access.Scope, id uuid.UUID) (*WebhookDelivery, error) {
	estates, whole := reach(s)
	rows, err := tx.Query(ctx, `SELECT `+deliveryColumns+` FROM outgoing.deliveries WHERE `+where+` AND id = $3 FOR UPDATE`, estates, whole, id)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanDelivery)
	if err == nil && (len(list) == 0 || !s.Covers(access.Row{Estate: list[0].webhookEstate})) {
		err = fault.Missing()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}
