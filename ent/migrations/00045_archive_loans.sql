-- Paper that is lent, requests that are withdrawn after they were given (A5), and staff files that are read for promotion or pay (A1.3). Nothing
-- leaves the archive but by a request to borrow that was given as it stands, nobody has what another has, and what is out is neither
-- destroyed nor taken out of its volume.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

CREATE TABLE "archive_loans" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "late_reason" character varying NOT NULL DEFAULT '', "department_id" uuid NULL, "account_id" uuid NOT NULL, "code" character varying NOT NULL, "borrower_name" character varying NOT NULL, "lent_by_id" uuid NOT NULL, "lent_by_name" character varying NOT NULL, "lent_at" timestamptz NOT NULL, "due_at" timestamptz NOT NULL, "returned_at" timestamptz NULL, "state" character varying NOT NULL DEFAULT 'OPEN', "estate_id" uuid NOT NULL, "request_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_loans_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "archive_loans_archive_requests_request" FOREIGN KEY ("estate_id", "request_id") REFERENCES "archive_requests" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "archiveloan_estate_id_code" ON "archive_loans" ("estate_id", "code");
CREATE INDEX "archiveloan_estate_id_lent_at_id" ON "archive_loans" ("estate_id", "lent_at", "id");
CREATE INDEX "archiveloan_estate_id_state_due_at_id" ON "archive_loans" ("estate_id", "state", "due_at", "id");
CREATE INDEX "archiveloan_estate_id_account_id" ON "archive_loans" ("estate_id", "account_id");
CREATE INDEX "archiveloan_estate_id_request_id" ON "archive_loans" ("estate_id", "request_id");
ALTER TABLE "archive_documents" ADD COLUMN "lent_until" timestamptz NULL;
CREATE TABLE "archive_returns" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "late_reason" character varying NOT NULL DEFAULT '', "department_id" uuid NULL, "account_id" uuid NOT NULL, "returned_by" character varying NOT NULL, "received_by_id" uuid NOT NULL, "received_by_name" character varying NOT NULL, "returned_at" timestamptz NOT NULL, "missing" bigint NOT NULL DEFAULT 0, "estate_id" uuid NOT NULL, "loan_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_returns_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "archive_returns_archive_loans_loan" FOREIGN KEY ("estate_id", "loan_id") REFERENCES "archive_loans" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "archivereturn_estate_id_loan_id" ON "archive_returns" ("estate_id", "loan_id");
CREATE TABLE "archive_loan_lines" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "department_id" uuid NULL, "account_id" uuid NOT NULL, "category" character varying NOT NULL, "volume_code" character varying NOT NULL DEFAULT '', "pages" bigint NOT NULL, "open" boolean NOT NULL DEFAULT true, "pages_back" bigint NULL, "remark" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "loan_id" uuid NOT NULL, "document_id" uuid NOT NULL, "return_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_loan_lines_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "archive_loan_lines_archive_loans_loan" FOREIGN KEY ("estate_id", "loan_id") REFERENCES "archive_loans" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_loan_lines_archive_documents_document" FOREIGN KEY ("estate_id", "document_id") REFERENCES "archive_documents" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_loan_lines_archive_returns_return" FOREIGN KEY ("estate_id", "return_id") REFERENCES "archive_returns" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "archiveloanline_estate_id_loan_id_document_id" ON "archive_loan_lines" ("estate_id", "loan_id", "document_id");
CREATE INDEX "archiveloanline_estate_id_document_id" ON "archive_loan_lines" ("estate_id", "document_id");
CREATE INDEX "archiveloanline_estate_id_return_id" ON "archive_loan_lines" ("estate_id", "return_id");
CREATE TABLE "staff_file_consultations" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "department_id" uuid NULL, "account_id" uuid NULL, "purpose" character varying NOT NULL, "reason" character varying NOT NULL, "work_documents" bigint NOT NULL, "training_documents" bigint NOT NULL, "consulted_by_id" uuid NOT NULL, "consulted_by_name" character varying NOT NULL, "consulted_at" timestamptz NOT NULL, "estate_id" uuid NOT NULL, "staff_id" uuid NOT NULL, "file_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "staff_file_consultations_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "staff_file_consultations_staffs_staff" FOREIGN KEY ("estate_id", "staff_id") REFERENCES "staffs" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "staff_file_consultations_archive_files_file" FOREIGN KEY ("estate_id", "file_id") REFERENCES "archive_files" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "stafffileconsultation_estate_id_consulted_at_id" ON "staff_file_consultations" ("estate_id", "consulted_at", "id");
CREATE INDEX "stafffileconsultation_estate_id_staff_id" ON "staff_file_consultations" ("estate_id", "staff_id");
SELECT wall('archive_loans');
SELECT wall('archive_loan_lines');
SELECT wall('archive_returns');
SELECT wall('staff_file_consultations', append_only => true);

