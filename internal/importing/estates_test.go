package importing_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// estates are the sample portfolio: what an office keeps, with the usual quirks, in two encodings.
var estates = map[string]string{"CHHY": "翠湖花园", "JXL": "锦绣里"}

func TestEstatesComeOutExactlyAsExpected(t *testing.T) {
	t.Parallel()
	for code, name := range estates {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			app := stewardtest.New(t)
			units := run(t, app, registry.ImportUnits, request(t, code, "业户资料.csv"))
			keyList := run(t, app, keys.Import, request(t, code, "钥匙清单.csv"))

			got := fields(t, units.Report)
			got["keys"] = fields(t, keyList.Report)["keys"]
			want := expected(t, code)
			for field := range got {
				if _, ok := want[field]; !ok {
					delete(got, field) // the report says more
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if units.Report.Created != 428 || units.Report.Changed != 0 || keyList.Report.Created != 428 || units.Run == nil {
				t.Errorf("created %d and %d, changed %d, run %v", units.Report.Created, keyList.Report.Created, units.Report.Changed, units.Run)
			}
			onRecord(t, app, name, want)
		})
	}
}

// onRecord compares the database with what was to come of the files.
func onRecord(t *testing.T, app *stewardtest.App, name string, want map[string]any) {
	t.Helper()
	estate := app.IDs(`SELECT id FROM estates WHERE name = $1`, name)[0]
	sheet := want["keys"].(map[string]any)
	for sql, n := range map[string]any{
		`SELECT count(*) FROM units WHERE estate_id = $1`:                                    want["units"],
		`SELECT count(*) FROM units WHERE state = 'VACANT' AND estate_id = $1`:               want["vacant"],
		`SELECT count(*) FROM units WHERE state = 'AWAITING_MOVE_IN' AND estate_id = $1`:     want["notYetMovedIn"],
		`SELECT count(*) FROM households WHERE estate_id = $1`:                               want["households"],
		`SELECT count(*) FROM occupancies WHERE state = 'NOTICED' AND estate_id = $1`:        want["notYetMovedIn"],
		`SELECT count(*) FROM obligations WHERE kind = 'registry.moveIn' AND estate_id = $1`: want["notYetMovedIn"],
		`SELECT count(*) FROM key_sets WHERE estate_id = $1`:                                 sheet["sets"],
		`SELECT sum(outstanding) FROM key_acceptance_lines WHERE estate_id = $1`:             sheet["outstanding"],
		ledger + `'CABINET'`:   sheet["inCabinet"],
		ledger + `'HOUSEHOLD'`: sheet["withHouseholds"],
		`SELECT -sum(count) FROM key_balances WHERE source AND estate_id = $1`: sheet["accepted"],
		`SELECT count(*) FROM key_acceptances WHERE estate_id = $1`:            1.0,
		`SELECT count(*) FROM import_runs WHERE estate_id = $1`:                2.0,
	} {
		if got := count(t, app, sql, estate); got != n {
			t.Errorf("%s: %v, want %v", sql, got, n)
		}
	}
}

const ledger = `SELECT coalesce(sum(b.count), 0) FROM key_balances b JOIN key_holders h ON h.id = b.holder_id WHERE b.estate_id = $1 AND h.kind = `

func TestASecondRunChangesNothing(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	importBoth := func() [2]*importing.Outcome {
		return [2]*importing.Outcome{
			run(t, app, registry.ImportUnits, request(t, "CHHY", "业户资料.csv")), run(t, app, keys.Import, request(t, "CHHY", "钥匙清单.csv")),
		}
	}
	first := importBoth()
	estate := app.IDs(`SELECT id FROM estates WHERE code = 'CHHY'`)[0]
	before := app.Fingerprint(estate)
	for i, again := range importBoth() {
		if again.Report.Created != 0 || again.Report.Changed != 0 || again.Run != nil {
			t.Errorf("created %d, changed %d %v", again.Report.Created, again.Report.Changed, again.Report.ChangedCells)
		}
		if diff := cmp.Diff(first[i].Report.Rejected(), again.Report.Rejected()); diff != "" {
			t.Errorf("rejected (-first +second):\n%s", diff)
		}
	}
	if after := app.Fingerprint(estate); after != before {
		t.Errorf("rows changed:\n%s\n%s", before, after)
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	req := request(t, "CHHY", "业户资料.csv")
	req.DryRun = true
	rehearsed := run(t, app, registry.ImportUnits, req)
	if n := app.IDs(`SELECT id FROM estates WHERE code = 'CHHY'`); len(n) != 0 {
		t.Fatal("a dry run made the estate")
	}
	real := run(t, app, registry.ImportUnits, request(t, "CHHY", "业户资料.csv"))
	rehearsed.Report.DryRun = false
	if diff := cmp.Diff(fields(t, real.Report), fields(t, rehearsed.Report)); diff != "" {
		t.Errorf("a dry run tells another story (-real +dry):\n%s", diff)
	}
	if rehearsed.Report.Created != 428 || len(rehearsed.Report.CreatedLines) == 0 {
		t.Errorf("a dry run tells %d created, on %v", rehearsed.Report.Created, rehearsed.Report.CreatedLines)
	}
	estate := app.IDs(`SELECT id FROM estates WHERE code = 'CHHY'`)[0]
	before := app.Fingerprint(estate)
	keyList := request(t, "CHHY", "钥匙清单.csv")
	keyList.DryRun = true
	if out := run(t, app, keys.Import, keyList); out.Report.Created != 428 {
		t.Errorf("created %d", out.Report.Created)
	}
	if app.Fingerprint(estate) != before {
		t.Error("a dry run of keys changed something")
	}
}

// run imports as the program itself does from the command line.
func run(t testing.TB, app *stewardtest.App, a *importing.Act, req importing.Request) *importing.Outcome {
	t.Helper()
	out, err := importing.Do(app.Context(), a, req)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func request(t *testing.T, code, file string) importing.Request {
	t.Helper()
	return importing.Request{
		EstateCode: code, CreateEstate: estates[code],
		Source: &importing.Source{Name: file, File: bytes.NewReader(sample(t, code+"-"+file))},
	}
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../intake/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func expected(t *testing.T, code string) (want map[string]any) {
	t.Helper()
	if err := json.Unmarshal(sample(t, code+"-expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	return want
}

// fields is the report as its JSON says it.
func fields(t *testing.T, r *importing.Report) (out map[string]any) {
	t.Helper()
	text, err := r.JSON()
	if err == nil {
		err = json.Unmarshal([]byte(text), &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// count runs a query for one number, as superuser: it sees all rows.
func count(t *testing.T, app *stewardtest.App, sql string, args ...any) (n float64) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}
