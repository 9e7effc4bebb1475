package exports_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/exports"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	exportFields    = `id register format language fromOn untilOn household { id } state jobNumber rows size startedAt finishedAt expiresAt reason reasonEn accountID accountName path checksum createdAt`
	requestExport   = `mutation($in: RequestRegisterExportInput!) { requestRegisterExport(input: $in) { export { ` + exportFields + ` } } }`
	cancelExport    = `mutation($id: ID!) { cancelRegisterExport(input: {registerExportID: $id}) { export { ` + exportFields + ` } } }`
	registerExports = `query($where: RegisterExportWhereInput) { registerExports(where: $where) { totalCount edges { node { ` + exportFields + ` } } } }`
	oneExport       = `query($id: ID!) { node(id: $id) { ... on RegisterExport { ` + exportFields + ` } } }`
)

// ask asks for a register of A.
func ask(p *stewardtest.Person, app *stewardtest.App, register, format string, more vars) gjson.Result {
	return p.Do(requestExport, vars{"in": input(app, register, format, more)}).Get("requestRegisterExport.export")
}

func input(app *stewardtest.App, register, format string, more vars) vars {
	in := vars{"estateID": app.A.ID, "register": register, "format": format, "language": "ZH"}
	for k, v := range more {
		in[k] = v
	}
	return in
}

