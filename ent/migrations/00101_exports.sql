-- Registers that are asked for as jobs: what was asked, how far it is, and until it expires what was written.

-- +goose Up
CREATE TABLE "register_exports" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "account_id" uuid NOT NULL, "account_name" character varying NOT NULL, "register" character varying NOT NULL, "format" character varying NOT NULL, "language" character varying NOT NULL, "from_on" date NULL, "until_on" date NULL, "state" character varying NOT NULL DEFAULT 'WAITING', "job_number" bigint NULL, "rows" bigint NOT NULL DEFAULT 0, "size" bigint NOT NULL DEFAULT 0, "sha256" character varying NOT NULL DEFAULT '', "started_at" timestamptz NULL, "finished_at" timestamptz NULL, "expires_at" timestamptz NULL, "reason" character varying NOT NULL DEFAULT '', "reason_en" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "household_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "register_exports_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "register_exports_households_household" FOREIGN KEY ("estate_id", "household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "registerexport_estate_id_created_at_id" ON "register_exports" ("estate_id", "created_at", "id");
CREATE INDEX "registerexport_account_id_created_at_id" ON "register_exports" ("account_id", "created_at", "id");
CREATE INDEX "registerexport_account_id_state" ON "register_exports" ("account_id", "state");
CREATE INDEX "registerexport_state_expires_at" ON "register_exports" ("state", "expires_at");
SELECT wall('register_exports');
