package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/ids"
)

// queueDefect makes the defect of what was found in the unit that stands empty, with engineering, that rose to the manager, and its photos (V5).
func (b *batch) queueDefect(estate, account, unit uuid.UUID) {
	defect := ids.New(0x0709)
	b.queue(`INSERT INTO defects (id, created_at, estate_id, vacancy_id, unit_id, inspection_result_id, department_id, finding, found_at, reported_by_id, reported_by_name, notified_at, acknowledge_by, resolve_by)
		SELECT $1, $2, v.estate_id, v.id, v.unit_id, r.id, r.department_id, r.finding, $2, $4, '客服', $2, $2::timestamptz + interval '1 day', $2::timestamptz + interval '7 days'
		FROM vacancies v JOIN inspection_results r ON r.estate_id = v.estate_id AND r.vacancy_id = v.id AND r.result = 'ABNORMAL' WHERE v.estate_id = $3 AND v.unit_id = $5`, defect, Start, estate, account, unit)
	event := ids.New(0x070a)
	b.queue(`INSERT INTO defect_events (id, created_at, estate_id, defect_id, department_id, kind, acted_by_name, acted_at)
		SELECT $1, $2, estate_id, id, department_id, 'ESCALATED', 'system', $2 FROM defects WHERE id = $3`, event, Start, defect)
	for _, of := range []*uuid.UUID{nil, &event} { // with the report, and with a step
		b.queue(`INSERT INTO defect_photos (id, created_at, estate_id, defect_id, event_id, name, content_type, size, sha256) VALUES ($1, $2, $3, $4, $5, '厨房.jpg', 'image/jpeg', 1, repeat('0', 64))`,
			ids.New(0x070b), Start, estate, defect, of)
	}
}