func id(t *testing.T, x gjson.Result) uuid.UUID {
	t.Helper()
	u, err := uuid.Parse(x.Get("id").String())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// work has the program write an export.
func work(t *testing.T, app *stewardtest.App, x gjson.Result) {
	t.Helper()
	if err := app.Exports.Work(app.Context(), id(t, x), 1, false); err != nil {
		t.Fatal(err)
	}
}

// again is an export as it stands.
func again(p *stewardtest.Person, x gjson.Result) gjson.Result {
	return p.Do(oneExport, vars{"id": x.Get("id").String()}).Get("node")
}

// download gets what was exported.
func download(t *testing.T, p *stewardtest.Person, path string) (int, []byte) {
	t.Helper()
	r, err := p.Request(http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	status, body, err := p.Send(r)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

func TestA4_3_ARegisterIsExportedWhileNobodyWaits(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	x := ask(officer, app, "households", "CSV", nil)
	if x.Get("state").String() != "WAITING" || x.Get("path").Type != gjson.Null || x.Get("accountID").String() != officer.Account.String() {
		t.Errorf("it waits as %s", x.Raw)
	}
	_, streamed := get(t, officer, "households.csv?estate=A&lang=zh")
	work(t, app, x)
	x = again(officer, x)
	if x.Get("state").String() != "DONE" || x.Get("rows").Int() != 2 || x.Get("size").Int() != int64(len(streamed)) || len(x.Get("checksum").String()) != 64 ||
		x.Get("expiresAt").Time().Sub(x.Get("finishedAt").Time()).Hours() != 7*24 {
		t.Errorf("it is done as %s", x.Raw)
	}
	status, body := download(t, officer, x.Get("path").String())
	if status != http.StatusOK || string(body) != string(streamed) {
		t.Errorf("%d %s\nis not what is streamed:\n%s", status, body, streamed)
	}
	if n := len(app.IDs(`SELECT subject_id FROM identity.inbox WHERE account_id = $1 AND kind = 'exports.done' AND subject_id = $2 AND title_zh LIKE '导出已完成:%' AND position($3 in body_zh) > 0`,
		officer.Account, x.Get("id").String(), x.Get("path").String())); n != 1 {
		t.Errorf("%d messages tell of it", n)
	}
	link := officer.Do(`query($id: ID!) { registerExportLink(registerExportID: $id) { url } }`, vars{"id": x.Get("id").String()}).Get("registerExportLink.url").String()
	if status, _ := download(t, officer, link); status != http.StatusOK {
		t.Errorf("the link answers %d", status)
	}
	for action, n := range map[string]int{"exports.request": 1, "exports.finish": 1, "registers.export": 2, "files.download": 2} {
		if got := len(app.IDs(`SELECT estate_id FROM audit.entries WHERE action = $1 AND estate_id = $2`, action, app.A.ID)); got != n {
			t.Errorf("%d entries of %s on the trail, want %d", got, action, n)
		}
	}
}

// Every register of the catalogue, as everybody: it is asked for by exactly those who may have it over HTTP, and is the same to the last byte.
func TestA4_3_WhoMayHaveARegisterOverHTTPMayAskForIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	people := []*stewardtest.Person{app.As(policy.CSOfficer), app.As(policy.Accountant), app.As(policy.Security), app.As(policy.Supervisor), app.Resident()}
	home := app.A.Household
	code := people[0].Do(`query($id: ID!) { node(id: $id) { ... on Household { code } } }`, vars{"id": home}).Get("node.code").String()
	asked := 0
	for _, name := range exports.Names() {
		for _, p := range people {
			format, query, more := "CSV", "", vars{}
			if strings.HasSuffix(name, "-sheets") || name == "fee-evidence" {
				format, query, more = "PDF", "&household="+code, vars{"householdID": home}
			}
			status, streamed := get(t, p, name+"."+strings.ToLower(format)+"?estate=A&lang=zh"+query)
			answer := p.Ask(requestExport, vars{"in": input(app, name, format, more)})
			refusal := answer.Get("errors.0.extensions.code").String()
			switch {
			case status == http.StatusOK && refusal == "":
				asked++
				x := answer.Get("data.requestRegisterExport.export")
				work(t, app, x)
				if _, body := download(t, p, "/files/"+x.Get("id").String()); format == "CSV" && string(body) != string(streamed) {
					t.Errorf("%s as %s is another:\n%s\n%s", name, p.Email, body, streamed)
				}
			case status != http.StatusOK && (refusal == string(fault.Forbidden) || refusal == string(fault.NotFound)):
			default:
				t.Errorf("%s as %s: %d over HTTP, %q as a job: %s", name, p.Email, status, refusal, answer.Raw)
			}
		}
	}
	if asked < 60 {
		t.Errorf("only %d were exported", asked)
	}
}

func TestA4_3_ExportsThatAreRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	for _, p := range []*stewardtest.Person{app.As(policy.Auditor), app.As(policy.Security), app.Resident()} {
		p.Refused(requestExport, vars{"in": input(app, "households", "CSV", nil)}, fault.Forbidden)
	}
	app.Nobody().Refused(requestExport, vars{"in": input(app, "households", "CSV", nil)}, fault.Unauthenticated)
	if r := app.As(policy.Security).Refused(requestExport, vars{"in": input(app, "households", "CSV", nil)}, fault.Forbidden, "A4.3"); r.Field != "register" {
		t.Errorf("refused at %q", r.Field)
	}
	for _, c := range []struct {
		what          vars
		code          fault.Code
		clause, field string
	}{
		{vars{"estateID": app.B.ID}, fault.NotFound, "", "estateID"},
		{vars{"estateID": uuid.New()}, fault.NotFound, "", "estateID"},
		{vars{"register": "mail-items", "householdID": app.B.Household}, fault.NotFound, "", "householdID"},
		{vars{"register": "nothing"}, fault.InvalidInput, "A4.3", "register"},
		{vars{"format": "PDF"}, fault.InvalidInput, "A4.3", "format"},
		{vars{"register": "fee-notice-sheets"}, fault.InvalidInput, "A4.3", "format"},
		{vars{"register": "fee-notice-sheets", "format": "PDF"}, fault.InvalidInput, "A4.3", "from"},
		{vars{"register": "fee-evidence", "format": "PDF", "from": "2026-02-01"}, fault.InvalidInput, "A4.3", "householdID"},
		{vars{"from": "2026-02-01"}, fault.InvalidInput, "A4.3", "from"},
		{vars{"householdID": app.A.Household}, fault.InvalidInput, "A4.3", "householdID"},
		{vars{"register": "keys-loans", "from": "2026-02-02", "to": "2026-02-01"}, fault.InvalidInput, "A4.3", "to"},
	} {
		in := input(app, "households", "CSV", c.what)
		if r := officer.Refused(requestExport, vars{"in": in}, c.code, c.clause); r.Field != c.field || r.Message == "" {
			t.Errorf("%v is refused at %q: %s", c.what, r.Field, r.Message)
		}
	}
	if r := officer.With("Accept-Language", "zh").Refused(requestExport, vars{"in": input(app, "nothing", "CSV", nil)}, fault.InvalidInput); !strings.Contains(r.Message, "keys-loans") {
		t.Errorf("it does not say which registers there are: %s", r.Message)
	}
	if n := len(app.IDs(`SELECT id FROM register_exports WHERE state <> 'EXPIRED'`)); n != 0 {
		t.Errorf("%d exports are there", n)
	}
}

// The same key gives the same export, also when both come at once; another input under it is refused.
func TestA4_3_ARepeatedRequestIsOneExport(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer).With("Idempotency-Key", "export-1")
	var all sync.WaitGroup
	got := make([]string, 6)
	for i := range got {
		all.Go(func() {
			answer, err := officer.Try(requestExport, vars{"in": input(app, "units", "XLSX", nil)})
			if err == nil {
				got[i] = answer.Get("data.requestRegisterExport.export.id").String()
			}
		})
	}
	all.Wait()
	got = slices.DeleteFunc(got, func(s string) bool { return s == "" }) // refused while the first was under way
	first := ask(officer, app, "units", "XLSX", nil).Get("id").String()
	for _, g := range got {
		if g != first {
			t.Errorf("%s and %s", g, first)
		}
	}
	officer.Refused(requestExport, vars{"in": input(app, "units", "CSV", nil)}, fault.Conflict)
	if n := len(app.IDs(`SELECT id FROM register_exports WHERE account_id = $1`, officer.Account)); n != 1 {
		t.Errorf("%d exports", n)
	}
	if n := jobsOf(app, first); n != 1 {
		t.Errorf("%d jobs", n)
	}
}

