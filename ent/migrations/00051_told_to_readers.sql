-- What tells of the archive goes with what it tells of (A5, A7): what was asked, what for and what was said goes with the last document that was named
-- for it; the keys of uploads that were taken over go; uploads that nothing takes over go after their time.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

-- Removes uploads from before a time that nothing took over and no import read. What they hold, unless another holds it, and the keys of their digests go
-- as those of what is destroyed do (internal/archives.Shred).
CREATE FUNCTION file_expire(estate uuid, before timestamptz) RETURNS SETOF uuid VOLATILE SECURITY DEFINER LANGUAGE sql SET search_path = pg_catalog, public AS $$
    WITH gone AS (
        DELETE FROM files f WHERE identity.is_system() AND f.estate_id = estate AND f.created_at < before
            AND NOT EXISTS (SELECT FROM import_runs r WHERE r.estate_id = f.estate_id AND r.sha256 = f.sha256)
        RETURNING f.id, f.estate_id, f.sha256),
    shreds AS (INSERT INTO archive_shreds (id, estate, sha256, subjects) SELECT id, estate_id, sha256, ARRAY[id] FROM gone)
    SELECT id FROM gone ORDER BY id $$;
REVOKE ALL ON FUNCTION file_expire FROM PUBLIC;
GRANT EXECUTE ON FUNCTION file_expire TO steward_app;

-- The keys of uploads that were taken over before.
INSERT INTO archive_shreds (id, estate, sha256, subjects)
    SELECT DISTINCT e.subject_id, e.estate_id, '', ARRAY[e.subject_id] FROM audit.entries e
    WHERE e.action = 'files.upload' AND e.kind = 'write' AND e.subject_id IS NOT NULL AND NOT EXISTS (SELECT FROM files f WHERE f.estate_id = e.estate_id AND f.id = e.subject_id)
    ON CONFLICT DO NOTHING;

-- That only the words of an approval went, and by the erasure of what it was about: no step.
CREATE FUNCTION approval_erased(old approvals, new approvals) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT current_user <> 'steward_app' AND new.reason = '—' AND new.decision_note IN ('', '—') AND new.withdraw_reason IN ('', '—')
        AND to_jsonb(new) - '{reason,decision_note,withdraw_reason}'::text[] = to_jsonb(old) - '{reason,decision_note,withdraw_reason}'::text[] $$;
DROP TRIGGER approval_step ON approvals;
CREATE TRIGGER approval_step BEFORE INSERT ON approvals FOR EACH ROW EXECUTE FUNCTION approval_step();
CREATE TRIGGER approval_moves BEFORE UPDATE ON approvals FOR EACH ROW WHEN (NOT approval_erased(OLD, NEW)) EXECUTE FUNCTION approval_step();

-- A request that was answered stays so; what it says may go with its documents.
CREATE FUNCTION archive_request_erased(old archive_requests, new archive_requests) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT current_user <> 'steward_app' AND new.purpose = '—'
        AND to_jsonb(new) - '{purpose,wanted,answer}'::text[] = to_jsonb(old) - '{purpose,wanted,answer}'::text[] $$;
DROP TRIGGER archive_request_way ON archive_requests;
CREATE TRIGGER archive_request_way AFTER INSERT ON archive_requests FOR EACH ROW EXECUTE FUNCTION archive_request_way();
CREATE TRIGGER archive_request_moves AFTER UPDATE ON archive_requests FOR EACH ROW WHEN (NOT archive_request_erased(OLD, NEW)) EXECUTE FUNCTION archive_request_way();

-- +goose StatementBegin
-- With the last document that was named for a request its words go, and those of its approval; who asked for which documents, when, and who approved it
-- stays, as it was signed.
CREATE FUNCTION archive_requests_erase() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    gone uuid[];
BEGIN
    gone := ARRAY(SELECT n.request_id FROM archive_request_documents n WHERE n.estate_id = NEW.estate_id AND n.document_id = NEW.id
        AND NOT EXISTS (SELECT FROM archive_request_documents o JOIN archive_documents d ON d.estate_id = o.estate_id AND d.id = o.document_id
            WHERE o.estate_id = n.estate_id AND o.request_id = n.request_id AND d.state <> 'DESTROYED'));
    UPDATE archive_shreds s SET subjects = s.subjects || gone || ARRAY(SELECT a.id FROM approvals a WHERE a.estate_id = NEW.estate_id AND a.subject_id = ANY (gone))
        WHERE s.id = NEW.id;
    UPDATE archive_requests r SET purpose = '—', wanted = left('—', length(r.wanted)), answer = left('—', length(r.answer))
        WHERE r.estate_id = NEW.estate_id AND r.id = ANY (gone);
    UPDATE approvals a SET reason = '—', decision_note = left('—', length(a.decision_note)), withdraw_reason = left('—', length(a.withdraw_reason))
        WHERE a.estate_id = NEW.estate_id AND a.subject_id = ANY (gone) AND a.kind = 'archives.show';
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION archive_requests_erase FROM PUBLIC;
CREATE TRIGGER archive_requests_erase AFTER UPDATE OF state ON archive_documents FOR EACH ROW
    WHEN (OLD.state <> 'DESTROYED' AND NEW.state = 'DESTROYED') EXECUTE FUNCTION archive_requests_erase();
