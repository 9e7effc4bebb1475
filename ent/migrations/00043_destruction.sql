-- Retention, holds and destruction (A7). What is past its retention and not held is destroyed by an order that the archivist proposes, the
-- project manager approves, and archivist and witness sign; archive_destroy erases it, and a stub stays that holds nothing personal.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

ALTER TABLE "estates" ADD COLUMN "backup_days" bigint NOT NULL DEFAULT 90;
CREATE TABLE "archive_destructions" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "method" character varying NOT NULL, "reason" character varying NOT NULL, "state" character varying NOT NULL DEFAULT 'PROPOSED', "quantity" bigint NOT NULL, "pages" bigint NOT NULL, "dated_from" date NOT NULL, "dated_until" date NOT NULL, "eligible_on" date NOT NULL, "proposed_by_id" uuid NOT NULL, "proposed_by_staff_id" uuid NULL, "proposed_by_name" character varying NOT NULL, "proposed_at" timestamptz NOT NULL, "approved_by_id" uuid NULL, "approved_by_staff_id" uuid NULL, "approved_by_name" character varying NOT NULL DEFAULT '', "approved_at" timestamptz NULL, "content_hash" character varying NOT NULL DEFAULT '', "content" text NOT NULL DEFAULT '', "destroyed_by_name" character varying NOT NULL DEFAULT '', "done_at" timestamptz NULL, "backups_until" date NULL, "cancelled_by_id" uuid NULL, "cancelled_by_name" character varying NOT NULL DEFAULT '', "cancelled_at" timestamptz NULL, "cancel_reason" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "approval_id" uuid NULL, "witness_id" uuid NULL, "certificate_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_destructions_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "archive_destructions_approvals_approval" FOREIGN KEY ("estate_id", "approval_id") REFERENCES "approvals" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_destructions_staffs_witness" FOREIGN KEY ("estate_id", "witness_id") REFERENCES "staffs" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_destructions_certificates_certificate" FOREIGN KEY ("estate_id", "certificate_id") REFERENCES "certificates" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "archivedestruction_estate_id_proposed_at_id" ON "archive_destructions" ("estate_id", "proposed_at", "id");
CREATE INDEX "archivedestruction_estate_id_approval_id" ON "archive_destructions" ("estate_id", "approval_id");
ALTER TABLE "archive_documents" ADD COLUMN "destroyed_at" timestamptz NULL, ADD COLUMN "certificate_number" character varying NOT NULL DEFAULT '';
CREATE TABLE "archive_destruction_lines" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "category" character varying NOT NULL, "volume_code" character varying NOT NULL, "dated" date NOT NULL, "pages" bigint NOT NULL, "years" bigint NOT NULL, "basis" character varying NOT NULL, "eligible_on" date NOT NULL, "open" boolean NOT NULL DEFAULT true, "estate_id" uuid NOT NULL, "destruction_id" uuid NOT NULL, "document_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_destruction_lines_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "archive_destruction_lines_archive_destructions_destruction" FOREIGN KEY ("estate_id", "destruction_id") REFERENCES "archive_destructions" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_destruction_lines_archive_documents_document" FOREIGN KEY ("estate_id", "document_id") REFERENCES "archive_documents" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "archivedestructionline_estate_id_destruction_id_document_id" ON "archive_destruction_lines" ("estate_id", "destruction_id", "document_id");
CREATE INDEX "archivedestructionline_estate_id_document_id" ON "archive_destruction_lines" ("estate_id", "document_id");
CREATE TABLE "archive_holds" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "subject_id" uuid NOT NULL, "reason" character varying NOT NULL, "placed_by_id" uuid NOT NULL, "placed_by_name" character varying NOT NULL, "placed_at" timestamptz NOT NULL, "released_at" timestamptz NULL, "release_reason" character varying NOT NULL DEFAULT '', "released_by_id" uuid NULL, "released_by_name" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "document_id" uuid NULL, "volume_id" uuid NULL, "file_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_holds_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "archive_holds_archive_documents_document" FOREIGN KEY ("estate_id", "document_id") REFERENCES "archive_documents" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_holds_archive_volumes_volume" FOREIGN KEY ("estate_id", "volume_id") REFERENCES "archive_volumes" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_holds_archive_files_file" FOREIGN KEY ("estate_id", "file_id") REFERENCES "archive_files" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "archivehold_estate_id_placed_at_id" ON "archive_holds" ("estate_id", "placed_at", "id");
CREATE INDEX "archivehold_estate_id_document_id" ON "archive_holds" ("estate_id", "document_id");
CREATE INDEX "archivehold_estate_id_volume_id" ON "archive_holds" ("estate_id", "volume_id");
CREATE INDEX "archivehold_estate_id_file_id" ON "archive_holds" ("estate_id", "file_id");
CREATE TABLE "archive_retentions" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "category" character varying NOT NULL, "years" bigint NULL, "basis" character varying NOT NULL, "set_by_id" uuid NULL, "set_by_name" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_retentions_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "archiveretention_estate_id_category" ON "archive_retentions" ("estate_id", "category");
SELECT wall('archive_destructions');
SELECT wall('archive_destruction_lines', append_only => true);
SELECT wall('archive_holds');
SELECT wall('archive_retentions');

