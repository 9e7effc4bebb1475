package rulebook_test

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	gql "github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	_ "github.com/steward-pm/steward/graph" // and with it every chapter, for its acts
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/rulebook"
)

// operations maps a clause to the GraphQL operations that carry it out: the mutations that perform an act
// which declares the clause, and the queries whose description cites it.
func operations(t *testing.T) map[string][]string {
	mutations, queries := rootFields(t)
	found := map[string][]string{}
	for field, name := range performed(t, mutations) {
		i := slices.IndexFunc(act.All(), func(d *act.Definition) bool { return d.Name == name })
		if i < 0 {
			t.Errorf("mutation %s performs %s, which act.All does not list", field, name)
			continue
		}
		for _, id := range act.All()[i].Clauses {
			found[id] = append(found[id], field)
		}
	}
	for _, q := range queries {
		for _, id := range rulebook.Cited(q.Description) {
			found[id] = append(found[id], q.Name)
		}
	}
	return found
}

// rootFields reads the fields of Mutation and Query from the SDL.
func rootFields(t *testing.T) (mutations, queries gql.FieldList) {
	for _, file := range glob(t, "graph/schema/*.graphqls") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := parser.ParseSchema(&gql.Source{Name: file, Input: string(text)})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range slices.Concat(doc.Definitions, doc.Extensions) {
			switch d.Name {
			case "Mutation":
				mutations = append(mutations, d.Fields...)
			case "Query":
				queries = append(queries, d.Fields...)
			}
		}
	}
	return mutations, queries
}

// performed maps a mutation to the name of its act, read from its resolver's one line:
// return keys.Lend.Do(ctx, input).
func performed(t *testing.T, mutations gql.FieldList) map[string]string {
	acts := map[string]string{}
	for _, file := range glob(t, "graph/*.resolvers.go") {
		f := parse(t, file)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !isMethodOf(fn, "mutationResolver") {
				continue
			}
			i := slices.IndexFunc(mutations, func(m *gql.FieldDefinition) bool { return strings.EqualFold(m.Name, fn.Name.Name) })
			if i < 0 {
				t.Errorf("%s: %s resolves no mutation of the schema", file, fn.Name.Name)
				continue
			}
			if chapter, variable := does(f, fn); variable != "" {
				acts[mutations[i].Name] = actName(t, chapter, variable)
			}
		}
	}
	return acts
}

func isMethodOf(fn *ast.FuncDecl, receiver string) bool {
	if fn.Recv == nil {
		return false
	}
	star, ok := fn.Recv.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	name, ok := star.X.(*ast.Ident)
	return ok && name.Name == receiver
}

// does finds chapter.Variable.Do(…) in a resolver; the chapter is its folder below the module's root.
func does(f *ast.File, fn *ast.FuncDecl) (chapter, variable string) {
	ast.Inspect(fn, func(n ast.Node) bool {
		do, ok := n.(*ast.SelectorExpr)
		if !ok || do.Sel.Name != "Do" {
			return true
		}
		if of, ok := do.X.(*ast.SelectorExpr); ok {
			if pkg, ok := of.X.(*ast.Ident); ok {
				chapter, variable = imported(f, pkg.Name), of.Sel.Name
			}
		}
		return true
	})
	return chapter, variable
}

func imported(f *ast.File, name string) string {
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		if i.Name != nil && i.Name.Name == name || i.Name == nil && path.Base(p) == name {
			return strings.TrimPrefix(p, "github.com/steward-pm/steward/")
		}
	}
	return ""
}

// actName reads the name that a chapter's variable gives its act: var Lend = act.New("keys.lend", …).
func actName(t *testing.T, chapter, variable string) (name string) {
	for _, file := range glob(t, filepath.Join(chapter, "*.go")) {
		ast.Inspect(parse(t, file), func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if i := slices.IndexFunc(spec.Names, func(id *ast.Ident) bool { return id.Name == variable }); i >= 0 && i < len(spec.Values) {
				name = firstText(spec.Values[i], "New")
			}
			return false
		})
	}
	if name == "" {
		t.Errorf("%s.%s: no act.New with a name found", chapter, variable)
	}
	return name
}

// firstText is the first argument, a string, of the first call of a function so named.
func firstText(within ast.Node, function string) (text string) {
	ast.Inspect(within, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || text != "" || called(call) != function || len(call.Args) == 0 {
			return true
		}
		text = literal(call.Args[0])
		return true
	})
	return text
}

// called is the bare name of the function or method of a call.
func called(call *ast.CallExpr) string {
	fun := call.Fun
	if generic, ok := fun.(*ast.IndexExpr); ok {
		fun = generic.X
	}
	if generic, ok := fun.(*ast.IndexListExpr); ok {
		fun = generic.X
	}
	switch f := fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}
