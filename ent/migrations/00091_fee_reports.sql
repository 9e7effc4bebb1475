-- Reports of dispatches and signed receipts to the supervisor (F9), and what of all this was done in time: each step with when it was due and when it was done.

-- +goose Up
ALTER TABLE fee_reports
    ADD CONSTRAINT fee_reports_number       CHECK (number > 0),
    ADD CONSTRAINT fee_reports_acknowledged CHECK ((acknowledged_at IS NULL) = (acknowledged_by_id IS NULL) AND (acknowledged_at IS NULL) = (acknowledged_by_name = '')
        AND (acknowledged_at IS NOT NULL OR answer = '') AND acknowledged_by_id <> recorded_by_id);
REVOKE UPDATE ON fee_reports FROM steward_app;
GRANT UPDATE (acknowledged_at, acknowledged_by_id, acknowledged_by_name, answer) ON fee_reports TO steward_app;
CREATE INDEX fee_dispatches_unreported ON fee_dispatches (estate_id, dispatched_at) WHERE report_id IS NULL AND voided_at IS NULL;

-- +goose StatementBegin
CREATE FUNCTION fee_report_numbered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE fee_books b SET last_dispatch_report = b.last_dispatch_report + 1 WHERE b.estate_id = NEW.estate_id RETURNING b.last_dispatch_report INTO NEW.number;
    NEW.number := coalesce(NEW.number, 0);
    RETURN NEW;
END $$;

-- A report has every dispatch on it that none had before, and says how many they are, and what waits.
CREATE FUNCTION fee_report_filled() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    zone text;
BEGIN
    UPDATE fee_dispatches d SET report_id = NEW.id WHERE d.estate_id = NEW.estate_id AND d.report_id IS NULL AND d.voided_at IS NULL;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'fee_reports_nothing', MESSAGE = 'nothing was dispatched since the report before';
    END IF;
    SELECT e.time_zone INTO zone FROM estates e WHERE e.id = NEW.estate_id;
    UPDATE fee_reports r SET (from_on, until_on, dispatches, signed, boxed, posted, absent, returned, late, postage) = (
            SELECT min((d.dispatched_at AT TIME ZONE zone)::date), max((d.dispatched_at AT TIME ZONE zone)::date), count(*), count(*) FILTER (WHERE d.method = 'IN_PERSON'), count(*) FILTER (WHERE d.method = 'MAILBOX'),
                count(*) FILTER (WHERE d.method = 'POST'), count(*) FILTER (WHERE d.method = 'ABSENT'), count(d.returned_at), count(*) FILTER (WHERE d.late), sum(d.postage)
            FROM fee_dispatches d WHERE d.estate_id = NEW.estate_id AND d.report_id = NEW.id),
        waiting = (SELECT count(*) FROM fee_runs f JOIN fee_notices n ON n.estate_id = f.estate_id AND n.run_id = f.id AND n.dispatch <> 'DISPATCHED' WHERE f.estate_id = NEW.estate_id AND f.dispatch_due_at < NEW.created_at)
            + (SELECT count(*) FROM fee_dunnings d WHERE d.estate_id = NEW.estate_id AND (d.state = 'HANDED' AND d.dispatch_due_at < NEW.created_at OR d.state = 'DISPATCHED' AND d.deliver_due_at < NEW.created_at))
        WHERE r.estate_id = NEW.estate_id AND r.id = NEW.id;
    RETURN NULL;
END $$;
CREATE FUNCTION fee_report_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'fee_reports_once', MESSAGE = 'it was acknowledged before';
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION fee_report_numbered, fee_report_filled FROM PUBLIC;
CREATE TRIGGER fee_report_numbered BEFORE INSERT ON fee_reports FOR EACH ROW EXECUTE FUNCTION fee_report_numbered();
CREATE TRIGGER fee_report_filled AFTER INSERT ON fee_reports FOR EACH ROW EXECUTE FUNCTION fee_report_filled();
CREATE TRIGGER fee_report_stays AFTER UPDATE ON fee_reports FOR EACH ROW WHEN (OLD.acknowledged_at IS NOT NULL) EXECUTE FUNCTION fee_report_stays();

-- Every step of an estate that was due within some time: whose, by when, when it was done and by whom. What was replaced or withdrawn before a step was due owes it no more.
CREATE FUNCTION fee_steps(estate uuid, since timestamptz, until timestamptz)
RETURNS TABLE (subject_id uuid, step text, clause text, number text, household text, address text, due_at timestamptz, done_at timestamptz, done_by text, ended_at timestamptz) STABLE LANGUAGE sql
SET search_path = pg_catalog, public AS $$
    SELECT s.* FROM (
        SELECT r.id, 'BILL' AS step, 'F2' AS clause, to_char(r.month, 'YYYY-MM') AS number, '' AS household, '' AS address, r.due_at AS due, r.billed_at AS done, r.started_by_name AS by_name, NULL::timestamptz AS ended
            FROM fee_runs r WHERE r.estate_id = $1
        UNION ALL SELECT n.id, 'DISPATCH_NOTICE', 'F3', n.number, n.household_name, n.address, r.dispatch_due_at, n.dispatched_at,
                coalesce((SELECT d.dispatched_by_name FROM fee_dispatches d WHERE d.estate_id = n.estate_id AND d.notice_id = n.id AND d.dispatched_at = n.dispatched_at AND d.voided_at IS NULL LIMIT 1), ''), NULL
            FROM fee_runs r JOIN fee_notices n ON n.estate_id = r.estate_id AND n.run_id = r.id WHERE r.estate_id = $1 AND r.dispatch_due_at >= coalesce($2, '-infinity') AND r.dispatch_due_at < coalesce($3, 'infinity')
        UNION ALL SELECT d.id, v.step, v.clause, d.number || CASE WHEN d.revision > 1 THEN '-' || d.revision ELSE '' END, d.household_name, d.address, v.due, v.done,
                coalesce((SELECT f.dispatched_by_name FROM fee_dispatches f WHERE v.clause || v.step IN ('F7DISPATCH_DUNNING', 'F8DELIVER_DUNNING') AND f.estate_id = d.estate_id AND f.dunning_id = d.id AND f.dispatched_at = v.done AND f.voided_at IS NULL LIMIT 1), v.by_name), d.ended_at
            FROM fee_dunnings d CROSS JOIN LATERAL (VALUES ('DRAFT', 'F6', CASE WHEN d.revision = 1 THEN d.draft_due_at END, d.created_at, d.drafted_by_name), ('HAND_OVER', 'F7', d.hand_due_at, d.handed_at, d.handed_by_name),
                ('DISPATCH_DUNNING', 'F7', d.dispatch_due_at, d.dispatched_at, ''), ('DELIVER_DUNNING', 'F8', d.deliver_due_at, d.delivered_at, '')) v(step, clause, due, done, by_name)
            WHERE d.estate_id = $1) s
    WHERE s.due >= coalesce($2, '-infinity') AND s.due < coalesce($3, 'infinity') AND (s.ended IS NULL OR s.done IS NOT NULL OR s.due < s.ended)
$$;
GRANT EXECUTE ON FUNCTION fee_steps TO steward_app;
