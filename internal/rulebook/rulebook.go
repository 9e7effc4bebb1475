// Package rulebook is the list of the rulebook's clauses. Its test makes docs/rulebook.md of it: clause,
// operations, tests, register, read from the acts, the schema and the sources; and fails where one of
// them names a clause that does not exist.
package rulebook

import (
	_ "embed"
	"encoding/csv"
	"regexp"
	"strings"
)

//go:embed clauses.csv
var clauses string

// Clause is one clause of the rulebook.
type Clause struct {
	ID        string // "K2.1"
	ZH, EN    string // what it says, in a few words
	Registers []string
	Lacks     string // what the program does not do of it yet, though it has an operation and a test
}

// Clauses lists all clauses in the rulebook's order.
func Clauses() []Clause {
	rows, err := csv.NewReader(strings.NewReader(clauses)).ReadAll()
	if err != nil {
		panic(err) // the file is part of the program
	}
	list := make([]Clause, 0, len(rows)-1)
	for _, r := range rows[1:] {
		c := Clause{ID: r[0], ZH: r[1], EN: r[2], Lacks: r[4]}
		if r[3] != "" {
			c.Registers = strings.Split(r[3], "|")
		}
		list = append(list, c)
	}
	return list
}

// testName is the name of a test that proves a clause: TestK2_1_Lend, or TestD2.
var testName = regexp.MustCompile(`^Test([VKAMFD]\d(?:_\d)?)(?:_|$)`)

// Proves returns the id of the clause that a test is named after, or "".
func Proves(test string) string {
	m := testName.FindStringSubmatch(test)
	if m == nil {
		return ""
	}
	return strings.ReplaceAll(m[1], "_", ".")
}

// cited is how descriptions of the schema cite clauses: "(K2.1)" or "(K2.1, K2.2)".
var (
	cited = regexp.MustCompile(`\((?:[VKAMFD]\d(?:\.\d)?(?:, )?)+\)`)
	id    = regexp.MustCompile(`[VKAMFD]\d(?:\.\d)?`)
)

// Cited lists the clauses that a description cites in brackets.
func Cited(text string) []string {
	var list []string
	for _, group := range cited.FindAllString(text, -1) {
		list = append(list, id.FindAllString(group, -1)...)
	}
	return list
}
