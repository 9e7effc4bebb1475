-- Vacant units, held to what was (V3, V4, V5): what was missed stays missed, when the vacancy is over, too; neither another day since when a unit
-- stands empty nor another kind of unit makes it undone. A round ends with all keys of its units back, a visit is made while a key is lent, and
-- nobody gives the own department more time.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

ALTER TABLE "vacancies" ADD COLUMN "since_reason" character varying NOT NULL DEFAULT '', ADD COLUMN "converted" boolean NOT NULL DEFAULT false;
ALTER TABLE "inspection_dues" ADD COLUMN "ended_on" date NULL;
ALTER TABLE "inspections" ADD COLUMN "without_key_reason" character varying NOT NULL DEFAULT '';
ALTER TABLE "inspection_rounds" ADD COLUMN "voided_visits" bigint NOT NULL DEFAULT 0;
ALTER TABLE "inspection_round_lines" ADD COLUMN "under_way" boolean NOT NULL DEFAULT false, ADD COLUMN "planned_on" date NULL;
UPDATE inspection_round_lines n SET planned_on = r.planned_on, under_way = r.state = 'UNDER_WAY' FROM inspection_rounds r WHERE r.estate_id = n.estate_id AND r.id = n.round_id;
ALTER TABLE "inspection_round_lines" ALTER COLUMN "planned_on" SET NOT NULL;
DROP INDEX "inspectiondue_estate_id_due_on_id";
CREATE INDEX "inspectiondue_estate_id_due_on_id" ON "inspection_dues" ("estate_id", "due_on", "id") WHERE (ended_on IS NULL);
GRANT UPDATE (since_reason) ON vacancies TO steward_app;

-- Since when a unit stands empty. It is put right to a later day while nothing has fallen due and nobody was there; afterwards with a reason, which
-- only who leads gives (vacancy.Describe). What fell due is counted from when the vacancy came on record at the latest, so that it is not put
-- off from week to week. It is then that described_at says it is.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION vacancy_described() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    zone text;
BEGIN
    IF OLD.state = 'CLOSED' THEN
        RAISE check_violation USING CONSTRAINT = 'vacancies_closed', MESSAGE = format('vacancy %s is over', OLD.id);
    END IF;
    IF EXISTS (SELECT FROM occupancies o WHERE o.estate_id = NEW.estate_id AND o.unit_id = NEW.unit_id AND o.moved_in_on IS NOT NULL AND o.until_on > NEW.since_on) THEN
        RAISE check_violation USING CONSTRAINT = 'vacancies_since', MESSAGE = 'somebody had the unit then';
    END IF;
    IF NEW.since_on <= OLD.since_on OR NEW.since_reason <> '' THEN
        RETURN NULL;
    END IF;
    SELECT e.time_zone INTO zone FROM estates e WHERE e.id = NEW.estate_id;
    IF EXISTS (SELECT FROM inspections i WHERE i.estate_id = NEW.estate_id AND i.vacancy_id = NEW.id AND i.voided_at IS NULL AND i.inspected_on < NEW.since_on)
        OR EXISTS (SELECT FROM inspection_items p WHERE p.estate_id = NEW.estate_id AND p.active
            AND inspection_next(greatest(least(OLD.since_on, (OLD.created_at AT TIME ZONE zone)::date), p.since_on), p.interval_count, p.interval_unit)
                < (CASE WHEN NEW.described_at IS DISTINCT FROM OLD.described_at THEN NEW.described_at ELSE now() END AT TIME ZONE zone)::date) THEN
        RAISE check_violation USING CONSTRAINT = 'vacancies_since_later', MESSAGE = 'something was due or inspected before';
    END IF;
    RETURN NULL;
END $$;

