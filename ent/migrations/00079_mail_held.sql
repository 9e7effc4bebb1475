-- Mail stays what it was found to be (M1-M7): what was scanned, excused or named by a case is not voided; what goes back to the post office, or
-- comes late from it, is signed for; a closed day is delivered on no more; and nobody decides upon what is their own.

-- +goose Up
SELECT set_config('app.estate_ids', '*', true);

-- Two writings of one name are the same: full-width forms, space, and characters that nobody sees make no other person.
CREATE OR REPLACE FUNCTION signature_name(name text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT lower(regexp_replace(normalize(name, NFKC), '[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+', '', 'g')) $$;

-- Barcodes are compared in one case, and kept so.
UPDATE mail_items SET barcode = upper(barcode COLLATE "C") WHERE voided_at IS NULL AND barcode <> upper(barcode COLLATE "C");
ALTER TABLE mail_items
    ADD CONSTRAINT mail_items_barcode_case CHECK (voided_at IS NOT NULL OR barcode = upper(barcode COLLATE "C"));
-- A subscription is for five years at most, and so is its renewal.
ALTER TABLE press_subscriptions
    ADD CONSTRAINT press_subscriptions_years CHECK (last_on - from_on <= 5 * 366) NOT VALID;
-- Who opened a case, who is responsible and who concludes or voids it are different persons, but that who opened it may void it.
ALTER TABLE mail_cases
    DROP CONSTRAINT mail_cases_persons,
    ADD CONSTRAINT mail_cases_persons CHECK (responsible_account_id IS DISTINCT FROM opened_by_id
        AND (concluded_by_id IS NULL OR concluded_by_id <> opened_by_id AND concluded_by_id IS DISTINCT FROM responsible_account_id)
        AND (voided_by_id IS NULL OR voided_by_id IS DISTINCT FROM responsible_account_id)) NOT VALID;

-- What goes back is signed for by who takes it for the post office, each item by itself; what comes late as what came in time.
INSERT INTO signature_capacities (kind, capacity) VALUES
    ('mail.return', 'taker'), ('mail.return', 'handler'), ('mail.recover', 'deliverer'), ('mail.recover', 'receptionist') ON CONFLICT DO NOTHING;
INSERT INTO signature_distinct (kind, a, b) VALUES ('mail.return', 'taker', 'handler'), ('mail.recover', 'deliverer', 'receptionist') ON CONFLICT DO NOTHING;
CREATE CONSTRAINT TRIGGER mail_returns_signed AFTER INSERT ON mail_events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state = 'RETURNED') EXECUTE FUNCTION must_be_signed('mail.return', 'item_id');
CREATE CONSTRAINT TRIGGER press_recoveries_signed AFTER INSERT ON press_recoveries DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION must_be_signed('mail.recover', 'id');

-- A household reads what happened to its item while it was its own, once it is its own still: who was named in error reads no more of it.
ALTER POLICY household ON mail_events USING (array_position((SELECT viewer_households()), household_id) IS NOT NULL
    AND EXISTS (SELECT FROM mail_items i WHERE i.estate_id = mail_events.estate_id AND i.id = mail_events.item_id AND i.household_id = mail_events.household_id));

CREATE INDEX mail_scans_item ON mail_scans (estate_id, item_id) WHERE item_id IS NOT NULL;

-- The publications of which an issue is expected on a day, and was not counted: that none came is a count, too (M7).
CREATE FUNCTION mail_press_uncounted(estate uuid, on_day date) RETURNS SETOF uuid STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT DISTINCT e.publication_id FROM press_expected(estate, on_day) e WHERE NOT EXISTS (SELECT FROM press_deliveries d
        WHERE d.estate_id = estate AND d.publication_id = e.publication_id AND d.day = on_day AND d.voided_at IS NULL) $$;

-- +goose StatementBegin

-- Days of an estate begin and close one after the other.
CREATE FUNCTION mail_days_ordered(estate uuid) RETURNS void LANGUAGE sql SET search_path = pg_catalog, public AS
    $$ SELECT pg_advisory_xact_lock(hashtextextended('mail days ' || estate, 0)) $$;

