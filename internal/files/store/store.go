// Package store keeps the content of files, each content once per estate and named by its SHA-256: in a directory, or in a
// bucket of an S3-compatible server. It authorises nothing, and does not decide between who writes and who removes the same
// content at once: package files does, by a lock in the database that all servers share.
package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
)

// Store keeps content. Its names are the same everywhere (ESTATE/ab/abcd…), so that content is moved from one store to another
// by any tool that copies files.
type Store interface {
	// Put keeps the first size bytes of a file, durably and whole or not at all; content that is there stays. The file may
	// have another name afterwards, or none, and stays readable through its handle.
	Put(ctx context.Context, key Key, file *os.File, size int64) error
	// Open opens content for reading, at any place, while ctx lasts. Errors: fs.ErrNotExist.
	Open(ctx context.Context, key Key) (io.ReadSeekCloser, error)
	// Remove removes content for good, older versions included; what is not there is removed already.
	Remove(ctx context.Context, key Key) error
	// Ping says whether the store can be reached.
	Ping(ctx context.Context) error
}

// Key names an estate's content. The zero Key names nothing.
type Key struct {
	path string
	sum  [sha256.Size]byte
}

// KeyOf is the key of a content by its SHA-256 in lower-case hex, which is the only form: what comes from outside becomes no path.
func KeyOf(estate uuid.UUID, sum string) (Key, error) {
	b, err := hex.DecodeString(sum)
	if err != nil || len(b) != sha256.Size || hex.EncodeToString(b) != sum {
		return Key{}, fmt.Errorf("files: %q is no SHA-256", sum)
	}
	return Key{estate.String() + "/" + sum[:2] + "/" + sum, [sha256.Size]byte(b)}, nil
}

func (k Key) String() string { return k.path }

// Check proves that content can be written, read and removed for good, so that a server without the right to one of them
// does not start. What it writes is random and of no estate; scratch is a directory to write it to first.
func Check(ctx context.Context, s Store, scratch string) (err error) {
	defer fault.Wrap(&err, "check the store of files")
	file, err := os.CreateTemp(scratch, "check*")
	if err != nil {
		return err
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name()) // it is gone after Put
	}()
	content := []byte(rand.Text())
	if _, err := file.Write(content); err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	key, err := KeyOf(uuid.Nil, hex.EncodeToString(sum[:]))
	if err != nil {
		return err
	}
	if err := s.Put(ctx, key, file, int64(len(content))); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := reads(ctx, s, key, content); err != nil {
		return errors.Join(fmt.Errorf("read: %w", err), s.Remove(ctx, key))
	}
	if err := s.Remove(ctx, key); err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	switch left, err := s.Open(ctx, key); {
	case err == nil:
		return errors.Join(errors.New("what was removed is still there"), left.Close())
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return nil
}

func reads(ctx context.Context, s Store, key Key, want []byte) error {
	f, err := s.Open(ctx, key)
	if err != nil {
		return err
	}
	defer f.Close()
	got, err := io.ReadAll(io.LimitReader(f, 1<<10))
	if err == nil && !bytes.Equal(got, want) {
		err = errors.New("it is not what was written")
	}
	return err
}
