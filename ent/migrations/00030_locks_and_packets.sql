-- A lock change rests on a leader, and who records it counts the old keys (K3.1, K2.3); another seal is signed for, too (K1.3);
-- copies that were recorded by mistake are voided (K2.3); what is whole again is not scrapped (K3.1, K3.2).

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

-- What was done with a lock is not voided.
DROP TRIGGER stays_voided ON key_lock_changes;
ALTER TABLE key_lock_changes DROP COLUMN voided_at, DROP COLUMN void_reason, DROP COLUMN voided_by_id, DROP COLUMN voided_by_name;

ALTER TABLE "key_lock_changes" ADD COLUMN "leader_id" uuid NULL, ADD COLUMN "leader_name" character varying NOT NULL DEFAULT '', ADD COLUMN "demanded_at" timestamptz NULL, ADD COLUMN "old_count" bigint NULL, ADD COLUMN "approval_id" uuid NULL, ADD CONSTRAINT "key_lock_changes_approvals_approval" FOREIGN KEY ("estate_id", "approval_id") REFERENCES "approvals" ("estate_id", "id") ON DELETE RESTRICT;
CREATE INDEX "keylockchange_estate_id_approval_id" ON "key_lock_changes" ("estate_id", "approval_id");

-- What a leader's answer to a loss asked for before rests on that answer; of what was done, all keys counted as back.
UPDATE key_lock_changes c SET leader_id = l.answered_by_id, leader_name = l.answered_by_name, demanded_at = l.answered_at
    FROM key_losses l WHERE l.estate_id = c.estate_id AND l.id = c.loss_id AND l.lock_change_requested;
UPDATE key_lock_changes SET old_count = retired_count WHERE state = 'DONE';

ALTER TABLE key_lock_changes
    ADD CONSTRAINT key_lock_changes_leader CHECK ((leader_id IS NULL) = (demanded_at IS NULL) AND (leader_id IS NULL) = (leader_name = '')),
    DROP CONSTRAINT key_lock_changes_done,
    ADD CONSTRAINT key_lock_changes_done CHECK ((state = 'DONE') = (done_at IS NOT NULL) AND (state = 'DONE') = (new_count IS NOT NULL)
        AND (state = 'DONE') = (old_count IS NOT NULL) AND (state = 'DONE') = (retired_count IS NOT NULL) AND (state = 'DONE') = (generation IS NOT NULL));

-- Who demands a change leads in the estate on that day.
-- +goose StatementBegin
CREATE FUNCTION key_lock_change_demanded() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM estates e, identity.holders(e.id, (NEW.demanded_at AT TIME ZONE e.time_zone)::date) h
            WHERE e.id = NEW.estate_id AND h.account = NEW.leader_id AND h.role IN ('supervisor', 'project-manager', 'general-manager')) THEN
        PERFORM key_refuse('key_lock_changes_demanded');
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_lock_change_demanded AFTER INSERT OR UPDATE OF leader_id, demanded_at ON key_lock_changes
    FOR EACH ROW WHEN (NEW.leader_id IS NOT NULL) EXECUTE FUNCTION key_lock_change_demanded();

-- A leader's demand and its loss may come to an order that stands, and stay then.
DROP TRIGGER key_kept ON key_lock_changes;
CREATE TRIGGER key_kept BEFORE UPDATE OF set_id, reason, retired_count, generation ON key_lock_changes
    FOR EACH ROW WHEN (current_user = 'steward_app') EXECUTE FUNCTION key_kept();
CREATE TRIGGER key_demand_kept BEFORE UPDATE OF loss_id, leader_id, leader_name, demanded_at, approval_id ON key_lock_changes
    FOR EACH ROW WHEN (OLD.loss_id IS NOT NULL AND NEW.loss_id IS DISTINCT FROM OLD.loss_id
        OR OLD.leader_id IS NOT NULL AND (NEW.leader_id, NEW.leader_name, NEW.demanded_at) IS DISTINCT FROM (OLD.leader_id, OLD.leader_name, OLD.demanded_at)
        OR OLD.approval_id IS NOT NULL AND NEW.approval_id IS DISTINCT FROM OLD.approval_id) EXECUTE FUNCTION key_kept();