-- A day that is open stays so until the transaction ends, and one that has not begun does not begin.
CREATE FUNCTION mail_day_held(estate uuid, on_day date) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    day_state text;
BEGIN
    SELECT d.state INTO day_state FROM mail_days d WHERE d.estate_id = estate AND d.day = on_day FOR SHARE;
    IF NOT FOUND THEN
        PERFORM mail_days_ordered(estate);
        SELECT d.state INTO day_state FROM mail_days d WHERE d.estate_id = estate AND d.day = on_day FOR SHARE;
    END IF;
    IF day_state = 'CLOSED' THEN
        RAISE check_violation USING CONSTRAINT = 'mail_days_closed', MESSAGE = format('%s is closed', on_day);
    END IF;
END $$;

-- No day begins before one that is closed: what it would have had was in nobody's count.
CREATE FUNCTION mail_day_begins() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM mail_days_ordered(NEW.estate_id);
    IF EXISTS (SELECT FROM mail_days d WHERE d.estate_id = NEW.estate_id AND d.day > NEW.day AND d.state = 'CLOSED') THEN
        RAISE check_violation USING CONSTRAINT = 'mail_days_begin_in_order', MESSAGE = 'a later day was closed';
    END IF;
    RETURN NULL;
END $$;
-- What comes on a day that is closed is recorded of the next, or the day is opened again.
CREATE OR REPLACE FUNCTION mail_day_takes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM mail_day_held(NEW.estate_id, NEW.received_on);
    RETURN NEW;
END $$;
-- A day begins open. It closes after those before it, when nothing of it is left to explain or to count, with the figures that it has then. The
-- last one that was closed may be opened again.
CREATE OR REPLACE FUNCTION mail_day_closes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    f record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'OPEN' THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_begin', MESSAGE = 'a day begins open';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state = 'CLOSED' AND OLD.state = 'OPEN' THEN
        PERFORM mail_days_ordered(NEW.estate_id);
        SELECT * INTO f FROM mail_day_figures(NEW.estate_id, NEW.id);
        IF EXISTS (SELECT FROM mail_days d WHERE d.estate_id = NEW.estate_id AND d.day < NEW.day AND d.state = 'OPEN') THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_order', MESSAGE = 'an earlier day is open';
        ELSIF f.scans_open + f.missing_open > 0 THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_explained', MESSAGE = format('%s scans and %s items are not explained', f.scans_open, f.missing_open);
        ELSIF f.undelivered_open > 0 THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_delivered', MESSAGE = format('%s items are not excused', f.undelivered_open);
        ELSIF f.miscounted_open > 0 THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_counted', MESSAGE = format('of %s kinds other items are registered than counted', f.miscounted_open);
        ELSIF EXISTS (SELECT FROM mail_press_uncounted(NEW.estate_id, NEW.day)) THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_press', MESSAGE = 'press of the day was not counted';
        END IF;
        NEW.listed := f.listed; NEW.matched := f.matched; NEW.missing := f.missing; NEW.unknown := f.unknown; NEW.doubled := f.doubled;
        NEW.already_delivered := f.already_delivered; NEW.undelivered := f.undelivered; NEW.miscounted := f.miscounted;
    ELSIF NEW.state = 'OPEN' AND OLD.state = 'CLOSED' THEN
        IF EXISTS (SELECT FROM mail_days d WHERE d.estate_id = NEW.estate_id AND d.day > NEW.day AND d.state = 'CLOSED') THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_last', MESSAGE = 'a later day was closed';
        END IF;
        NEW.listed := 0; NEW.matched := 0; NEW.missing := 0; NEW.unknown := 0; NEW.doubled := 0; NEW.already_delivered := 0; NEW.undelivered := 0; NEW.miscounted := 0;
    END IF;
    RETURN NEW;
END $$;

