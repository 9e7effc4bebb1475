package keys

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/handover"
)

// Keys that are out pass from one shift to the next (D2), by loan: whose they are to have back says the loan.
var _ = handover.Declare(handover.Source{
	Name: "keys.out", ZH: "未还钥匙", EN: "Keys that are out", Position: 1, Entity: ent.TypeKeyLoan,
	SQL: `SELECT l.id AS subject, n.labels || ' 共' || n.count || '把' AS zh, n.labels || ', ' || n.count || ' in all' AS en, l.lent_at AS since, l.due_at AS due
		FROM key_loans l CROSS JOIN LATERAL (SELECT string_agg(k.label, '、' ORDER BY k.label) AS labels, sum(k.count - k.returned - k.lost) AS count
			FROM key_loan_lines k WHERE k.estate_id = l.estate_id AND k.loan_id = l.id AND k.count > k.returned + k.lost) n
		WHERE l.estate_id = $1 AND l.state = 'OPEN' AND l.lent_at <= $2 AND n.count > 0`,
})
