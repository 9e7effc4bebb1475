-- The day (M2, M5): its list against what desks scan, and what is still here in the evening. What a scan is of, what is missing and what is late
-- the database says, and it closes no day of which something is not explained.

-- +goose Up
CREATE TABLE "mail_days" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "day" date NOT NULL, "state" character varying NOT NULL DEFAULT 'OPEN', "opened_at" timestamptz NOT NULL, "closed_at" timestamptz NULL, "closed_by_id" uuid NULL, "closed_by_name" character varying NOT NULL DEFAULT '', "listed" bigint NOT NULL DEFAULT 0, "matched" bigint NOT NULL DEFAULT 0, "missing" bigint NOT NULL DEFAULT 0, "unknown" bigint NOT NULL DEFAULT 0, "doubled" bigint NOT NULL DEFAULT 0, "already_delivered" bigint NOT NULL DEFAULT 0, "undelivered" bigint NOT NULL DEFAULT 0, "estate_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "mail_days_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "mailday_estate_id_day" ON "mail_days" ("estate_id", "day");
CREATE TABLE "mail_excuses" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "kind" character varying NOT NULL, "reason" character varying NOT NULL, "given_by_id" uuid NOT NULL, "given_by_name" character varying NOT NULL, "given_at" timestamptz NOT NULL, "estate_id" uuid NOT NULL, "day_id" uuid NOT NULL, "item_id" uuid NOT NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "mail_excuses_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "mail_excuses_mail_days_day" FOREIGN KEY ("estate_id", "day_id") REFERENCES "mail_days" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "mail_excuses_mail_items_item" FOREIGN KEY ("estate_id", "item_id") REFERENCES "mail_items" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "mailexcuse_estate_id_day_id_kind_item_id" ON "mail_excuses" ("estate_id", "day_id", "kind", "item_id");
CREATE INDEX "mailexcuse_estate_id_item_id" ON "mail_excuses" ("estate_id", "item_id");
CREATE INDEX "mailexcuse_estate_id_given_at_id" ON "mail_excuses" ("estate_id", "given_at", "id");
CREATE TABLE "mail_scans" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "key" character varying NOT NULL, "code" character varying NOT NULL, "desk" character varying NOT NULL, "outcome" character varying NOT NULL, "scanned_at" timestamptz NOT NULL, "scanned_by_id" uuid NOT NULL, "scanned_by_name" character varying NOT NULL, "explained_at" timestamptz NULL, "explanation" character varying NOT NULL DEFAULT '', "explained_by_id" uuid NULL, "explained_by_name" character varying NOT NULL DEFAULT '', "estate_id" uuid NOT NULL, "day_id" uuid NOT NULL, "item_id" uuid NULL, PRIMARY KEY ("id", "estate_id"), CONSTRAINT "mail_scans_estates_estate" FOREIGN KEY ("estate_id") REFERENCES "estates" ("id") ON DELETE RESTRICT, CONSTRAINT "mail_scans_mail_days_day" FOREIGN KEY ("estate_id", "day_id") REFERENCES "mail_days" ("estate_id", "id") ON DELETE RESTRICT, CONSTRAINT "mail_scans_mail_items_item" FOREIGN KEY ("estate_id", "item_id") REFERENCES "mail_items" ("estate_id", "id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "mailscan_estate_id_key" ON "mail_scans" ("estate_id", "key");
CREATE INDEX "mailscan_estate_id_scanned_at_id" ON "mail_scans" ("estate_id", "scanned_at", "id");
CREATE INDEX "mailscan_estate_id_day_id_outcome" ON "mail_scans" ("estate_id", "day_id", "outcome");
SELECT wall('mail_days');
SELECT wall('mail_excuses', append_only => true);
SELECT wall('mail_scans');

ALTER TABLE mail_days
    ADD CONSTRAINT mail_days_closed_by CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL) AND (state = 'CLOSED') = (closed_by_id IS NOT NULL) AND (state = 'CLOSED') = (closed_by_name <> '')),
    ADD CONSTRAINT mail_days_figures   CHECK (matched + missing = listed AND (state = 'CLOSED' OR listed + unknown + doubled + already_delivered + undelivered = 0));
