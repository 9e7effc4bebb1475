-- The days of an estate ($1) from $2 until before $3: its rounds by state, their units and those visited, and how many units have something due.
SELECT d.day::date, coalesce(r.planned, 0), coalesce(r.under_way, 0), coalesce(r.closed, 0), coalesce(r.cancelled, 0), coalesce(r.units, 0), coalesce(r.visited, 0), coalesce(u.due, 0)
FROM generate_series($2::date, $3::date - 1, interval '1 day') d(day)
LEFT JOIN (
    SELECT r.planned_on, count(*) FILTER (WHERE r.state = 'PLANNED') AS planned, count(*) FILTER (WHERE r.state = 'UNDER_WAY') AS under_way,
        count(*) FILTER (WHERE r.state = 'CLOSED') AS closed, count(*) FILTER (WHERE r.state = 'CANCELLED') AS cancelled,
        sum(r.units) FILTER (WHERE r.state <> 'CANCELLED') AS units,
        sum((SELECT count(*) FROM inspection_round_lines n WHERE n.estate_id = r.estate_id AND n.round_id = r.id AND n.inspection_id IS NOT NULL) - r.voided_visits)
            FILTER (WHERE r.state <> 'CANCELLED') AS visited
    FROM inspection_rounds r WHERE r.estate_id = $1 AND r.planned_on >= $2 AND r.planned_on < $3 GROUP BY 1) r ON r.planned_on = d.day
LEFT JOIN (
    SELECT i.due_on, count(DISTINCT i.vacancy_id) AS due
    FROM inspection_dues i WHERE i.estate_id = $1 AND i.due_on >= $2 AND i.due_on < $3 AND i.ended_on IS NULL GROUP BY 1) u ON u.due_on = d.day
ORDER BY 1
