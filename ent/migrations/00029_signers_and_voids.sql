-- Who signs for a department is of it, and nobody is several persons by typing a colleague's name; who signed a sheet does not void it.

-- +goose Up

-- Whose staff signs in a capacity; where outsiders is true, so may a person of no staff, by name.
ALTER TABLE signature_capacities
    ADD COLUMN department text NULL,
    ADD COLUMN outsiders boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT signature_capacities_outsiders CHECK (NOT outsiders OR department IS NOT NULL);
UPDATE signature_capacities SET department = 'SECURITY' WHERE (kind, capacity) IN (('keys.seal', 'security'), ('keys.accept', 'security'));
UPDATE signature_capacities SET department = 'ENGINEERING' WHERE (kind, capacity) IN (('keys.scrap', 'engineering'), ('keys.lockChange', 'engineering'));
UPDATE signature_capacities SET department = 'ENGINEERING', outsiders = true WHERE (kind, capacity) IN (('keys.accept', 'deliverer'), ('keys.engineering', 'engineering'));

-- A mere name is of nobody here: who is on the estate's staff that day signs as such, and who attests signs as oneself.
-- +goose StatementBegin
CREATE FUNCTION signature_signer() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    c signature_capacities;
    today date := (NEW.signed_at AT TIME ZONE (SELECT e.time_zone FROM estates e WHERE e.id = NEW.estate_id))::date;
    outsider boolean := NEW.person LIKE 'name:%';
BEGIN
    SELECT * INTO c FROM signature_capacities s WHERE s.kind = NEW.kind AND s.capacity = NEW.capacity;
    IF outsider AND (
        EXISTS (SELECT FROM staffs s WHERE s.estate_id = NEW.estate_id AND signature_name(s.name) = signature_name(NEW.signer_name)
            AND s.employed_from <= today AND (s.employed_until IS NULL OR s.employed_until > today))
        OR EXISTS (SELECT FROM identity.accounts a WHERE a.id = NEW.attested_by_id AND signature_name(a.name) = signature_name(NEW.signer_name))) THEN
        RAISE check_violation USING CONSTRAINT = 'signatures_name', MESSAGE = 'a member of staff does not sign by a mere name';
    END IF;
    IF c.department IS NOT NULL AND NOT (c.outsiders AND outsider) AND NOT EXISTS (
        SELECT FROM staffs s JOIN departments d ON d.estate_id = s.estate_id AND d.id = s.department_id
        WHERE s.estate_id = NEW.estate_id AND s.id = NEW.staff_id AND d.kind = c.department) THEN
        RAISE check_violation USING CONSTRAINT = 'signatures_department', MESSAGE = format('%s signs %s for %s', NEW.capacity, NEW.kind, c.department);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER signature_signer AFTER INSERT ON signatures FOR EACH ROW EXECUTE FUNCTION signature_signer();

-- Who made an entry may void it for a while (internal/void): that is who is signed in, whatever is written.
ALTER TABLE "key_movements" ADD COLUMN "recorded_by_id" uuid NULL;
-- +goose StatementBegin
CREATE FUNCTION key_movement_recorded() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    NEW.recorded_by_id := identity.viewer();
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_movement_recorded BEFORE INSERT ON key_movements FOR EACH ROW EXECUTE FUNCTION key_movement_recorded();

-- Keys were taken over by who signed for them: somebody else says that they were not (K1.1).
-- +goose StatementBegin
CREATE FUNCTION key_acceptance_voided_by_another() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM signatures s WHERE s.estate_id = NEW.estate_id AND s.subject_id = NEW.id AND s.kind = 'keys.accept' AND (s.account_id = NEW.voided_by_id
        OR s.staff_id = (SELECT f.id FROM staffs f WHERE f.estate_id = NEW.estate_id AND f.account_id = NEW.voided_by_id))) THEN
        RAISE check_violation USING CONSTRAINT = 'key_acceptances_voided_by_another', MESSAGE = 'who signed a sheet does not void it';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_acceptance_voided_by_another AFTER UPDATE ON key_acceptances FOR EACH ROW
    WHEN (OLD.state <> 'VOIDED' AND NEW.state = 'VOIDED') EXECUTE FUNCTION key_acceptance_voided_by_another();
