-- Counts against what is on record: states go one way, a sheet is blind until every line is counted, counts and
-- resolutions are written once, and nothing is closed while a line awaits its count or differs.

-- +goose Up
ALTER TABLE reconciliations
    ADD CONSTRAINT reconciliations_counted CHECK ((state IN ('SETTLING', 'CLOSED')) = (counted_at IS NOT NULL)),
    ADD CONSTRAINT reconciliations_ended CHECK (
        (state IN ('CLOSED', 'CANCELLED')) = (closed_at IS NOT NULL) AND (closed_at IS NULL) = (closed_by_id IS NULL)),
    ADD CONSTRAINT reconciliations_reason CHECK (state <> 'CANCELLED' OR close_note <> '');
ALTER TABLE reconciliation_lines
    ADD CONSTRAINT reconciliation_lines_counted CHECK ((counted IS NULL) = (counted_at IS NULL) AND (counted IS NULL) = (counted_by_id IS NULL)),
    -- What the record said is shown with the state that follows from the count, and as it was frozen.
    ADD CONSTRAINT reconciliation_lines_shown CHECK (
        (expected IS NULL) = (state = 'AWAITING') AND (expected IS NULL OR expected = frozen AND counted IS NOT NULL)),
    ADD CONSTRAINT reconciliation_lines_state CHECK (
        CASE state WHEN 'MATCHED' THEN counted = frozen WHEN 'DIFFERENT' THEN counted <> frozen WHEN 'RESOLVED' THEN counted <> frozen ELSE true END),
    ADD CONSTRAINT reconciliation_lines_resolved CHECK (
        (state = 'RESOLVED') = (resolved_at IS NOT NULL) AND (state = 'RESOLVED') = (resolved_by_id IS NOT NULL)
        AND (state = 'RESOLVED') = (resolution <> '') AND (state = 'RESOLVED') = (resolution_reason <> ''));

-- +goose StatementBegin
CREATE FUNCTION reconciliation_course() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state || ' ' || NEW.state NOT IN ('COUNTING COUNTING', 'COUNTING SETTLING', 'COUNTING CANCELLED', 'SETTLING SETTLING', 'SETTLING CLOSED', 'COUNTING CLOSED')
        OR (OLD.kind, OLD.clause, OLD.subject_id, OLD.frozen_at, OLD.opened_by_id) IS DISTINCT FROM (NEW.kind, NEW.clause, NEW.subject_id, NEW.frozen_at, NEW.opened_by_id) THEN
        RAISE check_violation USING MESSAGE = format('reconciliation %s: %s to %s', OLD.id, OLD.state, NEW.state), CONSTRAINT = 'reconciliations_course';
    END IF;
    IF NEW.state = 'SETTLING' AND OLD.state = 'COUNTING' AND EXISTS (
            SELECT FROM reconciliation_lines WHERE estate_id = NEW.estate_id AND reconciliation_id = NEW.id AND counted IS NULL)
        OR NEW.state = 'CLOSED' AND (OLD.state = 'COUNTING' OR EXISTS (
            SELECT FROM reconciliation_lines WHERE estate_id = NEW.estate_id AND reconciliation_id = NEW.id AND state IN ('AWAITING', 'DIFFERENT'))) THEN
        RAISE check_violation USING MESSAGE = format('reconciliation %s has open lines', OLD.id), CONSTRAINT = 'reconciliations_settled';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER reconciliation_course BEFORE UPDATE ON reconciliations FOR EACH ROW EXECUTE FUNCTION reconciliation_course();

-- A line follows its sheet, whose row it locks, so that none is counted or resolved while the sheet goes on. Where
-- there is no such sheet in the estate, the foreign key refuses.
-- +goose StatementBegin
CREATE FUNCTION reconciliation_line_course() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sheet text;
    allowed boolean;
BEGIN
    SELECT state INTO sheet FROM reconciliations WHERE estate_id = NEW.estate_id AND id = NEW.reconciliation_id FOR SHARE;
    IF NOT FOUND THEN
        RETURN NEW;
    ELSIF TG_OP = 'INSERT' THEN
        allowed := sheet = 'COUNTING' AND NEW.state = 'AWAITING' AND NEW.counted IS NULL;
    ELSIF (OLD.reconciliation_id, OLD.item_id, OLD.place_id, OLD.position, OLD.label, OLD.frozen)
            IS DISTINCT FROM (NEW.reconciliation_id, NEW.item_id, NEW.place_id, NEW.position, NEW.label, NEW.frozen) THEN
        allowed := false;
    ELSIF sheet = 'COUNTING' THEN
        allowed := NEW.state = 'AWAITING';
    ELSE
        allowed := sheet = 'SETTLING'
            AND (OLD.counted, OLD.counted_by_id, OLD.counted_by_name, OLD.counted_at) IS NOT DISTINCT FROM (NEW.counted, NEW.counted_by_id, NEW.counted_by_name, NEW.counted_at)
            AND OLD.state || ' ' || NEW.state IN ('AWAITING MATCHED', 'AWAITING DIFFERENT', 'DIFFERENT RESOLVED');
    END IF;
    IF NOT allowed THEN
        RAISE check_violation USING MESSAGE = format('line %s of reconciliation %s', NEW.id, NEW.reconciliation_id), CONSTRAINT = 'reconciliation_lines_course';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER reconciliation_line_course BEFORE INSERT OR UPDATE ON reconciliation_lines FOR EACH ROW EXECUTE FUNCTION reconciliation_line_course();