INSERT INTO signature_capacities (kind, capacity) VALUES ('archives.destroy', 'approver'), ('archives.destroy', 'archivist'), ('archives.destroy', 'witness');
INSERT INTO signature_distinct VALUES
    ('archives.destroy', 'approver', 'archivist'), ('archives.destroy', 'approver', 'witness'), ('archives.destroy', 'archivist', 'witness');
INSERT INTO signature_certificates VALUES ('archives.destroy');

ALTER TABLE estates ADD CONSTRAINT estates_backup_days CHECK (backup_days BETWEEN 0 AND 3650);
ALTER TABLE archive_retentions
    ADD CONSTRAINT archive_retentions_years CHECK (years BETWEEN 1 AND 100);
ALTER TABLE archive_holds
    ADD CONSTRAINT archive_holds_of       CHECK (num_nonnulls(document_id, volume_id, file_id) = 1),
    ADD CONSTRAINT archive_holds_released CHECK ((released_at IS NULL) = (released_by_id IS NULL) AND (released_at IS NULL) = (release_reason = ''));
ALTER TABLE archive_destructions
    ADD CONSTRAINT archive_destructions_state CHECK (
        (state = 'DONE') = (done_at IS NOT NULL) AND (state = 'DONE') = (certificate_id IS NOT NULL) AND (state = 'DONE') = (backups_until IS NOT NULL)
        AND (state = 'CANCELLED') = (cancelled_at IS NOT NULL) AND (state = 'CANCELLED') = (cancel_reason <> '')
        AND num_nonnulls(witness_id, approved_by_id, approved_at) IN (0, 3) AND (witness_id IS NULL) = (content = '')
        AND (state NOT IN ('APPROVED', 'DONE') OR witness_id IS NOT NULL));
ALTER TABLE archive_documents
    ADD CONSTRAINT archive_documents_destroyed CHECK ((state = 'DESTROYED') = (destroyed_at IS NOT NULL) AND (state = 'DESTROYED') = (certificate_number <> '')
        AND (state <> 'DESTROYED' OR title || source || edition || name || content_type || sha256 || handed_in_by_name || bound_by_name = ''
            AND num_nonnulls(subject_id, bound_by_id) = 0 AND size = 0));
CREATE UNIQUE INDEX archive_destruction_lines_open ON archive_destruction_lines (estate_id, document_id) WHERE open;
CREATE INDEX archive_holds_in_force ON archive_holds (estate_id, subject_id) WHERE released_at IS NULL;

