-- Sheets of keys are checked, signed and only then in effect (K1.1); what is owed stands on the sets by the newest line in
-- effect (K1.4); of public areas' keys the seals and the ledger agree (K1.3).

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

INSERT INTO signature_capacities VALUES
    ('keys.accept', 'deliverer'), ('keys.accept', 'handler'), ('keys.accept', 'security'),
    ('keys.seal', 'security'), ('keys.seal', 'custodian');
INSERT INTO signature_distinct VALUES
    ('keys.accept', 'deliverer', 'handler'), ('keys.accept', 'deliverer', 'security'), ('keys.accept', 'handler', 'security'),
    ('keys.seal', 'security', 'custodian');

-- A line that leaves a sheet in draft stays on record, and its set may be put on again.
ALTER TABLE key_acceptance_checks ADD COLUMN "removed_at" timestamptz NULL;
DROP INDEX keyacceptancecheck_estate_id_acceptance_id_unit_id_place;
CREATE UNIQUE INDEX "keyacceptancecheck_estate_id_acceptance_id_unit_id_place" ON "key_acceptance_checks" ("estate_id", "acceptance_id", "unit_id", "place") WHERE removed_at IS NULL;
ALTER TABLE key_acceptance_checks
    ADD CONSTRAINT key_acceptance_checks_counted CHECK (delivered IS NULL OR delivered + faulty <= due),
    ADD CONSTRAINT key_acceptance_checks_checked CHECK (
        (checked_at IS NULL) = (delivered IS NULL) AND (checked_at IS NULL) = (checked_by_id IS NULL) AND (checked_at IS NULL) = (checked_by_name = ''));
ALTER TABLE key_acceptances
    ADD CONSTRAINT key_acceptances_accepted CHECK ((state IN ('EFFECTIVE', 'VOIDED')) = (accepted_at IS NOT NULL)),
    ADD CONSTRAINT key_acceptances_imported CHECK (source_file = '' OR state = 'EFFECTIVE'); -- it took effect on paper

-- A sheet in draft takes effect or is cancelled, and one in effect may be voided; nothing else.
-- +goose StatementBegin
CREATE FUNCTION key_acceptance_goes_on() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (('DRAFT', 'EFFECTIVE'), ('DRAFT', 'CANCELLED'), ('EFFECTIVE', 'VOIDED')) THEN
        RAISE check_violation USING CONSTRAINT = 'key_acceptances_state', MESSAGE = format('a sheet does not become %s from %s', NEW.state, OLD.state);
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_acceptance_goes_on BEFORE UPDATE ON key_acceptances FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.state <> 'DRAFT' AND OLD.accepted_at IS DISTINCT FROM NEW.accepted_at) EXECUTE FUNCTION key_acceptance_goes_on();

-- The lines of a draft change while it is one: writing a line holds the sheet, so that it is not signed meanwhile.
-- +goose StatementBegin
CREATE FUNCTION key_acceptance_check_in_draft() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM key_acceptances a WHERE a.estate_id = NEW.estate_id AND a.id = NEW.acceptance_id AND a.state = 'DRAFT' FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'key_acceptance_checks_draft', MESSAGE = 'the sheet is in draft no more';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.removed_at IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = 'key_acceptance_checks_removed', MESSAGE = 'the line was removed';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_acceptance_check_in_draft AFTER INSERT OR UPDATE ON key_acceptance_checks FOR EACH ROW EXECUTE FUNCTION key_acceptance_check_in_draft();

-- At the end of the transaction a sheet that took effect here is checked line by line and signed by who delivers, and by
-- security if any key was sealed by it. Imported sheets are exempt: docs/decisions/0008-imported-sheets.md.
-- +goose StatementBegin
CREATE FUNCTION key_acceptance_in_effect() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    missing text;
BEGIN
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM key_acceptance_checks c WHERE c.estate_id = NEW.estate_id AND c.acceptance_id = NEW.id AND c.removed_at IS NULL)
            OR EXISTS (SELECT FROM key_acceptance_checks c WHERE c.estate_id = NEW.estate_id AND c.acceptance_id = NEW.id AND c.removed_at IS NULL AND c.checked_at IS NULL)
            THEN 'key_acceptances_checked'
        WHEN NOT EXISTS (SELECT FROM signatures s WHERE s.estate_id = NEW.estate_id AND s.subject_id = NEW.id AND s.kind = 'keys.accept' AND s.capacity = 'deliverer')
            THEN 'key_acceptances_signed'
        WHEN EXISTS (SELECT FROM key_seals k JOIN key_acceptance_lines l ON l.estate_id = k.estate_id AND l.id = k.acceptance_line_id
                WHERE l.estate_id = NEW.estate_id AND l.acceptance_id = NEW.id)
            AND NOT EXISTS (SELECT FROM signatures s WHERE s.estate_id = NEW.estate_id AND s.subject_id = NEW.id AND s.kind = 'keys.accept' AND s.capacity = 'security')
            THEN 'key_acceptances_sealed' END
        INTO missing;
    IF missing <> '' THEN
        RAISE check_violation USING CONSTRAINT = missing, MESSAGE = 'the sheet is not checked and signed';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER key_acceptance_in_effect AFTER INSERT OR UPDATE ON key_acceptances DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state = 'EFFECTIVE' AND NEW.source_file = '') EXECUTE FUNCTION key_acceptance_in_effect();

