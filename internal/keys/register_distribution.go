package keys

import (
	"context"
	"iter"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/internal/registers"
)

// DistributionRow is a key set and where its keys are: how many by kind of holder.
type DistributionRow struct {
	Set   *ent.KeySet
	Count map[keyholder.Kind]int
}

// keysAt counts the keys with holders of the kinds.
func keysAt(kinds ...keyholder.Kind) func(DistributionRow) any {
	return func(r DistributionRow) any {
		n := 0
		for _, k := range kinds {
			n += r.Count[k]
		}
		return n
	}
}

// DistributionRegister is 交接钥匙统计表 (K4.1): where the keys of each set are now.
var DistributionRegister = registers.Register[DistributionRow]{
	Name: "keys-distribution", ZH: "交接钥匙统计表", EN: "Where keys are",
	Columns: []registers.Column[DistributionRow]{
		{ZH: "区域", EN: "Area", Value: func(r DistributionRow) any { return areaOf(r.Set) }},
		{ZH: "钥匙位置", EN: "Key set", Width: 24, Value: func(r DistributionRow) any { return r.Set.Label }},
		// Keys enter only from the source, which owes what it gave.
		{ZH: "接收总数", EN: "Accepted", Kind: registers.Int, Value: func(r DistributionRow) any { return -r.Count[keyholder.KindSource] }},
		{ZH: "钥匙柜", EN: "Cabinet", Kind: registers.Int, Value: keysAt(keyholder.KindCabinet)},
		{ZH: "前台", EN: "Front desk", Kind: registers.Int, Value: keysAt(keyholder.KindDesk)},
		{ZH: "借出", EN: "Lent", Kind: registers.Int, Value: keysAt(keyholder.KindStaff, keyholder.KindResident, keyholder.KindExternal)},
		{ZH: "业户", EN: "Households", Kind: registers.Int, Value: keysAt(keyholder.KindHousehold)},
		{ZH: "封存", EN: "Sealed", Kind: registers.Int, Value: keysAt(keyholder.KindSeal)},
		{ZH: "工程部", EN: "Engineering", Kind: registers.Int, Value: keysAt(keyholder.KindEngineering)},
		{ZH: "遗失", EN: "Lost", Kind: registers.Int, Value: keysAt(keyholder.KindLost)},
		{ZH: "报废", EN: "Scrapped", Kind: registers.Int, Value: keysAt(keyholder.KindScrapped)},
	},
}

// DistributionRows reads the key sets of an estate with their balances, in natural order.
func DistributionRows(ctx context.Context, db *ent.Client, estate uuid.UUID) iter.Seq2[DistributionRow, error] {
	load := func(q *ent.KeySetQuery) {
		withArea(q)
		q.WithBalances(func(q *ent.KeyBalanceQuery) { q.WithHolder() })
	}
	return setRows(ctx, db, estate, load, func(s *ent.KeySet) []DistributionRow {
		row := DistributionRow{s, map[keyholder.Kind]int{}}
		for _, b := range s.Edges.Balances {
			if h := b.Edges.Holder; h != nil {
				row.Count[h.Kind] += b.Count
			}
		}
		return []DistributionRow{row}
	})
}
