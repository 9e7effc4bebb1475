package importing_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/internal/stewardtest"
)

func TestBig(t *testing.T) {
	app := stewardtest.New(t)
	const n = 100_000
	var units, list bytes.Buffer
	units.WriteString("楼栋,单元,房号,面积,状态,业户姓名,联系电话,入伙通知日期,入伙日期\n")
	list.WriteString("楼栋,单元,房号,位置,应交数量,实交数量,状态\n")
	for i := range n {
		fmt.Fprintf(&units, "%d栋,%d单元,%d,89.5,已入住,业户%d,138%08d,2020-01-01,2020-01-05\n", i/400+1, i/100%4+1, i%100+101, i, i)
		fmt.Fprintf(&list, "%d栋,%d单元,%d,户门,5,5,已移交业主\n", i/400+1, i/100%4+1, i%100+101)
	}
	for _, f := range []struct {
		a    *importing.Act
		text []byte
	}{{registry.ImportUnits, units.Bytes()}, {registry.ImportUnits, units.Bytes()}, {keys.Import, list.Bytes()}, {keys.Import, list.Bytes()}} {
		var most uint64
		start := time.Now()
		_, err := importing.Do(app.Context(), f.a, importing.Request{EstateCode: "X", CreateEstate: "X", Source: &importing.Source{Name: "x", File: bytes.NewReader(f.text)},
			Progress: func(lines int) {
				if lines%10_000 == 0 {
					runtime.GC()
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					most = max(most, m.HeapAlloc)
					t.Logf("%d lines, %s, %d MiB", lines, time.Since(start).Round(time.Millisecond), m.HeapAlloc>>20)
				}
			}})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("done %s", time.Since(start))
	}
}
