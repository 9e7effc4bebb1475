-- Structured records of households (A1.4): violations and arrears, complaints, renovations with their deposit, correspondence. The
-- database has each record, and each emergency contact, file itself into the household's file; it holds records to their states, and deposits to what was paid.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

CREATE TABLE "complaints" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "household_id" uuid NOT NULL, "department_id" uuid NULL, "title" character varying NOT NULL, "particulars" character varying NOT NULL DEFAULT '', "dated" date NOT NULL, "recorded_by_id" uuid NOT NULL, "recorded_by_name" character varying NOT NULL, "recorded_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "way" character varying NOT NULL, "due_at" timestamptz NOT NULL, "state" character varying NOT NULL DEFAULT 'OPEN', "finding" character varying NOT NULL DEFAULT '', "answered_by_id" uuid NULL, "answered_by_name" character varying NOT NULL DEFAULT '', "answered_at" timestamptz NULL, "estate_id" uuid NOT NULL, "file_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "complaints_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "complaints_archive_files_file" FOREIGN KEY ("estate_id", "file_id") REFERENCES "archive_files" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "complaint_estate_id_dated_id" ON "complaints" ("estate_id", "dated", "id");
CREATE INDEX "complaint_estate_id_household_id_dated" ON "complaints" ("estate_id", "household_id", "dated");
CREATE TABLE "correspondences" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "household_id" uuid NOT NULL, "department_id" uuid NULL, "title" character varying NOT NULL, "particulars" character varying NOT NULL DEFAULT '', "dated" date NOT NULL, "recorded_by_id" uuid NOT NULL, "recorded_by_name" character varying NOT NULL, "recorded_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "direction" character varying NOT NULL, "way" character varying NOT NULL, "state" character varying NOT NULL, "finding" character varying NOT NULL DEFAULT '', "answered_by_id" uuid NULL, "answered_by_name" character varying NOT NULL DEFAULT '', "answered_at" timestamptz NULL, "estate_id" uuid NOT NULL, "file_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "correspondences_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "correspondences_archive_files_file" FOREIGN KEY ("estate_id", "file_id") REFERENCES "archive_files" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "correspondence_estate_id_dated_id" ON "correspondences" ("estate_id", "dated", "id");
CREATE INDEX "correspondence_estate_id_household_id_dated" ON "correspondences" ("estate_id", "household_id", "dated");
CREATE TABLE "renovations" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "household_id" uuid NOT NULL, "department_id" uuid NULL, "title" character varying NOT NULL, "particulars" character varying NOT NULL DEFAULT '', "dated" date NOT NULL, "recorded_by_id" uuid NOT NULL, "recorded_by_name" character varying NOT NULL, "recorded_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "contractor" character varying NOT NULL DEFAULT '', "begins_on" date NOT NULL, "ends_on" date NOT NULL, "state" character varying NOT NULL DEFAULT 'APPLIED', "deposit" bigint NOT NULL DEFAULT 0, "deducted" bigint NOT NULL DEFAULT 0, "returned" bigint NOT NULL DEFAULT 0, "currency" character varying NOT NULL DEFAULT '', "deduction_reason" character varying NOT NULL DEFAULT '', "paid_at" timestamptz NULL, "settled_at" timestamptz NULL, "estate_id" uuid NOT NULL, "file_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "renovations_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "renovations_archive_files_file" FOREIGN KEY ("estate_id", "file_id") REFERENCES "archive_files" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "renovation_estate_id_dated_id" ON "renovations" ("estate_id", "dated", "id");
CREATE INDEX "renovation_estate_id_household_id_dated" ON "renovations" ("estate_id", "household_id", "dated");
CREATE TABLE "renovation_steps" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "household_id" uuid NOT NULL, "department_id" uuid NULL, "step" character varying NOT NULL, "amount" bigint NOT NULL DEFAULT 0, "note" character varying NOT NULL DEFAULT '', "done_by_id" uuid NOT NULL, "done_by_name" character varying NOT NULL, "done_at" timestamptz NOT NULL, "estate_id" uuid NOT NULL, "renovation_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "renovation_steps_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "renovation_steps_renovations_renovation" FOREIGN KEY ("estate_id", "renovation_id") REFERENCES "renovations" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "renovationstep_estate_id_renovation_id_done_at" ON "renovation_steps" ("estate_id", "renovation_id", "done_at");
CREATE TABLE "violations" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "household_id" uuid NOT NULL, "department_id" uuid NULL, "title" character varying NOT NULL, "particulars" character varying NOT NULL DEFAULT '', "dated" date NOT NULL, "recorded_by_id" uuid NOT NULL, "recorded_by_name" character varying NOT NULL, "recorded_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "kind" character varying NOT NULL, "amount" bigint NOT NULL DEFAULT 0, "currency" character varying NOT NULL DEFAULT '', "state" character varying NOT NULL DEFAULT 'OPEN', "finding" character varying NOT NULL DEFAULT '', "answered_by_id" uuid NULL, "answered_by_name" character varying NOT NULL DEFAULT '', "answered_at" timestamptz NULL, "estate_id" uuid NOT NULL, "file_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "violations_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "violations_archive_files_file" FOREIGN KEY ("estate_id", "file_id") REFERENCES "archive_files" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "violation_estate_id_dated_id" ON "violations" ("estate_id", "dated", "id");
CREATE INDEX "violation_estate_id_household_id_dated" ON "violations" ("estate_id", "household_id", "dated");
SELECT wall('complaints', household => 'household_id');
SELECT wall('correspondences', household => 'household_id');
SELECT wall('renovations', household => 'household_id');
SELECT wall('renovation_steps', household => 'household_id', append_only => true);
SELECT wall('violations', household => 'household_id');

