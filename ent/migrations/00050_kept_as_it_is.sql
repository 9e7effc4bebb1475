-- What is under a hold, asked for or lent to be read stays as it is; from when retention counts; what was filed by mistake is hidden from whom
-- it does not concern, and destroyed by the same order as all else; who destroys is three persons when it is done, too (A5-A7).

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

-- From which day its retention counts: the day that it bears, and never sooner than was first said; of a record, when it was settled.
ALTER TABLE "archive_documents" ADD COLUMN "retained_from" date NULL;
ALTER TABLE "archive_destruction_lines" ADD COLUMN "handed_in_on" date NULL, ADD COLUMN "voided" boolean NOT NULL DEFAULT false;
UPDATE archive_documents d SET retained_from = CASE WHEN d.subject_id IS NULL THEN d.dated ELSE greatest(d.dated, (d.handed_in_at AT TIME ZONE e.time_zone)::date) END
    FROM estates e WHERE e.id = d.estate_id AND d.state <> 'DESTROYED';

-- +goose StatementBegin
CREATE FUNCTION archive_retained() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        NEW.retained_from := greatest(OLD.retained_from, NEW.retained_from, NEW.dated);
    ELSIF NEW.subject_id IS NULL THEN
        NEW.retained_from := NEW.dated;
    ELSE
        NEW.retained_from := greatest(NEW.dated, archive_today(NEW.estate_id, NEW.handed_in_at));
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION archive_settled() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE archive_documents d SET retained_from = archive_today(NEW.estate_id, coalesce((to_jsonb(NEW)->>'answered_at')::timestamptz,
        (SELECT max(s.done_at) FROM renovation_steps s WHERE s.estate_id = NEW.estate_id AND s.renovation_id = NEW.id), now()))
        WHERE d.estate_id = NEW.estate_id AND d.subject_id = NEW.id AND d.state IN ('INBOX', 'BOUND');
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION archive_settled FROM PUBLIC;
CREATE TRIGGER archive_retained BEFORE INSERT OR UPDATE OF dated, retained_from ON archive_documents FOR EACH ROW EXECUTE FUNCTION archive_retained();
CREATE TRIGGER archive_settled AFTER UPDATE OF state ON violations FOR EACH ROW WHEN (OLD.state <> NEW.state AND NEW.state = 'RESOLVED') EXECUTE FUNCTION archive_settled();
CREATE TRIGGER archive_settled AFTER UPDATE OF state ON complaints FOR EACH ROW WHEN (OLD.state <> NEW.state AND NEW.state = 'ANSWERED') EXECUTE FUNCTION archive_settled();
CREATE TRIGGER archive_settled AFTER UPDATE OF state ON correspondences FOR EACH ROW WHEN (OLD.state <> NEW.state AND NEW.state = 'ANSWERED') EXECUTE FUNCTION archive_settled();
CREATE TRIGGER archive_settled AFTER UPDATE OF state ON renovations FOR EACH ROW WHEN (OLD.state <> NEW.state AND NEW.state = 'CLOSED') EXECUTE FUNCTION archive_settled();

-- The day from which a document may be destroyed: past its retention, or at once if it was voided; null: never.
CREATE FUNCTION archive_destroyable(d archive_documents) RETURNS date STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT CASE WHEN d.state = 'VOIDED' THEN archive_today(d.estate_id, d.voided_at) ELSE archive_eligible(d.estate_id, d.category, d.retained_from) END $$;

