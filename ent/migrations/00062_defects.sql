-- Defects of vacant units (V5): what is found to be wrong is passed to the department concerned. Its state, its department and its times are set
-- here by its events, along the ways that there are; nobody else writes them, so nothing closes it but a re-inspection, by another than who resolved it.

-- +goose Up
CREATE TABLE "defects" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "late_reason" character varying NOT NULL DEFAULT '', "inspection_result_id" uuid NULL, "finding" character varying NOT NULL, "found_at" timestamptz NOT NULL, "reported_by_id" uuid NOT NULL, "reported_by_name" character varying NOT NULL, "state" character varying NOT NULL DEFAULT 'REPORTED', "notified_at" timestamptz NOT NULL, "acknowledge_by" timestamptz NOT NULL, "acknowledged_at" timestamptz NULL, "resolve_by" timestamptz NOT NULL, "proposed_until" timestamptz NULL, "resolved_at" timestamptz NULL, "resolution" character varying NOT NULL DEFAULT '', "reinspect_by" timestamptz NULL, "reinspected_at" timestamptz NULL, "closed_at" timestamptz NULL, "reopened" bigint NOT NULL DEFAULT 0, "due_at" timestamptz NULL, "escalated_at" timestamptz NULL, "acknowledged_by_id" uuid NULL, "acknowledged_by_name" character varying NOT NULL DEFAULT '', "resolved_by_id" uuid NULL, "resolved_by_name" character varying NOT NULL DEFAULT '', "reinspected_by_id" uuid NULL, "reinspected_by_name" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "vacancy_id" uuid NOT NULL, "unit_id" uuid NOT NULL, "department_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "defects_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "defects_vacancies_vacancy" FOREIGN KEY ("estate_id", "vacancy_id") REFERENCES "vacancies" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "defects_units_unit" FOREIGN KEY ("estate_id", "unit_id") REFERENCES "units" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "defects_departments_department" FOREIGN KEY ("estate_id", "department_id") REFERENCES "departments" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "defect_estate_id_found_at_id" ON "defects" ("estate_id", "found_at", "id");
CREATE INDEX "defect_estate_id_due_at_id" ON "defects" ("estate_id", "due_at", "id");
CREATE INDEX "defect_estate_id_department_id_due_at" ON "defects" ("estate_id", "department_id", "due_at");
CREATE INDEX "defect_estate_id_vacancy_id" ON "defects" ("estate_id", "vacancy_id");
CREATE INDEX "defect_estate_id_unit_id" ON "defects" ("estate_id", "unit_id");
CREATE INDEX "defect_estate_id_inspection_result_id" ON "defects" ("estate_id", "inspection_result_id");
CREATE TABLE "defect_events" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "kind" character varying NOT NULL, "note" character varying NOT NULL DEFAULT '', "acknowledge_by" timestamptz NULL, "due_at" timestamptz NULL, "acted_by_id" uuid NULL, "acted_by_name" character varying NOT NULL, "acted_at" timestamptz NOT NULL, "estate_id" uuid NOT NULL, "defect_id" uuid NOT NULL, "department_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "defect_events_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "defect_events_defects_defect" FOREIGN KEY ("estate_id", "defect_id") REFERENCES "defects" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "defect_events_departments_department" FOREIGN KEY ("estate_id", "department_id") REFERENCES "departments" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "defectevent_estate_id_defect_id_acted_at" ON "defect_events" ("estate_id", "defect_id", "acted_at");
CREATE TABLE "defect_photos" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "name" character varying NOT NULL, "content_type" character varying NOT NULL, "size" bigint NOT NULL, "sha256" character varying NOT NULL, "estate_id" uuid NOT NULL, "defect_id" uuid NOT NULL, "event_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "defect_photos_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "defect_photos_defects_defect" FOREIGN KEY ("estate_id", "defect_id") REFERENCES "defects" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "defect_photos_defect_events_event" FOREIGN KEY ("estate_id", "event_id") REFERENCES "defect_events" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "defectphoto_estate_id_defect_id" ON "defect_photos" ("estate_id", "defect_id");
CREATE INDEX "defectphoto_estate_id_event_id" ON "defect_photos" ("estate_id", "event_id");
CREATE INDEX "defectphoto_estate_id_sha256" ON "defect_photos" ("estate_id", "sha256");
SELECT wall('defects');
SELECT wall('defect_events', append_only => true);
SELECT wall('defect_photos', append_only => true);

