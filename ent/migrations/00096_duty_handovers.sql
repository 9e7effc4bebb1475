-- The sheet of a shift change (D2): its lines are frozen as it is filled; who was on duty decides upon them and signs; from the signatures on each line
-- has somebody who answers for it, which the database writes down.

-- +goose Up
ALTER TABLE duty_handovers
    ADD CONSTRAINT duty_handovers_times     CHECK (ended_at <= begins_at AND begins_at < due_at),
    ADD CONSTRAINT duty_handovers_sides     CHECK ((outgoing_id IS NULL) = (outgoing_signed_at IS NULL) AND (incoming_id IS NULL) = (incoming_signed_at IS NULL) AND outgoing_id <> incoming_id),
    ADD CONSTRAINT duty_handovers_signed_by CHECK ((state = 'SIGNED') = (signed_at IS NOT NULL) AND (state <> 'SIGNED' OR num_nonnulls(outgoing_id, incoming_id) = 2)
        AND late = coalesce(signed_at > due_at, false) AND (state = 'SIGNED' OR accepted + disputed = 0)),
    ADD CONSTRAINT duty_handovers_cancelled CHECK ((state = 'CANCELLED') = (cancelled_at IS NOT NULL) AND (cancelled_at IS NULL) = (cancel_reason = '') AND (cancelled_at IS NULL) = (cancelled_by_name = ''));
CREATE UNIQUE INDEX duty_handovers_once ON duty_handovers (estate_id, department_id, ended_at) WHERE state <> 'CANCELLED';
ALTER TABLE duty_handover_lines
    ADD CONSTRAINT duty_handover_lines_counted CHECK (counted = 1 OR subject_id IS NULL),
    ADD CONSTRAINT duty_handover_lines_decided CHECK ((state = 'PENDING') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by_name = '') AND (state = 'DISPUTED') = (dispute_reason <> '')),
    ADD CONSTRAINT duty_handover_lines_answers CHECK ((answers_id IS NULL) = (answers_since IS NULL));
CREATE UNIQUE INDEX duty_handover_lines_once ON duty_handover_lines (estate_id, handover_id, source, subject_id) WHERE subject_id IS NOT NULL;

ALTER TABLE duty_handovers ADD CONSTRAINT duty_handovers_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE duty_handover_lines ADD CONSTRAINT duty_handover_lines_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;

REVOKE UPDATE ON duty_handovers, duty_handover_lines FROM steward_app;
GRANT UPDATE (state, remark, outgoing_id, outgoing_signed_at, incoming_id, incoming_signed_at, signed_at, late, accepted, disputed,
    cancel_reason, cancelled_at, cancelled_by_id, cancelled_by_name) ON duty_handovers TO steward_app;
GRANT UPDATE (remark, state, dispute_reason, decided_at, decided_by_id, decided_by_name) ON duty_handover_lines TO steward_app;

INSERT INTO signature_capacities (kind, capacity) VALUES ('duty.handover', 'outgoing'), ('duty.handover', 'incoming') ON CONFLICT DO NOTHING;
INSERT INTO signature_distinct (kind, a, b) VALUES ('duty.handover', 'outgoing', 'incoming') ON CONFLICT DO NOTHING;
INSERT INTO signature_certificates (kind) VALUES ('duty.handover') ON CONFLICT DO NOTHING;