-- A vacancy that ends because the unit is said to be something else than a flat or a shop is the same one when it is one again, unless somebody
-- had the unit meanwhile. One that opens says at once what the plan makes due in it, so that an import writes each once. What runs for each of
-- an import's statements is executed by its text: a plan that a session made when the tables were small would be kept while they grow.
CREATE OR REPLACE FUNCTION vacancy_follows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        EXECUTE $q$
            INSERT INTO vacancies (id, created_at, estate_id, unit_id, building_id, area_id, sort_key, since_on, ventilation_due_on, cleaning_due_on, due_on)
                SELECT new_id(x'0701'::int), n.created_at, n.estate_id, n.id, n.building_id, b.area_id, n.sort_key, s.day, p.ventilation, p.cleaning, p.due
                FROM rows n JOIN estates e ON e.id = n.estate_id JOIN buildings b ON b.estate_id = n.estate_id AND b.id = n.building_id
                CROSS JOIN LATERAL (SELECT (n.created_at AT TIME ZONE e.time_zone)::date AS day) s
                CROSS JOIN LATERAL (SELECT min(d.on_day) AS due, min(d.on_day) FILTER (WHERE d.code = 'VENTILATION') AS ventilation, min(d.on_day) FILTER (WHERE d.code = 'CLEANING') AS cleaning
                    FROM (SELECT i.code, inspection_next(greatest(s.day, i.since_on), i.interval_count, i.interval_unit) AS on_day
                        FROM inspection_items i WHERE i.estate_id = n.estate_id AND i.active) d) p
                WHERE stands_empty(n.kind, n.state, false)
        $q$;
        RETURN NULL;
    END IF;
    UPDATE vacancies v SET state = 'CLOSED', converted = n.kind NOT IN ('FLAT', 'SHOP'), ended_on = greatest(v.since_on, coalesce(
            (SELECT max(coalesce(o.moved_in_on, o.from_on)) FROM occupancies o WHERE o.estate_id = n.estate_id AND o.unit_id = n.id AND o.until_on IS NULL),
            (now() AT TIME ZONE e.time_zone)::date))
        FROM rows n JOIN estates e ON e.id = n.estate_id
        WHERE v.estate_id = n.estate_id AND v.unit_id = n.id AND v.state = 'OPEN' AND NOT stands_empty(n.kind, n.state, true);
    UPDATE vacancies v SET state = 'OPEN', converted = false, ended_on = NULL
        FROM rows n
        WHERE stands_empty(n.kind, n.state, true) AND v.estate_id = n.estate_id AND v.unit_id = n.id AND v.converted
            AND v.id = (SELECT l.id FROM vacancies l WHERE l.estate_id = n.estate_id AND l.unit_id = n.id ORDER BY l.since_on DESC, l.id DESC LIMIT 1)
            AND NOT EXISTS (SELECT FROM occupancies o WHERE o.estate_id = n.estate_id AND o.unit_id = n.id AND o.moved_in_on >= v.since_on);
    INSERT INTO vacancies (id, created_at, estate_id, unit_id, building_id, area_id, sort_key, since_on)
        SELECT new_id(x'0701'::int), now(), n.estate_id, n.id, n.building_id, b.area_id, n.sort_key, coalesce(
            (SELECT max(o.until_on) FROM occupancies o WHERE o.estate_id = n.estate_id AND o.unit_id = n.id AND o.moved_in_on IS NOT NULL), (now() AT TIME ZONE e.time_zone)::date)
        FROM rows n JOIN estates e ON e.id = n.estate_id JOIN buildings b ON b.estate_id = n.estate_id AND b.id = n.building_id
        WHERE stands_empty(n.kind, n.state, false)
            AND NOT EXISTS (SELECT FROM vacancies v WHERE v.estate_id = n.estate_id AND v.unit_id = n.id AND v.state = 'OPEN');
    UPDATE vacancies v SET sort_key = n.sort_key FROM rows n WHERE v.estate_id = n.estate_id AND v.unit_id = n.id AND v.sort_key <> n.sort_key;
    RETURN NULL;
END $$;

-- The references of what is due are to primary keys, whose plans stay right as the tables grow; an import has its own statements planned anew, and
-- would have each of these ten thousand.
CREATE OR REPLACE FUNCTION inspection_dues_open() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    EXECUTE $q$
        INSERT INTO inspection_dues (id, created_at, estate_id, vacancy_id, unit_id, item_id, due_on)
            SELECT new_id(x'0704'::int), n.created_at, n.estate_id, n.id, n.unit_id, i.id, inspection_next(greatest(n.since_on, i.since_on), i.interval_count, i.interval_unit)
            FROM rows n JOIN inspection_items i ON i.estate_id = n.estate_id AND i.active WHERE n.state = 'OPEN'
    $q$;
    RETURN NULL;