-- A lock change is done when a leader demanded or approved it, the old keys are gone, and those that did not come back are
-- on record as lost: what was counted is what was retired from elsewhere.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION key_lock_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    s key_sets;
BEGIN
    SELECT * INTO s FROM key_sets WHERE estate_id = NEW.estate_id AND id = NEW.set_id FOR NO KEY UPDATE;
    IF TG_OP = 'INSERT' AND NEW.state <> 'ORDERED' OR TG_OP = 'UPDATE' AND OLD.state <> 'ORDERED' THEN
        PERFORM key_refuse('key_lock_changes_ended');
    ELSIF NEW.state <> 'CANCELLED' AND (s.condition = 'SCRAPPED' OR s.lock_changes >= 3) THEN
        PERFORM key_refuse('key_lock_changes_scrap');
    ELSIF NEW.state = 'DONE' THEN
        IF NEW.leader_id IS NULL AND NOT EXISTS (SELECT FROM approvals a WHERE a.estate_id = NEW.estate_id AND a.id = NEW.approval_id
                AND a.kind = 'keys.lockChange' AND a.subject_id = NEW.id AND a.state = 'USED') THEN
            PERFORM key_refuse('key_lock_changes_approved');
        ELSIF key_set_out(NEW.estate_id, NEW.set_id) THEN
            PERFORM key_refuse('key_lock_changes_out');
        END IF;
        SELECT coalesce(sum(m.count), 0) INTO NEW.retired_count FROM key_movements m WHERE m.estate_id = NEW.estate_id AND m.lock_change_id = NEW.id;
        IF NEW.old_count IS DISTINCT FROM (SELECT coalesce(sum(m.count), 0) FROM key_movements m
                JOIN key_holders h ON h.estate_id = m.estate_id AND h.id = m.from_id AND h.kind <> 'LOST'
                WHERE m.estate_id = NEW.estate_id AND m.lock_change_id = NEW.id) THEN
            PERFORM key_refuse('key_lock_changes_counted');
        END IF;
        NEW.generation := key_set_renew(NEW.estate_id, NEW.set_id, s.lock_changes + 1, NEW.done_at);
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- A packet that is not of an acceptance's own sheet is signed for, also under another number (K1.3).
CREATE CONSTRAINT TRIGGER key_seals_signed AFTER INSERT ON key_seals DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state = 'SEALED' AND (NEW.acceptance_line_id IS NULL OR NEW.previous_id IS NOT NULL)) EXECUTE FUNCTION must_be_signed('keys.seal', 'id');

-- Copies that were recorded by mistake leave by a counter-entry, and their order says so: the one not without the other (K2.3).
ALTER TABLE "key_copy_orders" ADD COLUMN "voided_at" timestamptz NULL, ADD COLUMN "void_reason" character varying NOT NULL DEFAULT '', ADD COLUMN "voided_by_id" uuid NULL, ADD COLUMN "voided_by_name" character varying NOT NULL DEFAULT '';
ALTER TABLE key_copy_orders
    DROP CONSTRAINT key_copy_orders_made,
    ADD CONSTRAINT key_copy_orders_made CHECK ((state IN ('MADE', 'VOIDED')) = (made_at IS NOT NULL));
SELECT voidable('key_copy_orders', stated => true);
-- +goose StatementBegin
CREATE FUNCTION key_copies_agree() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    copies uuid := NEW.id;
BEGIN
    IF TG_TABLE_NAME = 'key_movements' THEN
        copies := (SELECT copy_order_id FROM key_movements WHERE estate_id = NEW.estate_id AND id = NEW.reverses_id);
    END IF;
    IF EXISTS (SELECT FROM key_copy_orders o WHERE o.estate_id = NEW.estate_id AND o.id = copies AND (o.state = 'VOIDED') <> EXISTS (
            SELECT FROM key_movements m JOIN key_movements r ON r.estate_id = m.estate_id AND r.reverses_id = m.id
            WHERE m.estate_id = o.estate_id AND m.copy_order_id = o.id)) THEN
        PERFORM key_refuse('key_copy_orders_countered');
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER key_copies_agree AFTER UPDATE ON key_copy_orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state = 'VOIDED') EXECUTE FUNCTION key_copies_agree();
CREATE CONSTRAINT TRIGGER key_copies_agree AFTER INSERT ON key_movements DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION key_copies_agree();

-- A set that is whole again is not being scrapped any more (K3.1, K3.2).
-- +goose StatementBegin
CREATE FUNCTION key_set_whole() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM key_sets s JOIN key_scrappings c ON c.estate_id = s.estate_id AND c.set_id = s.id AND c.state = 'OPEN'
            WHERE s.estate_id = NEW.estate_id AND s.id = NEW.id AND s.condition = 'IN_USE') THEN
        PERFORM key_refuse('key_scrappings_whole');
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER key_set_whole AFTER UPDATE ON key_sets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.condition <> 'IN_USE' AND NEW.condition = 'IN_USE') EXECUTE FUNCTION key_set_whole();

-- Who holds which role, and where: a leader of a department, too, is told also by whom sees no grants of the whole portfolio.
DROP FUNCTION identity.holders;
-- +goose StatementBegin
CREATE FUNCTION identity.holders(p_estate uuid, p_today date) RETURNS TABLE (account uuid, role text, everywhere boolean, department uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT DISTINCT g.account_id, g.role, g.estate_id IS NULL, g.department_id
    FROM identity.grants g JOIN identity.accounts a ON a.id = g.account_id AND a.disabled_at IS NULL
    WHERE (identity.sees_all() OR p_estate = ANY (identity.viewer_estates()))
        AND g.revoked_at IS NULL AND g.valid_from <= p_today AND (g.valid_until IS NULL OR g.valid_until >= p_today)
        AND (g.estate_id = p_estate OR g.estate_id IS NULL) AND g.role <> 'resident'
    ORDER BY 1, 2, 3, 4
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION identity.holders FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.holders TO steward_app;
