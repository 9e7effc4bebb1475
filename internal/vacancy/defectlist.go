package vacancy

import (
	"strings"
	"time"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/defect"
)

// Defects asks for defects; overdue, if it is given, for those of which a step is past its time, or for the others that are open.
func Defects(db *ent.Client, now time.Time, overdue *bool) *ent.DefectQuery {
	q := db.Defect.Query()
	switch {
	case overdue == nil:
	case *overdue:
		q.Where(defect.DueAtLTE(now))
	default:
		q.Where(defect.DueAtGT(now))
	}
	return q
}

func stateZH(s defect.State) string {
	return map[defect.State]string{
		defect.StateReported: "已通知", defect.StateAcknowledged: "处理中", defect.StateResolved: "待复检", defect.StateReopened: "复检不合格", defect.StateClosed: "已销案",
	}[s]
}

func stateEN(s defect.State) string { return strings.ToLower(string(s)) }