END $$;

-- What is due ends with the vacancy, and begins again with it; what was missed by then stays counted. The first results of a vacancy were due
-- from when it stands empty on.
CREATE OR REPLACE FUNCTION inspection_dues_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM rows n JOIN before o ON o.estate_id = n.estate_id AND o.id = n.id WHERE n.state <> o.state OR n.since_on <> o.since_on) THEN
        RETURN NULL; -- or the two would call each other for ever
    END IF;
    UPDATE inspection_dues d SET ended_on = n.ended_on FROM rows n JOIN before o ON o.estate_id = n.estate_id AND o.id = n.id
        WHERE d.estate_id = n.estate_id AND d.vacancy_id = n.id AND d.ended_on IS NULL AND n.state = 'CLOSED' AND o.state = 'OPEN';
    INSERT INTO inspection_dues AS d (id, created_at, estate_id, vacancy_id, unit_id, item_id, done_on, due_on)
        SELECT new_id(x'0704'::int), now(), n.estate_id, n.id, n.unit_id, i.id, r.last, inspection_next(coalesce(r.last, greatest(n.since_on, i.since_on)), i.interval_count, i.interval_unit)
        FROM rows n JOIN before o ON o.estate_id = n.estate_id AND o.id = n.id JOIN inspection_items i ON i.estate_id = n.estate_id AND i.active
        CROSS JOIN LATERAL (SELECT max(r.done_on) AS last FROM inspection_results r
            WHERE r.estate_id = n.estate_id AND r.vacancy_id = n.id AND r.item_id = i.id AND NOT r.voided) r
        WHERE n.state = 'OPEN' AND o.state = 'CLOSED'
        ON CONFLICT (estate_id, vacancy_id, item_id) DO UPDATE SET done_on = excluded.done_on, due_on = excluded.due_on, ended_on = NULL;
    UPDATE inspection_dues d SET due_on = inspection_next(greatest(n.since_on, i.since_on), i.interval_count, i.interval_unit)
        FROM rows n JOIN before o ON o.estate_id = n.estate_id AND o.id = n.id AND o.since_on <> n.since_on
        JOIN inspection_items i ON i.estate_id = n.estate_id AND i.active
        WHERE d.estate_id = n.estate_id AND d.vacancy_id = n.id AND d.item_id = i.id AND d.done_on IS NULL AND d.ended_on IS NULL;
    UPDATE inspection_results r SET due_on = inspection_was_due(r.estate_id, r.vacancy_id, r.item_id, r.done_on, r.id)
        FROM rows n JOIN before o ON o.estate_id = n.estate_id AND o.id = n.id AND o.since_on <> n.since_on
        WHERE r.estate_id = n.estate_id AND r.vacancy_id = n.id AND NOT r.voided AND NOT EXISTS (SELECT FROM inspection_results p
            WHERE p.estate_id = r.estate_id AND p.vacancy_id = r.vacancy_id AND p.item_id = r.item_id AND NOT p.voided AND (p.done_on, p.id) < (r.done_on, r.id));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION inspection_dues_replan() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT NEW.active THEN
        UPDATE inspection_dues d SET ended_on = (now() AT TIME ZONE e.time_zone)::date FROM estates e
            WHERE e.id = NEW.estate_id AND d.estate_id = NEW.estate_id AND d.item_id = NEW.id AND d.ended_on IS NULL;
        RETURN NULL;
    END IF;
    INSERT INTO inspection_dues AS d (id, created_at, estate_id, vacancy_id, unit_id, item_id, done_on, due_on)
        SELECT new_id(x'0704'::int), now(), v.estate_id, v.id, v.unit_id, NEW.id, r.last, inspection_next(coalesce(r.last, greatest(v.since_on, NEW.since_on)), NEW.interval_count, NEW.interval_unit)
        FROM vacancies v CROSS JOIN LATERAL (SELECT max(r.done_on) AS last FROM inspection_results r
            WHERE r.estate_id = v.estate_id AND r.vacancy_id = v.id AND r.item_id = NEW.id AND NOT r.voided) r
        WHERE v.estate_id = NEW.estate_id AND v.state = 'OPEN'
        ON CONFLICT (estate_id, vacancy_id, item_id) DO UPDATE SET done_on = excluded.done_on, due_on = excluded.due_on, ended_on = NULL
            WHERE d.due_on <> excluded.due_on OR d.ended_on IS NOT NULL;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION vacancy_dues_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM rows) THEN
        RETURN NULL;
    END IF;
    -- Each vacancy's are found by its own index: the conditions leave no use to the partial ones, which hold a whole estate, and which the planner
    -- takes to be nearly empty before there are statistics.
    EXECUTE $q$
        UPDATE vacancies v SET ventilated_on = s.ventilated, ventilation_due_on = s.ventilation_due, cleaned_on = s.cleaned, cleaning_due_on = s.cleaning_due, due_on = s.due
            FROM (SELECT DISTINCT estate_id, vacancy_id FROM rows) n
            CROSS JOIN LATERAL (SELECT min(d.due_on) FILTER (WHERE d.ended_on IS NULL) AS due,
                    max(d.done_on) FILTER (WHERE d.ended_on IS NULL AND i.code = 'VENTILATION') AS ventilated, max(d.due_on) FILTER (WHERE d.ended_on IS NULL AND i.code = 'VENTILATION') AS ventilation_due,
                    max(d.done_on) FILTER (WHERE d.ended_on IS NULL AND i.code = 'CLEANING') AS cleaned, max(d.due_on) FILTER (WHERE d.ended_on IS NULL AND i.code = 'CLEANING') AS cleaning_due
                FROM inspection_dues d JOIN inspection_items i ON i.estate_id = d.estate_id AND i.id = d.item_id
                WHERE d.estate_id = n.estate_id AND d.vacancy_id = n.vacancy_id) s
            WHERE v.estate_id = n.estate_id AND v.id = n.vacancy_id AND v.state || '' = 'OPEN'
                AND (v.ventilated_on, v.ventilation_due_on, v.cleaned_on, v.cleaning_due_on, v.due_on)
                    IS DISTINCT FROM (s.ventilated, s.ventilation_due, s.cleaned, s.cleaning_due, s.due)
    $q$;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- The days by which something fell due again and again, from the first until before the day on which it was done, or is looked at; the last of