-- The items that had come by a day and were neither delivered nor returned at its end, or are here now. What was said to be delivered on that day
-- only after it was over counts as left (what is recorded late is so by a day at most). It is planned anew each time: only with the days
-- themselves the planner sees that the history has none of them.
CREATE OR REPLACE FUNCTION mail_left(estate uuid, on_day date) RETURNS TABLE (id uuid, kind text) STABLE LANGUAGE plpgsql
    SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    ended timestamptz := (SELECT (on_day + 1)::timestamp AT TIME ZONE e.time_zone FROM estates e WHERE e.id = estate);
BEGIN
    RETURN QUERY SELECT i.id, i.kind::text FROM mail_items i
        WHERE i.estate_id = estate AND i.voided_at IS NULL AND i.state NOT IN ('DELIVERED', 'RETURNED') AND i.received_on <= on_day;
    RETURN QUERY SELECT i.id, i.kind::text FROM mail_items i
        WHERE i.estate_id = estate AND i.voided_at IS NULL AND i.state IN ('DELIVERED', 'RETURNED') AND i.received_on <= on_day AND i.changed_at >= ended - interval '1 day'
            AND (i.changed_at >= ended OR EXISTS (SELECT FROM mail_deliveries d WHERE d.estate_id = estate AND d.id = i.delivery_id AND d.created_at >= ended));
END $$;

-- What a scan is of is decided here, whoever writes it. Scans of one item wait for each other at its row; an item that is here comes before
-- one of the same barcode that went. The day's row is held, so that it is not closed meanwhile.
CREATE OR REPLACE FUNCTION mail_scan_decides() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    item mail_items;
    day_state text;
BEGIN
    NEW.code := upper(NEW.code COLLATE "C");
    SELECT d.state INTO day_state FROM mail_days d WHERE d.estate_id = NEW.estate_id AND d.id = NEW.day_id FOR SHARE;
    IF day_state = 'CLOSED' THEN
        RAISE check_violation USING CONSTRAINT = 'mail_days_closed', MESSAGE = 'the day is closed';
    END IF;
    SELECT i.* INTO item FROM mail_items i WHERE i.estate_id = NEW.estate_id AND i.barcode = NEW.code AND i.voided_at IS NULL
        ORDER BY i.state IN ('DELIVERED', 'RETURNED'), i.received_on DESC, i.id DESC LIMIT 1 FOR NO KEY UPDATE;
    NEW.item_id := item.id;
    NEW.outcome := CASE
        WHEN item.id IS NULL THEN 'UNKNOWN'
        WHEN item.state IN ('DELIVERED', 'RETURNED') THEN 'ALREADY_DELIVERED'
        WHEN EXISTS (SELECT FROM mail_scans s WHERE s.estate_id = NEW.estate_id AND s.day_id = NEW.day_id AND s.item_id = item.id AND s.outcome = 'MATCHED') THEN 'DOUBLE'
        ELSE 'MATCHED' END;
    IF NEW.explained_at IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = 'mail_scans_explained', MESSAGE = 'explained before it is there';
    END IF;
    RETURN NEW;
END $$;
-- Only what needs an excuse gets one, while the day is open; a scan shows what it was explained by.
CREATE OR REPLACE FUNCTION mail_excuse_needed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM mail_day_open(NEW.estate_id, NEW.day_id);
    PERFORM FROM mail_items i WHERE i.estate_id = NEW.estate_id AND i.id = NEW.item_id FOR SHARE; -- it is not voided meanwhile
    IF NEW.kind = 'UNMATCHED' THEN
        UPDATE mail_scans s SET explained_at = NEW.given_at, explanation = NEW.reason, explained_by_id = NEW.given_by_id, explained_by_name = NEW.given_by_name
            WHERE s.estate_id = NEW.estate_id AND s.day_id = NEW.day_id AND s.id = NEW.scan_id AND s.outcome <> 'MATCHED' AND s.explained_at IS NULL;
        IF NOT FOUND THEN
            RAISE check_violation USING CONSTRAINT = 'mail_excuses_unmatched', MESSAGE = 'the scan matches, or is explained';
        END IF;
    ELSIF NEW.kind = 'MISCOUNTED' AND NOT EXISTS (SELECT FROM mail_counts(NEW.estate_id, NEW.day_id) c
            WHERE c.kind = NEW.mail_kind AND c.registered - c.counted = NEW.difference AND NEW.difference <> 0) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_excuses_counted', MESSAGE = 'the kind does not differ by so many';
    ELSIF NEW.kind = 'UNSCANNED' AND NEW.item_id NOT IN (SELECT mail_missing(NEW.estate_id, NEW.day_id, false)) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_excuses_missing', MESSAGE = 'the item is not missing';
    ELSIF NEW.kind = 'UNDELIVERED' AND NEW.item_id NOT IN (SELECT mail_undelivered(NEW.estate_id, NEW.day_id, false)) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_excuses_late', MESSAGE = 'the item is not here';
    END IF;
    RETURN NULL;
