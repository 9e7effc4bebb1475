-- Statements of the bank that were imported by mistake (F5): one of which nothing is booked is voided as a whole. Its lines stay, ignored, and give up their numbers, as it gives
-- up its file's, so that the right one may be imported. And whose a line seems to be is looked for again while nobody has decided.

-- +goose Up
GRANT UPDATE (proposed_household_id, match, matched) ON fee_bank_lines TO steward_app;

-- +goose StatementBegin
-- A line begins proposed. It is confirmed once, with a payment that was booked for it in the same act, of its amount and under its number, while no other
-- is on record; it is free again when that payment was reversed. Of a statement that was voided it stays ignored.
CREATE OR REPLACE FUNCTION fee_bank_line_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    way text := OLD.state || '>' || NEW.state;
    seems text[] := '{proposed_household_id,match,matched}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'PROPOSED' OR NEW.released <> 0
            OR NOT EXISTS (SELECT FROM fee_bank_statements s WHERE s.estate_id = NEW.estate_id AND s.id = NEW.statement_id AND s.created_at = NEW.created_at) THEN
            RAISE check_violation USING CONSTRAINT = 'fee_bank_lines_way', MESSAGE = 'a line begins proposed, with its statement';
        END IF;
        RETURN NULL;
    END IF;
    -- Whose it seems to be is looked for again while nobody has decided.
    IF OLD.state <> 'PROPOSED' AND (OLD.proposed_household_id, OLD.match, OLD.matched) IS DISTINCT FROM (NEW.proposed_household_id, NEW.match, NEW.matched) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_bank_lines_way', MESSAGE = 'it was decided';
    END IF;
    IF NEW.state <> 'IGNORED' AND EXISTS (SELECT FROM fee_bank_statements s WHERE s.estate_id = NEW.estate_id AND s.id = NEW.statement_id AND s.sha256 LIKE 'void %') THEN
        RAISE check_violation USING CONSTRAINT = 'fee_bank_statements_voided', MESSAGE = 'its statement was voided';
    END IF;
    IF way NOT IN ('PROPOSED>CONFIRMED', 'PROPOSED>IGNORED', 'IGNORED>PROPOSED')
        AND NOT (way = 'PROPOSED>PROPOSED' AND to_jsonb(OLD) - seems = to_jsonb(NEW) - seems)
        -- what was ignored gives up its number with its statement, and says what it said
        AND NOT (way = 'IGNORED>IGNORED' AND to_jsonb(OLD) - 'transaction_id' = to_jsonb(NEW) - 'transaction_id')
        AND NOT (way = 'CONFIRMED>PROPOSED' AND EXISTS (SELECT FROM fee_payments r WHERE r.estate_id = OLD.estate_id AND r.reverses_id = OLD.payment_id)) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_bank_lines_way', MESSAGE = format('from %s to %s is no way', OLD.state, NEW.state);
    END IF;
    IF NEW.state <> 'CONFIRMED' THEN
        RETURN NULL;
    END IF;
    IF NOT EXISTS (SELECT FROM fee_payments p WHERE p.estate_id = NEW.estate_id AND p.id = NEW.payment_id AND p.household_id = NEW.household_id AND p.amount = NEW.amount
            AND p.method = 'BANK_TRANSFER' AND p.reference = NEW.transaction_id AND p.reverses_id IS NULL AND p.created_at = NEW.decided_at AND p.recorded_by_id = NEW.decided_by_id)
        OR EXISTS (SELECT FROM fee_payments r WHERE r.estate_id = NEW.estate_id AND r.reverses_id = NEW.payment_id) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_bank_lines_way', MESSAGE = 'no such payment was booked for it';
    END IF;
    IF EXISTS (SELECT FROM fee_payments p WHERE p.estate_id = NEW.estate_id AND p.id <> NEW.payment_id AND p.method = 'BANK_TRANSFER' AND p.reference = ANY (bank_numbers(NEW.transaction_id)) AND p.reverses_id IS NULL
            AND NOT EXISTS (SELECT FROM fee_payments r WHERE r.estate_id = p.estate_id AND r.reverses_id = p.id)) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_bank_lines_booked', MESSAGE = 'a payment of its number is on record';
    END IF;
    RETURN NULL;
END $$;

-- Voids a statement: how many of its lines awaited somebody. Its row is locked, so that nobody confirms one of them besides.
CREATE FUNCTION fee_bank_void(estate uuid, statement uuid, at timestamptz, by_id uuid, by_name text, why text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    s fee_bank_statements;
    n integer;
BEGIN
    SELECT * INTO s FROM fee_bank_statements x WHERE x.estate_id = estate AND x.id = statement FOR UPDATE;
    IF s.id IS NULL OR s.sha256 LIKE 'void %' THEN
        RAISE check_violation USING CONSTRAINT = 'fee_bank_statements_voided', MESSAGE = 'it was voided before';
    END IF;
    PERFORM FROM fee_bank_lines l WHERE l.estate_id = estate AND l.statement_id = statement ORDER BY l.id FOR UPDATE;
    IF EXISTS (SELECT FROM fee_bank_lines l WHERE l.estate_id = estate AND l.statement_id = statement AND l.state = 'CONFIRMED') THEN
        RAISE check_violation USING CONSTRAINT = 'fee_bank_statements_booked', MESSAGE = 'some of it is booked';
    END IF;
    UPDATE fee_bank_lines l SET state = 'IGNORED', reason = why, decided_by_id = by_id, decided_by_name = by_name, decided_at = at
        WHERE l.estate_id = estate AND l.statement_id = statement AND l.state = 'PROPOSED';
    GET DIAGNOSTICS n = ROW_COUNT;
    UPDATE fee_bank_lines l SET transaction_id = 'void ' || statement || ' ' || l.transaction_id WHERE l.estate_id = estate AND l.statement_id = statement;
    UPDATE fee_bank_statements x SET sha256 = 'void ' || statement || ' ' || x.sha256 WHERE x.estate_id = estate AND x.id = statement;
    RETURN n;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION fee_bank_void FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fee_bank_void TO steward_app;