-- them is the one that what was done then is for.
CREATE FUNCTION inspection_passed(first date, until date, n bigint, unit text) RETURNS TABLE (day date, last boolean) IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT d::date, lead(d) OVER (ORDER BY d) IS NULL
    FROM generate_series(first::timestamp, until::timestamp - interval '1 day', CASE unit WHEN 'MONTH' THEN make_interval(months => n::int) ELSE make_interval(days => n::int) END) d
$$;
CREATE INDEX inspection_dues_missed ON inspection_dues (estate_id, ended_on) WHERE ended_on > due_on;
CREATE INDEX inspection_results_late ON inspection_results (estate_id, done_on) INCLUDE (due_on, item_id) WHERE NOT voided AND done_on > due_on;

-- What is over was due, too; and was something else, if nobody moved in.
UPDATE vacancies v SET converted = true FROM units u
    WHERE u.estate_id = v.estate_id AND u.id = v.unit_id AND v.state = 'CLOSED' AND u.kind NOT IN ('FLAT', 'SHOP')
        AND NOT EXISTS (SELECT FROM occupancies o WHERE o.estate_id = v.estate_id AND o.unit_id = v.unit_id AND o.moved_in_on >= v.since_on);
INSERT INTO inspection_dues (id, created_at, estate_id, vacancy_id, unit_id, item_id, done_on, due_on, ended_on)
    SELECT new_id(x'0704'::int), now(), v.estate_id, v.id, v.unit_id, i.id, r.last, inspection_next(coalesce(r.last, greatest(v.since_on, i.since_on)), i.interval_count, i.interval_unit), v.ended_on
    FROM vacancies v JOIN inspection_items i ON i.estate_id = v.estate_id AND i.active
    CROSS JOIN LATERAL (SELECT max(r.done_on) AS last FROM inspection_results r
        WHERE r.estate_id = v.estate_id AND r.vacancy_id = v.id AND r.item_id = i.id AND NOT r.voided) r
    WHERE v.state = 'CLOSED' AND (i.since_on IS NULL OR i.since_on < v.ended_on);

