-- What fees hold to besides (F2-F8), whoever writes: a dunning notice whose dispatches were voided is not delivered, though it was paid meanwhile; nobody is dunned who
-- has credit; a payment that was reversed settles nothing and frees nothing else; what an attempt was due by is the notice's; a number at the bank is booked for no more
-- than the bank received, however it is written.

-- +goose Up
-- +goose StatementBegin
-- How a notice stands after what was recorded of its dispatches: one that was paid, too, stays delivered while the next level rests on it.
CREATE OR REPLACE FUNCTION fee_dunning_dispatched(estate uuid, dunning uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    d fee_dunnings;
    first timestamptz;
    done timestamptz;
    zone text;
    days bigint;
BEGIN
    SELECT * INTO d FROM fee_dunnings x WHERE x.estate_id = estate AND x.id = dunning FOR UPDATE;
    SELECT min(f.dispatched_at), min(f.dispatched_at) FILTER (WHERE f.method IN ('IN_PERSON', 'POST') AND f.returned_at IS NULL) INTO first, done
        FROM fee_dispatches f WHERE f.estate_id = estate AND f.dunning_id = dunning AND f.voided_at IS NULL;
    IF done IS NULL AND d.state IN ('DELIVERED', 'SETTLED') AND EXISTS (SELECT FROM fee_dunnings x WHERE x.estate_id = estate AND x.previous_id = dunning AND x.ended_at IS NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dunnings_followed', MESSAGE = 'a notice of the next level follows it';
    END IF;
    IF d.state NOT IN ('HANDED', 'DISPATCHED', 'DELIVERED') THEN
        RETURN; -- it was paid, or another version took its place: what became of this paper is looked at if it is demanded again
    END IF;
    SELECT e.time_zone, b.dunning_days INTO zone, days FROM estates e JOIN fee_books b ON b.estate_id = e.id WHERE e.id = estate;
    UPDATE fee_dunnings x SET state = CASE WHEN done IS NOT NULL THEN 'DELIVERED' WHEN first IS NOT NULL THEN 'DISPATCHED' ELSE 'HANDED' END,
        dispatched_at = first, deliver_due_at = end_of_day(first + interval '2 days', zone), delivered_at = done, delivered_to_id = CASE WHEN done IS NOT NULL THEN x.household_id END,
        pay_by = ((done AT TIME ZONE zone)::date + days::int) WHERE x.estate_id = estate AND x.id = dunning;
    UPDATE fee_dunning_lines l SET delivered_to_id = CASE WHEN done IS NOT NULL THEN l.household_id END WHERE l.estate_id = estate AND l.dunning_id = dunning;
END $$;

-- What was settled is not demanded any more (F6): a notice of which nothing is open is withdrawn, or settled if it was delivered; one that asks for another amount than is open
-- is replaced by a version that does, and that is reviewed and stamped anew. And what was settled, and is not any more, is demanded again, as its dispatches stand by then.
CREATE OR REPLACE FUNCTION fee_dunnings_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    d fee_dunnings;
    s record;
    at timestamptz;
    made uuid;
BEGIN
    SELECT max(r.created_at) INTO at FROM rows r;
    FOR d IN SELECT x.* FROM fee_dunnings x JOIN (SELECT DISTINCT r.estate_id, r.household_id FROM rows r) h ON h.estate_id = x.estate_id AND h.household_id = x.household_id
            WHERE x.ended_at IS NULL ORDER BY x.id FOR UPDATE OF x LOOP
        -- Of a later level that was not delivered yet, all that the level before asked for is looked at: some of it may be open again.
        SELECT coalesce(sum(n.amount - n.settled), 0) AS open, bool_or(n.amount - n.settled <> coalesce(l.amount, 0)) AS changed, array_agg(n.id) FILTER (WHERE n.state = 'OPEN') AS notices INTO s
            FROM fee_dunning_lines b JOIN fee_notices n ON n.estate_id = b.estate_id AND n.id = b.notice_id
            LEFT JOIN fee_dunning_lines l ON l.estate_id = b.estate_id AND l.dunning_id = d.id AND l.notice_id = b.notice_id
            WHERE b.estate_id = d.estate_id AND b.dunning_id = CASE WHEN d.delivered_at IS NULL THEN coalesce(d.previous_id, d.id) ELSE d.id END;
        CONTINUE WHEN d.state = 'DELIVERED' AND s.open > 0 OR d.state = 'SETTLED' AND s.open = 0 OR d.delivered_at IS NULL AND NOT s.changed;
        IF d.delivered_at IS NOT NULL THEN
            UPDATE fee_dunnings x SET state = CASE WHEN s.open = 0 THEN 'SETTLED' ELSE 'DELIVERED' END, settled_at = CASE WHEN s.open = 0 THEN at END WHERE x.estate_id = d.estate_id AND x.id = d.id;
            CONTINUE WHEN s.open = 0;
            -- What became of its dispatches meanwhile counts again: one that was voided, or came back, is to be made.
            PERFORM fee_dunning_dispatched(d.estate_id, d.id);
            INSERT INTO obligations (id, created_at, estate_id, kind, clause, title, title_en, subject_id, due_at, department_id)
                SELECT new_id(x'0203'::int), at, x.estate_id, v.kind, v.clause, v.title || n.name, v.title_en || n.name, x.id, v.due,
                    (SELECT p.id FROM departments p WHERE p.estate_id = x.estate_id AND p.kind = 'CUSTOMER_SERVICE' ORDER BY p.id LIMIT 1)
                FROM fee_dunnings x CROSS JOIN LATERAL (SELECT x.number || CASE WHEN x.revision > 1 THEN '-' || x.revision ELSE '' END || ' ' || x.address AS name) n
                JOIN (VALUES ('HANDED', 'fees.dispatchDunning', 'F7', '派发催缴通知单:', 'Dispatch dunning notice '), ('DISPATCHED', 'fees.deliverDunning', 'F8', '送达催缴通知单:', 'Deliver dunning notice ')) k(state, kind, clause, title, title_en)
                    ON k.state = x.state
                CROSS JOIN LATERAL (SELECT k.kind, k.clause, k.title, k.title_en, CASE x.state WHEN 'HANDED' THEN x.dispatch_due_at ELSE x.deliver_due_at END AS due) v
                WHERE x.estate_id = d.estate_id AND x.id = d.id
                    AND NOT EXISTS (SELECT FROM obligations o WHERE o.estate_id = x.estate_id AND o.subject_id = x.id AND o.kind = v.kind AND o.met_at IS NULL AND o.state <> 'CANCELLED');
            CONTINUE;
        END IF;
        UPDATE fee_dunnings x SET state = CASE WHEN s.open = 0 THEN 'WITHDRAWN' ELSE 'REPLACED' END, ended_at = at, end_reason = CASE WHEN s.open = 0 THEN '已结清' ELSE '应缴金额已变' END
            WHERE x.estate_id = d.estate_id AND x.id = d.id;
        UPDATE obligations o SET state = 'CANCELLED' WHERE o.estate_id = d.estate_id AND o.subject_id = d.id AND o.met_at IS NULL AND o.state <> 'CANCELLED';
        IF s.open > 0 THEN
            made := fee_dunning_make(d.estate_id, d.household_id, s.notices, d.level, d.previous_id, d, at, (SELECT (at AT TIME ZONE e.time_zone)::date FROM estates e WHERE e.id = d.estate_id), d.draft_due_at, '');
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- Drafts what is missing, as before, once what the households have of credit has settled what it can (F6): nobody is asked for what is there already.
CREATE OR REPLACE FUNCTION fee_dun(estate uuid, at timestamptz, today date, after uuid, most integer, by_name text, again boolean, OUT drafted uuid[], OUT place uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    homes uuid[];
    zone text;
    r record;
BEGIN
    SELECT e.time_zone INTO zone FROM estates e WHERE e.id = estate;
    SELECT array_agg(h.household_id ORDER BY h.household_id) INTO homes FROM (
        SELECT x.household_id FROM (SELECT u.household_id FROM fee_undunned(estate, today, again) u UNION SELECT u.household_id FROM fee_unheeded(estate, today, again) u) x
        WHERE x.household_id > after ORDER BY 1 LIMIT most) h;
    drafted := '{}';
    IF homes IS NULL THEN
        RETURN;
    END IF;
    PERFORM fee_settle(estate, homes, at, today);
    FOR r IN SELECT u.household_id, array_agg(u.notice_id) AS notices, min(u.pay_by) AS oldest FROM fee_undunned(estate, today, again) u WHERE u.household_id = ANY (homes) GROUP BY 1 ORDER BY 1 LOOP
        drafted := drafted || fee_dunning_make(estate, r.household_id, r.notices, 'FIRST', NULL, NULL, at, today, end_of_day((r.oldest + 3)::timestamp AT TIME ZONE zone, zone), by_name);
    END LOOP;
    FOR r IN SELECT u.household_id, d.id, d.level, d.pay_by, array_agg(n.id) AS notices FROM fee_unheeded(estate, today, again) u JOIN fee_dunnings d ON d.estate_id = estate AND d.id = u.dunning_id
            JOIN fee_dunning_lines l ON l.estate_id = estate AND l.dunning_id = d.id JOIN fee_notices n ON n.estate_id = estate AND n.id = l.notice_id AND n.state = 'OPEN'
            WHERE u.household_id = ANY (homes) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2 LOOP
        drafted := drafted || fee_dunning_make(estate, r.household_id, r.notices, CASE r.level WHEN 'FIRST' THEN 'SECOND' ELSE 'FINAL' END, r.id, NULL, at, today,
            end_of_day((r.pay_by + 3)::timestamp AT TIME ZONE zone, zone), by_name);
    END LOOP;
    place := CASE WHEN cardinality(homes) = most THEN homes[most] END;
END $$;

-- What settles a notice is credit of its household that it had until then, and settles no more than is open. It is undone by the reversal of the payment only, and no more of it
-- than there was.
CREATE OR REPLACE FUNCTION fee_allocations_entered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM rows) THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM rows r
        LEFT JOIN fee_notices n ON n.estate_id = r.estate_id AND n.id = r.notice_id
        LEFT JOIN fee_payments p ON p.estate_id = r.estate_id AND p.id = r.payment_id
        LEFT JOIN fee_credit_notes c ON c.estate_id = r.estate_id AND c.id = r.credit_note_id
        WHERE r.household_id IS DISTINCT FROM n.household_id OR r.household_id IS DISTINCT FROM coalesce(p.household_id, c.household_id)) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_allocations_household', MESSAGE = 'not of one household';
    END IF;
    IF EXISTS (SELECT FROM rows r WHERE r.amount < 0 AND NOT EXISTS (SELECT FROM fee_payments p WHERE p.estate_id = r.estate_id AND p.reverses_id = r.payment_id)) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_allocations_undone', MESSAGE = 'its payment was not reversed';
    END IF;
    IF EXISTS (SELECT FROM rows r WHERE r.amount < 0 AND (SELECT sum(a.amount) FROM fee_allocations a WHERE a.estate_id = r.estate_id AND a.payment_id = r.payment_id AND a.notice_id = r.notice_id) < 0) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_allocations_undone', MESSAGE = 'it did not settle so much';
    END IF;
    UPDATE fee_payments p SET unallocated = p.unallocated - s.amount
        FROM (SELECT estate_id, payment_id, sum(amount) AS amount FROM rows WHERE payment_id IS NOT NULL GROUP BY 1, 2) s WHERE p.estate_id = s.estate_id AND p.id = s.payment_id;
    UPDATE fee_credit_notes c SET unallocated = c.unallocated - s.amount
        FROM (SELECT estate_id, credit_note_id, sum(amount) AS amount FROM rows WHERE credit_note_id IS NOT NULL GROUP BY 1, 2) s WHERE c.estate_id = s.estate_id AND c.id = s.credit_note_id;
    UPDATE fee_notices n SET settled = n.settled + s.amount, state = CASE WHEN n.settled + s.amount = n.amount THEN 'SETTLED' ELSE 'OPEN' END
        FROM (SELECT estate_id, notice_id, sum(amount) AS amount FROM rows GROUP BY 1, 2) s WHERE n.estate_id = s.estate_id AND n.id = s.notice_id;
    PERFORM fee_enter(array_agg(r.estate_id ORDER BY r.id), array_agg(r.created_at ORDER BY r.id), array_agg(r.booked_on ORDER BY r.id), array_agg(CASE WHEN r.amount > 0 THEN 'SETTLED' ELSE 'UNSETTLED' END ORDER BY r.id),
        array_agg(r.household_id ORDER BY r.id), array_agg(r.id ORDER BY r.id), array_agg(n.number::text ORDER BY r.id),
        array_agg(CASE WHEN r.amount > 0 THEN 'CREDIT' ELSE 'RECEIVABLE' END ORDER BY r.id), array_agg(CASE WHEN r.amount > 0 THEN 'RECEIVABLE' ELSE 'CREDIT' END ORDER BY r.id), array_agg(abs(r.amount) ORDER BY r.id))
        FROM rows r JOIN fee_notices n ON n.estate_id = r.estate_id AND n.id = r.notice_id;
    RETURN NULL;
END $$;

-- A notice is made while its run is running, for its month and days, with nothing of it settled or dispatched, and asks for what its lines say together.
CREATE OR REPLACE FUNCTION fee_notices_of_run() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM rows n LEFT JOIN fee_runs r ON r.estate_id = n.estate_id AND r.id = n.run_id
        WHERE r.state IS DISTINCT FROM 'RUNNING' OR (n.credited, n.settled, n.state, n.dispatch, n.dispatched_at) IS DISTINCT FROM (0::bigint, 0::bigint, 'OPEN'::varchar, 'WAITING'::varchar, NULL::timestamptz) OR (n.month, n.issued_on, n.pay_by) IS DISTINCT FROM (r.month, r.issued_on, r.pay_by)) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_notices_of_run', MESSAGE = 'not as its run is';
    END IF;
    RETURN NULL;
