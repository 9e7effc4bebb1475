-- What of the plan is overdue, and due today, in the estates $1, as of $2: a row per estate and item.
SELECT i.estate_id, i.code, i.name, i.name_en, coalesce(d.overdue, 0), coalesce(d.today, 0)
FROM inspection_items i LEFT JOIN (
    SELECT d.estate_id, d.item_id, count(*) FILTER (WHERE d.due_on < e.today) AS overdue, count(*) FILTER (WHERE d.due_on = e.today) AS today
    FROM (SELECT id, ($2::timestamptz AT TIME ZONE time_zone)::date AS today FROM estates WHERE id = ANY ($1::uuid[])) e
    JOIN inspection_dues d ON d.estate_id = e.id AND d.due_on <= e.today AND d.ended_on IS NULL GROUP BY 1, 2) d ON d.estate_id = i.estate_id AND d.item_id = i.id
WHERE i.estate_id = ANY ($1) AND i.active ORDER BY i.position, i.estate_id
