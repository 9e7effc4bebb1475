-- Spot checks are drawn by chance and done by others than keep the keys (K4.3); the boundaries of months and days stay where they
-- were when something was counted by them (K4.2, K2.2); and the ledger was never short at any time, whoever came first (K4.1).

-- +goose Up

-- The seed is the server's. Drawing again does not help who did not like the draw: of what was drawn on the same day, and not
-- counted, the seed goes on. Who draws holds the ledger still, so that draws follow one another.
ALTER TABLE key_spot_checks
    ADD CONSTRAINT key_spot_checks_seed CHECK (seed ~ '^[0-9a-f]{32}$') NOT VALID; -- older ones could be chosen

-- What an estate's next draw at a time is made with; null: a new seed.
CREATE FUNCTION key_seed_before(estate uuid, at timestamptz, but uuid DEFAULT NULL) RETURNS text STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT c.seed FROM key_spot_checks c
        JOIN reconciliations r ON r.estate_id = c.estate_id AND r.id = c.reconciliation_id
        JOIN estates e ON e.id = c.estate_id
    WHERE c.estate_id = $1 AND c.id IS DISTINCT FROM but AND r.state IN ('COUNTING', 'CANCELLED')
        AND (coalesce(r.closed_at, c.drawn_at) AT TIME ZONE e.time_zone)::date = (at AT TIME ZONE e.time_zone)::date
    ORDER BY c.drawn_at DESC, c.id DESC LIMIT 1
$$;

-- +goose StatementBegin
CREATE FUNCTION key_seed_goes_on() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.seed <> key_seed_before(NEW.estate_id, NEW.drawn_at, NEW.id) THEN
        RAISE check_violation USING CONSTRAINT = 'key_spot_checks_same_draw', MESSAGE = 'what was drawn before on this day is not counted';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_seed_goes_on AFTER INSERT ON key_spot_checks FOR EACH ROW EXECUTE FUNCTION key_seed_goes_on();

-- Who counts is not who keeps: whoever is custodian, or at the desk, by any grant that is good on that day, whatever a token leaves
-- of them, draws, counts, resolves and ends nothing. The owner reads the grants.
-- +goose StatementBegin
CREATE FUNCTION key_not_by_keeper(estate uuid, account uuid, at timestamptz) RETURNS void STABLE LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM identity.grants g, estates e
        WHERE e.id = estate AND g.account_id = account AND g.role IN ('key-custodian', 'cs-officer') AND g.revoked_at IS NULL
            AND (g.estate_id = estate OR g.estate_id IS NULL)
            AND (at AT TIME ZONE e.time_zone)::date BETWEEN g.valid_from AND coalesce(g.valid_until, 'infinity')) THEN
        RAISE check_violation USING CONSTRAINT = 'key_spot_checks_not_by_keeper', MESSAGE = 'who keeps the keys does not check them';
    END IF;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION key_drawn_by_other() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM key_not_by_keeper(NEW.estate_id, NEW.drawn_by_id, NEW.drawn_at);
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION key_counted_by_other() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM reconciliations r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.reconciliation_id AND r.kind = 'keys.spotCheck') THEN
        RETURN NULL;
    END IF;
    IF NEW.counted_at IS DISTINCT FROM OLD.counted_at THEN
        PERFORM key_not_by_keeper(NEW.estate_id, NEW.counted_by_id, NEW.counted_at);
        -- Nor does anybody say of an entry of the register that it is in order who made it.
        IF EXISTS (SELECT FROM key_loans l WHERE l.estate_id = NEW.estate_id AND l.id = NEW.item_id AND l.lent_by_id = NEW.counted_by_id)
            OR EXISTS (SELECT FROM key_loan_lines l JOIN key_returns r ON r.estate_id = l.estate_id AND r.line_id = l.id
                WHERE l.estate_id = NEW.estate_id AND l.loan_id = NEW.item_id AND r.received_by_id = NEW.counted_by_id) THEN
            RAISE check_violation USING CONSTRAINT = 'key_spot_checks_own_entry', MESSAGE = 'who made the entry does not check it';
        END IF;
    END IF;
    IF NEW.resolved_at IS DISTINCT FROM OLD.resolved_at THEN
        PERFORM key_not_by_keeper(NEW.estate_id, NEW.resolved_by_id, NEW.resolved_at);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION key_check_ended_by_other() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM key_not_by_keeper(NEW.estate_id, NEW.closed_by_id, NEW.closed_at);
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION key_not_by_keeper, key_drawn_by_other, key_counted_by_other, key_check_ended_by_other FROM PUBLIC;
CREATE TRIGGER key_drawn_by_other AFTER INSERT ON key_spot_checks FOR EACH ROW EXECUTE FUNCTION key_drawn_by_other();
CREATE TRIGGER key_counted_by_other AFTER UPDATE OF counted_at, resolved_at ON reconciliation_lines FOR EACH ROW EXECUTE FUNCTION key_counted_by_other();
CREATE TRIGGER key_check_ended_by_other AFTER UPDATE OF closed_at ON reconciliations FOR EACH ROW
    WHEN (NEW.kind = 'keys.spotCheck' AND NEW.closed_at IS NOT NULL) EXECUTE FUNCTION key_check_ended_by_other();

-- The time zone is where months end (K4.2) and the days of loans (K2.2): with a closed month, or keys that are out, it stays. Whoever
-- changes it waits for who posts or closes, and they for the change.
-- +goose StatementBegin
CREATE FUNCTION estate_zone_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('key month ' || NEW.id::text, 0));
    IF EXISTS (SELECT FROM key_statements WHERE estate_id = NEW.id) THEN
        RAISE check_violation USING CONSTRAINT = 'estates_zone_of_closed_months', MESSAGE = 'a month is closed';
    ELSIF EXISTS (SELECT FROM key_loans WHERE estate_id = NEW.id AND state = 'OPEN') THEN
        RAISE check_violation USING CONSTRAINT = 'estates_zone_of_loans', MESSAGE = 'keys are out';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER estate_zone_stays AFTER UPDATE OF time_zone ON estates FOR EACH ROW
    WHEN (NEW.time_zone IS DISTINCT FROM OLD.time_zone) EXECUTE FUNCTION estate_zone_stays();

-- Of two who post at once the one who began first may come second, and rest on what the other posted a moment later than he says:
-- then at that moment the giver was short. He begins again, later. What is recorded late is refused for good (key_post_late). The
-- set's row is locked (key_enter), so that what is read here is all there is.
-- +goose StatementBegin
CREATE FUNCTION key_post_in_turn() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT FROM key_movements m WHERE m.estate_id = NEW.estate_id AND m.set_id = NEW.set_id AND m.occurred_at > NEW.occurred_at)
        AND EXISTS (SELECT FROM key_holders h WHERE h.estate_id = NEW.estate_id AND h.id = NEW.from_id AND h.kind <> 'SOURCE') AND EXISTS (
        SELECT FROM (
            SELECT occurred_at, sum(CASE WHEN to_id = NEW.from_id THEN count ELSE -count END) OVER (ORDER BY occurred_at) AS had
            FROM key_movements
            WHERE estate_id = NEW.estate_id AND set_id = NEW.set_id AND NEW.from_id IN (from_id, to_id)) then_
        WHERE occurred_at >= NEW.occurred_at AND had < 0) THEN
        RAISE serialization_failure USING MESSAGE = 'the giver got the keys a moment later'; -- the act runs again, with a later time
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_post_in_turn AFTER INSERT ON key_movements FOR EACH ROW WHEN (NEW.created_at <= NEW.occurred_at) EXECUTE FUNCTION key_post_in_turn();
