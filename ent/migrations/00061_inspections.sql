-- Inspections of vacant units (V4): an estate's plan says what is done how often; what is due in each unit that stands empty follows from the
-- plan and from what was done, here, be the vacancy opened by a move-out or by an import of many.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

CREATE TABLE "inspection_items" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "code" character varying NOT NULL, "name" character varying NOT NULL, "name_en" character varying NOT NULL DEFAULT '', "clause" character varying NOT NULL DEFAULT '', "position" bigint NOT NULL, "interval_count" bigint NOT NULL, "interval_unit" character varying NOT NULL, "active" boolean NOT NULL DEFAULT true, "since_on" date NULL, "estate_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "inspection_items_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "inspectionitem_estate_id_code" ON "inspection_items" ("estate_id", "code");
CREATE UNIQUE INDEX "inspectionitem_estate_id_position" ON "inspection_items" ("estate_id", "position");
CREATE TABLE "inspection_dues" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "done_on" date NULL, "due_on" date NOT NULL, "estate_id" uuid NOT NULL, "vacancy_id" uuid NOT NULL, "unit_id" uuid NOT NULL, "item_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "inspection_dues_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "inspection_dues_units_unit" FOREIGN KEY ("estate_id", "unit_id") REFERENCES "units" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "inspection_dues_vacancies_vacancy" FOREIGN KEY ("estate_id", "vacancy_id") REFERENCES "vacancies" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "inspection_dues_inspection_items_item" FOREIGN KEY ("estate_id", "item_id") REFERENCES "inspection_items" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "inspectiondue_estate_id_vacancy_id_item_id" ON "inspection_dues" ("estate_id", "vacancy_id", "item_id");
CREATE INDEX "inspectiondue_estate_id_due_on_id" ON "inspection_dues" ("estate_id", "due_on", "id");
CREATE TABLE "inspections" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "late_reason" character varying NOT NULL DEFAULT '', "inspected_at" timestamptz NOT NULL, "inspected_on" date NOT NULL, "inspected_by_id" uuid NOT NULL, "inspected_by_name" character varying NOT NULL, "note" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "vacancy_id" uuid NOT NULL, "unit_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "inspections_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "inspections_vacancies_vacancy" FOREIGN KEY ("estate_id", "vacancy_id") REFERENCES "vacancies" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "inspections_units_unit" FOREIGN KEY ("estate_id", "unit_id") REFERENCES "units" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "inspection_estate_id_inspected_at_id" ON "inspections" ("estate_id", "inspected_at", "id");
CREATE INDEX "inspection_estate_id_vacancy_id_inspected_at" ON "inspections" ("estate_id", "vacancy_id", "inspected_at");
CREATE TABLE "inspection_results" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "vacancy_id" uuid NOT NULL, "result" character varying NOT NULL, "finding" character varying NOT NULL DEFAULT '', "done_on" date NOT NULL, "due_on" date NULL, "voided" boolean NOT NULL DEFAULT false, "estate_id" uuid NOT NULL, "inspection_id" uuid NOT NULL, "item_id" uuid NOT NULL, "department_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "inspection_results_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "inspection_results_inspections_inspection" FOREIGN KEY ("estate_id", "inspection_id") REFERENCES "inspections" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "inspection_results_inspection_items_item" FOREIGN KEY ("estate_id", "item_id") REFERENCES "inspection_items" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "inspection_results_departments_department" FOREIGN KEY ("estate_id", "department_id") REFERENCES "departments" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "inspectionresult_estate_id_inspection_id_item_id" ON "inspection_results" ("estate_id", "inspection_id", "item_id");
CREATE TABLE "inspection_photos" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "content_type" character varying NOT NULL, "size" bigint NOT NULL, "sha256" character varying NOT NULL, "estate_id" uuid NOT NULL, "result_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "inspection_photos_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "inspection_photos_inspection_results_result" FOREIGN KEY ("estate_id", "result_id") REFERENCES "inspection_results" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "inspectionphoto_estate_id_result_id" ON "inspection_photos" ("estate_id", "result_id");
CREATE INDEX "inspectionphoto_estate_id_sha256" ON "inspection_photos" ("estate_id", "sha256");
SELECT wall('inspections', append_only => true);
SELECT wall('inspection_dues', append_only => true);
SELECT wall('inspection_items');
SELECT wall('inspection_photos', append_only => true);
SELECT wall('inspection_results', append_only => true);

