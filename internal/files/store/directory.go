package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/steward-pm/steward/internal/fault"
)

// Directory is a store in a directory, which several servers may share.
type Directory struct{ dir string }

var _ Store = (*Directory)(nil)

// OpenDirectory opens the directory, made on first use.
func OpenDirectory(dir string) (*Directory, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	return &Directory{dir}, nil
}

func (d *Directory) path(key Key) string { return filepath.Join(d.dir, filepath.FromSlash(key.path)) }

// Put implements Store. The file is moved; it must be on the same file system.
func (d *Directory) Put(ctx context.Context, key Key, file *os.File, size int64) (err error) {
	defer fault.Wrap(&err, "place content %s", key)
	if err := ctx.Err(); err != nil {
		return err
	}
	path := d.path(key)
	if info, err := os.Stat(path); err == nil && info.Size() == size {
		return nil
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	err = os.Rename(file.Name(), path)
	if errors.Is(err, fs.ErrNotExist) { // moved before, and removed since
		err = d.copy(file, size, path)
	}
	if err != nil {
		return err
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)), syncDir(d.dir))
}

func (d *Directory) copy(file *os.File, size int64, path string) (err error) {
	again, err := os.CreateTemp(filepath.Dir(file.Name()), "*")
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, again.Close()); err != nil {
			_ = os.Remove(again.Name())
		}
	}()
	if _, err := io.Copy(again, io.NewSectionReader(file, 0, size)); err != nil {
		return err
	}
	if err := again.Sync(); err != nil {
		return err
	}
	return os.Rename(again.Name(), path)
}

// Open implements Store.
func (d *Directory) Open(ctx context.Context, key Key) (io.ReadSeekCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := os.Open(d.path(key))
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Remove implements Store: what is removed stays so through a power cut.
func (d *Directory) Remove(ctx context.Context, key Key) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	path := d.path(key)
	switch err := os.Remove(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return syncDir(filepath.Dir(path))
}

// Ping implements Store.
func (d *Directory) Ping(context.Context) error {
	_, err := os.Stat(d.dir)
	return err
}

// syncDir makes new names in a directory last through a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
