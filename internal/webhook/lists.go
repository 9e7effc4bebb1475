package webhook

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/paging"
)

// WebhookEdge is a webhook and its place in the list.
type WebhookEdge struct {
	Node   *Webhook
	Cursor ent.Cursor
}

// WebhookConnection is a page of webhooks.
type WebhookConnection struct {
	Edges    []*WebhookEdge
	PageInfo *ent.PageInfo
}

// place is where in a list a row is.
type place struct {
	At time.Time `json:"t"`
	ID uuid.UUID `json:"i"`
}

func (p place) text() string {
	text, _ := json.Marshal(p) // cannot fail
	return base64.RawURLEncoding.EncodeToString(text)
}

// placeOf is the place of a cursor; without one, that before the newest row.
func placeOf(after *ent.Cursor) (place, error) {
	p := place{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), uuid.Max}
	text, err := paging.Place(after)
	if err != nil || text == "" {
		return p, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(raw, &p) != nil {
		return p, paging.BadCursor()
	}
	return p, nil
}

// Webhooks lists what the viewer may see, the newest first: one statement.
//
// Errors: FORBIDDEN; INVALID_INPUT at after.
func Webhooks(ctx context.Context, first *int, after *ent.Cursor, estate *uuid.UUID) (page *WebhookConnection, err error) {
	from, err := placeOf(after)
	if err != nil {
		return nil, err
	}
	err = read(ctx, func(tx pgx.Tx, s access.Scope) error {
		estates, whole := reach(s)
		size := paging.Size(first)
		rows, err := tx.Query(ctx, `SELECT `+columns+` FROM outgoing.webhooks WHERE `+where+` AND ($3::uuid IS NULL OR estate_id = $3) AND (created_at, id) < ($4, $5)
			ORDER BY created_at DESC, id DESC LIMIT $6`, estates, whole, estate, from.At, from.ID, size+1)
		if err != nil {
			return err
		}
		list, err := pgx.CollectRows(rows, scan)
		if err != nil {
			return err
		}
		more := len(list) > size
		list = list[:min(len(list), size)]
		page = &WebhookConnection{Edges: make([]*WebhookEdge, len(list))}
		cursors := make([]ent.Cursor, len(list))
		for i, w := range list {
			cursors[i] = paging.Cursor(w.ID, place{w.CreatedAt, w.ID}.text())
			page.Edges[i] = &WebhookEdge{w, cursors[i]}
		}
		page.PageInfo = paging.Info(cursors, after, more)
		return nil
	})
	return page, err
}

// find reads one webhook of the scope, locked if it is to be changed. Errors: NOT_FOUND.
func find(ctx context.Context, tx pgx.Tx, s access.Scope, id uuid.UUID, lock bool) (*Webhook, error) {
	estates, whole := reach(s)
	sql := `SELECT ` + columns + ` FROM outgoing.webhooks WHERE ` + where + ` AND id = $3`
	if lock {
		sql += ` FOR UPDATE`
	}
	rows, err := tx.Query(ctx, sql, estates, whole, id)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scan)
	if err == nil && (len(list) == 0 || !s.Covers(access.Row{Estate: list[0].estate})) {
		err = fault.Missing()
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// DeliveryState is how a delivery stands.
type DeliveryState string

// MarshalGQL writes the enum.
func (s DeliveryState) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(s))) }

// UnmarshalGQL reads the enum.
func (s *DeliveryState) UnmarshalGQL(v any) error {
	text, _ := v.(string)
	if !slices.Contains([]string{"PENDING", "DELIVERED", "FAILED", "CANCELLED"}, text) {
		return fmt.Errorf("%q is not one of the enum's values", text)
	}
	*s = DeliveryState(text)
	return nil
}

// WebhookDelivery is one event on its way to a webhook.
type WebhookDelivery struct {
	ID, EventID, WebhookID uuid.UUID
	EstateID               *uuid.UUID // where it happened; nil: of no estate
	Kind                   string     // of the act
	SubjectType            *string
	SubjectID              *uuid.UUID
	OccurredAt             time.Time
	State                  DeliveryState
	Attempts               int
	Status                 *int
	Problem                string
	AttemptedAt, NextAt    *time.Time
	DoneAt                 *time.Time

	webhookEstate uuid.UUID
}

