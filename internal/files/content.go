package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files/store"
)

// Content keeps what files hold, each content once per estate, named by its SHA-256, in a store that several servers share.
// Uploads under way are files of a directory, so that the hash is known before the store is asked for anything.
type Content struct {
	store    store.Store
	incoming string
}

// OpenContent keeps the content in a directory, made on first use: DIR/ESTATE/ab/abcd…; uploads under way are in DIR/incoming.
func OpenContent(dir string) (*Content, error) {
	s, err := store.OpenDirectory(dir)
	if err != nil {
		return nil, err
	}
	return NewContent(s, filepath.Join(dir, "incoming"))
}

// NewContent keeps the content in the store, and uploads under way in a directory, which is made on first use and cleared of
// what a killed server left.
func NewContent(s store.Store, incoming string) (*Content, error) {
	if err := os.MkdirAll(incoming, 0o700); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	c := &Content{s, incoming}
	err := c.sweep(time.Now()) //nolint:forbidigo // the machine's clock, which also stamped the files
	return c, err
}

// Check proves that the store takes, gives and removes content.
func (c *Content) Check(ctx context.Context) error { return store.Check(ctx, c.store, c.incoming) }

// Ping says whether the store can be reached.
func (c *Content) Ping(ctx context.Context) error { return c.store.Ping(ctx) }

// leftOver is how old an unfinished upload is that nobody works on any more.
const leftOver = 24 * time.Hour

func (c *Content) sweep(now time.Time) error {
	list, err := os.ReadDir(c.incoming)
	if err != nil {
		return fmt.Errorf("files: %w", err)
	}
	for _, e := range list {
		info, err := e.Info()
		if err == nil && now.Sub(info.ModTime()) > leftOver {
			_ = os.Remove(filepath.Join(c.incoming, e.Name())) // another server may have swept it
		}
	}
	return nil
}

// Open opens an estate's content by its SHA-256 in hex, to be read while ctx lasts. It authorises nothing: the caller has read the
// File under its viewer. Errors: NOT_FOUND.
func (c *Content) Open(ctx context.Context, sha256 string, estate uuid.UUID) (io.ReadSeekCloser, error) {
	key, err := store.KeyOf(estate, sha256)
	if err != nil {
		return nil, err
	}
	f, err := c.store.Open(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Missing().Because(err)
	}
	return f, err
}

// incoming is an upload whose content is whole and on disk, but not in its place yet.
type incoming struct {
	sum  string
	size int64
	file *os.File
}

// receive streams r to disk, hashing as it goes. The caller discards it in any case.
func (c *Content) receive(r io.Reader) (*incoming, error) {
	return c.written(func(w io.Writer) error {
		_, err := io.Copy(w, r)
		return err
	})
}

// written has what write writes on disk, hashing as it goes. The caller discards it in any case.
func (c *Content) written(write func(io.Writer) error) (_ *incoming, err error) {
	f, err := os.CreateTemp(c.incoming, "*")
	if err != nil {
		return nil, err
	}
	in := &incoming{file: f}
	defer func() {
		if err != nil {
			in.discard()
		}
	}()
	hash := sha256.New()
	if err := write(io.MultiWriter(f, hash)); err != nil {
		return nil, err
	}
	if in.size, err = f.Seek(0, io.SeekCurrent); err != nil {
		return nil, err
	}
	in.sum = hex.EncodeToString(hash.Sum(nil))
	return in, nil
}

// discard removes what was received, unless it was placed.
func (in *incoming) discard() {
	_ = in.file.Close()
	_ = os.Remove(in.file.Name()) // it may be gone after place
}

// place puts the content where Open finds it, durably. Content that is there already stays, so it may be called again.
func (c *Content) place(ctx context.Context, in *incoming, estate uuid.UUID) error {
	key, err := store.KeyOf(estate, in.sum)
	if err != nil {
		return err
	}
	return c.store.Put(ctx, key, in.file, in.size)
}

// Forget removes content of the estate unless something of the estate holds it: what an upload placed before its transaction
// failed, what was destroyed (A7). The lock decides between this and an upload of the same content at the same time. What is
// removed stays so through a power cut, and it may be called again.
func (c *Content) Forget(ctx context.Context, rt *act.Runtime, sum string, estate uuid.UUID) error {
	key, err := store.KeyOf(estate, sum)
	if err != nil {
		return err
	}
	return rt.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := lock(ctx, tx, sum, estate); err != nil {
			return err
		}
		var used bool
		if err := tx.QueryRow(ctx, `SELECT content_used($1, $2)`, estate, sum).Scan(&used); err != nil {
			return err
		}
		if used {
			return nil
		}
		return c.store.Remove(ctx, key)
	})
}
