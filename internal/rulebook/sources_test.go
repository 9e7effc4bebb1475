package rulebook_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/rulebook"
)

const root = "../.."

func glob(t *testing.T, pattern string) []string {
	list, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func parse(t *testing.T, file string) *ast.File {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// sources lists the hand-written Go files below the folders: tests, or what is not tests.
func sources(t *testing.T, tests bool, folders ...string) (list []string) {
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(file string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && slices.Contains([]string{"node_modules", "generated", "testdata"}, d.Name()):
				return filepath.SkipDir
			case strings.HasSuffix(file, ".go") && strings.HasSuffix(file, "_test.go") == tests:
				list = append(list, file)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// proofs maps a clause to the tests that are named after it, as "keys.TestK2_1_Lend".
func proofs(t *testing.T) map[string][]string {
	found := map[string][]string{}
	for _, file := range sources(t, true, "cmd", "ent", "graph", "internal", "policy") {
		for _, d := range parse(t, file).Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil {
				continue
			}
			if id := rulebook.Proves(fn.Name.Name); id != "" {
				found[id] = append(found[id], filepath.Base(filepath.Dir(file))+"."+fn.Name.Name)
			}
		}
	}
	return found
}

// named are the places where the sources name a clause: refusals, acts, obligations. Value: a file.
func named(t *testing.T) map[string]string {
	found := map[string]string{}
	for _, file := range sources(t, false, "cmd", "graph", "internal", "policy") {
		ast.Inspect(parse(t, file), func(n ast.Node) bool {
			for _, id := range clausesAt(n) {
				found[id] = file
			}
			return true
		})
	}
	return found
}

// clausesAt reads the clauses that a node names: By("K2.1"), Rule("K2.1", …), Clauses("K2.1", …), Clause: "K2.1".
func clausesAt(n ast.Node) (list []string) {
	switch n := n.(type) {
	case *ast.CallExpr:
		if name := called(n); len(n.Args) > 0 && (name == "By" || name == "Rule") {
			list = append(list, literal(n.Args[0]))
		} else if name == "Clauses" {
			for _, a := range n.Args {
				list = append(list, literal(a))
			}
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Clause" {
			list = append(list, literal(n.Value))
		}
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// written maps the title of a register to its name, for the registers that the program writes.
func written(t *testing.T) map[string]string {
	found := map[string]string{}
	for _, file := range sources(t, false, "internal") {
		ast.Inspect(parse(t, file), func(n ast.Node) bool {
			if c, ok := n.(*ast.CompositeLit); ok && isRegister(c.Type) {
				found[member(c, "ZH")] = member(c, "Name")
			}
			return true
		})
	}
	return found
}

func isRegister(t ast.Expr) bool {
	generic, ok := t.(*ast.IndexExpr)
	if !ok {
		return false
	}
	sel, ok := generic.X.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Register"
}

func member(c *ast.CompositeLit, name string) string {
	for _, e := range c.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok && key.Name == name {
				return literal(kv.Value)
			}
		}
	}
	return ""
}

// literal is the value of a string literal; "" for any other expression.
func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, _ := strconv.Unquote(lit.Value)
	return s
}