-- What of it the app may write; that something was destroyed only archive_destroy writes.
REVOKE INSERT, UPDATE ON archive_retentions FROM steward_app;
GRANT UPDATE (version, years, basis, set_by_id, set_by_name) ON archive_retentions TO steward_app;
REVOKE UPDATE ON archive_holds, archive_destructions FROM steward_app;
GRANT UPDATE (released_at, release_reason, released_by_id, released_by_name) ON archive_holds TO steward_app;
GRANT UPDATE (version, state, approval_id, approved_by_id, approved_by_name, approved_at, witness_id, content_hash, content,
    cancelled_by_id, cancelled_by_name, cancelled_at, cancel_reason) ON archive_destructions TO steward_app;

-- The schedule that an estate begins with; the archivist or the project manager sets it otherwise.
CREATE FUNCTION archive_schedule(OUT category text, OUT years integer, OUT basis text) RETURNS SETOF record IMMUTABLE LANGUAGE sql AS $$
    SELECT c, y, '档案保管期限表 ' || b FROM (VALUES
        ('DEVELOPER', NULL, '1.1'), ('LAW', 10, '1.2'), ('OTHER_EXTERNAL', 10, '1.3'), ('MANAGEMENT_MANUAL', 30, '2.1'), ('TRAINING_MANUAL', 10, '2.2'),
        ('WORK', 30, '3.1'), ('TRAINING', 10, '3.2'), ('MOVE_IN', NULL, '4.1'), ('RENOVATION_PAPERS', NULL, '4.2'), ('PAYMENTS', 30, '4.3'),
        ('VIOLATIONS', 10, '4.4'), ('RENOVATION_RECORDS', 30, '4.5'), ('COMPLAINTS', 10, '4.6'), ('CORRESPONDENCE', 10, '4.7'), ('SUPPLEMENTS', 10, '4.8')) v(c, y, b) $$;
-- +goose StatementBegin
CREATE FUNCTION archive_retentions_begin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO archive_retentions (id, created_at, estate_id, category, years, basis)
        SELECT new_id(x'0610'::int), NEW.created_at, NEW.id, s.category, s.years, s.basis FROM archive_schedule() s;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION archive_retentions_begin FROM PUBLIC;
CREATE TRIGGER archive_retentions_begin AFTER INSERT ON estates FOR EACH ROW EXECUTE FUNCTION archive_retentions_begin();
INSERT INTO archive_retentions (id, created_at, estate_id, category, years, basis)
    SELECT new_id(x'0610'::int), e.created_at, e.id, s.category, s.years, s.basis FROM estates e, archive_schedule() s;

-- The day from which a document is past its retention; null: it is kept permanently.
CREATE FUNCTION archive_eligible(estate uuid, of text, dated date) RETURNS date STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT (archive_eligible.dated + make_interval(years => r.years::integer))::date FROM archive_retentions r WHERE r.estate_id = estate AND r.category = of $$;
CREATE FUNCTION archive_today(estate uuid, at timestamptz) RETURNS date STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT (at AT TIME ZONE e.time_zone)::date FROM estates e WHERE e.id = estate $$;

-- Whether a document is held: itself, its volume, or its file.
CREATE FUNCTION archive_held(estate uuid, document uuid, volume uuid, file uuid) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT EXISTS (SELECT FROM archive_holds h WHERE h.estate_id = estate AND h.subject_id IN (document, volume, file) AND h.released_at IS NULL) $$;

-- SHA-256 over the documents of an order and what they hold: who has the bytes from elsewhere can prove which they were.
CREATE FUNCTION archive_content_hash(estate uuid, destruction uuid) RETURNS text STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT encode(sha256(convert_to(coalesce(string_agg(d.id || ' ' || d.sha256, E'\n' ORDER BY d.id), ''), 'UTF8')), 'hex')
    FROM archive_destruction_lines l JOIN archive_documents d ON d.estate_id = l.estate_id AND d.id = l.document_id
    WHERE l.estate_id = estate AND l.destruction_id = destruction $$;

