package store

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Open implements Store. To read from start to end is one request; after a seek only what is read from there is asked for.
func (s *S3) Open(ctx context.Context, key Key) (io.ReadSeekCloser, error) {
	r := &reader{store: s, ctx: ctx, key: key}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: s.name(key)})
	if err != nil {
		return nil, fmt.Errorf("read content %s: %w", key, missing(err))
	}
	r.size, r.etag, r.body = aws.ToInt64(out.ContentLength), out.ETag, out.Body
	return r, nil
}

// breaks is how often a connection may break one after another without a byte between.
const breaks = 3

// reader reads an object. It goes on where a connection broke.
type reader struct {
	store     *S3
	ctx       context.Context
	key       Key
	etag      *string
	size, pos int64
	body      io.ReadCloser // from pos on; nil: not asked for yet
	broken    int
}

func (r *reader) Read(p []byte) (int, error) {
	for {
		if r.pos >= r.size {
			return 0, io.EOF
		}
		err := r.ask()
		if err != nil {
			return 0, err
		}
		n, err := r.body.Read(p)
		r.pos += int64(n)
		if n > 0 {
			r.broken = 0
		}
		if err == nil || r.pos == r.size {
			return n, nil
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		_ = r.drop()
		if r.broken++; r.broken > breaks || r.ctx.Err() != nil {
			return n, fmt.Errorf("read content %s: %w", r.key, err)
		}
		if n > 0 {
			return n, nil
		}
	}
}

// ask asks for what follows pos of the same object, unless it is being read.
func (r *reader) ask() error {
	if r.body != nil {
		return nil
	}
	out, err := r.store.client.GetObject(r.ctx, &s3.GetObjectInput{
		Bucket: &r.store.bucket, Key: r.store.name(r.key), IfMatch: r.etag, Range: aws.String(fmt.Sprintf("bytes=%d-", r.pos)),
	})
	if err != nil {
		return fmt.Errorf("read content %s: %w", r.key, missing(err))
	}
	if got := aws.ToInt64(out.ContentLength); got != r.size-r.pos {
		return errors.Join(fmt.Errorf("read content %s: asked from %d of %d, got %d bytes", r.key, r.pos, r.size, got), out.Body.Close())
	}
	r.body = out.Body
	return nil
}

func (r *reader) drop() error {
	if r.body == nil {
		return nil
	}
	err := r.body.Close()
	r.body = nil
	return err
}

// Seek asks the server for nothing.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek to %d", offset)
	}
	if offset != r.pos {
		_ = r.drop()
		r.pos = offset
	}
	return offset, nil
}

func (r *reader) Close() error { return r.drop() }
