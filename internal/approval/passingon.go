package approval

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/handover"
)

// Questions that wait for who decides pass from one shift to the next (D2), but for those that are kept; what is asked says the question, to who may read it.
var _ = handover.Declare(handover.Source{
	Name: "approvals.waiting", ZH: "待审批事项", EN: "Approvals that wait", Position: 6, Entity: ent.TypeApproval,
	SQL: `SELECT a.id AS subject, a.clause || ' 待审批(' || to_char(a.asked_at AT TIME ZONE e.time_zone, 'MM-DD HH24:MI') || ' 提出)' AS zh,
			a.clause || ', asked ' || to_char(a.asked_at AT TIME ZONE e.time_zone, 'MM-DD HH24:MI') AS en, a.asked_at AS since, a.expires_at AS due
		FROM approvals a JOIN estates e ON e.id = a.estate_id
		WHERE a.estate_id = $1 AND a.state = 'ASKED' AND a.asked_at <= $2 AND a.kind <> ALL ($3::text[])`,
	Args: func() []any {
		hidden := []string{}
		for name, k := range kinds {
			if k.Kept {
				hidden = append(hidden, name)
			}
		}
		return []any{hidden}
	},
})