SELECT voidable(t, stated => true) FROM unnest('{violations,complaints,renovations,correspondences}'::regclass[]) t;
-- +goose StatementBegin
DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY '{violations,complaints,renovations,renovation_steps,correspondences}'::text[] LOOP
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT', t, t || '_household');
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT', t, t || '_department');
    END LOOP;
    FOREACH t IN ARRAY '{violations,complaints,correspondences}'::text[] LOOP
        EXECUTE format($f$ALTER TABLE %I ADD CONSTRAINT %I CHECK ((answered_at IS NULL) = (answered_by_id IS NULL) AND (answered_at IS NULL) = (answered_by_name = '')
            AND (finding = '' OR answered_at IS NOT NULL) AND (state = 'VOIDED' OR (state IN ('ANSWERED', 'RESOLVED')) = (answered_at IS NOT NULL)))$f$, t, t || '_answered');
    END LOOP;
END $$;
-- +goose StatementEnd
ALTER TABLE violations
    ADD CONSTRAINT violations_amount CHECK (amount >= 0 AND (amount = 0) = (currency = '') AND currency ~ '^([A-Z]{3})?$'),
    ADD CONSTRAINT violations_owed   CHECK (kind <> 'ARREARS' OR amount > 0);
ALTER TABLE correspondences
    ADD CONSTRAINT correspondences_awaited CHECK (direction = 'IN' OR state IN ('FILED', 'VOIDED'));
-- A deposit is given back once and whole, but for what is kept of it, never more than was paid; none is held of works that are over.
ALTER TABLE renovations
    ADD CONSTRAINT renovations_period   CHECK (ends_on >= begins_on),
    ADD CONSTRAINT renovations_deposit  CHECK (deposit >= 0 AND (deposit = 0) = (paid_at IS NULL) AND (deposit = 0) = (currency = '') AND currency ~ '^([A-Z]{3})?$'),
    ADD CONSTRAINT renovations_returned CHECK (deducted >= 0 AND returned >= 0 AND deducted + returned = CASE WHEN settled_at IS NULL THEN 0 ELSE deposit END
        AND (settled_at IS NULL OR paid_at IS NOT NULL) AND (deducted > 0 OR deduction_reason = '')),
    ADD CONSTRAINT renovations_held     CHECK (state NOT IN ('CLOSED', 'VOIDED') OR paid_at IS NULL OR settled_at IS NOT NULL),
    ADD CONSTRAINT renovations_begun    CHECK (state <> 'UNDER_WAY' OR settled_at IS NULL);
