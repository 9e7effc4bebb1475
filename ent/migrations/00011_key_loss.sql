-- Keys reported lost (K2.3): the report, its answer, and what was found, each with its entries in the ledger.

-- +goose Up
ALTER TABLE "key_loan_lines" ADD COLUMN "lost" bigint NOT NULL DEFAULT 0;
CREATE TABLE "key_losses" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "label" character varying NOT NULL, "holder_name" character varying NOT NULL, "department_id" uuid NULL, "household_id" uuid NULL, "count" bigint NOT NULL, "found" bigint NOT NULL DEFAULT 0, "circumstances" character varying NOT NULL, "occurred_at" timestamptz NOT NULL, "reported_at" timestamptz NOT NULL, "reported_by_id" uuid NOT NULL, "reported_by_name" character varying NOT NULL, "state" character varying NOT NULL DEFAULT 'OPEN', "finding" character varying NOT NULL DEFAULT '', "lock_change_requested" boolean NULL, "answered_by_id" uuid NULL, "answered_by_name" character varying NOT NULL DEFAULT '', "answered_at" timestamptz NULL, "estate_id" uuid NOT NULL, "set_id" uuid NOT NULL, "holder_id" uuid NOT NULL, "loan_line_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "key_losses_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "key_losses_key_sets_set" FOREIGN KEY ("estate_id", "set_id") REFERENCES "key_sets" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "key_losses_key_holders_holder" FOREIGN KEY ("estate_id", "holder_id") REFERENCES "key_holders" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "key_losses_key_loan_lines_loan_line" FOREIGN KEY ("estate_id", "loan_line_id") REFERENCES "key_loan_lines" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "keyloss_estate_id_reported_at_id" ON "key_losses" ("estate_id", "reported_at", "id");
CREATE INDEX "keyloss_estate_id_occurred_at_id" ON "key_losses" ("estate_id", "occurred_at", "id");
CREATE INDEX "keyloss_estate_id_set_id" ON "key_losses" ("estate_id", "set_id");
ALTER TABLE "key_movements" ADD COLUMN "note" character varying NOT NULL DEFAULT '', ADD COLUMN "loss_id" uuid NULL, ADD CONSTRAINT "key_movements_key_losses_loss" FOREIGN KEY ("estate_id", "loss_id") REFERENCES "key_losses" ("estate_id", "id") ON DELETE RESTRICT;
CREATE INDEX "keymovement_estate_id_loss_id" ON "key_movements" ("estate_id", "loss_id");
SELECT wall('key_losses', household => 'household_id');
ALTER TABLE key_losses
    ADD CONSTRAINT key_losses_household FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT key_losses_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT key_losses_found CHECK (count > 0 AND found BETWEEN 0 AND count),
    ADD CONSTRAINT key_losses_answered CHECK (
        (state = 'ANSWERED') = (answered_at IS NOT NULL) AND (state = 'ANSWERED') = (lock_change_requested IS NOT NULL));
ALTER TABLE key_movements
    ADD CONSTRAINT key_movements_loss CHECK ((reason IN ('LOST', 'FOUND')) = (loss_id IS NOT NULL));
ALTER TABLE key_loan_lines
    DROP CONSTRAINT key_loan_lines_returned,
    ADD CONSTRAINT key_loan_lines_returned CHECK (lost >= 0 AND returned + lost <= count);
