package keys

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/paging"
	"github.com/steward-pm/steward/policy"
)

// BalancesAtQuery says whose balances are asked for, as of when.
type BalancesAtQuery struct {
	EstateID uuid.UUID
	At       time.Time
	SetID    *uuid.UUID // nil: of all sets
	HolderID *uuid.UUID // nil: of all holders
	First    *int       // nil: 50
	After    *ent.Cursor
}

// KeyBalanceAtConnection is a page of balances.
type KeyBalanceAtConnection struct {
	Edges    []*KeyBalanceAtEdge
	PageInfo *ent.PageInfo
}

// KeyBalanceAtEdge is a balance and its place in the list: its cursor is of the set, and holds the holder's id.
type KeyBalanceAtEdge struct {
	Node   *KeyBalanceAt
	Cursor ent.Cursor

	set, holder uuid.UUID
}

// KeyBalanceAt is how many keys of a set a holder had.
type KeyBalanceAt struct {
	Set    *ent.KeySet
	Holder *ent.KeyHolder
	Count  int
}

// balancesAt adds up what each holder got and gave until then, in natural order of the sets; balances of zero are left out.
const balancesAt = `
WITH legs AS (
	SELECT set_id, to_id AS holder_id, count AS n FROM key_movements WHERE estate_id = $1 AND occurred_at <= $2
	UNION ALL
	SELECT set_id, from_id, -count FROM key_movements WHERE estate_id = $1 AND occurred_at <= $2)
SELECT s.id, l.holder_id, sum(l.n)::int
FROM legs l JOIN key_sets s ON s.estate_id = $1 AND s.id = l.set_id
WHERE ($3::uuid IS NULL OR l.set_id = $3) AND ($4::uuid IS NULL OR l.holder_id = $4)
	AND ($5::uuid IS NULL OR (s.sort_key, s.id, l.holder_id) > ((SELECT sort_key FROM key_sets WHERE estate_id = $1 AND id = $5), $5, $6::uuid))
GROUP BY s.sort_key, s.id, l.holder_id HAVING sum(l.n) <> 0
ORDER BY s.sort_key, s.id, l.holder_id LIMIT $7`

// BalancesAt is where the keys of an estate were at a time, by the ledger (K4.1): what was recorded late counts from when it
// happened. It costs three statements and those of what is selected below a row's set and holder, to which below moves the context.
//
// Errors: NOT_FOUND at estateID; FORBIDDEN; INVALID_INPUT at after.
func BalancesAt(ctx context.Context, q BalancesAtQuery, below func(path ...string) context.Context) (*KeyBalanceAtConnection, error) {
	e, err := readable(ctx, q.EstateID, policy.KeyBalance)
	if err != nil {
		return nil, err
	}
	set, holder, err := placeAfter(q.After)
	if err != nil {
		return nil, err
	}
	db, page, first := act.From(ctx).DB, &KeyBalanceAtConnection{}, paging.Size(q.First)
	err = db.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, balancesAt, e.ID, q.At, q.SetID, q.HolderID, set, holder, first+1)
		if err != nil {
			return err
		}
		page.Edges, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (*KeyBalanceAtEdge, error) {
			edge := &KeyBalanceAtEdge{Node: &KeyBalanceAt{}}
			err := row.Scan(&edge.set, &edge.holder, &edge.Node.Count)
			edge.Cursor = paging.Cursor(edge.set, edge.holder.String())
			return edge, err
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	more := len(page.Edges) > first
	page.Edges = page.Edges[:min(first, len(page.Edges))]
	cursors := make([]ent.Cursor, len(page.Edges))
	for i, edge := range page.Edges {
		cursors[i] = edge.Cursor
	}
	page.PageInfo = paging.Info(cursors, q.After, more)
	err = page.load(below("edges", "node", "set"), below("edges", "node", "holder"), db.Ent, e.ID)
	return page, err
}

// placeAfter is the balance at which the page before ended.
func placeAfter(after *ent.Cursor) (set, holder *uuid.UUID, err error) {
	text, err := paging.Place(after)
	if err != nil || text == "" {
		return nil, nil, err
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return nil, nil, paging.BadCursor()
	}
	return &after.ID, &id, nil
}

// load finds the sets and holders of the rows, with what is selected below them.
func (p *KeyBalanceAtConnection) load(ofSet, ofHolder context.Context, db *ent.Client, estate uuid.UUID) error {
	var setIDs, holderIDs []uuid.UUID
	for _, e := range p.Edges {
		setIDs, holderIDs = append(setIDs, e.set), append(holderIDs, e.holder)
	}
	qs, err := db.KeySet.Query().Where(keyset.EstateID(estate), keyset.IDIn(each(setIDs)...)).CollectFields(ofSet)
	if err != nil {
		return err
	}
	sets, err := qs.All(ofSet)
	if err != nil {
		return err
	}
	qh, err := db.KeyHolder.Query().Where(keyholder.EstateID(estate), keyholder.IDIn(each(holderIDs)...)).CollectFields(ofHolder)
	if err != nil {
		return err
	}
	holders, err := qh.All(ofHolder)
	if err != nil {
		return err
	}
	setOf, holderOf := map[uuid.UUID]*ent.KeySet{}, map[uuid.UUID]*ent.KeyHolder{}
	for _, s := range sets {
		setOf[s.ID] = s
	}
	for _, h := range holders {
		holderOf[h.ID] = h
	}
	for _, e := range p.Edges {
		e.Node.Set, e.Node.Holder = setOf[e.set], holderOf[e.holder]
	}
	return nil
}

// each is the ids, each once.
func each(list []uuid.UUID) []uuid.UUID {
	slices.SortFunc(list, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(list)
}

// readable finds an estate of which the viewer may read all rows of the resource: wall 1 of what is read past ent.
// Errors: NOT_FOUND at estateID; FORBIDDEN.
func readable(ctx context.Context, id uuid.UUID, resource policy.Resource) (*ent.Estate, error) {
	v := access.From(ctx)
	if v == nil {
		return nil, fault.SignedOut()
	}
	e, err := act.From(ctx).DB.Ent.Estate.Query().Where(estate.ID(id)).Only(ctx)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	if !v.Scope(resource, policy.Read).Covers(access.Row{Estate: id}) {
		return nil, fault.Denied("您的岗位无权查看。", "None of your roles may read this.")
	}
	return e, nil
}
