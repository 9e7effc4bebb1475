package obligation

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/handover"
)

// What customer service was to do and has not done passes from one shift to the next (D2), but for what is told only to who may read its subject.
var _ = handover.Declare(handover.Source{
	Name: "obligations.breached", ZH: "逾期事项", EN: "Overdue obligations", Position: 7, Entity: ent.TypeObligation,
	SQL: `SELECT o.id AS subject, o.title AS zh, coalesce(nullif(o.title_en, ''), o.title) AS en, o.created_at AS since, o.due_at AS due
		FROM obligations o LEFT JOIN departments d ON d.estate_id = o.estate_id AND d.id = o.department_id
		WHERE o.estate_id = $1 AND o.state = 'BREACHED' AND o.met_at IS NULL AND o.due_at <= $2 AND coalesce(d.kind = 'CUSTOMER_SERVICE', true) AND o.kind <> ALL ($3::text[])`,
	Args: func() []any {
		hidden := []string{}
		for kind := range subjects() {
			hidden = append(hidden, kind)
		}
		return []any{hidden}
	},
})