ALTER TABLE mail_scans
    ADD CONSTRAINT mail_scans_item      CHECK ((outcome = 'UNKNOWN') = (item_id IS NULL)),
    ADD CONSTRAINT mail_scans_explained CHECK ((explained_at IS NULL) = (explanation = '') AND (explained_at IS NULL) = (explained_by_id IS NULL)
        AND (explained_at IS NULL) = (explained_by_name = '') AND (outcome <> 'MATCHED' OR explained_at IS NULL));
ALTER TABLE mail_excuses
    ADD CONSTRAINT mail_excuses_reason CHECK (reason <> '');

-- An item matches once a day, however many desks scan it at once.
CREATE UNIQUE INDEX mail_scans_matched ON mail_scans (estate_id, day_id, item_id) WHERE outcome = 'MATCHED';
CREATE INDEX mail_scans_open ON mail_scans (estate_id, day_id) WHERE outcome <> 'MATCHED' AND explained_at IS NULL;
-- What went when: the end of an earlier day asks what was still here then.
CREATE INDEX mail_items_gone ON mail_items (estate_id, changed_at) WHERE state IN ('DELIVERED', 'RETURNED');

REVOKE UPDATE ON mail_days, mail_scans FROM steward_app;
GRANT UPDATE (state, closed_at, closed_by_id, closed_by_name) ON mail_days TO steward_app;
GRANT UPDATE (explained_at, explanation, explained_by_id, explained_by_name) ON mail_scans TO steward_app;

-- The items that had come by a day and were neither delivered nor returned at its end, or are here now. It is planned anew each time: only
-- with the days themselves the planner sees that the history has none of them.
-- +goose StatementBegin
CREATE FUNCTION mail_left(estate uuid, on_day date) RETURNS TABLE (id uuid, kind text) STABLE LANGUAGE plpgsql
    SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    ended timestamptz := (SELECT (on_day + 1)::timestamp AT TIME ZONE e.time_zone FROM estates e WHERE e.id = estate);
BEGIN
    RETURN QUERY SELECT i.id, i.kind::text FROM mail_items i
        WHERE i.estate_id = estate AND i.voided_at IS NULL AND i.state NOT IN ('DELIVERED', 'RETURNED') AND i.received_on <= on_day;
    RETURN QUERY SELECT i.id, i.kind::text FROM mail_items i
        WHERE i.estate_id = estate AND i.voided_at IS NULL AND i.state IN ('DELIVERED', 'RETURNED') AND i.received_on <= on_day AND i.changed_at >= ended;
END $$;
-- +goose StatementEnd

-- A day's list: what came that day, and what was left the day before, of the kinds that are scanned (M2).
CREATE FUNCTION mail_list(estate uuid, on_day date) RETURNS SETOF uuid STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT i.id FROM mail_items i WHERE i.estate_id = estate AND i.received_on = on_day AND i.voided_at IS NULL AND mail_accountable(i.kind)
    UNION ALL
    SELECT l.id FROM mail_left(estate, on_day - 1) l WHERE mail_accountable(l.kind) $$;

-- The items of the list that were not scanned; if unexplained, without those that were explained.
CREATE FUNCTION mail_missing(estate uuid, of_day uuid, unexplained boolean) RETURNS SETOF uuid STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT l.id FROM mail_days d CROSS JOIN LATERAL mail_list(estate, d.day) l(id)
        WHERE d.estate_id = estate AND d.id = of_day
            AND NOT EXISTS (SELECT FROM mail_scans s WHERE s.estate_id = estate AND s.day_id = of_day AND s.item_id = l.id AND s.outcome = 'MATCHED')
            AND NOT (unexplained AND EXISTS (SELECT FROM mail_excuses x
                WHERE x.estate_id = estate AND x.day_id = of_day AND x.kind = 'UNSCANNED' AND x.item_id = l.id)) $$;

