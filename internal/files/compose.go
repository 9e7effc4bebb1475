package files

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/act"
)

// Composed is content that the program itself wrote: it is whole and on disk, but nothing holds it yet.
type Composed struct {
	SHA256  string
	Size    int64 // bytes
	in      *incoming
	content *Content
}

// Compose has on disk what write writes, with no more in memory than write itself keeps. The caller discards it in any case.
func (c *Content) Compose(write func(io.Writer) error) (*Composed, error) {
	in, err := c.written(func(w io.Writer) error {
		out := bufio.NewWriterSize(w, 64<<10)
		return errors.Join(write(out), out.Flush())
	})
	if err != nil {
		return nil, err
	}
	return &Composed{in.sum, in.size, in, c}, nil
}

// Place puts it where it is kept, which may take long: before the transaction of what holds it. Until that commits whoever placed it must
// Forget it, should anything fail, and know of it after a crash.
func (m *Composed) Place(ctx context.Context, estate uuid.UUID) error {
	return m.content.place(ctx, m.in, estate)
}

// Keep makes sure in the transaction of what holds it that it is in its place, and that nobody removes it meanwhile: see Forget.
func (m *Composed) Keep(tx *act.Tx, estate uuid.UUID) error {
	if err := lock(tx, tx.Raw, m.SHA256, estate); err != nil {
		return err
	}
	return m.Place(tx, estate)
}

// Discard removes it from where it was written.
func (m *Composed) Discard() { m.in.discard() }
