-- Rounds through vacant units (V4): in walking order, with keys that are lent for it, from the plan to the signature of who walked. The ways of a
-- round, and what it is walked with, are held here.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

CREATE TABLE "inspection_rounds" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "planned_on" date NOT NULL, "walker_name" character varying NOT NULL, "units" bigint NOT NULL, "state" character varying NOT NULL DEFAULT 'PLANNED', "planned_by_id" uuid NOT NULL, "planned_by_name" character varying NOT NULL, "started_at" timestamptz NULL, "without_keys_reason" character varying NOT NULL DEFAULT '', "ended_at" timestamptz NULL, "cancel_reason" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "walker_id" uuid NOT NULL, "area_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "inspection_rounds_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "inspection_rounds_staffs_walker" FOREIGN KEY ("estate_id", "walker_id") REFERENCES "staffs" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "inspection_rounds_areas_area" FOREIGN KEY ("estate_id", "area_id") REFERENCES "areas" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "inspectionround_estate_id_planned_on_id" ON "inspection_rounds" ("estate_id", "planned_on", "id");
CREATE INDEX "inspectionround_estate_id_state_planned_on" ON "inspection_rounds" ("estate_id", "state", "planned_on");
CREATE TABLE "inspection_round_keys" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "estate_id" uuid NOT NULL, "round_id" uuid NOT NULL, "loan_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "inspection_round_keys_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "inspection_round_keys_inspection_rounds_round" FOREIGN KEY ("estate_id", "round_id") REFERENCES "inspection_rounds" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "inspection_round_keys_key_loans_loan" FOREIGN KEY ("estate_id", "loan_id") REFERENCES "key_loans" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "inspectionroundkey_estate_id_round_id" ON "inspection_round_keys" ("estate_id", "round_id");
CREATE UNIQUE INDEX "inspectionroundkey_estate_id_loan_id" ON "inspection_round_keys" ("estate_id", "loan_id");
ALTER TABLE "inspections" ADD COLUMN "line_key" uuid NULL, ADD COLUMN "round_id" uuid NULL, ADD CONSTRAINT "inspections_inspection_rounds_round" FOREIGN KEY ("estate_id", "round_id") REFERENCES "inspection_rounds" ("estate_id", "id") ON DELETE RESTRICT;
CREATE INDEX "inspection_estate_id_round_id" ON "inspections" ("estate_id", "round_id");
CREATE TABLE "inspection_round_lines" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "position" bigint NOT NULL, "skip_reason" character varying NOT NULL DEFAULT '', "open" boolean NOT NULL DEFAULT true, "estate_id" uuid NOT NULL, "round_id" uuid NOT NULL, "vacancy_id" uuid NOT NULL, "unit_id" uuid NOT NULL, "inspection_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "inspection_round_lines_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "inspection_round_lines_inspection_rounds_round" FOREIGN KEY ("estate_id", "round_id") REFERENCES "inspection_rounds" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "inspection_round_lines_vacancies_vacancy" FOREIGN KEY ("estate_id", "vacancy_id") REFERENCES "vacancies" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "inspection_round_lines_units_unit" FOREIGN KEY ("estate_id", "unit_id") REFERENCES "units" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "inspection_round_lines_inspections_inspection" FOREIGN KEY ("estate_id", "inspection_id") REFERENCES "inspections" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "inspectionroundline_estate_id_round_id_vacancy_id" ON "inspection_round_lines" ("estate_id", "round_id", "vacancy_id");
CREATE UNIQUE INDEX "inspectionroundline_estate_id_round_id_position" ON "inspection_round_lines" ("estate_id", "round_id", "position");
SELECT wall('inspection_rounds');
SELECT wall('inspection_round_keys', append_only => true);
SELECT wall('inspection_round_lines');

-- A round is planned, under way and closed, or cancelled before that; what was planned stays. Its lines are in walking order, and a vacancy is
-- on one round at a time.
CREATE UNIQUE INDEX inspection_round_lines_open ON inspection_round_lines (estate_id, vacancy_id) WHERE open;
ALTER TABLE inspection_rounds
    ADD CONSTRAINT inspection_rounds_started CHECK (CASE state WHEN 'PLANNED' THEN started_at IS NULL WHEN 'CANCELLED' THEN true ELSE started_at IS NOT NULL END),
    ADD CONSTRAINT inspection_rounds_ended CHECK ((state IN ('CLOSED', 'CANCELLED')) = (ended_at IS NOT NULL) AND (state = 'CANCELLED') = (cancel_reason <> ''));