-- The rulebook's items are always due, and never less often than it says (V4.1, V4.4). The code is what an estate calls the item for ever.
ALTER TABLE inspection_items
    ADD CONSTRAINT inspection_items_interval CHECK (interval_count <= CASE interval_unit WHEN 'DAY' THEN 366 ELSE 12 END),
    ADD CONSTRAINT inspection_items_weekly CHECK (code <> 'VENTILATION' OR interval_unit = 'DAY' AND interval_count <= 7),
    ADD CONSTRAINT inspection_items_monthly CHECK (code <> 'CLEANING' OR interval_count <= CASE interval_unit WHEN 'DAY' THEN 28 ELSE 1 END),
    ADD CONSTRAINT inspection_items_demanded CHECK (clause = '' OR active AND since_on IS NULL),
    ADD CONSTRAINT inspection_items_own CHECK (clause <> '' OR since_on IS NOT NULL);
REVOKE UPDATE ON inspection_items FROM steward_app;
GRANT UPDATE (version, name, name_en, interval_count, interval_unit, active) ON inspection_items TO steward_app;
-- What is due is the database's to say.
REVOKE INSERT ON inspection_dues FROM steward_app;

-- By when something is due that is done each so many days or months; a month that has no such day ends on its last.
CREATE FUNCTION inspection_next(last date, n bigint, unit text) RETURNS date IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT CASE unit WHEN 'MONTH' THEN (last + make_interval(months => n::int))::date ELSE last + n::int END
$$;

-- The rulebook's five, for the estates that are there and for each that comes.
CREATE FUNCTION inspection_plan() RETURNS TABLE (code text, name text, name_en text, clause text, pos bigint, n bigint, unit text) IMMUTABLE LANGUAGE sql AS $$
    VALUES ('VENTILATION', '通风', 'Ventilation', 'V4.1', 1::bigint, 7::bigint, 'DAY'),
        ('LEAKS', '检查跑冒滴漏', 'Drips and leaks', 'V4.2', 2, 7, 'DAY'),
        ('FACILITIES', '检查智能化及其它设施', 'Facilities work and are safely shut off', 'V4.3', 3, 7, 'DAY'),
        ('CLEANING', '清扫', 'Cleaning', 'V4.4', 4, 1, 'MONTH'),
        ('HAZARDS', '检查安全隐患', 'Safety hazards', 'V4.5', 5, 7, 'DAY')
$$;
-- +goose StatementBegin
CREATE FUNCTION inspection_plan_begins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO inspection_items (id, created_at, estate_id, code, name, name_en, clause, position, interval_count, interval_unit)
        SELECT new_id(x'0703'::int), NEW.created_at, NEW.id, p.code, p.name, p.name_en, p.clause, p.pos, p.n, p.unit FROM inspection_plan() p ORDER BY p.pos;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER inspection_plan_begins AFTER INSERT ON estates FOR EACH ROW EXECUTE FUNCTION inspection_plan_begins();

-- A vacancy that opens has everything due that the plan names, one that closes nothing; for all of a statement at once, since an import opens
-- many. What was never done in it is counted since it stands empty.
-- +goose StatementBegin
CREATE FUNCTION inspection_dues_open() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO inspection_dues (id, created_at, estate_id, vacancy_id, unit_id, item_id, due_on)
        SELECT new_id(x'0704'::int), n.created_at, n.estate_id, n.id, n.unit_id, i.id, inspection_next(greatest(n.since_on, i.since_on), i.interval_count, i.interval_unit)
        FROM rows n JOIN inspection_items i ON i.estate_id = n.estate_id AND i.active WHERE n.state = 'OPEN';
    RETURN NULL;
END $$;
CREATE FUNCTION inspection_dues_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM rows) THEN -- or the two would call each other for ever
        RETURN NULL;
    END IF;
    DELETE FROM inspection_dues d USING rows n JOIN before o ON o.estate_id = n.estate_id AND o.id = n.id
        WHERE d.estate_id = n.estate_id AND d.vacancy_id = n.id AND n.state = 'CLOSED' AND o.state = 'OPEN';
    UPDATE inspection_dues d SET due_on = inspection_next(greatest(n.since_on, i.since_on), i.interval_count, i.interval_unit)
        FROM rows n JOIN before o ON o.estate_id = n.estate_id AND o.id = n.id AND o.since_on <> n.since_on
        JOIN inspection_items i ON i.estate_id = n.estate_id AND i.active
        WHERE d.estate_id = n.estate_id AND d.vacancy_id = n.id AND d.item_id = i.id AND d.done_on IS NULL;
    RETURN NULL;