-- What is held stays as it is: it may be bound, and nothing else. What was named to who decides, or is being read, is not described anew.
-- +goose StatementBegin
CREATE FUNCTION archive_document_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF (OLD.title, OLD.source, OLD.edition, OLD.dated, OLD.pages) IS DISTINCT FROM (NEW.title, NEW.source, NEW.edition, NEW.dated, NEW.pages)
        OR (OLD.state, NEW.state) <> ('INBOX', 'BOUND') AND (OLD.state, OLD.volume_id) IS DISTINCT FROM (NEW.state, NEW.volume_id) THEN
        -- Under the document's lock, which a hold takes, too: of both at once one sees the other.
        IF archive_held(NEW.estate_id, NEW.id, OLD.volume_id, NEW.file_id) THEN
            RAISE check_violation USING CONSTRAINT = 'archive_documents_held', MESSAGE = 'the document is held';
        END IF;
    END IF;
    IF NEW.subject_id IS NOT NULL AND OLD.dated <> NEW.dated THEN
        RAISE check_violation USING CONSTRAINT = 'archive_documents_record_day', MESSAGE = 'the day is the record''s';
    END IF;
    IF OLD.pages > 0 AND NEW.pages = 0 THEN
        RAISE check_violation USING CONSTRAINT = 'archive_documents_paper', MESSAGE = 'what is on paper stays so';
    END IF;
    IF (OLD.title, OLD.source, OLD.edition, OLD.dated, OLD.pages) IS DISTINCT FROM (NEW.title, NEW.source, NEW.edition, NEW.dated, NEW.pages)
        AND EXISTS (SELECT FROM archive_request_documents n JOIN archive_requests r ON r.estate_id = n.estate_id AND r.id = n.request_id
            WHERE n.estate_id = NEW.estate_id AND n.document_id = NEW.id AND r.state = 'WAITING') THEN
        RAISE check_violation USING CONSTRAINT = 'archive_documents_asked', MESSAGE = 'it was named as it is to who decides';
    END IF;
    RETURN NULL;
END $$;
-- A volume is closed over what is in it, and nobody hands papers into the own file.
CREATE FUNCTION archive_volume_period() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM archive_documents d WHERE d.estate_id = NEW.estate_id AND d.volume_id = NEW.id AND d.state = 'BOUND' AND d.dated > NEW.period_until) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_volumes_later', MESSAGE = 'a document in it is of a later day';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION archive_own_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'archive_documents_own', MESSAGE = 'nobody hands in to the own file';
END $$;
-- What was held and is renamed at its source is renamed in the inbox only where nothing holds it.
CREATE OR REPLACE FUNCTION filed_follows() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    r jsonb := to_jsonb(NEW);
BEGIN
    IF r->>'voided_at' IS NULL THEN
        UPDATE archive_documents d SET title = TG_ARGV[0] || coalesce(r->>'title', r->>'name'), version = version + 1
            WHERE estate_id = NEW.estate_id AND subject_id = NEW.id AND state = 'INBOX' AND NOT archive_held(d.estate_id, d.id, d.volume_id, d.file_id);
    ELSE
        UPDATE archive_documents SET state = 'VOIDED', version = version + 1, voided_at = (r->>'voided_at')::timestamptz, void_reason = r->>'void_reason',
            voided_by_id = (r->>'voided_by_id')::uuid, voided_by_name = r->>'voided_by_name'
            WHERE estate_id = NEW.estate_id AND subject_id = NEW.id AND state = 'INBOX';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER archive_document_kept AFTER UPDATE ON archive_documents FOR EACH ROW WHEN (NEW.state <> 'DESTROYED') EXECUTE FUNCTION archive_document_kept();
CREATE TRIGGER archive_volume_period AFTER UPDATE OF period_until ON archive_volumes FOR EACH ROW EXECUTE FUNCTION archive_volume_period();
CREATE TRIGGER archive_own_file AFTER INSERT ON archive_documents FOR EACH ROW WHEN (NEW.handed_in_by_id = NEW.account_id) EXECUTE FUNCTION archive_own_file();

-- What was filed by mistake is nothing that concerns who is no archivist or manager: not the household that it was filed to, nor the member of staff.
-- +goose StatementBegin
DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY '{archive_documents,violations,complaints,renovations,correspondences}'::text[] LOOP
        EXECUTE format('DROP POLICY household ON %I', t);
        EXECUTE format('CREATE POLICY household ON %I FOR SELECT USING (voided_at IS NULL AND array_position((SELECT viewer_households()), household_id) IS NOT NULL)', t);
    END LOOP;
END $$;
-- +goose StatementEnd
DROP POLICY household ON renovation_steps;
CREATE POLICY household ON renovation_steps FOR SELECT USING (array_position((SELECT viewer_households()), household_id) IS NOT NULL
    AND EXISTS (SELECT FROM renovations r WHERE r.estate_id = renovation_steps.estate_id AND r.id = renovation_id AND r.voided_at IS NULL));