-- Where shifts change between two moments, by rosters that were published by then: when a shift ends, and when the incoming side is there, at once or with the next
-- shift. Where the same one person goes on there is nobody to hand over to.
CREATE FUNCTION duty_shift_changes(estate uuid, since timestamptz, until timestamptz)
RETURNS TABLE (department_id uuid, ended_at timestamptz, begins_at timestamptz, outgoing text, incoming text) STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    WITH standing AS (SELECT a.department_id, a.staff_id, a.starts_at, a.ends_at, p.name, p.sort_key FROM duty_assignments a
        JOIN duty_rosters r ON r.estate_id = estate AND r.id = a.roster_id AND r.published_at < a.ends_at JOIN staffs p ON p.estate_id = estate AND p.id = a.staff_id
        WHERE a.estate_id = estate AND a.removed_at IS NULL AND a.ends_at > since AND a.starts_at < until + interval '3 days')
    SELECT e.department_id, e.ends_at, b.begins_at, o.names, i.names
    FROM (SELECT DISTINCT s.department_id, s.ends_at FROM standing s WHERE s.ends_at <= until) e
    CROSS JOIN LATERAL (SELECT min(greatest(n.starts_at, e.ends_at)) AS begins_at FROM standing n WHERE n.department_id = e.department_id AND n.ends_at > e.ends_at) b
    CROSS JOIN LATERAL (SELECT string_agg(s.name, '、' ORDER BY s.sort_key, s.staff_id) AS names, array_agg(s.staff_id) AS staff FROM standing s
        WHERE s.department_id = e.department_id AND s.ends_at = e.ends_at) o
    CROSS JOIN LATERAL (SELECT string_agg(s.name, '、' ORDER BY s.sort_key, s.staff_id) AS names, array_agg(s.staff_id) AS staff FROM standing s
        WHERE s.department_id = e.department_id AND s.starts_at <= b.begins_at AND s.ends_at > b.begins_at) i
    WHERE b.begins_at IS NOT NULL AND (SELECT count(DISTINCT x) FROM unnest(o.staff || i.staff) x) > 1
    ORDER BY 2 $$;

-- Whether somebody is on a side of a shift change, by a published roster.
CREATE FUNCTION duty_is_on(h duty_handovers, outgoing boolean, staff uuid) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT EXISTS (SELECT FROM duty_assignments a JOIN duty_rosters r ON r.estate_id = a.estate_id AND r.id = a.roster_id AND r.state = 'PUBLISHED'
        WHERE a.estate_id = h.estate_id AND a.department_id = h.department_id AND a.staff_id = staff AND a.removed_at IS NULL
            AND CASE WHEN outgoing THEN a.ends_at = h.ended_at ELSE a.starts_at <= h.begins_at AND a.ends_at > h.begins_at END) $$;

-- A sheet has the lines that it says, from the moment it is there: none comes later.
-- +goose StatementBegin
CREATE FUNCTION duty_handover_whole() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    sheet uuid := coalesce((to_jsonb(NEW) ->> 'handover_id')::uuid, NEW.id);
BEGIN
    PERFORM FROM duty_handovers h WHERE h.estate_id = NEW.estate_id AND h.id = sheet AND (h.lines, h.matters) = (
        SELECT count(*), coalesce(sum(l.counted), 0) FROM duty_handover_lines l WHERE l.estate_id = h.estate_id AND l.handover_id = h.id);
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'duty_handovers_whole', MESSAGE = 'not the lines that the sheet says';
    END IF;
    RETURN NULL;
