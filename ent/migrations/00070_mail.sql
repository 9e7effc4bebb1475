-- Mail (M1, M3, M4): what is counted with the post office, its items, and what happens to them. An item's state, and whom it is for, are
-- set here by its events, along the ways that there are; nobody else writes them.

-- +goose Up
CREATE TABLE "mail_receipts" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "late_reason" character varying NOT NULL DEFAULT '', "received_on" date NOT NULL, "received_at" timestamptz NOT NULL, "delivered_by" character varying NOT NULL, "received_by_id" uuid NOT NULL, "received_by_name" character varying NOT NULL, "note" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "mail_receipts_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT);
CREATE INDEX "mailreceipt_estate_id_received_at_id" ON "mail_receipts" ("estate_id", "received_at", "id");
CREATE TABLE "mail_items" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "voided_at" timestamptz NULL, "void_reason" character varying NOT NULL DEFAULT '', "voided_by_id" uuid NULL, "voided_by_name" character varying NOT NULL DEFAULT '', "received_on" date NOT NULL, "kind" character varying NOT NULL, "barcode" character varying NOT NULL DEFAULT '', "sender" character varying NOT NULL DEFAULT '', "addressee" character varying NOT NULL DEFAULT '', "state" character varying NOT NULL DEFAULT 'RECEIVED', "changed_at" timestamptz NOT NULL, "changed_by_name" character varying NOT NULL, "slot" character varying NOT NULL DEFAULT '', "sort_key" character varying NOT NULL DEFAULT '' COLLATE "C", "registered_by_id" uuid NOT NULL, "registered_by_name" character varying NOT NULL, "estate_id" uuid NOT NULL, "receipt_id" uuid NOT NULL, "household_id" uuid NULL, "department_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "mail_items_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "mail_items_mail_receipts_receipt" FOREIGN KEY ("estate_id", "receipt_id") REFERENCES "mail_receipts" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "mail_items_households_household" FOREIGN KEY ("estate_id", "household_id") REFERENCES "households" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "mail_items_departments_department" FOREIGN KEY ("estate_id", "department_id") REFERENCES "departments" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "mailitem_estate_id_received_on_id" ON "mail_items" ("estate_id", "received_on", "id");
CREATE INDEX "mailitem_estate_id_household_id_received_on_id" ON "mail_items" ("estate_id", "household_id", "received_on", "id");
CREATE INDEX "mailitem_estate_id_receipt_id" ON "mail_items" ("estate_id", "receipt_id");
CREATE INDEX "mailitem_estate_id_barcode" ON "mail_items" ("estate_id", "barcode");
CREATE TABLE "mail_events" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "state" character varying NOT NULL, "household_id" uuid NULL, "department_id" uuid NULL, "reason" character varying NOT NULL DEFAULT '', "taken_by" character varying NOT NULL DEFAULT '', "acted_by_id" uuid NOT NULL, "acted_by_name" character varying NOT NULL, "acted_at" timestamptz NOT NULL, "estate_id" uuid NOT NULL, "item_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "mail_events_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "mail_events_mail_items_item" FOREIGN KEY ("estate_id", "item_id") REFERENCES "mail_items" ("estate_id", "id") ON DELETE RESTRICT);
CREATE INDEX "mailevent_estate_id_item_id_acted_at" ON "mail_events" ("estate_id", "item_id", "acted_at");
CREATE TABLE "mail_receipt_lines" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "kind" character varying NOT NULL, "stated" bigint NOT NULL, "counted" bigint NOT NULL, "remark" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "receipt_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "mail_receipt_lines_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "mail_receipt_lines_mail_receipts_receipt" FOREIGN KEY ("estate_id", "receipt_id") REFERENCES "mail_receipts" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "mailreceiptline_estate_id_receipt_id_kind" ON "mail_receipt_lines" ("estate_id", "receipt_id", "kind");
SELECT wall('mail_events', household => 'household_id', append_only => true);
SELECT wall('mail_items', household => 'household_id');
SELECT wall('mail_receipts');
SELECT wall('mail_receipt_lines', append_only => true);

SELECT voidable('mail_receipts');
SELECT voidable('mail_items');
SELECT late('mail_receipts', 'received_at');

INSERT INTO signature_capacities (kind, capacity) VALUES ('mail.receive', 'deliverer'), ('mail.receive', 'receptionist') ON CONFLICT DO NOTHING;
INSERT INTO signature_distinct (kind, a, b) VALUES ('mail.receive', 'deliverer', 'receptionist') ON CONFLICT DO NOTHING;

ALTER TABLE mail_receipt_lines
    ADD CONSTRAINT mail_receipt_lines_counts CHECK (stated >= 0 AND counted >= 0);
ALTER TABLE mail_items
    ADD CONSTRAINT mail_items_addressee CHECK (num_nonnulls(household_id, department_id) <= 1),
    ADD CONSTRAINT mail_items_sorted    CHECK (state NOT IN ('SORTED', 'DELIVERED') OR num_nonnulls(household_id, department_id) = 1 AND slot <> '');
ALTER TABLE mail_events
    ADD CONSTRAINT mail_events_household  FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT mail_events_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT mail_events_reason     CHECK (state NOT IN ('DOUBTFUL', 'DEAD') OR reason <> ''),
    ADD CONSTRAINT mail_events_taken      CHECK ((state = 'RETURNED') = (taken_by <> ''));

