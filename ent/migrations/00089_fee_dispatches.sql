-- Dispatches of notices (F3, F4, F8): each attempt is a row that stays, and what it means for its notice the database says. A notice goes out once customer
-- service has it, and again only if it came back; what comes back, and what was recorded by mistake, has it wait again.

-- +goose Up
SELECT voidable('fee_dispatches');
SELECT late('fee_dispatches', 'dispatched_at');

INSERT INTO signature_capacities (kind, capacity) VALUES ('fees.dispatch', 'recipient'), ('fees.dispatch', 'handler') ON CONFLICT DO NOTHING;
INSERT INTO signature_distinct (kind, a, b) VALUES ('fees.dispatch', 'recipient', 'handler') ON CONFLICT DO NOTHING;

ALTER TABLE fee_runs
    ADD CONSTRAINT fee_runs_received   CHECK ((received_at IS NULL) = (received_by_id IS NULL) AND (received_at IS NULL) = (received_by_name = '')
        AND (received_at IS NULL) = (dispatch_due_at IS NULL) AND (received_at IS NULL OR state = 'BILLED' AND received_at >= billed_at)),
    ADD CONSTRAINT fee_runs_dispatched CHECK (dispatched BETWEEN 0 AND notices AND (dispatched = 0 OR received_at IS NOT NULL));
-- A run goes from planned to running to billed, and is billed when it says what its notices say; from then on it says who got them, once, and how many are out.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION fee_run_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    made bigint;
    asked bigint;
    kept text[] := '{received_at,received_by_id,received_by_name,dispatch_due_at,dispatched}';
BEGIN
    IF (OLD.state, NEW.state) NOT IN (('PLANNED', 'PLANNED'), ('PLANNED', 'RUNNING'), ('RUNNING', 'RUNNING'), ('RUNNING', 'BILLED'), ('BILLED', 'BILLED'))
        OR OLD.started_at IS NOT NULL AND (OLD.started_at, OLD.started_by_name, OLD.issued_on, OLD.pay_by, OLD.payers) IS DISTINCT FROM (NEW.started_at, NEW.started_by_name, NEW.issued_on, NEW.pay_by, NEW.payers)
        OR OLD.state = 'BILLED' AND to_jsonb(OLD) - kept <> to_jsonb(NEW) - kept
        OR OLD.received_at IS NOT NULL AND (OLD.received_at, OLD.received_by_id, OLD.received_by_name) IS DISTINCT FROM (NEW.received_at, NEW.received_by_id, NEW.received_by_name)
        -- by when they are dispatched moves with the estate's calendar, as what is due does
        OR OLD.dispatch_due_at <> NEW.dispatch_due_at AND NOT EXISTS (SELECT FROM obligations o WHERE o.estate_id = NEW.estate_id AND o.subject_id = NEW.id
            AND o.kind = 'fees.dispatch' AND o.state = 'OPEN' AND o.counted_from IS NOT NULL AND o.due_at = NEW.dispatch_due_at) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_runs_way', MESSAGE = format('from %s to %s is no way', OLD.state, NEW.state);
    END IF;
    IF NEW.state = 'BILLED' AND OLD.state <> 'BILLED' THEN
        SELECT count(*), coalesce(sum(n.amount), 0) INTO made, asked FROM fee_notices n WHERE n.estate_id = NEW.estate_id AND n.run_id = NEW.id;
        IF (made, asked) IS DISTINCT FROM (NEW.notices, NEW.amount) THEN
            RAISE check_violation USING CONSTRAINT = 'fee_runs_made', MESSAGE = format('its notices are %s for %s', made, asked);
        END IF;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- What is to be dispatched, in walking order.
CREATE INDEX fee_notices_waiting ON fee_notices (estate_id, run_id, sort_key, id) WHERE dispatch <> 'DISPATCHED';

ALTER TABLE fee_dispatches
    ADD CONSTRAINT fee_dispatches_of       CHECK (num_nonnulls(notice_id, dunning_id) = 1),
    ADD CONSTRAINT fee_dispatches_method   CHECK (CASE method
        WHEN 'IN_PERSON' THEN recipient <> '' AND capacity IS NOT NULL AND (capacity = 'FAMILY') = (relation <> '') AND reason = ''
        WHEN 'POST' THEN reason <> ''
        WHEN 'MAILBOX' THEN notice_id IS NOT NULL AND reason = ''
        ELSE reason <> '' END
        AND (method = 'IN_PERSON' OR recipient = '' AND capacity IS NULL AND relation = '')
        AND (method = 'POST') = (postage > 0) AND (method = 'POST' OR tracking = '')),
    ADD CONSTRAINT fee_dispatches_late     CHECK (late = coalesce(dispatched_at > due_at, false)),
    ADD CONSTRAINT fee_dispatches_returned CHECK ((returned_at IS NULL) = (returned_reason = '') AND (returned_at IS NULL) = (returned_by_id IS NULL)
        AND (returned_at IS NULL) = (returned_by_name = '') AND (returned_at IS NULL OR method = 'POST' AND returned_at >= dispatched_at));

REVOKE UPDATE ON fee_dispatches FROM steward_app;
GRANT UPDATE (voided_at, void_reason, voided_by_id, voided_by_name, returned_at, returned_reason, returned_by_id, returned_by_name) ON fee_dispatches TO steward_app;

CREATE CONSTRAINT TRIGGER fee_dispatches_signed AFTER INSERT ON fee_dispatches DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.method = 'IN_PERSON') EXECUTE FUNCTION must_be_signed('fees.dispatch', 'id');

