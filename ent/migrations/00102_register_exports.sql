-- Registers that are asked for as jobs: how an export may go on, how many of one account wait, whose content is held; and what somebody may do
-- while nobody is signed in, for the job that writes by the rights of who asked.

-- +goose Up
ALTER TABLE register_exports
    ADD CONSTRAINT register_exports_term     CHECK (until_on >= from_on),
    ADD CONSTRAINT register_exports_content  CHECK (sha256 ~ '^([0-9a-f]{64})?$' AND (state <> 'DONE' OR (sha256 <> '' AND size > 0))),
    ADD CONSTRAINT register_exports_finished CHECK ((state IN ('WAITING', 'RUNNING')) = (finished_at IS NULL)),
    ADD CONSTRAINT register_exports_expires  CHECK ((state IN ('DONE', 'EXPIRED')) = (expires_at IS NOT NULL)),
    ADD CONSTRAINT register_exports_reason   CHECK ((state IN ('REFUSED', 'FAILED')) = (reason <> '') AND (reason = '') = (reason_en = ''));
CREATE INDEX register_exports_unfinished ON register_exports (account_id) WHERE state IN ('WAITING', 'RUNNING');
CREATE INDEX register_exports_held ON register_exports (estate_id, sha256) WHERE sha256 <> '';

REVOKE UPDATE ON register_exports FROM steward_app;
GRANT UPDATE (state, job_number, rows, size, sha256, started_at, finished_at, expires_at, reason, reason_en) ON register_exports TO steward_app;

-- At most so many exports of one account wait or are being written: whoever inserts counts after the other.
-- +goose StatementBegin
CREATE FUNCTION register_exports_waiting() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('register exports ' || NEW.account_id, 0));
    IF (SELECT count(*) FROM register_exports x WHERE x.account_id = NEW.account_id AND x.state IN ('WAITING', 'RUNNING')) > 5 THEN
        RAISE check_violation USING CONSTRAINT = 'register_exports_waiting', MESSAGE = 'too many exports of the account wait';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER register_exports_waiting AFTER INSERT ON register_exports FOR EACH ROW WHEN (NEW.state IN ('WAITING', 'RUNNING')) EXECUTE FUNCTION register_exports_waiting();

-- An export goes one way: what was refused, cancelled or is past its time stays so, and what is done only expires.
-- +goose StatementBegin
CREATE FUNCTION register_exports_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT (CASE OLD.state
        WHEN 'WAITING' THEN NEW.state IN ('RUNNING', 'FAILED', 'CANCELLED')
        WHEN 'RUNNING' THEN NEW.state IN ('WAITING', 'DONE', 'FAILED', 'REFUSED', 'CANCELLED')
        WHEN 'FAILED'  THEN NEW.state IN ('RUNNING', 'CANCELLED')
        WHEN 'DONE'    THEN NEW.state = 'EXPIRED'
        ELSE false END) THEN
        RAISE check_violation USING CONSTRAINT = 'register_exports_goes', MESSAGE = 'the export does not go that way';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER register_exports_goes AFTER UPDATE ON register_exports FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION register_exports_goes();

-- What was written for somebody stays as it was written until it is removed.
-- +goose StatementBegin
CREATE FUNCTION register_exports_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'register_exports_kept', MESSAGE = 'what is done does not change';
END $$;
-- +goose StatementEnd
CREATE TRIGGER register_exports_kept AFTER UPDATE ON register_exports FOR EACH ROW
    WHEN (OLD.state IN ('DONE', 'EXPIRED') AND ((OLD.rows, OLD.size, OLD.expires_at, OLD.finished_at) IS DISTINCT FROM (NEW.rows, NEW.size, NEW.expires_at, NEW.finished_at)
        OR OLD.sha256 <> NEW.sha256 AND (NEW.state = 'DONE' OR NEW.sha256 <> '')))
    EXECUTE FUNCTION register_exports_kept();

-- Whether content of an estate is held by anything (internal/files): exports hold theirs while they can be downloaded.
ALTER FUNCTION content_used RENAME TO content_used_but_by_exports;
CREATE FUNCTION content_used(estate uuid, sum text) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT content_used_but_by_exports(estate, sum) OR EXISTS (SELECT FROM register_exports WHERE estate_id = estate AND sha256 = sum AND state = 'DONE') $$;

-- What an account may count on today, as identity.authenticate answers of its secret, for the program itself, which does what the account asked for
-- while nobody is signed in. No row: there is no such account, or it is disabled.
-- +goose StatementBegin
CREATE FUNCTION identity.standing_of(p_account uuid, p_today date)
RETURNS TABLE (email text, name text, kind text, locale text, temporary boolean, held jsonb) LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF NOT identity.is_system() THEN
        RAISE insufficient_privilege USING MESSAGE = 'only the program acts for another';
    END IF;
    RETURN QUERY SELECT a.email, a.name, a.kind, a.locale, c.temporary_until IS NOT NULL, (
        SELECT coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'role', g.role, 'estate', g.estate_id,
                   'department', g.department_id, 'household', g.household_id,
                   'from', g.valid_from, 'until', g.valid_until, 'worksIn', w.department_id) ORDER BY g.created_at, g.id), '[]')
          FROM identity.grants g
          LEFT JOIN public.staffs w ON w.estate_id = g.estate_id AND w.account_id = g.account_id
               AND w.employed_from <= p_today AND (w.employed_until IS NULL OR w.employed_until >= p_today)
         WHERE g.account_id = a.id AND g.revoked_at IS NULL
           AND g.valid_from <= p_today AND (g.valid_until IS NULL OR g.valid_until >= p_today))
      FROM identity.accounts a LEFT JOIN identity.credentials c ON c.account_id = a.id
     WHERE a.id = p_account AND a.disabled_at IS NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION identity.standing_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.standing_of TO steward_app;
