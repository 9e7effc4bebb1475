-- What was, stays (D1.1, D2): who was on duty up to a day after the shift, and whoever signed a sheet for ever; leave that is over; and nobody is on leave and on a
-- published roster by two decisions at once. A matter is answered for by who took it over last, from when they are on duty.

-- +goose Up
-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

ALTER TABLE duty_swaps
    -- what began is not exchanged any more, whoever writes it
    ADD CONSTRAINT duty_swaps_time CHECK (state NOT IN ('AGREED', 'APPROVED') OR answered_at < expires_at AND coalesce(decided_at < expires_at, true));

-- Leave and the rosters of a department are decided upon one after the other: leave alone, what puts somebody on a roster beside others of its kind.
-- +goose StatementBegin
CREATE FUNCTION duty_in_turn(department uuid, alone boolean) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF alone THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('duty leave ' || department, 0));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('duty leave ' || department, 0));
    END IF;
END $$;

-- What stands on a roster is of its month, of its department and of its shift's times; once it is published, it comes by a change that says why, and is written
-- down within a day of the shift's end. The roster's row is held, so that it is not published meanwhile.
CREATE OR REPLACE FUNCTION duty_assignment_fits() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    r duty_rosters;
    s duty_shifts;
    t record;
BEGIN
    PERFORM duty_in_turn(NEW.department_id, false);
    SELECT * INTO r FROM duty_rosters x WHERE x.estate_id = NEW.estate_id AND x.id = NEW.roster_id FOR SHARE;
    SELECT * INTO s FROM duty_shifts x WHERE x.estate_id = NEW.estate_id AND x.id = NEW.shift_id;
    SELECT * INTO t FROM duty_times(s, NEW.day);
    IF s.department_id <> NEW.department_id OR r.department_id <> NEW.department_id OR date_trunc('month', NEW.day) <> r.month::timestamp
        OR (NEW.starts_at, NEW.ends_at, NEW.rested_at) IS DISTINCT FROM (t.starts_at, t.ends_at, t.rested_at) THEN
        RAISE check_violation USING CONSTRAINT = 'duty_assignments_fit', MESSAGE = 'not of the roster''s month and department, or of the shift''s times';
    END IF;
    IF s.retired_at IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = 'duty_assignments_worked', MESSAGE = 'the shift is worked no more';
    END IF;
    IF (r.state = 'PUBLISHED') <> (NEW.added_change_id IS NOT NULL) OR NEW.added_change_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM duty_changes c WHERE c.estate_id = NEW.estate_id AND c.id = NEW.added_change_id AND c.roster_id = NEW.roster_id AND (c.swap_id IS NOT NULL) = (NEW.origin = 'SWAP')) THEN
        RAISE check_violation USING CONSTRAINT = 'duty_assignments_changed', MESSAGE = 'a published roster changes by a change';
    END IF;
    IF NEW.created_at > NEW.ends_at + interval '24 hours' THEN
        RAISE check_violation USING CONSTRAINT = 'duty_assignments_past', MESSAGE = 'the shift is over for more than a day';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION duty_assignment_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    r duty_rosters;
BEGIN
    SELECT * INTO r FROM duty_rosters x WHERE x.estate_id = NEW.estate_id AND x.id = NEW.roster_id FOR SHARE;
    IF OLD.removed_at IS NOT NULL OR NEW.removed_at IS NULL THEN
        RAISE check_violation USING CONSTRAINT = 'duty_assignments_stay', MESSAGE = 'it was taken off before';
    END IF;
    IF (r.state = 'PUBLISHED') <> (NEW.removed_change_id IS NOT NULL) OR NEW.removed_change_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM duty_changes c WHERE c.estate_id = NEW.estate_id AND c.id = NEW.removed_change_id AND c.roster_id = NEW.roster_id) THEN
        RAISE check_violation USING CONSTRAINT = 'duty_assignments_changed', MESSAGE = 'a published roster changes by a change';
    END IF;
    IF r.state = 'PUBLISHED' AND NEW.removed_at > NEW.ends_at + interval '24 hours' THEN
        RAISE check_violation USING CONSTRAINT = 'duty_assignments_past', MESSAGE = 'the shift is over for more than a day';
    END IF;
    IF EXISTS (SELECT FROM duty_handovers h WHERE h.estate_id = NEW.estate_id AND h.department_id = NEW.department_id AND h.state <> 'CANCELLED'
        AND (h.outgoing_id = NEW.staff_id AND h.ended_at = NEW.ends_at OR h.incoming_id = NEW.staff_id AND NEW.starts_at <= h.begins_at AND NEW.ends_at > h.begins_at)) THEN
        RAISE check_violation USING CONSTRAINT = 'duty_assignments_signed', MESSAGE = 'a sheet was signed for it';
    END IF;
    RETURN NULL;
