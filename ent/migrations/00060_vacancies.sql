-- Vacant units (V3): a vacancy opens when a flat or a shop falls vacant, also by an import, and closes when somebody has moved in; what
-- is due follows from its days, and what its meters show never falls.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

CREATE TABLE "vacancies" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "building_id" uuid NOT NULL, "area_id" uuid NULL, "sort_key" character varying NOT NULL COLLATE "C", "state" character varying NOT NULL DEFAULT 'OPEN', "since_on" date NOT NULL, "ended_on" date NULL, "condition" character varying NOT NULL DEFAULT '', "described_by_id" uuid NULL, "described_by_name" character varying NOT NULL DEFAULT '', "described_at" timestamptz NULL, "ventilated_on" date NULL, "ventilation_due_on" date NULL, "cleaned_on" date NULL, "cleaning_due_on" date NULL, "due_on" date NULL, "water_hundredths" bigint NULL, "water_read_at" timestamptz NULL, "electricity_hundredths" bigint NULL, "electricity_read_at" timestamptz NULL, "gas_hundredths" bigint NULL, "gas_read_at" timestamptz NULL, "estate_id" uuid NOT NULL, "unit_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "vacancies_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "vacancies_units_unit" FOREIGN KEY ("estate_id", "unit_id") REFERENCES "units" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "vacancy_estate_id_unit_id" ON "vacancies" ("estate_id", "unit_id");
CREATE INDEX "vacancy_estate_id_sort_key_id" ON "vacancies" ("estate_id", "sort_key", "id");
CREATE INDEX "vacancy_estate_id_since_on_id" ON "vacancies" ("estate_id", "since_on", "id");
CREATE INDEX "vacancy_estate_id_due_on_id" ON "vacancies" ("estate_id", "due_on", "id");
CREATE TABLE "meter_readings" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "late_reason" character varying NOT NULL DEFAULT '', "meter" character varying NOT NULL, "value_hundredths" bigint NOT NULL, "change_reason" character varying NOT NULL DEFAULT '', "read_at" timestamptz NOT NULL, "recorded_by_id" uuid NOT NULL, "recorded_by_name" character varying NOT NULL, "estate_id" uuid NOT NULL, "vacancy_id" uuid NOT NULL, "unit_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "meter_readings_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "meter_readings_vacancies_vacancy" FOREIGN KEY ("estate_id", "vacancy_id") REFERENCES "vacancies" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "meter_readings_units_unit" FOREIGN KEY ("estate_id", "unit_id") REFERENCES "units" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "meterreading_estate_id_unit_id_meter_read_at_id" ON "meter_readings" ("estate_id", "unit_id", "meter", "read_at", "id");
CREATE INDEX "meterreading_estate_id_vacancy_id_read_at" ON "meter_readings" ("estate_id", "vacancy_id", "read_at");
SELECT wall('meter_readings', append_only => true);
SELECT wall('vacancies');

