-- A row per estate. $1 the estates, $2 now, of assignments those of the estates $3 and of the departments $4, of sheets those of the estates $5 and of the
-- departments $6. The columns are those of Board. That a shift is uncovered duty_problems says, as it does to who publishes the roster.
WITH e AS MATERIALIZED (
    SELECT id, ($2::timestamptz AT TIME ZONE time_zone)::date AS today FROM estates WHERE id = ANY ($1::uuid[])
), uncovered AS (
    SELECT e.id, count(*) AS shifts
    FROM e JOIN duty_rosters r ON r.estate_id = e.id AND r.state = 'PUBLISHED' AND r.month > e.today - 32 AND (r.estate_id = ANY ($3::uuid[]) OR r.department_id = ANY ($4::uuid[]))
    CROSS JOIN LATERAL duty_problems(e.id, r.id, e.today - 1) p JOIN duty_shifts s ON s.estate_id = e.id AND s.id = p.shift_id CROSS JOIN LATERAL duty_times(s, p.day) t
    WHERE p.kind = 'UNCOVERED' AND t.ends_at > $2 GROUP BY 1
), sheets AS (
    SELECT estate_id, count(*) AS unsigned, count(*) FILTER (WHERE due_at <= $2) AS overdue FROM duty_handovers
    WHERE estate_id = ANY ($1) AND state = 'OPEN' AND (estate_id = ANY ($5::uuid[]) OR department_id = ANY ($6::uuid[])) GROUP BY 1
)
SELECT e.id, coalesce(shifts, 0), coalesce(unsigned, 0), coalesce(overdue, 0)
FROM e LEFT JOIN uncovered ON uncovered.id = e.id LEFT JOIN sheets ON sheets.estate_id = e.id
