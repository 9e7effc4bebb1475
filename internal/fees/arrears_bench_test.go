package fees_test

import (
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fees"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// What ten thousand households owe is told in a fraction of a second, through the API:
//
//	FEE_HOUSEHOLDS=10000 go test ./internal/fees -run - -bench BenchmarkArrears -benchtime 10x
func BenchmarkArrears(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("FEE_HOUSEHOLDS"))
	if err != nil {
		b.Skip("FEE_HOUSEHOLDS says how many households there are")
	}
	fees.Chunk = 2000
	app := stewardtest.New(b)
	peopled(b, app, n)
	for _, m := range []string{"2026-03-01", "2026-04-01"} {
		if err := fees.Work(app.Context(), uuid.MustParse(billed(app, m).Get("id").String())); err != nil {
			b.Fatal(err)
		}
	}
	app.Super(`ANALYZE`)
	app.Clock.Advance(100 * 24 * time.Hour)
	accountant := app.As(policy.Accountant)
	accountant.SignIn()
	if got := accountant.Do(householdArrears, nil).Get("feeHouseholdArrears.totalCount").Int(); got < int64(n) {
		b.Fatalf("%d households owe", got)
	}
	for name, ask := range map[string]func(){
		"buildings":  func() { accountant.Do(arrearsQuery, nil) },
		"households": func() { accountant.Do(householdArrears, vars{"n": 200}) },
		"collection": func() { accountant.Do(collectionQuery, vars{"from": "2026-01-01", "until": "2026-12-01"}) },
		"dashboard": func() {
			accountant.Do(`query($e: [ID!]) { estateDashboards(estateIDs: $e) { fees { householdsInArrears amountOverdue amountOpen noticesToDispatch dunningsToReview } } }`, vars{"e": []any{app.A.ID}})
		},
		"register": func() {
			r, err := accountant.Request(http.MethodGet, "/registers/fee-arrears.xlsx?estate=A", nil)
			if err != nil {
				b.Fatal(err)
			}
			if status, _, err := accountant.Send(r); err != nil || status != http.StatusOK {
				b.Fatal(status, err)
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				ask()
			}
		})
	}
}