-- A hold and a destruction wait for each other on the documents, volumes before documents, each in the order of ids: of both at once one
-- is first, and the other sees it whole.
-- +goose StatementBegin
CREATE FUNCTION archive_hold_placed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM archive_volumes v WHERE v.estate_id = NEW.estate_id AND (v.id = NEW.volume_id OR v.file_id = NEW.file_id) ORDER BY v.id FOR UPDATE;
    PERFORM FROM archive_documents d WHERE d.estate_id = NEW.estate_id AND (d.id = NEW.document_id OR d.volume_id = NEW.volume_id OR d.file_id = NEW.file_id)
        ORDER BY d.id FOR UPDATE;
    IF NEW.subject_id IS DISTINCT FROM coalesce(NEW.document_id, NEW.volume_id, NEW.file_id) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_holds_of', MESSAGE = 'another is held than is said';
    END IF;
    IF EXISTS (SELECT FROM archive_documents d WHERE d.estate_id = NEW.estate_id AND d.id = NEW.document_id AND d.state = 'DESTROYED') THEN
        RAISE check_violation USING CONSTRAINT = 'archive_holds_destroyed', MESSAGE = 'what is destroyed is not held any more';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION archive_hold_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'archive_holds_ended', MESSAGE = 'the hold was released';
END $$;
-- +goose StatementEnd
CREATE TRIGGER archive_hold_placed AFTER INSERT ON archive_holds FOR EACH ROW EXECUTE FUNCTION archive_hold_placed();
CREATE TRIGGER archive_hold_ends AFTER UPDATE ON archive_holds FOR EACH ROW
    WHEN (OLD.released_at IS NOT NULL AND NEW.release_reason <> '—') EXECUTE FUNCTION archive_hold_ends();

-- A line says what the record says: a bound document past its retention and not held, in an order that nobody was asked about yet.
-- +goose StatementBegin
CREATE FUNCTION archive_destruction_line() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    o archive_destructions;
    d archive_documents;
BEGIN
    SELECT * INTO o FROM archive_destructions WHERE estate_id = NEW.estate_id AND id = NEW.destruction_id FOR UPDATE;
    SELECT * INTO d FROM archive_documents WHERE estate_id = NEW.estate_id AND id = NEW.document_id FOR UPDATE;
    IF o.state <> 'PROPOSED' OR o.approval_id IS NOT NULL OR NOT NEW.open THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_frozen', MESSAGE = 'the order is frozen';
    ELSIF d.state <> 'BOUND' OR d.current THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_bound', MESSAGE = 'only what is bound is destroyed';
    ELSIF archive_held(d.estate_id, d.id, d.volume_id, d.file_id) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_held', MESSAGE = 'the document is held';
    ELSIF coalesce(NEW.eligible_on > archive_today(NEW.estate_id, o.proposed_at), true)
        OR NEW.eligible_on IS DISTINCT FROM archive_eligible(d.estate_id, d.category, d.dated)
        OR NOT EXISTS (SELECT FROM archive_retentions r WHERE r.estate_id = NEW.estate_id AND r.category = d.category AND r.years = NEW.years AND r.basis = NEW.basis) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_retention', MESSAGE = 'the document is not past its retention';
    ELSIF (NEW.category, NEW.dated, NEW.pages) IS DISTINCT FROM (d.category, d.dated, d.pages)
        OR NEW.volume_code IS DISTINCT FROM (SELECT v.code FROM archive_volumes v WHERE v.estate_id = d.estate_id AND v.id = d.volume_id) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_changed', MESSAGE = 'not as the record says';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER archive_destruction_line AFTER INSERT ON archive_destruction_lines FOR EACH ROW EXECUTE FUNCTION archive_destruction_line();