const deliveryColumns = `id, event_id, webhook_id, event_estate_id, kind, subject_type, subject_id, occurred_at, state, attempts, status, problem, attempted_at, next_at, done_at, estate_id`

func scanDelivery(row pgx.CollectableRow) (*WebhookDelivery, error) {
	d, estate := &WebhookDelivery{}, uuid.Nil
	err := row.Scan(&d.ID, &d.EventID, &d.WebhookID, &estate, &d.Kind, &d.SubjectType, &d.SubjectID, &d.OccurredAt, &d.State, &d.Attempts, &d.Status, &d.Problem,
		&d.AttemptedAt, &d.NextAt, &d.DoneAt, &d.webhookEstate)
	if estate != audit.Portfolio {
		d.EstateID = &estate
	}
	return d, err
}

// WebhookDeliveryEdge is a delivery and its place in the list.
type WebhookDeliveryEdge struct {
	Node   *WebhookDelivery
	Cursor ent.Cursor
}

// WebhookDeliveryConnection is a page of deliveries.
type WebhookDeliveryConnection struct {
	Edges    []*WebhookDeliveryEdge
	PageInfo *ent.PageInfo
}

// Deliveries lists those of a webhook, the newest first: two statements.
//
// Errors: FORBIDDEN; NOT_FOUND at webhookID; INVALID_INPUT at after.
func Deliveries(ctx context.Context, webhook uuid.UUID, first *int, after *ent.Cursor, state *DeliveryState) (page *WebhookDeliveryConnection, err error) {
	from, err := placeOf(after)
	if err != nil {
		return nil, err
	}
	err = read(ctx, func(tx pgx.Tx, s access.Scope) error {
		w, err := find(ctx, tx, s, webhook, false)
		if err != nil {
			return at(err, "webhookID")
		}
		size := paging.Size(first)
		rows, err := tx.Query(ctx, `SELECT `+deliveryColumns+` FROM outgoing.deliveries WHERE estate_id = $1 AND webhook_id = $2 AND ($3::text IS NULL OR state = $3)
			AND (occurred_at, id) < ($4, $5) ORDER BY occurred_at DESC, id DESC LIMIT $6`, w.estate, w.ID, (*string)(state), from.At, from.ID, size+1)
		if err != nil {
			return err
		}
		list, err := pgx.CollectRows(rows, scanDelivery)
		if err != nil {
			return err
		}
		more := len(list) > size
		list = list[:min(len(list), size)]
		page = &WebhookDeliveryConnection{Edges: make([]*WebhookDeliveryEdge, len(list))}
		cursors := make([]ent.Cursor, len(list))
		for i, d := range list {
			cursors[i] = paging.Cursor(d.ID, place{d.OccurredAt, d.ID}.text())
			page.Edges[i] = &WebhookDeliveryEdge{d, cursors[i]}
		}
		page.PageInfo = paging.Info(cursors, after, more)
		return nil
	})
	return page, err
}

// at places a refusal of what was named at the field that named it.
func at(err error, field string) error {
	if f := fault.From(err); f != nil && f.Code == fault.NotFound {
		return f.At(field)
	}
	return err
}

// known refuses kinds that no act has, which would never be told.
func known(kinds []string, acts []string) error {
	for i, k := range kinds {
		prefix, all := strings.CutSuffix(k, "*")
		ok := k == "*" || all && strings.HasSuffix(prefix, ".") && slices.ContainsFunc(acts, func(a string) bool { return strings.HasPrefix(a, prefix) }) || slices.Contains(acts, k)
		if !ok {
			return fault.Invalid(fmt.Sprintf("kinds.%d", i), "没有事件类型 %[1]q;请用操作名(keys.lend)、一章的全部(keys.*)或 *。",
				"There is no kind of event %[1]q: give an act's name (keys.lend), a chapter's (keys.*), or *.", k)
		}
	}
	return nil
}