-- The items that were left at the end of the day, or are here now (M5); if unexplained, without those that were excused.
CREATE FUNCTION mail_undelivered(estate uuid, of_day uuid, unexplained boolean) RETURNS SETOF uuid STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT l.id FROM mail_days d CROSS JOIN LATERAL mail_left(estate, d.day) l
        WHERE d.estate_id = estate AND d.id = of_day
            AND NOT (unexplained AND EXISTS (SELECT FROM mail_excuses x
                WHERE x.estate_id = estate AND x.day_id = of_day AND x.kind = 'UNDELIVERED' AND x.item_id = l.id)) $$;

-- How a day stands.
CREATE FUNCTION mail_day_figures(estate uuid, of_day uuid, OUT listed bigint, OUT matched bigint, OUT missing bigint, OUT missing_open bigint,
    OUT unknown bigint, OUT doubled bigint, OUT already_delivered bigint, OUT scans_open bigint, OUT undelivered bigint, OUT undelivered_open bigint)
STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT l.n, l.n - m.n, m.n, (SELECT count(*) FROM mail_missing(estate, of_day, true)), s.unknown, s.doubled, s.gone, s.open,
        (SELECT count(*) FROM mail_undelivered(estate, of_day, false)), (SELECT count(*) FROM mail_undelivered(estate, of_day, true))
    FROM (SELECT count(*) AS n FROM mail_days d CROSS JOIN LATERAL mail_list(estate, d.day) WHERE d.estate_id = estate AND d.id = of_day) l,
        (SELECT count(*) AS n FROM mail_missing(estate, of_day, false)) m,
        (SELECT count(*) FILTER (WHERE outcome = 'UNKNOWN') AS unknown, count(*) FILTER (WHERE outcome = 'DOUBLE') AS doubled,
            count(*) FILTER (WHERE outcome = 'ALREADY_DELIVERED') AS gone, count(*) FILTER (WHERE outcome <> 'MATCHED' AND explained_at IS NULL) AS open
            FROM mail_scans WHERE estate_id = estate AND day_id = of_day) s $$;

-- What a scan is of is decided here, whoever writes it. Scans of one item wait for each other at its row; an item that is here comes before
-- one of the same barcode that went. The day's row is held, so that it is not closed meanwhile.
-- +goose StatementBegin
CREATE FUNCTION mail_scan_decides() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    item mail_items;
    day_state text;
BEGIN
    SELECT d.state INTO day_state FROM mail_days d WHERE d.estate_id = NEW.estate_id AND d.id = NEW.day_id FOR SHARE;
    IF day_state = 'CLOSED' THEN
        RAISE check_violation USING CONSTRAINT = 'mail_days_closed', MESSAGE = 'the day is closed';
    END IF;
    SELECT i.* INTO item FROM mail_items i WHERE i.estate_id = NEW.estate_id AND i.barcode = NEW.code AND i.voided_at IS NULL
        ORDER BY i.state IN ('DELIVERED', 'RETURNED'), i.received_on DESC, i.id DESC LIMIT 1 FOR NO KEY UPDATE;
    NEW.item_id := item.id;
    NEW.outcome := CASE
        WHEN item.id IS NULL THEN 'UNKNOWN'
        WHEN item.state IN ('DELIVERED', 'RETURNED') THEN 'ALREADY_DELIVERED'
        WHEN EXISTS (SELECT FROM mail_scans s WHERE s.estate_id = NEW.estate_id AND s.day_id = NEW.day_id AND s.item_id = item.id AND s.outcome = 'MATCHED') THEN 'DOUBLE'
        ELSE 'MATCHED' END;
    IF NEW.explained_at IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = 'mail_scans_explained', MESSAGE = 'explained before it is there';
    END IF;
    RETURN NEW;
END $$;
-- What a scan was explained by stays, and is given while the day is open.
CREATE FUNCTION mail_scan_explained() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM mail_days d WHERE d.estate_id = NEW.estate_id AND d.id = NEW.day_id AND d.state = 'OPEN' FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'mail_days_closed', MESSAGE = 'the day is not open';
    END IF;
    IF OLD.explained_at IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = 'mail_scans_stay', MESSAGE = 'the scan is explained already';
    END IF;
    RETURN NEW;
