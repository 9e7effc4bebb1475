package rulebook_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/rulebook"
)

var update = flag.Bool("update", false, "write docs/rulebook.md")

const page = root + "/docs/rulebook.md"

// TestPage holds docs/rulebook.md against the acts, the schema and the tests.
func TestPage(t *testing.T) {
	t.Parallel()
	want := render(operations(t), proofs(t), written(t))
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Fatalf("docs/rulebook.md is behind the code: go test ./internal/rulebook -update\n%s", firstDifference(string(got), want))
	}
}

// TestOnlyKnownClauses: nothing names a clause that the rulebook has not.
func TestOnlyKnownClauses(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, c := range rulebook.Clauses() {
		known[c.ID] = true
	}
	check := func(id, where string) {
		if !known[id] {
			t.Errorf("%s names clause %q, which the rulebook does not have", where, id)
		}
	}
	for _, d := range act.All() {
		for _, id := range d.Clauses {
			check(id, "the act "+d.Name)
		}
	}
	for id, where := range operations(t) {
		check(id, "the operation "+where[0])
	}
	for id, where := range proofs(t) {
		check(id, "the test "+where[0])
	}
	for id, file := range named(t) {
		check(id, file)
	}
}

// TestWhatIsRead proves the readers themselves: a check that reads nothing finds nothing wrong.
func TestWhatIsRead(t *testing.T) {
	t.Parallel()
	if got := operations(t)["K2.1"]; !slices.Contains(got, "lendKeys") || !slices.Contains(got, "keyLoans") {
		t.Errorf("operations of K2.1: %v", got)
	}
	if named(t)["K4.1"] == "" {
		t.Error("no source was seen to name K4.1")
	}
	for name, want := range map[string]string{
		"TestK2_1_Lend": "K2.1", "TestD2": "D2", "TestM1_50Letters": "M1", "TestK9_9_None": "K9.9",
		"TestKeys": "", "TestV4Old": "", "TestXLSX": "",
	} {
		if got := rulebook.Proves(name); got != want {
			t.Errorf("%s proves %q, want %q", name, got, want)
		}
	}
	if got := rulebook.Cited("Loans (K2.1, K2.2), on A4 (see there), due (V4.1)."); !slices.Equal(got, []string{"K2.1", "K2.2", "V4.1"}) {
		t.Error(got)
	}
}

// TestEveryRegisterHasItsClause: the twelve registers of the rulebook are each fed by a clause.
func TestEveryRegisterHasItsClause(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range rulebook.Clauses() {
		for _, r := range c.Registers {
			seen[r] = true
		}
	}
	if len(rulebook.Clauses()) != 49 || len(seen) != 12 {
		t.Errorf("%d clauses and %d registers", len(rulebook.Clauses()), len(seen))
	}
}

func render(operations, proofs map[string][]string, registers map[string]string) string {
	var b strings.Builder
	rows, done := "", 0
	for _, c := range rulebook.Clauses() {
		state := stateOf(c, operations[c.ID], proofs[c.ID])
		if state == "done" {
			done++
		}
		rows += fmt.Sprintf("| %s | %s: %s | %s | %s | %s | %s |\n", c.ID, c.ZH, c.EN,
			code(operations[c.ID]), code(proofs[c.ID]), titles(c.Registers, registers), state)
	}
	fmt.Fprintf(&b, `# The rulebook, clause by clause

Made from acts, schema and tests by `+"`go test ./internal/rulebook -update`"+`, and held against them by the same test.
A clause is done when an operation carries it out and a test named after it proves it; %d of %d are.
A register is open until it can be exported.

| clause | rule | operations | tests | register | state |
|---|---|---|---|---|---|
%s`, done, len(rulebook.Clauses()), rows)
	return b.String()
}

func stateOf(c rulebook.Clause, operations, proofs []string) string {
	switch {
	case len(operations) == 0 || len(proofs) == 0:
		return "open"
	case c.Lacks != "":
		return "in part; open: " + c.Lacks
	}
	return "done"
}

func code(list []string) string {
	set := map[string]bool{}
	for _, s := range list {
		set[quoted(s)] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), " ")
}

func titles(list []string, written map[string]string) string {
	out := slices.Clone(list)
	for i, title := range out {
		out[i] = "《" + title + "》 " + cmp.Or(quoted(written[title]), "open")
	}
	return strings.Join(out, ", ")
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d:\n- %s\n+ %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}