END $$;

-- An attempt is the next one, of a notice that customer service has and that is not with its household already, and was due when the month's notices are; after what came back, when
-- the calendar says.
CREATE OR REPLACE FUNCTION fee_dispatch_of_notice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    n fee_notices;
    r fee_runs;
BEGIN
    SELECT * INTO n FROM fee_notices f WHERE f.estate_id = NEW.estate_id AND f.id = NEW.notice_id FOR UPDATE;
    IF n.household_id IS DISTINCT FROM NEW.household_id THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_household', MESSAGE = 'the notice is another household''s';
    END IF;
    SELECT f.* INTO r FROM fee_runs f WHERE f.estate_id = n.estate_id AND f.id = n.run_id;
    IF (r.received_at <= NEW.dispatched_at) IS NOT TRUE THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_received', MESSAGE = 'customer service does not have it, or did not then';
    END IF;
    IF n.dispatch = 'DISPATCHED' THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_once', MESSAGE = 'it was dispatched, and did not come back';
    END IF;
    IF NEW.attempt <> (SELECT count(*) FROM fee_dispatches d WHERE d.estate_id = NEW.estate_id AND d.notice_id = NEW.notice_id) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_attempt', MESSAGE = 'not the next attempt';
    END IF;
    IF (CASE WHEN EXISTS (SELECT FROM fee_dispatches d WHERE d.estate_id = NEW.estate_id AND d.notice_id = NEW.notice_id AND d.returned_at IS NOT NULL AND d.voided_at IS NULL)
        THEN NEW.due_at IS NULL ELSE NEW.due_at IS DISTINCT FROM r.dispatch_due_at END) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_due', MESSAGE = 'it was due by another time';
    END IF;
    PERFORM fee_notice_dispatched(NEW.estate_id, NEW.notice_id);
    RETURN NULL;
