package files_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// upload posts a file and returns the status and the answer.
func upload(t *testing.T, p *stewardtest.Person, estate, name string, content io.Reader) (int, gjson.Result) {
	t.Helper()
	r, err := p.Request(http.MethodPost, "/files?"+url.Values{"estate": {estate}, "name": {name}}.Encode(), content)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	status, body, err := p.Send(r)
	if err != nil {
		t.Fatal(err)
	}
	return status, gjson.ParseBytes(body)
}

// download gets a file and returns the status and what came.
func download(t *testing.T, p *stewardtest.Person, id string) (int, string) {
	t.Helper()
	r, err := p.Request(http.MethodGet, "/files/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	status, body, err := p.Send(r)
	if err != nil {
		t.Fatal(err)
	}
	return status, string(body)
}

// trail counts the entries of an action that ended so, over all estates.
func trail(t *testing.T, app *stewardtest.App, action, outcome string) (n int) {
	t.Helper()
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM audit.entries WHERE body::jsonb->>'action' = $1 AND body::jsonb->>'outcome' = $2`, action, outcome).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAFileIsUploadedAndDownloaded(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, content := app.As(policy.CSOfficer), "楼栋,房号\n1栋,101\n"

	status, file := upload(t, officer, "A", "\u202e业户资料.csv", strings.NewReader(content))
	if status != http.StatusCreated || file.Get("name").String() != "业户资料.csv" || file.Get("size").Int() != int64(len(content)) {
		t.Fatalf("%d %s", status, file.Raw)
	}
	id := file.Get("id").String()
	row := officer.Do(`query($id: ID!) { node(id: $id) { ... on File { name contentType size } } }`, stewardtest.Vars{"id": id}).Get("node")
	if row.Get("contentType").String() != "text/csv" || row.Get("size").Int() != int64(len(content)) {
		t.Errorf("the row: %s", row.Raw)
	}
	if status, got := download(t, app.As(policy.ProjectManager), id); status != http.StatusOK || got != content {
		t.Errorf("a colleague gets %d %q", status, got)
	}
	if done, read := trail(t, app, "files.upload", "done"), trail(t, app, "files.download", "read"); done != 1 || read != 1 {
		t.Errorf("on the trail are %d uploads and %d downloads", done, read)
	}

	_, again := upload(t, officer, "A", "b.csv", strings.NewReader(content))
	if again.Get("id").String() == id || again.Get("sha256").String() != file.Get("sha256").String() {
		t.Errorf("the same content again: %s", again.Raw)
	}
}

func TestFilesOfAnotherEstateAreNotThere(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	_, file := upload(t, app.Foreign(policy.CSOfficer), "B", "b.csv", strings.NewReader("b"))
	id := file.Get("id").String()

	for who, p := range map[string]*stewardtest.Person{"a stranger": app.As(policy.CSOfficer), "a resident": app.Resident()} {
		status, body := download(t, p, id)
		if want, missing := download(t, p, app.A.ID.String()); status != http.StatusNotFound || want != status || gjson.Get(missing, "errors.0.message").String() != gjson.Get(body, "errors.0.message").String() {
			t.Errorf("%s gets %d %s", who, status, body)
		}
	}
	if status, _ := download(t, app.Nobody(), id); status != http.StatusUnauthorized {
		t.Errorf("nobody gets %d", status)
	}
	if n := trail(t, app, "files.download", "refused"); n != 2 {
		t.Errorf("%d refusals are on the trail, want 2", n)
	}
}

func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t, stewardtest.Options{Server: func(c *server.Config) { c.FileBytes = 1 << 20 }})
	for _, c := range []struct {
		who    string
		p      *stewardtest.Person
		estate string
		status int
	}{
		{"nobody", app.Nobody(), "A", http.StatusUnauthorized},
		{"another estate's officer", app.As(policy.CSOfficer), "B", http.StatusNotFound},
		{"an officer, where no estate is", app.As(policy.CSOfficer), "Z", http.StatusNotFound},
		{"a mail sorter", app.As(policy.MailSorter), "A", http.StatusForbidden},
		{"an auditor", app.As(policy.Auditor), "A", http.StatusForbidden},
		{"a resident", app.Resident(), "A", http.StatusNotFound},
	} {
		status, answer := upload(t, c.p, c.estate, "a.csv", strings.NewReader("a"))
		if status != c.status || answer.Get("errors.0.message").String() == "" {
			t.Errorf("%s: %d %s, want %d", c.who, status, answer.Raw, c.status)
		}
	}
	for extra, want := range map[int]int{0: http.StatusCreated, 1: http.StatusRequestEntityTooLarge} {
		// a reader of unknown length, so that only the bytes tell
		status, answer := upload(t, app.As(policy.CSOfficer), "A", "big.bin", io.MultiReader(bytes.NewReader(make([]byte, 1<<20+extra))))
		if status != want {
			t.Errorf("%d bytes over the limit: %d %s", extra, status, answer.Raw)
		}
	}
	if n := len(app.IDs(`SELECT id FROM files WHERE estate_id = $1 AND size > 1`, app.A.ID)); n != 1 {
		t.Errorf("%d files are recorded, want 1", n)
	}
}

func TestTheSameUploadAtOnceIsDoneOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t, stewardtest.Options{Server: func(c *server.Config) { c.AccountTransfers = 20 }}) // one person's, all at once
	p := app.As(policy.CSOfficer).With("Idempotency-Key", "one")
	ids := make([]string, 20)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			r, err := p.Request(http.MethodPost, "/files?estate=A&name=a.csv", strings.NewReader("same"))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Content-Type", "text/csv")
			_, body, err := p.Send(r)
			if err != nil {
				t.Error(err)
			}
			ids[i] = gjson.GetBytes(body, "id").String()
		})
	}
	all.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Fatal(fmt.Sprint(ids))
		}
	}
	if status, got := download(t, p, ids[0]); status != http.StatusOK || got != "same" {
		t.Errorf("%d %q", status, got)
	}
}