SELECT voidable('defects');
REVOKE UPDATE ON defects FROM steward_app;
GRANT UPDATE (voided_at, void_reason, voided_by_id, voided_by_name) ON defects TO steward_app;

ALTER TABLE defects
    ADD CONSTRAINT defects_in_time      CHECK (inspection_result_id IS NOT NULL OR in_time(found_at, created_at, late_reason)),
    ADD CONSTRAINT defects_finding      CHECK (finding <> '' AND found_at <= created_at),
    ADD CONSTRAINT defects_terms        CHECK (acknowledge_by > notified_at AND resolve_by >= acknowledge_by),
    ADD CONSTRAINT defects_acknowledged CHECK ((acknowledged_at IS NULL) = (acknowledged_by_id IS NULL) AND (state = 'REPORTED') = (acknowledged_at IS NULL)),
    ADD CONSTRAINT defects_resolved     CHECK ((resolved_at IS NULL) = (resolution = '') AND (resolved_at IS NULL) = (resolved_by_id IS NULL)
        AND (state IN ('RESOLVED', 'CLOSED')) = (resolved_at IS NOT NULL)),
    ADD CONSTRAINT defects_closed       CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL) AND (state <> 'CLOSED' OR reinspected_by_id <> resolved_by_id));
ALTER TABLE defect_events
    ADD CONSTRAINT defect_events_by   CHECK ((kind = 'ESCALATED') = (acted_by_id IS NULL)),
    ADD CONSTRAINT defect_events_note CHECK (kind IN ('ACKNOWLEDGED', 'CLOSED', 'ESCALATED') OR note <> ''),
    ADD CONSTRAINT defect_events_due  CHECK ((kind IN ('RESOLVED', 'REOPENED', 'REASSIGNED', 'PROPOSED', 'EXTENDED')) = (due_at IS NOT NULL)
        AND (kind = 'REASSIGNED') = (acknowledge_by IS NOT NULL));
ALTER TABLE defect_photos
    ADD CONSTRAINT defect_photos_picture CHECK (content_type LIKE 'image/%' AND size > 0);
-- An inspection's abnormal result has one defect that stands.
CREATE UNIQUE INDEX defects_one ON defects (estate_id, inspection_result_id) WHERE inspection_result_id IS NOT NULL AND voided_at IS NULL;

-- When the next step is due; nothing of what is closed or voided.
-- +goose StatementBegin
CREATE FUNCTION defect_due() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    NEW.due_at := CASE WHEN NEW.voided_at IS NOT NULL THEN NULL WHEN NEW.state = 'REPORTED' THEN least(NEW.acknowledge_by, NEW.resolve_by)
        WHEN NEW.state = 'RESOLVED' THEN NEW.reinspect_by WHEN NEW.state <> 'CLOSED' THEN NEW.resolve_by END;
    RETURN NEW;
END $$;

-- A defect begins reported, of a unit that stood empty when it was found.
CREATE FUNCTION defect_begins() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    v vacancies;
BEGIN
    SELECT * INTO v FROM vacancies WHERE estate_id = NEW.estate_id AND id = NEW.vacancy_id FOR SHARE;
    IF v.unit_id IS DISTINCT FROM NEW.unit_id THEN
        RAISE check_violation USING CONSTRAINT = 'defects_belongs', MESSAGE = 'not of the vacancy''s unit';
    END IF;
    IF v.ended_on < (NEW.found_at AT TIME ZONE (SELECT e.time_zone FROM estates e WHERE e.id = NEW.estate_id))::date THEN
        RAISE check_violation USING CONSTRAINT = 'defects_open', MESSAGE = format('vacancy %s is over', v.id);
    END IF;
    IF NEW.state <> 'REPORTED' OR NEW.voided_at IS NOT NULL OR NEW.reopened <> 0 OR num_nonnulls(NEW.proposed_until, NEW.reinspect_by, NEW.reinspected_at, NEW.reinspected_by_id, NEW.escalated_at) > 0 THEN
        RAISE check_violation USING CONSTRAINT = 'defects_way', MESSAGE = 'a defect begins reported';
    END IF;
    RETURN NULL;