END $$;

-- Nothing unstamped is dispatched, and nothing that customer service does not have (F7); into the mailbox it does not go (F8). It was due when the notice says.
CREATE OR REPLACE FUNCTION fee_dispatch_of_dunning() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    d fee_dunnings;
BEGIN
    SELECT * INTO d FROM fee_dunnings x WHERE x.estate_id = NEW.estate_id AND x.id = NEW.dunning_id FOR UPDATE;
    IF d.household_id IS DISTINCT FROM NEW.household_id THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_household', MESSAGE = 'the notice is another household''s';
    END IF;
    IF d.stamped_at IS NULL THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_stamped', MESSAGE = 'it is not stamped';
    END IF;
    IF d.state NOT IN ('HANDED', 'DISPATCHED') OR (d.handed_at <= NEW.dispatched_at) IS NOT TRUE THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_handed', MESSAGE = format('it is %s', d.state);
    END IF;
    IF NEW.attempt <> (SELECT count(*) FROM fee_dispatches f WHERE f.estate_id = NEW.estate_id AND f.dunning_id = NEW.dunning_id) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_attempt', MESSAGE = 'not the next attempt';
    END IF;
    IF (CASE WHEN EXISTS (SELECT FROM fee_dispatches f WHERE f.estate_id = NEW.estate_id AND f.dunning_id = NEW.dunning_id AND f.returned_at IS NOT NULL AND f.voided_at IS NULL)
        THEN NEW.due_at IS NULL ELSE NEW.due_at IS DISTINCT FROM coalesce(d.deliver_due_at, d.dispatch_due_at) END) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_due', MESSAGE = 'it was due by another time';
    END IF;
    PERFORM fee_dunning_dispatched(NEW.estate_id, NEW.dunning_id);
    RETURN NULL;
