package files_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/internal/files/store/storetest"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// each runs a test over the program on every kind of store, of which kept tells where it holds the content.
func each(t *testing.T, test func(t *testing.T, app *stewardtest.App, content *files.Content)) {
	t.Run("directory", func(t *testing.T) {
		t.Parallel()
		app := stewardtest.New(t)
		content, err := files.OpenContent(app.FilesDir)
		if err != nil {
			t.Fatal(err)
		}
		test(t, app, content)
	})
	t.Run("S3", func(t *testing.T) {
		t.Parallel()
		bucket := storetest.New(t).Store()
		content, err := files.NewContent(bucket, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		test(t, stewardtest.New(t, stewardtest.Options{Files: bucket}), content)
	})
}

// Of uploads and removals of one content at the same time each is whole: what is recorded can be downloaded.
func TestUploadsRaceWithEachOtherAndWithRemoval(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, app *stewardtest.App, content *files.Content) {
		const racers = 4
		people := []*stewardtest.Person{app.As(policy.CSOfficer), app.As(policy.ProjectManager)}
		for round := range 5 {
			text := fmt.Sprint("round ", round)
			ids, sum := make([]string, racers), ""
			var all sync.WaitGroup
			var mu sync.Mutex
			for i := range ids {
				all.Go(func() {
					status, file := upload(t, people[i%2], "A", "a.csv", strings.NewReader(text))
					if status != http.StatusCreated {
						t.Errorf("%d %s", status, file.Raw)
					}
					mu.Lock()
					defer mu.Unlock()
					ids[i], sum = file.Get("id").String(), file.Get("sha256").String()
				})
				all.Go(func() {
					if err := content.Forget(app.Context(), app.Runtime, hash(text), app.A.ID); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if sum != hash(text) {
				t.Errorf("the hash is %s", sum)
			}
			for _, id := range ids {
				if status, got := download(t, people[1], id); status != http.StatusOK || got != text {
					t.Errorf("%s: %d %q", id, status, got)
				}
			}
		}
	})
}

// An estate's content is its own: that another holds the same keeps nothing.
func TestAnotherEstatesContentIsNoneOfThisOnes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, app *stewardtest.App, content *files.Content) {
		_, a := upload(t, app.As(policy.CSOfficer), "A", "a.csv", strings.NewReader("same"))
		_, b := upload(t, app.Foreign(policy.CSOfficer), "B", "b.csv", strings.NewReader("same"))
		app.SQL(`DELETE FROM files WHERE id = $1`, a.Get("id").String())
		for _, estate := range []uuid.UUID{app.A.ID, app.B.ID} {
			if err := content.Forget(app.Context(), app.Runtime, hash("same"), estate); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := content.Open(t.Context(), hash("same"), app.A.ID); err == nil {
			t.Error("what nothing holds is still there")
		}
		if status, got := download(t, app.Foreign(policy.CSOfficer), b.Get("id").String()); status != http.StatusOK || got != "same" {
			t.Errorf("the other estate gets %d %q", status, got)
		}
	})
}

func TestAnOutageOfTheStoreRecordsNothing(t *testing.T) {
	t.Parallel()
	bucket := storetest.New(t)
	app := stewardtest.New(t, stewardtest.Options{Files: bucket.Store(), Server: func(c *server.Config) { c.FileBytes = 1 << 20 }})
	officer := app.As(policy.CSOfficer)
	_, file := upload(t, officer, "A", "before.csv", strings.NewReader("before"))
	bucket.Stop()
	if status, answer := upload(t, officer, "A", "during.csv", strings.NewReader("during")); status != http.StatusInternalServerError ||
		answer.Get("errors.0.extensions.code").String() != "INTERNAL" || strings.Contains(answer.Raw, "127.0.0.1") || !strings.Contains(answer.Raw, "rror") {
		t.Errorf("an upload: %d %s", status, answer.Raw)
	}
	if n := len(app.IDs(`SELECT id FROM files WHERE name = 'during.csv'`)); n != 0 {
		t.Errorf("%d files are recorded", n)
	}
	if status, body := download(t, officer, file.Get("id").String()); status != http.StatusInternalServerError || gjson.Get(body, "errors.0.extensions.code").String() != "INTERNAL" {
		t.Errorf("a download: %d %s", status, body)
	}
	r, err := app.Nobody().Request(http.MethodGet, "/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, body, err := app.Nobody().Send(r); err != nil || status != http.StatusOK || string(body) != "ready; not reached: files\n" {
		t.Errorf("readyz: %d %q %v", status, body, err)
	}
	officer.Do(`query { estates { edges { node { id } } } }`, nil) // all else goes on
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
