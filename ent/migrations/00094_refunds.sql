-- Refunds (F5): what a household has paid too much is given back once another approved it. The database takes it of the credit, the oldest first, and enters it
-- in the journal; never more than there is.

-- +goose Up
ALTER TABLE fee_refunds
    ADD CONSTRAINT fee_refunds_amount   CHECK (amount > 0 AND payee <> '' AND reason <> ''),
    ADD CONSTRAINT fee_refunds_paid     CHECK ((state IN ('PAID', 'RETURNED')) = (number IS NOT NULL) AND (number IS NULL) = (paid_at IS NULL) AND (number IS NULL) = (paid_by_id IS NULL)
        AND (number IS NULL) = (paid_by_name = '') AND (number IS NULL) = (booked_on IS NULL) AND (number IS NOT NULL OR reference = '')),
    ADD CONSTRAINT fee_refunds_returned CHECK ((state = 'RETURNED') = (returned_at IS NOT NULL) AND (returned_at IS NULL) = (returned_by_id IS NULL) AND (returned_at IS NULL) = (returned_by_name = '')
        AND (returned_at IS NULL) = (returned_on IS NULL) AND (returned_at IS NULL) = (return_reason = ''));
CREATE UNIQUE INDEX fee_refunds_open ON fee_refunds (estate_id, household_id) WHERE state = 'ASKED';
CREATE INDEX fee_refunds_household ON fee_refunds (household_id, asked_at, id);
ALTER TABLE fee_refund_parts
    ADD CONSTRAINT fee_refund_parts_amount CHECK (amount > 0),
    ADD CONSTRAINT fee_refund_parts_source CHECK (num_nonnulls(payment_id, credit_note_id) = 1),
    ADD CONSTRAINT fee_refund_parts_home   FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT;

REVOKE UPDATE ON fee_refunds FROM steward_app;
GRANT UPDATE (approval_id, state, booked_on, paid_by_id, paid_by_name, paid_at, reference, returned_on, returned_by_id, returned_by_name, returned_at, return_reason) ON fee_refunds TO steward_app;
REVOKE INSERT ON fee_refund_parts FROM steward_app;

-- +goose StatementBegin
-- The next number of an estate's refunds, once it is paid out. The book is locked until the end, so that none is missing and none is there twice.
CREATE FUNCTION fee_refund_numbered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE fee_books b SET last_refund = b.last_refund + 1 WHERE b.estate_id = NEW.estate_id RETURNING b.last_refund INTO NEW.number;
    RETURN NEW;
END $$;

