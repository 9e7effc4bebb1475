// Package fulltext makes words of texts and of what is searched for (terms.go, query.go), and reads the text of files that
// anybody may have made: PDF (pdf.go), office documents (office.go), plain text and CSV (plain.go). Every reader is bounded in
// time, memory and what it gives, so that no file stops the server; what is longer is read in part.
//
// A term is a word of letters and digits in one form: compatibility forms (full-width letters, Kangxi radicals) are made ordinary, upper case
// is lower case, traditional and simplified characters stay what they are. Chinese, Japanese and Korean have no words to the eye, so
// there two characters beside each other are a term, also across a line's end. A text of more than two characters is found by all its pairs.
package fulltext

import (
	"context"
	"errors"
	"io"
	"time"
)

// What is read of a file, at most.
const (
	MaxBytes    = 128 << 20 // of the file
	maxPages    = 2_000
	maxRunes    = 4_000_000 // of its text
	maxTerms    = 60_000    // different ones
	maxPageText = 200_000   // characters of one page
)

// maxTime is how long a file is read, at most; tests shorten it.
var maxTime = 20 * time.Second

// State says what came of reading.
type State string

// The states, as archive documents have them.
const (
	Indexed    State = "INDEXED"
	Partly     State = "PARTLY"     // the beginning, since it is longer than is read
	Unreadable State = "UNREADABLE" // no text that can be read
)

// errEnough ends reading: the rest is not read.
var errEnough = errors.New("fulltext: it is longer than is read")

// errUnreadable is of a file that is not what it seems to be, or asks for too much.
var errUnreadable = errors.New("fulltext: it cannot be read")

// Content is a file whose text is to be read.
type Content interface {
	io.ReadSeeker
}

// Read puts the words of a file into t, page by page. Whatever is wrong with the file is a state and no error.
//
// Errors: of the store that the file is read from, which may be whole another time; ctx's.
func Read(ctx context.Context, file Content, size int64, mediaType string, t *Terms) (State, error) {
	read := reader(mediaType)
	if read == nil || size > MaxBytes {
		return Unreadable, nil
	}
	bounded, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	watched := &watched{ReadSeeker: file, ctx: bounded}
	err := read(bounded, watched, size, t)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case watched.err != nil:
		return "", watched.err
	case t.Len() == 0: // a scan is pictures, and no text
		return Unreadable, nil
	case err != nil:
		return Partly, nil
	}
	return Indexed, nil
}

// reader is how a file of the type is read; nil for what has no text.
func reader(mediaType string) func(context.Context, *watched, int64, *Terms) error {
	switch mediaType {
	case "application/pdf":
		return readPDF
	case "text/plain", "text/csv":
		return readPlain
	case "application/zip", // an office document whose directory did not show which
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"application/vnd.oasis.opendocument.text":
		return readOffice
	}
	return nil
}

// watched ends reading with the context, and keeps apart what the store failed with from what the file fails with.
type watched struct {
	io.ReadSeeker
	ctx context.Context //nolint:containedctx // it lives as long as the call of Read
	err error
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.ReadSeeker.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// ReadAt reads at a place, one at a time.
func (w *watched) ReadAt(p []byte, at int64) (int, error) {
	if _, err := w.Seek(at, io.SeekStart); err != nil {
		w.err = err
		return 0, err
	}
	n, err := io.ReadFull(w, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}