ALTER TABLE renovation_steps
    ADD CONSTRAINT renovation_steps_amount CHECK (amount >= 0);

-- What was recorded stays; how it was settled, its state and its void are written once.
REVOKE UPDATE ON violations, complaints, renovations, correspondences FROM steward_app;
GRANT UPDATE (state, finding, answered_by_id, answered_by_name, answered_at, voided_at, void_reason, voided_by_id, voided_by_name) ON violations, complaints, correspondences TO steward_app;
GRANT UPDATE (state, deposit, deducted, returned, currency, deduction_reason, paid_at, settled_at, voided_at, void_reason, voided_by_id, voided_by_name) ON renovations TO steward_app;

-- A record goes from state to state as named, or is voided; how it was settled is said once.
-- +goose StatementBegin
CREATE FUNCTION record_goes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := to_jsonb(OLD);
    now jsonb := to_jsonb(NEW);
BEGIN
    IF OLD.state <> NEW.state AND NEW.state <> 'VOIDED' AND (OLD.state || '>' || NEW.state) <> ALL (TG_ARGV)
        OR was->>'answered_at' IS NOT NULL AND (was->'finding', was->'answered_at', was->'answered_by_id') <> (now->'finding', now->'answered_at', now->'answered_by_id') THEN
        RAISE check_violation USING CONSTRAINT = TG_TABLE_NAME || '_way', MESSAGE = format('from %s to %s', OLD.state, NEW.state);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER record_goes AFTER UPDATE ON violations FOR EACH ROW EXECUTE FUNCTION record_goes('OPEN>RESOLVED');
CREATE TRIGGER record_goes AFTER UPDATE ON complaints FOR EACH ROW EXECUTE FUNCTION record_goes('OPEN>ANSWERED');
CREATE TRIGGER record_goes AFTER UPDATE ON correspondences FOR EACH ROW EXECUTE FUNCTION record_goes('OPEN>ANSWERED');
CREATE TRIGGER record_goes AFTER UPDATE ON renovations FOR EACH ROW
    EXECUTE FUNCTION record_goes('APPLIED>APPROVED', 'APPROVED>UNDER_WAY', 'UNDER_WAY>INSPECTED', 'INSPECTED>CLOSED');

-- Who did what when is on record of each state, and of each entry of the deposit.
-- +goose StatementBegin
CREATE FUNCTION renovation_deposit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.paid_at IS NOT NULL AND NEW.paid_at IS NOT NULL AND (OLD.deposit, OLD.currency, OLD.paid_at) <> (NEW.deposit, NEW.currency, NEW.paid_at)
        OR OLD.settled_at IS NOT NULL AND NEW.settled_at IS NOT NULL AND (OLD.deducted, OLD.returned, OLD.settled_at) <> (NEW.deducted, NEW.returned, NEW.settled_at)
        OR OLD.state = 'CLOSED' AND (OLD.deposit, OLD.deducted, OLD.returned) <> (NEW.deposit, NEW.deducted, NEW.returned) THEN
        RAISE check_violation USING CONSTRAINT = 'renovations_once', MESSAGE = 'the deposit is on record already';
    END IF;
    IF OLD.settled_at IS NULL AND NEW.settled_at IS NOT NULL AND NEW.state = 'UNDER_WAY' THEN
        RAISE check_violation USING CONSTRAINT = 'renovations_begun', MESSAGE = 'the works are under way';
    END IF;
    IF NEW.deducted > 0 AND OLD.deducted = 0 AND NEW.deduction_reason = '' THEN
        RAISE check_violation USING CONSTRAINT = 'renovations_reason', MESSAGE = 'why something is kept';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION renovation_told() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    told text;
    wanted text;
