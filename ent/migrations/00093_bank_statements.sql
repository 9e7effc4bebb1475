-- Bank statements (F5): what the bank received, whose it seems to be, and the payment that was booked once somebody confirmed it.

-- +goose Up
ALTER TABLE fee_bank_statements
    ADD CONSTRAINT fee_bank_statements_days CHECK (until_on >= from_on AND lines > 0 AND amount >= lines);
ALTER TABLE fee_bank_lines
    ADD CONSTRAINT fee_bank_lines_amount   CHECK (amount > 0 AND transaction_id <> '' AND "row" > 1),
    ADD CONSTRAINT fee_bank_lines_proposal CHECK ((match = 'NOTHING') = (proposed_household_id IS NULL) AND (match = 'NOTHING') = (matched = '')),
    ADD CONSTRAINT fee_bank_lines_decided  CHECK ((state = 'PROPOSED') = (decided_at IS NULL) AND (state = 'PROPOSED') = (decided_by_id IS NULL) AND (state = 'PROPOSED') = (decided_by_name = '')),
    ADD CONSTRAINT fee_bank_lines_payment  CHECK ((state = 'CONFIRMED') = (payment_id IS NOT NULL) AND (state = 'CONFIRMED') = (household_id IS NOT NULL)),
    ADD CONSTRAINT fee_bank_lines_reason   CHECK ((state = 'IGNORED') = (reason <> ''));
CREATE INDEX fee_bank_lines_open ON fee_bank_lines (estate_id, paid_on, id) WHERE state = 'PROPOSED';
CREATE INDEX fee_payments_reference ON fee_payments (estate_id, reference) WHERE method = 'BANK_TRANSFER' AND reference <> '';

REVOKE UPDATE ON fee_bank_lines FROM steward_app;
GRANT UPDATE (state, household_id, payment_id, decided_by_id, decided_by_name, decided_at, reason) ON fee_bank_lines TO steward_app;

-- +goose StatementBegin
-- A line begins proposed. It is confirmed once, with a payment that was booked for it in the same act, of its amount and under its number, while no other
-- is on record; it is free again when that payment was reversed.
CREATE FUNCTION fee_bank_line_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    way text := OLD.state || '>' || NEW.state;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'PROPOSED' OR NEW.released <> 0
            OR NOT EXISTS (SELECT FROM fee_bank_statements s WHERE s.estate_id = NEW.estate_id AND s.id = NEW.statement_id AND s.created_at = NEW.created_at) THEN
            RAISE check_violation USING CONSTRAINT = 'fee_bank_lines_way', MESSAGE = 'a line begins proposed, with its statement';
        END IF;
        RETURN NULL;
    END IF;
    IF way NOT IN ('PROPOSED>CONFIRMED', 'PROPOSED>IGNORED', 'IGNORED>PROPOSED')
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
    IF EXISTS (SELECT FROM fee_payments p WHERE p.estate_id = NEW.estate_id AND p.id <> NEW.payment_id AND p.method = 'BANK_TRANSFER' AND p.reference = NEW.transaction_id AND p.reverses_id IS NULL
            AND NOT EXISTS (SELECT FROM fee_payments r WHERE r.estate_id = p.estate_id AND r.reverses_id = p.id)) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_bank_lines_booked', MESSAGE = 'a payment of its number is on record';
    END IF;
    RETURN NULL;
END $$;

-- Nothing is booked for a line that nobody confirmed: under its number a payment is there with the confirmation only, or once the line was ignored.
CREATE FUNCTION fee_payment_awaits() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM fee_bank_lines l WHERE l.estate_id = NEW.estate_id AND l.transaction_id = NEW.reference AND l.state <> 'IGNORED' AND l.payment_id IS DISTINCT FROM NEW.id)
        AND NOT EXISTS (SELECT FROM fee_payments r WHERE r.estate_id = NEW.estate_id AND r.reverses_id = NEW.id) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_payments_await', MESSAGE = 'a line of the number awaits confirmation';
    END IF;
    RETURN NULL;
END $$;

-- A payment that is reversed frees its line.
CREATE FUNCTION fee_payment_frees_line() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE fee_bank_lines SET state = 'PROPOSED', household_id = NULL, payment_id = NULL, decided_by_id = NULL, decided_by_name = '', decided_at = NULL, released = released + 1
        WHERE estate_id = NEW.estate_id AND payment_id = NEW.reverses_id;
    RETURN NULL;
END $$;

-- A statement says what its lines say, which all come with it.
CREATE FUNCTION fee_bank_statement_whole() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM fee_bank_lines l WHERE l.estate_id = NEW.estate_id AND l.statement_id = NEW.id
        HAVING count(*) = NEW.lines AND sum(l.amount) = NEW.amount AND min(l.paid_on) = NEW.from_on AND max(l.paid_on) = NEW.until_on) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_bank_statements_whole', MESSAGE = 'not what its lines say';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION fee_payment_frees_line FROM PUBLIC;
CREATE TRIGGER fee_bank_line_goes AFTER INSERT OR UPDATE ON fee_bank_lines FOR EACH ROW EXECUTE FUNCTION fee_bank_line_goes();
CREATE CONSTRAINT TRIGGER fee_payment_awaits AFTER INSERT ON fee_payments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.reverses_id IS NULL AND NEW.method = 'BANK_TRANSFER' AND NEW.reference <> '') EXECUTE FUNCTION fee_payment_awaits();
CREATE TRIGGER fee_payment_frees_line AFTER INSERT ON fee_payments FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION fee_payment_frees_line();
CREATE CONSTRAINT TRIGGER fee_bank_statement_whole AFTER INSERT ON fee_bank_statements DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fee_bank_statement_whole();
