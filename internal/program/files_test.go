package program_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/internal/files/store/storetest"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// served runs steward serve with its files in the bucket until it is ready or has ended, and then stops it.
func served(t *testing.T, address string) (status int, out, errs string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	env := map[string]string{"DATABASE_URL": dbtest.New(t, stewardtest.Template()).AppURL, "STEWARD_DATA": t.TempDir(), "STEWARD_FILES": address}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		env[name] = storetest.Getenv(name)
	}
	return runUntil(ctx, env, "ready http://", "serve", "--listen", "127.0.0.1:0")
}

func TestServeKeepsFilesInABucket(t *testing.T) {
	t.Parallel()
	bucket := storetest.New(t)
	if status, out, errs := served(t, bucket.Address()); status != 0 || !strings.Contains(out, "ready http://") {
		t.Errorf("%d %s %s", status, out, errs)
	}
	bucket.Stop()
	for name, address := range map[string]string{"a bucket that is away": bucket.Address(), "a bucket that locks what it holds": storetest.New(t, true).Address()} {
		if status, _, errs := served(t, address); status != 1 || !strings.Contains(errs, "store of files does not take") || strings.Count(strings.TrimSpace(errs), "\n") > 1 {
			t.Errorf("%s: %d %s", name, status, errs)
		}
	}
	if status, _, errs := run(t.Context(), map[string]string{"STEWARD_FILES": bucket.Address()}, "demo", "--data", t.TempDir()); status != 1 || !strings.Contains(errs, "unset STEWARD_FILES") {
		t.Errorf("the demo: %d %s", status, errs)
	}
}
