package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/ids"
)

// queueDuty has a second member of staff, a shift that takes nobody in particular, March's roster published with both on it, one change of that, leave and a
// swap that wait, a feed, and the open sheet of a shift change with a line (D1.1, D2).
func (b *batch) queueDuty(estate, account uuid.UUID) {
	made := Start.AddDate(0, 0, -10)
	other, shift, roster, change, sheet := ids.New(0x0106), ids.New(0x0a01), ids.New(0x0a02), ids.New(0x0a04), ids.New(0x0a08)
	b.queue(`INSERT INTO staffs (id, created_at, estate_id, name, sort_key, position, department_id, phone, employed_from)
		SELECT $1, $2, $3, (SELECT name FROM estates WHERE id = $3) || '同事', 'tongshi', '', d.id, '', '2025-01-01' FROM departments d WHERE d.estate_id = $3 AND d.kind = 'CUSTOMER_SERVICE'`, other, made, estate)
	b.queue(`INSERT INTO duty_shifts (id, created_at, estate_id, department_id, name, short, begins, ends)
		SELECT $1, $2, $3, department_id, '值守', '值', '08:00', '16:00' FROM staffs WHERE id = $4`, shift, made, estate, other)
	b.queue(`INSERT INTO duty_rosters (id, created_at, estate_id, department_id, month, due_at, drafted_by_id, drafted_by_name)
		SELECT $1, $2, $3, department_id, '2026-03-01', '2026-03-01 00:00+08', $5, '主管' FROM staffs WHERE id = $4`, roster, made, estate, other, account)
	const assign = `INSERT INTO duty_assignments (id, created_at, estate_id, department_id, roster_id, shift_id, staff_id, day, starts_at, ends_at, rested_at, origin, added_by_id, added_by_name, added_change_id)
		SELECT new_id(x'0a03'::int), $1, r.estate_id, r.department_id, r.id, $2, s.id, $4::date, t.starts_at, t.ends_at, t.rested_at, CASE WHEN $5::uuid IS NULL THEN 'HAND' ELSE 'CHANGE' END, $6, '主管', $5
		FROM duty_rosters r JOIN staffs s ON s.estate_id = r.estate_id AND s.department_id = r.department_id AND (s.id = $7) = $8 JOIN duty_shifts x ON x.id = $2 CROSS JOIN LATERAL duty_times(x, $4::date) t WHERE r.id = $3`
	for day, second := range map[string]bool{"2026-03-05": false, "2026-03-06": true, "2026-03-09": false} {
		b.queue(assign, made, shift, roster, day, nil, account, other, second)
	}
	b.queue(`UPDATE duty_rosters SET state = 'PUBLISHED', published_at = created_at, published_by_id = $2, published_by_name = '主管' WHERE id = $1`, roster, account)
	b.queue(`INSERT INTO duty_changes (id, created_at, estate_id, department_id, roster_id, reason, changed_at, changed_by_id, changed_by_name)
		SELECT $1, $2, estate_id, department_id, id, '临时调整', $2, $4, '主管' FROM duty_rosters WHERE id = $3`, change, made, roster, account)
	b.queue(`UPDATE duty_assignments SET removed_at = $1, removed_by_id = $2, removed_by_name = '主管', removed_change_id = $3 WHERE roster_id = $4 AND day = '2026-03-09'`, made, account, change, roster)
	b.queue(assign, made, shift, roster, "2026-03-10", change, account, other, false)
	b.queue(`INSERT INTO duty_leaves (id, created_at, estate_id, department_id, staff_id, kind, from_on, until_on, starts_at, ends_at, recorded_by_id, recorded_by_name)
		SELECT $1, $2, estate_id, department_id, id, 'ANNUAL', '2026-06-01', '2026-06-02', '2026-06-01 00:00+08', '2026-06-03 00:00+08', $4, '客服' FROM staffs WHERE id = $3`, ids.New(0x0a05), made, other, account)
	b.queue(`INSERT INTO duty_swaps (id, created_at, estate_id, department_id, given_id, taken_id, asker_id, other_id, reason, asked_at, asked_by_id, asked_by_name, expires_at)
		SELECT $1, $2, g.estate_id, g.department_id, g.id, t.id, g.staff_id, t.staff_id, '家中有事', $2, $4, '客服', g.starts_at
		FROM duty_assignments g JOIN duty_assignments t ON t.roster_id = g.roster_id AND t.day = '2026-03-06' WHERE g.roster_id = $3 AND g.day = '2026-03-05'`, ids.New(0x0a06), made, roster, account)
	b.queue(`INSERT INTO duty_feeds (id, created_at, estate_id, department_id, staff_id, account_id, label, token_hash)
		SELECT $1, $2, estate_id, department_id, id, $4, '手机日历', encode(sha256(convert_to(id::text, 'UTF8')), 'hex') FROM staffs WHERE id = $3`, ids.New(0x0a07), made, other, account)
	b.queue(`INSERT INTO duty_handovers (id, created_at, estate_id, department_id, ended_at, begins_at, due_at, filled_at, outgoing_names, incoming_names, lines, matters)
		SELECT $1, $2, estate_id, department_id, $2, $2, $2::timestamptz + interval '1 hour', $2, name, name, 1, 1 FROM staffs WHERE id = $3`, sheet, made, other)
	b.queue(`INSERT INTO duty_handover_lines (id, created_at, estate_id, department_id, handover_id, position, source, title, title_en, entity, subject_id, text, text_en)
		SELECT $1, $2, h.estate_id, h.department_id, h.id, 1, 'keys.out', '未还钥匙', 'Keys that are out', 'KeyLoan', (SELECT id FROM key_loans WHERE estate_id = h.estate_id ORDER BY id LIMIT 1), '设备间', 'equipment room'
		FROM duty_handovers h WHERE h.id = $3`, ids.New(0x0a09), made, sheet)
}
