package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/server"
)

// downloading is what the trail calls to open a file, and to be refused it.
const downloading = "files.download"

// Open gives a file to who may see what it holds, after the read stands on the audit trail: the original, or a copy that names who reads
// it, for who reads through a request (A5) and for who asks for one.
//
// Errors: UNAUTHENTICATED; NOT_FOUND; FORBIDDEN A6 for who may know of the file and not see what it holds; RULE A5 for what cannot be marked.
func (f *Files) Open(ctx context.Context, want server.Wanted) (_ server.File, _ io.ReadCloser, err error) {
	defer fault.Wrap(&err, "open file")
	rt := act.From(ctx)
	if access.From(ctx) == nil {
		return server.File{}, nil, fault.SignedOut()
	}
	held, err := find(ctx, rt, want.ID)
	if err != nil {
		return server.File{}, nil, err
	}
	e := held.entry(ctx, rt)
	if held.Refused != nil {
		return server.File{}, nil, rt.RefuseEntry(ctx, e, held.Refused)
	}
	var file server.File
	var content io.ReadCloser
	if held.Marked || want.Marked {
		file, content, err = f.marked(ctx, rt, held)
	} else {
		file, content, err = f.original(ctx, held)
	}
	if refused := fault.From(err); refused != nil {
		return server.File{}, nil, rt.RefuseEntry(ctx, e, refused)
	}
	if err != nil {
		return server.File{}, nil, err
	}
	e.Outcome, e.Marked = audit.Viewed, held.Marked || want.Marked
	if err := rt.AppendRead(ctx, e); err != nil {
		return server.File{}, nil, errors.Join(err, content.Close())
	}
	return file, content, nil
}

func (f *Files) original(ctx context.Context, held *Held) (server.File, io.ReadCloser, error) {
	content, err := f.content.Open(ctx, held.SHA256, held.Of.Estate)
	if err != nil {
		// The row is there: that the content is not is our fault, and no answer about the file.
		return server.File{}, nil, fmt.Errorf("content of %s: %s", held.ID, err) //nolint:errorlint // wrapped, its NOT_FOUND would become the answer
	}
	return held.file(), content, nil
}

func (h *Held) file() server.File {
	return server.File{ID: h.ID.String(), Name: h.Name, Size: h.Size, SHA256: h.SHA256, ContentType: h.ContentType, Inline: h.Inline}
}

// entry begins an entry of the trail of who opens it, or tries to.
func (h *Held) entry(ctx context.Context, rt *act.Runtime) audit.Entry {
	e := rt.Entry(ctx, downloading)
	e.Estate, e.Household, e.SubjectType, e.Subject, e.Through = h.Of.Estate, h.Of.Household, h.Type, h.ID, h.Through
	return e
}

// find finds what holds the content that is asked for, if the viewer may know of it.
func find(ctx context.Context, rt *act.Runtime, text string) (*Held, error) {
	id, holder := holderOf(text)
	if holder == nil {
		return nil, fault.Missing()
	}
	held, err := holder(ctx, id)
	if ent.IsNotFound(err) || fault.Is(err, fault.NotFound) || err == nil && held.SHA256 == "" {
		return nil, rt.RefuseEntry(ctx, attempt(ctx, rt, id, holder), fault.Missing())
	}
	return held, err
}

// holderOf reads the id, which says what it is of; nil for none that holds content.
func holderOf(text string) (uuid.UUID, Holder) {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != strings.ToLower(text) {
		return uuid.Nil, nil
	}
	return id, holders[ent.TypeOf(ids.CodeOf(id))]
}

// attempt begins the entry of who is not told whether it is there: whose it is learns of it.
func attempt(ctx context.Context, rt *act.Runtime, id uuid.UUID, holder Holder) audit.Entry {
	e := rt.Entry(ctx, downloading)
	e.Estate, e.SubjectType, e.Subject = audit.Portfolio, ent.TypeOf(ids.CodeOf(id)), id
	if hidden, err := holder(access.With(ctx, access.System(nil, "files")), id); err == nil {
		e.Estate, e.Household = hidden.Of.Estate, hidden.Of.Household
	}
	return e
}