func jobsOf(app *stewardtest.App, id string) int {
	return len(app.IDs(`SELECT $1::uuid FROM river.river_job WHERE kind = 'exports.write' AND args ->> 'export' = $2`, id, id))
}

// Five of one account wait at most, whoever counts at once; without the database's guard there would be more.
func TestA4_3_AtMostFiveWait(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	waiting := func() int {
		return len(app.IDs(`SELECT id FROM register_exports WHERE account_id = $1 AND state = 'WAITING'`, officer.Account))
	}
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() { _, _ = officer.Try(requestExport, vars{"in": input(app, "units", "CSV", nil)}) })
	}
	all.Wait()
	if n := waiting(); n != 5 {
		t.Fatalf("%d wait", n)
	}
	officer.Refused(requestExport, vars{"in": input(app, "units", "CSV", nil)}, fault.Conflict, "A4.3")
	ask(app.As(policy.KeyCustodian), app, "keys-loans", "CSV", nil) // another's own
	list := officer.Do(registerExports, nil).Get("registerExports.edges")
	x := officer.Do(cancelExport, vars{"id": list.Get("0.node.id").String()}).Get("cancelRegisterExport.export")
	if x.Get("state").String() != "CANCELLED" {
		t.Errorf("cancelled it is %s", x.Raw)
	}
	work(t, app, x) // there is nothing to do
	if s := again(officer, x).Get("state").String(); s != "CANCELLED" {
		t.Errorf("a cancelled export is %s", s)
	}
	officer.Refused(cancelExport, vars{"id": x.Get("id").String()}, fault.Conflict, "A4.3")
	ask(officer, app, "units", "CSV", nil)
	officer.Refused(requestExport, vars{"in": input(app, "units", "CSV", nil)}, fault.Conflict, "A4.3")
	app.SQL(`ALTER TABLE register_exports DISABLE TRIGGER register_exports_waiting`)
	ask(officer, app, "units", "CSV", nil)
	if n := waiting(); n != 6 {
		t.Errorf("%d wait without the guard", n)
	}
}

// What others asked for is not there for staff; managers and auditors see that it was made.
func TestA4_3_OneSeesTheOwnExports(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	x := ask(officer, app, "units", "HTML", vars{"language": nil})
	work(t, app, x)
	if x := again(officer, x); x.Get("state").String() != "DONE" || x.Get("language").String() != "EN" { // by the request's language
		t.Errorf("it is %s", x.Raw)
	}
	list := officer.Do(registerExports, vars{"where": vars{"state": "DONE", "register": "units", "format": "HTML"}}).Get("registerExports")
	if list.Get("totalCount").Int() != 1 || list.Get("edges.0.node.id").String() != x.Get("id").String() {
		t.Errorf("it is listed as %s", list.Raw)
	}
	for _, p := range []*stewardtest.Person{app.As(policy.Supervisor), app.As(policy.KeyCustodian), app.Foreign(policy.ProjectManager)} {
		if n := p.Do(registerExports, vars{"where": vars{"accountID": officer.Account}}).Get("registerExports.totalCount").Int(); n != 0 {
			t.Errorf("%s sees %d", p.Email, n)
		}
		p.Refused(cancelExport, vars{"id": x.Get("id").String()}, fault.NotFound)
	}
	for _, p := range []*stewardtest.Person{app.As(policy.ProjectManager), app.As(policy.Auditor)} {
		seen := p.Do(registerExports, vars{"where": vars{"accountID": officer.Account}}).Get("registerExports.edges.0.node")
		if seen.Get("accountName").String() == "" || seen.Get("path").Type != gjson.Null || seen.Get("checksum").Type != gjson.Null {
			t.Errorf("%s sees %s", p.Email, seen.Raw)
		}
	}
}