END $$;

-- A number at the bank in the forms in which it is compared: without space, in ordinary letters, these as they are and in one case.
CREATE FUNCTION bank_numbers(number text) RETURNS text[] IMMUTABLE PARALLEL SAFE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT ARRAY[n, upper(n), lower(n)] FROM (SELECT regexp_replace(normalize(number, NFKC), '\s', '', 'g') AS n) x
$$;

-- A line begins proposed. It is confirmed once, with a payment that was booked for it in the same act, of its amount and under its number, while no other
-- is on record; it is free again when that payment was reversed.
CREATE OR REPLACE FUNCTION fee_bank_line_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
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
    IF EXISTS (SELECT FROM fee_payments p WHERE p.estate_id = NEW.estate_id AND p.id <> NEW.payment_id AND p.method = 'BANK_TRANSFER' AND p.reference = ANY (bank_numbers(NEW.transaction_id)) AND p.reverses_id IS NULL
            AND NOT EXISTS (SELECT FROM fee_payments r WHERE r.estate_id = p.estate_id AND r.reverses_id = p.id)) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_bank_lines_booked', MESSAGE = 'a payment of its number is on record';
    END IF;
    RETURN NULL;
END $$;

-- Nothing is booked for a line that nobody confirmed: under its number a payment is there with the confirmation only, or once the line was ignored; and then for no more than
-- the bank received.
CREATE OR REPLACE FUNCTION fee_payment_awaits() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    l fee_bank_lines;
    numbers text[] := bank_numbers(NEW.reference);
