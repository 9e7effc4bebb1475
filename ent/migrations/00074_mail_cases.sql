-- Loss and backlog of mail (M6): a case about an item, a claim or a day, which the person responsible answers and a manager concludes.

-- +goose Up
CREATE TABLE "mail_cases" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "kind" character varying NOT NULL, "day" date NULL, "circumstances" character varying NOT NULL, "responsible_name" character varying NOT NULL, "responsible_account_id" uuid NULL, "state" character varying NOT NULL DEFAULT 'OPEN', "opened_by_id" uuid NOT NULL, "opened_by_name" character varying NOT NULL, "answer_by" timestamptz NOT NULL, "answer" character varying NOT NULL DEFAULT '', "answered_at" timestamptz NULL, "finding" character varying NOT NULL DEFAULT '', "outcome" character varying NOT NULL DEFAULT '', "concluded_by_id" uuid NULL, "concluded_by_name" character varying NOT NULL DEFAULT '', "concluded_at" timestamptz NULL, "estate_id" uuid NOT NULL, "item_id" uuid NULL, "claim_id" uuid NULL, "responsible_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "mail_cases_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "mail_cases_mail_items_item" FOREIGN KEY ("estate_id", "item_id") REFERENCES "mail_items" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "mail_cases_press_claims_claim" FOREIGN KEY ("estate_id", "claim_id") REFERENCES "press_claims" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "mail_cases_staffs_responsible" FOREIGN KEY ("estate_id", "responsible_id") REFERENCES "staffs" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "mailcase_estate_id_created_at_id" ON "mail_cases" ("estate_id", "created_at", "id");
CREATE INDEX "mailcase_estate_id_item_id" ON "mail_cases" ("estate_id", "item_id");
CREATE INDEX "mailcase_estate_id_responsible_account_id" ON "mail_cases" ("estate_id", "responsible_account_id");
SELECT wall('mail_cases');

SELECT voidable('mail_cases', stated => true);

ALTER TABLE mail_cases
    ADD CONSTRAINT mail_cases_about     CHECK (num_nonnulls(item_id, claim_id, day) = 1),
    ADD CONSTRAINT mail_cases_said      CHECK (circumstances <> ''),
    ADD CONSTRAINT mail_cases_answered  CHECK ((answered_at IS NULL) = (answer = '')),
    ADD CONSTRAINT mail_cases_concluded CHECK ((concluded_at IS NULL) = (concluded_by_id IS NULL) AND (concluded_at IS NULL) = (finding = '') AND (concluded_at IS NULL) = (outcome = '')),
    -- Who opened it, who is responsible and who concludes it are different persons.
    ADD CONSTRAINT mail_cases_persons   CHECK (responsible_account_id IS DISTINCT FROM opened_by_id
        AND (concluded_by_id IS NULL OR concluded_by_id <> opened_by_id AND concluded_by_id IS DISTINCT FROM responsible_account_id)),
    -- The person responsible is heard, or lets the time go by.
    ADD CONSTRAINT mail_cases_heard     CHECK (answered_at IS NOT NULL OR concluded_at IS NULL OR concluded_at >= answer_by);
CREATE INDEX mail_cases_open ON mail_cases (estate_id, created_at, id) WHERE state IN ('OPEN', 'ANSWERED');

-- What was opened stays as it was; the state follows from what was said of it.
REVOKE UPDATE ON mail_cases FROM steward_app;
GRANT UPDATE (answer, answered_at, finding, outcome, concluded_by_id, concluded_by_name, concluded_at, voided_at, void_reason, voided_by_id, voided_by_name) ON mail_cases TO steward_app;
-- +goose StatementBegin
CREATE FUNCTION mail_case_follows() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.responsible_account_id := (SELECT s.account_id FROM staffs s WHERE s.estate_id = NEW.estate_id AND s.id = NEW.responsible_id);
    ELSIF OLD.concluded_at IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = 'mail_cases_open', MESSAGE = 'the case was concluded';
    ELSIF OLD.answered_at IS NOT NULL AND (NEW.answered_at, NEW.answer) IS DISTINCT FROM (OLD.answered_at, OLD.answer) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_cases_open', MESSAGE = 'the answer stays';
    END IF;
    NEW.state := CASE WHEN NEW.voided_at IS NOT NULL THEN 'VOIDED' WHEN NEW.concluded_at IS NOT NULL THEN 'CONCLUDED'
        WHEN NEW.answered_at IS NOT NULL THEN 'ANSWERED' ELSE 'OPEN' END;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER mail_case_follows BEFORE INSERT OR UPDATE ON mail_cases FOR EACH ROW EXECUTE FUNCTION mail_case_follows();
