-- Copies by approved order (K2.3), generations and lock changes (K3.1), scrapping (K3.2). What a set is (its condition,
-- its generation, how often its lock was changed) only the database says: the app role may not write it.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

ALTER TABLE "key_movements" ADD COLUMN "copy_order_id" uuid NULL, ADD COLUMN "lock_change_id" uuid NULL, ADD COLUMN "scrapping_id" uuid NULL, ADD CONSTRAINT "key_movements_key_copy_orders_copy_order" FOREIGN KEY ("estate_id", "copy_order_id") REFERENCES "key_copy_orders" ("estate_id", "id") ON DELETE RESTRICT, ADD CONSTRAINT "key_movements_key_lock_changes_lock_change" FOREIGN KEY ("estate_id", "lock_change_id") REFERENCES "key_lock_changes" ("estate_id", "id") ON DELETE RESTRICT, ADD CONSTRAINT "key_movements_key_scrappings_scrapping" FOREIGN KEY ("estate_id", "scrapping_id") REFERENCES "key_scrappings" ("estate_id", "id") ON DELETE RESTRICT;
CREATE UNIQUE INDEX "keymovement_estate_id_copy_order_id" ON "key_movements" ("estate_id", "copy_order_id");
CREATE INDEX "keymovement_estate_id_lock_change_id" ON "key_movements" ("estate_id", "lock_change_id");
CREATE INDEX "keymovement_estate_id_scrapping_id" ON "key_movements" ("estate_id", "scrapping_id");

ALTER TABLE key_movements
    ADD CONSTRAINT key_movements_copy_order  CHECK ((reason = 'COPIED') = (copy_order_id IS NOT NULL)),
    ADD CONSTRAINT key_movements_lock_change CHECK ((reason IN ('RETIRED', 'REPLACED')) = (lock_change_id IS NOT NULL)),
    ADD CONSTRAINT key_movements_scrapping   CHECK ((reason = 'SCRAPPED') = (scrapping_id IS NOT NULL));
CREATE UNIQUE INDEX key_movements_replaced ON key_movements (estate_id, lock_change_id) WHERE reason = 'REPLACED';
CREATE UNIQUE INDEX key_lock_changes_open ON key_lock_changes (estate_id, set_id) WHERE state = 'ORDERED';
CREATE UNIQUE INDEX key_scrappings_open ON key_scrappings (estate_id, set_id) WHERE state = 'OPEN';
ALTER TABLE key_generations
    ADD CONSTRAINT key_generations_count CHECK (count >= 0);
ALTER TABLE key_lock_changes
    ADD CONSTRAINT key_lock_changes_done CHECK ((state = 'DONE') = (done_at IS NOT NULL) AND (state = 'DONE') = (new_count IS NOT NULL)
        AND (state = 'DONE') = (retired_count IS NOT NULL) AND (state = 'DONE') = (generation IS NOT NULL));
ALTER TABLE key_copy_orders
    ADD CONSTRAINT key_copy_orders_made CHECK ((state = 'MADE') = (made_at IS NOT NULL));
ALTER TABLE key_scrappings
    ADD CONSTRAINT key_scrappings_done CHECK ((state = 'DONE') = (done_at IS NOT NULL) AND (state = 'DONE') = (count IS NOT NULL));

INSERT INTO signature_capacities VALUES ('keys.lockChange', 'engineering'), ('keys.lockChange', 'recorder');
INSERT INTO signature_distinct VALUES ('keys.lockChange', 'engineering', 'recorder');

REVOKE INSERT, UPDATE ON key_generations FROM steward_app;

