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
)

// Content keeps what files hold, each content once per estate, named by its SHA-256:
// DIR/ESTATE/ab/abcd…; uploads under way are in DIR/incoming. Several servers may share the directory.
type Content struct{ dir string }

// OpenContent opens the directory, made on first use, and clears away uploads that a killed server left.
func OpenContent(dir string) (*Content, error) {
	c := &Content{dir}
	if err := os.MkdirAll(c.incoming(), 0o700); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	err := c.sweep(time.Now()) //nolint:forbidigo // the machine's clock, which also stamped the files
	return c, err
}

func (c *Content) incoming() string { return filepath.Join(c.dir, "incoming") }

// leftOver is how old an unfinished upload is that nobody works on any more.
const leftOver = 24 * time.Hour

func (c *Content) sweep(now time.Time) error {
	list, err := os.ReadDir(c.incoming())
	if err != nil {
		return fmt.Errorf("files: %w", err)
	}
	for _, e := range list {
		info, err := e.Info()
		if err == nil && now.Sub(info.ModTime()) > leftOver {
			_ = os.Remove(filepath.Join(c.incoming(), e.Name())) // another server may have swept it
		}
	}
	return nil
}

// Open opens an estate's content by its SHA-256 in hex. It authorises nothing: the caller has read the
// File under its viewer. Errors: NOT_FOUND.
func (c *Content) Open(ctx context.Context, sha256 string, estate uuid.UUID) (io.ReadSeekCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path, err := c.path(sha256, estate)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Missing().Because(err)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (c *Content) path(sum string, estate uuid.UUID) (string, error) {
	if b, err := hex.DecodeString(sum); err != nil || len(b) != sha256.Size || hex.EncodeToString(b) != sum {
		return "", fmt.Errorf("files: %q is no SHA-256", sum)
	}
	return filepath.Join(c.dir, estate.String(), sum[:2], sum), nil
}

// incoming is an upload whose content is whole and on disk, but not in its place yet.
type incoming struct {
	path, sum string
	size      int64
	file      *os.File
}

// receive streams r to disk, hashing as it goes. The caller discards it in any case.
func (c *Content) receive(r io.Reader) (_ *incoming, err error) {
	f, err := os.CreateTemp(c.incoming(), "*")
	if err != nil {
		return nil, err
	}
	in := &incoming{path: f.Name(), file: f}
	defer func() {
		if err != nil {
			in.discard()
		}
	}()
	hash := sha256.New()
	if in.size, err = io.Copy(io.MultiWriter(f, hash), r); err != nil {
		return nil, err
	}
	in.sum = hex.EncodeToString(hash.Sum(nil))
	return in, f.Sync()
}

// discard removes what was received, unless it was placed.
func (in *incoming) discard() {
	_ = in.file.Close()
	_ = os.Remove(in.path) // it is gone after place
}

// place puts the content where Open finds it, durably. Content that is there already stays.
func (c *Content) place(in *incoming, estate uuid.UUID) (err error) {
	defer fault.Wrap(&err, "place content %s", in.sum)
	path, err := c.path(in.sum, estate)
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && info.Size() == in.size {
		return nil
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Rename(in.path, path); err != nil {
		return err
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)), syncDir(c.dir))
}

// Forget removes content of the estate unless something of the estate holds it: what an upload placed before its transaction
// failed, what was destroyed (A7). The lock decides between this and an upload of the same content at the same time. What is
// removed stays so through a power cut, and it may be called again.
func (c *Content) Forget(ctx context.Context, rt *act.Runtime, sum string, estate uuid.UUID) error {
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
		return c.remove(sum, estate)
	})
}

func (c *Content) remove(sum string, estate uuid.UUID) error {
	path, err := c.path(sum, estate)
	if err != nil {
		return err
	}
	switch err := os.Remove(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes new names in a directory last through a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