-- What engineering owes of a set is what its newest line in effect says (K1.4). The plans are fixed as those of key_post are.
-- +goose StatementBegin
CREATE FUNCTION key_set_owed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
BEGIN
    UPDATE key_sets s SET outstanding = l.outstanding, version = s.version + 1
        FROM (SELECT DISTINCT ON (estate_id, set_id) estate_id, set_id, outstanding FROM fresh ORDER BY estate_id, set_id, id DESC) l
        WHERE s.estate_id = l.estate_id AND s.id = l.set_id AND s.outstanding <> l.outstanding;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_set_owed AFTER INSERT ON key_acceptance_lines REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION key_set_owed();

-- A voided sheet says nothing any more: the lines before it do.
-- +goose StatementBegin
CREATE FUNCTION key_set_owed_again() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE key_sets s SET outstanding = n.outstanding, version = s.version + 1
        FROM (SELECT l.set_id, coalesce((SELECT o.outstanding FROM key_acceptance_lines o
                JOIN key_acceptances a ON a.estate_id = o.estate_id AND a.id = o.acceptance_id AND a.state = 'EFFECTIVE'
                WHERE o.estate_id = l.estate_id AND o.set_id = l.set_id ORDER BY o.id DESC LIMIT 1), 0) AS outstanding
            FROM key_acceptance_lines l WHERE l.estate_id = NEW.estate_id AND l.acceptance_id = NEW.id) n
        WHERE s.estate_id = NEW.estate_id AND s.id = n.set_id AND s.outstanding <> n.outstanding;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_set_owed_again AFTER UPDATE ON key_acceptances FOR EACH ROW
    WHEN (OLD.state = 'EFFECTIVE' AND NEW.state = 'VOIDED') EXECUTE FUNCTION key_set_owed_again();

-- Security has one account in an estate, for all its packets.
CREATE UNIQUE INDEX key_holders_seal ON key_holders (estate_id) WHERE kind = 'SEAL';

ALTER TABLE key_seals ADD COLUMN "acceptance_line_id" uuid NULL, ADD CONSTRAINT "key_seals_key_acceptance_lines_acceptance_line" FOREIGN KEY ("estate_id", "acceptance_line_id") REFERENCES "key_acceptance_lines" ("estate_id", "id") ON DELETE RESTRICT;
CREATE INDEX "keyseal_estate_id_acceptance_line_id" ON "key_seals" ("estate_id", "acceptance_line_id");
ALTER TABLE key_seals ADD CONSTRAINT key_seals_ended CHECK (
    (state = 'SEALED') = (ended_at IS NULL) AND (state = 'SEALED') = (ended_by_id IS NULL)
    AND (state = 'SEALED') = (ended_by_name = '') AND (state = 'SEALED') = (end_reason = ''));

-- A seal ends once.
-- +goose StatementBegin
CREATE FUNCTION key_seal_ended() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'key_seals_once', MESSAGE = 'the seal has ended';
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_seal_ended BEFORE UPDATE ON key_seals FOR EACH ROW WHEN (OLD.state <> 'SEALED') EXECUTE FUNCTION key_seal_ended();

-- At the end of the transaction the packets of a set have as many keys as the ledger says security has (K1.3).
-- +goose StatementBegin
CREATE FUNCTION key_seal_agrees() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    security uuid := (SELECT id FROM key_holders WHERE estate_id = NEW.estate_id AND kind = 'SEAL');
BEGIN
    IF TG_TABLE_NAME = 'key_movements' THEN
        IF security NOT IN (NEW.from_id, NEW.to_id) THEN
            RETURN NULL;
        END IF;
    END IF;
    IF (SELECT coalesce(sum(count), 0) FROM key_seals WHERE estate_id = NEW.estate_id AND set_id = NEW.set_id AND state = 'SEALED')
        <> (SELECT coalesce(sum(count), 0) FROM key_balances WHERE estate_id = NEW.estate_id AND set_id = NEW.set_id AND holder_id = security) THEN
        RAISE check_violation USING CONSTRAINT = 'key_seals_balance', MESSAGE = 'the packets and the ledger disagree';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER key_seal_agrees AFTER INSERT OR UPDATE ON key_seals DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION key_seal_agrees();
-- Long imports post by three reasons, which the next trigger keeps away from security; they need not be looked at one by one.
CREATE CONSTRAINT TRIGGER key_seal_agrees AFTER INSERT ON key_movements DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.reason NOT IN ('ACCEPTED', 'PLACED', 'HANDED_OVER')) EXECUTE FUNCTION key_seal_agrees();

-- +goose StatementBegin
CREATE FUNCTION key_seal_aside() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh n JOIN key_holders h ON h.estate_id = n.estate_id AND h.kind = 'SEAL' AND h.id IN (n.from_id, n.to_id)
        WHERE n.reason IN ('ACCEPTED', 'PLACED', 'HANDED_OVER')) THEN
        RAISE check_violation USING CONSTRAINT = 'key_seals_balance', MESSAGE = 'keys come to security in packets only';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER key_seal_aside AFTER INSERT ON key_movements REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION key_seal_aside();
