-- Money of fees (F5): payments, credit notes, what they settle, and the journal. Each is entered in the journal by the statement that makes it, debit
-- and credit, and nobody else writes the journal; accounts are the sums of their postings. A mistake is countered by an entry of its own.

-- +goose Up
ALTER TABLE fee_payments
    ADD CONSTRAINT fee_payments_amount      CHECK (amount <> 0 AND (amount > 0) = (reverses_id IS NULL) AND (reverses_id IS NULL) = (reason = '')),
    ADD CONSTRAINT fee_payments_unallocated CHECK (unallocated BETWEEN 0 AND greatest(amount, 0)),
    ADD CONSTRAINT fee_payments_receipt     CHECK (receipt > 0);
CREATE INDEX fee_payments_credit ON fee_payments (estate_id, household_id) WHERE unallocated > 0;
CREATE INDEX fee_payments_household ON fee_payments (household_id, paid_at, id);
ALTER TABLE fee_credit_notes
    ADD CONSTRAINT fee_credit_notes_amount      CHECK (amount > 0),
    ADD CONSTRAINT fee_credit_notes_unallocated CHECK (unallocated BETWEEN 0 AND amount),
    ADD CONSTRAINT fee_credit_notes_number      CHECK (number > 0),
    ADD CONSTRAINT fee_credit_notes_reason      CHECK (reason <> '');
CREATE INDEX fee_credit_notes_credit ON fee_credit_notes (estate_id, household_id) WHERE unallocated > 0;
ALTER TABLE fee_allocations
    ADD CONSTRAINT fee_allocations_amount    CHECK (amount <> 0),
    ADD CONSTRAINT fee_allocations_source    CHECK (num_nonnulls(payment_id, credit_note_id) = 1),
    ADD CONSTRAINT fee_allocations_home      FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE fee_accounts
    ADD CONSTRAINT fee_accounts_sums CHECK (receivable >= 0 AND credit >= 0);
ALTER TABLE fee_postings
    ADD CONSTRAINT fee_postings_amount CHECK (amount <> 0),
    ADD CONSTRAINT fee_postings_home   FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT;
-- Who owes most.
CREATE INDEX fee_accounts_owing ON fee_accounts (estate_id, receivable DESC, id) WHERE receivable > 0;

REVOKE INSERT ON fee_entries, fee_postings, fee_accounts FROM steward_app;

