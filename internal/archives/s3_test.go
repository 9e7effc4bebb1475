package archives_test

import (
	"net/http"
	"testing"

	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/internal/files/store/storetest"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// The whole way of a document whose content is in a bucket, one that keeps old versions as well.
func TestA7_WhatIsDestroyedIsGoneFromTheBucket(t *testing.T) {
	t.Parallel()
	for name, versioned := range map[string]bool{"a bucket": false, "a bucket with versions": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := storetest.New(t)
			if versioned {
				server.Versioned()
			}
			app := stewardtest.New(t, stewardtest.Options{Files: server.Store()})
			archivist, content := app.As(policy.Archivist), "%PDF-1.7 桶里的独一无二的内容"
			witness := member(app, app.As(policy.Security), "监销员")
			d, _ := old(app, "TS-01", set("uploadID", upload(t, archivist, app.A.Code, "a.pdf", "application/pdf", content)))
			if status, body := download(t, archivist, d); status != http.StatusOK || body != content {
				t.Fatalf("download: %d %q", status, body)
			}
			if n := len(server.Holds(content)); n != 1 {
				t.Errorf("the bucket holds it %d times", n)
			}
			id := proposed(app, d)
			app.As(policy.ProjectManager).Do(approving, approved(id, witness))
			archivist.Do(destroying, executed(id, witness))
			bucket, err := files.NewContent(server.Store(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if n, err := archives.Shred(app.Context(), app.Runtime, bucket); err != nil || n != 1 {
				t.Fatalf("%d are shredded: %v", n, err)
			}
			if left := append(server.Holds(content), after(t, app, content)...); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
			if status, _ := download(t, archivist, d); status != http.StatusNotFound {
				t.Errorf("a download answers %d", status)
			}
		})
	}
}

// What a destruction could not remove while the bucket was away is removed when it is back, or anywhere else.
func TestA7_ADestructionOutlastsAnOutageOfTheBucket(t *testing.T) {
	t.Parallel()
	server, away := storetest.New(t), storetest.New(t)
	away.Stop()
	app := stewardtest.New(t, stewardtest.Options{Files: server.Store()})
	archivist, content := app.As(policy.Archivist), "%PDF-1.7 桶里的另一个内容"
	witness := member(app, app.As(policy.Security), "监销员")
	d, _ := old(app, "TS-01", set("uploadID", upload(t, archivist, app.A.Code, "a.pdf", "application/pdf", content)))
	id := proposed(app, d)
	app.As(policy.ProjectManager).Do(approving, approved(id, witness))
	archivist.Do(destroying, executed(id, witness))
	for i, bucket := range []*storetest.Server{away, server} {
		c, err := files.NewContent(bucket.Store(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if n, err := archives.Shred(app.Context(), app.Runtime, c); n != i || (err == nil) != (i == 1) {
			t.Errorf("%d are shredded: %v", n, err)
		}
	}
	if left := server.Holds(content); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
