-- Fees (F1, F2): tariffs, the month's run, its notices and lines. What is owed is worked out by the database, by the day, for thousands of households
-- in one statement; no day is billed twice, and none is lost between two payers.

-- +goose Up
-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

CREATE TABLE "fee_accounts" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "receivable" bigint NOT NULL DEFAULT 0, "credit" bigint NOT NULL DEFAULT 0, "estate_id" uuid NOT NULL, "household_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "fee_accounts_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "fee_accounts_households_household" FOREIGN KEY ("estate_id", "household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "feeaccount_estate_id_household_id" ON "fee_accounts" ("estate_id", "household_id");
CREATE INDEX "feeaccount_estate_id_receivable_id" ON "fee_accounts" ("estate_id", "receivable", "id");
CREATE TABLE "fee_runs" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "month" date NOT NULL, "state" character varying NOT NULL DEFAULT 'PLANNED', "due_at" timestamptz NOT NULL, "issued_on" date NULL, "pay_by" date NULL, "payers" bigint NOT NULL DEFAULT 0, "notices" bigint NOT NULL DEFAULT 0, "amount" bigint NOT NULL DEFAULT 0, "started_at" timestamptz NULL, "started_by_id" uuid NULL, "started_by_name" character varying NOT NULL DEFAULT '', "billed_at" timestamptz NULL, "late" boolean NOT NULL DEFAULT false, "estate_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "fee_runs_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "feerun_estate_id_month" ON "fee_runs" ("estate_id", "month");
CREATE TABLE "fee_notices" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "number" character varying NOT NULL, "month" date NOT NULL, "issued_on" date NOT NULL, "pay_by" date NOT NULL, "household_name" character varying NOT NULL, "building" character varying NOT NULL, "address" character varying NOT NULL, "amount" bigint NOT NULL, "credited" bigint NOT NULL DEFAULT 0, "settled" bigint NOT NULL DEFAULT 0, "state" character varying NOT NULL DEFAULT 'OPEN', "sort_key" character varying NOT NULL COLLATE "C", "estate_id" uuid NOT NULL, "run_id" uuid NOT NULL, "household_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "fee_notices_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "fee_notices_fee_runs_run" FOREIGN KEY ("estate_id", "run_id") REFERENCES "fee_runs" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "fee_notices_households_household" FOREIGN KEY ("estate_id", "household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "feenotice_estate_id_run_id_household_id" ON "fee_notices" ("estate_id", "run_id", "household_id");
CREATE UNIQUE INDEX "feenotice_estate_id_number" ON "fee_notices" ("estate_id", "number");
CREATE INDEX "feenotice_estate_id_household_id_month" ON "fee_notices" ("estate_id", "household_id", "month");
CREATE INDEX "feenotice_estate_id_month_sort_key_id" ON "fee_notices" ("estate_id", "month", "sort_key", "id");
CREATE TABLE "fee_payments" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "receipt" bigint NOT NULL DEFAULT 0, "method" character varying NOT NULL, "reference" character varying NOT NULL DEFAULT '', "paid_by" character varying NOT NULL DEFAULT '', "paid_at" timestamptz NOT NULL, "booked_on" date NOT NULL, "amount" bigint NOT NULL, "unallocated" bigint NOT NULL DEFAULT 0, "reason" character varying NOT NULL DEFAULT '', "recorded_by_id" uuid NOT NULL, "recorded_by_name" character varying NOT NULL, "estate_id" uuid NOT NULL, "household_id" uuid NOT NULL, "reverses_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "fee_payments_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "fee_payments_households_household" FOREIGN KEY ("estate_id", "household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "fee_payments_fee_payments_reversals" FOREIGN KEY ("estate_id", "reverses_id") REFERENCES "fee_payments" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "feepayment_estate_id_receipt" ON "fee_payments" ("estate_id", "receipt");
CREATE INDEX "feepayment_estate_id_household_id_paid_at" ON "fee_payments" ("estate_id", "household_id", "paid_at");
CREATE INDEX "feepayment_estate_id_paid_at_id" ON "fee_payments" ("estate_id", "paid_at", "id");
CREATE UNIQUE INDEX "feepayment_estate_id_reverses_id" ON "fee_payments" ("estate_id", "reverses_id");
CREATE TABLE "fee_credit_notes" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "number" bigint NOT NULL DEFAULT 0, "issued_on" date NOT NULL, "amount" bigint NOT NULL, "unallocated" bigint NOT NULL DEFAULT 0, "reason" character varying NOT NULL, "recorded_by_id" uuid NOT NULL, "recorded_by_name" character varying NOT NULL, "estate_id" uuid NOT NULL, "notice_id" uuid NOT NULL, "household_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "fee_credit_notes_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "fee_credit_notes_fee_notices_notice" FOREIGN KEY ("estate_id", "notice_id") REFERENCES "fee_notices" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "fee_credit_notes_households_household" FOREIGN KEY ("estate_id", "household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "feecreditnote_estate_id_number" ON "fee_credit_notes" ("estate_id", "number");
CREATE INDEX "feecreditnote_estate_id_notice_id" ON "fee_credit_notes" ("estate_id", "notice_id");
CREATE INDEX "feecreditnote_estate_id_household_id" ON "fee_credit_notes" ("estate_id", "household_id");
CREATE TABLE "fee_allocations" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "household_id" uuid NOT NULL, "booked_on" date NOT NULL, "amount" bigint NOT NULL, "estate_id" uuid NOT NULL, "notice_id" uuid NOT NULL, "payment_id" uuid NULL, "credit_note_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "fee_allocations_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "fee_allocations_fee_notices_notice" FOREIGN KEY ("estate_id", "notice_id") REFERENCES "fee_notices" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "fee_allocations_fee_payments_payment" FOREIGN KEY ("estate_id", "payment_id") REFERENCES "fee_payments" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "fee_allocations_fee_credit_notes_credit_note" FOREIGN KEY ("estate_id", "credit_note_id") REFERENCES "fee_credit_notes" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "feeallocation_estate_id_notice_id" ON "fee_allocations" ("estate_id", "notice_id");
CREATE INDEX "feeallocation_estate_id_payment_id" ON "fee_allocations" ("estate_id", "payment_id");
CREATE INDEX "feeallocation_estate_id_credit_note_id" ON "fee_allocations" ("estate_id", "credit_note_id");
CREATE TABLE "fee_books" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "pay_at" character varying NOT NULL DEFAULT '', "due_days" bigint NOT NULL DEFAULT 15, "last_receipt" bigint NOT NULL DEFAULT 0, "last_credit_note" bigint NOT NULL DEFAULT 0, "last_entry" bigint NOT NULL DEFAULT 0, "estate_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "fee_books_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "feebook_estate_id" ON "fee_books" ("estate_id");
CREATE TABLE "fee_entries" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "number" bigint NOT NULL, "booked_on" date NOT NULL, "kind" character varying NOT NULL, "subject_id" uuid NOT NULL, "about" character varying NOT NULL, "estate_id" uuid NOT NULL, "household_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "fee_entries_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "fee_entries_households_household" FOREIGN KEY ("estate_id", "household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "feeentry_estate_id_number" ON "fee_entries" ("estate_id", "number");
CREATE INDEX "feeentry_estate_id_subject_id" ON "fee_entries" ("estate_id", "subject_id");
CREATE INDEX "feeentry_estate_id_household_id_booked_on" ON "fee_entries" ("estate_id", "household_id", "booked_on");
CREATE TABLE "fee_tariffs" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "fee" character varying NOT NULL, "unit_kind" character varying NOT NULL, "basis" character varying NOT NULL, "rate" bigint NOT NULL, "from_on" date NOT NULL, "until_on" date NULL, "authority" character varying NOT NULL DEFAULT '', "end_reason" character varying NOT NULL DEFAULT '', "ended_at" timestamptz NULL, "ended_by_name" character varying NOT NULL DEFAULT '', "recorded_by_id" uuid NOT NULL, "recorded_by_name" character varying NOT NULL, "estate_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "fee_tariffs_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT);
CREATE INDEX "feetariff_estate_id_from_on_id" ON "fee_tariffs" ("estate_id", "from_on", "id");
CREATE TABLE "fee_notice_lines" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "household_id" uuid NOT NULL, "unit_label" character varying NOT NULL, "fee" character varying NOT NULL, "basis" character varying NOT NULL, "rate" bigint NOT NULL, "quantity_hundredths" bigint NOT NULL, "from_on" date NOT NULL, "until_on" date NOT NULL, "days" bigint NOT NULL, "of_days" bigint NOT NULL, "amount" bigint NOT NULL, "estate_id" uuid NOT NULL, "notice_id" uuid NOT NULL, "tariff_id" uuid NOT NULL, "unit_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "fee_notice_lines_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "fee_notice_lines_fee_notices_notice" FOREIGN KEY ("estate_id", "notice_id") REFERENCES "fee_notices" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "fee_notice_lines_fee_tariffs_tariff" FOREIGN KEY ("estate_id", "tariff_id") REFERENCES "fee_tariffs" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "fee_notice_lines_units_unit" FOREIGN KEY ("estate_id", "unit_id") REFERENCES "units" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "feenoticeline_estate_id_notice_id" ON "fee_notice_lines" ("estate_id", "notice_id");
CREATE INDEX "feenoticeline_estate_id_unit_id_tariff_id_from_on" ON "fee_notice_lines" ("estate_id", "unit_id", "tariff_id", "from_on");
CREATE TABLE "fee_postings" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "household_id" uuid NOT NULL, "account" character varying NOT NULL, "amount" bigint NOT NULL, "estate_id" uuid NOT NULL, "entry_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "fee_postings_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "fee_postings_fee_entries_entry" FOREIGN KEY ("estate_id", "entry_id") REFERENCES "fee_entries" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "feeposting_estate_id_entry_id_account" ON "fee_postings" ("estate_id", "entry_id", "account");
CREATE INDEX "feeposting_estate_id_household_id_account" ON "fee_postings" ("estate_id", "household_id", "account");
SELECT wall('fee_accounts', household => 'household_id', append_only => true);
SELECT wall('fee_allocations', household => 'household_id', append_only => true);
SELECT wall('fee_books');
SELECT wall('fee_credit_notes', household => 'household_id', append_only => true);
SELECT wall('fee_entries', append_only => true);
SELECT wall('fee_notices', household => 'household_id', append_only => true);
SELECT wall('fee_notice_lines', household => 'household_id', append_only => true);
SELECT wall('fee_payments', household => 'household_id', append_only => true);
SELECT wall('fee_postings', append_only => true);
SELECT wall('fee_runs');
SELECT wall('fee_tariffs');

ALTER TABLE fee_books
    ADD CONSTRAINT fee_books_days CHECK (due_days BETWEEN 0 AND 90);
-- Each estate has a book, from its first day.
INSERT INTO fee_books (id, created_at, estate_id) SELECT new_id(x'0901'::int), now(), id FROM estates;

ALTER TABLE fee_tariffs
    ADD CONSTRAINT fee_tariffs_term  CHECK (until_on IS NULL OR until_on >= from_on),
    ADD CONSTRAINT fee_tariffs_rate  CHECK (rate BETWEEN 1 AND 1000000000),
    ADD CONSTRAINT fee_tariffs_basis CHECK (CASE basis WHEN 'PER_PLACE' THEN unit_kind = 'PARKING' WHEN 'FIXED' THEN unit_kind <> 'PARKING' ELSE true END),
    ADD CONSTRAINT fee_tariffs_ended CHECK (
        (ended_at IS NULL) = (end_reason = '') AND (ended_at IS NULL) = (ended_by_name = '') AND (ended_at IS NULL OR until_on IS NOT NULL)),
    ADD CONSTRAINT fee_tariffs_once  EXCLUDE USING gist (
        estate_id WITH =, (lower(fee)) WITH =, unit_kind WITH =, daterange(from_on, until_on) WITH &&);

ALTER TABLE fee_runs
    ADD CONSTRAINT fee_runs_month CHECK (extract(day FROM month) = 1),
    ADD CONSTRAINT fee_runs_state CHECK (
        (state = 'PLANNED') = (started_at IS NULL) AND (state = 'BILLED') = (billed_at IS NOT NULL) AND (started_at IS NULL) = (started_by_name = '')
        AND (started_at IS NULL) = (issued_on IS NULL) AND (started_at IS NULL) = (pay_by IS NULL) AND pay_by >= issued_on
        AND late = coalesce(billed_at > due_at, false)),
    ADD CONSTRAINT fee_runs_sums  CHECK (payers >= 0 AND notices >= 0 AND amount >= notices);

ALTER TABLE fee_notices
    ADD CONSTRAINT fee_notices_amount   CHECK (amount > 0),
    ADD CONSTRAINT fee_notices_credited CHECK (credited BETWEEN 0 AND amount),
    ADD CONSTRAINT fee_notices_settled  CHECK (settled BETWEEN 0 AND amount),
    ADD CONSTRAINT fee_notices_state    CHECK ((state = 'SETTLED') = (settled = amount));
-- What is owed, the oldest first.
CREATE INDEX fee_notices_open ON fee_notices (estate_id, household_id, month, number) WHERE state = 'OPEN';
CREATE INDEX fee_notices_household ON fee_notices (household_id, month, id);

-- No day of a unit is paid for twice by a household, whoever bills it how often.
ALTER TABLE fee_notice_lines
    ADD CONSTRAINT fee_notice_lines_days CHECK (days = until_on - from_on AND days > 0 AND days <= of_days AND amount > 0 AND quantity_hundredths >= 0
        AND date_trunc('month', from_on) = date_trunc('month', until_on - 1) AND of_days = extract(day FROM date_trunc('month', from_on) + interval '1 month' - interval '1 day')),
    ADD CONSTRAINT fee_notice_lines_household FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT fee_notice_lines_once EXCLUDE USING gist (
        estate_id WITH =, household_id WITH =, unit_id WITH =, tariff_id WITH =, daterange(from_on, until_on) WITH &&);

REVOKE INSERT, UPDATE ON fee_books FROM steward_app;
GRANT UPDATE (pay_at, due_days, version) ON fee_books TO steward_app;
REVOKE UPDATE ON fee_tariffs FROM steward_app;
GRANT UPDATE (until_on, end_reason, ended_at, ended_by_name) ON fee_tariffs TO steward_app;

-- What a month costs, in fen: half a fen and more is one.
CREATE FUNCTION fee_of_month(basis text, rate bigint, quantity bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT (rate * quantity + 5000) / 10000
$$;

-- What some days of a month cost: what all days until their end cost, less what all days before them cost, each rounded once. So the parts of a
-- month are together the month, however it is cut, and no part is more than a fen off.
CREATE FUNCTION fee_part(whole bigint, of_days integer, after integer, until integer) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT (2 * whole * until + of_days) / (2 * of_days) - (2 * whole * after + of_days) / (2 * of_days)
$$;

-- What is to be billed with a month, of all households or of some: by payer, unit, tariff and month every day that was not billed to them yet. From
-- when they moved in, or were deemed to (F1), until they left or another paid. Days of the eleven months before are made up for, back to the
-- first month that was billed: who moved in after a month's notices pays for its rest with the next.
CREATE FUNCTION fee_charges(estate uuid, month date, homes uuid[] DEFAULT NULL)
RETURNS TABLE (household_id uuid, unit_id uuid, unit_label text, building text, sort_key text, tariff_id uuid, fee text, basis text, rate bigint, quantity bigint,
    from_on date, until_on date, days integer, of_days integer, amount bigint) STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    WITH months AS MATERIALIZED (
        SELECT m::date AS first, (m + interval '1 month')::date AS next
        FROM generate_series(greatest(least((SELECT min(r.month) FROM fee_runs r WHERE r.estate_id = $1 AND r.state <> 'PLANNED'), $2), $2 - interval '11 months')::timestamp, $2::timestamp, interval '1 month') m),
    reach AS MATERIALIZED (SELECT daterange(min(first), max(next)) AS days FROM months),
    payers AS MATERIALIZED (
        SELECT o.household_id, o.unit_id, u.label, u.kind, u.area_hundredths, u.sort_key, b.code, s.first,
            daterange(s.first, CASE WHEN o.until_on IS NOT NULL THEN greatest(s.first, o.until_on) END) AS days
        FROM occupancies o JOIN units u ON u.estate_id = o.estate_id AND u.id = o.unit_id JOIN buildings b ON b.estate_id = u.estate_id AND b.id = u.building_id
        CROSS JOIN LATERAL (SELECT greatest(o.from_on, CASE WHEN o.moved_in_on IS NOT NULL THEN o.moved_in_on WHEN o.state = 'NOTICED' THEN o.deadline_on END) AS first) s
        WHERE o.estate_id = $1 AND o.payer AND (o.moved_in_on IS NOT NULL OR o.state = 'NOTICED' AND o.deadline_on IS NOT NULL)
            AND ($3 IS NULL OR o.household_id = ANY ($3))),
    wanted AS (
        SELECT p.*, t.id AS tariff, t.fee, t.basis, t.rate, CASE t.basis WHEN 'PER_SQUARE_METRE' THEN p.area_hundredths ELSE 100 END AS quantity,
            p.days * daterange(t.from_on, t.until_on) * reach.days AS span
        FROM payers p JOIN fee_tariffs t ON t.estate_id = $1 AND t.unit_kind = p.kind CROSS JOIN reach),
    missing AS (
        SELECT w.*, unnest(datemultirange(w.span) - coalesce((SELECT range_agg(daterange(l.from_on, l.until_on)) FROM fee_notice_lines l
            WHERE l.estate_id = $1 AND l.household_id = w.household_id AND l.unit_id = w.unit_id AND l.tariff_id = w.tariff AND l.until_on > lower(w.span)), '{}')) AS piece
        FROM wanted w WHERE NOT isempty(w.span)),
    parts AS (
        SELECT i.*, m.first AS first_of_month, m.next - m.first AS of, i.piece * daterange(m.first, m.next) AS part
        FROM missing i JOIN months m ON i.piece && daterange(m.first, m.next))
    SELECT p.household_id, p.unit_id, p.label, p.code, p.sort_key, p.tariff, p.fee, p.basis, p.rate, p.quantity,
        lower(p.part), upper(p.part), upper(p.part) - lower(p.part), p.of, c.amount
    FROM parts p CROSS JOIN LATERAL (SELECT fee_part(fee_of_month(p.basis, p.rate, p.quantity), p.of, lower(p.part) - p.first_of_month, upper(p.part) - p.first_of_month) AS amount) c
    WHERE c.amount > 0
$$;

-- The next households that have no notice of a run yet, in walking order.
CREATE FUNCTION fee_payers(run uuid, estate uuid, after_key text, after_household uuid, most integer)
RETURNS TABLE (household_id uuid, sort_key text) STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT o.household_id, min(u.sort_key COLLATE "C") AS key FROM occupancies o JOIN units u ON u.estate_id = o.estate_id AND u.id = o.unit_id
    WHERE o.estate_id = $2 AND o.payer AND NOT EXISTS (SELECT FROM fee_notices n WHERE n.estate_id = $2 AND n.run_id = $1 AND n.household_id = o.household_id)
    GROUP BY o.household_id HAVING (min(u.sort_key COLLATE "C"), o.household_id) > ($3 COLLATE "C", $4)
    ORDER BY 2, 1 LIMIT $5
$$;

-- +goose StatementBegin
CREATE FUNCTION fee_book_begins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO fee_books (id, created_at, estate_id) VALUES (new_id(x'0901'::int), NEW.created_at, NEW.id);
    RETURN NULL;
END $$;

-- A tariff does not end before what was billed by it.
CREATE FUNCTION fee_tariff_ends() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = 'fee_tariffs_ends_once', MESSAGE = 'it was ended before';
    END IF;
    IF EXISTS (SELECT FROM fee_notice_lines l WHERE l.estate_id = NEW.estate_id AND l.tariff_id = NEW.id AND l.until_on > NEW.until_on) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_tariffs_billed', MESSAGE = 'later days were billed by it';
    END IF;
    RETURN NULL;
END $$;

-- A run goes from planned to running to billed, and is billed when it says what its notices say.
CREATE FUNCTION fee_run_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    made bigint;
    asked bigint;
BEGIN
    IF (OLD.state, NEW.state) NOT IN (('PLANNED', 'PLANNED'), ('PLANNED', 'RUNNING'), ('RUNNING', 'RUNNING'), ('RUNNING', 'BILLED'))
        OR OLD.started_at IS NOT NULL AND (OLD.started_at, OLD.started_by_name, OLD.issued_on, OLD.pay_by, OLD.payers) IS DISTINCT FROM (NEW.started_at, NEW.started_by_name, NEW.issued_on, NEW.pay_by, NEW.payers) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_runs_way', MESSAGE = format('from %s to %s is no way', OLD.state, NEW.state);
    END IF;
    IF NEW.state = 'BILLED' THEN
        SELECT count(*), coalesce(sum(n.amount), 0) INTO made, asked FROM fee_notices n WHERE n.estate_id = NEW.estate_id AND n.run_id = NEW.id;
        IF (made, asked) IS DISTINCT FROM (NEW.notices, NEW.amount) THEN
            RAISE check_violation USING CONSTRAINT = 'fee_runs_made', MESSAGE = format('its notices are %s for %s', made, asked);
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- A notice is made while its run is running, for its month and days, and asks for what its lines say together.
CREATE FUNCTION fee_notices_of_run() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM rows n LEFT JOIN fee_runs r ON r.estate_id = n.estate_id AND r.id = n.run_id
        WHERE r.state IS DISTINCT FROM 'RUNNING' OR (n.month, n.issued_on, n.pay_by) IS DISTINCT FROM (r.month, r.issued_on, r.pay_by)) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_notices_of_run', MESSAGE = 'not as its run is';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION fee_notice_whole() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.amount IS DISTINCT FROM (SELECT sum(l.amount) FROM fee_notice_lines l WHERE l.estate_id = NEW.estate_id AND l.notice_id = NEW.id) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_notices_whole', MESSAGE = 'not what its lines say';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION fee_lines_whole() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT estate_id, notice_id FROM rows) r JOIN fee_notices n ON n.estate_id = r.estate_id AND n.id = r.notice_id
        WHERE n.amount IS DISTINCT FROM (SELECT sum(l.amount) FROM fee_notice_lines l WHERE l.estate_id = n.estate_id AND l.notice_id = n.id AND l.household_id = n.household_id)) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_notices_whole', MESSAGE = 'not what its notice asks for';
    END IF;
    RETURN NULL;
END $$;

-- Makes the notices of the next households of a run, all at once: who has one already gets no other, and what is billed already is not again. The
-- run's row is locked, so that servers go on one after the other. What a household has paid too much before settles them (F5).
CREATE FUNCTION fee_bill(run uuid, estate uuid, at timestamptz, after_key text, after_household uuid, most integer)
RETURNS TABLE (seen integer, last_key text, last_household uuid, made integer, asked bigint) LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    r fee_runs;
    list uuid[];
BEGIN
    SELECT * INTO r FROM fee_runs f WHERE f.estate_id = estate AND f.id = run FOR UPDATE;
    IF r.state IS DISTINCT FROM 'RUNNING' THEN
        RETURN QUERY SELECT 0, after_key, after_household, 0, 0::bigint;
        RETURN;
    END IF;
    PERFORM FROM fee_tariffs t WHERE t.estate_id = estate ORDER BY t.id FOR SHARE;
    SELECT array_agg(p.household_id ORDER BY p.sort_key, p.household_id), (array_agg(p.sort_key ORDER BY p.sort_key DESC, p.household_id DESC))[1] INTO list, last_key
        FROM fee_payers(run, estate, after_key, after_household, most) p;
    seen := coalesce(cardinality(list), 0);
    last_household := list[seen];
    IF seen = 0 THEN
        RETURN QUERY SELECT 0, after_key, after_household, 0, 0::bigint;
        RETURN;
    END IF;
    PERFORM fee_lock(estate, list);
    WITH charges AS MATERIALIZED (SELECT * FROM fee_charges(estate, r.month, list)),
    payers AS MATERIALIZED (
        SELECT new_id(x'0904'::int) AS id, c.*, r.notices + row_number() OVER (ORDER BY c.key, c.household_id) AS n FROM (
            SELECT g.household_id, min(g.key) AS key, (array_agg(g.building ORDER BY g.key))[1] AS building, string_agg(g.unit_label, ', ' ORDER BY g.key) AS address, sum(g.amount)::bigint AS amount
            FROM (SELECT u.household_id, u.unit_label, u.building, u.sort_key COLLATE "C" AS key, sum(u.amount) AS amount FROM charges u GROUP BY 1, 2, 3, 4) g GROUP BY g.household_id) c),
    notices AS (
        INSERT INTO fee_notices (id, created_at, estate_id, run_id, household_id, number, month, issued_on, pay_by, household_name, building, address, amount, sort_key)
            SELECT p.id, at, estate, run, p.household_id, to_char(r.month, 'YYYYMM') || '-' || lpad(p.n::text, greatest(5, length(p.n::text)), '0'), r.month, r.issued_on, r.pay_by, h.name, p.building, p.address, p.amount, p.key
            FROM payers p JOIN households h ON h.estate_id = estate AND h.id = p.household_id),
    lines AS (
        INSERT INTO fee_notice_lines (id, created_at, estate_id, notice_id, household_id, tariff_id, unit_id, unit_label, fee, basis, rate, quantity_hundredths, from_on, until_on, days, of_days, amount)
            SELECT new_id(x'0905'::int), at, estate, p.id, c.household_id, c.tariff_id, c.unit_id, c.unit_label, c.fee, c.basis, c.rate, c.quantity, c.from_on, c.until_on, c.days, c.of_days, c.amount
            FROM charges c JOIN payers p USING (household_id))
    SELECT count(*), coalesce(sum(p.amount), 0) INTO made, asked FROM payers p;
    IF made > 0 THEN
        UPDATE fee_runs f SET notices = f.notices + made, amount = f.amount + asked WHERE f.estate_id = estate AND f.id = run;
        PERFORM fee_settle(estate, list, at, r.issued_on);
    END IF;
    RETURN NEXT;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION fee_book_begins FROM PUBLIC;
CREATE TRIGGER fee_book_begins AFTER INSERT ON estates FOR EACH ROW EXECUTE FUNCTION fee_book_begins();
CREATE TRIGGER fee_tariff_ends AFTER UPDATE ON fee_tariffs FOR EACH ROW EXECUTE FUNCTION fee_tariff_ends();
CREATE TRIGGER fee_run_goes AFTER UPDATE ON fee_runs FOR EACH ROW EXECUTE FUNCTION fee_run_goes();
CREATE TRIGGER fee_notices_of_run AFTER INSERT ON fee_notices REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION fee_notices_of_run();
CREATE CONSTRAINT TRIGGER fee_notice_whole AFTER INSERT ON fee_notices DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fee_notice_whole();
CREATE TRIGGER fee_lines_whole AFTER INSERT ON fee_notice_lines REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION fee_lines_whole();