ALTER TABLE inspections ADD CONSTRAINT inspections_line_key CHECK (line_key IS NULL OR round_id IS NOT NULL);
CREATE UNIQUE INDEX inspections_line_key_once ON inspections (estate_id, line_key) WHERE line_key IS NOT NULL;
REVOKE UPDATE ON inspection_rounds, inspection_round_lines FROM steward_app;
GRANT UPDATE (state, started_at, without_keys_reason, ended_at, cancel_reason) ON inspection_rounds TO steward_app;
GRANT UPDATE (skip_reason) ON inspection_round_lines TO steward_app;
INSERT INTO signature_capacities (kind, capacity) VALUES ('vacancy.round', 'walker') ON CONFLICT DO NOTHING;
CREATE CONSTRAINT TRIGGER inspection_rounds_signed AFTER UPDATE ON inspection_rounds DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state = 'CLOSED' AND OLD.state <> 'CLOSED') EXECUTE FUNCTION must_be_signed('vacancy.round', 'id');

-- What was done on a round may have been written down where there was no network: it is recorded up to three days later, with a reason.
ALTER TABLE inspections
    DROP CONSTRAINT inspections_in_time,
    ADD CONSTRAINT inspections_in_time CHECK (in_time(inspected_at, created_at, late_reason)
        OR round_id IS NOT NULL AND late_reason <> '' AND created_at - inspected_at BETWEEN interval '0' AND interval '72 hours');

-- +goose StatementBegin
CREATE FUNCTION inspection_round_line_begins() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT NEW.open OR NEW.inspection_id IS NOT NULL OR NEW.skip_reason <> ''
        OR NOT EXISTS (SELECT FROM inspection_rounds r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.round_id AND r.state = 'PLANNED')
        OR NOT EXISTS (SELECT FROM vacancies v WHERE v.estate_id = NEW.estate_id AND v.id = NEW.vacancy_id AND v.unit_id = NEW.unit_id AND v.state = 'OPEN') THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_round_lines_begin', MESSAGE = 'not of a round that is planned, or not vacant';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION inspection_round_line_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'inspection_rounds_way', MESSAGE = 'the round is over';
END $$;

-- The keys of a round are lent to who walks it, and open its units, or the public area of a building that they are in; of a loan that is out.
CREATE FUNCTION inspection_round_key_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    r inspection_rounds;
    l key_loans;
BEGIN
    SELECT * INTO r FROM inspection_rounds WHERE estate_id = NEW.estate_id AND id = NEW.round_id FOR UPDATE;
    SELECT * INTO l FROM key_loans WHERE estate_id = NEW.estate_id AND id = NEW.loan_id FOR SHARE;
    IF l.state IS DISTINCT FROM 'OPEN' OR r.state NOT IN ('PLANNED', 'UNDER_WAY') THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_round_keys_out', MESSAGE = 'the keys are not out, or the round is over';
    END IF;
    IF NOT EXISTS (SELECT FROM key_holders h WHERE h.estate_id = l.estate_id AND h.id = l.borrower_id AND h.staff_id = r.walker_id) THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_round_keys_walker', MESSAGE = 'not lent to who walks';
    END IF;
    IF EXISTS (SELECT FROM key_loan_lines k JOIN key_sets s ON s.estate_id = k.estate_id AND s.id = k.set_id JOIN units u ON u.estate_id = s.estate_id AND u.id = s.unit_id
        WHERE k.estate_id = l.estate_id AND k.loan_id = l.id AND NOT EXISTS (
            SELECT FROM inspection_round_lines n JOIN units w ON w.estate_id = n.estate_id AND w.id = n.unit_id
            WHERE n.estate_id = r.estate_id AND n.round_id = r.id AND (n.unit_id = s.unit_id OR s.kind = 'PUBLIC_AREA' AND w.building_id = u.building_id))) THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_round_keys_open', MESSAGE = 'keys that open none of its units';
    END IF;
    RETURN NULL;