SELECT voidable('archive_loans', stated => true);
SELECT voidable('archive_returns');
SELECT late('archive_loans', 'lent_at');
SELECT late('archive_returns', 'returned_at');
INSERT INTO signature_capacities (kind, capacity) VALUES
    ('archives.lend', 'borrower'), ('archives.lend', 'archivist'), ('archives.return', 'returner'), ('archives.return', 'archivist');
INSERT INTO signature_distinct (kind, a, b) VALUES ('archives.lend', 'borrower', 'archivist'), ('archives.return', 'returner', 'archivist');

-- +goose StatementBegin
DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY '{archive_loans,archive_loan_lines,archive_returns,staff_file_consultations}'::text[] LOOP
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT', t, t || '_department');
    END LOOP;
END $$;
-- +goose StatementEnd
ALTER TABLE archive_loans
    ADD CONSTRAINT archive_loans_period   CHECK (due_at >= lent_at AND returned_at >= lent_at),
    ADD CONSTRAINT archive_loans_returned CHECK ((state = 'RETURNED') = (returned_at IS NOT NULL));
ALTER TABLE archive_loan_lines
    ADD CONSTRAINT archive_loan_lines_back   CHECK ((return_id IS NULL) = (pages_back IS NULL) AND NOT (open AND return_id IS NOT NULL) AND pages_back <= pages),
    ADD CONSTRAINT archive_loan_lines_remark CHECK (CASE WHEN return_id IS NULL THEN remark = '' ELSE pages_back = pages OR remark <> '' END);
ALTER TABLE archive_returns
    ADD CONSTRAINT archive_returns_missing CHECK (missing >= 0);
ALTER TABLE staff_file_consultations
    ADD CONSTRAINT staff_file_consultations_reason CHECK (reason <> '');

-- Of two who would have the same document at once one gets it.
CREATE UNIQUE INDEX archive_loan_lines_open ON archive_loan_lines (estate_id, document_id) WHERE open;

REVOKE UPDATE ON archive_loans, archive_loan_lines, archive_returns FROM steward_app;
GRANT UPDATE (state, due_at, request_id, returned_at, voided_at, void_reason, voided_by_id, voided_by_name) ON archive_loans TO steward_app;
GRANT UPDATE (open, return_id, pages_back, remark) ON archive_loan_lines TO steward_app;
GRANT UPDATE (voided_at, void_reason, voided_by_id, voided_by_name) ON archive_returns TO steward_app;

CREATE CONSTRAINT TRIGGER archive_loans_signed AFTER INSERT ON archive_loans DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION must_be_signed('archives.lend', 'id');
CREATE CONSTRAINT TRIGGER archive_returns_signed AFTER INSERT ON archive_returns DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION must_be_signed('archives.return', 'id');

-- What was given is withdrawn by ending it; nothing is shown, copied or lent by it any more.
ALTER TABLE archive_requests
    DROP CONSTRAINT archive_requests_answered,
    ADD CONSTRAINT archive_requests_answered CHECK ((state = 'WAITING') = (answered_at IS NULL) AND (state <> 'GIVEN' OR answered_by_name <> '')
        AND (state IN ('GIVEN', 'WITHDRAWN') OR answered_by_name = ''));