BEGIN
    IF TG_OP = 'INSERT' OR OLD.state <> NEW.state THEN
        wanted := NEW.state;
    ELSIF OLD.settled_at IS NULL AND NEW.settled_at IS NOT NULL THEN
        wanted := 'DEPOSIT_RETURNED';
    ELSIF OLD.paid_at IS NULL AND NEW.paid_at IS NOT NULL THEN
        wanted := 'DEPOSIT_PAID';
    ELSE
        wanted := 'DEPOSIT_VOIDED';
    END IF;
    SELECT s.step INTO told FROM renovation_steps s WHERE s.estate_id = NEW.estate_id AND s.renovation_id = NEW.id AND s.step = wanted LIMIT 1;
    IF told IS NULL THEN
        RAISE check_violation USING CONSTRAINT = 'renovations_told', MESSAGE = format('nobody did %s', wanted);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION renovation_step_belongs() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM renovations r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.renovation_id
        AND r.household_id = NEW.household_id AND r.department_id IS NOT DISTINCT FROM NEW.department_id) THEN
        RAISE check_violation USING CONSTRAINT = 'renovation_steps_belongs', MESSAGE = 'not of the renovation''s household';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER renovation_deposit AFTER UPDATE ON renovations FOR EACH ROW EXECUTE FUNCTION renovation_deposit();
CREATE TRIGGER renovation_step_belongs AFTER INSERT ON renovation_steps FOR EACH ROW EXECUTE FUNCTION renovation_step_belongs();
CREATE CONSTRAINT TRIGGER renovation_told AFTER INSERT ON renovations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renovation_told();
CREATE CONSTRAINT TRIGGER renovation_moves AFTER UPDATE ON renovations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state <> 'VOIDED' AND (OLD.state <> NEW.state OR OLD.paid_at IS DISTINCT FROM NEW.paid_at OR OLD.settled_at IS DISTINCT FROM NEW.settled_at))
    EXECUTE FUNCTION renovation_told();

