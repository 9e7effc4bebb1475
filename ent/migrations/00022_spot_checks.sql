-- Spot checks (K4.3): the ledger stands still while a sample is drawn and its sheet is frozen, and no entry is made
-- after a draw that says it was made before it. So what the draw was from can be told again for ever.

-- +goose Up
ALTER TABLE key_spot_checks
    ADD CONSTRAINT key_spot_checks_size CHECK (seed <> '' AND size <= population AND register_size <= register_population);

-- Whoever draws waits for the entries that are under way in the estate, and has later ones wait.
CREATE FUNCTION key_ledger_still(estate uuid) RETURNS void VOLATILE LANGUAGE sql AS
    $$ SELECT pg_advisory_xact_lock(x'0318'::int, hashtext(estate::text)) $$;

-- +goose StatementBegin
CREATE FUNCTION key_drawn() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    estate uuid;
BEGIN
    FOR estate IN SELECT DISTINCT estate_id FROM entered ORDER BY 1 LOOP
        PERFORM pg_advisory_xact_lock_shared(x'0318'::int, hashtext(estate::text));
        IF EXISTS (SELECT FROM key_spot_checks c WHERE c.estate_id = estate
                AND c.drawn_at > (SELECT min(created_at) FROM entered e WHERE e.estate_id = estate)) THEN
            RAISE serialization_failure USING MESSAGE = 'a spot check was drawn since this began'; -- the act runs again, with a later time
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_drawn AFTER INSERT ON key_movements REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION key_drawn();