-- A unit has one vacancy that is open. It is the database's to open and to close; people describe it.
CREATE UNIQUE INDEX vacancies_one ON vacancies (estate_id, unit_id) WHERE state = 'OPEN';
ALTER TABLE vacancies
    ADD CONSTRAINT vacancies_building FOREIGN KEY (estate_id, building_id) REFERENCES buildings (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT vacancies_area FOREIGN KEY (estate_id, area_id) REFERENCES areas (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT vacancies_ended CHECK ((state = 'CLOSED') = (ended_on IS NOT NULL));
REVOKE INSERT, UPDATE ON vacancies FROM steward_app;
GRANT UPDATE (version, condition, since_on, described_by_id, described_by_name, described_at) ON vacancies TO steward_app;

-- What is due, from the last time, or from when it stands empty on (V4.1, V4.4).
-- +goose StatementBegin
CREATE FUNCTION vacancy_due() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    NEW.ventilation_due_on := coalesce(NEW.ventilated_on, NEW.since_on) + 7;
    NEW.cleaning_due_on := coalesce(NEW.cleaned_on, NEW.since_on) + interval '1 month';
    NEW.due_on := CASE NEW.state WHEN 'OPEN' THEN least(NEW.ventilation_due_on, NEW.cleaning_due_on) END;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER vacancy_due BEFORE INSERT OR UPDATE OF state, since_on, ventilated_on, cleaned_on ON vacancies FOR EACH ROW EXECUTE FUNCTION vacancy_due();

-- Whether a unit of this kind and state stands empty: once it does, it does so until somebody has moved in, be the notice given or not.
CREATE FUNCTION stands_empty(kind text, state text, already boolean) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT kind IN ('FLAT', 'SHOP') AND (state = 'VACANT' OR already AND state = 'AWAITING_MOVE_IN')
$$;

-- Follows the units of a statement, so that an import of many is one statement here, too. It runs as the owner, since nobody else opens or
-- closes a vacancy; row-level security binds it to the viewer's estates. The day is that of the last move-out, or of the act.
-- +goose StatementBegin
CREATE FUNCTION vacancy_follows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO vacancies (id, created_at, estate_id, unit_id, building_id, area_id, sort_key, since_on)
            SELECT new_id(x'0701'::int), n.created_at, n.estate_id, n.id, n.building_id, b.area_id, n.sort_key, (n.created_at AT TIME ZONE e.time_zone)::date
            FROM rows n JOIN estates e ON e.id = n.estate_id JOIN buildings b ON b.estate_id = n.estate_id AND b.id = n.building_id
            WHERE stands_empty(n.kind, n.state, false);
        RETURN NULL;
    END IF;
    UPDATE vacancies v SET state = 'CLOSED', ended_on = greatest(v.since_on, coalesce(
            (SELECT max(coalesce(o.moved_in_on, o.from_on)) FROM occupancies o WHERE o.estate_id = n.estate_id AND o.unit_id = n.id AND o.until_on IS NULL),
            (now() AT TIME ZONE e.time_zone)::date))
        FROM rows n JOIN estates e ON e.id = n.estate_id
        WHERE v.estate_id = n.estate_id AND v.unit_id = n.id AND v.state = 'OPEN' AND NOT stands_empty(n.kind, n.state, true);
    INSERT INTO vacancies (id, created_at, estate_id, unit_id, building_id, area_id, sort_key, since_on)
        SELECT new_id(x'0701'::int), now(), n.estate_id, n.id, n.building_id, b.area_id, n.sort_key, coalesce(
            (SELECT max(o.until_on) FROM occupancies o WHERE o.estate_id = n.estate_id AND o.unit_id = n.id AND o.moved_in_on IS NOT NULL), (now() AT TIME ZONE e.time_zone)::date)
        FROM rows n JOIN estates e ON e.id = n.estate_id JOIN buildings b ON b.estate_id = n.estate_id AND b.id = n.building_id
        WHERE stands_empty(n.kind, n.state, false)
            AND NOT EXISTS (SELECT FROM vacancies v WHERE v.estate_id = n.estate_id AND v.unit_id = n.id AND v.state = 'OPEN');
    UPDATE vacancies v SET sort_key = n.sort_key FROM rows n WHERE v.estate_id = n.estate_id AND v.unit_id = n.id AND v.sort_key <> n.sort_key;
    RETURN NULL;
END $$;
CREATE FUNCTION vacancy_area() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE vacancies SET area_id = NEW.area_id WHERE estate_id = NEW.estate_id AND building_id = NEW.id AND area_id IS DISTINCT FROM NEW.area_id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION vacancy_follows, vacancy_area FROM PUBLIC;
CREATE TRIGGER vacancy_begins AFTER INSERT ON units REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION vacancy_follows();
CREATE TRIGGER vacancy_follows AFTER UPDATE ON units REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION vacancy_follows();
CREATE TRIGGER vacancy_area AFTER UPDATE OF area_id ON buildings FOR EACH ROW EXECUTE FUNCTION vacancy_area();
INSERT INTO vacancies (id, created_at, estate_id, unit_id, building_id, area_id, sort_key, since_on)
    SELECT new_id(x'0701'::int), now(), n.estate_id, n.id, n.building_id, b.area_id, n.sort_key, coalesce(
        (SELECT max(o.until_on) FROM occupancies o WHERE o.estate_id = n.estate_id AND o.unit_id = n.id AND o.moved_in_on IS NOT NULL), (n.created_at AT TIME ZONE e.time_zone)::date)
    FROM units n JOIN estates e ON e.id = n.estate_id JOIN buildings b ON b.estate_id = n.estate_id AND b.id = n.building_id
    WHERE stands_empty(n.kind, n.state, false);

-- Nobody had the unit since it stands empty, and what is over stays as it was described.
-- +goose StatementBegin
CREATE FUNCTION vacancy_described() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF OLD.state = 'CLOSED' THEN
        RAISE check_violation USING CONSTRAINT = 'vacancies_closed', MESSAGE = format('vacancy %s is over', OLD.id);
    END IF;
    IF EXISTS (SELECT FROM occupancies o WHERE o.estate_id = NEW.estate_id AND o.unit_id = NEW.unit_id AND o.moved_in_on IS NOT NULL AND o.until_on > NEW.since_on) THEN
        RAISE check_violation USING CONSTRAINT = 'vacancies_since', MESSAGE = 'somebody had the unit then';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER vacancy_described AFTER UPDATE OF since_on, condition, described_at ON vacancies FOR EACH ROW EXECUTE FUNCTION vacancy_described();

-- A meter shows no less than before, be it in an earlier vacancy of the unit, unless it was changed; a void leaves no reading that does.
-- The readings of a unit are made one after the other, and the last of each meter stands on the vacancy.
SELECT voidable('meter_readings');
SELECT late('meter_readings', 'read_at');
GRANT UPDATE (voided_at, void_reason, voided_by_id, voided_by_name) ON meter_readings TO steward_app;
ALTER TABLE meter_readings ADD CONSTRAINT meter_readings_value CHECK (value_hundredths >= 0);
-- +goose StatementBegin
CREATE FUNCTION meter_read() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    v vacancies;
BEGIN
    PERFORM FROM units WHERE estate_id = NEW.estate_id AND id = NEW.unit_id FOR NO KEY UPDATE;
    SELECT * INTO v FROM vacancies WHERE estate_id = NEW.estate_id AND id = NEW.vacancy_id FOR UPDATE;
    IF v.unit_id IS DISTINCT FROM NEW.unit_id THEN
        RAISE check_violation USING CONSTRAINT = 'meter_readings_belongs', MESSAGE = 'not of the vacancy''s unit';
    END IF;
    IF TG_OP = 'INSERT' AND v.ended_on < (NEW.read_at AT TIME ZONE (SELECT e.time_zone FROM estates e WHERE e.id = NEW.estate_id))::date THEN
        RAISE check_violation USING CONSTRAINT = 'meter_readings_open', MESSAGE = format('vacancy %s is over', v.id);
    END IF;
    IF EXISTS (SELECT FROM (
            SELECT r.value_hundredths, r.change_reason, lag(r.value_hundredths) OVER (ORDER BY r.read_at, r.id) AS before
            FROM meter_readings r WHERE r.estate_id = NEW.estate_id AND r.unit_id = NEW.unit_id AND r.meter = NEW.meter AND r.voided_at IS NULL) r
        WHERE r.change_reason = '' AND r.value_hundredths < r.before) THEN
        RAISE check_violation USING CONSTRAINT = CASE TG_OP WHEN 'INSERT' THEN 'meter_readings_rises' ELSE 'meter_readings_rests' END, MESSAGE = 'a meter does not run back';
    END IF;
    EXECUTE format('UPDATE vacancies v SET %1$I = r.value_hundredths, %2$I = r.read_at
        FROM (SELECT) one LEFT JOIN LATERAL (SELECT value_hundredths, read_at FROM meter_readings
            WHERE estate_id = $1 AND vacancy_id = $2 AND meter = $3 AND voided_at IS NULL ORDER BY read_at DESC, id DESC LIMIT 1) r ON true
        WHERE v.estate_id = $1 AND v.id = $2', lower(NEW.meter) || '_hundredths', lower(NEW.meter) || '_read_at')
        USING NEW.estate_id, NEW.vacancy_id, NEW.meter;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION meter_read FROM PUBLIC;
CREATE TRIGGER meter_read AFTER INSERT OR UPDATE OF voided_at ON meter_readings FOR EACH ROW EXECUTE FUNCTION meter_read();