BEGIN
    FOR l IN SELECT * FROM fee_bank_lines x WHERE x.estate_id = NEW.estate_id AND x.transaction_id = ANY (numbers) LOOP
        IF l.state <> 'IGNORED' AND l.payment_id IS DISTINCT FROM NEW.id AND NOT EXISTS (SELECT FROM fee_payments r WHERE r.estate_id = NEW.estate_id AND r.reverses_id = NEW.id) THEN
            RAISE check_violation USING CONSTRAINT = 'fee_payments_await', MESSAGE = 'a line of the number awaits confirmation';
        END IF;
        IF l.amount < (SELECT sum(p.amount) FROM fee_payments p WHERE p.estate_id = NEW.estate_id AND p.method = 'BANK_TRANSFER' AND p.reference = ANY (numbers || NEW.reference::text) AND p.reverses_id IS NULL
                AND NOT EXISTS (SELECT FROM fee_payments r WHERE r.estate_id = p.estate_id AND r.reverses_id = p.id)) THEN
            RAISE check_violation USING CONSTRAINT = 'fee_payments_received', MESSAGE = format('the bank received %s', l.amount);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- By when households are to pay is within the days that a book may say, counted from when the notices are made, or from the month's end: later, nobody would ever be dunned.
CREATE FUNCTION fee_run_pay_by() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'fee_runs_pay_by', MESSAGE = 'that is too long to pay';
END $$;
-- +goose StatementEnd
CREATE TRIGGER fee_run_pay_by AFTER INSERT OR UPDATE OF pay_by ON fee_runs FOR EACH ROW
    WHEN (NEW.pay_by > greatest(NEW.issued_on, (NEW.month + interval '1 month')::date) + 90) EXECUTE FUNCTION fee_run_pay_by();

-- How many are dispatched the database counts.
REVOKE UPDATE ON fee_runs FROM steward_app;
GRANT UPDATE (state, issued_on, pay_by, payers, notices, amount, started_at, started_by_id, started_by_name, billed_at, late, received_at, received_by_id, received_by_name, dispatch_due_at) ON fee_runs TO steward_app;