END $$;

-- A change of the plan moves what is due in all that stands empty.
CREATE FUNCTION inspection_dues_replan() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT NEW.active THEN
        DELETE FROM inspection_dues d WHERE d.estate_id = NEW.estate_id AND d.item_id = NEW.id;
        RETURN NULL;
    END IF;
    INSERT INTO inspection_dues AS d (id, created_at, estate_id, vacancy_id, unit_id, item_id, done_on, due_on)
        SELECT new_id(x'0704'::int), now(), v.estate_id, v.id, v.unit_id, NEW.id, r.last, inspection_next(coalesce(r.last, greatest(v.since_on, NEW.since_on)), NEW.interval_count, NEW.interval_unit)
        FROM vacancies v CROSS JOIN LATERAL (SELECT max(r.done_on) AS last FROM inspection_results r
            WHERE r.estate_id = v.estate_id AND r.vacancy_id = v.id AND r.item_id = NEW.id AND NOT r.voided) r
        WHERE v.estate_id = NEW.estate_id AND v.state = 'OPEN'
        ON CONFLICT (estate_id, vacancy_id, item_id) DO UPDATE SET due_on = excluded.due_on WHERE d.due_on <> excluded.due_on;
    RETURN NULL;
END $$;

-- The vacancies say when they were ventilated and cleaned last, and what is due next.
CREATE FUNCTION vacancy_dues_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM rows) THEN
        RETURN NULL;
    END IF;
    UPDATE vacancies v SET ventilated_on = s.ventilated, ventilation_due_on = s.ventilation_due, cleaned_on = s.cleaned, cleaning_due_on = s.cleaning_due, due_on = s.due
        FROM (SELECT d.estate_id, d.vacancy_id, min(d.due_on) AS due,
                max(d.done_on) FILTER (WHERE i.code = 'VENTILATION') AS ventilated, max(d.due_on) FILTER (WHERE i.code = 'VENTILATION') AS ventilation_due,
                max(d.done_on) FILTER (WHERE i.code = 'CLEANING') AS cleaned, max(d.due_on) FILTER (WHERE i.code = 'CLEANING') AS cleaning_due
            FROM (SELECT DISTINCT estate_id, vacancy_id FROM rows) n
            JOIN inspection_dues d ON d.estate_id = n.estate_id AND d.vacancy_id = n.vacancy_id
            JOIN inspection_items i ON i.estate_id = d.estate_id AND i.id = d.item_id
            GROUP BY 1, 2) s
        WHERE v.estate_id = s.estate_id AND v.id = s.vacancy_id AND v.state = 'OPEN'
            AND (v.ventilated_on, v.ventilation_due_on, v.cleaned_on, v.cleaning_due_on, v.due_on)
                IS DISTINCT FROM (s.ventilated, s.ventilation_due, s.cleaned, s.cleaning_due, s.due);
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION vacancy_due() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    NEW.due_on := CASE NEW.state WHEN 'OPEN' THEN NEW.due_on END; -- of what is over nothing is due
    RETURN NEW;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION inspection_plan_begins, inspection_dues_open, inspection_dues_move, inspection_dues_replan, vacancy_dues_follow FROM PUBLIC;
CREATE TRIGGER vacancy_dues_follow AFTER INSERT ON inspection_dues REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION vacancy_dues_follow();
CREATE TRIGGER vacancy_dues_move AFTER UPDATE ON inspection_dues REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION vacancy_dues_follow();
CREATE TRIGGER vacancy_dues_end AFTER DELETE ON inspection_dues REFERENCING OLD TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION vacancy_dues_follow();
INSERT INTO inspection_items (id, created_at, estate_id, code, name, name_en, clause, position, interval_count, interval_unit)
    SELECT new_id(x'0703'::int), now(), e.id, p.code, p.name, p.name_en, p.clause, p.pos, p.n, p.unit FROM estates e CROSS JOIN inspection_plan() p ORDER BY e.id, p.pos;