END $$;

-- A case is about an item that stands.
CREATE FUNCTION mail_case_item_stands() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM mail_items i WHERE i.estate_id = NEW.estate_id AND i.id = NEW.item_id AND i.voided_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'mail_cases_item', MESSAGE = 'no such item stands';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION mail_case_follows() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.responsible_account_id := (SELECT s.account_id FROM staffs s WHERE s.estate_id = NEW.estate_id AND s.id = NEW.responsible_id);
    ELSIF OLD.concluded_at IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = 'mail_cases_open', MESSAGE = 'the case was concluded';
    ELSIF OLD.answered_at IS NOT NULL AND (NEW.answered_at, NEW.answer) IS DISTINCT FROM (OLD.answered_at, OLD.answer) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_cases_open', MESSAGE = 'the answer stays';
    END IF;
    IF EXISTS (SELECT FROM staffs s WHERE s.estate_id = NEW.estate_id AND s.id = NEW.responsible_id AND s.account_id IN (NEW.concluded_by_id, NEW.voided_by_id)) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_cases_persons', MESSAGE = 'concluded or voided by who is responsible, whose account it is by now';
    END IF;
    NEW.state := CASE WHEN NEW.voided_at IS NOT NULL THEN 'VOIDED' WHEN NEW.concluded_at IS NOT NULL THEN 'CONCLUDED'
        WHEN NEW.answered_at IS NOT NULL THEN 'ANSWERED' ELSE 'OPEN' END;
    RETURN NEW;
END $$;

