package audit

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Defect is a way in which a trail can be broken.
type Defect string

// The defects that Verify tells apart.
const (
	Edited       Defect = "edited"           // body or hash: they do not fit
	Replaced     Defect = "replaced"         // consistent in itself, but the next entry follows another one
	Moved        Defect = "moved"            // the entry bears the hash of another place: reordered, or entries added or removed before it
	Added        Defect = "added"            // the entry was put in between, or after the head
	Missing      Defect = "missing"          // entries were removed
	Column       Defect = "column"           // a queryable column differs from the body
	ChangesWrong Defect = "changes"          // the act's row changes are not those that were recorded
	StrayChanges Defect = "stray changes"    // row changes without an entry
	HeadWrong    Defect = "head"             // the chain's head is not its last entry
	Rewritten    Defect = "rewritten"        // consistent in itself, but not what was signed
	BadSignature Defect = "bad signature"    // a line of the signed heads was tampered with
	Unreadable   Defect = "unreadable lines" // a line of the signed heads is no such line
)

// Break is the first defect of a chain.
type Break struct {
	Chain
	Seq    int64     // the first broken place; 0 if it has none
	Entry  uuid.UUID // the entry that stands there; Nil if none does
	Defect Defect
	Detail string
}

// String names the place and the defect on one line.
func (b Break) String() string {
	switch {
	case b.Defect == BadSignature || b.Defect == Unreadable:
		return fmt.Sprintf("signed heads: %s: %s", b.Defect, b.Detail)
	case b.Entry == uuid.Nil:
		return fmt.Sprintf("estate %s, %s chain, place %d: %s: %s", b.Estate, b.Kind, b.Seq, b.Defect, b.Detail)
	}
	return fmt.Sprintf("estate %s, %s chain, place %d, entry %s: %s: %s", b.Estate, b.Kind, b.Seq, b.Entry, b.Defect, b.Detail)
}

// Report is what a verification found.
type Report struct {
	At       time.Time // the trail as of this moment
	SignedAt time.Time // the newest signed heads used; what came after could have been cut off unseen
	Chains   int
	Entries  int64
	Changes  int64
	Broken   []Break // the first of each chain, in the order of the chains; then chains removed, then stray changes
}

// Whole tells whether nothing is broken.
func (r Report) Whole() bool { return len(r.Broken) == 0 }
