package archives_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/demo"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// after is where some text is found: on disk, in any row of any table, in a dump of the database.
func after(t *testing.T, app *stewardtest.App, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(app.FilesDir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) || strings.Contains(path, text) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(), `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 40 {
		t.Fatal(len(tables), err)
	}
	for _, table := range tables { // a row as text has every column of it, those of bytes in hex
		var n int
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM `+table+` r WHERE position($1 IN r::text) > 0 OR position($2 IN r::text) > 0`,
			text, hex.EncodeToString([]byte(text))).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			found = append(found, table)
		}
	}
	return append(found, dumped(t, app, text)...)
}

// dumped looks into what pg_dump writes, if it is on the machine.
func dumped(t *testing.T, app *stewardtest.App, text string) []string {
	t.Helper()
	program, err := exec.LookPath("pg_dump")
	if err != nil {
		list, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
		if len(list) == 0 {
			t.Log("there is no pg_dump here")
			return nil
		}
		program = list[len(list)-1]
	}
	out, err := exec.CommandContext(t.Context(), program, "--dbname", app.SuperURL).Output()
	if err != nil || len(out) < 100_000 {
		t.Fatalf("%s: %d bytes, %v", program, len(out), err)
	}
	if bytes.Contains(out, []byte(text)) || bytes.Contains(out, []byte(hex.EncodeToString([]byte(text)))) {
		return []string{"pg_dump"}
	}
	return nil
}

// What was destroyed is nowhere: not what it held, not what was said of it, nor can digests of it on the trail be compared.
func TestA7_NothingIsLeftAnywhere(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, officer := app.As(policy.Archivist), app.As(policy.CSOfficer)
	witness := member(app, app.As(policy.Security), "监销员")
	content := string(demo.PDF("独家秘闻 uniqueword", "unique-bytes-of-the-content"))
	sum := sha256.Sum256([]byte(content))
	said := map[string]string{
		"title": "独一无二的标题", "source": "独一无二的来源", "edition": "独一无二的版本", "name": "unique-name.pdf", "content": content,
		"sha256": hex.EncodeToString(sum[:]), "words": "独家", "more words": "秘闻", "a word": "uniqueword", "words of the title": "二的", "held because": "独一无二的限制理由", "released because": "独一无二的解除理由",
	}
	in := paper(app, set("title", said["title"]), set("source", said["source"]), set("edition", said["edition"]), set("dated", "2015-02-10"),
		set("uploadID", upload(t, officer, app.A.Code, said["name"], "application/pdf", content)))
	d := handed(officer.With("Idempotency-Key", "once"), in)
	volume := opened(archivist, volumeOf(app, "TS-01", set("periodFrom", "2015-01-01")))
	archivist.Do(bind, into(volume, d))
	indexed(t, app)
	h := archivist.Do(hold, vars{"in": vars{"documentID": d, "reason": said["held because"]}}).Get("placeArchiveHold.hold.id").String()
	archivist.Do(release, vars{"in": vars{"id": h, "reason": said["released because"]}})
	app.Super(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, method, attested_by_id, content_hash, signed_at, strokes, person)
		VALUES (new_id(x'0204'::int), now(), $1, 'keys.return', $2, 'returner', '甲', 'ATTESTED', $2, '00', now(), '[[1234567,7654321]]', 'name:x')`, app.A.ID, d)
	said["strokes"] = "[[1234567,7654321]]"
	for what, text := range said {
		if len(after(t, app, text)) == 0 && what != "content" {
			t.Errorf("the test does not find the %s before", what)
		}
	}
	id := proposed(app, d)
	app.As(policy.ProjectManager).Do(approving, approved(id, witness))
	archivist.With("Idempotency-Key", "destroy").Do(destroying, executed(id, witness))
	if status, _ := download(t, archivist, d); status != http.StatusNotFound {
		t.Errorf("downloaded with %d", status)
	}
	if n := shredded(t, app); n != 1 {
		t.Errorf("%d documents were finished off", n)
	}
	if n := shredded(t, app); n != 0 {
		t.Errorf("%d documents were finished off again", n)
	}
	for what, text := range said {
		if found := after(t, app, text); len(found) > 0 {
			t.Errorf("the %s is still in %v", what, found)
		}
	}
	for _, subject := range []string{d, h} {
		if _, err := app.Runtime.Keys.Key(t.Context(), uuid.MustParse(subject)); !errors.Is(err, audit.ErrErased) {
			t.Errorf("the key of %s: %v", subject, err)
		}
	}
	if got := titles(archivist, vars{"id": d}); len(got) != 1 || got[0] != "" {
		t.Errorf("the stub is listed as %q", got)
	}
}

// Content that another document or upload of the estate holds stays until the last of them goes; a crash between the erasure and the
// bytes leaves the bytes to the next run.
func TestA7_SharedContentGoesWithItsLastDocument(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	witness := member(app, app.As(policy.Security), "监销员")
	const content = "%PDF-1.7 shared"
	var list []string
	for _, code := range []string{"TS-01", "TS-02"} {
		d, _ := old(app, code, set("uploadID", upload(t, archivist, app.A.Code, code+".pdf", "application/pdf", content)))
		list = append(list, d)
	}
	foreign := app.Foreign(policy.Archivist)
	elsewhere := upload(t, foreign, app.B.Code, "b.pdf", "application/pdf", content)
	for i, d := range list {
		id := proposed(app, d)
		app.As(policy.ProjectManager).Do(approving, approved(id, witness))
		archivist.Do(destroying, executed(id, witness))
		if i == 1 {
			break // the server is killed here
		}
		shredded(t, app)
		if status, body := download(t, archivist, list[1]); status != http.StatusOK || body != content {
			t.Errorf("the other document: %d %q", status, body)
		}
	}
	sum := sha256.Sum256([]byte(content))
	path := filepath.Join(app.FilesDir, app.A.ID.String(), hex.EncodeToString(sum[:1]), hex.EncodeToString(sum[:]))
	if _, err := os.Stat(path); err != nil {
		t.Errorf("before the next run: %v", err)
	}
	if n := shredded(t, app); n != 1 {
		t.Errorf("%d documents were finished off", n)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after it: %v", err)
	}
	if status, body := download(t, foreign, elsewhere); status != http.StatusOK || body != content {
		t.Errorf("another estate's: %d %q", status, body)
	}
}
