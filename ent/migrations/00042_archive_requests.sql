-- Asking (A5): a request to view, borrow or copy, the documents that are named for it, and what came of it. Nobody reads by a permit that was not
-- approved as it stands: for the person, the document and the time.

-- +goose Up
ALTER TABLE "approvals" ADD COLUMN "department_id" uuid NULL;
CREATE TABLE "archive_requests" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "code" character varying NOT NULL, "kind" character varying NOT NULL, "purpose" character varying NOT NULL, "category" character varying NULL, "wanted" character varying NOT NULL DEFAULT '', "valid_from" timestamptz NOT NULL, "valid_until" timestamptz NOT NULL, "account_id" uuid NOT NULL, "asked_by_name" character varying NOT NULL, "asked_by_staff_id" uuid NULL, "department_id" uuid NULL, "state" character varying NOT NULL DEFAULT 'WAITING', "answered_at" timestamptz NULL, "answered_by_name" character varying NOT NULL DEFAULT '', "answer" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "unit_id" uuid NULL, "of_household_id" uuid NULL, "of_staff_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_requests_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "archive_requests_units_unit" FOREIGN KEY ("estate_id", "unit_id") REFERENCES "units" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_requests_households_of_household" FOREIGN KEY ("estate_id", "of_household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_requests_staffs_of_staff" FOREIGN KEY ("estate_id", "of_staff_id") REFERENCES "staffs" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "archiverequest_estate_id_code" ON "archive_requests" ("estate_id", "code");
CREATE INDEX "archiverequest_estate_id_state_created_at_id" ON "archive_requests" ("estate_id", "state", "created_at", "id");
CREATE INDEX "archiverequest_estate_id_account_id" ON "archive_requests" ("estate_id", "account_id");
CREATE INDEX "archiverequest_estate_id_valid_from_id" ON "archive_requests" ("estate_id", "valid_from", "id");
ALTER TABLE "archive_permits" ADD COLUMN "department_id" uuid NULL, ADD COLUMN "request_id" uuid NULL, ADD CONSTRAINT "archive_permits_archive_requests_request" FOREIGN KEY ("estate_id", "request_id") REFERENCES "archive_requests" ("estate_id", "id") ON DELETE RESTRICT;
CREATE INDEX "archivepermit_estate_id_request_id" ON "archive_permits" ("estate_id", "request_id");
CREATE TABLE "archive_request_documents" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "department_id" uuid NULL, "named_by_id" uuid NOT NULL, "named_by_name" character varying NOT NULL, "estate_id" uuid NOT NULL, "request_id" uuid NOT NULL, "document_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "archive_request_documents_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "archive_request_documents_archive_requests_request" FOREIGN KEY ("estate_id", "request_id") REFERENCES "archive_requests" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "archive_request_documents_archive_documents_document" FOREIGN KEY ("estate_id", "document_id") REFERENCES "archive_documents" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "archiverequestdocument_estate_id_request_id_document_id" ON "archive_request_documents" ("estate_id", "request_id", "document_id");
CREATE INDEX "archiverequestdocument_estate_id_document_id" ON "archive_request_documents" ("estate_id", "document_id");
SELECT wall('archive_requests');
SELECT wall('archive_request_documents', append_only => true);

ALTER TABLE approvals ADD CONSTRAINT approvals_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE archive_permits ADD CONSTRAINT archive_permits_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE archive_request_documents ADD CONSTRAINT archive_request_documents_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE archive_requests
    ADD CONSTRAINT archive_requests_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT archive_requests_asker FOREIGN KEY (estate_id, asked_by_staff_id) REFERENCES staffs (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT archive_requests_period CHECK (valid_until > valid_from AND valid_until <= valid_from + interval '31 days'),
    ADD CONSTRAINT archive_requests_answered CHECK ((state = 'WAITING') = (answered_at IS NULL) AND (state = 'GIVEN') = (answered_by_name <> ''));

REVOKE UPDATE ON archive_requests FROM steward_app;
GRANT UPDATE (state, answered_at, answered_by_name, answer, department_id) ON archive_requests TO steward_app;

-- Whether a request of somebody's was approved by another, whoever named the documents (approvals_not_own holds those apart).
CREATE FUNCTION archive_approved(r archive_requests) RETURNS SETOF approvals STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT a.* FROM approvals a WHERE a.estate_id = r.estate_id AND a.subject_id = r.id AND a.kind = 'archives.show' AND a.state IN ('GIVEN', 'USED')
        AND a.decided_by_id <> r.account_id
        AND (r.asked_by_staff_id = (SELECT s.id FROM staffs s WHERE s.estate_id = r.estate_id AND s.account_id = a.decided_by_id)) IS NOT TRUE $$;

-- A request waits, and is answered once; it is given as it was approved.
-- +goose StatementBegin
CREATE FUNCTION archive_request_way() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'WAITING' THEN
            RAISE check_violation USING CONSTRAINT = 'archive_requests_way', MESSAGE = 'a request begins waiting';
        END IF;
    ELSIF OLD.state <> 'WAITING' THEN
        RAISE check_violation USING CONSTRAINT = 'archive_requests_way', MESSAGE = 'the request was answered';
    ELSIF NEW.state = 'GIVEN' AND NOT EXISTS (SELECT FROM archive_approved(NEW)) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_permits_given', MESSAGE = 'the request was not approved';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER archive_request_way AFTER INSERT OR UPDATE ON archive_requests FOR EACH ROW EXECUTE FUNCTION archive_request_way();

-- No permit but by an approval that names the person, the document and the time; of a household's file no supervisor's, of a department's own no
-- other department's.
-- +goose StatementBegin
CREATE FUNCTION archive_permit_given() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM archive_requests r, archive_approved(r) a JOIN archive_documents d ON d.estate_id = a.estate_id
        WHERE r.estate_id = NEW.estate_id AND r.id = NEW.request_id AND d.id = NEW.subject_id
            AND r.account_id = NEW.account_id AND (a.content::jsonb ->> 'accountID')::uuid = NEW.account_id
            AND a.content::jsonb -> 'documentIDs' ? NEW.subject_id::text
            AND (a.content::jsonb ->> 'from')::timestamptz <= NEW.valid_from AND (a.content::jsonb ->> 'until')::timestamptz >= NEW.valid_until
            AND (NOT NEW.copies OR a.content::jsonb ->> 'kind' = 'COPY')
            AND (a.department_id IS NULL OR d.class <> 'HOUSEHOLD' AND d.department_id = a.department_id)) THEN
        RAISE check_violation USING CONSTRAINT = 'archive_permits_given', MESSAGE = 'no approval names this person, document and time';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER archive_permit_given AFTER INSERT ON archive_permits FOR EACH ROW WHEN (current_user = 'steward_app') EXECUTE FUNCTION archive_permit_given();
