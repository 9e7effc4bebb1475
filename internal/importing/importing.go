// Package importing reads an office's spreadsheet into the database: one act, one transaction per file,
// line by line in constant memory, with a report that names every line and column it did not take. What
// the lines mean is the chapter's (registry, keys).
package importing

import (
	"context"
	"io"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/fault"
)

// Policy says what becomes of a file some of whose lines cannot be taken.
type Policy string

// The policies.
const (
	RejectAll    Policy = "REJECT_ALL"    // nothing of the file is taken
	RejectRows   Policy = "REJECT_ROWS"   // the other lines are
	IgnoreFields Policy = "IGNORE_FIELDS" // the line is, without the fields that are wrong, where it means something without them
)

// Request is a file to import into an estate.
type Request struct {
	EstateID     uuid.UUID // this or EstateCode
	EstateCode   string
	CreateEstate string    // name to create the estate under if there is none of the code
	FileID       uuid.UUID // an uploaded file; or Source
	Source       *Source   `json:"-"`
	DryRun       bool      // all is done, and rolled back
	Policy       Policy    // empty: RejectRows

	Progress func(lines int) `json:"-"` // told every few hundred lines; may be nil
	Rejects  RejectFile      `json:"-"` // gets the rejected lines, with the reasons; may be nil
	Language language.Tag    `json:"-"` // of those reasons
}

// Source is a file on this machine.
type Source struct {
	Name string
	File io.ReadSeeker
}

// RejectFile is written anew when the transaction is tried again: an *os.File is one.
type RejectFile interface {
	io.WriteSeeker
	Truncate(size int64) error
}

// Check refuses a policy that there is not.
func (r Request) Check() error {
	switch r.Policy {
	case "", RejectAll, RejectRows, IgnoreFields:
		return nil
	}
	return fault.Invalid("errorPolicy", "没有错误处理方式 %[1]q。", "There is no error policy %[1]q.", string(r.Policy))
}

// Outcome is what an import gave.
type Outcome struct {
	Run    *ent.ImportRun // the record of it; nil if nothing was new
	Report *Report
}

// Content opens uploaded files by their hash; the caller has seen the file's row under its viewer.
type Content interface {
	Open(ctx context.Context, sha256 string, estate uuid.UUID) (io.ReadSeekCloser, error)
}

type contentKey struct{}

// WithContent tells where uploaded files are; the program puts it into every context.
func WithContent(ctx context.Context, c Content) context.Context {
	return context.WithValue(ctx, contentKey{}, c)
}

func contentFrom(ctx context.Context) Content {
	c, _ := ctx.Value(contentKey{}).(Content)
	return c
}
