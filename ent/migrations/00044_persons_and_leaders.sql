-- Who is one person under two records, whose keys they were, and who does not answer for the own act.

-- +goose Up

-- A mere name is of nobody here, and of no resident of the household concerned either: who is on record signs as such. And what is
-- attested is somebody else's than the attester's, and than that of another signer of the same name: a record of the own name without
-- the own account is no other person.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION signature_signer() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    c signature_capacities;
    today date := (NEW.signed_at AT TIME ZONE (SELECT e.time_zone FROM estates e WHERE e.id = NEW.estate_id))::date;
    outsider boolean := NEW.person LIKE 'name:%';
BEGIN
    SELECT * INTO c FROM signature_capacities s WHERE s.kind = NEW.kind AND s.capacity = NEW.capacity;
    IF outsider AND (
        EXISTS (SELECT FROM staffs s WHERE s.estate_id = NEW.estate_id AND signature_name(s.name) = signature_name(NEW.signer_name)
            AND s.employed_from <= today AND (s.employed_until IS NULL OR s.employed_until > today))
        OR EXISTS (SELECT FROM residents r WHERE r.estate_id = NEW.estate_id AND r.household_id = NEW.household_id AND signature_name(r.name) = signature_name(NEW.signer_name)))
        OR EXISTS (SELECT FROM identity.accounts a WHERE a.id = NEW.attested_by_id AND signature_name(a.name) = signature_name(NEW.signer_name)) THEN
        RAISE check_violation USING CONSTRAINT = 'signatures_name', MESSAGE = 'who is on record does not sign by a mere name, nor attests the own';
    END IF;
    IF c.department IS NOT NULL AND NOT (c.outsiders AND outsider) AND NOT EXISTS (
        SELECT FROM staffs s JOIN departments d ON d.estate_id = s.estate_id AND d.id = s.department_id
        WHERE s.estate_id = NEW.estate_id AND s.id = NEW.staff_id AND d.kind = c.department) THEN
        RAISE check_violation USING CONSTRAINT = 'signatures_department', MESSAGE = format('%s signs %s for %s', NEW.capacity, NEW.kind, c.department);
    END IF;
    IF EXISTS (SELECT FROM signatures s
        JOIN signature_distinct d ON d.kind = NEW.kind AND (d.a, d.b) IN ((NEW.capacity, s.capacity), (s.capacity, NEW.capacity))
        WHERE s.estate_id = NEW.estate_id AND s.subject_id = NEW.subject_id AND s.kind = NEW.kind
            AND 'ATTESTED' IN (s.method, NEW.method) AND signature_name(s.signer_name) = signature_name(NEW.signer_name)) THEN
        RAISE check_violation USING CONSTRAINT = 'signatures_distinct', MESSAGE = format('the same name signed %s in a distinct capacity', NEW.kind);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- Who demanded that a lock is changed does not also say that it was, and with how many keys (K3.1).
-- +goose StatementBegin
CREATE FUNCTION key_lock_change_by_another() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM key_refuse('key_lock_changes_by_another');
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_lock_change_by_another AFTER UPDATE ON key_lock_changes FOR EACH ROW
    WHEN (OLD.state <> 'DONE' AND NEW.state = 'DONE' AND NEW.leader_id = NEW.done_by_id) EXECUTE FUNCTION key_lock_change_by_another();

-- Who reported a loss does not answer it as the leader (K2.3).
-- +goose StatementBegin
CREATE FUNCTION key_loss_answered_by_another() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM key_refuse('key_losses_answered_by_another');
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_loss_answered_by_another AFTER UPDATE ON key_losses FOR EACH ROW
    WHEN (OLD.answered_at IS NULL AND NEW.answered_by_id = NEW.reported_by_id) EXECUTE FUNCTION key_loss_answered_by_another();
