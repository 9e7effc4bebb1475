package importing_test

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

const (
	importUnits = `mutation($in: ImportUnitsInput!) { importUnits(input: $in) { report run { id kind fileName report } } }`
	importKeys  = `mutation($in: ImportKeysInput!) { importKeys(input: $in) { report run { id kind } } }`
)

// upload sends a file to an estate and returns its id.
func upload(t *testing.T, p *stewardtest.Person, estate, name string, content []byte) string {
	t.Helper()
	r, err := p.Request(http.MethodPost, "/files?estate="+estate+"&name="+name, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/csv")
	status, body, err := p.Send(r)
	if err != nil || status != http.StatusCreated {
		t.Fatalf("upload: %d %s %v", status, body, err)
	}
	return gjson.GetBytes(body, "id").String()
}

func in(estate uuid.UUID, file string, more ...vars) vars {
	v := vars{"estateID": estate, "fileID": file}
	for _, m := range more {
		for k, x := range m {
			v[k] = x
		}
	}
	return vars{"in": v}
}

func TestUploadedFilesAreImported(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager, custodian := app.As(policy.ProjectManager), app.As(policy.KeyCustodian)
	file := upload(t, manager, "A", "units.csv", sample(t, "CHHY-业户资料.csv"))
	before := app.Fingerprint(app.A.ID)

	dry := manager.Do(importUnits, in(app.A.ID, file, vars{"dryRun": true})).Get("importUnits")
	if dry.Get("report.dryRun").Bool() != true || dry.Get("run").Type != gjson.Null || app.Fingerprint(app.A.ID) != before {
		t.Errorf("a dry run: %s", dry.Raw)
	}
	all := manager.Refused(importUnits, in(app.A.ID, file, vars{"errorPolicy": "REJECT_ALL"}), fault.InvalidInput)
	if all.Field != "fileID" || len(all.Extensions.Get("report.rejected").Array()) < 5 || app.Fingerprint(app.A.ID) != before {
		t.Errorf("REJECT_ALL: %+v", all)
	}
	done := manager.With("Idempotency-Key", "once").Do(importUnits, in(app.A.ID, file)).Get("importUnits")
	if done.Get("run.kind").String() != "UNITS" || done.Get("report.created").Int() < 400 || done.Get("run.report.created").Int() != done.Get("report.created").Int() {
		t.Errorf("done: %s", done.Raw)
	}
	if phone := regexp.MustCompile(`\b1[3-9]\d[\d*]{8}\b`); phone.MatchString(done.Raw) {
		t.Error("the report holds telephone numbers")
	}
	again := manager.With("Idempotency-Key", "once").Do(importUnits, in(app.A.ID, file)).Get("importUnits")
	if again.Raw != done.Raw {
		t.Errorf("repeated: %s", again.Raw)
	}
	list := upload(t, custodian, "A", "keys.csv", sample(t, "CHHY-钥匙清单.csv"))
	if got := custodian.Do(importKeys, in(app.A.ID, list)).Get("importKeys"); got.Get("run.kind").String() != "KEYS" || got.Get("report.keys.accepted").Int() < 2000 {
		t.Errorf("keys: %s", got.Raw)
	}
}

func TestImportsAreRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	file := upload(t, manager, "A", "units.csv", []byte(heading+"1栋,,901,89.5,空置,,,,,,,\n"))
	foreign := upload(t, app.Foreign(policy.ProjectManager), "B", "units.csv", []byte(heading))
	for _, role := range []policy.Role{policy.CSOfficer, policy.KeyCustodian, policy.Archivist, policy.Auditor, policy.Supervisor, policy.Resident} {
		app.As(role).Refused(importUnits, in(app.A.ID, file), fault.Forbidden)
	}
	app.As(policy.CSOfficer).Refused(importKeys, in(app.A.ID, file), fault.Forbidden)
	app.Nobody().Refused(importUnits, in(app.A.ID, file), fault.Unauthenticated)
	app.Foreign(policy.ProjectManager).Refused(importUnits, in(app.A.ID, file), fault.NotFound)
	if r := manager.Refused(importUnits, in(app.A.ID, foreign), fault.NotFound); r.Field != "fileID" {
		t.Errorf("a foreign file: %+v", r)
	}
	app.As(policy.GeneralManager).Refused(importUnits, in(app.A.ID, foreign), fault.NotFound) // sees both estates, yet not one's file in the other
	if r := manager.Refused(importKeys, in(app.A.ID, file), fault.InvalidInput); r.Field != "fileID" || !strings.Contains(r.Message, "位置") {
		t.Errorf("another form: %+v", r)
	}
}

// A dry run is rolled back on purpose: traces show no failure, and they do of a file that is refused.
func TestDryRunIsNoFailureToTraces(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(spans)))
	defer otel.SetTracerProvider(before)
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	file := upload(t, manager, "A", "units.csv", []byte(heading+"1栋,,901,89.5,空置,,,,,,,\n"))
	manager.Do(importUnits, in(app.A.ID, file, vars{"dryRun": true}))
	manager.Refused(importKeys, in(app.A.ID, file, vars{"dryRun": true}), fault.InvalidInput)
	status := map[string]codes.Code{}
	for _, s := range spans.Ended() {
		status[s.Name()] = s.Status().Code
	}
	if rehearsed, ok := status["registry.importUnits"]; !ok || rehearsed == codes.Error || status["keys.import"] != codes.Error {
		t.Errorf("spans: %v", status)
	}
}