-- +goose StatementBegin
-- Enters so many entries in the journal, each a debit and a credit, under the next numbers of their estates.
CREATE FUNCTION fee_enter(estates uuid[], times timestamptz[], days date[], kinds text[], households uuid[], subjects uuid[], abouts text[], debits text[], credits text[], amounts bigint[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    WITH given AS (
        SELECT *, row_number() OVER (PARTITION BY e ORDER BY n) AS nth FROM unnest(estates, times, days, kinds, households, subjects, abouts, debits, credits, amounts)
            WITH ORDINALITY AS g(e, at, booked, kind, household, subject, about, debit, credit, amount, n)),
    books AS (
        UPDATE fee_books b SET last_entry = b.last_entry + g.count FROM (SELECT e, count(*) AS count FROM given GROUP BY e) g WHERE b.estate_id = g.e
            RETURNING b.estate_id, b.last_entry - g.count AS before),
    entered AS MATERIALIZED (SELECT new_id(x'090a'::int) AS id, g.*, b.before + g.nth AS number FROM given g JOIN books b ON b.estate_id = g.e),
    entries AS (
        INSERT INTO fee_entries (id, created_at, estate_id, number, booked_on, kind, household_id, subject_id, about)
            SELECT n.id, n.at, n.e, n.number, n.booked, n.kind, n.household, n.subject, n.about FROM entered n ORDER BY n.number)
    INSERT INTO fee_postings (id, created_at, estate_id, entry_id, household_id, account, amount)
        SELECT new_id(x'090b'::int), n.at, n.e, n.id, n.household, p.account, p.amount
        FROM entered n CROSS JOIN LATERAL (VALUES (n.debit, n.amount), (n.credit, -n.amount)) p(account, amount) ORDER BY n.number;
END $$;

CREATE FUNCTION fee_accounts_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO fee_accounts (id, created_at, estate_id, household_id)
        SELECT new_id(x'0909'::int), r.at, r.estate_id, r.household_id FROM (SELECT estate_id, household_id, min(created_at) AS at FROM rows GROUP BY 1, 2) r
        WHERE NOT EXISTS (SELECT FROM fee_accounts a WHERE a.estate_id = r.estate_id AND a.household_id = r.household_id) ORDER BY r.household_id
        ON CONFLICT (estate_id, household_id) DO NOTHING;
    UPDATE fee_accounts a SET receivable = a.receivable + s.receivable, credit = a.credit - s.credit
        FROM (SELECT estate_id, household_id, coalesce(sum(amount) FILTER (WHERE account = 'RECEIVABLE'), 0) AS receivable, coalesce(sum(amount) FILTER (WHERE account = 'CREDIT'), 0) AS credit
            FROM rows GROUP BY 1, 2) s
        WHERE a.estate_id = s.estate_id AND a.household_id = s.household_id;
    RETURN NULL;
END $$;

-- The postings of an entry are together nothing, and there are at least two: each entry is asked at the end, by whichever of its rows came.
CREATE FUNCTION fee_entry_balances() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    entry uuid;
BEGIN
    IF TG_TABLE_NAME = 'fee_entries' THEN
        entry := NEW.id;
    ELSE
        entry := NEW.entry_id;
    END IF;
    IF (SELECT count(*) < 2 OR sum(p.amount) <> 0 FROM fee_postings p WHERE p.estate_id = NEW.estate_id AND p.entry_id = entry) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_entries_balanced', MESSAGE = 'debit is not credit';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION fee_notices_entered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM fee_enter(array_agg(estate_id ORDER BY number), array_agg(created_at ORDER BY number), array_agg(issued_on ORDER BY number), array_agg('BILLED'::text), array_agg(household_id ORDER BY number),
        array_agg(id ORDER BY number), array_agg(number::text ORDER BY number), array_agg('RECEIVABLE'::text), array_agg('REVENUE'::text), array_agg(amount ORDER BY number))
        FROM rows HAVING count(*) > 0;
    RETURN NULL;
END $$;

-- The next number of an estate's receipts or credit notes. The book is locked until the end, so that none is missing and none is there twice.
CREATE FUNCTION fee_payment_numbered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE fee_books b SET last_receipt = b.last_receipt + 1 WHERE b.estate_id = NEW.estate_id RETURNING b.last_receipt INTO NEW.receipt;
    NEW.receipt := coalesce(NEW.receipt, 0);
    NEW.unallocated := greatest(NEW.amount, 0);
    RETURN NEW;
END $$;
CREATE FUNCTION fee_credit_note_numbered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE fee_books b SET last_credit_note = b.last_credit_note + 1 WHERE b.estate_id = NEW.estate_id RETURNING b.last_credit_note INTO NEW.number;
    NEW.number := coalesce(NEW.number, 0);
    NEW.unallocated := NEW.amount;
    RETURN NEW;
END $$;

-- A payment is money and the household's credit; what it settles is entered with its allocations. A counter-entry is the exact opposite of a payment
-- that is none: what that settled is open again.
CREATE FUNCTION fee_payment_entered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    money text := CASE NEW.method WHEN 'CASH' THEN 'CASH' ELSE 'BANK' END;
    p fee_payments;
BEGIN
    IF NEW.reverses_id IS NULL THEN
        PERFORM fee_enter(ARRAY[NEW.estate_id], ARRAY[NEW.created_at], ARRAY[NEW.booked_on], ARRAY['PAID'], ARRAY[NEW.household_id], ARRAY[NEW.id], ARRAY[NEW.receipt::text], ARRAY[money], ARRAY['CREDIT'], ARRAY[NEW.amount]);
        RETURN NULL;
    END IF;
    SELECT * INTO p FROM fee_payments f WHERE f.estate_id = NEW.estate_id AND f.id = NEW.reverses_id FOR UPDATE;
    IF p.id IS NULL OR p.reverses_id IS NOT NULL OR (p.household_id, p.method, p.amount) <> (NEW.household_id, NEW.method, -NEW.amount) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_payments_opposite', MESSAGE = 'not the opposite of a payment';
    END IF;
    INSERT INTO fee_allocations (id, created_at, estate_id, household_id, notice_id, payment_id, booked_on, amount)
        SELECT new_id(x'0908'::int), NEW.created_at, a.estate_id, a.household_id, a.notice_id, a.payment_id, NEW.booked_on, -sum(a.amount)
        FROM fee_allocations a WHERE a.estate_id = p.estate_id AND a.payment_id = p.id GROUP BY a.estate_id, a.household_id, a.notice_id, a.payment_id HAVING sum(a.amount) > 0;
    UPDATE fee_payments SET unallocated = unallocated - amount WHERE estate_id = p.estate_id AND id = p.id;
    PERFORM fee_enter(ARRAY[NEW.estate_id], ARRAY[NEW.created_at], ARRAY[NEW.booked_on], ARRAY['REVERSED'], ARRAY[NEW.household_id], ARRAY[NEW.id], ARRAY[NEW.receipt::text], ARRAY['CREDIT'], ARRAY[money], ARRAY[p.amount]);
    RETURN NULL;
END $$;

CREATE FUNCTION fee_credit_note_entered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM fee_notices n WHERE n.estate_id = NEW.estate_id AND n.id = NEW.notice_id AND n.household_id = NEW.household_id) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_credit_notes_household', MESSAGE = 'the notice is another household''s';
    END IF;
    UPDATE fee_notices SET credited = credited + NEW.amount WHERE estate_id = NEW.estate_id AND id = NEW.notice_id;
    PERFORM fee_enter(ARRAY[NEW.estate_id], ARRAY[NEW.created_at], ARRAY[NEW.issued_on], ARRAY['CREDITED'], ARRAY[NEW.household_id], ARRAY[NEW.id], ARRAY[NEW.number::text], ARRAY['REVENUE'], ARRAY['CREDIT'], ARRAY[NEW.amount]);
    RETURN NULL;