-- Who has left reads nothing more, and asks for nothing any more.
-- +goose StatementBegin
CREATE FUNCTION archive_left() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE archive_permits SET ended_at = now(), end_reason = '离职 left' WHERE estate_id = NEW.estate_id AND account_id = NEW.account_id AND ended_at IS NULL;
    UPDATE approvals a SET state = 'WITHDRAWN', version = a.version + 1, withdrawn_at = now(), withdrawn_by_id = coalesce(identity.viewer(), NEW.account_id), withdraw_reason = '离职 left'
        FROM archive_requests r WHERE r.estate_id = NEW.estate_id AND r.account_id = NEW.account_id AND r.state = 'WAITING'
            AND a.estate_id = r.estate_id AND a.subject_id = r.id AND a.kind = 'archives.show' AND a.state = 'ASKED';
    UPDATE obligations o SET state = 'CANCELLED' FROM archive_requests r WHERE r.estate_id = NEW.estate_id AND r.account_id = NEW.account_id AND r.state = 'WAITING'
        AND o.estate_id = r.estate_id AND o.subject_id = r.id AND o.kind = 'archives.answer' AND o.met_at IS NULL;
    UPDATE archive_requests SET state = 'WITHDRAWN', answered_at = now() WHERE estate_id = NEW.estate_id AND account_id = NEW.account_id AND state = 'WAITING';
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION archive_left FROM PUBLIC;
CREATE TRIGGER archive_left AFTER UPDATE OF employed_until ON staffs FOR EACH ROW
    WHEN (NEW.account_id IS NOT NULL AND NEW.employed_until IS NOT NULL AND OLD.employed_until IS NULL) EXECUTE FUNCTION archive_left();

-- An order is upon what is bound and past its retention, or was voided; each line says since when the document is here.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION archive_destruction_line() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    o archive_destructions;
    d archive_documents;
BEGIN
    SELECT * INTO o FROM archive_destructions WHERE estate_id = NEW.estate_id AND id = NEW.destruction_id FOR UPDATE;
    SELECT * INTO d FROM archive_documents WHERE estate_id = NEW.estate_id AND id = NEW.document_id FOR UPDATE;
    IF o.state <> 'PROPOSED' OR o.approval_id IS NOT NULL OR NOT NEW.open THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_frozen', MESSAGE = 'the order is frozen';
    ELSIF d.state NOT IN ('BOUND', 'VOIDED') OR d.current THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_bound', MESSAGE = 'only what is bound is destroyed';
    ELSIF archive_held(d.estate_id, d.id, d.volume_id, d.file_id) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_held', MESSAGE = 'the document is held';
    ELSIF coalesce(NEW.eligible_on > archive_today(NEW.estate_id, o.proposed_at), true)
        OR NEW.eligible_on IS DISTINCT FROM archive_destroyable(d)
        OR NOT NEW.voided AND NOT EXISTS (SELECT FROM archive_retentions r WHERE r.estate_id = NEW.estate_id AND r.category = d.category AND r.years = NEW.years AND r.basis = NEW.basis) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_retention', MESSAGE = 'the document is not past its retention';
    ELSIF (NEW.category, NEW.dated, NEW.pages, NEW.voided, NEW.handed_in_on)
        IS DISTINCT FROM (d.category, d.dated, d.pages, d.state = 'VOIDED', archive_today(d.estate_id, d.handed_in_at))
        OR NEW.volume_code IS DISTINCT FROM coalesce((SELECT v.code FROM archive_volumes v WHERE v.estate_id = d.estate_id AND v.id = d.volume_id), '') THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_changed', MESSAGE = 'not as the record says';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION archive_destroy(estate uuid, destruction uuid, at timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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
    ELSIF EXISTS (SELECT FROM staffs w WHERE w.estate_id = estate AND w.id = o.witness_id AND (w.account_id IN (o.proposed_by_id, o.approved_by_id) OR w.employed_until <= archive_today(estate, at)))
        OR (SELECT count(DISTINCT signature_name(n)) <> count(DISTINCT k) FROM (
            SELECT s.capacity, s.signer_name FROM signatures s WHERE s.estate_id = estate AND s.subject_id = o.id AND s.kind = c.kind) x(k, n))
        OR EXISTS (SELECT FROM signatures s WHERE s.estate_id = estate AND s.subject_id = o.id AND s.kind = c.kind AND s.capacity = 'witness'
            AND signature_name(s.signer_name) IN (signature_name(o.proposed_by_name), signature_name(o.approved_by_name))) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_witness', MESSAGE = 'the witness is neither the archivist nor the approver';
    ELSIF EXISTS (SELECT FROM archive_documents d WHERE d.estate_id = estate AND d.id = ANY (gone) AND archive_held(estate, d.id, d.volume_id, d.file_id)) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_held', MESSAGE = 'a document is held';
    ELSIF EXISTS (SELECT FROM archive_documents d WHERE d.estate_id = estate AND d.id = ANY (gone)
        AND coalesce(archive_destroyable(d) > archive_today(estate, at), true)) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_retention', MESSAGE = 'a document is not past its retention any more';
    ELSIF NOT coalesce((o.quantity, o.pages, o.dated_from, o.dated_until) = (
        SELECT count(*), sum(l.pages)::bigint, min(l.dated), max(l.dated) FROM archive_destruction_lines l
        JOIN archive_documents d ON d.estate_id = estate AND d.id = l.document_id AND (d.dated, d.pages, d.state, d.current) = (l.dated, l.pages, CASE WHEN l.voided THEN 'VOIDED' ELSE 'BOUND' END, false)
        LEFT JOIN archive_volumes v ON v.estate_id = estate AND v.id = d.volume_id
        WHERE l.estate_id = estate AND l.destruction_id = o.id AND coalesce(v.code, '') = l.volume_code), false)
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
        voided_at = NULL, void_reason = '', voided_by_id = NULL, voided_by_name = '',
        title = '', source = '', edition = '', name = '', content_type = '', size = 0, sha256 = '', subject_id = NULL,
        handed_in_by_id = '00000000-0000-0000-0000-000000000000', handed_in_by_name = '', bound_by_id = NULL, bound_by_name = ''
        WHERE d.estate_id = estate AND d.id = ANY (gone);
    UPDATE archive_destructions a SET state = 'DONE', version = a.version + 1, certificate_id = c.id, done_at = at,
        destroyed_by_name = (SELECT s.signer_name FROM signatures s WHERE s.estate_id = estate AND s.subject_id = o.id AND s.kind = c.kind AND s.capacity = 'archivist'),
        backups_until = (SELECT archive_today(estate, at) + e.backup_days::integer FROM estates e WHERE e.id = estate)
        WHERE a.estate_id = estate AND a.id = o.id;
