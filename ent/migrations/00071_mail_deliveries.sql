-- Deliveries (M2, M3): sorted mail goes to whom it is for, under one signature for all that a household or a department gets at once; ordinary
-- letters and newspapers may go into the box. A void gives the items back to their slot.

-- +goose Up
CREATE TABLE "mail_deliveries" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "late_reason" character varying NOT NULL DEFAULT '', "slot" character varying NOT NULL, "count" bigint NOT NULL, "method" character varying NOT NULL, "recipient" character varying NOT NULL DEFAULT '', "delivered_at" timestamptz NOT NULL, "delivered_by_id" uuid NOT NULL, "delivered_by_name" character varying NOT NULL, "estate_id" uuid NOT NULL, "household_id" uuid NULL, "department_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "mail_deliveries_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "mail_deliveries_households_household" FOREIGN KEY ("estate_id", "household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "mail_deliveries_departments_department" FOREIGN KEY ("estate_id", "department_id") REFERENCES "departments" ("estate_id", "id") ON DELETE RESTRICT);
ALTER TABLE "mail_events" ADD COLUMN "delivery_id" uuid NULL;
ALTER TABLE "mail_items" ADD COLUMN "delivery_id" uuid NULL, ADD CONSTRAINT "mail_items_mail_deliveries_delivery" FOREIGN KEY ("estate_id", "delivery_id") REFERENCES "mail_deliveries" ("estate_id", "id") ON DELETE RESTRICT;
CREATE INDEX "maildelivery_estate_id_delivered_at_id" ON "mail_deliveries" ("estate_id", "delivered_at", "id");
CREATE INDEX "maildelivery_estate_id_household_id_delivered_at_id" ON "mail_deliveries" ("estate_id", "household_id", "delivered_at", "id");
CREATE INDEX "mailitem_estate_id_delivery_id" ON "mail_items" ("estate_id", "delivery_id");
SELECT wall('mail_deliveries', household => 'household_id');

SELECT voidable('mail_deliveries');
SELECT late('mail_deliveries', 'delivered_at');

INSERT INTO signature_capacities (kind, capacity) VALUES ('mail.deliver', 'recipient'), ('mail.deliver', 'handler') ON CONFLICT DO NOTHING;
INSERT INTO signature_distinct (kind, a, b) VALUES ('mail.deliver', 'recipient', 'handler') ON CONFLICT DO NOTHING;

ALTER TABLE mail_deliveries
    ADD CONSTRAINT mail_deliveries_addressee CHECK (num_nonnulls(household_id, department_id) = 1),
    ADD CONSTRAINT mail_deliveries_method    CHECK ((method = 'BOX') = (recipient = '')),
    ADD CONSTRAINT mail_deliveries_count     CHECK (count > 0);
ALTER TABLE mail_items
    ADD CONSTRAINT mail_items_delivered CHECK ((state = 'DELIVERED') = (delivery_id IS NOT NULL));
ALTER TABLE mail_events
    ADD CONSTRAINT mail_events_delivered CHECK ((state = 'DELIVERED') = (delivery_id IS NOT NULL)),
    ADD CONSTRAINT mail_events_delivery  FOREIGN KEY (estate_id, delivery_id) REFERENCES mail_deliveries (estate_id, id) ON DELETE RESTRICT;

REVOKE UPDATE ON mail_deliveries FROM steward_app;
GRANT UPDATE (voided_at, void_reason, voided_by_id, voided_by_name) ON mail_deliveries TO steward_app;

-- What is scanned and signed for, each item by itself (M2).
CREATE FUNCTION mail_accountable(kind text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
    $$ SELECT kind IN ('REGISTERED', 'PARCEL', 'MAGAZINE', 'MONEY_ORDER') $$;

CREATE CONSTRAINT TRIGGER mail_deliveries_signed AFTER INSERT ON mail_deliveries DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.method = 'SIGNED') EXECUTE FUNCTION must_be_signed('mail.deliver', 'id');

-- When the transaction ends, a delivery has as many items as it says, and a resident who signed is of the household whom it went to.
-- +goose StatementBegin
CREATE FUNCTION mail_delivery_whole() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF (SELECT count(*) FROM mail_items i WHERE i.estate_id = NEW.estate_id AND i.delivery_id = NEW.id) <> NEW.count THEN
        RAISE check_violation USING CONSTRAINT = 'mail_deliveries_whole', MESSAGE = format('delivery %s has not %s items', NEW.id, NEW.count);
    END IF;
    IF EXISTS (SELECT FROM signatures s JOIN residents r ON r.estate_id = s.estate_id AND r.id = s.resident_id
        WHERE s.estate_id = NEW.estate_id AND s.subject_id = NEW.id AND s.kind = 'mail.deliver' AND s.capacity = 'recipient'
            AND r.household_id IS DISTINCT FROM NEW.household_id) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_deliveries_resident', MESSAGE = 'signed by another household';
    END IF;
    RETURN NULL;
END $$;
-- A delivery that is voided gives its items back.
CREATE FUNCTION mail_delivery_taken_back() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM mail_items i WHERE i.estate_id = NEW.estate_id AND i.delivery_id = NEW.id) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_deliveries_taken_back', MESSAGE = format('items of delivery %s stand', NEW.id);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER mail_deliveries_whole AFTER INSERT ON mail_deliveries DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION mail_delivery_whole();
CREATE CONSTRAINT TRIGGER mail_deliveries_taken_back AFTER UPDATE ON mail_deliveries DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL) EXECUTE FUNCTION mail_delivery_taken_back();

