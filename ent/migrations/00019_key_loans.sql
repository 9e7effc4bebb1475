-- Loans and returns are signed by both (K2.1); they last until the end of the day, or as long as the general manager
-- approved (K2.2); what is not in use is not lent (K3.1); what came back is not voided as a loan.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

ALTER TABLE key_loan_lines ADD COLUMN voided boolean NOT NULL DEFAULT false;
ALTER TABLE key_loan_lines ADD CONSTRAINT key_loan_lines_voided CHECK (NOT voided OR returned = 0 AND lost = 0);

INSERT INTO signature_capacities (kind, capacity) VALUES
    ('keys.lend', 'borrower'), ('keys.lend', 'handler'), ('keys.return', 'returner'), ('keys.return', 'handler') ON CONFLICT DO NOTHING;
INSERT INTO signature_distinct (kind, a, b) VALUES
    ('keys.lend', 'borrower', 'handler'), ('keys.return', 'returner', 'handler') ON CONFLICT DO NOTHING;

-- must_be_signed('keys.lend', 'id'): when the transaction ends, every capacity of the kind has signed one and the same
-- content under the subject that the column names. What was recorded before there were signatures stays as it is.
-- +goose StatementBegin
CREATE FUNCTION must_be_signed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject uuid := to_jsonb(NEW) ->> TG_ARGV[1];
BEGIN
    IF EXISTS (SELECT FROM signature_capacities c WHERE c.kind = TG_ARGV[0] AND NOT EXISTS (
           SELECT FROM signatures s WHERE s.estate_id = NEW.estate_id AND s.subject_id = subject AND s.kind = c.kind AND s.capacity = c.capacity))
       OR (SELECT count(DISTINCT content_hash) FROM signatures s WHERE s.estate_id = NEW.estate_id AND s.subject_id = subject AND s.kind = TG_ARGV[0]) <> 1 THEN
        RAISE EXCEPTION '% % is not signed by all', TG_TABLE_NAME, subject USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER key_loans_signed AFTER INSERT ON key_loans DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION must_be_signed('keys.lend', 'id');
CREATE CONSTRAINT TRIGGER key_returns_signed AFTER INSERT ON key_returns DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION must_be_signed('keys.return', 'receipt_id');

-- The end of the day that a moment falls on in a time zone: the start of the next one, and where midnight comes twice, the second.
CREATE FUNCTION end_of_day(at timestamptz, zone text) RETURNS timestamptz STABLE LANGUAGE sql AS
    $$ SELECT (date_trunc('day', at AT TIME ZONE zone) + interval '1 day') AT TIME ZONE zone $$;

-- A request is approved once, an approval used once; what was asked for does not change.
DROP INDEX keyloanrequest_estate_id_approval_id;
CREATE UNIQUE INDEX keyloanrequest_estate_id_approval_id ON key_loan_requests (estate_id, approval_id);
CREATE UNIQUE INDEX key_loans_approval ON key_loans (estate_id, approval_id);
-- +goose StatementBegin
CREATE FUNCTION key_loan_request_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - '{approval_id,version}'::text[] <> to_jsonb(OLD) - '{approval_id,version}'::text[] OR OLD.approval_id <> NEW.approval_id THEN
        RAISE EXCEPTION 'what was asked for does not change' USING ERRCODE = 'check_violation', CONSTRAINT = 'key_loan_requests_stay';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_loan_requests_stay BEFORE UPDATE ON key_loan_requests FOR EACH ROW EXECUTE FUNCTION key_loan_request_stays();

-- +goose StatementBegin
CREATE FUNCTION key_loan_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.due_at <= end_of_day(NEW.lent_at, (SELECT time_zone FROM estates WHERE id = NEW.estate_id))) IS NOT TRUE AND NOT EXISTS (
        SELECT FROM key_loan_requests r JOIN approvals a ON a.estate_id = r.estate_id AND a.id = r.approval_id
        WHERE r.estate_id = NEW.estate_id AND r.approval_id = NEW.approval_id AND r.borrower_id = NEW.borrower_id AND r.until >= NEW.due_at
          AND a.subject_id = r.id AND a.state = 'USED'
          AND (r.loan_id IS NULL AND a.kind = 'keys.longLoan' AND a.decided_at <= NEW.lent_at OR r.loan_id = NEW.id AND a.kind = 'keys.extension')) THEN
        RAISE EXCEPTION 'loan % lasts longer than was approved', NEW.id USING ERRCODE = 'check_violation', CONSTRAINT = 'key_loans_due';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_loans_due AFTER INSERT OR UPDATE OF due_at, lent_at, borrower_id, approval_id ON key_loans
    FOR EACH ROW EXECUTE FUNCTION key_loan_due();

-- The set's row is locked, so that a lock change and a loan follow one another.
-- +goose StatementBegin
CREATE FUNCTION key_loan_line_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM key_sets WHERE estate_id = NEW.estate_id AND id = NEW.set_id AND condition = 'IN_USE' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'key set % is not in use', NEW.set_id USING ERRCODE = 'check_violation', CONSTRAINT = 'key_loan_lines_in_use';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_loan_lines_in_use AFTER INSERT ON key_loan_lines FOR EACH ROW EXECUTE FUNCTION key_loan_line_in_use();

-- A loan of which something came back, or was lost, is not voided.
-- +goose StatementBegin
CREATE FUNCTION key_loan_untouched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM key_loan_lines WHERE estate_id = NEW.estate_id AND loan_id = NEW.id AND returned + lost > 0) THEN
        RAISE EXCEPTION 'keys of loan % came back or were lost', NEW.id USING ERRCODE = 'check_violation', CONSTRAINT = 'key_loans_untouched';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_loans_untouched BEFORE UPDATE OF state ON key_loans
    FOR EACH ROW WHEN (NEW.state = 'VOIDED' AND OLD.state <> 'VOIDED') EXECUTE FUNCTION key_loan_untouched();