-- Files a row as a document into its household's file, where it waits for the archivist (A1.4). Whoever recorded it hands it in.
-- +goose StatementBegin
CREATE FUNCTION archive_record(r jsonb, category text, prefix text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    f archive_files;
BEGIN
    SELECT * INTO f FROM archive_files WHERE estate_id = (r->>'estate_id')::uuid AND household_id = (r->>'household_id')::uuid;
    IF f.id IS NULL OR r ? 'file_id' AND (f.id, f.department_id) IS DISTINCT FROM ((r->>'file_id')::uuid, (r->>'department_id')::uuid) THEN
        RAISE check_violation USING CONSTRAINT = 'household_records_belongs', MESSAGE = 'not as the household''s file says';
    END IF;
    INSERT INTO archive_documents (id, created_at, estate_id, household_id, file_id, department_id, class, category, title, dated, pages, subject_id,
        handed_in_by_id, handed_in_by_name, handed_in_at)
    SELECT new_id(x'0603'::int), (r->>'created_at')::timestamptz, f.estate_id, f.household_id, f.id, f.department_id, 'HOUSEHOLD', category,
        prefix || coalesce(r->>'title', r->>'name'),
        coalesce((r->>'dated')::date, ((r->>'created_at')::timestamptz AT TIME ZONE e.time_zone)::date), 0, (r->>'id')::uuid,
        coalesce((r->>'recorded_by_id')::uuid, identity.viewer()),
        coalesce(r->>'recorded_by_name', (SELECT a.name FROM identity.accounts a WHERE a.id = identity.viewer()), '系统'),
        coalesce(r->>'recorded_at', r->>'created_at')::timestamptz
    FROM estates e WHERE e.id = f.estate_id;
END $$;
CREATE FUNCTION files_itself() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM archive_record(to_jsonb(NEW), TG_ARGV[0], TG_ARGV[1]);
    RETURN NULL;
END $$;

-- What happens to a row later reaches its document while that is in the inbox: a void, another title. What is bound stays as it is.
CREATE FUNCTION filed_follows() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    r jsonb := to_jsonb(NEW);
BEGIN
    IF r->>'voided_at' IS NULL THEN
        UPDATE archive_documents SET title = TG_ARGV[0] || coalesce(r->>'title', r->>'name'), version = version + 1
            WHERE estate_id = NEW.estate_id AND subject_id = NEW.id AND state = 'INBOX';
    ELSE
        UPDATE archive_documents SET state = 'VOIDED', version = version + 1, voided_at = (r->>'voided_at')::timestamptz, void_reason = r->>'void_reason',
            voided_by_id = (r->>'voided_by_id')::uuid, voided_by_name = r->>'voided_by_name'
            WHERE estate_id = NEW.estate_id AND subject_id = NEW.id AND state = 'INBOX';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER files_itself AFTER INSERT ON violations FOR EACH ROW EXECUTE FUNCTION files_itself('VIOLATIONS', '');
CREATE TRIGGER files_itself AFTER INSERT ON complaints FOR EACH ROW EXECUTE FUNCTION files_itself('COMPLAINTS', '');
CREATE TRIGGER files_itself AFTER INSERT ON renovations FOR EACH ROW EXECUTE FUNCTION files_itself('RENOVATION_RECORDS', '');
CREATE TRIGGER files_itself AFTER INSERT ON correspondences FOR EACH ROW EXECUTE FUNCTION files_itself('CORRESPONDENCE', '');
CREATE TRIGGER files_itself AFTER INSERT ON emergency_contacts FOR EACH ROW EXECUTE FUNCTION files_itself('SUPPLEMENTS', '紧急联系人:');
CREATE TRIGGER filed_follows AFTER UPDATE OF voided_at ON violations FOR EACH ROW EXECUTE FUNCTION filed_follows('');
CREATE TRIGGER filed_follows AFTER UPDATE OF voided_at ON complaints FOR EACH ROW EXECUTE FUNCTION filed_follows('');
CREATE TRIGGER filed_follows AFTER UPDATE OF voided_at ON renovations FOR EACH ROW EXECUTE FUNCTION filed_follows('');
CREATE TRIGGER filed_follows AFTER UPDATE OF voided_at ON correspondences FOR EACH ROW EXECUTE FUNCTION filed_follows('');
CREATE TRIGGER filed_follows AFTER UPDATE OF name ON emergency_contacts FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION filed_follows('紧急联系人:');

-- What an import brings is nobody's at a desk.
ALTER TABLE archive_documents ALTER handed_in_by_id DROP NOT NULL;

-- One record, one document.
CREATE UNIQUE INDEX archive_documents_subject ON archive_documents (estate_id, subject_id) WHERE subject_id IS NOT NULL;
SELECT archive_record(to_jsonb(c), 'SUPPLEMENTS', '紧急联系人:') FROM emergency_contacts c;

-- An estate's households may be imported before its departments are named: their files are customer service's from when there is one (A4.2).
-- +goose StatementBegin
CREATE FUNCTION archive_served() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    tab text;
BEGIN
    FOREACH tab IN ARRAY '{archive_files,archive_volumes,archive_documents,violations,complaints,renovations,renovation_steps,correspondences}'::text[] LOOP
        EXECUTE format('UPDATE %I SET department_id = $1 WHERE estate_id = $2 AND department_id IS NULL AND household_id IS NOT NULL', tab) USING NEW.id, NEW.estate_id;
    END LOOP;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION archive_served FROM PUBLIC;
CREATE TRIGGER archive_served AFTER INSERT ON departments FOR EACH ROW WHEN (NEW.kind = 'CUSTOMER_SERVICE') EXECUTE FUNCTION archive_served();
