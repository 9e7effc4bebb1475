-- Signatures and witnessed acts. Who may sign in what capacity, and which capacities need distinct persons, is reference data that
-- chapters declare (internal/signature.Declare) and add here by migrations; the database holds everybody to it.

-- +goose Up

-- Of no estate, and nobody writes it but migrations.
CREATE TABLE signature_capacities (
    kind     text NOT NULL,
    capacity text NOT NULL,
    PRIMARY KEY (kind, capacity));
CREATE TABLE signature_distinct (
    kind text NOT NULL,
    a    text NOT NULL,
    b    text NOT NULL CHECK (a <> b),
    PRIMARY KEY (kind, a, b),
    FOREIGN KEY (kind, a) REFERENCES signature_capacities ON DELETE RESTRICT,
    FOREIGN KEY (kind, b) REFERENCES signature_capacities ON DELETE RESTRICT);
CREATE TABLE signature_certificates ( -- kinds that end in a certificate: all sign the same content
    kind text PRIMARY KEY);
ALTER TABLE signature_capacities   ENABLE ROW LEVEL SECURITY;
ALTER TABLE signature_distinct     ENABLE ROW LEVEL SECURITY;
ALTER TABLE signature_certificates ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON signature_capacities   FOR SELECT USING (true);
CREATE POLICY everybody ON signature_distinct     FOR SELECT USING (true);
CREATE POLICY everybody ON signature_certificates FOR SELECT USING (true);
GRANT SELECT ON signature_capacities, signature_distinct, signature_certificates TO steward_app;

INSERT INTO signature_capacities VALUES
    ('keys.lend', 'borrower'), ('keys.lend', 'handler'),
    ('keys.return', 'returner'), ('keys.return', 'handler'),
    ('keys.scrap', 'requester'), ('keys.scrap', 'leader'), ('keys.scrap', 'engineering');
INSERT INTO signature_distinct VALUES
    ('keys.scrap', 'requester', 'leader'), ('keys.scrap', 'requester', 'engineering'), ('keys.scrap', 'leader', 'engineering');
INSERT INTO signature_certificates VALUES ('keys.scrap');

DROP INDEX signature_estate_id_subject_id_capacity;
ALTER TABLE signatures
    ADD COLUMN account_id uuid NULL,
    ALTER COLUMN strokes DROP NOT NULL,
    ALTER COLUMN strokes DROP DEFAULT,
    -- By being signed in or by password it is an account that signs; else somebody attests.
    ADD CONSTRAINT signatures_method CHECK (
        (method = 'ATTESTED') = (attested_by_id IS NOT NULL) AND (method = 'ATTESTED') = (account_id IS NULL)
        AND num_nonnulls(staff_id, resident_id) <= 1),
    ADD CONSTRAINT signatures_strokes CHECK (octet_length(strokes) <= 65536);
CREATE UNIQUE INDEX signature_estate_id_subject_id_kind_capacity ON signatures (estate_id, subject_id, kind, capacity);

-- The text in which two writings of one name are the same.
CREATE FUNCTION signature_name(name text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
    $$ SELECT lower(regexp_replace(normalize(name, NFKC), '\s+', '', 'g')) $$;

-- Who signs as a person: a member of staff, whatever the account; else a resident, an account, a name. Signatures under one subject wait
-- for each other here, so that what signature_check compares is all there is.
-- +goose StatementBegin
CREATE FUNCTION signature_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('signatures ' || NEW.subject_id::text, 0));
    NEW.person := coalesce(
        (SELECT 'staff:' || s.id FROM staffs s WHERE s.estate_id = NEW.estate_id AND s.account_id = NEW.account_id),
        'staff:' || NEW.staff_id, 'resident:' || NEW.resident_id, 'account:' || NEW.account_id, 'name:' || signature_name(NEW.signer_name));
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER signature_person BEFORE INSERT ON signatures FOR EACH ROW EXECUTE FUNCTION signature_person();

