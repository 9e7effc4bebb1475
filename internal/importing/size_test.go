package importing_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/internal/stewardtest"
)

func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	const n = 10_000
	var file bytes.Buffer
	file.WriteString("楼栋,单元,房号,面积,状态\n")
	for i := range n {
		fmt.Fprintf(&file, "%d栋,%d单元,%d,89.5,空置\n", i/400+1, i/100%4+1, i%100+101)
	}
	var heap []uint64
	out := run(t, app, registry.ImportUnits, importing.Request{
		EstateCode: "BIG", CreateEstate: "大小区", Source: &importing.Source{Name: "big.csv", File: bytes.NewReader(file.Bytes())},
		Progress: func(lines int) {
			if lines%2_000 != 0 {
				return
			}
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			heap = append(heap, m.HeapAlloc)
		},
	})
	if out.Report.Created != n || len(heap) != n/2_000 {
		t.Fatalf("created %d, told of progress %d times", out.Report.Created, len(heap))
	}
	// What is kept of a line is a hash against duplicates; other tests run beside this one, so the bound is wide.
	if grown := int64(heap[len(heap)-1]) - int64(heap[0]); grown > 32<<20 {
		t.Errorf("the heap grew by %d MiB over %d lines: %v", grown>>20, n, heap)
	}
}
