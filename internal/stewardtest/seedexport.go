package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/ids"
)

// queueExport makes a register of a household that was exported and has expired.
func (b *batch) queueExport(estate, account uuid.UUID) {
	b.queue(`INSERT INTO register_exports (id, created_at, estate_id, account_id, account_name, register, format, language, household_id, state, job_number, rows, size, started_at, finished_at, expires_at)
		SELECT $1, $2, $3, $4, '客服', 'mail-items', 'XLSX', 'ZH', h.id, 'EXPIRED', 1, 3, 6000, $2, $2, $2::timestamptz + interval '7 days'
		FROM households h WHERE h.estate_id = $3 ORDER BY h.id LIMIT 1`, ids.New(0x0209), Start.AddDate(0, 0, -10), estate, account)
}
