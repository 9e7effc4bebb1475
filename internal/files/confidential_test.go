package files_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// households is a list of households as an office keeps it, telephone numbers in full.
const households = "楼栋,房号,业户姓名,联系电话\n1栋,101,张三," + stewardtest.Phone + "\n"

// masked are roles that see contact data with its last 4 digits only; of them auditors alone know of files of others.
var masked = []policy.Role{policy.Auditor, policy.KeyCustodian, policy.Archivist, policy.Receptionist, policy.Accountant}

// With the line that lets everybody who reads the row have what the file holds, the numbers are out.
func TestA6_WithoutItsLineFilesLeakContactData(t *testing.T) {
	t.Parallel()
	leaky, err := policy.LoadText("auditor|key-custodian|archivist|receptionist|accountant, File, read|reveal, estate\n" + policy.Text())
	if err != nil {
		t.Fatal(err)
	}
	app := stewardtest.New(t, stewardtest.Options{Policy: leaky})
	_, file := upload(t, app.As(policy.CSOfficer), "A", "业户资料.csv", strings.NewReader(households))
	for _, role := range masked {
		if status, got := download(t, app.As(role), file.Get("id").String()); status != http.StatusOK || !strings.Contains(got, stewardtest.Phone) {
			t.Errorf("%s: %d %q; the mutant does not leak, so the test below proves nothing", role, status, got)
		}
	}
}

func TestA6_FilesAreForManagersAndTheUploader(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	_, file := upload(t, app.As(policy.CSOfficer), "A", "业户资料.csv", strings.NewReader(households))
	id := file.Get("id").String()
	auditor := app.As(policy.Auditor)
	status, got := download(t, auditor, id)
	e := gjson.Get(got, "errors.0")
	if status != http.StatusForbidden || e.Get("extensions.code").String() != "FORBIDDEN" || e.Get("extensions.clause").String() != "A6" ||
		!strings.Contains(e.Get("message").String(), "contact data") || strings.Contains(got, stewardtest.Phone) {
		t.Errorf("the auditor gets %d %s", status, got)
	}
	// Auditors know of it, and not what it holds: a hash would let them try out numbers.
	name := `query($id: ID!) { node(id: $id) { ... on File { name uploadedBy } } }`
	row := auditor.Do(name, stewardtest.Vars{"id": id}).Get("node")
	if row.Get("name").String() != "业户资料.csv" || strings.Contains(auditor.Ask(`{ __type(name: "File") { fields { name } } }`, nil).Raw, "sha256") {
		t.Errorf("the auditor sees of the row %s", row.Raw)
	}
	if refused := refusals(t, app, id); refused != 1 {
		t.Errorf("%d refusals are on the trail with the file and the clause, want 1", refused)
	}
	// Nobody can tell what it is for: until something takes it over, colleagues are not told that it is there.
	colleague := app.Member("officer2@a.example", app.GrantIn(policy.CSOfficer, app.A))
	for who, p := range map[string]*stewardtest.Person{
		"a colleague": colleague, "the custodian": app.As(policy.KeyCustodian), "the archivist": app.As(policy.Archivist), "the receptionist": app.As(policy.Receptionist), "the accountant": app.As(policy.Accountant),
	} {
		if status, got := download(t, p, id); status != http.StatusNotFound || p.Ask(name, stewardtest.Vars{"id": id}).Get("data.node.name").Exists() {
			t.Errorf("%s gets %d %q", who, status, got)
		}
	}
	for _, role := range []policy.Role{policy.CSOfficer, policy.ProjectManager, policy.GeneralManager} {
		if status, got := download(t, app.As(role), id); status != http.StatusOK || got != households {
			t.Errorf("%s gets %d %q", role, status, got)
		}
	}
	for who, p := range map[string]*stewardtest.Person{"a resident": app.Resident(), "a mail sorter": app.As(policy.MailSorter), "another estate's officer": app.Foreign(policy.CSOfficer)} {
		if status, got := download(t, p, id); status != http.StatusNotFound {
			t.Errorf("%s gets %d %q", who, status, got)
		}
	}
	for _, role := range masked[1:] { // auditors upload nothing
		_, own := upload(t, app.As(role), "A", "own.csv", strings.NewReader(households))
		if status, got := download(t, app.As(role), own.Get("id").String()); status != http.StatusOK || got != households {
			t.Errorf("%s gets of the own file %d %q", role, status, got)
		}
	}
}

// refusals counts the entries of the read chain that say who was refused this file, and by which clause.
func refusals(t *testing.T, app *stewardtest.App, id string) (n int) {
	t.Helper()
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM audit.entries WHERE body::jsonb @> jsonb_build_object(
			'action', 'files.download', 'outcome', 'refused', 'kind', 'read', 'clause', 'A6', 'reason', 'FORBIDDEN', 'subject', $1::text)`, id).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Whatever role is let into files of others may see contact data in full everywhere else.
func TestA6_FilesOfOthersNeedContactData(t *testing.T) {
	t.Parallel()
	table, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range policy.Roles {
		files := table.Scope(role, policy.File, policy.Reveal)
		for _, contact := range []policy.Resource{policy.ResidentPerson, policy.EmergencyContact, policy.ExternalPerson, policy.Staff} {
			if files > policy.Self && table.Scope(role, contact, policy.Reveal) < files {
				t.Errorf("%s sees files (%s) and not %s in full", role, files, contact)
			}
		}
	}
}