-- What an estate calls the items of its plan is compared without case; what is alike by now is told apart.
UPDATE inspection_items i SET code = i.code || '-' || i.position
    WHERE EXISTS (SELECT FROM inspection_items o WHERE o.estate_id = i.estate_id AND lower(o.code) = lower(i.code) AND o.position < i.position);
UPDATE inspection_items i SET name = i.name || ' (' || i.code || ')'
    WHERE EXISTS (SELECT FROM inspection_items o WHERE o.estate_id = i.estate_id AND lower(o.name) = lower(i.name) AND o.position < i.position);
CREATE UNIQUE INDEX inspection_items_code ON inspection_items (estate_id, lower(code));
CREATE UNIQUE INDEX inspection_items_name ON inspection_items (estate_id, lower(name));

-- A vacancy is on one round of a day, and on one that is under way: what is planned far ahead keeps no unit from another that walks sooner.
DROP INDEX inspection_round_lines_open;
CREATE UNIQUE INDEX inspection_round_lines_day ON inspection_round_lines (estate_id, vacancy_id, planned_on) WHERE open;
CREATE UNIQUE INDEX inspection_round_lines_under_way ON inspection_round_lines (estate_id, vacancy_id) WHERE under_way;

-- Whether who walks the round has keys of one of its units, noted on it or not.
CREATE FUNCTION inspection_round_keys_held(estate uuid, round uuid) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT EXISTS (SELECT FROM inspection_rounds r
        JOIN key_holders h ON h.estate_id = r.estate_id AND h.staff_id = r.walker_id
        JOIN key_loans l ON l.estate_id = h.estate_id AND l.borrower_id = h.id AND l.state = 'OPEN'
        JOIN key_loan_lines k ON k.estate_id = l.estate_id AND k.loan_id = l.id AND k.returned + k.lost < k.count
        JOIN key_sets s ON s.estate_id = k.estate_id AND s.id = k.set_id
        JOIN inspection_round_lines n ON n.estate_id = s.estate_id AND n.round_id = r.id AND n.unit_id = s.unit_id
        WHERE r.estate_id = estate AND r.id = round)
$$;

-- Whether the unit could be opened on the round then: by a key of its own that was lent for it, or by any way where the round has none.
CREATE FUNCTION inspection_round_opens(estate uuid, round uuid, unit uuid, at timestamptz) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT NOT EXISTS (SELECT FROM inspection_round_keys k WHERE k.estate_id = estate AND k.round_id = round)
        OR EXISTS (SELECT FROM inspection_round_keys k
            JOIN key_loans l ON l.estate_id = k.estate_id AND l.id = k.loan_id AND l.state <> 'VOIDED' AND l.lent_at <= at
            JOIN key_loan_lines n ON n.estate_id = l.estate_id AND n.loan_id = l.id AND NOT n.voided
            JOIN key_sets s ON s.estate_id = n.estate_id AND s.id = n.set_id AND s.unit_id = unit
            WHERE k.estate_id = estate AND k.round_id = round AND (n.returned + n.lost < n.count OR at <= coalesce(
                (SELECT max(b.returned_at) FROM key_returns b WHERE b.estate_id = n.estate_id AND b.line_id = n.id AND b.voided_at IS NULL), l.returned_at, at)))
$$;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION inspection_round_line_begins() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT NEW.open OR NEW.under_way OR NEW.inspection_id IS NOT NULL OR NEW.skip_reason <> ''
        OR NOT EXISTS (SELECT FROM inspection_rounds r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.round_id AND r.state = 'PLANNED' AND r.planned_on = NEW.planned_on)
        OR NOT EXISTS (SELECT FROM vacancies v WHERE v.estate_id = NEW.estate_id AND v.id = NEW.vacancy_id AND v.unit_id = NEW.unit_id AND v.state = 'OPEN') THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_round_lines_begin', MESSAGE = 'not of a round that is planned, or not vacant';
    END IF;
    RETURN NULL;
