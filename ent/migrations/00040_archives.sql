-- The archive (A1-A4, A6): files of households and of staff, volumes, documents from the inbox to the shelf, manuals, permits. The
-- database makes the files, orders by class and then by time, counts what is bound, and holds each document to its category, volume and state.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

CREATE TABLE "archive_files" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "department_id" uuid NULL, "account_id" uuid NULL, "class" character varying NOT NULL, "code" character varying NOT NULL, "place" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "household_id" uuid NULL, "staff_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_files_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "archive_files_households_household" FOREIGN KEY ("estate_id", "household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_files_staffs_staff" FOREIGN KEY ("estate_id", "staff_id") REFERENCES "staffs" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "archivefile_estate_id_code" ON "archive_files" ("estate_id", "code");
CREATE UNIQUE INDEX "archivefile_estate_id_household_id" ON "archive_files" ("estate_id", "household_id");
CREATE UNIQUE INDEX "archivefile_estate_id_staff_id" ON "archive_files" ("estate_id", "staff_id");
CREATE TABLE "archive_manuals" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "kind" character varying NOT NULL, "name" character varying NOT NULL, "estate_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_manuals_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "archivemanual_estate_id_name" ON "archive_manuals" ("estate_id", "name");
CREATE TABLE "archive_volumes" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "department_id" uuid NULL, "account_id" uuid NULL, "class" character varying NOT NULL, "category" character varying NOT NULL, "code" character varying NOT NULL, "title" character varying NOT NULL, "place" character varying NOT NULL DEFAULT '', "period_from" date NOT NULL, "period_until" date NULL, "state" character varying NOT NULL DEFAULT 'OPEN', "pages" bigint NOT NULL DEFAULT 0, "bound" bigint NOT NULL DEFAULT 0, "filing_key" character varying NOT NULL DEFAULT '' COLLATE "C", "opened_by_id" uuid NOT NULL, "opened_by_name" character varying NOT NULL, "closed_at" timestamptz NULL, "estate_id" uuid NOT NULL, "file_id" uuid NULL, "household_id" uuid NULL, "staff_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_volumes_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "archive_volumes_archive_files_file" FOREIGN KEY ("estate_id", "file_id") REFERENCES "archive_files" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_volumes_households_household" FOREIGN KEY ("estate_id", "household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_volumes_staffs_staff" FOREIGN KEY ("estate_id", "staff_id") REFERENCES "staffs" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "archivevolume_estate_id_code" ON "archive_volumes" ("estate_id", "code");
CREATE INDEX "archivevolume_estate_id_filing_key_id" ON "archive_volumes" ("estate_id", "filing_key", "id");
CREATE INDEX "archivevolume_estate_id_file_id" ON "archive_volumes" ("estate_id", "file_id");
CREATE TABLE "archive_documents" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "account_id" uuid NULL, "class" character varying NOT NULL, "category" character varying NOT NULL, "title" character varying NOT NULL, "dated" date NOT NULL, "pages" bigint NOT NULL, "source" character varying NOT NULL DEFAULT '', "edition" character varying NOT NULL DEFAULT '', "current" boolean NOT NULL DEFAULT false, "state" character varying NOT NULL DEFAULT 'INBOX', "subject_id" uuid NULL, "filing_key" character varying NOT NULL DEFAULT '' COLLATE "C", "handed_in_by_id" uuid NOT NULL, "handed_in_by_name" character varying NOT NULL, "handed_in_at" timestamptz NOT NULL, "bound_by_id" uuid NULL, "bound_by_name" character varying NOT NULL DEFAULT '', "bound_at" timestamptz NULL, "name" character varying NOT NULL DEFAULT '', "content_type" character varying NOT NULL DEFAULT '', "size" bigint NOT NULL DEFAULT 0, "sha256" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "file_id" uuid NULL, "household_id" uuid NULL, "staff_id" uuid NULL, "department_id" uuid NULL, "manual_id" uuid NULL, "volume_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_documents_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "archive_documents_archive_files_file" FOREIGN KEY ("estate_id", "file_id") REFERENCES "archive_files" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_documents_households_household" FOREIGN KEY ("estate_id", "household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_documents_staffs_staff" FOREIGN KEY ("estate_id", "staff_id") REFERENCES "staffs" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_documents_departments_department" FOREIGN KEY ("estate_id", "department_id") REFERENCES "departments" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_documents_archive_manuals_manual" FOREIGN KEY ("estate_id", "manual_id") REFERENCES "archive_manuals" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_documents_archive_volumes_volume" FOREIGN KEY ("estate_id", "volume_id") REFERENCES "archive_volumes" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "archivedocument_estate_id_filing_key_id" ON "archive_documents" ("estate_id", "filing_key", "id");
CREATE INDEX "archivedocument_estate_id_state_handed_in_at_id" ON "archive_documents" ("estate_id", "state", "handed_in_at", "id");
CREATE INDEX "archivedocument_estate_id_file_id_filing_key" ON "archive_documents" ("estate_id", "file_id", "filing_key");
CREATE INDEX "archivedocument_estate_id_volume_id_filing_key" ON "archive_documents" ("estate_id", "volume_id", "filing_key");
CREATE INDEX "archivedocument_estate_id_household_id" ON "archive_documents" ("estate_id", "household_id");
CREATE INDEX "archivedocument_estate_id_account_id" ON "archive_documents" ("estate_id", "account_id");
CREATE INDEX "archivedocument_estate_id_manual_id" ON "archive_documents" ("estate_id", "manual_id");
CREATE INDEX "archivedocument_estate_id_subject_id" ON "archive_documents" ("estate_id", "subject_id");
CREATE INDEX "archivedocument_estate_id_sha256" ON "archive_documents" ("estate_id", "sha256");
CREATE TABLE "archive_permits" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "account_id" uuid NOT NULL, "valid_from" timestamptz NOT NULL, "valid_until" timestamptz NOT NULL, "copies" boolean NOT NULL DEFAULT false, "ended_at" timestamptz NULL, "end_reason" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "subject_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_permits_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "archive_permits_archive_documents_document" FOREIGN KEY ("estate_id", "subject_id") REFERENCES "archive_documents" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "archivepermit_estate_id_account_id_subject_id" ON "archive_permits" ("estate_id", "account_id", "subject_id");
CREATE INDEX "archivepermit_estate_id_subject_id" ON "archive_permits" ("estate_id", "subject_id");
CREATE INDEX "archivepermit_estate_id_valid_from_id" ON "archive_permits" ("estate_id", "valid_from", "id");
SELECT wall('archive_documents', household => 'household_id');
SELECT wall('archive_files', household => 'household_id');
SELECT wall('archive_manuals');
SELECT wall('archive_permits');
SELECT wall('archive_volumes', household => 'household_id');

SELECT voidable('archive_documents', stated => true);

-- The class that a category is of, and its place in the order of classes (A1, A3).
CREATE FUNCTION archive_class(category text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT CASE WHEN category IN ('DEVELOPER', 'LAW', 'OTHER_EXTERNAL') THEN 'EXTERNAL'
        WHEN category IN ('MANAGEMENT_MANUAL', 'TRAINING_MANUAL') THEN 'INTERNAL'
        WHEN category IN ('WORK', 'TRAINING') THEN 'STAFF' ELSE 'HOUSEHOLD' END $$;
CREATE FUNCTION archive_order(class text, at date) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT array_position('{EXTERNAL,INTERNAL,STAFF,HOUSEHOLD}'::text[], class) || ' ' || lpad((at - '0001-01-01'::date)::text, 7, '0') $$;

ALTER TABLE archive_files
    ADD CONSTRAINT archive_files_of CHECK ((class = 'HOUSEHOLD') = (household_id IS NOT NULL) AND (class = 'STAFF') = (staff_id IS NOT NULL)
        AND class IN ('HOUSEHOLD', 'STAFF')),
    ADD CONSTRAINT archive_files_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE archive_volumes
    ADD CONSTRAINT archive_volumes_class  CHECK (class = archive_class(category)),
    ADD CONSTRAINT archive_volumes_of     CHECK ((class = 'HOUSEHOLD') = (household_id IS NOT NULL) AND (class = 'STAFF') = (staff_id IS NOT NULL)),
    ADD CONSTRAINT archive_volumes_period CHECK (period_until >= period_from),
    ADD CONSTRAINT archive_volumes_closed CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL) AND (state = 'OPEN' OR period_until IS NOT NULL)),
    ADD CONSTRAINT archive_volumes_counts CHECK (bound >= 0 AND pages >= 0),
    ADD CONSTRAINT archive_volumes_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE archive_documents
    ADD CONSTRAINT archive_documents_class   CHECK (class = archive_class(category)),
    ADD CONSTRAINT archive_documents_of      CHECK ((class = 'HOUSEHOLD') = (household_id IS NOT NULL) AND (class = 'STAFF') = (staff_id IS NOT NULL)),
    ADD CONSTRAINT archive_documents_manual  CHECK (manual_id IS NULL OR class = 'INTERNAL'),
    ADD CONSTRAINT archive_documents_current CHECK (NOT current OR manual_id IS NOT NULL AND state = 'BOUND'),
    ADD CONSTRAINT archive_documents_bound   CHECK (state = 'DESTROYED' OR (state = 'BOUND') = (volume_id IS NOT NULL) AND (state = 'BOUND') = (bound_at IS NOT NULL)),
    ADD CONSTRAINT archive_documents_content CHECK (sha256 = '' OR sha256 ~ '^[0-9a-f]{64}$' AND name <> '' AND content_type <> ''),
    ADD CONSTRAINT archive_documents_counts  CHECK (pages BETWEEN 0 AND 100000);
ALTER TABLE archive_permits
    ADD CONSTRAINT archive_permits_period CHECK (valid_until > valid_from),
    ADD CONSTRAINT archive_permits_ended  CHECK ((ended_at IS NULL) = (end_reason = ''));
CREATE UNIQUE INDEX archive_documents_in_force ON archive_documents (estate_id, manual_id) WHERE current;

-- What is on record of a document stays; what may be corrected before it is bound, and what binding writes, are named here.
REVOKE UPDATE ON archive_files, archive_volumes, archive_documents, archive_permits FROM steward_app;
GRANT UPDATE (version, place, department_id, account_id) ON archive_files TO steward_app;
GRANT UPDATE (version, title, place, period_until, state, closed_at, department_id, account_id) ON archive_volumes TO steward_app;
GRANT UPDATE (version, title, dated, pages, source, edition, current, state, volume_id, bound_by_id, bound_by_name, bound_at, department_id, account_id,
    voided_at, void_reason, voided_by_id, voided_by_name) ON archive_documents TO steward_app;
GRANT UPDATE (ended_at, end_reason) ON archive_permits TO steward_app;

-- +goose StatementBegin
CREATE FUNCTION archive_filing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.filing_key := archive_order(NEW.class, CASE TG_TABLE_NAME WHEN 'archive_volumes' THEN (to_jsonb(NEW)->>'period_from')::date ELSE (to_jsonb(NEW)->>'dated')::date END);
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER archive_filing BEFORE INSERT ON archive_volumes FOR EACH ROW EXECUTE FUNCTION archive_filing();
CREATE TRIGGER archive_filing BEFORE INSERT OR UPDATE OF dated ON archive_documents FOR EACH ROW EXECUTE FUNCTION archive_filing();

-- The department that keeps the households' files (A5: nobody outside customer service sees them).
CREATE FUNCTION archive_service(estate uuid) RETURNS uuid STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT id FROM departments WHERE estate_id = estate AND kind = 'CUSTOMER_SERVICE' ORDER BY id LIMIT 1 $$;

-- One household, one file; one member of staff, one file: there from the day that they are (A1.3, A6).
-- +goose StatementBegin
CREATE FUNCTION archive_files_begin() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_TABLE_NAME = 'households' THEN
        INSERT INTO archive_files (id, created_at, estate_id, class, code, household_id, department_id)
            SELECT new_id(x'0601'::int), created_at, estate_id, 'HOUSEHOLD', 'H-' || code, id, archive_service(estate_id) FROM rows;
    ELSE
        PERFORM pg_advisory_xact_lock(hashtextextended('archive_files ' || e::text, 0)) FROM (SELECT DISTINCT estate_id e FROM rows ORDER BY 1) x;
        INSERT INTO archive_files (id, created_at, estate_id, class, code, staff_id, department_id, account_id)
            SELECT new_id(x'0601'::int), s.created_at, s.estate_id, 'STAFF', 'S-' || lpad(n::text, greatest(4, length(n::text)), '0'), s.id, s.department_id, s.account_id
            FROM (SELECT r.*, row_number() OVER (PARTITION BY r.estate_id ORDER BY r.id)
                + (SELECT count(*) FROM archive_files f WHERE f.estate_id = r.estate_id AND f.class = 'STAFF') AS n FROM rows r) s;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER archive_files_begin AFTER INSERT ON households REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION archive_files_begin();
CREATE TRIGGER archive_files_begin AFTER INSERT ON staffs REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION archive_files_begin();
INSERT INTO archive_files (id, created_at, estate_id, class, code, household_id, department_id)
    SELECT new_id(x'0601'::int), created_at, estate_id, 'HOUSEHOLD', 'H-' || code, id, archive_service(estate_id) FROM households;
INSERT INTO archive_files (id, created_at, estate_id, class, code, staff_id, department_id, account_id)
    SELECT new_id(x'0601'::int), created_at, estate_id, 'STAFF', 'S-' || lpad(n::text, greatest(4, length(n::text)), '0'), id, department_id, account_id
    FROM (SELECT s.*, row_number() OVER (PARTITION BY estate_id ORDER BY id) AS n FROM staffs s) x;

-- What concerns a member of staff goes with them to another department, and to the account that they sign in with.
-- +goose StatementBegin
CREATE FUNCTION archive_follows() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    tab text;
BEGIN
    FOREACH tab IN ARRAY '{archive_files,archive_volumes,archive_documents}'::text[] LOOP
        EXECUTE format('UPDATE %I SET department_id = $1, account_id = $2 WHERE estate_id = $3 AND staff_id = $4', tab)
            USING NEW.department_id, NEW.account_id, NEW.estate_id, NEW.id;
    END LOOP;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER archive_follows AFTER UPDATE OF department_id, account_id ON staffs FOR EACH ROW
    WHEN (OLD.department_id IS DISTINCT FROM NEW.department_id OR OLD.account_id IS DISTINCT FROM NEW.account_id) EXECUTE FUNCTION archive_follows();
CREATE INDEX archive_documents_staff ON archive_documents (estate_id, staff_id) WHERE staff_id IS NOT NULL;
CREATE INDEX archive_volumes_staff ON archive_volumes (estate_id, staff_id) WHERE staff_id IS NOT NULL;

-- What concerns a household or a member of staff says so as its file does: so nobody makes it another's by writing other columns.
-- +goose StatementBegin
CREATE FUNCTION archive_belongs() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.class IN ('HOUSEHOLD', 'STAFF') AND NOT EXISTS (SELECT FROM archive_files f WHERE f.estate_id = NEW.estate_id AND f.id = NEW.file_id
        AND f.household_id IS NOT DISTINCT FROM NEW.household_id AND f.staff_id IS NOT DISTINCT FROM NEW.staff_id
        AND f.department_id IS NOT DISTINCT FROM NEW.department_id AND f.account_id IS NOT DISTINCT FROM NEW.account_id)
        OR NEW.class NOT IN ('HOUSEHOLD', 'STAFF') AND num_nonnulls(NEW.file_id, NEW.account_id) > 0 THEN
        RAISE check_violation USING CONSTRAINT = TG_TABLE_NAME || '_belongs', MESSAGE = 'not as its file says';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER archive_belongs AFTER INSERT ON archive_volumes FOR EACH ROW EXECUTE FUNCTION archive_belongs();
CREATE TRIGGER archive_belongs AFTER INSERT ON archive_documents FOR EACH ROW EXECUTE FUNCTION archive_belongs();

-- A document is handed in, and bound into an open volume of its own category and file, whose counts follow (A2).
-- +goose StatementBegin
CREATE FUNCTION archive_bind() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    v archive_volumes;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'INBOX' THEN
            RAISE check_violation USING CONSTRAINT = 'archive_documents_inbox', MESSAGE = 'a document begins in the inbox';
        END IF;
        RETURN NULL;
    END IF;
    IF NOT ((OLD.state, NEW.state) IN (('INBOX', 'BOUND'), ('BOUND', 'INBOX'), ('INBOX', 'VOIDED')) OR OLD.state = NEW.state) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_documents_way', MESSAGE = format('from %s to %s', OLD.state, NEW.state);
    END IF;
    IF OLD.state = 'BOUND' AND NEW.state = 'BOUND' AND (OLD.volume_id, OLD.title, OLD.dated, OLD.pages, OLD.source, OLD.edition)
        IS DISTINCT FROM (NEW.volume_id, NEW.title, NEW.dated, NEW.pages, NEW.source, NEW.edition) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_documents_fast', MESSAGE = 'what is bound is taken out first';
    END IF;
    IF OLD.volume_id IS NOT DISTINCT FROM NEW.volume_id THEN
        RETURN NULL;
    END IF;
    SELECT * INTO v FROM archive_volumes WHERE estate_id = NEW.estate_id AND id = coalesce(NEW.volume_id, OLD.volume_id) FOR UPDATE;
    IF v.state <> 'OPEN' THEN
        RAISE check_violation USING CONSTRAINT = 'archive_volumes_open', MESSAGE = 'the volume is closed';
    END IF;
    IF NEW.volume_id IS NOT NULL AND (v.category <> NEW.category OR v.file_id IS DISTINCT FROM NEW.file_id
        OR NEW.dated < v.period_from OR NEW.dated > v.period_until) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_documents_volume', MESSAGE = 'not of the volume''s category, file and period';
    END IF;
    UPDATE archive_volumes SET bound = bound + CASE WHEN NEW.volume_id IS NULL THEN -1 ELSE 1 END, pages = pages + CASE WHEN NEW.volume_id IS NULL THEN -OLD.pages ELSE NEW.pages END
        WHERE estate_id = v.estate_id AND id = v.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION archive_bind FROM PUBLIC;
CREATE TRIGGER archive_bind AFTER INSERT OR UPDATE ON archive_documents FOR EACH ROW EXECUTE FUNCTION archive_bind();

-- A permit that has ended stays ended.
-- +goose StatementBegin
CREATE FUNCTION archive_permit_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = 'archive_permits_ended', MESSAGE = 'the permit has ended';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER archive_permit_ends AFTER UPDATE ON archive_permits FOR EACH ROW EXECUTE FUNCTION archive_permit_ends();

-- Whether content of an estate is held by anything (internal/files).
CREATE FUNCTION content_used(estate uuid, sum text) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT EXISTS (SELECT FROM files WHERE estate_id = estate AND sha256 = sum) OR EXISTS (SELECT FROM archive_documents WHERE estate_id = estate AND sha256 = sum) $$;

-- Takes an upload of the viewer's over: its row goes, and what holds the content from then on is another's.
-- +goose StatementBegin
CREATE FUNCTION file_take(estate uuid, file uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    DELETE FROM files WHERE estate_id = estate AND id = file AND (uploaded_by = identity.viewer() OR identity.is_system());
    RETURN FOUND;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION file_take FROM PUBLIC;
GRANT EXECUTE ON FUNCTION file_take TO steward_app;