CREATE TRIGGER inspection_dues_replan AFTER INSERT OR UPDATE OF interval_count, interval_unit, active ON inspection_items
    FOR EACH ROW EXECUTE FUNCTION inspection_dues_replan();
CREATE TRIGGER inspection_dues_open AFTER INSERT ON vacancies REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION inspection_dues_open();
CREATE TRIGGER inspection_dues_move AFTER UPDATE ON vacancies REFERENCING OLD TABLE AS before NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION inspection_dues_move();

-- An inspection is of one unit, on the day of its time, while it stands empty, and signed. Those of a vacancy follow one another.
SELECT voidable('inspections');
SELECT late('inspections', 'inspected_at');
GRANT UPDATE (voided_at, void_reason, voided_by_id, voided_by_name) ON inspections TO steward_app;
INSERT INTO signature_capacities (kind, capacity) VALUES ('vacancy.inspect', 'inspector') ON CONFLICT DO NOTHING;
CREATE CONSTRAINT TRIGGER inspections_signed AFTER INSERT ON inspections DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION must_be_signed('vacancy.inspect', 'id');
-- +goose StatementBegin
CREATE FUNCTION inspection_begins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    v vacancies;
BEGIN
    SELECT * INTO v FROM vacancies WHERE estate_id = NEW.estate_id AND id = NEW.vacancy_id FOR NO KEY UPDATE;
    IF v.unit_id IS DISTINCT FROM NEW.unit_id
        OR NEW.inspected_on IS DISTINCT FROM (NEW.inspected_at AT TIME ZONE (SELECT e.time_zone FROM estates e WHERE e.id = NEW.estate_id))::date THEN
        RAISE check_violation USING CONSTRAINT = 'inspections_belongs', MESSAGE = 'not of the vacancy''s unit, or of another day';
    END IF;
    IF v.ended_on < NEW.inspected_on THEN
        RAISE check_violation USING CONSTRAINT = 'inspections_open', MESSAGE = format('vacancy %s is over', v.id);
    END IF;
    IF v.since_on > NEW.inspected_on THEN
        RAISE check_violation USING CONSTRAINT = 'inspections_since', MESSAGE = format('vacancy %s began later', v.id);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER inspection_begins AFTER INSERT ON inspections FOR EACH ROW EXECUTE FUNCTION inspection_begins();

-- An inspection has a result; one that is abnormal says what was found, and names a department (V5).
CREATE INDEX inspection_results_done ON inspection_results (estate_id, vacancy_id, item_id, done_on) WHERE NOT voided;
CREATE INDEX inspection_results_due ON inspection_results (estate_id, due_on, item_id) INCLUDE (done_on) WHERE NOT voided;
ALTER TABLE inspection_results
    ADD CONSTRAINT inspection_results_vacancy FOREIGN KEY (estate_id, vacancy_id) REFERENCES vacancies (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT inspection_results_passed CHECK (CASE result WHEN 'ABNORMAL' THEN department_id IS NOT NULL AND finding <> '' ELSE department_id IS NULL END);
-- +goose StatementBegin
CREATE FUNCTION inspection_has_results() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM inspection_results r WHERE r.estate_id = NEW.estate_id AND r.inspection_id = NEW.id) THEN
        RAISE check_violation USING CONSTRAINT = 'inspections_results', MESSAGE = 'nothing was inspected';
    END IF;
    RETURN NULL;
END $$;

-- By when the item was due in the vacancy on a day: after the time before, of results up to but not of this one.
CREATE FUNCTION inspection_was_due(estate uuid, vacancy uuid, item uuid, on_day date, but uuid) RETURNS date STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT inspection_next(coalesce((SELECT max(r.done_on) FROM inspection_results r WHERE r.estate_id = estate AND r.vacancy_id = vacancy AND r.item_id = item
            AND NOT r.voided AND (r.done_on, r.id) < (on_day, but)), greatest(v.since_on, i.since_on)), i.interval_count, i.interval_unit)
    FROM vacancies v JOIN inspection_items i ON i.estate_id = v.estate_id AND i.id = item WHERE v.estate_id = estate AND v.id = vacancy
$$;
CREATE FUNCTION inspection_result_begins() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    NEW.due_on := inspection_was_due(NEW.estate_id, NEW.vacancy_id, NEW.item_id, NEW.done_on, NEW.id);
    RETURN NEW;
