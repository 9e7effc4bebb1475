-- The key ledger month by month (K4.2): what a closed month tells adds up, and stays so. And who signs when keys pass (K4.1).

-- +goose Up

-- When a month begins in the estate.
CREATE FUNCTION month_start(estate uuid, month date) RETURNS timestamptz STABLE LANGUAGE sql AS
    $$ SELECT date_trunc('month', month::timestamp) AT TIME ZONE time_zone FROM estates WHERE id = estate $$;

ALTER TABLE key_statements
    ADD CONSTRAINT key_statements_month CHECK (extract(day FROM month) = 1);
ALTER TABLE key_statement_lines
    ADD CONSTRAINT key_statement_lines_equation CHECK (
        opening + accepted + replaced + copied + taken_back + found + from_engineering
        - handed_over - lost - scrapped - retired - to_engineering + adjusted = closing),
    ADD CONSTRAINT key_statement_lines_counts CHECK (opening >= 0 AND closing >= 0 AND with_households >= 0 AND lock_changes >= 0);

-- Who posts holds the estate's ledger open, together with others who post; who closes a month waits for them, and those who
-- come later for the closing. So an entry is in the statement, or refused.
-- +goose StatementBegin
CREATE FUNCTION key_month_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('key month ' || NEW.estate_id::text, 0));
    IF EXISTS (SELECT FROM key_statements WHERE estate_id = NEW.estate_id
        AND NEW.occurred_at < month_start(estate_id, (month + interval '1 month')::date)) THEN
        RAISE check_violation USING CONSTRAINT = 'key_movements_open_month', MESSAGE = 'the month of the entry is closed';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_month_open BEFORE INSERT ON key_movements FOR EACH ROW EXECUTE FUNCTION key_month_open();

-- A month is closed when it is over, and after the one before it, unless nothing was entered until then.
-- +goose StatementBegin
CREATE FUNCTION key_month_close() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('key month ' || NEW.estate_id::text, 0));
    IF NEW.closed_at < month_start(NEW.estate_id, (NEW.month + interval '1 month')::date) THEN
        RAISE check_violation USING CONSTRAINT = 'key_statements_over', MESSAGE = 'the month is not over';
    END IF;
    IF NOT EXISTS (SELECT FROM key_statements WHERE estate_id = NEW.estate_id AND month = (NEW.month - interval '1 month')::date)
        AND EXISTS (SELECT FROM key_movements WHERE estate_id = NEW.estate_id AND occurred_at < month_start(NEW.estate_id, NEW.month)) THEN
        RAISE check_violation USING CONSTRAINT = 'key_statements_order', MESSAGE = 'an earlier month is open';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_month_close BEFORE INSERT ON key_statements FOR EACH ROW EXECUTE FUNCTION key_month_close();

-- Keys that pass between the office and a household or engineering are signed for, and the handler signs for neither (K4.1).
INSERT INTO signature_capacities VALUES
    ('keys.handOver', 'household'), ('keys.handOver', 'handler'),
    ('keys.takeBack', 'household'), ('keys.takeBack', 'handler'),
    ('keys.engineering', 'engineering'), ('keys.engineering', 'handler');
INSERT INTO signature_distinct VALUES
    ('keys.handOver', 'household', 'handler'), ('keys.takeBack', 'household', 'handler'), ('keys.engineering', 'engineering', 'handler');