-- An order goes one way. Who proposed and who approved are noted as members of staff, and the witness is neither, whatever account
-- is whose by then; the witness signs with an account of the own.
-- +goose StatementBegin
CREATE FUNCTION archive_destruction_step() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    moves text[];
    w staffs;
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.proposed_by_staff_id := (SELECT id FROM staffs WHERE estate_id = NEW.estate_id AND account_id = NEW.proposed_by_id);
        RETURN NEW;
    END IF;
    moves := CASE
        WHEN OLD.state = 'PROPOSED' AND NEW.state = 'PROPOSED' AND OLD.approval_id IS NULL THEN '{approval_id}'
        WHEN OLD.state = 'PROPOSED' AND NEW.state = 'APPROVED' THEN '{approved_by_id,approved_by_name,approved_at,witness_id,content_hash,content}'
        WHEN OLD.state = 'APPROVED' AND NEW.state = 'DONE' THEN '{certificate_id,destroyed_by_name,done_at,backups_until}'
        WHEN OLD.state IN ('PROPOSED', 'APPROVED') AND NEW.state = 'CANCELLED' THEN '{cancelled_by_id,cancelled_by_name,cancelled_at,cancel_reason}'
        WHEN OLD.state IN ('PROPOSED', 'APPROVED') AND NEW.state = 'ENDED' THEN '{}'
    END;
    IF moves IS NULL OR to_jsonb(NEW) - moves - '{state,version}'::text[] <> to_jsonb(OLD) - moves - '{state,version}'::text[] THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_step', MESSAGE = format('an order does not go from %s to %s so', OLD.state, NEW.state);
    END IF;
    IF NEW.state = 'APPROVED' THEN
        IF NOT EXISTS (SELECT FROM approvals a WHERE a.estate_id = NEW.estate_id AND a.id = NEW.approval_id AND a.kind = 'archives.destroy' AND a.subject_id = NEW.id
            AND a.state = 'GIVEN' AND a.decided_by_id = NEW.approved_by_id) THEN
            RAISE check_violation USING CONSTRAINT = 'archive_destructions_approved', MESSAGE = 'the order is not approved';
        END IF;
        NEW.approved_by_staff_id := (SELECT id FROM staffs WHERE estate_id = NEW.estate_id AND account_id = NEW.approved_by_id);
        SELECT * INTO w FROM staffs WHERE estate_id = NEW.estate_id AND id = NEW.witness_id;
        IF w.account_id IS NULL THEN
            RAISE check_violation USING CONSTRAINT = 'archive_destructions_witness_signs', MESSAGE = 'the witness has no account to sign with';
        ELSIF w.id IN (NEW.proposed_by_staff_id, NEW.approved_by_staff_id) OR w.account_id IN (NEW.proposed_by_id, NEW.approved_by_id) THEN
            RAISE check_violation USING CONSTRAINT = 'archive_destructions_witness', MESSAGE = 'the witness is neither the archivist nor the approver';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION archive_destruction_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'archive_destructions_step', MESSAGE = 'an order is proposed first';
END $$;
-- What an order is over with may be proposed anew, if it is still there.
CREATE FUNCTION archive_destruction_over() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE archive_destruction_lines SET open = false WHERE estate_id = NEW.estate_id AND destruction_id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION archive_destruction_over FROM PUBLIC;
CREATE TRIGGER archive_destruction_step BEFORE INSERT OR UPDATE ON archive_destructions FOR EACH ROW EXECUTE FUNCTION archive_destruction_step();
CREATE TRIGGER archive_destruction_begins AFTER INSERT ON archive_destructions FOR EACH ROW
    WHEN (NEW.state <> 'PROPOSED' OR NEW.approval_id IS NOT NULL) EXECUTE FUNCTION archive_destruction_begins();
CREATE TRIGGER archive_destruction_over AFTER UPDATE OF state ON archive_destructions FOR EACH ROW
    WHEN (NEW.state IN ('DONE', 'ENDED', 'CANCELLED')) EXECUTE FUNCTION archive_destruction_over();