-- Whether that person may: after the walls have refused what is another estate's.
-- +goose StatementBegin
CREATE FUNCTION signature_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM signature_capacities c WHERE c.kind = NEW.kind AND c.capacity = NEW.capacity) THEN
        RAISE foreign_key_violation USING CONSTRAINT = 'signatures_capacity', MESSAGE = format('nobody signs %s as %s', NEW.kind, NEW.capacity);
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'signatures are compared under a lock, which an older snapshot would not see through';
    END IF;
    -- Nobody signs by another's session, or attests in another's name.
    IF NOT identity.is_system() AND NEW.method <> 'CREDENTIAL' AND identity.viewer() IS DISTINCT FROM coalesce(NEW.attested_by_id, NEW.account_id) THEN
        RAISE check_violation USING CONSTRAINT = 'signatures_viewer', MESSAGE = 'not the viewer''s to sign or attest';
    END IF;
    -- Who has an account signs with it, and nobody else by it.
    own := coalesce((SELECT s.account_id FROM staffs s WHERE s.estate_id = NEW.estate_id AND s.id = NEW.staff_id),
                    (SELECT r.account_id FROM residents r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.resident_id));
    IF num_nonnulls(NEW.staff_id, NEW.resident_id) > 0 AND own IS DISTINCT FROM NEW.account_id THEN
        RAISE check_violation USING CONSTRAINT = 'signatures_account', MESSAGE = 'the signer has an account, and signs with it';
    END IF;
    -- The same account is the same person, and a mere name may be anybody's of that name.
    IF EXISTS (SELECT FROM signatures s
        JOIN signature_distinct d ON d.kind = NEW.kind AND (d.a, d.b) IN ((NEW.capacity, s.capacity), (s.capacity, NEW.capacity))
        WHERE s.estate_id = NEW.estate_id AND s.subject_id = NEW.subject_id AND s.kind = NEW.kind
            AND (s.person = NEW.person OR s.account_id = NEW.account_id
                OR (s.person LIKE 'name:%' OR NEW.person LIKE 'name:%') AND signature_name(s.signer_name) = signature_name(NEW.signer_name))) THEN
        RAISE check_violation USING CONSTRAINT = 'signatures_distinct', MESSAGE = format('the same person signed %s in a distinct capacity', NEW.kind);
    END IF;
    IF EXISTS (SELECT FROM signature_certificates c WHERE c.kind = NEW.kind) AND EXISTS (SELECT FROM signatures s
        WHERE s.estate_id = NEW.estate_id AND s.subject_id = NEW.subject_id AND s.kind = NEW.kind AND s.content_hash <> NEW.content_hash) THEN
        RAISE check_violation USING CONSTRAINT = 'signatures_content', MESSAGE = 'another content was signed before';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER signature_check AFTER INSERT ON signatures FOR EACH ROW EXECUTE FUNCTION signature_check();

-- The next number of a certificate beside a given one: A-2026-0001, by the estate's code and its year. Certificates of one estate wait for
-- each other, so that there is no gap.
-- +goose StatementBegin
CREATE FUNCTION certificate_number(estate uuid, at timestamptz, beside uuid DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    prefix text;
    n text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('certificates ' || estate::text, 0));
    SELECT e.code || '-' || to_char(at AT TIME ZONE e.time_zone, 'YYYY') || '-' INTO prefix FROM estates e WHERE e.id = estate;
    SELECT coalesce(max(substring(c.number FROM length(prefix) + 1)::integer), 0) + 1 INTO n FROM certificates c
        WHERE c.estate_id = estate AND c.id IS DISTINCT FROM beside AND starts_with(c.number, prefix) AND substring(c.number FROM length(prefix) + 1) ~ '^[0-9]{4,9}$';
    RETURN prefix || lpad(n, greatest(4, length(n)), '0');
END $$;
-- +goose StatementEnd

-- A certificate is issued over the very content that everybody signed, under the next number.
-- +goose StatementBegin
CREATE FUNCTION certificate_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    missing text;
BEGIN
    IF NOT EXISTS (SELECT FROM signature_certificates c WHERE c.kind = NEW.kind) THEN
        RAISE foreign_key_violation USING CONSTRAINT = 'certificates_kind', MESSAGE = format('%s ends in no certificate', NEW.kind);
    END IF;
    IF NEW.content_hash <> encode(sha256(convert_to(NEW.content, 'UTF8')), 'hex') THEN
        RAISE check_violation USING CONSTRAINT = 'certificates_content', MESSAGE = 'the hash is not that of the content';
    END IF;
    SELECT string_agg(c.capacity, ', ' ORDER BY c.capacity) INTO missing FROM signature_capacities c
        WHERE c.kind = NEW.kind AND NOT EXISTS (SELECT FROM signatures s WHERE s.estate_id = NEW.estate_id AND s.subject_id = NEW.subject_id
            AND s.kind = NEW.kind AND s.capacity = c.capacity AND s.content_hash = NEW.content_hash);
    IF missing <> '' THEN
        RAISE check_violation USING CONSTRAINT = 'certificates_signed', MESSAGE = 'not signed by all', DETAIL = missing;
    END IF;
    IF NEW.number IS DISTINCT FROM certificate_number(NEW.estate_id, NEW.issued_at, NEW.id) THEN
        RAISE check_violation USING CONSTRAINT = 'certificates_number', MESSAGE = 'not the next number';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER certificate_check AFTER INSERT ON certificates FOR EACH ROW EXECUTE FUNCTION certificate_check();