CREATE OR REPLACE FUNCTION archive_approved(r archive_requests) RETURNS SETOF approvals STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT a.* FROM approvals a WHERE a.estate_id = r.estate_id AND a.subject_id = r.id AND a.kind = 'archives.show' AND a.state IN ('GIVEN', 'USED')
        AND r.state IN ('WAITING', 'GIVEN') AND a.decided_by_id <> r.account_id
        AND (r.asked_by_staff_id = (SELECT s.id FROM staffs s WHERE s.estate_id = r.estate_id AND s.account_id = a.decided_by_id)) IS NOT TRUE $$;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION archive_request_way() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'WAITING' THEN
            RAISE check_violation USING CONSTRAINT = 'archive_requests_way', MESSAGE = 'a request begins waiting';
        END IF;
    ELSIF OLD.state = 'GIVEN' AND NEW.state = 'WITHDRAWN' THEN
        IF EXISTS (SELECT FROM archive_permits p WHERE p.estate_id = NEW.estate_id AND p.request_id = NEW.id AND p.ended_at IS NULL)
            OR EXISTS (SELECT FROM archive_loans l WHERE l.estate_id = NEW.estate_id AND l.request_id = NEW.id AND l.state = 'OPEN' AND l.due_at > NEW.answered_at) THEN
            RAISE check_violation USING CONSTRAINT = 'archive_requests_withdrawn', MESSAGE = 'what came of it has not ended';
        END IF;
    ELSIF OLD.state <> 'WAITING' THEN
        RAISE check_violation USING CONSTRAINT = 'archive_requests_way', MESSAGE = 'the request was answered';
    ELSIF NEW.state = 'GIVEN' AND NOT EXISTS (SELECT FROM archive_approved(NEW)) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_permits_given', MESSAGE = 'the request was not approved';
    END IF;
    RETURN NULL;
END $$;

-- Whether a request to borrow, given, lends a document to an account from a time until another.
CREATE FUNCTION archive_lends(r archive_requests, account uuid, document uuid, until timestamptz) RETURNS boolean STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT r.state = 'GIVEN' AND r.kind = 'BORROW' AND r.account_id = account AND r.valid_until >= until AND EXISTS (SELECT FROM archive_approved(r) a
        WHERE a.content::jsonb ->> 'kind' = 'BORROW' AND (a.content::jsonb ->> 'accountID')::uuid = account
            AND (a.content::jsonb ->> 'until')::timestamptz >= until AND a.content::jsonb -> 'documentIDs' ? document::text) $$;

-- A document is lent as it was approved: to whom, and never beyond the time; it is on paper, there, and not on an order to be destroyed. The
-- document's row is locked, so that a loan, a hold, an order and a destruction follow one another.
CREATE FUNCTION archive_loan_line() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    l archive_loans;
    r archive_requests;
    d archive_documents;
BEGIN
    SELECT * INTO l FROM archive_loans WHERE estate_id = NEW.estate_id AND id = NEW.loan_id FOR UPDATE;
    SELECT * INTO r FROM archive_requests WHERE estate_id = l.estate_id AND id = l.request_id FOR UPDATE;
    SELECT * INTO d FROM archive_documents WHERE estate_id = NEW.estate_id AND id = NEW.document_id FOR UPDATE;
    IF NOT coalesce(archive_lends(r, l.account_id, NEW.document_id, l.due_at) AND l.lent_at >= r.valid_from, false) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_loans_given', MESSAGE = 'nothing lends this document to this person for this time';
    ELSIF l.state <> 'OPEN' OR NOT NEW.open OR NEW.return_id IS NOT NULL OR (NEW.account_id, NEW.department_id) IS DISTINCT FROM (l.account_id, l.department_id)
        OR (l.department_id, l.borrower_name) IS DISTINCT FROM (r.department_id, r.asked_by_name) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_loans_whole', MESSAGE = 'not as the loan says';
    ELSIF d.state NOT IN ('INBOX', 'BOUND') OR d.pages = 0 OR (NEW.pages, NEW.category) IS DISTINCT FROM (d.pages, d.category)
        OR NEW.volume_code <> coalesce((SELECT v.code FROM archive_volumes v WHERE v.estate_id = d.estate_id AND v.id = d.volume_id), '') THEN
        RAISE check_violation USING CONSTRAINT = 'archive_loans_paper', MESSAGE = 'the document is not there on paper as is said';
    ELSIF EXISTS (SELECT FROM archive_destruction_lines x WHERE x.estate_id = d.estate_id AND x.document_id = d.id AND x.open) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_loans_ordered', MESSAGE = 'the document is to be destroyed';
    END IF;
    RETURN NULL;
