-- Who is on duty at $2 in the estates $1, with until when; and, without a name, each estate's first shift that lacks somebody, with when it begins, how many
-- lack, and how many such shifts there are, as duty_problems says it to who publishes the roster. Of the estates $3 and of the departments $4. No shift is longer
-- than a day.
WITH standing AS (
    SELECT a.estate_id, a.staff_id, p.name::text, s.name::text AS shift, a.ends_at, 0 AS missing, 0 AS shifts, p.sort_key
    FROM duty_assignments a JOIN duty_rosters r ON r.estate_id = a.estate_id AND r.id = a.roster_id AND r.state = 'PUBLISHED'
    JOIN staffs p ON p.estate_id = a.estate_id AND p.id = a.staff_id JOIN duty_shifts s ON s.estate_id = a.estate_id AND s.id = a.shift_id
    WHERE a.estate_id = ANY ($1::uuid[]) AND a.removed_at IS NULL AND a.starts_at <= $2::timestamptz AND a.starts_at > $2::timestamptz - interval '2 days' AND a.ends_at > $2
        AND (a.estate_id = ANY ($3::uuid[]) OR a.department_id = ANY ($4::uuid[]))
), uncovered AS (
    SELECT DISTINCT ON (e.id) e.id, s.id AS shift_id, NULL::text, s.name::text, t.starts_at, p.missing, count(*) OVER (PARTITION BY e.id), ''
    FROM (SELECT x.id, ($2 AT TIME ZONE x.time_zone)::date AS today FROM estates x WHERE x.id = ANY ($1)) e
    JOIN duty_rosters r ON r.estate_id = e.id AND r.state = 'PUBLISHED' AND r.month > e.today - 32 AND (r.estate_id = ANY ($3) OR r.department_id = ANY ($4))
    CROSS JOIN LATERAL duty_problems(e.id, r.id, e.today - 1) p JOIN duty_shifts s ON s.estate_id = e.id AND s.id = p.shift_id CROSS JOIN LATERAL duty_times(s, p.day) t
    WHERE p.kind = 'UNCOVERED' AND t.ends_at > $2 ORDER BY e.id, t.starts_at, s.id
), found AS (SELECT * FROM standing UNION ALL SELECT * FROM uncovered)
SELECT estate_id, staff_id, name, shift, ends_at, missing, shifts FROM found ORDER BY sort_key, staff_id
