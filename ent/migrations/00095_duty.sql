-- The duty roster (D1.1): shifts, rosters and who is on them; leave; swaps; calendar feeds. That nobody is on two shifts at one time is an exclusion
-- constraint over all rosters; what else is wrong with one a function says, and none is published with it.

-- +goose Up
ALTER TABLE duty_shifts
    ADD CONSTRAINT duty_shifts_times  CHECK (begins ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$' AND ends ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
    ADD CONSTRAINT duty_shifts_rest   CHECK (rest_minutes BETWEEN 0 AND 2880),
    ADD CONSTRAINT duty_shifts_needed CHECK (least(monday, tuesday, wednesday, thursday, friday, saturday, sunday) >= 0
        AND greatest(monday, tuesday, wednesday, thursday, friday, saturday, sunday) <= 50),
    ADD CONSTRAINT duty_shifts_named  CHECK (name <> '' AND short <> '');
CREATE UNIQUE INDEX duty_shifts_once ON duty_shifts (estate_id, department_id, name) WHERE retired_at IS NULL;

ALTER TABLE duty_rosters
    ADD CONSTRAINT duty_rosters_month     CHECK (extract(day FROM month) = 1),
    ADD CONSTRAINT duty_rosters_published CHECK ((state = 'PUBLISHED') = (published_at IS NOT NULL) AND (state = 'PUBLISHED') = (published_by_name <> '')
        AND late = coalesce(published_at >= due_at, false));

ALTER TABLE duty_assignments
    ADD CONSTRAINT duty_assignments_term    CHECK (starts_at < ends_at AND ends_at <= rested_at),
    ADD CONSTRAINT duty_assignments_origin  CHECK ((origin IN ('CHANGE', 'SWAP')) = (added_change_id IS NOT NULL)),
    ADD CONSTRAINT duty_assignments_removed CHECK ((removed_at IS NULL) = (removed_by_name = '') AND (removed_at IS NOT NULL OR num_nonnulls(removed_by_id, removed_change_id) = 0)),
    ADD CONSTRAINT duty_assignments_once    EXCLUDE USING gist (estate_id WITH =, staff_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (removed_at IS NULL);
CREATE INDEX duty_assignments_standing ON duty_assignments (estate_id, roster_id, shift_id, day) WHERE removed_at IS NULL;

ALTER TABLE duty_changes
    ADD CONSTRAINT duty_changes_reason CHECK (reason <> '');
CREATE UNIQUE INDEX duty_changes_swap ON duty_changes (estate_id, swap_id, roster_id) WHERE swap_id IS NOT NULL;

ALTER TABLE duty_leaves
    ADD CONSTRAINT duty_leaves_term      CHECK (from_on <= until_on AND starts_at < ends_at),
    ADD CONSTRAINT duty_leaves_decided   CHECK ((state NOT IN ('APPROVED', 'DECLINED') OR decided_at IS NOT NULL) AND (state <> 'RECORDED' OR decided_at IS NULL)
        AND (decided_at IS NULL) = (decided_by_name = '')),
    ADD CONSTRAINT duty_leaves_withdrawn CHECK ((state = 'WITHDRAWN') = (withdrawn_at IS NOT NULL) AND (withdrawn_at IS NULL) = (withdrawn_by_name = '')),
    -- nobody decides upon the own leave
    ADD CONSTRAINT duty_leaves_own       CHECK (decided_by_id IS NULL OR account_id IS NULL OR decided_by_id <> account_id),
    ADD CONSTRAINT duty_leaves_once      EXCLUDE USING gist (estate_id WITH =, staff_id WITH =, daterange(from_on, until_on, '[]') WITH &&) WHERE (state IN ('RECORDED', 'APPROVED'));

ALTER TABLE duty_swaps
    ADD CONSTRAINT duty_swaps_two      CHECK (asker_id <> other_id AND given_id <> taken_id),
    ADD CONSTRAINT duty_swaps_reason   CHECK (reason <> ''),
    ADD CONSTRAINT duty_swaps_answered CHECK ((state NOT IN ('AGREED', 'APPROVED', 'REFUSED', 'DECLINED') OR answered_at IS NOT NULL) AND (state <> 'ASKED' OR answered_at IS NULL)
        AND (answered_at IS NULL) = (answered_by_name = '')),
    ADD CONSTRAINT duty_swaps_decided  CHECK ((state IN ('APPROVED', 'DECLINED')) = (decided_at IS NOT NULL) AND (decided_at IS NULL) = (decided_by_name = '')),
    ADD CONSTRAINT duty_swaps_ended    CHECK ((state IN ('ASKED', 'AGREED')) = (ended_at IS NULL)),
    -- who swaps does not approve it
    ADD CONSTRAINT duty_swaps_approver CHECK (decided_by_id IS NULL OR (decided_by_id <> asked_by_id AND decided_by_id IS DISTINCT FROM answered_by_id));
CREATE UNIQUE INDEX duty_swaps_given ON duty_swaps (estate_id, given_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX duty_swaps_taken ON duty_swaps (estate_id, taken_id) WHERE ended_at IS NULL;

ALTER TABLE duty_feeds
    ADD CONSTRAINT duty_feeds_token CHECK (token_hash ~ '^[0-9a-f]{64}$');
CREATE UNIQUE INDEX duty_feeds_once ON duty_feeds (estate_id, token_hash);
CREATE INDEX duty_feeds_read ON duty_feeds (token_hash); -- who asks knows no estate

-- Whose roster it is, is a department of the estate.
ALTER TABLE duty_shifts ADD CONSTRAINT duty_shifts_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE duty_rosters ADD CONSTRAINT duty_rosters_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE duty_assignments ADD CONSTRAINT duty_assignments_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE duty_changes ADD CONSTRAINT duty_changes_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE duty_leaves ADD CONSTRAINT duty_leaves_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE duty_swaps ADD CONSTRAINT duty_swaps_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE duty_feeds ADD CONSTRAINT duty_feeds_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;

REVOKE UPDATE ON duty_shifts, duty_rosters, duty_assignments, duty_leaves, duty_swaps, duty_feeds FROM steward_app;
GRANT UPDATE (version, name, short, rest_minutes, monday, tuesday, wednesday, thursday, friday, saturday, sunday, retired_at) ON duty_shifts TO steward_app;
GRANT UPDATE (version, state, late, drafted_by_id, drafted_by_name, published_at, published_by_id, published_by_name) ON duty_rosters TO steward_app;
GRANT UPDATE (removed_at, removed_by_id, removed_by_name, removed_change_id) ON duty_assignments TO steward_app;
GRANT UPDATE (version, state, decided_at, decided_by_id, decided_by_name, decision_note, withdrawn_at, withdrawn_by_id, withdrawn_by_name, withdraw_reason) ON duty_leaves TO steward_app;
GRANT UPDATE (state, answered_at, answered_by_id, answered_by_name, answer_note, decided_at, decided_by_id, decided_by_name, decision_note, ended_at) ON duty_swaps TO steward_app;
GRANT UPDATE (revoked_at) ON duty_feeds TO steward_app;

-- How many a shift takes on a day.
CREATE FUNCTION duty_need(s duty_shifts, on_day date) RETURNS bigint IMMUTABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT CASE extract(isodow FROM on_day) WHEN 1 THEN s.monday WHEN 2 THEN s.tuesday WHEN 3 THEN s.wednesday WHEN 4 THEN s.thursday
        WHEN 5 THEN s.friday WHEN 6 THEN s.saturday ELSE s.sunday END $$;

-- When a shift of a day begins and ends, by the estate's clock.
CREATE FUNCTION duty_times(s duty_shifts, on_day date, OUT starts_at timestamptz, OUT ends_at timestamptz, OUT rested_at timestamptz) STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT t.b, t.e, t.e + make_interval(mins => s.rest_minutes::int)
    FROM estates x CROSS JOIN LATERAL (SELECT (on_day + s.begins::time) AT TIME ZONE x.time_zone AS b,
        (on_day + CASE WHEN s.ends > s.begins THEN 0 ELSE 1 END + s.ends::time) AT TIME ZONE x.time_zone AS e) t WHERE x.id = s.estate_id $$;

-- What is wrong with a roster from a day on (D1.1): a shift without enough staff (UNCOVERED, with how many lack), somebody without rest between two
-- shifts (REST), on approved leave (LEAVE), or not employed in the department that day (NOT_EMPLOYED).
CREATE FUNCTION duty_problems(estate uuid, of_roster uuid, from_day date)
RETURNS TABLE (kind text, day date, shift_id uuid, staff_id uuid, assignment_id uuid, missing integer, until timestamptz) STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    WITH r AS (SELECT x.* FROM duty_rosters x WHERE x.estate_id = estate AND x.id = of_roster),
    mine AS (SELECT a.* FROM duty_assignments a WHERE a.estate_id = estate AND a.roster_id = of_roster AND a.removed_at IS NULL AND a.day >= from_day)
    SELECT 'UNCOVERED', d.day::date, s.id, NULL::uuid, NULL::uuid, (n.need - coalesce(c.n, 0))::integer, NULL::timestamptz
        FROM r CROSS JOIN LATERAL generate_series(greatest(r.month, from_day)::timestamp, r.month::timestamp + interval '1 month' - interval '1 day', interval '1 day') d(day)
        JOIN duty_shifts s ON s.estate_id = estate AND s.department_id = r.department_id AND s.retired_at IS NULL
        CROSS JOIN LATERAL (SELECT duty_need(s, d.day::date) AS need) n
        LEFT JOIN (SELECT m.shift_id, m.day, count(*) AS n FROM mine m GROUP BY 1, 2) c ON c.shift_id = s.id AND c.day = d.day::date
        WHERE n.need > coalesce(c.n, 0)
    UNION ALL
    SELECT 'REST', a.day, a.shift_id, a.staff_id, a.id, NULL, b.rested_at
        FROM mine a JOIN duty_assignments b ON b.estate_id = estate AND b.staff_id = a.staff_id AND b.removed_at IS NULL
            AND b.starts_at < a.starts_at AND b.starts_at > a.starts_at - interval '4 days' AND b.rested_at > a.starts_at
    UNION ALL
    SELECT 'REST', a.day, a.shift_id, a.staff_id, a.id, NULL, a.rested_at
        FROM mine a JOIN duty_assignments b ON b.estate_id = estate AND b.staff_id = a.staff_id AND b.removed_at IS NULL AND b.roster_id <> of_roster
            AND b.starts_at > a.starts_at AND b.starts_at < a.rested_at
    UNION ALL
    SELECT 'LEAVE', a.day, a.shift_id, a.staff_id, a.id, NULL, l.ends_at
        FROM mine a JOIN duty_leaves l ON l.estate_id = estate AND l.staff_id = a.staff_id AND l.state = 'APPROVED' AND l.starts_at < a.ends_at AND l.ends_at > a.starts_at
    UNION ALL
    SELECT 'NOT_EMPLOYED', a.day, a.shift_id, a.staff_id, a.id, NULL, NULL
        FROM mine a JOIN staffs p ON p.estate_id = estate AND p.id = a.staff_id
        WHERE p.department_id <> a.department_id OR a.day < p.employed_from OR a.day >= p.employed_until $$;

-- What stands on a roster is of its month, of its department and of its shift's times; once it is published, it comes by a change that says why. The
-- roster's row is held, so that it is not published meanwhile.
-- +goose StatementBegin
CREATE FUNCTION duty_assignment_fits() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    r duty_rosters;
    s duty_shifts;
    t record;
BEGIN
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
    RETURN NULL;
END $$;
CREATE FUNCTION duty_assignment_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
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
    RETURN NULL;
END $$;
-- A roster is published once, with nothing wrong from that day on.
CREATE FUNCTION duty_roster_published() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    wrong bigint;
BEGIN
    IF TG_OP = 'INSERT' OR OLD.state = 'PUBLISHED' THEN
        RAISE check_violation USING CONSTRAINT = 'duty_rosters_way', MESSAGE = 'a roster begins as a draft, and is published once';
    END IF;
    SELECT count(*) INTO wrong FROM duty_problems(NEW.estate_id, NEW.id, (SELECT (NEW.published_at AT TIME ZONE e.time_zone)::date FROM estates e WHERE e.id = NEW.estate_id));
    IF wrong > 0 THEN
        RAISE check_violation USING CONSTRAINT = 'duty_rosters_sound', MESSAGE = format('%s problems', wrong);
    END IF;
    RETURN NULL;
END $$;
-- A change is of a published roster; a swap is carried out by one, once both agreed.
CREATE FUNCTION duty_change_fits() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM duty_rosters r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.roster_id AND r.department_id = NEW.department_id AND r.state = 'PUBLISHED' FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'duty_changes_published', MESSAGE = 'the roster is not published';
    END IF;
    IF NEW.swap_id IS NOT NULL AND NOT EXISTS (SELECT FROM duty_swaps s WHERE s.estate_id = NEW.estate_id AND s.id = NEW.swap_id AND s.state = 'AGREED') THEN
        RAISE check_violation USING CONSTRAINT = 'duty_swaps_way', MESSAGE = 'the swap is not agreed';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION duty_leave_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state <> 'RECORDED' OR TG_OP = 'UPDATE' AND (OLD.state || '>' || NEW.state) NOT IN (
        'RECORDED>APPROVED', 'RECORDED>DECLINED', 'RECORDED>WITHDRAWN', 'APPROVED>WITHDRAWN') THEN
        RAISE check_violation USING CONSTRAINT = 'duty_leaves_way', MESSAGE = format('leave does not become %s', NEW.state);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER duty_assignment_fits AFTER INSERT ON duty_assignments FOR EACH ROW EXECUTE FUNCTION duty_assignment_fits();
CREATE TRIGGER duty_assignment_goes AFTER UPDATE ON duty_assignments FOR EACH ROW EXECUTE FUNCTION duty_assignment_goes();
CREATE TRIGGER duty_roster_begins AFTER INSERT ON duty_rosters FOR EACH ROW WHEN (NEW.state <> 'DRAFT') EXECUTE FUNCTION duty_roster_published();
CREATE TRIGGER duty_roster_published AFTER UPDATE ON duty_rosters FOR EACH ROW WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION duty_roster_published();
CREATE TRIGGER duty_change_fits AFTER INSERT ON duty_changes FOR EACH ROW EXECUTE FUNCTION duty_change_fits();
CREATE TRIGGER duty_leave_goes AFTER INSERT OR UPDATE ON duty_leaves FOR EACH ROW EXECUTE FUNCTION duty_leave_goes();

-- A swap begins between two who are on published rosters, both shifts to come, asked for by the one who gives.
-- +goose StatementBegin
CREATE FUNCTION duty_swap_begins() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM duty_assignments g JOIN duty_rosters gr ON gr.estate_id = g.estate_id AND gr.id = g.roster_id AND gr.state = 'PUBLISHED'
        JOIN duty_assignments t ON t.estate_id = g.estate_id AND t.department_id = g.department_id AND t.id = NEW.taken_id AND t.staff_id = NEW.other_id AND t.removed_at IS NULL
        JOIN duty_rosters tr ON tr.estate_id = t.estate_id AND tr.id = t.roster_id AND tr.state = 'PUBLISHED'
        WHERE g.estate_id = NEW.estate_id AND g.department_id = NEW.department_id AND g.id = NEW.given_id AND g.staff_id = NEW.asker_id AND g.removed_at IS NULL
            AND NEW.expires_at = least(g.starts_at, t.starts_at) AND NEW.expires_at > NEW.asked_at;
    IF NOT FOUND OR NEW.state <> 'ASKED' THEN
        RAISE check_violation USING CONSTRAINT = 'duty_swaps_begin', MESSAGE = 'not two shifts to come of published rosters';
    END IF;
    RETURN NULL;
END $$;
-- Both persons agree, each by the own account, and only then it is approved; approved, both shifts have changed hands.
CREATE FUNCTION duty_swap_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF (OLD.state || '>' || NEW.state) NOT IN ('ASKED>AGREED', 'ASKED>REFUSED', 'ASKED>WITHDRAWN', 'ASKED>LAPSED', 'AGREED>APPROVED', 'AGREED>DECLINED', 'AGREED>WITHDRAWN', 'AGREED>LAPSED') THEN
        RAISE check_violation USING CONSTRAINT = 'duty_swaps_way', MESSAGE = format('from %s to %s', OLD.state, NEW.state);
    END IF;
    IF NEW.state IN ('AGREED', 'REFUSED') AND NOT EXISTS (SELECT FROM staffs s WHERE s.estate_id = NEW.estate_id AND s.id = NEW.other_id AND s.account_id = NEW.answered_by_id) THEN
        RAISE check_violation USING CONSTRAINT = 'duty_swaps_other', MESSAGE = 'not answered by who was asked';
    END IF;
    IF NEW.state = 'APPROVED' AND 2 <> (
        SELECT count(*) FROM duty_changes c JOIN duty_assignments o ON o.estate_id = c.estate_id AND o.removed_change_id = c.id AND o.id IN (NEW.given_id, NEW.taken_id)
            JOIN duty_assignments n ON n.estate_id = c.estate_id AND n.origin = 'SWAP' AND n.removed_at IS NULL AND n.shift_id = o.shift_id AND n.day = o.day AND n.roster_id = o.roster_id
                AND n.staff_id = CASE WHEN o.id = NEW.given_id THEN NEW.other_id ELSE NEW.asker_id END
        WHERE c.estate_id = NEW.estate_id AND c.swap_id = NEW.id) THEN
        RAISE check_violation USING CONSTRAINT = 'duty_swaps_carried', MESSAGE = 'the shifts did not change hands';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER duty_swap_begins AFTER INSERT ON duty_swaps FOR EACH ROW EXECUTE FUNCTION duty_swap_begins();
CREATE TRIGGER duty_swap_goes AFTER UPDATE ON duty_swaps FOR EACH ROW EXECUTE FUNCTION duty_swap_goes();