END $$;

-- A roster is published once, with somebody on it and nothing wrong from that day on.
CREATE OR REPLACE FUNCTION duty_roster_published() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    wrong bigint;
BEGIN
    IF TG_OP = 'INSERT' OR OLD.state = 'PUBLISHED' THEN
        RAISE check_violation USING CONSTRAINT = 'duty_rosters_way', MESSAGE = 'a roster begins as a draft, and is published once';
    END IF;
    PERFORM duty_in_turn(NEW.department_id, false);
    IF NOT EXISTS (SELECT FROM duty_assignments a WHERE a.estate_id = NEW.estate_id AND a.roster_id = NEW.id AND a.removed_at IS NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'duty_rosters_empty', MESSAGE = 'nobody is on it';
    END IF;
    SELECT count(*) INTO wrong FROM duty_problems(NEW.estate_id, NEW.id, (SELECT (NEW.published_at AT TIME ZONE e.time_zone)::date FROM estates e WHERE e.id = NEW.estate_id));
    IF wrong > 0 THEN
        RAISE check_violation USING CONSTRAINT = 'duty_rosters_sound', MESSAGE = format('%s problems', wrong);
    END IF;
    RETURN NULL;
END $$;

-- Leave is not approved over a shift to come of a published roster, which somebody else takes first; and what is over was taken.
CREATE OR REPLACE FUNCTION duty_leave_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state <> 'RECORDED' OR TG_OP = 'UPDATE' AND (OLD.state || '>' || NEW.state) NOT IN (
        'RECORDED>APPROVED', 'RECORDED>DECLINED', 'RECORDED>WITHDRAWN', 'APPROVED>WITHDRAWN') THEN
        RAISE check_violation USING CONSTRAINT = 'duty_leaves_way', MESSAGE = format('leave does not become %s', NEW.state);
    END IF;
    IF TG_OP = 'INSERT' THEN
        RETURN NULL;
    END IF;
    IF OLD.state = 'APPROVED' AND NEW.withdrawn_at >= NEW.ends_at THEN
        RAISE check_violation USING CONSTRAINT = 'duty_leaves_taken', MESSAGE = 'the leave is over';
    END IF;
    IF NEW.state = 'APPROVED' THEN
        PERFORM duty_in_turn(NEW.department_id, true);
        IF EXISTS (SELECT FROM duty_assignments a JOIN duty_rosters r ON r.estate_id = a.estate_id AND r.id = a.roster_id AND r.state = 'PUBLISHED'
            WHERE a.estate_id = NEW.estate_id AND a.staff_id = NEW.staff_id AND a.removed_at IS NULL AND a.starts_at < NEW.ends_at AND a.ends_at > NEW.starts_at AND a.ends_at > NEW.decided_at) THEN
            RAISE check_violation USING CONSTRAINT = 'duty_leaves_free', MESSAGE = 'on a published roster in that time';
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- A sheet begins open. Who signs for a side is on it; what was signed by one side stays for the other; it is signed once every line is decided. Who takes over
-- answers once they are on duty, however early both signed.
CREATE OR REPLACE FUNCTION duty_handover_goes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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
            answers_since = CASE l.state WHEN 'ACCEPTED' THEN greatest(NEW.signed_at, NEW.begins_at) ELSE NEW.ended_at END
            WHERE l.estate_id = NEW.estate_id AND l.handover_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;

-- A line is decided upon, and remarked on, while its sheet is open and nobody has signed; another remark is decided upon anew.
CREATE OR REPLACE FUNCTION duty_handover_line_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.answers_since IS DISTINCT FROM OLD.answers_since THEN
        RETURN NULL; -- by the sheet's own signing, which alone may
    END IF;
    PERFORM FROM duty_handovers h WHERE h.estate_id = NEW.estate_id AND h.id = NEW.handover_id AND h.state = 'OPEN' AND num_nonnulls(h.outgoing_id, h.incoming_id) = 0 FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'duty_handovers_stay', MESSAGE = 'the sheet is signed, or cancelled';
    END IF;
    IF NEW.remark <> OLD.remark AND NEW.state <> 'PENDING' THEN
        RAISE check_violation USING CONSTRAINT = 'duty_handover_lines_remarked', MESSAGE = 'another remark is decided upon anew';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