-- key_refuse(constraint) refuses as a check of the name would.
-- +goose StatementBegin
CREATE FUNCTION key_refuse(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refused by %', name USING ERRCODE = 'check_violation', CONSTRAINT = name;
END $$;
-- +goose StatementEnd

-- What only the database says of a set, and what was ordered, the app role does not write.
-- +goose StatementBegin
CREATE FUNCTION key_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM key_refuse(TG_TABLE_NAME || '_kept');
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_kept BEFORE UPDATE OF condition, generation, lock_changes ON key_sets
    FOR EACH ROW WHEN (current_user = 'steward_app') EXECUTE FUNCTION key_kept();
CREATE TRIGGER key_kept BEFORE UPDATE OF set_id, loss_id, reason, retired_count, generation ON key_lock_changes
    FOR EACH ROW WHEN (current_user = 'steward_app') EXECUTE FUNCTION key_kept();
CREATE TRIGGER key_kept BEFORE UPDATE OF set_id, count, reason ON key_copy_orders
    FOR EACH ROW WHEN (current_user = 'steward_app') EXECUTE FUNCTION key_kept();
CREATE TRIGGER key_kept BEFORE UPDATE OF set_id, reason, count ON key_scrappings
    FOR EACH ROW WHEN (current_user = 'steward_app') EXECUTE FUNCTION key_kept();

-- A new set begins in use, with its first generation.
-- +goose StatementBegin
CREATE FUNCTION key_set_begins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_WHEN = 'BEFORE' THEN
        NEW.condition := 'IN_USE';
        NEW.generation := 1;
        NEW.lock_changes := 0;
        RETURN NEW;
    END IF;
    INSERT INTO key_generations (id, created_at, estate_id, set_id, number, count, opened_at)
        VALUES (new_id(x'0310'::int), NEW.created_at, NEW.estate_id, NEW.id, 1, 0, NEW.created_at);
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION key_set_begins FROM PUBLIC;
CREATE TRIGGER key_set_begins BEFORE INSERT ON key_sets FOR EACH ROW EXECUTE FUNCTION key_set_begins();
CREATE TRIGGER key_set_begun AFTER INSERT ON key_sets FOR EACH ROW EXECUTE FUNCTION key_set_begins();

-- key_set_condition is what K3.1 says of a set: due for scrapping at the third lock change, or while keys of its
-- generation are gone. Scrapped it stays, until keys of it are accepted anew.
CREATE FUNCTION key_set_condition(estate uuid, set_id uuid) RETURNS text STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT CASE
        WHEN s.condition = 'SCRAPPED' THEN 'SCRAPPED'
        WHEN s.lock_changes >= 3 OR EXISTS (
            SELECT FROM key_balances b JOIN key_holders h ON h.estate_id = b.estate_id AND h.id = b.holder_id AND h.kind = 'LOST'
            WHERE b.estate_id = s.estate_id AND b.set_id = s.id AND b.count > 0) THEN 'DUE_FOR_SCRAPPING'
        ELSE 'IN_USE' END
    FROM key_sets s WHERE s.estate_id = $1 AND s.id = $2
$$;

-- key_set_judge puts it on the set.
CREATE FUNCTION key_set_judge(estate uuid, set_id uuid) RETURNS void LANGUAGE sql SET search_path = pg_catalog, public AS $$
    UPDATE key_sets s SET condition = key_set_condition($1, $2), version = version + 1
        WHERE s.estate_id = $1 AND s.id = $2 AND s.condition <> key_set_condition($1, $2)
$$;

-- key_set_renew closes the set's generation and opens the next, for a lock that was changed so many times.
-- +goose StatementBegin
CREATE FUNCTION key_set_renew(estate uuid, key_set uuid, changes bigint, since timestamptz) RETURNS bigint LANGUAGE plpgsql
    SET search_path = pg_catalog, public AS $$
DECLARE
    opened bigint;
BEGIN
    UPDATE key_sets SET generation = generation + 1, lock_changes = changes, condition = 'IN_USE', version = version + 1
        WHERE estate_id = estate AND id = key_set RETURNING generation INTO opened;
    UPDATE key_generations SET retired_at = since WHERE estate_id = estate AND set_id = key_set AND retired_at IS NULL;
    INSERT INTO key_generations (id, created_at, estate_id, set_id, number, count, opened_at)
        VALUES (new_id(x'0310'::int), since, estate, key_set, opened, 0, since);
    PERFORM key_set_judge(estate, key_set);
    RETURN opened;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION key_set_judge, key_set_renew FROM PUBLIC;

-- Before it is posted, a movement gets the generation of the keys that move, under the set's lock: movements of a set
-- follow one another, and its lock change and its scrapping. Keys accepted for a scrapped set begin it anew (K3.1).
-- The plans are fixed as those of key_post are, and for the same reason.
-- +goose StatementBegin
CREATE FUNCTION key_enter() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    state text;
BEGIN
    SELECT condition, generation INTO state, NEW.generation FROM key_sets
        WHERE estate_id = NEW.estate_id AND id = NEW.set_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN -- the key refuses it
        NEW.generation := 1;
        RETURN NEW;
    END IF;
    IF state = 'SCRAPPED' THEN
        IF NEW.reason <> 'ACCEPTED' THEN
            PERFORM key_refuse('key_movements_scrapped');
        END IF;
        NEW.generation := key_set_renew(NEW.estate_id, NEW.set_id, 0, NEW.created_at);
    ELSIF state <> 'IN_USE' AND NEW.reason = 'LENT' THEN
        PERFORM key_refuse('key_movements_lent');
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- What moves by an order moves as the order says, and while it says so.
-- +goose StatementBegin
CREATE FUNCTION key_ordered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.reason = 'COPIED' AND NOT EXISTS ( -- K2.3: the order that was approved, and as many
        SELECT FROM key_copy_orders o JOIN approvals a ON a.estate_id = o.estate_id AND a.id = o.approval_id
        WHERE o.estate_id = NEW.estate_id AND o.id = NEW.copy_order_id AND o.set_id = NEW.set_id AND o.count = NEW.count
            AND o.state <> 'ENDED' AND a.kind = 'keys.copy' AND a.subject_id = o.id AND a.state = 'USED') THEN
        PERFORM key_refuse('key_movements_copied');
    ELSIF NEW.reason = 'RETIRED' AND NOT EXISTS (
        SELECT FROM key_lock_changes c WHERE c.estate_id = NEW.estate_id AND c.id = NEW.lock_change_id AND c.set_id = NEW.set_id AND c.state = 'ORDERED')
        OR NEW.reason = 'REPLACED' AND NOT EXISTS (
        SELECT FROM key_lock_changes c WHERE c.estate_id = NEW.estate_id AND c.id = NEW.lock_change_id AND c.set_id = NEW.set_id
            AND c.state = 'DONE' AND c.generation = NEW.generation AND c.new_count = NEW.count)
        OR NEW.reason = 'SCRAPPED' AND NOT EXISTS (
        SELECT FROM key_scrappings s WHERE s.estate_id = NEW.estate_id AND s.id = NEW.scrapping_id AND s.set_id = NEW.set_id AND s.state = 'OPEN') THEN
        PERFORM key_refuse('key_movements_ordered');
    ELSIF NEW.reason = 'FOUND' AND EXISTS ( -- K3.1: keys of a lock that is no longer there do not come back
        SELECT FROM key_movements m WHERE m.estate_id = NEW.estate_id AND m.loss_id = NEW.loss_id AND m.generation <> NEW.generation) THEN
        PERFORM key_refuse('key_movements_old_lock');
    ELSIF NEW.reverses_id IS NOT NULL AND EXISTS (
        SELECT FROM key_movements m WHERE m.estate_id = NEW.estate_id AND m.id = NEW.reverses_id AND m.generation <> NEW.generation) THEN
        PERFORM key_refuse('key_movements_retired');
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- After it is posted: keys enter from the source by acceptance, copy or replacement (or as a count found them) and leave to the scrapped ones by a
-- lock change or a scrapping; the generation counts what came, and the set is judged when keys are lost or found.
-- +goose StatementBegin
CREATE FUNCTION key_settle() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    gave text;
    got text;
BEGIN
    SELECT f.kind, t.kind INTO gave, got FROM key_holders f JOIN key_holders t ON t.estate_id = f.estate_id
        WHERE f.estate_id = NEW.estate_id AND f.id = NEW.from_id AND t.id = NEW.to_id;
    IF gave <> 'SOURCE' AND NEW.reason IN ('ACCEPTED', 'COPIED', 'REPLACED')
        OR gave = 'SOURCE' AND NEW.reason NOT IN ('ACCEPTED', 'COPIED', 'REPLACED', 'ADJUSTED') OR (got = 'SCRAPPED') <> (NEW.reason IN ('RETIRED', 'SCRAPPED'))
        OR got = 'SOURCE' AND NEW.reason <> 'VOIDED' OR gave = 'SCRAPPED' THEN
        PERFORM key_refuse('key_movements_direction');
    END IF;
    IF gave = 'SOURCE' OR got = 'SOURCE' THEN
        UPDATE key_generations SET count = count + CASE gave WHEN 'SOURCE' THEN NEW.count ELSE -NEW.count END
            WHERE estate_id = NEW.estate_id AND set_id = NEW.set_id AND number = NEW.generation;
    END IF;
    IF (gave = 'LOST' OR got = 'LOST') AND NEW.reason <> 'SCRAPPED' THEN -- what is being scrapped stays due until it is
        PERFORM key_set_judge(NEW.estate_id, NEW.set_id);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION key_enter, key_ordered, key_settle FROM PUBLIC;

-- Triggers of a table run in the order of their names: key_settle after key_post.
CREATE TRIGGER key_enter BEFORE INSERT ON key_movements FOR EACH ROW EXECUTE FUNCTION key_enter();
CREATE TRIGGER key_ordered BEFORE INSERT ON key_movements FOR EACH ROW
    WHEN (NEW.reason IN ('COPIED', 'RETIRED', 'REPLACED', 'SCRAPPED', 'FOUND') OR NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION key_ordered();
CREATE TRIGGER key_settle AFTER INSERT ON key_movements FOR EACH ROW EXECUTE FUNCTION key_settle();

-- A line of a loan takes the same lock at once: with a weaker one, two loans of a set would wait for each other.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION key_loan_line_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM key_sets WHERE estate_id = NEW.estate_id AND id = NEW.set_id AND condition = 'IN_USE' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'key set % is not in use', NEW.set_id USING ERRCODE = 'check_violation', CONSTRAINT = 'key_loan_lines_in_use';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- key_set_out tells whether keys of the set are with others than the source and the scrapped ones.
CREATE FUNCTION key_set_out(estate uuid, set_id uuid) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT EXISTS (SELECT FROM key_balances b JOIN key_holders h ON h.estate_id = b.estate_id AND h.id = b.holder_id
        WHERE b.estate_id = $1 AND b.set_id = $2 AND b.count > 0 AND h.kind <> 'SCRAPPED')
$$;

-- A lock change is ordered for a set that goes on, ends once, and when it is done the old keys are gone and the next
-- generation is open (K3.1).
-- +goose StatementBegin
CREATE FUNCTION key_lock_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    s key_sets;
BEGIN
    SELECT * INTO s FROM key_sets WHERE estate_id = NEW.estate_id AND id = NEW.set_id FOR NO KEY UPDATE;
    IF TG_OP = 'INSERT' AND NEW.state <> 'ORDERED' OR TG_OP = 'UPDATE' AND OLD.state <> 'ORDERED' THEN
        PERFORM key_refuse('key_lock_changes_ended');
    ELSIF NEW.state <> 'CANCELLED' AND (s.condition = 'SCRAPPED' OR s.lock_changes >= 3) THEN
        PERFORM key_refuse('key_lock_changes_scrap');
    ELSIF NEW.state = 'DONE' THEN
        IF key_set_out(NEW.estate_id, NEW.set_id) THEN
            PERFORM key_refuse('key_lock_changes_out');
        END IF;
        NEW.retired_count := (SELECT coalesce(sum(count), 0) FROM key_movements WHERE estate_id = NEW.estate_id AND lock_change_id = NEW.id);
        NEW.generation := key_set_renew(NEW.estate_id, NEW.set_id, s.lock_changes + 1, NEW.done_at);
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_lock_change_ordered BEFORE INSERT ON key_lock_changes FOR EACH ROW EXECUTE FUNCTION key_lock_change();
CREATE TRIGGER key_lock_change_ended BEFORE UPDATE OF state ON key_lock_changes FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION key_lock_change();

-- A set is scrapped when it is due, its keys went back to engineering, the leader consented, and all three have signed
-- one certificate (K3.2).
-- +goose StatementBegin
CREATE FUNCTION key_scrapping() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    s key_sets;
BEGIN
    SELECT * INTO s FROM key_sets WHERE estate_id = NEW.estate_id AND id = NEW.set_id FOR NO KEY UPDATE;
    IF TG_OP = 'UPDATE' AND OLD.state <> 'OPEN' OR TG_OP = 'INSERT' AND NEW.state = 'DONE' THEN
        PERFORM key_refuse('key_scrappings_ended');
    ELSIF NEW.state = 'ENDED' THEN
        RETURN NEW;
    ELSIF s.condition <> 'DUE_FOR_SCRAPPING' THEN
        PERFORM key_refuse('key_scrappings_due');
    ELSIF NEW.state = 'DONE' THEN
        IF key_set_out(NEW.estate_id, NEW.set_id) THEN
            PERFORM key_refuse('key_scrappings_out');
        ELSIF NOT EXISTS (SELECT FROM certificates c WHERE c.estate_id = NEW.estate_id AND c.id = NEW.certificate_id
                AND c.kind = 'keys.scrap' AND c.subject_id = NEW.id)
            OR NOT EXISTS (SELECT FROM approvals a WHERE a.estate_id = NEW.estate_id AND a.id = NEW.approval_id
                AND a.kind = 'keys.scrap' AND a.subject_id = NEW.id AND a.state = 'USED') THEN
            PERFORM key_refuse('key_scrappings_certified');
        END IF;
        NEW.count := (SELECT coalesce(sum(count), 0) FROM key_movements WHERE estate_id = NEW.estate_id AND scrapping_id = NEW.id);
        UPDATE key_sets SET condition = 'SCRAPPED', version = version + 1 WHERE estate_id = NEW.estate_id AND id = NEW.set_id;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION key_lock_change, key_scrapping FROM PUBLIC;
CREATE TRIGGER key_scrapping_open BEFORE INSERT ON key_scrappings FOR EACH ROW EXECUTE FUNCTION key_scrapping();
CREATE TRIGGER key_scrapping_ended BEFORE UPDATE OF state ON key_scrappings FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION key_scrapping();

-- What is there already: a generation for each set that has none, and what it is by now.
INSERT INTO key_generations (id, created_at, estate_id, set_id, number, count, opened_at)
    SELECT new_id(x'0310'::int), s.created_at, s.estate_id, s.id, 1, 0, s.created_at FROM key_sets s
    WHERE NOT EXISTS (SELECT FROM key_generations g WHERE g.estate_id = s.estate_id AND g.set_id = s.id);
UPDATE key_generations g SET count = -coalesce((SELECT b.count FROM key_balances b WHERE b.estate_id = g.estate_id AND b.set_id = g.set_id AND b.source), 0);
UPDATE key_sets s SET condition = key_set_condition(s.estate_id, s.id) WHERE condition <> key_set_condition(s.estate_id, s.id);
