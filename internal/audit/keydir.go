package audit

import (
	"container/list"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
)

const (
	keySize    = 32
	cachedKeys = 4096
)

// KeyDir is a KeyStore of one file (0600) per subject below a directory. An erased key leaves an empty
// file, so that it is never made anew. Several servers share it by sharing the directory.
type KeyDir struct {
	dir   string
	limit int // of cached keys

	mu     sync.Mutex
	cached map[uuid.UUID]*list.Element // of cachedKey
	recent *list.List                  // the most recently used first
}

type cachedKey struct {
	subject uuid.UUID
	key     []byte
}

// OpenKeyDir opens, or makes, the key store in dir.
func OpenKeyDir(dir string) (*KeyDir, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("audit keys: %w", err)
	}
	return &KeyDir{dir: dir, limit: cachedKeys, cached: map[uuid.UUID]*list.Element{}, recent: list.New()}, nil
}

// Key implements KeyStore.
func (d *KeyDir) Key(_ context.Context, subject uuid.UUID) (key []byte, err error) {
	defer fault.Wrap(&err, "audit key of %s", subject)
	d.mu.Lock()
	defer d.mu.Unlock()
	path := d.path(subject)
	if e := d.cached[subject]; e != nil {
		// Another server that shares the directory may have erased it since (A7): a key is used only while its file is whole.
		if info, err := os.Stat(path); err == nil && info.Size() == keySize {
			d.recent.MoveToFront(e)
			return e.Value.(cachedKey).key, nil
		}
		d.forget(e)
	}
	key, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		fresh := make([]byte, keySize)
		_, _ = rand.Read(fresh) // never fails, by its contract
		key, err = createOnce(path, fresh)
	}
	switch {
	case err != nil:
		return nil, err
	case len(key) == 0:
		return nil, ErrErased
	case len(key) != keySize:
		return nil, fmt.Errorf("%s holds %d bytes instead of %d", path, len(key), keySize)
	}
	d.remember(subject, key)
	return key, nil
}

func (d *KeyDir) remember(subject uuid.UUID, key []byte) {
	d.cached[subject] = d.recent.PushFront(cachedKey{subject, key})
	if d.recent.Len() > d.limit {
		oldest := d.recent.Remove(d.recent.Back()).(cachedKey)
		delete(d.cached, oldest.subject)
	}
}

func (d *KeyDir) forget(e *list.Element) {
	delete(d.cached, d.recent.Remove(e).(cachedKey).subject)
}

// Erase implements KeyStore.
func (d *KeyDir) Erase(_ context.Context, subject uuid.UUID) (err error) {
	defer fault.Wrap(&err, "erase audit key of %s", subject)
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.cached[subject]; e != nil {
		d.forget(e)
	}
	path := d.path(subject)
	temp, err := writeTemp(path, nil)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(filepath.Dir(path))
}

// path spreads the subjects over 256 directories by a random byte: the first ones of a UUIDv7 are time,
// the last two the type.
func (d *KeyDir) path(subject uuid.UUID) string {
	return filepath.Join(d.dir, fmt.Sprintf("%02x", subject[12]), subject.String())
}

// createOnce writes content to a new file of mode 0600, whole or not at all, and returns what the file
// then holds: somebody else's content if they were first.
func createOnce(path string, content []byte) ([]byte, error) {
	temp, err := writeTemp(path, content)
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(temp) }()
	if err := os.Link(temp, path); errors.Is(err, fs.ErrExist) { // Link, unlike Rename, never replaces
		return os.ReadFile(path)
	} else if err != nil {
		return nil, err
	}
	return content, syncDir(filepath.Dir(path))
}

func writeTemp(path string, content []byte) (temp string, err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, ".new-*") // O_EXCL, 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
