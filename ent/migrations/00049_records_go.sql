-- What a record of a household's file says goes with its document (A1.4, A7): one record, one document, and of both a stub stays. Nothing is
-- destroyed of a record that is not over.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

ALTER TABLE "complaints" ADD COLUMN "erased_at" timestamptz NULL;
ALTER TABLE "correspondences" ADD COLUMN "erased_at" timestamptz NULL;
ALTER TABLE "renovations" ADD COLUMN "erased_at" timestamptz NULL;
ALTER TABLE "violations" ADD COLUMN "erased_at" timestamptz NULL;

-- Whether the record behind a document still goes on: it is not settled, works or their deposit are under way, the household whose
-- emergency contact it is lives there.
CREATE FUNCTION archive_record_open(estate uuid, record uuid) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT record IS NOT NULL AND (
        EXISTS (SELECT FROM violations r WHERE r.estate_id = estate AND r.id = record AND r.state = 'OPEN')
        OR EXISTS (SELECT FROM complaints r WHERE r.estate_id = estate AND r.id = record AND r.state = 'OPEN')
        OR EXISTS (SELECT FROM correspondences r WHERE r.estate_id = estate AND r.id = record AND r.state = 'OPEN')
        OR EXISTS (SELECT FROM renovations r WHERE r.estate_id = estate AND r.id = record AND r.state NOT IN ('CLOSED', 'VOIDED'))
        OR EXISTS (SELECT FROM emergency_contacts r JOIN occupancies o ON o.estate_id = r.estate_id AND o.household_id = r.household_id AND o.until_on IS NULL
            WHERE r.estate_id = estate AND r.id = record)) $$;

-- +goose StatementBegin
CREATE FUNCTION archive_destruction_settled() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM archive_documents d WHERE d.estate_id = NEW.estate_id AND d.id = NEW.document_id AND archive_record_open(d.estate_id, d.subject_id)) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_open', MESSAGE = 'the record behind the document is not over';
    END IF;
    RETURN NULL;
END $$;

-- Erases the record of a document that is destroyed: what was said, and who said it. Whose it was, of what day, and the money that was paid stay.
CREATE FUNCTION archive_record_erase() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF archive_record_open(OLD.estate_id, OLD.subject_id) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_destructions_open', MESSAGE = 'the record behind the document is not over';
    END IF;
    UPDATE archive_shreds s SET subjects = s.subjects || OLD.subject_id WHERE s.id = OLD.id AND OLD.subject_id IS NOT NULL;
    UPDATE violations r SET erased_at = NEW.destroyed_at, title = '', particulars = '', finding = '', recorded_by_name = '', answered_by_name = '',
        void_reason = left('—', length(r.void_reason)), voided_by_name = left('—', length(r.voided_by_name)) WHERE r.estate_id = OLD.estate_id AND r.id = OLD.subject_id;
    UPDATE complaints r SET erased_at = NEW.destroyed_at, title = '', particulars = '', finding = '', recorded_by_name = '', answered_by_name = '',
        void_reason = left('—', length(r.void_reason)), voided_by_name = left('—', length(r.voided_by_name)) WHERE r.estate_id = OLD.estate_id AND r.id = OLD.subject_id;
    UPDATE correspondences r SET erased_at = NEW.destroyed_at, title = '', particulars = '', finding = '', recorded_by_name = '', answered_by_name = '',
        void_reason = left('—', length(r.void_reason)), voided_by_name = left('—', length(r.voided_by_name)) WHERE r.estate_id = OLD.estate_id AND r.id = OLD.subject_id;
    UPDATE renovations r SET erased_at = NEW.destroyed_at, title = '', particulars = '', contractor = '', deduction_reason = '', recorded_by_name = '',
        void_reason = left('—', length(r.void_reason)), voided_by_name = left('—', length(r.voided_by_name)) WHERE r.estate_id = OLD.estate_id AND r.id = OLD.subject_id;
    UPDATE renovation_steps r SET note = '', done_by_name = '' WHERE r.estate_id = OLD.estate_id AND r.renovation_id = OLD.subject_id;
    UPDATE emergency_contacts r SET name = '', phone = '', version = r.version + 1 WHERE r.estate_id = OLD.estate_id AND r.id = OLD.subject_id;
    -- A closed volume of which nothing is left says no more what was in it.
    UPDATE archive_shreds s SET subjects = s.subjects || v.id FROM archive_volumes v
        WHERE s.id = OLD.id AND v.estate_id = OLD.estate_id AND v.id = OLD.volume_id AND v.state = 'CLOSED' AND v.bound = 0;
    UPDATE archive_volumes v SET title = '', version = v.version + 1
        WHERE v.estate_id = OLD.estate_id AND v.id = OLD.volume_id AND v.state = 'CLOSED' AND v.bound = 0 AND v.title <> '';
    RETURN NULL;