END $$;
-- Only what needs an excuse gets one, while the day is open.
CREATE FUNCTION mail_excuse_needed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM mail_days d WHERE d.estate_id = NEW.estate_id AND d.id = NEW.day_id AND d.state = 'OPEN' FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'mail_days_closed', MESSAGE = 'the day is not open';
    END IF;
    IF NEW.kind = 'UNSCANNED' AND NEW.item_id NOT IN (SELECT mail_missing(NEW.estate_id, NEW.day_id, false)) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_excuses_missing', MESSAGE = 'the item is not missing';
    END IF;
    IF NEW.kind = 'UNDELIVERED' AND NEW.item_id NOT IN (SELECT mail_undelivered(NEW.estate_id, NEW.day_id, false)) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_excuses_late', MESSAGE = 'the item is not here';
    END IF;
    RETURN NULL;
END $$;
-- A day begins open. It closes after those before it, when nothing of it is left to explain, with the figures that it has then. The last one may be
-- opened again.
CREATE FUNCTION mail_day_closes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    f record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'OPEN' THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_begin', MESSAGE = 'a day begins open';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state = 'CLOSED' AND OLD.state = 'OPEN' THEN
        SELECT * INTO f FROM mail_day_figures(NEW.estate_id, NEW.id);
        IF EXISTS (SELECT FROM mail_days d WHERE d.estate_id = NEW.estate_id AND d.day < NEW.day AND d.state = 'OPEN') THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_order', MESSAGE = 'an earlier day is open';
        ELSIF f.scans_open + f.missing_open > 0 THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_explained', MESSAGE = format('%s scans and %s items are not explained', f.scans_open, f.missing_open);
        ELSIF f.undelivered_open > 0 THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_delivered', MESSAGE = format('%s items are not excused', f.undelivered_open);
        END IF;
        NEW.listed := f.listed; NEW.matched := f.matched; NEW.missing := f.missing; NEW.unknown := f.unknown; NEW.doubled := f.doubled;
        NEW.already_delivered := f.already_delivered; NEW.undelivered := f.undelivered;
    ELSIF NEW.state = 'OPEN' AND OLD.state = 'CLOSED' THEN
        IF EXISTS (SELECT FROM mail_days d WHERE d.estate_id = NEW.estate_id AND d.day > NEW.day) THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_last', MESSAGE = 'a later day was begun';
        END IF;
        NEW.listed := 0; NEW.matched := 0; NEW.missing := 0; NEW.unknown := 0; NEW.doubled := 0; NEW.already_delivered := 0; NEW.undelivered := 0;
    END IF;
    RETURN NEW;
END $$;
-- What comes on a day that is closed is recorded of the next, or the day is opened again.
CREATE FUNCTION mail_day_takes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    day_state text;
BEGIN
    SELECT d.state INTO day_state FROM mail_days d WHERE d.estate_id = NEW.estate_id AND d.day = NEW.received_on FOR SHARE;
    IF day_state = 'CLOSED' THEN
        RAISE check_violation USING CONSTRAINT = 'mail_days_closed', MESSAGE = 'the day is closed';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER mail_scan_decides   BEFORE INSERT ON mail_scans FOR EACH ROW EXECUTE FUNCTION mail_scan_decides();
CREATE TRIGGER mail_scan_explained BEFORE UPDATE ON mail_scans FOR EACH ROW EXECUTE FUNCTION mail_scan_explained();
CREATE TRIGGER mail_excuse_needed  AFTER INSERT ON mail_excuses FOR EACH ROW EXECUTE FUNCTION mail_excuse_needed();
CREATE TRIGGER mail_day_closes     BEFORE INSERT OR UPDATE ON mail_days FOR EACH ROW EXECUTE FUNCTION mail_day_closes();
CREATE TRIGGER mail_day_takes      BEFORE INSERT ON mail_receipts FOR EACH ROW EXECUTE FUNCTION mail_day_takes();
CREATE TRIGGER mail_day_takes      BEFORE INSERT ON mail_items FOR EACH ROW EXECUTE FUNCTION mail_day_takes();