-- An event takes its item where it says, if there is a way (M4): out by a delivery to whom it is for, signed for where it has to be (M2, M3),
-- and back into the slot once that was voided.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION mail_event_takes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    item mail_items;
    to_slot text := '';
    to_key text := '';
    raised_by uuid;
    delivery mail_deliveries;
BEGIN
    SELECT * INTO item FROM mail_items i WHERE i.estate_id = NEW.estate_id AND i.id = NEW.item_id FOR UPDATE;
    IF item.id IS NULL OR item.voided_at IS NOT NULL OR (item.state || '>' || NEW.state) NOT IN (
        'RECEIVED>SORTED', 'RECEIVED>DOUBTFUL', 'RECEIVED>DEAD', 'SORTED>DOUBTFUL', 'SORTED>DEAD',
        'DOUBTFUL>SORTED', 'DOUBTFUL>DEAD', 'DEAD>RETURNED', 'SORTED>DELIVERED', 'DELIVERED>SORTED') THEN
        RAISE check_violation USING CONSTRAINT = 'mail_items_way', MESSAGE = format('from %s to %s', item.state, NEW.state);
    END IF;
    IF item.state = 'DOUBTFUL' THEN -- a superior decides, who did not raise it
        SELECT e.acted_by_id INTO raised_by FROM mail_events e WHERE e.estate_id = NEW.estate_id AND e.item_id = NEW.item_id AND e.state = 'DOUBTFUL'
            ORDER BY e.acted_at DESC, e.id DESC LIMIT 1;
        IF raised_by = NEW.acted_by_id OR NEW.reason = '' THEN
            RAISE check_violation USING CONSTRAINT = 'mail_items_decided_by_another', MESSAGE = 'decided by who raised it, or without a reason';
        END IF;
    ELSIF (NEW.household_id, NEW.department_id) IS DISTINCT FROM (item.household_id, item.department_id) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_items_way', MESSAGE = 'whom it is for is decided of what is doubtful';
    END IF;
    IF NEW.state = 'DELIVERED' OR item.state = 'DELIVERED' THEN
        SELECT * INTO delivery FROM mail_deliveries d WHERE d.estate_id = NEW.estate_id AND d.id = coalesce(NEW.delivery_id, item.delivery_id);
        IF (NEW.state = 'DELIVERED') <> (delivery.voided_at IS NULL)
            OR (delivery.household_id, delivery.department_id) IS DISTINCT FROM (item.household_id, item.department_id)
            OR NEW.state = 'DELIVERED' AND delivery.delivered_at <> NEW.acted_at THEN
            RAISE check_violation USING CONSTRAINT = 'mail_items_way', MESSAGE = 'the delivery is another''s, or its void is';
        END IF;
        IF NEW.state = 'DELIVERED' AND delivery.method = 'BOX' AND mail_accountable(item.kind) THEN
            RAISE check_violation USING CONSTRAINT = 'mail_items_signed_for', MESSAGE = format('a %s is signed for', item.kind);
        END IF;
        IF NEW.acted_at < (SELECT r.received_at FROM mail_receipts r WHERE r.estate_id = NEW.estate_id AND r.id = item.receipt_id) THEN
            RAISE check_violation USING CONSTRAINT = 'mail_items_came', MESSAGE = 'delivered before it came';
        END IF;
    END IF;
    IF NEW.state = 'SORTED' THEN
        IF num_nonnulls(NEW.household_id, NEW.department_id) <> 1 THEN
            RAISE check_violation USING CONSTRAINT = 'mail_items_addressed', MESSAGE = 'it is for nobody known';
        END IF;
        SELECT slot, sort_key INTO to_slot, to_key FROM mail_slot(NEW.estate_id, NEW.household_id, NEW.department_id);
    ELSIF NEW.state = 'DELIVERED' THEN
        to_slot := item.slot;
        to_key := item.sort_key;
    END IF;
    UPDATE mail_items SET state = NEW.state, household_id = NEW.household_id, department_id = NEW.department_id, slot = to_slot, sort_key = to_key,
        delivery_id = NEW.delivery_id, changed_at = NEW.acted_at, changed_by_name = NEW.acted_by_name WHERE estate_id = NEW.estate_id AND id = NEW.item_id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
