package signature

import (
	"slices"
	"strings"

	"github.com/steward-pm/steward/ent/department"
)

// Ceremony is a kind of act that is signed: who signs in what capacities, and which of them are distinct persons.
type Ceremony struct {
	Kind        string      // "keys.scrap"
	Clause      string      // the clause that demands it, named in refusals
	Capacities  []string    // "requester", "leader", "engineering"; of two that sign at once the other side's first, then the viewer's
	Distinct    [][2]string // pairs of capacities in which never the same person signs
	Certificate bool        // it ends in a certificate: all sign the same content

	Of        map[string]department.Kind // capacities in which only that department's staff signs
	Outsiders []string                   // of those, in which a person of no staff may sign, too: the developer's engineer
}

var declared []*Ceremony

// Declare makes a ceremony known; call it from a package-level variable of the chapter. The database holds everybody to the rows of
// signature_capacities, signature_distinct and signature_certificates, which the chapter's migration adds; a test compares them.
func Declare(c Ceremony) *Ceremony {
	declared = append(declared, &c)
	return &c
}

// All lists the ceremonies that were declared, by kind.
func All() []*Ceremony {
	list := slices.Clone(declared)
	slices.SortFunc(list, func(a, b *Ceremony) int { return strings.Compare(a.Kind, b.Kind) })
	return list
}