END $$;

-- The ways of a round. It begins with its keys, or with a reason why it has none, which holds for nobody who has some; it ends with its keys back,
-- also with those that nobody noted on it, and is closed with each unit visited, or passed by for a reason, or lived in by then.
CREATE OR REPLACE FUNCTION inspection_round_moves() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF (OLD.state || '>' || NEW.state) NOT IN ('PLANNED>UNDER_WAY', 'PLANNED>CANCELLED', 'UNDER_WAY>CLOSED', 'UNDER_WAY>CANCELLED') THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_rounds_way', MESSAGE = format('from %s to %s', OLD.state, NEW.state);
    END IF;
    IF NEW.state = 'UNDER_WAY' THEN
        IF (NEW.without_keys_reason = '') <> EXISTS (SELECT FROM inspection_round_keys k WHERE k.estate_id = NEW.estate_id AND k.round_id = NEW.id) THEN
            RAISE check_violation USING CONSTRAINT = 'inspection_rounds_keys', MESSAGE = 'without keys, or with keys and a reason for none';
        END IF;
        IF NEW.without_keys_reason <> '' AND inspection_round_keys_held(NEW.estate_id, NEW.id) THEN
            RAISE check_violation USING CONSTRAINT = 'inspection_rounds_keys_held', MESSAGE = 'without keys, by who has some of its units';
        END IF;
        UPDATE inspection_round_lines SET under_way = true WHERE estate_id = NEW.estate_id AND round_id = NEW.id;
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM inspection_round_keys k JOIN key_loans l ON l.estate_id = k.estate_id AND l.id = k.loan_id
            WHERE k.estate_id = NEW.estate_id AND k.round_id = NEW.id AND l.state = 'OPEN')
        OR NEW.state = 'CLOSED' AND inspection_round_keys_held(NEW.estate_id, NEW.id) THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_rounds_keys_back', MESSAGE = 'keys of its units are out with who walks';
    END IF;
    IF NEW.state = 'CLOSED' AND EXISTS (SELECT FROM inspection_round_lines n JOIN vacancies v ON v.estate_id = n.estate_id AND v.id = n.vacancy_id
        WHERE n.estate_id = NEW.estate_id AND n.round_id = NEW.id AND n.inspection_id IS NULL AND n.skip_reason = '' AND (v.state = 'OPEN' OR v.converted)) THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_rounds_visited', MESSAGE = 'units that were not visited';
    END IF;
    IF NEW.state = 'CANCELLED' AND EXISTS (SELECT FROM inspection_round_lines n WHERE n.estate_id = NEW.estate_id AND n.round_id = NEW.id AND n.inspection_id IS NOT NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_rounds_begun', MESSAGE = 'units were visited';
    END IF;
    UPDATE inspection_round_lines SET open = false, under_way = false WHERE estate_id = NEW.estate_id AND round_id = NEW.id;
    RETURN NULL;
END $$;

-- A visit on a round is that of a line, by who walks it, while it is under way: with a key of the unit, or with a word about how it was entered, and
-- at a time at which who walks was nowhere else.
CREATE OR REPLACE FUNCTION inspection_round_visited() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    r inspection_rounds;
BEGIN
    SELECT * INTO r FROM inspection_rounds WHERE estate_id = NEW.estate_id AND id = NEW.round_id FOR UPDATE;
    IF r.state IS DISTINCT FROM 'UNDER_WAY' OR NEW.inspected_at < r.started_at THEN
        RAISE check_violation USING CONSTRAINT = 'inspections_under_way', MESSAGE = 'the round was not under way';
    END IF;
    IF NOT EXISTS (SELECT FROM staffs s WHERE s.estate_id = r.estate_id AND s.id = r.walker_id AND s.account_id = NEW.inspected_by_id) THEN
        RAISE check_violation USING CONSTRAINT = 'inspections_walker', MESSAGE = 'inspected by another than who walks';
    END IF;
    IF NEW.without_key_reason = '' AND NOT inspection_round_opens(NEW.estate_id, NEW.round_id, NEW.unit_id, NEW.inspected_at) THEN
        RAISE check_violation USING CONSTRAINT = 'inspections_key', MESSAGE = 'no key of the unit was lent then';
    END IF;
    IF EXISTS (SELECT FROM inspections i WHERE i.estate_id = NEW.estate_id AND i.round_id = NEW.round_id AND i.id <> NEW.id
        AND i.inspected_at = NEW.inspected_at AND i.voided_at IS NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'inspections_elsewhere', MESSAGE = 'two units at the same time';
    END IF;
    UPDATE inspection_round_lines SET inspection_id = NEW.id
        WHERE estate_id = NEW.estate_id AND round_id = NEW.round_id AND vacancy_id = NEW.vacancy_id AND inspection_id IS NULL;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'inspections_line', MESSAGE = 'not on the round, or visited already';
    END IF;
    RETURN NULL;
END $$;

-- A visit that is voided while the round is under way is to be made again. Afterwards the line names it still, and the round says that what was
-- signed for does not hold. Who ends the round waits for it, and it for them.
CREATE OR REPLACE FUNCTION inspection_round_unvisited() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM inspection_rounds WHERE estate_id = NEW.estate_id AND id = NEW.round_id FOR UPDATE;
    UPDATE inspection_round_lines SET inspection_id = NULL WHERE estate_id = NEW.estate_id AND round_id = NEW.round_id AND inspection_id = NEW.id AND open;
    IF NOT FOUND THEN
        UPDATE inspection_rounds SET voided_visits = voided_visits + 1 WHERE estate_id = NEW.estate_id AND id = NEW.round_id AND state = 'CLOSED';
    END IF;
    RETURN NULL;
END $$;

-- A picture is of one visit: who sends it with another, of whatever unit, was not there with a camera.
CREATE FUNCTION inspection_photo_once() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('inspection_photos' || NEW.estate_id || NEW.sha256, 0));
    IF EXISTS (SELECT FROM inspection_photos p JOIN inspection_results r ON r.estate_id = p.estate_id AND r.id = p.result_id AND NOT r.voided
        JOIN inspection_results own ON own.estate_id = NEW.estate_id AND own.id = NEW.result_id AND own.inspection_id <> r.inspection_id
        WHERE p.estate_id = NEW.estate_id AND p.sha256 = NEW.sha256) THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_photos_once', MESSAGE = 'the picture of another visit';
    END IF;
    RETURN NULL;
END $$;

-- More time is given to a department by somebody else: not by who acknowledged, resolved or proposed for it, nor by who holds a role in it.
CREATE FUNCTION defect_term_given() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    d defects;
    today date;
BEGIN
    SELECT * INTO d FROM defects WHERE estate_id = NEW.estate_id AND id = NEW.defect_id;
    SELECT (NEW.acted_at AT TIME ZONE e.time_zone)::date INTO today FROM estates e WHERE e.id = NEW.estate_id;
    IF EXISTS (SELECT FROM defect_events e WHERE e.estate_id = d.estate_id AND e.defect_id = d.id AND e.department_id = d.department_id
            AND e.kind IN ('ACKNOWLEDGED', 'RESOLVED', 'PROPOSED') AND e.acted_by_id = NEW.acted_by_id)
        OR EXISTS (SELECT FROM identity.holders(d.estate_id, today) h JOIN departments p ON p.estate_id = d.estate_id AND p.id = d.department_id
            WHERE h.account = NEW.acted_by_id AND (h.department = p.id OR h.role = 'cs-officer' AND p.kind = 'CUSTOMER_SERVICE')) THEN
        RAISE check_violation USING CONSTRAINT = 'defects_own_term', MESSAGE = 'given by the department itself';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION inspection_photo_once, defect_term_given FROM PUBLIC;
DROP TRIGGER vacancy_dues_end ON inspection_dues; -- none is removed any more
CREATE TRIGGER inspection_photo_once AFTER INSERT ON inspection_photos FOR EACH ROW EXECUTE FUNCTION inspection_photo_once();
CREATE TRIGGER defect_term_given AFTER INSERT ON defect_events FOR EACH ROW WHEN (NEW.kind = 'EXTENDED') EXECUTE FUNCTION defect_term_given();
