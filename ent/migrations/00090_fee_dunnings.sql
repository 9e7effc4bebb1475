-- Dunning (F6, F7, F8): what is past due is demanded by notices that the database drafts and nobody else, each fee notice by one at a time. A notice is reviewed,
-- stamped by another, handed to customer service, dispatched and delivered, in this order; one whose amounts changed is replaced by a version that begins
-- anew, and one that was paid is withdrawn, by the very statement that settles what it asks for.

-- +goose Up
INSERT INTO signature_capacities (kind, capacity) VALUES ('fees.dun', 'reviewer'), ('fees.dun', 'stamper') ON CONFLICT DO NOTHING;
INSERT INTO signature_distinct (kind, a, b) VALUES ('fees.dun', 'reviewer', 'stamper') ON CONFLICT DO NOTHING;
INSERT INTO signature_certificates (kind) VALUES ('fees.dun') ON CONFLICT DO NOTHING;

ALTER TABLE fee_books
    ADD CONSTRAINT fee_books_dunning CHECK (dunning_days BETWEEN 1 AND 90);
GRANT UPDATE (dunning_days) ON fee_books TO steward_app;

ALTER TABLE fee_dunnings
    ADD CONSTRAINT fee_dunnings_amount   CHECK (amount > 0),
    ADD CONSTRAINT fee_dunnings_levels   CHECK ((level = 'FIRST') = (previous_id IS NULL)),
    ADD CONSTRAINT fee_dunnings_version  CHECK ((revision = 1) = (replaces_id IS NULL)),
    ADD CONSTRAINT fee_dunnings_to_home  FOREIGN KEY (estate_id, delivered_to_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT fee_dunnings_reviewed CHECK ((reviewed_at IS NULL) = (reviewed_by_id IS NULL) AND (reviewed_at IS NULL) = (reviewed_by_name = '') AND (reviewed_at IS NULL) = (content_hash = '')),
    ADD CONSTRAINT fee_dunnings_stamped  CHECK ((stamped_at IS NULL) = (stamped_by_id IS NULL) AND (stamped_at IS NULL) = (stamped_by_name = '')
        AND (stamped_at IS NULL OR coalesce(stamped_at >= reviewed_at, false))),
    ADD CONSTRAINT fee_dunnings_two      CHECK (stamped_by_id <> reviewed_by_id),
    ADD CONSTRAINT fee_dunnings_handed   CHECK ((handed_at IS NULL) = (handed_by_id IS NULL) AND (handed_at IS NULL) = (handed_by_name = '') AND (handed_at IS NULL) = (dispatch_due_at IS NULL)
        AND (handed_at IS NULL OR coalesce(handed_at >= stamped_at, false))),
    ADD CONSTRAINT fee_dunnings_out      CHECK ((dispatched_at IS NULL) = (deliver_due_at IS NULL) AND (dispatched_at IS NULL OR handed_at IS NOT NULL)
        AND (delivered_at IS NULL OR coalesce(delivered_at >= dispatched_at, false)) AND (delivered_at IS NULL) = (delivered_to_id IS NULL) AND (delivered_at IS NULL) = (pay_by IS NULL)),
    ADD CONSTRAINT fee_dunnings_ended    CHECK ((ended_at IS NULL) = (end_reason = '') AND (ended_by_id IS NULL) = (ended_by_name = '') AND (ended_at IS NOT NULL OR ended_by_id IS NULL)),
    ADD CONSTRAINT fee_dunnings_state    CHECK ((state IN ('WITHDRAWN', 'REPLACED')) = (ended_at IS NOT NULL) AND (state = 'SETTLED') = (settled_at IS NOT NULL) AND CASE state
        WHEN 'DRAFT' THEN reviewed_at IS NULL
        WHEN 'REVIEWED' THEN reviewed_at IS NOT NULL AND stamped_at IS NULL
        WHEN 'STAMPED' THEN stamped_at IS NOT NULL AND handed_at IS NULL
        WHEN 'HANDED' THEN handed_at IS NOT NULL AND dispatched_at IS NULL
        WHEN 'DISPATCHED' THEN dispatched_at IS NOT NULL AND delivered_at IS NULL
        WHEN 'DELIVERED' THEN delivered_at IS NOT NULL
        WHEN 'SETTLED' THEN delivered_at IS NOT NULL
        ELSE delivered_at IS NULL END);
-- A notice is followed by one of the next level, and by no other that stands.
CREATE UNIQUE INDEX fee_dunnings_next ON fee_dunnings (estate_id, previous_id) WHERE state NOT IN ('WITHDRAWN', 'REPLACED');
ALTER TABLE fee_dunning_lines
    ADD CONSTRAINT fee_dunning_lines_amount CHECK (amount > 0 AND amount = asked - settled),
    ADD CONSTRAINT fee_dunning_lines_to     FOREIGN KEY (estate_id, delivered_to_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT fee_dunning_lines_home   FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT;
CREATE INDEX fee_dunnings_household ON fee_dunnings (delivered_to_id, drafted_on, id) WHERE delivered_to_id IS NOT NULL;
-- What is past due, by which a day's drafts are found.
CREATE INDEX fee_notices_due ON fee_notices (estate_id, pay_by, household_id) WHERE state = 'OPEN';

REVOKE INSERT, UPDATE ON fee_dunnings FROM steward_app;
REVOKE INSERT ON fee_dunning_lines FROM steward_app;
GRANT UPDATE (state, content_hash, reviewed_at, reviewed_by_id, reviewed_by_name, stamped_at, stamped_by_id, stamped_by_name, handed_at, handed_by_id, handed_by_name, dispatch_due_at,
    ended_at, end_reason, ended_by_id, ended_by_name) ON fee_dunnings TO steward_app;

-- +goose StatementBegin
-- Each step follows the one before, and what a step says stays.
CREATE FUNCTION fee_dunning_way() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN ('DRAFT>REVIEWED', 'REVIEWED>STAMPED', 'STAMPED>HANDED',
        'HANDED>DISPATCHED', 'HANDED>DELIVERED', 'DISPATCHED>DELIVERED', 'DISPATCHED>HANDED', 'DELIVERED>DISPATCHED', 'DELIVERED>HANDED', 'DELIVERED>SETTLED', 'SETTLED>DELIVERED')
        AND NOT (NEW.state IN ('WITHDRAWN', 'REPLACED') AND OLD.state IN ('DRAFT', 'REVIEWED', 'STAMPED', 'HANDED', 'DISPATCHED')) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dunnings_way', MESSAGE = format('from %s to %s', OLD.state, NEW.state);
    END IF;
    IF OLD.reviewed_at IS NOT NULL AND (OLD.reviewed_at, OLD.reviewed_by_id, OLD.reviewed_by_name, OLD.content_hash) IS DISTINCT FROM (NEW.reviewed_at, NEW.reviewed_by_id, NEW.reviewed_by_name, NEW.content_hash)
        OR OLD.stamped_at IS NOT NULL AND (OLD.stamped_at, OLD.stamped_by_id, OLD.stamped_by_name) IS DISTINCT FROM (NEW.stamped_at, NEW.stamped_by_id, NEW.stamped_by_name)
        OR OLD.handed_at IS NOT NULL AND (OLD.handed_at, OLD.handed_by_id, OLD.handed_by_name, OLD.dispatch_due_at) IS DISTINCT FROM (NEW.handed_at, NEW.handed_by_id, NEW.handed_by_name, NEW.dispatch_due_at)
        OR OLD.ended_at IS NOT NULL AND OLD IS DISTINCT FROM NEW THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dunnings_stay', MESSAGE = 'what was done stays as it was';
    END IF;
    RETURN NULL;
END $$;

-- Finance stamps: somebody on its staff, or where it has one person or none, who may besides (F7).
CREATE FUNCTION fee_dunning_stamped() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    people integer;
    own boolean;
BEGIN
    SELECT count(*), coalesce(bool_or(s.account_id = NEW.stamped_by_id), false) INTO people, own
        FROM staffs s JOIN departments d ON d.estate_id = s.estate_id AND d.id = s.department_id AND d.kind = 'FINANCE' JOIN estates e ON e.id = s.estate_id
        WHERE s.estate_id = NEW.estate_id AND s.employed_from <= (NEW.stamped_at AT TIME ZONE e.time_zone)::date
            AND (s.employed_until IS NULL OR s.employed_until > (NEW.stamped_at AT TIME ZONE e.time_zone)::date);
    IF people > 1 AND NOT own THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dunnings_finance', MESSAGE = 'finance has people of its own to stamp';
    END IF;
    RETURN NULL;
END $$;

-- When the transaction ends, who reviewed and who stamped have signed the very content that the notice names, and a stamp has its certificate.
CREATE FUNCTION fee_dunning_signed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM (VALUES ('reviewer', NEW.reviewed_at, NEW.reviewed_by_id), ('stamper', NEW.stamped_at, NEW.stamped_by_id)) v(capacity, at, account)
        WHERE v.at IS NOT NULL AND NOT EXISTS (SELECT FROM signatures s WHERE s.estate_id = NEW.estate_id AND s.subject_id = NEW.id AND s.kind = 'fees.dun' AND s.capacity = v.capacity
            AND s.content_hash = NEW.content_hash AND s.account_id = v.account))
        OR NEW.stamped_at IS NOT NULL AND NOT EXISTS (SELECT FROM certificates c WHERE c.estate_id = NEW.estate_id AND c.subject_id = NEW.id AND c.kind = 'fees.dun' AND c.content_hash = NEW.content_hash) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dunnings_signed', MESSAGE = format('dunning notice %s is not signed', NEW.id);
    END IF;
    RETURN NULL;
END $$;

-- One notice and its lines, with what finance owes of it: that it is reviewed, stamped and handed over within three days (F7).
CREATE FUNCTION fee_dunning_make(estate uuid, home uuid, notices uuid[], of_level text, after uuid, instead fee_dunnings, at timestamptz, today date, due timestamptz, by_name text)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    made uuid := new_id(x'090d'::int);
    n bigint := instead.number;
    rev bigint := coalesce(instead.revision, 0) + 1;
    hand timestamptz;
BEGIN
    IF n IS NULL THEN
        UPDATE fee_books b SET last_dunning = b.last_dunning + 1 WHERE b.estate_id = estate RETURNING b.last_dunning INTO n;
    END IF;
    SELECT end_of_day(at + interval '3 days', e.time_zone) INTO hand FROM estates e WHERE e.id = estate;
    INSERT INTO fee_dunnings (id, created_at, estate_id, household_id, number, revision, level, state, amount, household_name, building, address, replaces_id, previous_id,
            drafted_on, drafted_by_name, draft_due_at, hand_due_at, sort_key)
        SELECT made, at, estate, home, n, rev, of_level, 'DRAFT', (SELECT sum(f.amount - f.settled) FROM fee_notices f WHERE f.estate_id = estate AND f.id = ANY (notices)),
            l.household_name, l.building, l.address, instead.id, after, today, by_name, due, hand, l.sort_key
        FROM fee_notices l WHERE l.estate_id = estate AND l.id = ANY (notices) ORDER BY l.month DESC, l.number DESC LIMIT 1;
    INSERT INTO fee_dunning_lines (id, created_at, estate_id, dunning_id, notice_id, household_id, number, month, pay_by, asked, settled, amount)
        SELECT new_id(x'090e'::int), at, estate, made, f.id, home, f.number, f.month, f.pay_by, f.amount, f.settled, f.amount - f.settled
        FROM fee_notices f WHERE f.estate_id = estate AND f.id = ANY (notices) ORDER BY f.month, f.number;
    INSERT INTO obligations (id, created_at, estate_id, kind, clause, title, title_en, subject_id, due_at, department_id)
        SELECT new_id(x'0203'::int), at, estate, 'fees.handDunning', 'F7', '审核、盖章并移交催缴通知单:' || n || ' ' || d.address, 'Review, stamp and hand over dunning notice: ' || n || ' ' || d.address, made, hand,
            (SELECT p.id FROM departments p WHERE p.estate_id = estate AND p.kind IN ('FINANCE', 'CUSTOMER_SERVICE') ORDER BY p.kind = 'FINANCE' DESC, p.id LIMIT 1)
        FROM fee_dunnings d WHERE d.estate_id = estate AND d.id = made;
    RETURN made;
END $$;

-- The fee notices that are past due and of no dunning notice that stands: what a person withdrew is left until a person asks again.
CREATE FUNCTION fee_undunned(estate uuid, today date, again boolean) RETURNS TABLE (household_id uuid, notice_id uuid, pay_by date) STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT n.household_id, n.id, n.pay_by FROM fee_notices n WHERE n.estate_id = $1 AND n.state = 'OPEN' AND n.pay_by < $2
        AND NOT EXISTS (SELECT FROM fee_dunning_lines l JOIN fee_dunnings d ON d.estate_id = l.estate_id AND d.id = l.dunning_id
            WHERE l.estate_id = $1 AND l.notice_id = n.id AND (d.ended_at IS NULL OR d.state = 'WITHDRAWN' AND d.ended_by_id IS NOT NULL AND NOT $3))
$$;

-- The dunning notices whose period ran out while something of them is open, and that none of the next level follows.
CREATE FUNCTION fee_unheeded(estate uuid, today date, again boolean) RETURNS TABLE (household_id uuid, dunning_id uuid) STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT d.household_id, d.id FROM fee_dunnings d WHERE d.estate_id = $1 AND d.state = 'DELIVERED' AND d.level <> 'FINAL' AND d.pay_by < $2
        AND NOT EXISTS (SELECT FROM fee_dunnings x WHERE x.estate_id = $1 AND x.previous_id = d.id AND (x.ended_at IS NULL OR x.state = 'WITHDRAWN' AND x.ended_by_id IS NOT NULL AND NOT $3))
$$;

-- Drafts what is missing for at most so many households after a place, in their order; how many were drafted, and the place where it ended: null after the last. Who
-- drafts a household's notices does so one after the other, under the lock of its account, so that running it twice changes nothing.
CREATE FUNCTION fee_dun(estate uuid, at timestamptz, today date, after uuid, most integer, by_name text, again boolean, OUT drafted uuid[], OUT place uuid)
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
    PERFORM fee_lock(estate, homes);
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

-- What was settled is not demanded any more (F6): a notice of which nothing is open is withdrawn, or settled if it was delivered; one that asks for another amount than is open
-- is replaced by a version that does, and that is reviewed and stamped anew. And what was settled, and is not any more, is demanded again.
CREATE FUNCTION fee_dunnings_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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

-- How a notice stands after what was recorded of its dispatches.
CREATE FUNCTION fee_dunning_dispatched(estate uuid, dunning uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    d fee_dunnings;
    first timestamptz;
    done timestamptz;
    zone text;
    days bigint;
BEGIN
    SELECT * INTO d FROM fee_dunnings x WHERE x.estate_id = estate AND x.id = dunning FOR UPDATE;
    IF d.state NOT IN ('HANDED', 'DISPATCHED', 'DELIVERED') THEN
        RETURN; -- it was paid, or another version took its place: what became of this paper changes nothing
    END IF;
    SELECT min(f.dispatched_at), min(f.dispatched_at) FILTER (WHERE f.method IN ('IN_PERSON', 'POST') AND f.returned_at IS NULL) INTO first, done
        FROM fee_dispatches f WHERE f.estate_id = estate AND f.dunning_id = dunning AND f.voided_at IS NULL;
    IF done IS NULL AND d.state = 'DELIVERED' AND EXISTS (SELECT FROM fee_dunnings x WHERE x.estate_id = estate AND x.previous_id = dunning AND x.ended_at IS NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dunnings_followed', MESSAGE = 'a notice of the next level follows it';
    END IF;
    SELECT e.time_zone, b.dunning_days INTO zone, days FROM estates e JOIN fee_books b ON b.estate_id = e.id WHERE e.id = estate;
    UPDATE fee_dunnings x SET state = CASE WHEN done IS NOT NULL THEN 'DELIVERED' WHEN first IS NOT NULL THEN 'DISPATCHED' ELSE 'HANDED' END,
        dispatched_at = first, deliver_due_at = end_of_day(first + interval '2 days', zone), delivered_at = done, delivered_to_id = CASE WHEN done IS NOT NULL THEN x.household_id END,
        pay_by = ((done AT TIME ZONE zone)::date + days::int) WHERE x.estate_id = estate AND x.id = dunning;
    UPDATE fee_dunning_lines l SET delivered_to_id = CASE WHEN done IS NOT NULL THEN l.household_id END WHERE l.estate_id = estate AND l.dunning_id = dunning;
END $$;

-- Nothing unstamped is dispatched, and nothing that customer service does not have (F7); into the mailbox it does not go (F8).
CREATE FUNCTION fee_dispatch_of_dunning() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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
    PERFORM fee_dunning_dispatched(NEW.estate_id, NEW.dunning_id);
    RETURN NULL;
END $$;
CREATE FUNCTION fee_dispatch_of_dunning_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM fee_dunning_dispatched(NEW.estate_id, NEW.dunning_id);
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION fee_dunning_way, fee_dunning_stamped, fee_dunning_make, fee_dun, fee_dunnings_follow, fee_dunning_dispatched, fee_dispatch_of_dunning, fee_dispatch_of_dunning_changed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fee_dun TO steward_app;
CREATE TRIGGER fee_dunning_way AFTER UPDATE ON fee_dunnings FOR EACH ROW EXECUTE FUNCTION fee_dunning_way();
CREATE TRIGGER fee_dunning_stamped AFTER UPDATE ON fee_dunnings FOR EACH ROW WHEN (OLD.stamped_at IS NULL AND NEW.stamped_at IS NOT NULL) EXECUTE FUNCTION fee_dunning_stamped();
CREATE CONSTRAINT TRIGGER fee_dunning_signed AFTER UPDATE ON fee_dunnings DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.reviewed_at IS DISTINCT FROM NEW.reviewed_at OR OLD.stamped_at IS DISTINCT FROM NEW.stamped_at) EXECUTE FUNCTION fee_dunning_signed();
-- After the notices know what was settled: triggers run by their names.
CREATE TRIGGER fee_dunnings_follow AFTER INSERT ON fee_allocations REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION fee_dunnings_follow();
CREATE TRIGGER fee_dispatch_of_dunning AFTER INSERT ON fee_dispatches FOR EACH ROW WHEN (NEW.dunning_id IS NOT NULL) EXECUTE FUNCTION fee_dispatch_of_dunning();
CREATE TRIGGER fee_dispatch_of_dunning_changed AFTER UPDATE OF voided_at, returned_at ON fee_dispatches
    FOR EACH ROW WHEN (NEW.dunning_id IS NOT NULL) EXECUTE FUNCTION fee_dispatch_of_dunning_changed();