END $$;

-- An event takes its defect where it says, if there is a way. It runs as the owner, since nobody else writes what it sets.
CREATE FUNCTION defect_event_takes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    d defects;
    proposed_by uuid;
BEGIN
    SELECT * INTO d FROM defects WHERE estate_id = NEW.estate_id AND id = NEW.defect_id FOR UPDATE;
    IF d.id IS NULL OR d.voided_at IS NOT NULL OR NOT (CASE NEW.kind
        WHEN 'ACKNOWLEDGED' THEN d.state = 'REPORTED'
        WHEN 'RESOLVED' THEN d.state IN ('ACKNOWLEDGED', 'REOPENED')
        WHEN 'PROPOSED' THEN d.state IN ('ACKNOWLEDGED', 'REOPENED')
        WHEN 'REASSIGNED' THEN d.state IN ('REPORTED', 'ACKNOWLEDGED', 'REOPENED')
        WHEN 'EXTENDED' THEN d.state IN ('REPORTED', 'ACKNOWLEDGED', 'REOPENED')
        WHEN 'ESCALATED' THEN d.state <> 'CLOSED'
        ELSE d.state = 'RESOLVED' END) THEN
        RAISE check_violation USING CONSTRAINT = 'defects_way', MESSAGE = format('%s of what is %s', NEW.kind, d.state);
    END IF;
    IF (NEW.kind = 'REASSIGNED') = (NEW.department_id = d.department_id) THEN
        RAISE check_violation USING CONSTRAINT = 'defects_department', MESSAGE = 'its department changes when it is reassigned, and then only';
    END IF;
    IF NEW.kind IN ('CLOSED', 'REOPENED') AND NEW.acted_by_id = d.resolved_by_id THEN
        RAISE check_violation USING CONSTRAINT = 'defects_own_work', MESSAGE = 'inspected again by who resolved it';
    END IF;
    IF NEW.kind IN ('PROPOSED', 'EXTENDED') AND NEW.due_at <= d.resolve_by THEN
        RAISE check_violation USING CONSTRAINT = 'defects_later', MESSAGE = 'not later than it has';
    END IF;
    IF NEW.kind = 'EXTENDED' AND d.proposed_until IS NOT NULL THEN
        SELECT e.acted_by_id INTO proposed_by FROM defect_events e WHERE e.estate_id = d.estate_id AND e.defect_id = d.id AND e.kind = 'PROPOSED'
            ORDER BY e.acted_at DESC, e.id DESC LIMIT 1;
        IF proposed_by = NEW.acted_by_id THEN
            RAISE check_violation USING CONSTRAINT = 'defects_own_proposal', MESSAGE = 'given by who proposed it';
        END IF;
    END IF;
    CASE NEW.kind
    WHEN 'ACKNOWLEDGED' THEN
        UPDATE defects SET state = 'ACKNOWLEDGED', acknowledged_at = NEW.acted_at, acknowledged_by_id = NEW.acted_by_id, acknowledged_by_name = NEW.acted_by_name
            WHERE estate_id = d.estate_id AND id = d.id;
    WHEN 'RESOLVED' THEN
        UPDATE defects SET state = 'RESOLVED', resolved_at = NEW.acted_at, resolved_by_id = NEW.acted_by_id, resolved_by_name = NEW.acted_by_name,
            resolution = NEW.note, reinspect_by = NEW.due_at, proposed_until = NULL WHERE estate_id = d.estate_id AND id = d.id;
    WHEN 'CLOSED' THEN
        UPDATE defects SET state = 'CLOSED', closed_at = NEW.acted_at, reinspected_at = NEW.acted_at, reinspected_by_id = NEW.acted_by_id,
            reinspected_by_name = NEW.acted_by_name WHERE estate_id = d.estate_id AND id = d.id;
    WHEN 'REOPENED' THEN
        UPDATE defects SET state = 'REOPENED', reopened = reopened + 1, reinspected_at = NEW.acted_at, reinspected_by_id = NEW.acted_by_id,
            reinspected_by_name = NEW.acted_by_name, resolve_by = greatest(resolve_by, NEW.due_at), reinspect_by = NULL,
            resolved_at = NULL, resolved_by_id = NULL, resolved_by_name = '', resolution = '' WHERE estate_id = d.estate_id AND id = d.id;
    WHEN 'REASSIGNED' THEN
        UPDATE defects SET state = 'REPORTED', department_id = NEW.department_id, notified_at = NEW.acted_at, acknowledge_by = NEW.acknowledge_by, resolve_by = NEW.due_at,
            acknowledged_at = NULL, acknowledged_by_id = NULL, acknowledged_by_name = '', proposed_until = NULL WHERE estate_id = d.estate_id AND id = d.id;
    WHEN 'PROPOSED' THEN
        UPDATE defects SET proposed_until = NEW.due_at WHERE estate_id = d.estate_id AND id = d.id;
    WHEN 'EXTENDED' THEN
        UPDATE defects SET resolve_by = NEW.due_at, proposed_until = NULL WHERE estate_id = d.estate_id AND id = d.id;
    ELSE
        UPDATE defects SET escalated_at = coalesce(escalated_at, NEW.acted_at) WHERE estate_id = d.estate_id AND id = d.id;
    END CASE;
    RETURN NULL;
