-- What is voided stays and says so, what is recorded late says why, and what corrects the key ledger is an entry of its
-- own. A chapter's table needs a line for each: SELECT voidable('table'); SELECT late('table', 'column');

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

-- in_time tells whether something may be recorded at all: not before it happened, within ten minutes without a reason,
-- within a day with one.
CREATE FUNCTION in_time(occurred timestamptz, recorded timestamptz, reason text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT recorded - occurred BETWEEN interval '0' AND CASE WHEN reason = '' THEN interval '10 minutes' ELSE interval '24 hours' END
$$;

-- late(table, column) holds the column to that; the table has late_reason (LateRecorded).
-- +goose StatementBegin
CREATE FUNCTION late(tab regclass, occurred name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (in_time(%I, created_at, late_reason))',
        tab, (SELECT relname FROM pg_class WHERE oid = tab) || '_in_time', occurred);
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION late FROM PUBLIC;

-- +goose StatementBegin
CREATE FUNCTION stays_voided() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    RAISE EXCEPTION '% % was voided and does not change any more', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'voided', TABLE = TG_TABLE_NAME;
END $$;
-- +goose StatementEnd

-- voidable(table, stated) has the four columns of Voidable say all or nothing, and keeps a voided row as it is: a void is
-- never undone, and what was voided is not worked on. If stated, the row's state is VOIDED exactly then.
-- +goose StatementBegin
CREATE FUNCTION voidable(tab regclass, stated boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := (SELECT relname FROM pg_class WHERE oid = tab);
BEGIN
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (
        (voided_at IS NULL) = (void_reason = '''') AND (voided_at IS NULL) = (voided_by_id IS NULL) AND (voided_at IS NULL) = (voided_by_name = ''''))',
        tab, name || '_voided');
    IF stated THEN
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK ((state = ''VOIDED'') = (voided_at IS NOT NULL))', tab, name || '_state_voided');
    END IF;
    EXECUTE format('CREATE TRIGGER stays_voided BEFORE UPDATE ON %s FOR EACH ROW WHEN (OLD.voided_at IS NOT NULL) EXECUTE FUNCTION stays_voided()', tab);
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION voidable FROM PUBLIC;

SELECT late('key_movements', 'occurred_at');
SELECT late('key_loans', 'lent_at');
SELECT late('key_returns', 'returned_at');
SELECT late('key_cabinet_openings', 'occurred_at');
SELECT voidable('key_acceptances', stated => true);
SELECT voidable('key_loans', stated => true);
SELECT voidable('key_losses', stated => true);
SELECT voidable('key_returns');
SELECT voidable('key_cabinet_openings');
SELECT voidable('key_follow_ups');
SELECT voidable('key_lock_changes');

-- A counter-entry belongs to what its entry belongs to, so of a loss there are more than LOST and FOUND.
ALTER TABLE key_movements
    DROP CONSTRAINT key_movements_loss,
    ADD CONSTRAINT key_movements_loss CHECK (reason = 'VOIDED' OR (reason IN ('LOST', 'FOUND')) = (loss_id IS NOT NULL)),
    ADD CONSTRAINT key_movements_voided CHECK ((reason = 'VOIDED') = (reverses_id IS NOT NULL));

-- A loss that was answered is voided with its answer.
ALTER TABLE key_losses
    DROP CONSTRAINT key_losses_answered,
    ADD CONSTRAINT key_losses_answered CHECK (
        (answered_at IS NOT NULL) = (lock_change_requested IS NOT NULL)
        AND CASE state WHEN 'OPEN' THEN answered_at IS NULL WHEN 'ANSWERED' THEN answered_at IS NOT NULL ELSE found = 0 END);

-- A counter-entry is the exact opposite of an entry, and of none that is one itself; that there is at most one the unique
-- index says. It concerns the keys that are there: those of a lock that was changed since were retired (K3.1).
-- +goose StatementBegin
CREATE FUNCTION key_counter() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    m key_movements;
    current bigint;
BEGIN
    SELECT * INTO m FROM key_movements WHERE estate_id = NEW.estate_id AND id = NEW.reverses_id;
    IF m.id IS NULL OR m.reverses_id IS NOT NULL
        OR (NEW.set_id, NEW.count, NEW.from_id, NEW.to_id, NEW.generation) <> (m.set_id, m.count, m.to_id, m.from_id, m.generation)
        OR (NEW.loan_line_id, NEW.acceptance_line_id, NEW.loss_id, NEW.household_id)
            IS DISTINCT FROM (m.loan_line_id, m.acceptance_line_id, m.loss_id, m.household_id) THEN
        RAISE EXCEPTION 'a counter-entry is the exact opposite of an entry that is none'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'key_movements_opposite', TABLE = TG_TABLE_NAME;
    END IF;
    SELECT generation INTO current FROM key_sets WHERE estate_id = NEW.estate_id AND id = NEW.set_id;
    IF m.generation <> current THEN
        RAISE EXCEPTION 'the keys of generation % were retired', m.generation
            USING ERRCODE = 'check_violation', CONSTRAINT = 'key_movements_retired', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_counter BEFORE INSERT ON key_movements FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION key_counter();

-- The balances say what is there now. An entry that is recorded late must have been possible then, too: from when it
-- happened on its giver never had fewer keys than none. It runs after key_post (triggers run by their names), so the
-- giver's balance is locked: no other entry of the giver comes in between.
-- +goose StatementBegin
CREATE FUNCTION key_post_late() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM key_holders h WHERE h.estate_id = NEW.estate_id AND h.id = NEW.from_id AND h.kind <> 'SOURCE') AND EXISTS (
        SELECT FROM (
            SELECT occurred_at, sum(CASE WHEN to_id = NEW.from_id THEN count ELSE -count END) OVER (ORDER BY occurred_at) AS had
            FROM key_movements
            WHERE estate_id = NEW.estate_id AND set_id = NEW.set_id AND NEW.from_id IN (from_id, to_id)) then_
        WHERE occurred_at >= NEW.occurred_at AND had < 0) THEN
        RAISE EXCEPTION 'the giver had fewer keys then'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'key_balances_enough', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_post_late AFTER INSERT ON key_movements FOR EACH ROW WHEN (NEW.created_at > NEW.occurred_at) EXECUTE FUNCTION key_post_late();