END $$;

-- A loan is given another time by what was given anew for all that is out; it may become due earlier at any time.
CREATE FUNCTION archive_loan_due() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    r archive_requests;
BEGIN
    SELECT * INTO r FROM archive_requests WHERE estate_id = NEW.estate_id AND id = NEW.request_id FOR UPDATE;
    IF EXISTS (SELECT FROM archive_loan_lines x WHERE x.estate_id = NEW.estate_id AND x.loan_id = NEW.id AND x.open
        AND NOT coalesce(archive_lends(r, NEW.account_id, x.document_id, NEW.due_at), false)) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_loans_given', MESSAGE = 'nothing lends all of it for this time';
    END IF;
    RETURN NULL;
END $$;

-- Loans, what they are of and what came back say the same when the transaction ends.
CREATE FUNCTION archive_loan_whole() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    l archive_loans;
    n integer;
    lent integer;
    back integer;
BEGIN
    SELECT * INTO l FROM archive_loans x WHERE x.estate_id = NEW.estate_id
        AND x.id = CASE TG_TABLE_NAME WHEN 'archive_loans' THEN NEW.id ELSE (to_jsonb(NEW) ->> 'loan_id')::uuid END;
    SELECT count(*), count(*) FILTER (WHERE x.open), count(x.return_id) INTO n, lent, back FROM archive_loan_lines x WHERE x.estate_id = l.estate_id AND x.loan_id = l.id;
    IF n = 0 OR NOT (CASE l.state WHEN 'OPEN' THEN lent > 0 AND lent + back = n WHEN 'RETURNED' THEN back = n ELSE lent + back = 0 END)
        OR EXISTS (SELECT FROM archive_returns b LEFT JOIN archive_loan_lines x ON x.estate_id = b.estate_id AND x.return_id = b.id
            WHERE b.estate_id = l.estate_id AND b.loan_id = l.id GROUP BY b.id, b.voided_at, b.missing
            HAVING (b.voided_at IS NULL) <> (count(x.id) > 0) OR bool_or(x.loan_id <> l.id) OR b.voided_at IS NULL AND b.missing <> sum(x.pages - x.pages_back)) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_loans_whole', MESSAGE = 'loan, documents and returns do not say the same';
    END IF;
    RETURN NULL;
END $$;

-- A document says until when it is lent.
CREATE FUNCTION archive_lent() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_TABLE_NAME = 'archive_loans' THEN
        UPDATE archive_documents d SET lent_until = NEW.due_at FROM archive_loan_lines x
            WHERE x.estate_id = NEW.estate_id AND x.loan_id = NEW.id AND x.open AND d.estate_id = x.estate_id AND d.id = x.document_id;
    ELSE
        IF TG_OP = 'UPDATE' AND NEW.open AND EXISTS (SELECT FROM archive_destruction_lines x WHERE x.estate_id = NEW.estate_id AND x.document_id = NEW.document_id AND x.open) THEN
            RAISE check_violation USING CONSTRAINT = 'archive_loans_ordered', MESSAGE = 'the document is to be destroyed';
        END IF;
        UPDATE archive_documents d SET lent_until = (SELECT l.due_at FROM archive_loans l WHERE NEW.open AND l.estate_id = NEW.estate_id AND l.id = NEW.loan_id)
            WHERE d.estate_id = NEW.estate_id AND d.id = NEW.document_id;
    END IF;
    RETURN NULL;
END $$;

-- What is out is bound, unbound, voided and destroyed once it is back; only its loan says that it is.
CREATE FUNCTION archive_document_lent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'archive_documents_lent', MESSAGE = 'the document is lent';
END $$;
CREATE FUNCTION archive_destruction_lent() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    until timestamptz;
BEGIN
    SELECT d.lent_until INTO until FROM archive_documents d WHERE d.estate_id = NEW.estate_id AND d.id = NEW.document_id FOR UPDATE;
    IF until IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = 'archive_documents_lent', MESSAGE = 'the document is lent';
    END IF;
    RETURN NULL;
