package archives

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/internal/fulltext"
)

const (
	indexRun   = 45 * time.Second // one run; the next comes within a minute
	indexLease = 5 * time.Minute  // after which somebody else reads what a reader has not put
	indexTries = 3                // of what ends its reader, such as by taking all memory
)

// Index puts the words of documents where Search finds them (A4, A6): of those handed in, described anew, bound or taken out since, and of those
// that the archive held before it could be searched. What there is to do was committed with the change, and is struck off with
// the words; a crash between has it done again. What is destroyed or voided meanwhile gets none. It returns how many documents it read.
func Index(ctx context.Context, rt *act.Runtime, content *files.Content) (n int, err error) {
	defer fault.Wrap(&err, "index")
	run, cancel := context.WithTimeout(ctx, indexRun)
	defer cancel()
	run = access.With(run, access.System(nil, "search"))
	var failed error
	for run.Err() == nil {
		u, err := takeUnread(run, rt)
		if err != nil {
			return n, errors.Join(failed, err)
		}
		if u == nil {
			return n, failed
		}
		switch err := u.index(run, rt, content); {
		case err == nil:
			n++
		case run.Err() != nil: // its time was over before the reader's own
			return n, errors.Join(failed, u.again(ctx, rt))
		default:
			failed = errors.Join(failed, err, u.again(ctx, rt)) // another time; the others do not wait for it
		}
	}
	return n, errors.Join(failed, ctx.Err())
}

// unread is a document that is to be read.
type unread struct {
	Document, Estate uuid.UUID
	Content          bool // not only what is said of it
	Asked            int
	Tries            int
}

func takeUnread(ctx context.Context, rt *act.Runtime) (u *unread, err error) {
	err = rt.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
		now := rt.Clock.Now()
		rows, err := tx.Query(ctx, `SELECT document, estate, content, asked, tries FROM search.take($1, $2)`, now, now.Add(indexLease))
		if err != nil {
			return err
		}
		u, err = pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByPos[unread])
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return u, err
}

// again gives it back: what failed passes, and was no try.
func (u *unread) again(ctx context.Context, rt *act.Runtime) error {
	return rt.DB.System(context.WithoutCancel(ctx), func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `SELECT search.again($1)`, u.Document)
		return err
	})
}

func (u *unread) index(ctx context.Context, rt *act.Runtime, content *files.Content) error {
	d, err := rt.DB.Ent.ArchiveDocument.Query().Where(archivedocument.ID(u.Document), archivedocument.EstateID(u.Estate)).WithFile().WithVolume().WithManual().Only(ctx)
	if err != nil {
		return err
	}
	state, words := fulltext.Unreadable, fulltext.NewTerms()
	if u.Content && u.Tries <= indexTries {
		if state, err = readContent(ctx, content, d, words); err != nil {
			return err
		}
	}
	var terms []string
	var pages []int16
	said := fulltext.NewTerms()
	for _, text := range describing(d) {
		if err := said.Add(0, text); err != nil {
			return err
		}
		said.Break()
	}
	for _, t := range []*fulltext.Terms{said, words} {
		t.Each(func(term string, page int16) { terms, pages = append(terms, term), append(pages, page) })
	}
	return rt.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `SELECT search.put($1, $2, $3, $4, $5, $6, $7)`, u.Estate, u.Document, u.Asked, u.Content, string(state), terms, pages)
		return err
	})
}

// describing is what is said of a document: that of paper is found by it, too.
func describing(d *ent.ArchiveDocument) []string {
	list := []string{d.Title, d.Source, d.Edition}
	if d.Edges.File != nil {
		list = append(list, d.Edges.File.Code)
	}
	if d.Edges.Volume != nil {
		list = append(list, d.Edges.Volume.Code)
	}
	if d.Edges.Manual != nil {
		list = append(list, d.Edges.Manual.Name)
	}
	return list
}

// readContent reads what the document holds. Content that is missing is an error: the store may be a wrong one; what a destruction
// took meanwhile is not to be read again.
func readContent(ctx context.Context, content *files.Content, d *ent.ArchiveDocument, words *fulltext.Terms) (state fulltext.State, err error) {
	if d.Sha256 == "" { // destroyed meanwhile
		return fulltext.Unreadable, nil
	}
	f, err := content.Open(ctx, d.Sha256, d.EstateID)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	return fulltext.Read(ctx, f, d.Size, d.ContentType, words)
}
