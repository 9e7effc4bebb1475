package keys

import (
	"context"
	"encoding/base64"
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
	"github.com/steward-pm/steward/policy"
)

// BalancesAtQuery says whose balances are asked for, as of when.
type BalancesAtQuery struct {
	EstateID uuid.UUID
	At       time.Time
	SetID    *uuid.UUID // nil: of all sets
	HolderID *uuid.UUID // nil: of all holders
	First    *int       // nil: 50
	After    *string    // the page before ended there
}

// KeyBalancesAt is a page of balances.
type KeyBalancesAt struct {
	Rows      []*KeyBalanceAt
	EndCursor *string // nil: that was all

	keys []balanceKey
}

// KeyBalanceAt is how many keys of a set a holder had.
type KeyBalanceAt struct {
	Set    *ent.KeySet
	Holder *ent.KeyHolder
	Count  int
}

type balanceKey struct{ set, holder uuid.UUID }

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
func BalancesAt(ctx context.Context, q BalancesAtQuery, below func(path ...string) context.Context) (*KeyBalancesAt, error) {
	e, err := readable(ctx, q.EstateID, policy.KeyBalance)
	if err != nil {
		return nil, err
	}
	first, after := 50, [2]*uuid.UUID{}
	if q.First != nil {
		first = *q.First
	}
	if q.After != nil {
		if after, err = cursorOf(*q.After); err != nil {
			return nil, err
		}
	}
	db, page := act.From(ctx).DB, &KeyBalancesAt{Rows: []*KeyBalanceAt{}}
	err = db.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, balancesAt, e.ID, q.At, q.SetID, q.HolderID, after[0], after[1], first+1)
		if err != nil {
			return err
		}
		var k balanceKey
		var n int
		_, err = pgx.ForEachRow(rows, []any{&k.set, &k.holder, &n}, func() error {
			page.Rows, page.keys = append(page.Rows, &KeyBalanceAt{Count: n}), append(page.keys, k)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	page.end(first)
	return page, page.load(db.Ent, e.ID, below("rows", "set"), below("rows", "holder"))
}

// end cuts the row that only tells that there are more.
func (p *KeyBalancesAt) end(first int) {
	if len(p.Rows) <= first {
		return
	}
	p.Rows, p.keys = p.Rows[:first], p.keys[:first]
	if first > 0 {
		last := p.keys[first-1]
		cursor := base64.RawURLEncoding.EncodeToString(append(last.set[:], last.holder[:]...))
		p.EndCursor = &cursor
	}
}

// cursorOf reads what end wrote.
func cursorOf(text string) (after [2]*uuid.UUID, err error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != 2*len(uuid.UUID{}) {
		return after, fault.Invalid("after", "请使用上一页给出的 endCursor。", "Give the endCursor of the page before.")
	}
	set, holder := uuid.UUID(b[:16]), uuid.UUID(b[16:])
	return [2]*uuid.UUID{&set, &holder}, nil
}

// load finds the sets and holders of the rows, with what is selected below them.
func (p *KeyBalancesAt) load(db *ent.Client, estate uuid.UUID, ofSet, ofHolder context.Context) error {
	sets, holders := map[uuid.UUID]*ent.KeySet{}, map[uuid.UUID]*ent.KeyHolder{}
	var setIDs, holderIDs []uuid.UUID
	for _, k := range p.keys {
		if _, known := sets[k.set]; !known {
			sets[k.set], setIDs = nil, append(setIDs, k.set)
		}
		if _, known := holders[k.holder]; !known {
			holders[k.holder], holderIDs = nil, append(holderIDs, k.holder)
		}
	}
	qs, err := db.KeySet.Query().Where(keyset.EstateID(estate), keyset.IDIn(setIDs...)).CollectFields(ofSet)
	if err != nil {
		return err
	}
	foundSets, err := qs.All(ofSet)
	if err != nil {
		return err
	}
	for _, s := range foundSets {
		sets[s.ID] = s
	}
	qh, err := db.KeyHolder.Query().Where(keyholder.EstateID(estate), keyholder.IDIn(holderIDs...)).CollectFields(ofHolder)
	if err != nil {
		return err
	}
	foundHolders, err := qh.All(ofHolder)
	if err != nil {
		return err
	}
	for _, h := range foundHolders {
		holders[h.ID] = h
	}
	for i, k := range p.keys {
		p.Rows[i].Set, p.Rows[i].Holder = sets[k.set], holders[k.holder]
	}
	return nil
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