END $$;

-- What was said of a document's condition goes with it (A7).
CREATE FUNCTION archive_remarks_go() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE archive_loan_lines x SET remark = '—' WHERE x.estate_id = NEW.estate_id AND x.document_id = NEW.id AND x.remark <> '';
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION archive_lent, archive_remarks_go FROM PUBLIC;
CREATE TRIGGER archive_loan_line AFTER INSERT ON archive_loan_lines FOR EACH ROW EXECUTE FUNCTION archive_loan_line();
CREATE TRIGGER archive_loan_line_lent AFTER INSERT OR UPDATE OF open ON archive_loan_lines FOR EACH ROW EXECUTE FUNCTION archive_lent();
CREATE TRIGGER archive_loan_due AFTER UPDATE OF due_at, request_id ON archive_loans FOR EACH ROW
    WHEN (NEW.request_id <> OLD.request_id OR NEW.due_at > OLD.due_at) EXECUTE FUNCTION archive_loan_due();
CREATE TRIGGER archive_loan_due_lent AFTER UPDATE OF due_at ON archive_loans FOR EACH ROW EXECUTE FUNCTION archive_lent();
CREATE CONSTRAINT TRIGGER archive_loans_whole AFTER INSERT OR UPDATE ON archive_loans DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION archive_loan_whole();
CREATE CONSTRAINT TRIGGER archive_loans_whole AFTER INSERT OR UPDATE ON archive_loan_lines DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION archive_loan_whole();
CREATE CONSTRAINT TRIGGER archive_loans_whole AFTER INSERT OR UPDATE ON archive_returns DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION archive_loan_whole();
CREATE TRIGGER archive_document_lent AFTER UPDATE ON archive_documents FOR EACH ROW
    WHEN (OLD.lent_until IS NOT NULL AND NEW.lent_until IS NOT NULL AND (OLD.state <> NEW.state OR OLD.volume_id IS DISTINCT FROM NEW.volume_id OR OLD.pages <> NEW.pages))
    EXECUTE FUNCTION archive_document_lent();
CREATE TRIGGER archive_destruction_lent AFTER INSERT ON archive_destruction_lines FOR EACH ROW EXECUTE FUNCTION archive_destruction_lent();
CREATE TRIGGER archive_remarks_go AFTER UPDATE OF state ON archive_documents FOR EACH ROW
    WHEN (OLD.state <> 'DESTROYED' AND NEW.state = 'DESTROYED') EXECUTE FUNCTION archive_remarks_go();

-- A consultation is of a member of staff's own file, and by another (A1.3); it goes with them to another department, and to the account
-- that they sign in with.
-- +goose StatementBegin
CREATE FUNCTION staff_consultation() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NEW.consulted_by_id = NEW.account_id THEN
        RAISE check_violation USING CONSTRAINT = 'staff_file_consultations_own', MESSAGE = 'nobody decides on the own promotion or pay';
    ELSIF NOT EXISTS (SELECT FROM archive_files f WHERE f.estate_id = NEW.estate_id AND f.id = NEW.file_id AND f.staff_id = NEW.staff_id
        AND f.department_id IS NOT DISTINCT FROM NEW.department_id AND f.account_id IS NOT DISTINCT FROM NEW.account_id) THEN
        RAISE check_violation USING CONSTRAINT = 'staff_file_consultations_belongs', MESSAGE = 'not as the file says';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION staff_consultations_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE staff_file_consultations SET department_id = NEW.department_id, account_id = NEW.account_id WHERE estate_id = NEW.estate_id AND staff_id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION staff_consultations_follow FROM PUBLIC;
CREATE TRIGGER staff_consultation AFTER INSERT ON staff_file_consultations FOR EACH ROW EXECUTE FUNCTION staff_consultation();
CREATE TRIGGER staff_consultations_follow AFTER UPDATE OF department_id, account_id ON staffs FOR EACH ROW
    WHEN (OLD.department_id IS DISTINCT FROM NEW.department_id OR OLD.account_id IS DISTINCT FROM NEW.account_id) EXECUTE FUNCTION staff_consultations_follow();