-- What is on an order stays in its volume; what is destroyed stays a stub, but goes with its member of staff.
-- +goose StatementBegin
CREATE FUNCTION archive_document_ordered() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM archive_destruction_lines l WHERE l.estate_id = NEW.estate_id AND l.document_id = NEW.id AND l.open) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_documents_ordered', MESSAGE = 'the document is to be destroyed';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION archive_stub() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - '{department_id,account_id,version}'::text[] <> to_jsonb(OLD) - '{department_id,account_id,version}'::text[] THEN
        RAISE check_violation USING CONSTRAINT = 'archive_documents_stub', MESSAGE = 'what is destroyed stays as it is';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER archive_document_ordered AFTER UPDATE OF state ON archive_documents FOR EACH ROW
    WHEN (OLD.state = 'BOUND' AND NEW.state NOT IN ('BOUND', 'DESTROYED')) EXECUTE FUNCTION archive_document_ordered();
CREATE TRIGGER archive_stub BEFORE UPDATE ON archive_documents FOR EACH ROW WHEN (OLD.state = 'DESTROYED') EXECUTE FUNCTION archive_stub();
DROP TRIGGER archive_bind ON archive_documents; -- destroying is no binding
CREATE TRIGGER archive_bind_begins AFTER INSERT ON archive_documents FOR EACH ROW EXECUTE FUNCTION archive_bind();
CREATE TRIGGER archive_bind AFTER UPDATE ON archive_documents FOR EACH ROW
    WHEN (OLD.state = 'DESTROYED' OR NEW.state <> 'DESTROYED') EXECUTE FUNCTION archive_bind();

-- What is still to be erased outside of the database: the content, unless another holds it, and the keys of digests. It is done after the
-- erasure has committed, and tried again until it is (internal/archives.Shred).
-- As a queue of jobs it is the program's own: nobody has rights on it, and only the program asks the functions.
CREATE TABLE archive_shreds (
    id       uuid   PRIMARY KEY, -- the document's
    estate   uuid   NOT NULL,
    sha256   text   NOT NULL,
    subjects uuid[] NOT NULL);
ALTER TABLE archive_shreds ENABLE ROW LEVEL SECURITY;
CREATE POLICY program ON archive_shreds USING (identity.is_system());
CREATE FUNCTION archive_shreds_due(most integer) RETURNS SETOF archive_shreds STABLE SECURITY DEFINER LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT * FROM archive_shreds WHERE identity.is_system() ORDER BY id LIMIT most $$;
CREATE FUNCTION archive_shredded(document uuid) RETURNS void VOLATILE SECURITY DEFINER LANGUAGE sql SET search_path = pg_catalog, public AS $$
    DELETE FROM archive_shreds WHERE identity.is_system() AND id = document $$;
REVOKE ALL ON FUNCTION archive_shreds_due, archive_shredded FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive_shreds_due, archive_shredded TO steward_app;