END $$;
-- A sheet begins open. Who signs for a side is on it; what was signed by one side stays for the other; it is signed once every line is decided.
CREATE FUNCTION duty_handover_goes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    f record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'OPEN' OR num_nonnulls(NEW.outgoing_id, NEW.incoming_id) > 0 OR NEW.remark <> '' THEN
            RAISE check_violation USING CONSTRAINT = 'duty_handovers_way', MESSAGE = 'a sheet begins open';
        END IF;
        RETURN NULL;
    END IF;
    IF OLD.state <> 'OPEN' OR OLD.outgoing_id <> NEW.outgoing_id OR OLD.incoming_id <> NEW.incoming_id
        OR OLD.outgoing_id IS NOT NULL AND NEW.outgoing_id IS NULL OR OLD.incoming_id IS NOT NULL AND NEW.incoming_id IS NULL THEN
        RAISE check_violation USING CONSTRAINT = 'duty_handovers_way', MESSAGE = 'the sheet is open no more, or was signed';
    END IF;
    IF NEW.remark <> OLD.remark AND num_nonnulls(OLD.outgoing_id, OLD.incoming_id) > 0 THEN
        RAISE check_violation USING CONSTRAINT = 'duty_handovers_stay', MESSAGE = 'what one side signed stays';
    END IF;
    IF NEW.outgoing_id IS DISTINCT FROM OLD.outgoing_id AND NOT duty_is_on(NEW, true, NEW.outgoing_id)
        OR NEW.incoming_id IS DISTINCT FROM OLD.incoming_id AND NOT duty_is_on(NEW, false, NEW.incoming_id) THEN
        RAISE check_violation USING CONSTRAINT = 'duty_handovers_rostered', MESSAGE = 'not on duty by the roster';
    END IF;
    IF NEW.outgoing_id IS DISTINCT FROM OLD.outgoing_id OR NEW.incoming_id IS DISTINCT FROM OLD.incoming_id OR NEW.state = 'SIGNED' THEN
        SELECT count(*) FILTER (WHERE l.state = 'PENDING') AS pending, count(*) FILTER (WHERE l.state = 'ACCEPTED') AS accepted, count(*) FILTER (WHERE l.state = 'DISPUTED') AS disputed
            INTO f FROM duty_handover_lines l WHERE l.estate_id = NEW.estate_id AND l.handover_id = NEW.id;
        IF f.pending > 0 OR NEW.state = 'SIGNED' AND (NEW.accepted, NEW.disputed) <> (f.accepted, f.disputed) THEN
            RAISE check_violation USING CONSTRAINT = 'duty_handovers_decided', MESSAGE = 'not every line is decided';
        END IF;
    END IF;
    IF NEW.state = 'SIGNED' THEN -- acceptance moves who answers; what is disputed stays with who had it
        UPDATE duty_handover_lines l SET answers_id = CASE l.state WHEN 'ACCEPTED' THEN NEW.incoming_id ELSE NEW.outgoing_id END,
            answers_since = CASE l.state WHEN 'ACCEPTED' THEN NEW.signed_at ELSE NEW.ended_at END
            WHERE l.estate_id = NEW.estate_id AND l.handover_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
-- A line is decided upon, and remarked on, while its sheet is open and nobody has signed.
CREATE FUNCTION duty_handover_line_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.answers_since IS DISTINCT FROM OLD.answers_since THEN
        RETURN NULL; -- by the sheet's own signing, which alone may
    END IF;
    PERFORM FROM duty_handovers h WHERE h.estate_id = NEW.estate_id AND h.id = NEW.handover_id AND h.state = 'OPEN' AND num_nonnulls(h.outgoing_id, h.incoming_id) = 0 FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'duty_handovers_stay', MESSAGE = 'the sheet is signed, or cancelled';
    END IF;
    RETURN NULL;
END $$;
-- Signed is what both whom it names have signed, with a certificate.
CREATE FUNCTION duty_handover_signed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF 2 <> (SELECT count(*) FROM signatures s JOIN certificates c ON c.estate_id = s.estate_id AND c.subject_id = s.subject_id AND c.kind = s.kind AND c.content_hash = s.content_hash
        WHERE s.estate_id = NEW.estate_id AND s.subject_id = NEW.id AND s.kind = 'duty.handover' AND s.method = 'CREDENTIAL'
            AND s.staff_id = CASE s.capacity WHEN 'outgoing' THEN NEW.outgoing_id ELSE NEW.incoming_id END) THEN
        RAISE check_violation USING CONSTRAINT = 'duty_handovers_signed', MESSAGE = 'not signed by both, or without a certificate';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION duty_handover_goes FROM PUBLIC;
CREATE CONSTRAINT TRIGGER duty_handover_whole AFTER INSERT ON duty_handovers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION duty_handover_whole();
CREATE CONSTRAINT TRIGGER duty_handover_line_whole AFTER INSERT ON duty_handover_lines DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION duty_handover_whole();
CREATE TRIGGER duty_handover_goes AFTER INSERT OR UPDATE ON duty_handovers FOR EACH ROW EXECUTE FUNCTION duty_handover_goes();
CREATE TRIGGER duty_handover_line_goes AFTER UPDATE ON duty_handover_lines FOR EACH ROW EXECUTE FUNCTION duty_handover_line_goes();
CREATE CONSTRAINT TRIGGER duty_handovers_signed AFTER UPDATE ON duty_handovers DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state = 'SIGNED' AND OLD.state <> 'SIGNED') EXECUTE FUNCTION duty_handover_signed();
