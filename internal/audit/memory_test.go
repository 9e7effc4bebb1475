package audit

import (
	"iter"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"
)

// SetCachedKeys makes the cache small enough for a test to overflow it.
func SetCachedKeys(d *KeyDir, n int) { d.limit = n }

// generated is a whole trail of one chain, made on the way.
func generated(entries, changes int) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		chain, at := Chain{Estate: uuid.Max, Kind: Write}, time.Unix(1_800_000_000, 0).UTC()
		last := int64(entries)
		hash, ok := make([]byte, 32), true
		send := func(r record) { ok = ok && yield(r, nil) }
		send(record{Begin: &begin{Format: exportFormat, At: at}})
		send(record{Head: &headRow{Chain: chain, Seq: &last}})
		for seq := int64(1); seq <= last && ok; seq++ {
			e := Entry{ID: uuid.Must(uuid.NewV7()), Estate: chain.Estate, Kind: Write, At: at, Action: "units.import", Outcome: Done}
			var d digest
			for range changes {
				d.add("{}")
			}
			e.Changes = d.summary()
			body, err := e.body()
			if err != nil {
				yield(record{}, err)
				return
			}
			row := &entryRow{Seq: seq, ID: e.ID, Body: body, Prev: hash, Columns: e.columns()}
			row.Hash = chainHash(hash, chain, seq, body)
			hash = row.Hash
			send(record{Entry: row})
			for i := range changes {
				send(record{Change: &changeRow{Ordinal: i, Body: "{}"}})
			}
		}
		send(record{End: &endOfTrail{}})
	}
}

// heapDuring is the most heap in use while the trail is verified, looked at at its end and on the way.
func heapDuring(t *testing.T, trail iter.Seq2[record, error]) (peak uint64) {
	t.Helper()
	n := 0
	r, err := verify(func(yield func(record, error) bool) {
		for rec, err := range trail {
			if n++; n%10_000 == 0 || rec.End != nil {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
			if !yield(rec, err) {
				return
			}
		}
	}, nil)
	if err != nil || len(r.Broken) != 1 || r.Broken[0].Defect != HeadWrong { // the head's hash is not known beforehand
		t.Fatalf("%+v %v", r, err)
	}
	return peak
}

// Not parallel: it measures the heap of the whole process.
func TestVerifyNeedsConstantMemory(t *testing.T) {
	small := heapDuring(t, generated(100, 3))
	for name, trail := range map[string]iter.Seq2[record, error]{
		"many entries":         generated(10_000, 0),
		"one act, many things": generated(2, 100_000),
	} {
		if large := heapDuring(t, trail); large > small+1<<20 {
			t.Errorf("%s: %d KiB more than a small trail", name, (large-small)>>10)
		}
	}
}

func TestSignedHeadsKeepFewMarksAndTheLast(t *testing.T) {
	t.Parallel()
	var marks []int
	for i := range 100_000 {
		if marks = thin(append(marks, i)); len(marks) > keptMarks || marks[len(marks)-1] != i {
			t.Fatalf("%d marks after %d, the last %d", len(marks), i, marks[len(marks)-1])
		}
	}
}
