package server

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"

	"github.com/steward-pm/steward/internal/fault"
)

// checkTokens counts without parsing, so that a document of a million tokens costs no tree.
func checkTokens(text string, limit int) *fault.Error {
	if n := countTokens(text); n > limit {
		return exceeded("tokens", "记号数", "number of tokens", limit, n)
	}
	return nil
}

func countTokens(text string) (n int) {
	lex := lexer.New(&ast.Source{Input: text})
	for {
		// What cannot be read ends the count; the parser reports it with its place.
		token, err := lex.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return n
		}
		n++
	}
}
