package vacancy

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/handover"
)

// Rounds that were not walked on their day, what is past its day in vacant units, and defects that are not closed pass from one shift to the next (D2).
var _ = []*handover.Source{
	handover.Declare(handover.Source{
		Name: "vacancy.rounds", ZH: "逾期巡查", EN: "Overdue inspection rounds", Position: 3, Entity: ent.TypeInspectionRound,
		SQL: `SELECT r.id AS subject, to_char(r.planned_on, 'YYYY-MM-DD') || ' 巡查 ' || r.units || ' 套' AS zh, 'round of ' || to_char(r.planned_on, 'YYYY-MM-DD') || ' through ' || r.units || ' units' AS en,
				r.created_at AS since, (r.planned_on + 1)::timestamp AT TIME ZONE e.time_zone AS due
			FROM inspection_rounds r JOIN estates e ON e.id = r.estate_id
			WHERE r.estate_id = $1 AND r.state IN ('PLANNED', 'UNDER_WAY') AND r.planned_on < ($2::timestamptz AT TIME ZONE e.time_zone)::date`,
	}),
	handover.Declare(handover.Source{
		Name: "vacancy.inspections", ZH: "逾期检查项目", EN: "Overdue inspections", Position: 4, Entity: ent.TypeInspectionDue,
		SQL: `SELECT d.id AS subject, u.label || ' ' || i.name AS zh, u.label || ' ' || coalesce(nullif(i.name_en, ''), i.name) AS en,
				NULL::timestamptz AS since, (d.due_on + 1)::timestamp AT TIME ZONE e.time_zone AS due
			FROM inspection_dues d JOIN estates e ON e.id = d.estate_id JOIN units u ON u.estate_id = d.estate_id AND u.id = d.unit_id
				JOIN inspection_items i ON i.estate_id = d.estate_id AND i.id = d.item_id
			WHERE d.estate_id = $1 AND d.ended_on IS NULL AND d.due_on < ($2::timestamptz AT TIME ZONE e.time_zone)::date`,
	}),
	handover.Declare(handover.Source{
		Name: "vacancy.defects", ZH: "未关闭异常", EN: "Open defects", Position: 5, Entity: ent.TypeDefect,
		SQL: `SELECT d.id AS subject, u.label || ' 异常' AS zh, u.label || ', defect' AS en, d.found_at AS since, d.due_at AS due
			FROM defects d JOIN units u ON u.estate_id = d.estate_id AND u.id = d.unit_id
			WHERE d.estate_id = $1 AND d.state <> 'CLOSED' AND d.voided_at IS NULL AND d.created_at <= $2`,
	}),
}