END $$;
-- +goose StatementEnd
DROP TRIGGER stays_voided ON archive_documents;
CREATE TRIGGER stays_voided BEFORE UPDATE ON archive_documents FOR EACH ROW WHEN (OLD.voided_at IS NOT NULL AND NEW.state <> 'DESTROYED') EXECUTE FUNCTION stays_voided();

-- Who placed a hold releases it, or who manages the estate; nobody else keeps a category for a shorter time. What was released is erased only with
-- its document: the reason, which only that writes, is erased, too.
CREATE FUNCTION archive_manages(estate uuid, who uuid, day date) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT EXISTS (SELECT FROM identity.holders(estate, day) h WHERE h.account = who AND h.role IN ('project-manager', 'general-manager')) $$;
REVOKE ALL ON FUNCTION archive_manages FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive_manages TO steward_app;
-- +goose StatementBegin
CREATE FUNCTION archive_hold_released() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.released_by_id <> NEW.placed_by_id AND NOT archive_manages(NEW.estate_id, NEW.released_by_id, archive_today(NEW.estate_id, NEW.released_at)) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_holds_released_by', MESSAGE = 'another''s hold is a manager''s to release';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION archive_retention_shorter() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT archive_manages(NEW.estate_id, NEW.set_by_id, CURRENT_DATE) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_retentions_shorter', MESSAGE = 'to keep it for a shorter time is a manager''s to say';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER archive_hold_released AFTER UPDATE OF released_at ON archive_holds FOR EACH ROW
    WHEN (OLD.released_at IS NULL AND NEW.released_at IS NOT NULL) EXECUTE FUNCTION archive_hold_released();
CREATE TRIGGER archive_retention_shorter AFTER UPDATE OF years ON archive_retentions FOR EACH ROW
    WHEN (NEW.years IS NOT NULL AND (OLD.years IS NULL OR NEW.years < OLD.years) AND NEW.set_by_id IS NOT NULL) EXECUTE FUNCTION archive_retention_shorter();
DROP TRIGGER archive_hold_ends ON archive_holds;
CREATE TRIGGER archive_hold_ends AFTER UPDATE ON archive_holds FOR EACH ROW
    WHEN (OLD.released_at IS NOT NULL AND (NEW.release_reason <> '—' OR NEW.reason <> '—')) EXECUTE FUNCTION archive_hold_ends();

-- Nobody asks for what is years ahead.
ALTER TABLE archive_requests ADD CONSTRAINT archive_requests_soon CHECK (valid_from <= created_at + interval '93 days');