-- Destroys what an order is upon, all of it or nothing: approved, certified over exactly what was signed, past its retention, not held.
-- +goose StatementBegin
CREATE FUNCTION archive_destroy(estate uuid, destruction uuid, at timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    o archive_destructions;
    c certificates;
    gone uuid[];
BEGIN
    SELECT * INTO o FROM archive_destructions a WHERE a.estate_id = estate AND a.id = destruction FOR UPDATE;
    gone := ARRAY(SELECT l.document_id FROM archive_destruction_lines l WHERE l.estate_id = estate AND l.destruction_id = destruction);
    PERFORM FROM archive_volumes v WHERE v.estate_id = estate AND v.id IN (SELECT d.volume_id FROM archive_documents d WHERE d.estate_id = estate AND d.id = ANY (gone))
        ORDER BY v.id FOR UPDATE;
    PERFORM FROM archive_documents d WHERE d.estate_id = estate AND d.id = ANY (gone) ORDER BY d.id FOR UPDATE;
    IF o.state IS DISTINCT FROM 'APPROVED' THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_step', MESSAGE = 'the order is not approved, or over';
    END IF;
    SELECT * INTO c FROM certificates x WHERE x.estate_id = estate AND x.kind = 'archives.destroy' AND x.subject_id = o.id AND x.content = o.content;
    IF c.id IS NULL OR NOT EXISTS (SELECT FROM approvals a WHERE a.estate_id = estate AND a.id = o.approval_id AND a.subject_id = o.id AND a.state = 'USED')
        OR NOT EXISTS (SELECT FROM signatures s WHERE s.estate_id = estate AND s.subject_id = o.id AND s.kind = c.kind AND s.capacity = 'witness'
            AND s.staff_id = o.witness_id AND s.method = 'CREDENTIAL')
        OR NOT EXISTS (SELECT FROM signatures s WHERE s.estate_id = estate AND s.subject_id = o.id AND s.kind = c.kind AND s.capacity = 'archivist' AND s.method = 'CREDENTIAL') THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_certified', MESSAGE = 'not signed by approver, archivist and witness in person';
    ELSIF EXISTS (SELECT FROM archive_documents d WHERE d.estate_id = estate AND d.id = ANY (gone) AND archive_held(estate, d.id, d.volume_id, d.file_id)) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_held', MESSAGE = 'a document is held';
    ELSIF EXISTS (SELECT FROM archive_documents d WHERE d.estate_id = estate AND d.id = ANY (gone)
        AND coalesce(archive_eligible(estate, d.category, d.dated) > archive_today(estate, at), true)) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_retention', MESSAGE = 'a document is not past its retention any more';
    ELSIF NOT coalesce((o.quantity, o.pages, o.dated_from, o.dated_until) = (
        SELECT count(*), sum(l.pages)::bigint, min(l.dated), max(l.dated) FROM archive_destruction_lines l
        JOIN archive_documents d ON d.estate_id = estate AND d.id = l.document_id AND (d.dated, d.pages, d.state, d.current) = (l.dated, l.pages, 'BOUND', false)
        JOIN archive_volumes v ON v.estate_id = estate AND v.id = d.volume_id AND v.code = l.volume_code
        WHERE l.estate_id = estate AND l.destruction_id = o.id), false)
        OR o.content_hash <> archive_content_hash(estate, o.id) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_changed', MESSAGE = 'not as it was signed';
    END IF;
    INSERT INTO archive_shreds (estate, id, sha256, subjects)
        SELECT estate, d.id, d.sha256, d.id || ARRAY(SELECT h.id FROM archive_holds h WHERE h.estate_id = estate AND h.document_id = d.id)
        FROM archive_documents d WHERE d.estate_id = estate AND d.id = ANY (gone);
    UPDATE signatures s SET strokes = NULL WHERE s.estate_id = estate AND s.subject_id = ANY (gone) AND s.strokes IS NOT NULL;
    UPDATE archive_holds h SET reason = '—', release_reason = '—' WHERE h.estate_id = estate AND h.document_id = ANY (gone);
    UPDATE archive_volumes v SET bound = v.bound - x.n, pages = v.pages - x.p
        FROM (SELECT d.volume_id, count(*) AS n, sum(d.pages) AS p FROM archive_documents d WHERE d.estate_id = estate AND d.id = ANY (gone) GROUP BY 1) x
        WHERE v.estate_id = estate AND v.id = x.volume_id;
    UPDATE archive_documents d SET state = 'DESTROYED', destroyed_at = at, certificate_number = c.number, version = d.version + 1,
        title = '', source = '', edition = '', name = '', content_type = '', size = 0, sha256 = '', subject_id = NULL,
        handed_in_by_id = '00000000-0000-0000-0000-000000000000', handed_in_by_name = '', bound_by_id = NULL, bound_by_name = ''
        WHERE d.estate_id = estate AND d.id = ANY (gone);
    UPDATE archive_destructions a SET state = 'DONE', version = a.version + 1, certificate_id = c.id, done_at = at,
        destroyed_by_name = (SELECT s.signer_name FROM signatures s WHERE s.estate_id = estate AND s.subject_id = o.id AND s.kind = c.kind AND s.capacity = 'archivist'),
        backups_until = (SELECT archive_today(estate, at) + e.backup_days::integer FROM estates e WHERE e.id = estate)
        WHERE a.estate_id = estate AND a.id = o.id;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION archive_destroy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive_destroy TO steward_app;
