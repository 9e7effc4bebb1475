-- What fell due from $2 until before $3 in the estates $1, as of $4: what was done by the day it was due then; what was done after it, of which
-- only the last time before counts as late and those before it as missed; and what was not done yet, or not before the vacancy ended. What is
-- alike is counted together before it is spread over the days, since many units fall vacant on one day.
SELECT d.estate_id, d.item_id, date_trunc('month', d.day)::date,
    coalesce(sum(d.n) FILTER (WHERE d.how = 'ON_TIME'), 0)::bigint, coalesce(sum(d.n) FILTER (WHERE d.how = 'LATE'), 0)::bigint, coalesce(sum(d.n) FILTER (WHERE d.how = 'MISSED'), 0)::bigint
FROM (
    SELECT r.estate_id, r.item_id, r.due_on AS day, count(*) AS n, 'ON_TIME' AS how
    FROM inspection_results r WHERE r.estate_id = ANY ($1) AND NOT r.voided AND r.due_on >= $2 AND r.due_on < $3 AND r.done_on <= r.due_on GROUP BY 1, 2, 3
    UNION ALL
    SELECT r.estate_id, r.item_id, p.day, r.n, CASE WHEN p.last THEN 'LATE' ELSE 'MISSED' END
    FROM (
        SELECT r.estate_id, r.item_id, r.due_on, r.done_on, count(*) AS n
        FROM inspection_results r WHERE r.estate_id = ANY ($1) AND NOT r.voided AND r.done_on > r.due_on AND r.done_on > $2 AND r.due_on < $3 GROUP BY 1, 2, 3, 4) r
    JOIN inspection_items i ON i.estate_id = r.estate_id AND i.id = r.item_id
    CROSS JOIN LATERAL inspection_passed(r.due_on, r.done_on, i.interval_count, i.interval_unit) p
    UNION ALL
    SELECT u.estate_id, u.item_id, p.day, u.n, 'MISSED'
    FROM (
        SELECT u.estate_id, u.item_id, u.due_on, least($3::date, ($4::timestamptz AT TIME ZONE e.time_zone)::date, u.ended_on) AS until, count(*) AS n
        FROM estates e JOIN inspection_dues u ON u.estate_id = e.id
        WHERE e.id = ANY ($1) AND u.due_on < least($3::date, ($4::timestamptz AT TIME ZONE e.time_zone)::date) AND (u.ended_on IS NULL OR u.ended_on > u.due_on AND u.ended_on > $2)
        GROUP BY 1, 2, 3, 4) u
    JOIN inspection_items i ON i.estate_id = u.estate_id AND i.id = u.item_id
    CROSS JOIN LATERAL inspection_passed(u.due_on, u.until, i.interval_count, i.interval_unit) p) d
JOIN estates e ON e.id = d.estate_id
JOIN inspection_items i ON i.estate_id = d.estate_id AND i.id = d.item_id
WHERE d.day >= $2 AND d.day < $3
GROUP BY 1, 2, 3, e.code, i.position
ORDER BY e.code, 3, i.position
