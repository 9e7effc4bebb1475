package importing_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// BenchmarkVacantUnits imports units that stand empty, each of which has five things due from then on (V4), and as many without those:
//
//	go test ./internal/importing -run - -bench VacantUnits -benchtime 1x
func BenchmarkVacantUnits(b *testing.B) {
	const n = 10_000
	var file bytes.Buffer
	file.WriteString("楼栋,单元,房号,面积,状态\n")
	for i := range n {
		fmt.Fprintf(&file, "%d栋,%d单元,%d,89.5,空置\n", i/400+1, i/100%4+1, i%100+101)
	}
	for _, with := range []bool{false, true} {
		b.Run(fmt.Sprintf("dues=%t", with), func(b *testing.B) {
			app := stewardtest.New(b)
			if !with {
				app.SQL(`ALTER TABLE vacancies DISABLE TRIGGER inspection_dues_open`)
			}
			for i := range b.N {
				out := run(b, app, registry.ImportUnits, importing.Request{
					EstateCode: fmt.Sprintf("BIG%d", i), CreateEstate: fmt.Sprintf("大小区%d", i), Source: &importing.Source{Name: "big.csv", File: bytes.NewReader(file.Bytes())},
				})
				if out.Report.Created != n {
					b.Fatalf("created %d", out.Report.Created)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/unit")
		})
	}
}
