package obligation

import (
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/act"
)

// Kind is a kind of thing that is due: a chapter declares each once, opens it, and meets or cancels it.
type Kind struct {
	Name    string // "keys.return"
	Clause  string // the clause that demands it; empty if each Due says its own
	TitleZH string // what is to be done, in a line, before what it is about: "收回钥匙:"
	TitleEN string

	// Of is the entity of what it is about, where the obligation is told to who may read that row, and to nobody else: what is due about a
	// household's complaint says that it complained. Empty: to everybody who may read obligations.
	Of string

	// Answer finds who is reminded, by subject, in a constant number of statements; nil, or nobody found: the leaders of the
	// department. Those who may decide a question, say.
	Answer func(tx *act.Tx, subjects []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error)
	// Raised is told of what subjects it rose to the leaders, in the transaction in which they are reminded; nil: nobody keeps that.
	Raised func(tx *act.Tx, subjects []uuid.UUID) error
}

var kinds = map[string]*Kind{}

// Declare makes the kind known; call it from a package-level variable. It panics on a kind that is declared twice, or
// not in full.
func Declare(k Kind) *Kind {
	if k.Name == "" || k.TitleZH == "" || k.TitleEN == "" || kinds[k.Name] != nil {
		panic("obligation: kind " + k.Name + " is declared twice, or not in full")
	}
	kinds[k.Name] = &k
	return &k
}

// Kinds are all that are declared, by name.
func Kinds() (list []*Kind) {
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		list = append(list, kinds[name])
	}
	return list
}