END $$;
CREATE FUNCTION inspection_result_belongs() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    i inspections;
BEGIN
    SELECT * INTO i FROM inspections WHERE estate_id = NEW.estate_id AND id = NEW.inspection_id;
    IF (i.vacancy_id, i.inspected_on, i.created_at) IS DISTINCT FROM (NEW.vacancy_id, NEW.done_on, NEW.created_at) OR i.voided_at IS NOT NULL OR NEW.voided THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_results_belongs', MESSAGE = 'not of the inspection';
    END IF;
    IF NOT EXISTS (SELECT FROM inspection_items p WHERE p.estate_id = NEW.estate_id AND p.id = NEW.item_id AND p.active) THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_results_planned', MESSAGE = 'not in the plan';
    END IF;
    RETURN NULL;
END $$;

-- What was done, or was not after all, moves what is due, and by when the time after was.
CREATE FUNCTION inspection_result_counts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE inspection_results r SET due_on = inspection_was_due(r.estate_id, r.vacancy_id, r.item_id, r.done_on, r.id)
        WHERE r.estate_id = NEW.estate_id AND r.id = (SELECT s.id FROM inspection_results s WHERE s.estate_id = NEW.estate_id AND s.vacancy_id = NEW.vacancy_id
            AND s.item_id = NEW.item_id AND NOT s.voided AND (s.done_on, s.id) > (NEW.done_on, NEW.id) ORDER BY s.done_on, s.id LIMIT 1);
    UPDATE inspection_dues d SET done_on = s.last, due_on = inspection_next(coalesce(s.last, greatest(v.since_on, i.since_on)), i.interval_count, i.interval_unit)
        FROM vacancies v, inspection_items i, (SELECT max(r.done_on) AS last FROM inspection_results r
            WHERE r.estate_id = NEW.estate_id AND r.vacancy_id = NEW.vacancy_id AND r.item_id = NEW.item_id AND NOT r.voided) s
        WHERE d.estate_id = NEW.estate_id AND d.vacancy_id = NEW.vacancy_id AND d.item_id = NEW.item_id
            AND v.estate_id = d.estate_id AND v.id = d.vacancy_id AND i.estate_id = d.estate_id AND i.id = d.item_id;
    RETURN NULL;
END $$;
CREATE FUNCTION inspection_voids() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM vacancies WHERE estate_id = NEW.estate_id AND id = NEW.vacancy_id FOR NO KEY UPDATE;
    UPDATE inspection_results SET voided = true WHERE estate_id = NEW.estate_id AND inspection_id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION inspection_begins, inspection_result_counts, inspection_voids FROM PUBLIC;
CREATE CONSTRAINT TRIGGER inspections_results AFTER INSERT ON inspections DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION inspection_has_results();
CREATE TRIGGER inspection_result_begins BEFORE INSERT ON inspection_results FOR EACH ROW EXECUTE FUNCTION inspection_result_begins();
CREATE TRIGGER inspection_result_belongs AFTER INSERT ON inspection_results FOR EACH ROW EXECUTE FUNCTION inspection_result_belongs();
CREATE TRIGGER inspection_result_counts AFTER INSERT OR UPDATE OF voided ON inspection_results FOR EACH ROW EXECUTE FUNCTION inspection_result_counts();
CREATE TRIGGER inspection_voids AFTER UPDATE OF voided_at ON inspections FOR EACH ROW WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL) EXECUTE FUNCTION inspection_voids();

-- A photo is an image, and its content is kept while it is shown.
ALTER TABLE inspection_photos ADD CONSTRAINT inspection_photos_image CHECK (content_type LIKE 'image/%');
ALTER FUNCTION content_used RENAME TO content_used_but_by_inspections;
CREATE FUNCTION content_used(estate uuid, sum text) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT content_used_but_by_inspections(estate, sum) OR EXISTS (SELECT FROM inspection_photos WHERE estate_id = estate AND sha256 = sum) $$;

-- What stood empty before there was a plan.
INSERT INTO inspection_dues (id, created_at, estate_id, vacancy_id, unit_id, item_id, due_on)
    SELECT new_id(x'0704'::int), now(), v.estate_id, v.id, v.unit_id, i.id, inspection_next(v.since_on, i.interval_count, i.interval_unit)
    FROM vacancies v JOIN inspection_items i ON i.estate_id = v.estate_id WHERE v.state = 'OPEN';