END $$;

-- What was erased stays so.
CREATE FUNCTION household_record_stub() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'household_records_stub', MESSAGE = 'what was destroyed stays as it is';
END $$;

-- A record that files itself is voided where it was made: its document goes with it, and not without it.
CREATE FUNCTION archive_void_of_record() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM violations r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.subject_id AND r.state = 'VOIDED'
        UNION ALL SELECT FROM complaints r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.subject_id AND r.state = 'VOIDED'
        UNION ALL SELECT FROM correspondences r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.subject_id AND r.state = 'VOIDED'
        UNION ALL SELECT FROM renovations r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.subject_id AND r.state = 'VOIDED') THEN
        RAISE check_violation USING CONSTRAINT = 'archive_documents_of_record', MESSAGE = 'the record stands';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION record_goes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := to_jsonb(OLD);
    now jsonb := to_jsonb(NEW);
BEGIN
    IF OLD.state <> NEW.state AND NEW.state <> 'VOIDED' AND (OLD.state || '>' || NEW.state) <> ALL (TG_ARGV)
        OR was->>'answered_at' IS NOT NULL AND NEW.erased_at IS NULL
            AND (was->'finding', was->'answered_at', was->'answered_by_id') <> (now->'finding', now->'answered_at', now->'answered_by_id') THEN
        RAISE check_violation USING CONSTRAINT = TG_TABLE_NAME || '_way', MESSAGE = format('from %s to %s', OLD.state, NEW.state);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION archive_record_erase FROM PUBLIC;
CREATE TRIGGER archive_destruction_settled AFTER INSERT ON archive_destruction_lines FOR EACH ROW EXECUTE FUNCTION archive_destruction_settled();
CREATE TRIGGER archive_record_erase AFTER UPDATE OF state ON archive_documents FOR EACH ROW
    WHEN (OLD.state <> 'DESTROYED' AND NEW.state = 'DESTROYED') EXECUTE FUNCTION archive_record_erase();
CREATE TRIGGER archive_void_of_record AFTER UPDATE OF state ON archive_documents FOR EACH ROW
    WHEN (NEW.state = 'VOIDED' AND OLD.state <> 'VOIDED' AND NEW.subject_id IS NOT NULL) EXECUTE FUNCTION archive_void_of_record();
-- +goose StatementBegin
DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY '{violations,complaints,renovations,correspondences}'::text[] LOOP
        EXECUTE format('DROP TRIGGER stays_voided ON %I', t);
        EXECUTE format('CREATE TRIGGER stays_voided BEFORE UPDATE ON %I FOR EACH ROW WHEN (OLD.voided_at IS NOT NULL AND NEW.erased_at IS NULL) EXECUTE FUNCTION stays_voided()', t);
        EXECUTE format('CREATE TRIGGER household_record_stub BEFORE UPDATE ON %I FOR EACH ROW WHEN (OLD.erased_at IS NOT NULL) EXECUTE FUNCTION household_record_stub()', t);
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (erased_at IS NULL OR title || particulars || recorded_by_name = '''')', t, t || '_erased');
    END LOOP;
    FOREACH t IN ARRAY '{violations,complaints,correspondences}'::text[] LOOP
        EXECUTE format($f$ALTER TABLE %I DROP CONSTRAINT %I, ADD CONSTRAINT %2$I CHECK ((answered_at IS NULL) = (answered_by_id IS NULL)
            AND (answered_by_name = '') = (answered_at IS NULL OR erased_at IS NOT NULL)
            AND (finding = '' OR answered_at IS NOT NULL) AND (state = 'VOIDED' OR (state IN ('ANSWERED', 'RESOLVED')) = (answered_at IS NOT NULL)))$f$, t, t || '_answered');
    END LOOP;
END $$;
-- +goose StatementEnd