END $$;

-- The ways of a round. It begins with its keys, or with a reason why it has none; it ends with its keys back, and is closed with each unit visited,
-- or passed by for a reason, or lived in by then.
CREATE FUNCTION inspection_round_moves() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF (OLD.state || '>' || NEW.state) NOT IN ('PLANNED>UNDER_WAY', 'PLANNED>CANCELLED', 'UNDER_WAY>CLOSED', 'UNDER_WAY>CANCELLED') THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_rounds_way', MESSAGE = format('from %s to %s', OLD.state, NEW.state);
    END IF;
    IF NEW.state = 'UNDER_WAY' THEN
        IF (NEW.without_keys_reason = '') <> EXISTS (SELECT FROM inspection_round_keys k WHERE k.estate_id = NEW.estate_id AND k.round_id = NEW.id) THEN
            RAISE check_violation USING CONSTRAINT = 'inspection_rounds_keys', MESSAGE = 'without keys, or with keys and a reason for none';
        END IF;
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM inspection_round_keys k JOIN key_loans l ON l.estate_id = k.estate_id AND l.id = k.loan_id
        WHERE k.estate_id = NEW.estate_id AND k.round_id = NEW.id AND l.state = 'OPEN') THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_rounds_keys_back', MESSAGE = 'its keys are out';
    END IF;
    IF NEW.state = 'CLOSED' AND EXISTS (SELECT FROM inspection_round_lines n JOIN vacancies v ON v.estate_id = n.estate_id AND v.id = n.vacancy_id
        WHERE n.estate_id = NEW.estate_id AND n.round_id = NEW.id AND n.inspection_id IS NULL AND n.skip_reason = '' AND v.state = 'OPEN') THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_rounds_visited', MESSAGE = 'units that were not visited';
    END IF;
    IF NEW.state = 'CANCELLED' AND EXISTS (SELECT FROM inspection_round_lines n WHERE n.estate_id = NEW.estate_id AND n.round_id = NEW.id AND n.inspection_id IS NOT NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_rounds_begun', MESSAGE = 'units were visited';
    END IF;
    UPDATE inspection_round_lines SET open = false WHERE estate_id = NEW.estate_id AND round_id = NEW.id;
    RETURN NULL;
END $$;

-- A visit on a round is that of a line, by who walks it, while it is under way.
CREATE FUNCTION inspection_round_visited() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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
    UPDATE inspection_round_lines SET inspection_id = NEW.id
        WHERE estate_id = NEW.estate_id AND round_id = NEW.round_id AND vacancy_id = NEW.vacancy_id AND inspection_id IS NULL;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'inspections_line', MESSAGE = 'not on the round, or visited already';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION inspection_round_unvisited() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE inspection_round_lines SET inspection_id = NULL WHERE estate_id = NEW.estate_id AND round_id = NEW.round_id AND inspection_id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION inspection_round_key_fits, inspection_round_moves, inspection_round_visited, inspection_round_unvisited FROM PUBLIC;
CREATE TRIGGER inspection_round_line_begins AFTER INSERT ON inspection_round_lines FOR EACH ROW EXECUTE FUNCTION inspection_round_line_begins();
CREATE TRIGGER inspection_round_line_stays BEFORE UPDATE OF skip_reason ON inspection_round_lines FOR EACH ROW WHEN (NOT OLD.open) EXECUTE FUNCTION inspection_round_line_stays();
CREATE TRIGGER inspection_round_key_fits AFTER INSERT ON inspection_round_keys FOR EACH ROW EXECUTE FUNCTION inspection_round_key_fits();
CREATE TRIGGER inspection_round_moves AFTER UPDATE OF state ON inspection_rounds FOR EACH ROW EXECUTE FUNCTION inspection_round_moves();
CREATE TRIGGER inspection_round_visited AFTER INSERT ON inspections FOR EACH ROW WHEN (NEW.round_id IS NOT NULL) EXECUTE FUNCTION inspection_round_visited();
CREATE TRIGGER inspection_round_unvisited AFTER UPDATE OF voided_at ON inspections FOR EACH ROW
    WHEN (NEW.round_id IS NOT NULL AND NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL) EXECUTE FUNCTION inspection_round_unvisited();