END $$;

-- What settles a notice is credit of its household that it had until then, and settles no more than is open. It is undone by the reversal of the payment only.
CREATE FUNCTION fee_allocations_entered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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

-- Locks the accounts of some households, in one order: what settles their notices is decided by one after the other.
CREATE FUNCTION fee_lock(estate uuid, households uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO fee_accounts (id, created_at, estate_id, household_id)
        SELECT new_id(x'0909'::int), now(), h.estate_id, h.id FROM households h WHERE h.estate_id = estate AND h.id = ANY (households)
            AND NOT EXISTS (SELECT FROM fee_accounts a WHERE a.estate_id = h.estate_id AND a.household_id = h.id) ORDER BY h.id
        ON CONFLICT (estate_id, household_id) DO NOTHING;
    PERFORM FROM fee_accounts a WHERE a.estate_id = estate AND a.household_id = ANY (households) ORDER BY a.household_id FOR UPDATE;
END $$;

-- Settles what some households owe, the oldest first, with the credit that they have, the oldest first (F5): both laid out one after the other, as far
-- as they go together.
CREATE FUNCTION fee_settle(estate uuid, households uuid[], at timestamptz, booked date) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    settled bigint;
BEGIN
    PERFORM fee_lock(estate, households);
    WITH credit AS (
        SELECT c.*, sum(c.rest) OVER (PARTITION BY c.household_id ORDER BY c.created_at, c.id) AS upto FROM (
            SELECT p.household_id, p.id, p.id AS payment_id, NULL::uuid AS credit_note_id, p.created_at, p.unallocated AS rest FROM fee_payments p
                WHERE p.estate_id = estate AND p.household_id = ANY (households) AND p.unallocated > 0
            UNION ALL SELECT n.household_id, n.id, NULL, n.id, n.created_at, n.unallocated FROM fee_credit_notes n
                WHERE n.estate_id = estate AND n.household_id = ANY (households) AND n.unallocated > 0) c),
    debt AS (
        SELECT n.household_id, n.id, n.amount - n.settled AS rest, sum(n.amount - n.settled) OVER (PARTITION BY n.household_id ORDER BY n.month, n.number) AS upto
        FROM fee_notices n WHERE n.estate_id = estate AND n.household_id = ANY (households) AND n.state = 'OPEN'),
    made AS (
        INSERT INTO fee_allocations (id, created_at, estate_id, household_id, notice_id, payment_id, credit_note_id, booked_on, amount)
            SELECT new_id(x'0908'::int), at, estate, d.household_id, d.id, c.payment_id, c.credit_note_id, booked, least(c.upto, d.upto) - greatest(c.upto - c.rest, d.upto - d.rest)
            FROM credit c JOIN debt d ON d.household_id = c.household_id AND c.upto - c.rest < d.upto AND d.upto - d.rest < c.upto
            ORDER BY d.household_id, d.upto, c.upto
            RETURNING amount)
    SELECT coalesce(sum(amount), 0) INTO settled FROM made;
    RETURN settled;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION fee_enter, fee_accounts_follow, fee_notices_entered, fee_payment_numbered, fee_credit_note_numbered, fee_payment_entered, fee_credit_note_entered, fee_allocations_entered, fee_lock FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fee_lock TO steward_app;
CREATE TRIGGER fee_accounts_follow AFTER INSERT ON fee_postings REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION fee_accounts_follow();
CREATE CONSTRAINT TRIGGER fee_entry_has_postings AFTER INSERT ON fee_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fee_entry_balances();
CREATE CONSTRAINT TRIGGER fee_entry_balances AFTER INSERT OR UPDATE ON fee_postings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fee_entry_balances();
CREATE TRIGGER fee_notices_entered AFTER INSERT ON fee_notices REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION fee_notices_entered();
CREATE TRIGGER fee_payment_numbered BEFORE INSERT ON fee_payments FOR EACH ROW EXECUTE FUNCTION fee_payment_numbered();
CREATE TRIGGER fee_credit_note_numbered BEFORE INSERT ON fee_credit_notes FOR EACH ROW EXECUTE FUNCTION fee_credit_note_numbered();
CREATE TRIGGER fee_payment_entered AFTER INSERT ON fee_payments FOR EACH ROW EXECUTE FUNCTION fee_payment_entered();
CREATE TRIGGER fee_credit_note_entered AFTER INSERT ON fee_credit_notes FOR EACH ROW EXECUTE FUNCTION fee_credit_note_entered();
CREATE TRIGGER fee_allocations_entered AFTER INSERT ON fee_allocations REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION fee_allocations_entered();
