package server

import (
	"container/list"
	"context"
	"errors"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/steward-pm/steward/internal/fault"
)

// checkDocument checks what a text alone shows, before it is validated against the schema, which costs
// more. Documents in the cache have passed.
func (l limiter) checkDocument(text string) *gqlerror.Error {
	if f := checkTokens(text, l.Tokens); f != nil {
		return gqlerror.Wrap(f)
	}
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		if g, ok := errors.AsType[*gqlerror.Error](err); ok {
			return asInvalid(g)
		}
		return gqlerror.Wrap(err)
	}
	checks := []func() *fault.Error{
		func() *fault.Error { return checkDirectives(doc, l.Directives) },
		func() *fault.Error { return checkAliases(doc, l.Aliases) },
		func() *fault.Error { return checkDepth(doc, l.Depth) },
		func() *fault.Error { return checkRepeats(doc, l.Repeats, l.Complexity) },
		func() *fault.Error { return checkIntrospection(doc, l.Introspection) },
	}
	for _, check := range checks {
		if f := check(); f != nil {
			return gqlerror.Wrap(f)
		}
	}
	return nil
}

// cacheBytes bounds the texts whose parsed documents are kept. A tree takes about a hundred times its
// text, so that a count of documents would let strangers fill the memory with long ones.
const cacheBytes = 1 << 20

// documentCache keeps the validated documents that were used last. It is gqlgen's query cache.
type documentCache struct {
	mu    sync.Mutex
	bytes int
	order *list.List // of *document, the last used in front
	texts map[string]*list.Element
}

type document struct {
	text string
	tree *ast.QueryDocument
}

func newDocumentCache() *documentCache {
	return &documentCache{order: list.New(), texts: map[string]*list.Element{}}
}

// Get returns the document of a text that was added.
func (c *documentCache) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.texts[text]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*document).tree, true
}

// Add keeps a document, and drops those that were not used for longest. One that would take more than
// a sixteenth of the cache is not kept.
func (c *documentCache) Add(_ context.Context, text string, tree *ast.QueryDocument) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.texts[text]; ok || len(text) > cacheBytes/16 {
		return
	}
	c.texts[text] = c.order.PushFront(&document{text, tree})
	c.bytes += len(text)
	for c.bytes > cacheBytes {
		last := c.order.Remove(c.order.Back()).(*document)
		delete(c.texts, last.text)
		c.bytes -= len(last.text)
	}
}