-- A refund is asked for, and then paid out once it is approved by another, or ended; what was paid out may come back.
CREATE FUNCTION fee_refund_goes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    money text := CASE NEW.method WHEN 'CASH' THEN 'CASH' ELSE 'BANK' END;
    given bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'ASKED' THEN
            RAISE check_violation USING CONSTRAINT = 'fee_refunds_way', MESSAGE = 'a refund is asked for first';
        END IF;
        RETURN NULL;
    END IF;
    IF (OLD.state, NEW.state) NOT IN (('ASKED', 'ASKED'), ('ASKED', 'PAID'), ('ASKED', 'ENDED'), ('PAID', 'RETURNED')) OR OLD.approval_id <> NEW.approval_id
        OR OLD.approval_id IS NOT NULL AND NEW.approval_id IS NULL
        OR OLD.state = 'PAID' AND (OLD.booked_on, OLD.paid_by_id, OLD.paid_by_name, OLD.paid_at, OLD.reference) IS DISTINCT FROM (NEW.booked_on, NEW.paid_by_id, NEW.paid_by_name, NEW.paid_at, NEW.reference) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_refunds_way', MESSAGE = format('from %s to %s is no way', OLD.state, NEW.state);
    END IF;
    IF NEW.state = 'PAID' THEN
        IF NOT EXISTS (SELECT FROM approvals a WHERE a.estate_id = NEW.estate_id AND a.id = NEW.approval_id AND a.kind = 'fees.refund' AND a.subject_id = NEW.id AND a.state = 'USED'
            AND a.used_at = NEW.paid_at AND a.decided_by_id <> NEW.asked_by_id AND (a.content::jsonb->>'amount')::bigint = NEW.amount) THEN
            RAISE check_violation USING CONSTRAINT = 'fee_refunds_approved', MESSAGE = 'not approved by another';
        END IF;
        PERFORM fee_lock(NEW.estate_id, ARRAY[NEW.household_id]);
        WITH credit AS (
            SELECT c.*, sum(c.rest) OVER (ORDER BY c.created_at, c.id) AS upto FROM (
                SELECT p.id, p.id AS payment_id, NULL::uuid AS credit_note_id, p.created_at, p.unallocated AS rest FROM fee_payments p
                    WHERE p.estate_id = NEW.estate_id AND p.household_id = NEW.household_id AND p.unallocated > 0
                UNION ALL SELECT n.id, NULL, n.id, n.created_at, n.unallocated FROM fee_credit_notes n
                    WHERE n.estate_id = NEW.estate_id AND n.household_id = NEW.household_id AND n.unallocated > 0) c),
        taken AS (
            INSERT INTO fee_refund_parts (id, created_at, estate_id, household_id, refund_id, payment_id, credit_note_id, amount)
                SELECT new_id(x'0918'::int), NEW.paid_at, NEW.estate_id, NEW.household_id, NEW.id, c.payment_id, c.credit_note_id, least(c.upto, NEW.amount) - (c.upto - c.rest)
                FROM credit c WHERE c.upto - c.rest < NEW.amount ORDER BY c.upto
                RETURNING payment_id, credit_note_id, amount),
        payments AS (UPDATE fee_payments p SET unallocated = p.unallocated - t.amount FROM taken t WHERE p.estate_id = NEW.estate_id AND p.id = t.payment_id),
        notes AS (UPDATE fee_credit_notes n SET unallocated = n.unallocated - t.amount FROM taken t WHERE n.estate_id = NEW.estate_id AND n.id = t.credit_note_id)
        SELECT coalesce(sum(t.amount), 0) INTO given FROM taken t;
        IF given <> NEW.amount THEN
            RAISE check_violation USING CONSTRAINT = 'fee_refunds_credit', MESSAGE = format('there is %s', given);
        END IF;
        PERFORM fee_enter(ARRAY[NEW.estate_id], ARRAY[NEW.paid_at], ARRAY[NEW.booked_on], ARRAY['REFUNDED'], ARRAY[NEW.household_id], ARRAY[NEW.id], ARRAY[NEW.number::text], ARRAY['CREDIT'], ARRAY[money], ARRAY[NEW.amount]);
    ELSIF NEW.state = 'RETURNED' THEN
        PERFORM fee_lock(NEW.estate_id, ARRAY[NEW.household_id]);
        UPDATE fee_payments p SET unallocated = p.unallocated + t.amount FROM fee_refund_parts t
            WHERE t.estate_id = NEW.estate_id AND t.refund_id = NEW.id AND p.estate_id = t.estate_id AND p.id = t.payment_id;
        UPDATE fee_credit_notes n SET unallocated = n.unallocated + t.amount FROM fee_refund_parts t
            WHERE t.estate_id = NEW.estate_id AND t.refund_id = NEW.id AND n.estate_id = t.estate_id AND n.id = t.credit_note_id;
        PERFORM fee_enter(ARRAY[NEW.estate_id], ARRAY[NEW.returned_at], ARRAY[NEW.returned_on], ARRAY['RETURNED'], ARRAY[NEW.household_id], ARRAY[NEW.id], ARRAY[NEW.number::text], ARRAY[money], ARRAY['CREDIT'], ARRAY[NEW.amount]);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION fee_refund_numbered, fee_refund_goes FROM PUBLIC;
CREATE TRIGGER fee_refund_numbered BEFORE UPDATE ON fee_refunds FOR EACH ROW WHEN (OLD.state = 'ASKED' AND NEW.state = 'PAID') EXECUTE FUNCTION fee_refund_numbered();
CREATE TRIGGER fee_refund_goes AFTER INSERT OR UPDATE ON fee_refunds FOR EACH ROW EXECUTE FUNCTION fee_refund_goes();