-- No two items of one barcode are here at once; what was delivered or went back may come again.
CREATE UNIQUE INDEX mail_items_barcode ON mail_items (estate_id, barcode)
    WHERE barcode <> '' AND voided_at IS NULL AND state NOT IN ('DELIVERED', 'RETURNED');
-- The day's work: what is here, by state and slot. It stays as small as the day, however long the history.
CREATE INDEX mail_items_here ON mail_items (estate_id, state, sort_key, id) WHERE voided_at IS NULL AND state NOT IN ('DELIVERED', 'RETURNED');

-- What was recorded stays, but for a void. The state and its like are the events' to set.
REVOKE UPDATE ON mail_receipts, mail_items FROM steward_app;
GRANT UPDATE (voided_at, void_reason, voided_by_id, voided_by_name) ON mail_receipts, mail_items TO steward_app;

CREATE CONSTRAINT TRIGGER mail_receipts_signed AFTER INSERT ON mail_receipts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION must_be_signed('mail.receive', 'id');

-- An item begins received, of the day of a receipt that stands. The receipt's row is locked, so that its void and its items follow one another.
-- +goose StatementBegin
CREATE FUNCTION mail_item_begins() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM mail_receipts r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.receipt_id AND r.received_on = NEW.received_on AND r.voided_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'mail_items_receipt', MESSAGE = 'no receipt of that day stands';
    END IF;
    IF NEW.state <> 'RECEIVED' OR NEW.slot <> '' OR NEW.sort_key <> '' OR NEW.voided_at IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = 'mail_items_way', MESSAGE = 'an item begins received';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER mail_item_begins AFTER INSERT ON mail_items FOR EACH ROW EXECUTE FUNCTION mail_item_begins();

-- Where mail for a household or a department goes: the household's first unit in natural order, or the department after all units (M3).
CREATE FUNCTION mail_slot(estate uuid, household uuid, department uuid, OUT slot text, OUT sort_key text) STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT slot, sort_key FROM (
        (SELECT u.label AS slot, '0' || u.sort_key AS sort_key, 1 AS first FROM occupancies o
            JOIN units u ON u.estate_id = o.estate_id AND u.id = o.unit_id
            JOIN estates e ON e.id = o.estate_id
            WHERE o.estate_id = estate AND o.household_id = household AND o.state <> 'MOVED_OUT'
                AND (o.until_on IS NULL OR o.until_on > (now() AT TIME ZONE e.time_zone)::date)
            ORDER BY u.sort_key LIMIT 1)
        UNION ALL SELECT h.name, '1' || h.sort_key, 2 FROM households h WHERE h.estate_id = estate AND h.id = household
        UNION ALL SELECT d.name, '2' || d.name, 3 FROM departments d WHERE d.estate_id = estate AND d.id = department) places
    ORDER BY first LIMIT 1 $$;

-- An event takes its item where it says, if there is a way (M4).
-- +goose StatementBegin
CREATE FUNCTION mail_event_takes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    item mail_items;
    place record;
    raised_by uuid;
BEGIN
    SELECT * INTO item FROM mail_items i WHERE i.estate_id = NEW.estate_id AND i.id = NEW.item_id FOR UPDATE;
    IF item.id IS NULL OR item.voided_at IS NOT NULL OR (item.state || '>' || NEW.state) NOT IN (
        'RECEIVED>SORTED', 'RECEIVED>DOUBTFUL', 'RECEIVED>DEAD', 'SORTED>DOUBTFUL', 'SORTED>DEAD',
        'DOUBTFUL>SORTED', 'DOUBTFUL>DEAD', 'DEAD>RETURNED') THEN
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
    SELECT '' AS slot, '' AS sort_key INTO place;
    IF NEW.state = 'SORTED' THEN
        IF num_nonnulls(NEW.household_id, NEW.department_id) <> 1 THEN
            RAISE check_violation USING CONSTRAINT = 'mail_items_addressed', MESSAGE = 'it is for nobody known';
        END IF;
        SELECT * INTO place FROM mail_slot(NEW.estate_id, NEW.household_id, NEW.department_id);
    END IF;
    UPDATE mail_items SET state = NEW.state, household_id = NEW.household_id, department_id = NEW.department_id, slot = place.slot, sort_key = place.sort_key,
        changed_at = NEW.acted_at, changed_by_name = NEW.acted_by_name WHERE estate_id = NEW.estate_id AND id = NEW.item_id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION mail_event_takes FROM PUBLIC;
CREATE TRIGGER mail_event_takes AFTER INSERT ON mail_events FOR EACH ROW EXECUTE FUNCTION mail_event_takes();

-- An item is voided while nothing was done with it, a receipt while no item of it stands (M1).
-- +goose StatementBegin
CREATE FUNCTION mail_item_untouched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING CONSTRAINT = 'mail_items_untouched', MESSAGE = format('the item is %s', OLD.state);
END $$;
CREATE FUNCTION mail_receipt_empty() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM mail_items i WHERE i.estate_id = NEW.estate_id AND i.receipt_id = NEW.id AND i.voided_at IS NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_receipts_items', MESSAGE = 'items of the receipt stand';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER mail_item_untouched AFTER UPDATE ON mail_items FOR EACH ROW WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL AND OLD.state <> 'RECEIVED')
    EXECUTE FUNCTION mail_item_untouched();
CREATE TRIGGER mail_receipt_empty AFTER UPDATE ON mail_receipts FOR EACH ROW WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL)
    EXECUTE FUNCTION mail_receipt_empty();