-- An item is voided while nothing was done with it: a scan proves that the thing is here, and what is explained or asked of somebody stays (M1).
CREATE OR REPLACE FUNCTION mail_item_untouched() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF OLD.state <> 'RECEIVED'
        OR EXISTS (SELECT FROM mail_scans s WHERE s.estate_id = NEW.estate_id AND s.item_id = NEW.id)
        OR EXISTS (SELECT FROM mail_excuses x WHERE x.estate_id = NEW.estate_id AND x.item_id = NEW.id AND x.voided_at IS NULL)
        OR EXISTS (SELECT FROM mail_cases c WHERE c.estate_id = NEW.estate_id AND c.item_id = NEW.id AND c.voided_at IS NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_items_untouched', MESSAGE = format('the item is %s, or was scanned, excused or named by a case', OLD.state);
    END IF;
    RETURN NULL;
END $$;

-- A count is voided with its claim, of which nothing happened since, by another than counted it, and with who got how many.
CREATE OR REPLACE FUNCTION press_delivery_voided() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM publications p WHERE p.estate_id = NEW.estate_id AND p.id = NEW.publication_id FOR NO KEY UPDATE;
    PERFORM FROM press_claims c WHERE c.estate_id = NEW.estate_id AND c.delivery_id = NEW.id FOR UPDATE;
    IF EXISTS (SELECT FROM press_claims c WHERE c.estate_id = NEW.estate_id AND c.delivery_id = NEW.id AND (c.state <> 'OPEN' OR c.recovered > 0)) THEN
        RAISE check_violation USING CONSTRAINT = 'press_deliveries_claim', MESSAGE = 'something of its claim was recovered or written off';
    END IF;
    IF EXISTS (SELECT FROM press_claims c JOIN press_receipts r ON r.estate_id = c.estate_id AND r.id = NEW.receipt_id
        WHERE c.estate_id = NEW.estate_id AND c.delivery_id = NEW.id AND r.received_by_id = NEW.voided_by_id) THEN
        RAISE check_violation USING CONSTRAINT = 'press_deliveries_by_another', MESSAGE = 'a claim is voided by who counted';
    END IF;
    PERFORM FROM mail_days d WHERE d.estate_id = NEW.estate_id AND d.day = NEW.day FOR SHARE; -- it does not close over the count meanwhile
    UPDATE press_claims SET state = 'VOIDED', closed_at = NEW.voided_at WHERE estate_id = NEW.estate_id AND delivery_id = NEW.id;
    UPDATE press_allocations SET voided_at = NEW.voided_at WHERE estate_id = NEW.estate_id AND delivery_id = NEW.id AND voided_at IS NULL;
    RETURN NULL;
END $$;
-- The rest of an open claim is given up by who neither counted the delivery nor recorded what was recovered.
CREATE OR REPLACE FUNCTION press_claim_written_off() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF OLD.state <> 'OPEN' THEN
        RAISE check_violation USING CONSTRAINT = 'press_claims_open', MESSAGE = format('the claim is %s', OLD.state);
    END IF;
    IF EXISTS (SELECT FROM press_deliveries d JOIN press_receipts r ON r.estate_id = d.estate_id AND r.id = d.receipt_id
        WHERE d.estate_id = NEW.estate_id AND d.id = NEW.delivery_id AND r.received_by_id = NEW.written_off_by_id)
        OR EXISTS (SELECT FROM press_recoveries r WHERE r.estate_id = NEW.estate_id AND r.claim_id = NEW.id AND r.voided_at IS NULL AND r.recorded_by_id = NEW.written_off_by_id) THEN
        RAISE check_violation USING CONSTRAINT = 'press_claims_by_another', MESSAGE = 'written off by who counted, or recorded what was recovered';
    END IF;
    NEW.state := 'WRITTEN_OFF';
    NEW.closed_at := coalesce(NEW.closed_at, now());
    RETURN NEW;
END $$;

-- An event takes its item where it says, if there is a way (M4): out by a delivery to whom it is for, on a day that is open, signed for where it
-- has to be (M2, M3), else into the box of a unit that is the household's now; and back into the slot once that was voided. What is signed for and
-- was sorted is dead only by the decision of another.
CREATE OR REPLACE FUNCTION mail_event_takes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    item mail_items;
    to_slot text := '';
    to_key text := '';
    raised_by uuid;
    delivery mail_deliveries;
BEGIN
    SELECT * INTO item FROM mail_items i WHERE i.estate_id = NEW.estate_id AND i.id = NEW.item_id FOR UPDATE;
    IF item.id IS NULL OR item.voided_at IS NOT NULL OR (item.state || '>' || NEW.state) NOT IN (
        'RECEIVED>SORTED', 'RECEIVED>DOUBTFUL', 'RECEIVED>DEAD', 'SORTED>DOUBTFUL', 'SORTED>DEAD',
        'DOUBTFUL>SORTED', 'DOUBTFUL>DEAD', 'DEAD>RETURNED', 'SORTED>DELIVERED', 'DELIVERED>SORTED') THEN
        RAISE check_violation USING CONSTRAINT = 'mail_items_way', MESSAGE = format('from %s to %s', item.state, NEW.state);
    END IF;
    IF NEW.state = 'DEAD' AND item.state = 'SORTED' AND mail_accountable(item.kind) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_items_doubted', MESSAGE = format('a %s that was sorted is dead by the decision of another', item.kind);
    END IF;
    IF item.state = 'DOUBTFUL' THEN -- a superior decides, who did not raise it
        SELECT e.acted_by_id INTO raised_by FROM mail_events e WHERE e.estate_id = NEW.estate_id AND e.item_id = NEW.item_id AND e.state = 'DOUBTFUL'
            ORDER BY e.acted_at DESC, e.id DESC LIMIT 1;
        IF raised_by = NEW.acted_by_id OR NEW.reason = '' THEN
            RAISE check_violation USING CONSTRAINT = 'mail_items_decided_by_another', MESSAGE = 'decided by who raised it, or without a reason';
        END IF;
    ELSIF (NEW.household_id, NEW.department_id) IS DISTINCT FROM (item.household_id, item.department_id) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_items_way', MESSAGE = 'whom it is for is decided of what is doubtful';
    END IF;
    IF NEW.state = 'DELIVERED' OR item.state = 'DELIVERED' THEN
        SELECT * INTO delivery FROM mail_deliveries d WHERE d.estate_id = NEW.estate_id AND d.id = coalesce(NEW.delivery_id, item.delivery_id);
        IF (NEW.state = 'DELIVERED') <> (delivery.voided_at IS NULL)
            OR (delivery.household_id, delivery.department_id) IS DISTINCT FROM (item.household_id, item.department_id)
            OR NEW.state = 'DELIVERED' AND delivery.delivered_at <> NEW.acted_at THEN
            RAISE check_violation USING CONSTRAINT = 'mail_items_way', MESSAGE = 'the delivery is another''s, or its void is';
        END IF;
        -- The day stays open while it is delivered on it, and while a delivery of it is taken back.
        PERFORM mail_day_held(e.id, (delivery.delivered_at AT TIME ZONE e.time_zone)::date) FROM estates e WHERE e.id = NEW.estate_id;
        IF NEW.state = 'DELIVERED' AND delivery.method = 'BOX' AND item.household_id IS NOT NULL AND NOT EXISTS (SELECT FROM occupancies o
            JOIN units u ON u.estate_id = o.estate_id AND u.id = o.unit_id JOIN estates e ON e.id = o.estate_id
            WHERE o.estate_id = NEW.estate_id AND o.household_id = item.household_id AND u.label = item.slot AND o.state <> 'MOVED_OUT'
                AND (o.until_on IS NULL OR o.until_on > (NEW.acted_at AT TIME ZONE e.time_zone)::date)) THEN
            RAISE check_violation USING CONSTRAINT = 'mail_items_box', MESSAGE = 'the slot is no longer of a unit of the household';
        END IF;
        IF NEW.state = 'DELIVERED' AND delivery.method = 'BOX' AND mail_accountable(item.kind) THEN
            RAISE check_violation USING CONSTRAINT = 'mail_items_signed_for', MESSAGE = format('a %s is signed for', item.kind);
        END IF;
        IF NEW.acted_at < (SELECT r.received_at FROM mail_receipts r WHERE r.estate_id = NEW.estate_id AND r.id = item.receipt_id) THEN
            RAISE check_violation USING CONSTRAINT = 'mail_items_came', MESSAGE = 'delivered before it came';
        END IF;
    END IF;
    IF NEW.state = 'SORTED' THEN
        IF num_nonnulls(NEW.household_id, NEW.department_id) <> 1 THEN
            RAISE check_violation USING CONSTRAINT = 'mail_items_addressed', MESSAGE = 'it is for nobody known';
        END IF;
        SELECT slot, sort_key INTO to_slot, to_key FROM mail_slot(NEW.estate_id, NEW.household_id, NEW.department_id);
    ELSIF NEW.state = 'DELIVERED' THEN
        to_slot := item.slot;
        to_key := item.sort_key;
    END IF;
    UPDATE mail_items SET state = NEW.state, household_id = NEW.household_id, department_id = NEW.department_id, slot = to_slot, sort_key = to_key,
        delivery_id = NEW.delivery_id, changed_at = NEW.acted_at, changed_by_name = NEW.acted_by_name WHERE estate_id = NEW.estate_id AND id = NEW.item_id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
DROP TRIGGER mail_item_untouched ON mail_items;
CREATE TRIGGER mail_item_untouched AFTER UPDATE ON mail_items FOR EACH ROW WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL) EXECUTE FUNCTION mail_item_untouched();
CREATE TRIGGER mail_day_begins AFTER INSERT ON mail_days FOR EACH ROW EXECUTE FUNCTION mail_day_begins();
CREATE TRIGGER mail_case_item_stands AFTER INSERT ON mail_cases FOR EACH ROW WHEN (NEW.item_id IS NOT NULL) EXECUTE FUNCTION mail_case_item_stands();
