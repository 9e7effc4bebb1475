-- Press (M1, M7): publications, who subscribes to them, what comes of each issue, who gets how many copies, and what the post office owes.
-- What is expected, who gets what, and what is claimed is made here, from the subscriptions; nobody else writes it.

-- +goose Up
CREATE TABLE "press_receipts" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "late_reason" character varying NOT NULL DEFAULT '', "day" date NOT NULL, "received_at" timestamptz NOT NULL, "delivered_by" character varying NOT NULL, "received_by_id" uuid NOT NULL, "received_by_name" character varying NOT NULL, "note" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "press_receipts_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT);
CREATE INDEX "pressreceipt_estate_id_received_at_id" ON "press_receipts" ("estate_id", "received_at", "id");
CREATE TABLE "publications" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "name" character varying NOT NULL, "kind" character varying NOT NULL, "frequency" character varying NOT NULL, "weekday" bigint NULL, "month_day" bigint NULL, "recorded_by_id" uuid NOT NULL, "recorded_by_name" character varying NOT NULL, "estate_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "publications_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT);
CREATE TABLE "press_deliveries" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "day" date NOT NULL, "expected" bigint NOT NULL DEFAULT 0, "delivered" bigint NOT NULL, "remark" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "receipt_id" uuid NOT NULL, "publication_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "press_deliveries_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "press_deliveries_press_receipts_receipt" FOREIGN KEY ("estate_id", "receipt_id") REFERENCES "press_receipts" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "press_deliveries_publications_publication" FOREIGN KEY ("estate_id", "publication_id") REFERENCES "publications" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "pressdelivery_estate_id_day_id" ON "press_deliveries" ("estate_id", "day", "id");
CREATE INDEX "pressdelivery_estate_id_receipt_id" ON "press_deliveries" ("estate_id", "receipt_id");
CREATE TABLE "press_claims" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "day" date NOT NULL, "short" bigint NOT NULL, "recovered" bigint NOT NULL DEFAULT 0, "state" character varying NOT NULL DEFAULT 'OPEN', "closed_at" timestamptz NULL, "written_off_by_id" uuid NULL, "written_off_by_name" character varying NOT NULL DEFAULT '', "write_off_reason" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "delivery_id" uuid NOT NULL, "publication_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "press_claims_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "press_claims_press_deliveries_delivery" FOREIGN KEY ("estate_id", "delivery_id") REFERENCES "press_deliveries" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "press_claims_publications_publication" FOREIGN KEY ("estate_id", "publication_id") REFERENCES "publications" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "pressclaim_estate_id_delivery_id" ON "press_claims" ("estate_id", "delivery_id");
CREATE INDEX "pressclaim_estate_id_day_id" ON "press_claims" ("estate_id", "day", "id");
CREATE TABLE "press_subscriptions" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "publication_name" character varying NOT NULL, "copies" bigint NOT NULL, "from_on" date NOT NULL, "last_on" date NOT NULL, "paid_reference" character varying NOT NULL DEFAULT '', "end_reason" character varying NOT NULL DEFAULT '', "ended_at" timestamptz NULL, "ended_by_name" character varying NOT NULL DEFAULT '', "recorded_by_id" uuid NOT NULL, "recorded_by_name" character varying NOT NULL, "estate_id" uuid NOT NULL, "publication_id" uuid NOT NULL, "renews_id" uuid NULL, "household_id" uuid NULL, "department_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "press_subscriptions_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "press_subscriptions_publications_publication" FOREIGN KEY ("estate_id", "publication_id") REFERENCES "publications" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "press_subscriptions_households_household" FOREIGN KEY ("estate_id", "household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "press_subscriptions_departments_department" FOREIGN KEY ("estate_id", "department_id") REFERENCES "departments" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "presssubscription_estate_id_last_on_id" ON "press_subscriptions" ("estate_id", "last_on", "id");
CREATE INDEX "presssubscription_estate_id_household_id_from_on" ON "press_subscriptions" ("estate_id", "household_id", "from_on");
CREATE INDEX "presssubscription_estate_id_publication_id_last_on" ON "press_subscriptions" ("estate_id", "publication_id", "last_on");
CREATE TABLE "press_allocations" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "recovery_id" uuid NULL, "publication_id" uuid NOT NULL, "publication_name" character varying NOT NULL, "day" date NOT NULL, "place" bigint NOT NULL, "wanted" bigint NOT NULL, "given" bigint NOT NULL, "voided_at" timestamptz NULL, "estate_id" uuid NOT NULL, "delivery_id" uuid NOT NULL, "subscription_id" uuid NOT NULL, "household_id" uuid NULL, "department_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "press_allocations_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "press_allocations_press_deliveries_delivery" FOREIGN KEY ("estate_id", "delivery_id") REFERENCES "press_deliveries" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "press_allocations_press_subscriptions_subscription" FOREIGN KEY ("estate_id", "subscription_id") REFERENCES "press_subscriptions" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "press_allocations_households_household" FOREIGN KEY ("estate_id", "household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "press_allocations_departments_department" FOREIGN KEY ("estate_id", "department_id") REFERENCES "departments" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "pressallocation_estate_id_day_id" ON "press_allocations" ("estate_id", "day", "id");
CREATE INDEX "pressallocation_estate_id_household_id_day_id" ON "press_allocations" ("estate_id", "household_id", "day", "id");
CREATE INDEX "pressallocation_estate_id_delivery_id" ON "press_allocations" ("estate_id", "delivery_id");
CREATE INDEX "pressallocation_estate_id_subscription_id_day" ON "press_allocations" ("estate_id", "subscription_id", "day");
CREATE TABLE "press_pauses" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "household_id" uuid NULL, "from_on" date NOT NULL, "last_on" date NOT NULL, "reason" character varying NOT NULL DEFAULT '', "resumed_by_name" character varying NOT NULL DEFAULT '', "recorded_by_id" uuid NOT NULL, "recorded_by_name" character varying NOT NULL, "estate_id" uuid NOT NULL, "subscription_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "press_pauses_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "press_pauses_press_subscriptions_subscription" FOREIGN KEY ("estate_id", "subscription_id") REFERENCES "press_subscriptions" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "presspause_estate_id_subscription_id_from_on" ON "press_pauses" ("estate_id", "subscription_id", "from_on");
CREATE TABLE "press_recoveries" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "copies" bigint NOT NULL, "delivered_by" character varying NOT NULL, "recovered_on" date NOT NULL, "recorded_by_id" uuid NOT NULL, "recorded_by_name" character varying NOT NULL, "estate_id" uuid NOT NULL, "claim_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "press_recoveries_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "press_recoveries_press_claims_claim" FOREIGN KEY ("estate_id", "claim_id") REFERENCES "press_claims" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "pressrecovery_estate_id_claim_id" ON "press_recoveries" ("estate_id", "claim_id");
SELECT wall('press_allocations', household => 'household_id', append_only => true);
SELECT wall('press_claims');
SELECT wall('press_deliveries', append_only => true);
SELECT wall('press_pauses', household => 'household_id');
SELECT wall('press_receipts', append_only => true);
SELECT wall('press_recoveries', append_only => true);
SELECT wall('press_subscriptions', household => 'household_id');
SELECT wall('publications');

SELECT voidable('publications');
SELECT voidable('press_subscriptions');
SELECT voidable('press_pauses');
SELECT voidable('press_deliveries');
SELECT voidable('press_recoveries');
SELECT late('press_receipts', 'received_at');

INSERT INTO signature_capacities (kind, capacity) VALUES ('mail.press', 'deliverer'), ('mail.press', 'receptionist') ON CONFLICT DO NOTHING;
INSERT INTO signature_distinct (kind, a, b) VALUES ('mail.press', 'deliverer', 'receptionist') ON CONFLICT DO NOTHING;
CREATE CONSTRAINT TRIGGER press_receipts_signed AFTER INSERT ON press_receipts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION must_be_signed('mail.press', 'id');

ALTER TABLE publications
    ADD CONSTRAINT publications_issued CHECK (
        (frequency = 'WEEKLY') = (weekday IS NOT NULL) AND (frequency = 'MONTHLY') = (month_day IS NOT NULL)
        AND coalesce(weekday, 1) BETWEEN 1 AND 7 AND coalesce(month_day, 1) BETWEEN 1 AND 31);
CREATE UNIQUE INDEX publications_name ON publications (estate_id, lower(name)) WHERE voided_at IS NULL;

-- A subscriber has a publication once at a time: more copies are one subscription for more. So who went short before is one history.
ALTER TABLE press_subscriptions
    ADD CONSTRAINT press_subscriptions_before FOREIGN KEY (estate_id, renews_id) REFERENCES press_subscriptions (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT press_subscriptions_for    CHECK (num_nonnulls(household_id, department_id) = 1),
    ADD CONSTRAINT press_subscriptions_term   CHECK (from_on <= last_on),
    ADD CONSTRAINT press_subscriptions_copies CHECK (copies BETWEEN 1 AND 100),
    ADD CONSTRAINT press_subscriptions_ended  CHECK ((ended_at IS NULL) = (end_reason = '') AND (ended_at IS NULL) = (ended_by_name = '')),
    ADD CONSTRAINT press_subscriptions_once   EXCLUDE USING gist (
        estate_id WITH =, publication_id WITH =, (coalesce(household_id, department_id)) WITH =, daterange(from_on, last_on, '[]') WITH &&) WHERE (voided_at IS NULL);
CREATE UNIQUE INDEX press_subscriptions_renewed ON press_subscriptions (estate_id, renews_id) WHERE renews_id IS NOT NULL AND voided_at IS NULL;
ALTER TABLE press_pauses
    ADD CONSTRAINT press_pauses_term CHECK (from_on <= last_on),
    ADD CONSTRAINT press_pauses_household FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT press_pauses_once EXCLUDE USING gist (estate_id WITH =, subscription_id WITH =, daterange(from_on, last_on, '[]') WITH &&) WHERE (voided_at IS NULL);

-- An issue is counted once; what comes later is a recovery.
CREATE UNIQUE INDEX press_deliveries_once ON press_deliveries (estate_id, publication_id, day) WHERE voided_at IS NULL;
ALTER TABLE press_deliveries
    ADD CONSTRAINT press_deliveries_counts CHECK (delivered >= 0 AND expected >= 0);
ALTER TABLE press_allocations
    ADD CONSTRAINT press_allocations_given       CHECK (given BETWEEN 0 AND wanted),
    ADD CONSTRAINT press_allocations_for         CHECK (num_nonnulls(household_id, department_id) = 1),
    ADD CONSTRAINT press_allocations_publication FOREIGN KEY (estate_id, publication_id) REFERENCES publications (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT press_allocations_recovery    FOREIGN KEY (estate_id, recovery_id) REFERENCES press_recoveries (estate_id, id) ON DELETE RESTRICT;
-- Who went short of what: small, however long the history.
CREATE INDEX press_allocations_short ON press_allocations (estate_id, publication_id, (coalesce(household_id, department_id)), day DESC)
    WHERE recovery_id IS NULL AND voided_at IS NULL AND given < wanted;
CREATE INDEX press_allocations_most ON press_allocations (estate_id, delivery_id, (department_id IS NULL), given) WHERE recovery_id IS NULL AND voided_at IS NULL;
ALTER TABLE press_claims
    ADD CONSTRAINT press_claims_recovered CHECK (recovered BETWEEN 0 AND short),
    ADD CONSTRAINT press_claims_closed    CHECK (
        (state = 'OPEN') = (closed_at IS NULL) AND CASE state WHEN 'RECOVERED' THEN recovered = short ELSE recovered < short END
        AND (state = 'WRITTEN_OFF') = (written_off_by_id IS NOT NULL) AND (state = 'WRITTEN_OFF') = (write_off_reason <> '') AND (state = 'WRITTEN_OFF') = (written_off_by_name <> ''));
-- The open claims, however many were closed.
CREATE INDEX press_claims_open ON press_claims (estate_id, day, id) WHERE state = 'OPEN';

-- A household asks for its own history without naming the estate: by its id alone it finds the newest of its rows among all that there are (M1).
CREATE INDEX mail_items_household ON mail_items (household_id, received_on, id) WHERE household_id IS NOT NULL;
CREATE INDEX press_allocations_household ON press_allocations (household_id, day, id) WHERE household_id IS NOT NULL;

-- What was recorded stays; allocations and claims are the database's to write.
REVOKE INSERT ON press_allocations, press_claims FROM steward_app;
REVOKE UPDATE ON publications, press_subscriptions, press_pauses, press_claims FROM steward_app;
GRANT UPDATE (voided_at, void_reason, voided_by_id, voided_by_name) ON publications, press_deliveries, press_recoveries TO steward_app;
GRANT UPDATE (voided_at, void_reason, voided_by_id, voided_by_name, last_on, end_reason, ended_at, ended_by_name) ON press_subscriptions TO steward_app;
GRANT UPDATE (voided_at, void_reason, voided_by_id, voided_by_name, last_on, resumed_by_name) ON press_pauses TO steward_app;
GRANT UPDATE (written_off_by_id, written_off_by_name, write_off_reason, closed_at) ON press_claims TO steward_app;

-- Whether a publication has an issue on a day: a monthly one in a shorter month on its last.
CREATE FUNCTION press_issued(frequency text, weekday bigint, month_day bigint, day date) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT CASE frequency
        WHEN 'DAILY' THEN true
        WHEN 'WEEKDAYS' THEN extract(isodow FROM day) <= 5
        WHEN 'WEEKLY' THEN extract(isodow FROM day) = weekday
        ELSE extract(day FROM day) = least(month_day, extract(day FROM date_trunc('month', day) + interval '1 month - 1 day')) END $$;

-- What the subscriptions of an estate ask for on a day (M1).
CREATE FUNCTION press_expected(estate uuid, on_day date)
RETURNS TABLE (publication_id uuid, publication_name text, subscription_id uuid, household_id uuid, department_id uuid, copies bigint)
STABLE LANGUAGE sql AS $$
    SELECT p.id, p.name::text, s.id, s.household_id, s.department_id, s.copies
    FROM press_subscriptions s JOIN publications p ON p.estate_id = s.estate_id AND p.id = s.publication_id
    WHERE s.estate_id = estate AND s.voided_at IS NULL AND s.last_on >= on_day AND s.from_on <= on_day AND p.voided_at IS NULL
        AND press_issued(p.frequency, p.weekday, p.month_day, on_day)
        AND NOT EXISTS (SELECT FROM press_pauses x WHERE x.estate_id = s.estate_id AND x.subscription_id = s.id AND x.voided_at IS NULL
            AND on_day BETWEEN x.from_on AND x.last_on) $$;

-- The order in which copies of an issue are given out (M7): households before departments; among equals who was passed over last gets first,
-- and who was on the same day keeps the order of then. One is passed over who lacked a copy and saw another of the kind get more. So it goes
-- round: of those who want the same nobody is passed over twice before everybody was once, and who wants many does not push in before who
-- wants one. A year is remembered. Without a history it is the order of the slots.
CREATE FUNCTION press_places(estate uuid, publication uuid, on_day date)
RETURNS TABLE (publication_name text, subscription_id uuid, household_id uuid, department_id uuid, copies bigint, place bigint)
STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT w.publication_name, w.subscription_id, w.household_id, w.department_id, w.copies,
        row_number() OVER (ORDER BY w.department_id IS NOT NULL, coalesce(passed_over.days, '{}') DESC, slot.sort_key COLLATE "C", w.subscription_id)
    FROM press_expected(estate, on_day) w
    CROSS JOIN LATERAL (SELECT array_agg(a.day ORDER BY a.day DESC) AS days FROM press_allocations a
        WHERE a.estate_id = estate AND a.publication_id = publication AND coalesce(a.household_id, a.department_id) = coalesce(w.household_id, w.department_id)
            AND a.recovery_id IS NULL AND a.voided_at IS NULL AND a.given < a.wanted AND a.day < on_day AND a.day >= on_day - 365
            AND EXISTS (SELECT FROM press_allocations o WHERE o.estate_id = a.estate_id AND o.delivery_id = a.delivery_id AND o.recovery_id IS NULL AND o.voided_at IS NULL
                AND (o.department_id IS NULL) = (a.department_id IS NULL) AND o.given > a.given)) passed_over
    CROSS JOIN LATERAL mail_slot(estate, w.household_id, w.department_id) slot
    WHERE w.publication_id = publication $$;

-- How many of so many copies each gets, of those who want some, in their order: everybody one before anybody two, and departments after all
-- households have what they want (M7). With one more copy nobody gets less: so what is recovered goes on where the delivery ended.
CREATE FUNCTION press_shares(copies bigint, wanted bigint[], department boolean[]) RETURNS bigint[] IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT coalesce(array_agg(given ORDER BY place), '{}') FROM (
        SELECT place, count(*) FILTER (WHERE rank <= copies) AS given FROM (
            SELECT w.place, row_number() OVER (ORDER BY w.department, n, w.place) AS rank
            FROM unnest(wanted, department) WITH ORDINALITY AS w (wanted, department, place) CROSS JOIN LATERAL generate_series(1, w.wanted) n) each
        GROUP BY place) shares $$;

-- +goose StatementBegin

-- Nothing is subscribed of a publication that was voided, and none is voided that somebody subscribes to. Its row is locked for each delivery,
-- subscription and pause, so that they follow one another.
CREATE FUNCTION publication_stands() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM press_subscriptions s WHERE s.estate_id = NEW.estate_id AND s.publication_id = NEW.id AND s.voided_at IS NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'publications_subscribed', MESSAGE = 'somebody subscribes to the publication';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION publication_locked(estate uuid, publication uuid) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM publications p WHERE p.estate_id = estate AND p.id = publication AND p.voided_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'publications_stands', MESSAGE = 'no such publication stands';
    END IF;
END $$;

-- A renewal is of the same publication and subscriber, after the last day. A subscription is ended once, and not before the last press that came
-- for it; it is voided while none did. What was renewed stays.
CREATE FUNCTION press_subscription_checked() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM publication_locked(NEW.estate_id, NEW.publication_id);
    IF TG_OP = 'INSERT' THEN
        IF NEW.renews_id IS NOT NULL AND NOT EXISTS (SELECT FROM press_subscriptions s WHERE s.estate_id = NEW.estate_id AND s.id = NEW.renews_id
            AND (s.publication_id, coalesce(s.household_id, s.department_id)) = (NEW.publication_id, coalesce(NEW.household_id, NEW.department_id))
            AND s.last_on < NEW.from_on AND s.voided_at IS NULL AND s.ended_at IS NULL) THEN
            RAISE check_violation USING CONSTRAINT = 'press_subscriptions_renews', MESSAGE = 'not the next period of that subscription';
        END IF;
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM press_subscriptions s WHERE s.estate_id = NEW.estate_id AND s.renews_id = NEW.id AND s.voided_at IS NULL) THEN
        RAISE unique_violation USING CONSTRAINT = 'press_subscriptions_renewed', MESSAGE = 'the subscription was renewed';
    END IF;
    IF NEW.voided_at IS NULL AND (OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL OR NEW.last_on >= OLD.last_on) THEN
        RAISE check_violation USING CONSTRAINT = 'press_subscriptions_end', MESSAGE = 'a subscription is ended once, before its time';
    END IF;
    IF EXISTS (SELECT FROM press_allocations a WHERE a.estate_id = NEW.estate_id AND a.subscription_id = NEW.id AND a.voided_at IS NULL
        AND (a.day > NEW.last_on OR NEW.voided_at IS NOT NULL)) THEN
        RAISE check_violation USING CONSTRAINT = 'press_subscriptions_received', MESSAGE = 'press came for the subscription';
    END IF;
    RETURN NEW;
END $$;

-- A pause lies within its subscription, is the same household's, and not of days for which press came already. It gets shorter only.
CREATE FUNCTION press_pause_checked() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    s press_subscriptions;
BEGIN
    SELECT * INTO s FROM press_subscriptions WHERE estate_id = NEW.estate_id AND id = NEW.subscription_id;
    PERFORM publication_locked(NEW.estate_id, s.publication_id);
    IF s.household_id IS DISTINCT FROM NEW.household_id OR s.voided_at IS NOT NULL OR TG_OP = 'INSERT' AND (NEW.from_on < s.from_on OR NEW.last_on > s.last_on)
        OR TG_OP = 'UPDATE' AND NEW.voided_at IS NULL AND NEW.last_on >= OLD.last_on THEN
        RAISE check_violation USING CONSTRAINT = 'press_pauses_within', MESSAGE = 'not within the subscription';
    END IF;
    IF TG_OP = 'INSERT' AND EXISTS (SELECT FROM press_allocations a WHERE a.estate_id = NEW.estate_id AND a.subscription_id = NEW.subscription_id
        AND a.voided_at IS NULL AND a.day BETWEEN NEW.from_on AND NEW.last_on) THEN
        RAISE check_violation USING CONSTRAINT = 'press_pauses_received', MESSAGE = 'press came for the subscription in that time';
    END IF;
    RETURN NEW;
END $$;

-- A delivery is of its receipt's day. What was expected of it, who gets how many, and what is claimed follows from the subscriptions.
CREATE FUNCTION press_delivery_expects() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM publications p WHERE p.estate_id = NEW.estate_id AND p.id = NEW.publication_id FOR NO KEY UPDATE;
    SELECT coalesce(sum(copies), 0) INTO NEW.expected FROM press_places(NEW.estate_id, NEW.publication_id, NEW.day);
    RETURN NEW;
END $$;
CREATE FUNCTION press_delivery_allots() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM publications p WHERE p.estate_id = NEW.estate_id AND p.id = NEW.publication_id AND p.voided_at IS NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'publications_stands', MESSAGE = 'no such publication stands';
    END IF;
    IF NOT EXISTS (SELECT FROM press_receipts r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.receipt_id AND r.day = NEW.day) THEN
        RAISE check_violation USING CONSTRAINT = 'press_deliveries_day', MESSAGE = 'not of the receipt''s day';
    END IF;
    WITH places AS MATERIALIZED (SELECT * FROM press_places(NEW.estate_id, NEW.publication_id, NEW.day)),
        shares AS MATERIALIZED (SELECT press_shares(NEW.delivered, array_agg(copies ORDER BY place), array_agg(department_id IS NOT NULL ORDER BY place)) AS given FROM places)
    INSERT INTO press_allocations (id, created_at, estate_id, delivery_id, subscription_id, publication_id, publication_name, day, household_id, department_id, place, wanted, given)
        SELECT new_id(x'0810'::int), NEW.created_at, NEW.estate_id, NEW.id, p.subscription_id, NEW.publication_id, p.publication_name, NEW.day,
            p.household_id, p.department_id, p.place, p.copies, s.given[p.place::int] FROM places p CROSS JOIN shares s;
    IF NEW.delivered < NEW.expected THEN
        INSERT INTO press_claims (id, created_at, estate_id, delivery_id, publication_id, day, short)
            VALUES (new_id(x'0811'::int), NEW.created_at, NEW.estate_id, NEW.id, NEW.publication_id, NEW.day, NEW.expected - NEW.delivered);
    END IF;
    RETURN NULL;
END $$;

-- A count is voided with its claim, of which nothing happened since, and with who got how many.
CREATE FUNCTION press_delivery_voided() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM publications p WHERE p.estate_id = NEW.estate_id AND p.id = NEW.publication_id FOR NO KEY UPDATE;
    PERFORM FROM press_claims c WHERE c.estate_id = NEW.estate_id AND c.delivery_id = NEW.id FOR UPDATE;
    IF EXISTS (SELECT FROM press_claims c WHERE c.estate_id = NEW.estate_id AND c.delivery_id = NEW.id AND (c.state <> 'OPEN' OR c.recovered > 0)) THEN
        RAISE check_violation USING CONSTRAINT = 'press_deliveries_claim', MESSAGE = 'something of its claim was recovered or written off';
    END IF;
    UPDATE press_claims SET state = 'VOIDED', closed_at = NEW.voided_at WHERE estate_id = NEW.estate_id AND delivery_id = NEW.id;
    UPDATE press_allocations SET voided_at = NEW.voided_at WHERE estate_id = NEW.estate_id AND delivery_id = NEW.id AND voided_at IS NULL;
    RETURN NULL;
END $$;

-- What is recovered goes to who went short, as if it had come with the delivery: what everybody would have got then, less what they have.
CREATE FUNCTION press_recovery_allots() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    c press_claims;
    had bigint;
BEGIN
    SELECT * INTO c FROM press_claims WHERE estate_id = NEW.estate_id AND id = NEW.claim_id FOR UPDATE;
    IF c.state <> 'OPEN' THEN
        RAISE check_violation USING CONSTRAINT = 'press_claims_open', MESSAGE = format('the claim is %s', c.state);
    END IF;
    IF NEW.copies > c.short - c.recovered THEN
        RAISE check_violation USING CONSTRAINT = 'press_recoveries_missing', MESSAGE = 'more than are missing';
    END IF;
    SELECT d.delivered + c.recovered INTO had FROM press_deliveries d WHERE d.estate_id = c.estate_id AND d.id = c.delivery_id;
    WITH firsts AS MATERIALIZED (SELECT * FROM press_allocations a WHERE a.estate_id = c.estate_id AND a.delivery_id = c.delivery_id AND a.recovery_id IS NULL),
        wanted AS MATERIALIZED (SELECT array_agg(wanted ORDER BY place) AS copies, array_agg(department_id IS NOT NULL ORDER BY place) AS department FROM firsts),
        shares AS MATERIALIZED (SELECT press_shares(had, copies, department) AS before, press_shares(had + NEW.copies, copies, department) AS after FROM wanted)
    INSERT INTO press_allocations (id, created_at, estate_id, delivery_id, recovery_id, subscription_id, publication_id, publication_name, day, household_id, department_id, place, wanted, given)
        SELECT new_id(x'0810'::int), NEW.created_at, NEW.estate_id, c.delivery_id, NEW.id, f.subscription_id, c.publication_id, f.publication_name, c.day,
            f.household_id, f.department_id, f.place, f.wanted - s.before[f.place::int], s.after[f.place::int] - s.before[f.place::int]
        FROM firsts f CROSS JOIN shares s WHERE s.after[f.place::int] > s.before[f.place::int];
    UPDATE press_claims SET recovered = recovered + NEW.copies,
        state = CASE WHEN recovered + NEW.copies = short THEN 'RECOVERED' ELSE state END, closed_at = CASE WHEN recovered + NEW.copies = short THEN NEW.created_at END
        WHERE estate_id = c.estate_id AND id = c.id;
    RETURN NULL;
END $$;
CREATE FUNCTION press_recovery_voided() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    c press_claims;
BEGIN
    SELECT * INTO c FROM press_claims WHERE estate_id = NEW.estate_id AND id = NEW.claim_id FOR UPDATE;
    IF c.state NOT IN ('OPEN', 'RECOVERED') OR NEW.id IS DISTINCT FROM (SELECT r.id FROM press_recoveries r
        WHERE r.estate_id = NEW.estate_id AND r.claim_id = NEW.claim_id AND (r.voided_at IS NULL OR r.id = NEW.id) ORDER BY r.created_at DESC, r.id DESC LIMIT 1) THEN
        RAISE check_violation USING CONSTRAINT = 'press_recoveries_last', MESSAGE = 'not the last recovery of a claim that may be open again';
    END IF;
    UPDATE press_claims SET recovered = recovered - NEW.copies, state = 'OPEN', closed_at = NULL WHERE estate_id = c.estate_id AND id = c.id;
    UPDATE press_allocations SET voided_at = NEW.voided_at WHERE estate_id = NEW.estate_id AND recovery_id = NEW.id;
    RETURN NULL;
END $$;

-- The rest of an open claim is given up by who did not count the delivery.
CREATE FUNCTION press_claim_written_off() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF OLD.state <> 'OPEN' THEN
        RAISE check_violation USING CONSTRAINT = 'press_claims_open', MESSAGE = format('the claim is %s', OLD.state);
    END IF;
    IF EXISTS (SELECT FROM press_deliveries d JOIN press_receipts r ON r.estate_id = d.estate_id AND r.id = d.receipt_id
        WHERE d.estate_id = NEW.estate_id AND d.id = NEW.delivery_id AND r.received_by_id = NEW.written_off_by_id) THEN
        RAISE check_violation USING CONSTRAINT = 'press_claims_by_another', MESSAGE = 'written off by who counted';
    END IF;
    NEW.state := 'WRITTEN_OFF';
    NEW.closed_at := coalesce(NEW.closed_at, now());
    RETURN NEW;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION press_delivery_expects, press_delivery_allots, press_delivery_voided, press_recovery_allots, press_recovery_voided FROM PUBLIC;
CREATE TRIGGER publication_stands AFTER UPDATE ON publications FOR EACH ROW WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL) EXECUTE FUNCTION publication_stands();
CREATE TRIGGER press_subscription_checked AFTER INSERT OR UPDATE ON press_subscriptions FOR EACH ROW EXECUTE FUNCTION press_subscription_checked();
CREATE TRIGGER press_pause_checked AFTER INSERT OR UPDATE ON press_pauses FOR EACH ROW EXECUTE FUNCTION press_pause_checked();
CREATE TRIGGER press_delivery_expects BEFORE INSERT ON press_deliveries FOR EACH ROW EXECUTE FUNCTION press_delivery_expects();
CREATE TRIGGER press_delivery_allots AFTER INSERT ON press_deliveries FOR EACH ROW EXECUTE FUNCTION press_delivery_allots();
CREATE TRIGGER press_delivery_voided AFTER UPDATE ON press_deliveries FOR EACH ROW WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL) EXECUTE FUNCTION press_delivery_voided();
CREATE TRIGGER press_recovery_allots AFTER INSERT ON press_recoveries FOR EACH ROW EXECUTE FUNCTION press_recovery_allots();
CREATE TRIGGER press_recovery_voided AFTER UPDATE ON press_recoveries FOR EACH ROW WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL) EXECUTE FUNCTION press_recovery_voided();
CREATE TRIGGER press_claim_written_off BEFORE UPDATE OF written_off_by_id, written_off_by_name, write_off_reason ON press_claims FOR EACH ROW EXECUTE FUNCTION press_claim_written_off();
