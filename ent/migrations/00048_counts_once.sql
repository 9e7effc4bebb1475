-- A count is blind to who keeps the keys, is written once, and goes to its end (K4.3); copies are approved by the leader whose keys
-- they are (K2.3).

-- +goose Up

-- The estates in which the viewer keeps keys, by any grant, whatever an API token leaves of it; zero: in all.
CREATE FUNCTION key_keeps() RETURNS uuid[] STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT coalesce(array_agg(coalesce(g.estate_id, '00000000-0000-0000-0000-000000000000')), '{}') FROM identity.grants g
    WHERE g.account_id = identity.viewer() AND g.role IN ('key-custodian', 'cs-officer') AND g.revoked_at IS NULL
        AND coalesce(g.valid_until, 'infinity') >= current_date - 1 -- the day is the estate's
$$;
REVOKE ALL ON FUNCTION key_keeps FROM PUBLIC;
GRANT EXECUTE ON FUNCTION key_keeps TO steward_app;

-- Who keeps the keys sees a spot check when all of it is counted: neither what is to be counted, nor the seed by which it is drawn
-- again. One that was given up stays unseen, as the next on that day is the same.
CREATE POLICY blind ON reconciliations AS RESTRICTIVE FOR SELECT USING (
    kind <> 'keys.spotCheck' OR counted_at IS NOT NULL
    OR NOT (SELECT key_keeps()) && ARRAY[estate_id, '00000000-0000-0000-0000-000000000000']);
CREATE POLICY blind ON reconciliation_lines AS RESTRICTIVE FOR SELECT USING (
    NOT (SELECT key_keeps()) && ARRAY[estate_id, '00000000-0000-0000-0000-000000000000']
    OR EXISTS (SELECT FROM reconciliations r WHERE r.estate_id = reconciliation_lines.estate_id AND r.id = reconciliation_lines.reconciliation_id));
CREATE POLICY blind ON key_spot_checks AS RESTRICTIVE FOR SELECT USING (
    NOT (SELECT key_keeps()) && ARRAY[estate_id, '00000000-0000-0000-0000-000000000000']
    OR EXISTS (SELECT FROM reconciliations r WHERE r.estate_id = key_spot_checks.estate_id AND r.id = key_spot_checks.reconciliation_id));

-- What was counted stays: a slip is a difference that is resolved with its reason. And what was begun is counted to the end, or
-- who does not like what the count comes to would give it up.
-- +goose StatementBegin
CREATE FUNCTION reconciliation_count_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'reconciliation_lines_once', MESSAGE = format('line %s was counted', OLD.id);
END $$;
-- +goose StatementEnd
CREATE TRIGGER reconciliation_count_stays AFTER UPDATE OF counted, counted_by_id, counted_by_name, counted_at ON reconciliation_lines FOR EACH ROW
    WHEN (OLD.counted IS NOT NULL AND (OLD.counted, OLD.counted_by_id, OLD.counted_by_name, OLD.counted_at)
        IS DISTINCT FROM (NEW.counted, NEW.counted_by_id, NEW.counted_by_name, NEW.counted_at))
    EXECUTE FUNCTION reconciliation_count_stays();
-- +goose StatementBegin
CREATE FUNCTION reconciliation_goes_on() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM reconciliation_lines WHERE estate_id = NEW.estate_id AND reconciliation_id = NEW.id AND counted IS NOT NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'reconciliations_begun', MESSAGE = format('the count of %s was begun', OLD.id);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER reconciliation_goes_on AFTER UPDATE OF state ON reconciliations FOR EACH ROW
    WHEN (NEW.state = 'CANCELLED' AND OLD.state <> 'CANCELLED') EXECUTE FUNCTION reconciliation_goes_on();

-- Copies are approved by the supervisor of the department that was asked, or by a manager.
-- +goose StatementBegin
CREATE FUNCTION approved_in_department() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM identity.grants g, estates e
        WHERE e.id = NEW.estate_id AND g.account_id = NEW.decided_by_id AND g.revoked_at IS NULL AND (g.estate_id = NEW.estate_id OR g.estate_id IS NULL)
            AND (g.role IN ('project-manager', 'general-manager') OR g.role = 'supervisor' AND g.department_id = NEW.department_id)
            AND (NEW.decided_at AT TIME ZONE e.time_zone)::date BETWEEN g.valid_from AND coalesce(g.valid_until, 'infinity')) THEN
        RAISE check_violation USING CONSTRAINT = 'approvals_in_department', MESSAGE = 'another department decides it';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION approved_in_department FROM PUBLIC;
CREATE TRIGGER approved_in_department AFTER UPDATE OF state ON approvals FOR EACH ROW
    WHEN (NEW.kind = 'keys.copy' AND NEW.department_id IS NOT NULL AND OLD.state = 'ASKED' AND NEW.state IN ('GIVEN', 'DECLINED'))
    EXECUTE FUNCTION approved_in_department();