END $$;

-- It is voided while the department has not acknowledged it.
CREATE FUNCTION defect_untouched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'defects_untouched', MESSAGE = format('the defect is %s', OLD.state);
END $$;

-- A photo comes with the report or with a step, and none later.
CREATE FUNCTION defect_photo_taken() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF (CASE WHEN NEW.event_id IS NULL THEN NOT EXISTS (SELECT FROM defects d WHERE d.estate_id = NEW.estate_id AND d.id = NEW.defect_id AND d.created_at = NEW.created_at)
        ELSE NOT EXISTS (SELECT FROM defect_events e WHERE e.estate_id = NEW.estate_id AND e.id = NEW.event_id AND e.defect_id = NEW.defect_id AND e.created_at = NEW.created_at) END) THEN
        RAISE check_violation USING CONSTRAINT = 'defect_photos_with', MESSAGE = 'a photo comes with the report or with a step';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION defect_event_takes FROM PUBLIC;
CREATE TRIGGER defect_due BEFORE INSERT OR UPDATE ON defects FOR EACH ROW EXECUTE FUNCTION defect_due();
CREATE TRIGGER defect_begins AFTER INSERT ON defects FOR EACH ROW EXECUTE FUNCTION defect_begins();
CREATE TRIGGER defect_untouched AFTER UPDATE ON defects FOR EACH ROW WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL AND OLD.state <> 'REPORTED')
    EXECUTE FUNCTION defect_untouched();
CREATE TRIGGER defect_event_takes AFTER INSERT ON defect_events FOR EACH ROW EXECUTE FUNCTION defect_event_takes();
CREATE TRIGGER defect_photo_taken AFTER INSERT ON defect_photos FOR EACH ROW EXECUTE FUNCTION defect_photo_taken();

-- Whether content of an estate is held by anything (internal/files): photos of defects hold theirs, too.
ALTER FUNCTION content_used RENAME TO content_used_but_by_defects;
CREATE FUNCTION content_used(estate uuid, sum text) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT content_used_but_by_defects(estate, sum) OR EXISTS (SELECT FROM defect_photos WHERE estate_id = estate AND sha256 = sum) $$;
