-- Days on which an estate works, or does not, whatever the week and the public holidays say; and what is due in working days, which moves with them (F3).

-- +goose Up
-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

ALTER TABLE calendar_days
    ADD CONSTRAINT calendar_days_said CHECK (reason <> '' AND set_by_name <> '');
REVOKE UPDATE ON calendar_days FROM steward_app;
GRANT UPDATE (working, reason, set_by_id, set_by_name, set_at, cleared_at) ON calendar_days TO steward_app;

-- A day that is past stays as it was: what was due by it was. Who says otherwise says when, which only goes on.
-- +goose StatementBegin
CREATE FUNCTION calendar_day_to_come() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.day < (NEW.set_at AT TIME ZONE (SELECT e.time_zone FROM estates e WHERE e.id = NEW.estate_id))::date
        OR TG_OP = 'UPDATE' AND NEW.set_at <= OLD.set_at OR NEW.cleared_at <> NEW.set_at OR NEW.set_at < NEW.created_at THEN
        RAISE check_violation USING CONSTRAINT = 'calendar_days_past', MESSAGE = format('%s is past', NEW.day);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER calendar_day_to_come AFTER INSERT OR UPDATE ON calendar_days FOR EACH ROW EXECUTE FUNCTION calendar_day_to_come();

-- What is open from before is counted from the day on which it became due.
UPDATE obligations o SET counted_from = (o.created_at AT TIME ZONE e.time_zone)::date, working_days = k.days,
        not_before = CASE o.kind WHEN 'vacancy.defect.resolve' THEN o.due_at END,
        not_after = CASE o.kind WHEN 'approval.decide' THEN (SELECT a.expires_at FROM approvals a WHERE a.estate_id = o.estate_id AND a.id = o.subject_id)
            WHEN 'archives.answer' THEN (SELECT r.valid_until FROM archive_requests r WHERE r.estate_id = o.estate_id AND r.id = o.subject_id) END
    FROM (VALUES ('vacancy.defect.acknowledge', 1), ('vacancy.defect.resolve', 1), ('approval.decide', 1), ('archives.answer', 2), ('archives.complaint', 3),
        ('keys.lockChange', 2), ('reconcile.resolve', 3), ('mail.caseAnswer', 3), ('mail.case', 7)) k(kind, days), estates e
    WHERE o.kind = k.kind AND o.state = 'OPEN' AND e.id = o.estate_id;
ALTER TABLE obligations
    ADD CONSTRAINT obligations_counted CHECK ((counted_from IS NULL) = (working_days = 0) AND (counted_from IS NOT NULL OR num_nonnulls(not_before, not_after) = 0));
CREATE INDEX obligations_counted ON obligations (estate_id, due_at) WHERE state = 'OPEN' AND counted_from IS NOT NULL;

GRANT UPDATE (answer_by) ON mail_cases TO steward_app;
GRANT UPDATE (due_at) ON complaints TO steward_app;

-- A complaint says what is due of it, and a case until when it may be answered while it is open.
-- +goose StatementBegin
CREATE FUNCTION complaint_due() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM obligations o WHERE o.estate_id = NEW.estate_id AND o.subject_id = NEW.id AND o.kind = 'archives.complaint' AND o.state = 'OPEN' AND o.counted_from IS NOT NULL AND o.due_at = NEW.due_at) THEN
        RAISE check_violation USING CONSTRAINT = 'complaints_due', MESSAGE = 'not what is due of it';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION mail_case_due() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF OLD.state <> 'OPEN' OR NOT EXISTS (SELECT FROM obligations o WHERE o.estate_id = NEW.estate_id AND o.subject_id = NEW.id AND o.kind = 'mail.case' AND o.state = 'OPEN' AND o.counted_from IS NOT NULL AND o.due_at >= NEW.answer_by) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_cases_due', MESSAGE = 'not before what is due of it';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER complaint_due AFTER UPDATE ON complaints FOR EACH ROW WHEN (NEW.due_at <> OLD.due_at) EXECUTE FUNCTION complaint_due();
CREATE TRIGGER mail_case_due AFTER UPDATE ON mail_cases FOR EACH ROW WHEN (NEW.answer_by <> OLD.answer_by) EXECUTE FUNCTION mail_case_due();

-- Has defects say what is due of them, where the calendar moved it.
-- +goose StatementBegin
CREATE FUNCTION defects_move(estate uuid, list uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE defects d SET acknowledge_by = coalesce(t.acknowledge, d.acknowledge_by), resolve_by = coalesce(t.resolve, d.resolve_by)
        FROM (SELECT o.subject_id, min(o.due_at) FILTER (WHERE o.kind = 'vacancy.defect.acknowledge') AS acknowledge, min(o.due_at) FILTER (WHERE o.kind = 'vacancy.defect.resolve') AS resolve
            FROM obligations o WHERE o.estate_id = estate AND o.subject_id = ANY (list) AND o.state = 'OPEN' AND o.counted_from IS NOT NULL GROUP BY o.subject_id) t
        WHERE d.estate_id = estate AND d.id = t.subject_id AND d.voided_at IS NULL
            AND (d.acknowledge_by, d.resolve_by) IS DISTINCT FROM (coalesce(t.acknowledge, d.acknowledge_by), coalesce(t.resolve, d.resolve_by));
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION defects_move FROM PUBLIC;
GRANT EXECUTE ON FUNCTION defects_move TO steward_app;
