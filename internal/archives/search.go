package archives

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/fulltext"
	"github.com/steward-pm/steward/internal/paging"
	"github.com/steward-pm/steward/policy"
)

// ArchiveSearchEdge is a document that was found, and where.
type ArchiveSearchEdge struct {
	Node   *ent.ArchiveDocument
	Cursor ent.Cursor
	Said   bool // in what is said of it
	Page   *int // of its content, on which the last of what was searched for first stands; nil: not all of it stands in the content
}

// ArchiveSearchConnection is a page of what was found.
type ArchiveSearchConnection struct {
	Edges    []*ArchiveSearchEdge
	PageInfo *ent.PageInfo
}

// ArchiveSearch is what is searched for, and how what is found is shown.
type ArchiveSearch struct {
	Estate  uuid.UUID
	Text    string
	First   *int
	After   *ent.Cursor
	OrderBy *ent.ArchiveDocumentOrder
	Where   *ent.ArchiveDocumentWhereInput
}

// Search finds the documents in which all of a text stands, among those that the viewer may read (A4): it asks for documents, under their
// scope, and only then where they are found. That somebody searched is on the trail, and which documents were shown; not for what (A6).
//
// Errors: NOT_FOUND; INVALID_INPUT at text, and at after.
func Search(ctx context.Context, s ArchiveSearch) (*ArchiveSearchConnection, error) {
	rt := act.From(ctx)
	terms, err := fulltext.Query(s.Text)
	if err != nil {
		return nil, err
	}
	if err := atHome(ctx, rt, s.Estate); err != nil {
		return nil, err
	}
	first := paging.Size(s.First)
	found, err := rt.DB.Ent.ArchiveDocument.Query().Where(archivedocument.EstateID(s.Estate)).Where(holding(ctx, s.Estate, terms)...).
		Paginate(database.PlanAnew(ctx), s.After, &first, nil, nil, ent.WithArchiveDocumentOrder(s.OrderBy), ent.WithArchiveDocumentFilter(s.Where.Filter))
	if err != nil {
		return nil, err
	}
	out := &ArchiveSearchConnection{PageInfo: &found.PageInfo, Edges: make([]*ArchiveSearchEdge, len(found.Edges))}
	for i, edge := range found.Edges {
		out.Edges[i] = &ArchiveSearchEdge{Node: edge.Node, Cursor: edge.Cursor}
	}
	if err := out.places(ctx, rt, s.Estate, terms); err != nil {
		return nil, err
	}
	entry := rt.Entry(ctx, "archives.search")
	entry.Outcome, entry.Estate = audit.Viewed, s.Estate
	return out, rt.AppendRead(ctx, entry)
}

// atHome refuses an estate where the viewer has no part; residents have one, though they see no estate.
func atHome(ctx context.Context, rt *act.Runtime, estate uuid.UUID) error {
	if slices.ContainsFunc(access.From(ctx).Grants, func(g access.Grant) bool { return g.Estate == estate }) {
		return nil
	}
	e, err := rt.DB.Ent.Estate.Get(ctx, estate)
	_, err = act.Find(e, err, "estateID")
	return err
}

// holding are the conditions that each term stands in the document. Equality keeps to the index below row-level security.
//
// Who sees few documents would see by the time that it takes how many hold a word that are hidden, if PostgreSQL looked for the word before it
// asked whether the document may be read. The order of conditions is the planner's, by what it thinks they cost; a CASE is not: its condition
// comes first, under every plan, and OFFSET keeps the words from being joined.
func holding(ctx context.Context, estate uuid.UUID, terms []string) []predicate.ArchiveDocument {
	scope := access.From(ctx).Scope(policy.ArchiveDocument, policy.Read)
	few := !scope.Portfolio && len(scope.Estates)+len(scope.AllHouseholds) == 0
	in := func(s *sql.Selector, term string) *sql.Predicate {
		p := sql.Table("postings").Schema("search")
		rows := sql.Select(p.C("term")).From(p).Where(sql.And(
			sql.EQ(p.C("estate_id"), estate), sql.EQ(p.C("term"), term), sql.ColumnsEQ(p.C("document_id"), s.C(archivedocument.FieldID))))
		if few {
			rows.Offset(0)
		}
		return sql.Exists(rows)
	}
	list := make([]predicate.ArchiveDocument, len(terms))
	for i, term := range terms {
		list[i] = func(s *sql.Selector) { s.Where(in(s, term)) }
	}
	if !few {
		return list
	}
	return []predicate.ArchiveDocument{func(s *sql.Selector) {
		words := make([]*sql.Predicate, len(terms))
		for i, term := range terms {
			words[i] = in(s, term)
		}
		seen := scope.Condition(ent.Entities[ent.TypeArchiveDocument], s.C)
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString("CASE WHEN ").Join(seen).WriteString(" THEN ").Join(sql.And(words...)).WriteString(" ELSE false END")
		}))
	}}
}

// places tells where the documents hold what was searched for; they were read under the viewer's scope before.
func (c *ArchiveSearchConnection) places(ctx context.Context, rt *act.Runtime, estate uuid.UUID, terms []string) error {
	at, list := map[uuid.UUID]*ArchiveSearchEdge{}, make([]uuid.UUID, len(c.Edges))
	for i, e := range c.Edges {
		at[e.Node.ID], list[i] = e, e.Node.ID
	}
	return rt.DB.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT document_id, count(*) FILTER (WHERE page = 0) = $4, CASE WHEN count(*) FILTER (WHERE page > 0) = $4 THEN max(page) END
			FROM search.postings WHERE estate_id = $1 AND document_id = ANY ($2) AND term = ANY ($3) GROUP BY 1`, estate, list, terms, len(terms))
		if err != nil {
			return err
		}
		var id uuid.UUID
		var said bool
		var page *int
		_, err = pgx.ForEachRow(rows, []any{&id, &said, &page}, func() error {
			if e := at[id]; e != nil {
				e.Said, e.Page = said, page
			}
			return nil
		})
		return err
	})
}
