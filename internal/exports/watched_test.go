package exports_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/steward-pm/steward/internal/files/store"
)

// watched is a store of which it is known what is in it.
type watched struct {
	store.Store
	mu    sync.Mutex
	there map[string]bool
	cut   atomic.Bool // the next content is put, and then the server is killed
}

func watch(t *testing.T) *watched {
	t.Helper()
	s, err := store.OpenDirectory(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return &watched{Store: s, there: map[string]bool{}}
}

func (w *watched) Put(ctx context.Context, key store.Key, file *os.File, size int64) error {
	if err := w.Store.Put(ctx, key, file, size); err != nil {
		return err
	}
	w.note(key, true)
	if w.cut.CompareAndSwap(true, false) {
		panic("killed")
	}
	return nil
}

func (w *watched) Remove(ctx context.Context, key store.Key) error {
	w.note(key, false)
	return w.Store.Remove(ctx, key)
}

func (w *watched) note(key store.Key, there bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if delete(w.there, key.String()); there {
		w.there[key.String()] = true
	}
}

func (w *watched) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.there)
}
