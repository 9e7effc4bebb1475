package signature

import (
	"slices"
	"strings"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/internal/access"
)

// Ceremony is a kind of act that is signed: who signs in what capacities, and which of them are distinct persons.
type Ceremony struct {
	Kind        string      // "keys.scrap"
	Clause      string      // the clause that demands it, named in refusals
	Capacities  []string    // "requester", "leader", "engineering"; of two that sign at once the other side's first, then the viewer's
	Distinct    [][2]string // pairs of capacities in which never the same person signs
	Certificate bool        // it ends in a certificate: all sign the same content

	// Subject is the entity of what is signed for, where signatures and certificate are told to who may read that row, and to nobody else.
	// Empty: to everybody who may read signatures, certificates.
	Subject string

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

func init() {
	access.NarrowToSubject(ent.TypeSignature, subjects)
	access.NarrowToSubject(ent.TypeCertificate, subjects)
}

// subjects are the entities of what is signed for, by kind, of the ceremonies that name one.
func subjects() map[string]access.Entity {
	of := map[string]access.Entity{}
	for _, c := range declared {
		if c.Subject != "" {
			of[c.Kind] = ent.Entities[c.Subject]
		}
	}
	return of
}

// All lists the ceremonies that were declared, by kind.
func All() []*Ceremony {
	list := slices.Clone(declared)
	slices.SortFunc(list, func(a, b *Ceremony) int { return strings.Compare(a.Kind, b.Kind) })
	return list
}