-- How a notice stands after what was recorded of it.
-- +goose StatementBegin
CREATE FUNCTION fee_notice_dispatched(estate uuid, notice uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    n fee_notices;
    stands text;
    first timestamptz;
BEGIN
    SELECT * INTO n FROM fee_notices f WHERE f.estate_id = estate AND f.id = notice FOR UPDATE;
    SELECT CASE WHEN bool_or(d.method <> 'ABSENT' AND d.returned_at IS NULL) THEN 'DISPATCHED' WHEN bool_or(d.returned_at IS NOT NULL) THEN 'RETURNED' ELSE 'WAITING' END,
            min(d.dispatched_at) FILTER (WHERE d.method <> 'ABSENT')
        INTO stands, first FROM fee_dispatches d WHERE d.estate_id = estate AND d.notice_id = notice AND d.voided_at IS NULL;
    IF (n.dispatch, n.dispatched_at) IS DISTINCT FROM (stands, first) THEN
        UPDATE fee_notices f SET dispatch = stands, dispatched_at = first WHERE f.estate_id = estate AND f.id = notice;
        UPDATE fee_runs r SET dispatched = r.dispatched + (stands = 'DISPATCHED')::int - (n.dispatch = 'DISPATCHED')::int WHERE r.estate_id = estate AND r.id = n.run_id;
    END IF;
END $$;

-- An attempt is the next one, of a notice that customer service has and that is not with its household already.
CREATE FUNCTION fee_dispatch_of_notice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    n fee_notices;
    received timestamptz;
BEGIN
    SELECT * INTO n FROM fee_notices f WHERE f.estate_id = NEW.estate_id AND f.id = NEW.notice_id FOR UPDATE;
    IF n.household_id IS DISTINCT FROM NEW.household_id THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_household', MESSAGE = 'the notice is another household''s';
    END IF;
    SELECT r.received_at INTO received FROM fee_runs r WHERE r.estate_id = n.estate_id AND r.id = n.run_id;
    IF (received <= NEW.dispatched_at) IS NOT TRUE THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_received', MESSAGE = 'customer service does not have it, or did not then';
    END IF;
    IF n.dispatch = 'DISPATCHED' THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_once', MESSAGE = 'it was dispatched, and did not come back';
    END IF;
    IF NEW.attempt <> (SELECT count(*) FROM fee_dispatches d WHERE d.estate_id = NEW.estate_id AND d.notice_id = NEW.notice_id) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_attempt', MESSAGE = 'not the next attempt';
    END IF;
    PERFORM fee_notice_dispatched(NEW.estate_id, NEW.notice_id);
    RETURN NULL;
END $$;
CREATE FUNCTION fee_dispatch_of_notice_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM fee_notice_dispatched(NEW.estate_id, NEW.notice_id);
    RETURN NULL;
END $$;

-- What came back is not told otherwise after; and a resident who signed is of the household whose notice it is.
CREATE FUNCTION fee_dispatch_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF OLD.returned_at IS NOT NULL AND (OLD.returned_at, OLD.returned_reason, OLD.returned_by_id, OLD.returned_by_name) IS DISTINCT FROM
        (NEW.returned_at, NEW.returned_reason, NEW.returned_by_id, NEW.returned_by_name) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_returned_once', MESSAGE = 'it came back before';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION fee_dispatch_signed_by() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM signatures s JOIN residents r ON r.estate_id = s.estate_id AND r.id = s.resident_id
        WHERE s.estate_id = NEW.estate_id AND s.subject_id = NEW.id AND s.kind = 'fees.dispatch' AND s.capacity = 'recipient' AND r.household_id IS DISTINCT FROM NEW.household_id) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_resident', MESSAGE = 'signed by another household';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION fee_notice_dispatched, fee_dispatch_of_notice, fee_dispatch_of_notice_changed FROM PUBLIC;
CREATE TRIGGER fee_dispatch_of_notice AFTER INSERT ON fee_dispatches FOR EACH ROW WHEN (NEW.notice_id IS NOT NULL) EXECUTE FUNCTION fee_dispatch_of_notice();
CREATE TRIGGER fee_dispatch_of_notice_changed AFTER UPDATE OF voided_at, returned_at ON fee_dispatches
    FOR EACH ROW WHEN (NEW.notice_id IS NOT NULL) EXECUTE FUNCTION fee_dispatch_of_notice_changed();
CREATE TRIGGER fee_dispatch_stays AFTER UPDATE ON fee_dispatches FOR EACH ROW EXECUTE FUNCTION fee_dispatch_stays();
CREATE CONSTRAINT TRIGGER fee_dispatch_signed_by AFTER INSERT ON fee_dispatches DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.method = 'IN_PERSON') EXECUTE FUNCTION fee_dispatch_signed_by();

-- A proof is of a dispatch that stands.
-- +goose StatementBegin
CREATE FUNCTION fee_proof_of() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM fee_dispatches d WHERE d.estate_id = NEW.estate_id AND d.id = NEW.dispatch_id AND d.voided_at IS NOT NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'voided', MESSAGE = 'the dispatch was voided';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER fee_proof_of AFTER INSERT ON fee_proofs FOR EACH ROW EXECUTE FUNCTION fee_proof_of();

-- Whether content of an estate is held by anything (internal/files): proofs hold theirs, too.
ALTER FUNCTION content_used RENAME TO content_used_but_by_fee_proofs;
CREATE FUNCTION content_used(estate uuid, sum text) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT content_used_but_by_fee_proofs(estate, sum) OR EXISTS (SELECT FROM fee_proofs WHERE estate_id = estate AND sha256 = sum) $$;
