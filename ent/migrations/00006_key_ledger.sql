-- The key ledger (K4.1): a movement is one double entry, and posting it moves the two balances here, in the
-- database, under their row locks. Only the source's balance is negative; a set's balances sum to zero
-- because nothing else writes them.

-- +goose Up
ALTER TABLE key_movements
    ADD CONSTRAINT key_movements_parties CHECK (from_id <> to_id);
ALTER TABLE key_balances
    ADD CONSTRAINT key_balances_enough CHECK (CASE WHEN source THEN count <= 0 ELSE count >= 0 END);
ALTER TABLE key_loan_lines
    ADD CONSTRAINT key_loan_lines_returned CHECK (returned <= count);
ALTER TABLE key_acceptance_lines
    ADD CONSTRAINT key_acceptance_lines_outstanding CHECK (outstanding = due - delivered);
ALTER TABLE key_loans
    ADD CONSTRAINT key_loans_returned CHECK ((state = 'RETURNED') = (returned_at IS NOT NULL));

-- One holder per party; an estate has one of each of the others (cabinets may be several).
CREATE UNIQUE INDEX key_holders_office    ON key_holders (estate_id, kind) WHERE kind IN ('SOURCE', 'DESK', 'ENGINEERING', 'LOST', 'SCRAPPED');
CREATE UNIQUE INDEX key_holders_staff     ON key_holders (estate_id, staff_id) WHERE staff_id IS NOT NULL;
CREATE UNIQUE INDEX key_holders_resident  ON key_holders (estate_id, resident_id) WHERE resident_id IS NOT NULL;
CREATE UNIQUE INDEX key_holders_external  ON key_holders (estate_id, external_person_id) WHERE external_person_id IS NOT NULL;
CREATE UNIQUE INDEX key_holders_household ON key_holders (estate_id, household_id) WHERE kind = 'HOUSEHOLD';
ALTER TABLE key_holders ADD CONSTRAINT key_holders_party CHECK (
    (kind = 'STAFF') = (staff_id IS NOT NULL) AND (kind = 'RESIDENT') = (resident_id IS NOT NULL)
    AND (kind = 'EXTERNAL') = (external_person_id IS NOT NULL) AND (kind IN ('RESIDENT', 'HOUSEHOLD')) = (household_id IS NOT NULL));

REVOKE INSERT ON key_balances FROM steward_app;

-- A UUIDv7 with the entity's type code in the last two bytes, as internal/ids makes them.
CREATE FUNCTION new_id(code integer) RETURNS uuid VOLATILE LANGUAGE sql AS $$
    SELECT encode(
        substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
        || set_byte(substring(uuid_send(r) FROM 7 FOR 8), 0, get_byte(uuid_send(r), 6) & 15 | 112)
        || substring(int4send(code) FROM 3), 'hex')::uuid
    FROM gen_random_uuid() r
$$;

-- The balances belong to the owner, so the posting runs as the owner; row-level security still binds it
-- to the viewer's estates. Legs are posted in the holders' order, so that crossing movements of one
-- set do not deadlock. The plans are fixed: before the first ANALYZE of a large import PostgreSQL would
-- read every balance of the cabinet for each key (20,000 lines took 4 minutes instead of 22 seconds).
-- +goose StatementBegin
CREATE FUNCTION key_post() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    leg record;
BEGIN
    FOR leg IN SELECT holder, n FROM (VALUES (NEW.from_id, -NEW.count), (NEW.to_id, NEW.count)) v(holder, n) ORDER BY holder LOOP
        UPDATE key_balances SET count = count + leg.n
            WHERE estate_id = NEW.estate_id AND set_id = NEW.set_id AND holder_id = leg.holder;
        CONTINUE WHEN FOUND;
        -- a balance that is not there is zero; two that make it at once meet at its unique key
        INSERT INTO key_balances (id, created_at, estate_id, set_id, holder_id, source, count, household_id)
            SELECT new_id(x'0304'::int), NEW.created_at, NEW.estate_id, NEW.set_id, h.id, h.kind = 'SOURCE', 0, h.household_id
            FROM key_holders h WHERE h.estate_id = NEW.estate_id AND h.id = leg.holder
            ON CONFLICT (estate_id, set_id, holder_id) DO NOTHING;
        UPDATE key_balances SET count = count + leg.n
            WHERE estate_id = NEW.estate_id AND set_id = NEW.set_id AND holder_id = leg.holder;
    END LOOP;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION key_post FROM PUBLIC;
CREATE TRIGGER key_post AFTER INSERT ON key_movements FOR EACH ROW EXECUTE FUNCTION key_post();
