-- Openings of the key cabinet, made and refused (K1.2), and what is done about keys not handed over yet (K1.4).

-- +goose Up
CREATE TABLE "key_cabinet_openings" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "outcome" character varying NOT NULL, "purpose" character varying NOT NULL, "opened_by_id" uuid NOT NULL, "opened_by_name" character varying NOT NULL, "occurred_at" timestamptz NOT NULL, "late_reason" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "cabinet_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "key_cabinet_openings_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "key_cabinet_openings_key_holders_cabinet" FOREIGN KEY ("estate_id", "cabinet_id") REFERENCES "key_holders" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "keycabinetopening_estate_id_occurred_at_id" ON "key_cabinet_openings" ("estate_id", "occurred_at", "id");
CREATE INDEX "keycabinetopening_estate_id_cabinet_id" ON "key_cabinet_openings" ("estate_id", "cabinet_id");
CREATE TABLE "key_follow_ups" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "note" character varying NOT NULL, "outstanding" bigint NOT NULL, "follow_up_on" date NULL, "noted_by_id" uuid NOT NULL, "noted_by_name" character varying NOT NULL, "estate_id" uuid NOT NULL, "set_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "key_follow_ups_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "key_follow_ups_key_sets_set" FOREIGN KEY ("estate_id", "set_id") REFERENCES "key_sets" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "keyfollowup_estate_id_set_id" ON "key_follow_ups" ("estate_id", "set_id");
SELECT wall('key_cabinet_openings', append_only => true);
SELECT wall('key_follow_ups', append_only => true);
