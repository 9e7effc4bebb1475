package files_test

import (
	"context"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/internal/identity"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// viewed is a context in which the person asks, without the HTTP server.
func viewed(t *testing.T, app *stewardtest.App, p *stewardtest.Person) context.Context {
	t.Helper()
	auth := identity.NewAuthenticator(app.Runtime.Accounts, app.Policy, app.Clock, stewardtest.Start.Location())
	ctx, err := auth.Authenticate(act.With(t.Context(), app.Runtime), p.Token)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// open makes a store of files in a directory of the test's own, and tells how much is kept there.
func open(t *testing.T) (*files.Files, func() int) {
	t.Helper()
	dir := t.TempDir()
	content, err := files.OpenContent(dir)
	if err != nil {
		t.Fatal(err)
	}
	return files.New(content), func() (n int) {
		err := fs.WalkDir(os.DirFS(dir), ".", func(_ string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				n++
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// unread fails the test when somebody reads it.
type unread struct{ t *testing.T }

func (r unread) Read([]byte) (int, error) {
	r.t.Error("the body was read")
	return 0, io.EOF
}

func TestWhoMayNotUploadIsToldBeforeTheBodyIsRead(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	store, kept := open(t)
	ctx := viewed(t, app, app.As(policy.MailSorter))
	if _, err := store.Store(ctx, server.Upload{Estate: "A", Name: "a.csv"}, unread{t}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("got %v", err)
	}
	if _, err := store.Store(ctx, server.Upload{Estate: "B", Name: "a.csv"}, unread{t}); !fault.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
	if kept() != 0 {
		t.Error("something was kept")
	}
}

func TestContentOfAFailedUploadIsRemoved(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	store, kept := open(t)
	ctx := viewed(t, app, app.As(policy.CSOfficer))
	// The transaction fails at its very end, when the content is in its place already.
	app.SQL(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''as tested''; END'`)
	app.SQL(`CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON files DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.name = 'bad.csv') EXECUTE FUNCTION fail()`)

	if _, err := store.Store(ctx, server.Upload{Estate: "A", Name: "bad.csv"}, strings.NewReader("one")); err == nil || fault.From(err) != nil {
		t.Errorf("got %v", err)
	}
	if n := kept(); n != 0 {
		t.Errorf("%d contents are left behind", n)
	}
	good, err := store.Store(ctx, server.Upload{Estate: "A", Name: "good.csv"}, strings.NewReader("two"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Store(ctx, server.Upload{Estate: "A", Name: "bad.csv"}, strings.NewReader("two")); err == nil {
		t.Error("the upload did not fail")
	}
	if n := kept(); n != 1 {
		t.Errorf("%d contents are kept, want that of the good file", n)
	}
	_, content, err := store.Open(ctx, server.Wanted{ID: good.ID})
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if b, err := io.ReadAll(content); err != nil || string(b) != "two" {
		t.Errorf("%q %v", b, err)
	}
}
