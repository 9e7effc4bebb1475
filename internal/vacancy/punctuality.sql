-- What fell due from $2 until before $3 in the estates $1, as of $4: what was done, by the day it was due then, and what was not done yet.
SELECT d.estate_id, d.item_id, date_trunc('month', d.due_on)::date,
    count(*) FILTER (WHERE d.done_on <= d.due_on), count(*) FILTER (WHERE d.done_on > d.due_on), count(*) FILTER (WHERE d.done_on IS NULL)
FROM (
    SELECT r.estate_id, r.item_id, r.due_on, r.done_on
    FROM inspection_results r WHERE r.estate_id = ANY ($1) AND NOT r.voided AND r.due_on >= $2 AND r.due_on < $3
    UNION ALL
    SELECT u.estate_id, u.item_id, u.due_on, NULL
    FROM estates e JOIN inspection_dues u ON u.estate_id = e.id
    WHERE e.id = ANY ($1) AND u.due_on >= $2 AND u.due_on < least($3::date, ($4::timestamptz AT TIME ZONE e.time_zone)::date)) d
JOIN estates e ON e.id = d.estate_id
JOIN inspection_items i ON i.estate_id = d.estate_id AND i.id = d.item_id
GROUP BY 1, 2, 3, e.code, i.position
ORDER BY e.code, 3, i.position
