package fees

import (
	"fmt"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/fault"
)

// dunningNumber is a notice's number as people write it: 17, and its second version 17-2.
func dunningNumber(d *ent.FeeDunning) string {
	if d.Revision == 1 {
		return fmt.Sprint(d.Number)
	}
	return fmt.Sprintf("%d-%d", d.Number, d.Revision)
}

// dunningTitle names a notice in a line.
func dunningTitle(d *ent.FeeDunning) string { return dunningNumber(d) + " " + d.Address }

// mostDunnings is how many dunning notices are reviewed, stamped or handed over at once.
const mostDunnings = 100

// checkDunnings refuses none, too many, and one that is named twice.
func checkDunnings[T comparable](list []T, clause string) error {
	if len(list) == 0 || len(list) > mostDunnings {
		return fault.Invalid("dunningIDs", "请选择 1 到 %[1]d 份催缴通知单。", "Name between 1 and %[1]d dunning notices.", mostDunnings).By(clause)
	}
	seen := map[T]bool{}
	for i, id := range list {
		if seen[id] {
			return fault.Invalid(fmt.Sprintf("dunningIDs.%d", i), "同一份催缴通知单只能填一次。", "Name each dunning notice once.").By(clause)
		}
		seen[id] = true
	}
	return nil
}
