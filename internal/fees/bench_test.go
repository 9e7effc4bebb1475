package fees_test

import (
	"bytes"
	"net/http"
	"os"
	"strconv"
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fees"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Ten thousand households are billed in seconds, and their notices printed as one file:
//
//	FEE_HOUSEHOLDS=10000 go test ./internal/fees -run - -bench BenchmarkBilling -benchtime 1x
func BenchmarkBilling(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("FEE_HOUSEHOLDS"))
	if err != nil {
		b.Skip("FEE_HOUSEHOLDS says how many households there are")
	}
	fees.Chunk = 2000
	app := stewardtest.New(b)
	peopled(b, app, n)
	app.Super(`ANALYZE`)
	accountant := app.As(policy.Accountant)
	months := []string{"2026-03-01", "2026-04-01"}
	b.Run("preview", func(b *testing.B) {
		for b.Loop() {
			accountant.Do(previewRun, vars{"e": app.A.ID, "m": months[0]})
		}
	})
	b.Run("bill", func(b *testing.B) {
		for b.Loop() {
			if len(months) == 0 {
				b.Fatal("no months are left: -benchtime 1x")
			}
			r := billed(app, months[0])
			months = months[1:]
			if err := fees.Work(app.Context(), uuid.MustParse(r.Get("id").String())); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("print", func(b *testing.B) {
		for b.Loop() {
			r, err := accountant.Request(http.MethodGet, "/registers/fee-notice-sheets.pdf?estate=A&from=2026-03-01&to=2026-03-31", nil)
			if err != nil {
				b.Fatal(err)
			}
			status, body, err := accountant.Send(r)
			if err != nil || status != http.StatusOK || !bytes.HasPrefix(body, []byte("%PDF")) {
				b.Fatal(status, err)
			}
			b.ReportMetric(float64(len(body))/(1<<20), "MiB")
		}
	})
}
