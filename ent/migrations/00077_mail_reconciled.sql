-- The day of mail reconciled in full (M1, M2, M5): other items than were counted are explained, too; every explanation can be voided while the
-- day is open; and what is scanned has a code, one of the estate's own where it came without.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

ALTER TABLE "mail_days" ADD COLUMN "miscounted" bigint NOT NULL DEFAULT 0;
CREATE INDEX "mailreceipt_estate_id_received_on" ON "mail_receipts" ("estate_id", "received_on");
DROP INDEX "mailexcuse_estate_id_day_id_kind_item_id";
ALTER TABLE "mail_excuses" ALTER COLUMN "item_id" DROP NOT NULL, ADD COLUMN "voided_at" timestamptz NULL, ADD COLUMN "void_reason" character varying NOT NULL DEFAULT '', ADD COLUMN "voided_by_id" uuid NULL, ADD COLUMN "voided_by_name" character varying NOT NULL DEFAULT '', ADD COLUMN "mail_kind" character varying NULL, ADD COLUMN "difference" bigint NULL, ADD COLUMN "scan_id" uuid NULL, ADD CONSTRAINT "mail_excuses_mail_scans_scan" FOREIGN KEY ("estate_id", "scan_id") REFERENCES "mail_scans" ("estate_id", "id") ON DELETE RESTRICT;
CREATE INDEX "mailexcuse_estate_id_day_id_kind_item_id" ON "mail_excuses" ("estate_id", "day_id", "kind", "item_id");
CREATE INDEX "mailexcuse_estate_id_scan_id" ON "mail_excuses" ("estate_id", "scan_id");

-- What a scan was explained by is an excuse like the others; the scan shows the one that stands.
DROP TRIGGER mail_scan_explained ON mail_scans;
DROP FUNCTION mail_scan_explained;
REVOKE UPDATE (explained_at, explanation, explained_by_id, explained_by_name) ON mail_scans FROM steward_app;
INSERT INTO mail_excuses (id, created_at, estate_id, day_id, kind, scan_id, reason, given_by_id, given_by_name, given_at)
    SELECT new_id(x'0808'::int), explained_at, estate_id, day_id, 'UNMATCHED', id, explanation, explained_by_id, explained_by_name, explained_at
    FROM mail_scans WHERE explained_at IS NOT NULL;

SELECT voidable('mail_excuses');
GRANT UPDATE (voided_at, void_reason, voided_by_id, voided_by_name) ON mail_excuses TO steward_app;
ALTER TABLE mail_excuses
    ADD CONSTRAINT mail_excuses_about CHECK (num_nonnulls(item_id, scan_id, mail_kind) = 1 AND (mail_kind IS NULL) = (difference IS NULL)
        AND CASE kind WHEN 'UNMATCHED' THEN scan_id IS NOT NULL WHEN 'MISCOUNTED' THEN mail_kind IS NOT NULL ELSE item_id IS NOT NULL END);
-- One stands for each thing; of a kind of mail one for each difference, since a reason for one is none for another.
CREATE UNIQUE INDEX mail_excuses_once ON mail_excuses (estate_id, day_id, kind, coalesce(item_id::text, scan_id::text, mail_kind::text), coalesce(difference, 0))
    WHERE voided_at IS NULL;
ALTER TABLE mail_days
    DROP CONSTRAINT mail_days_figures,
    ADD CONSTRAINT mail_days_figures CHECK (matched + missing = listed
        AND (state = 'CLOSED' OR listed + unknown + doubled + already_delivered + undelivered + miscounted = 0));

-- Of each kind, how many its receipts counted, and how many items are registered (M1).
CREATE FUNCTION mail_counts(estate uuid, of_day uuid) RETURNS TABLE (kind text, counted bigint, registered bigint, explained boolean)
STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT c.kind, c.counted, c.registered, c.counted <> c.registered AND EXISTS (SELECT FROM mail_excuses x WHERE x.estate_id = estate AND x.day_id = of_day
            AND x.kind = 'MISCOUNTED' AND x.mail_kind = c.kind AND x.difference = c.registered - c.counted AND x.voided_at IS NULL)
    FROM (SELECT each.kind, sum(each.counted)::bigint AS counted, sum(each.registered)::bigint AS registered
        FROM mail_days d CROSS JOIN LATERAL (
            SELECT l.kind, l.counted, 0 AS registered FROM mail_receipts r JOIN mail_receipt_lines l ON l.estate_id = r.estate_id AND l.receipt_id = r.id
                WHERE r.estate_id = estate AND r.received_on = d.day AND r.voided_at IS NULL
            UNION ALL
            SELECT i.kind, 0, count(*) FROM mail_items i WHERE i.estate_id = estate AND i.received_on = d.day AND i.voided_at IS NULL GROUP BY i.kind) each
        WHERE d.estate_id = estate AND d.id = of_day GROUP BY each.kind) c $$;

-- An explanation that was voided explains nothing.
CREATE OR REPLACE FUNCTION mail_missing(estate uuid, of_day uuid, unexplained boolean) RETURNS SETOF uuid STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT l.id FROM mail_days d CROSS JOIN LATERAL mail_list(estate, d.day) l(id)
        WHERE d.estate_id = estate AND d.id = of_day
            AND NOT EXISTS (SELECT FROM mail_scans s WHERE s.estate_id = estate AND s.day_id = of_day AND s.item_id = l.id AND s.outcome = 'MATCHED')
            AND NOT (unexplained AND EXISTS (SELECT FROM mail_excuses x
                WHERE x.estate_id = estate AND x.day_id = of_day AND x.kind = 'UNSCANNED' AND x.item_id = l.id AND x.voided_at IS NULL)) $$;
CREATE OR REPLACE FUNCTION mail_undelivered(estate uuid, of_day uuid, unexplained boolean) RETURNS SETOF uuid STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT l.id FROM mail_days d CROSS JOIN LATERAL mail_left(estate, d.day) l
        WHERE d.estate_id = estate AND d.id = of_day
            AND NOT (unexplained AND EXISTS (SELECT FROM mail_excuses x
                WHERE x.estate_id = estate AND x.day_id = of_day AND x.kind = 'UNDELIVERED' AND x.item_id = l.id AND x.voided_at IS NULL)) $$;
DROP FUNCTION mail_day_figures;
CREATE FUNCTION mail_day_figures(estate uuid, of_day uuid, OUT listed bigint, OUT matched bigint, OUT missing bigint, OUT missing_open bigint,
    OUT unknown bigint, OUT doubled bigint, OUT already_delivered bigint, OUT scans_open bigint, OUT undelivered bigint, OUT undelivered_open bigint,
    OUT miscounted bigint, OUT miscounted_open bigint)
STABLE LANGUAGE sql SET search_path = pg_catalog, public AS $$
    SELECT l.n, l.n - m.n, m.n, (SELECT count(*) FROM mail_missing(estate, of_day, true)), s.unknown, s.doubled, s.gone, s.open,
        (SELECT count(*) FROM mail_undelivered(estate, of_day, false)), (SELECT count(*) FROM mail_undelivered(estate, of_day, true)), c.n, c.open
    FROM (SELECT count(*) AS n FROM mail_days d CROSS JOIN LATERAL mail_list(estate, d.day) WHERE d.estate_id = estate AND d.id = of_day) l,
        (SELECT count(*) AS n FROM mail_missing(estate, of_day, false)) m,
        (SELECT count(*) FILTER (WHERE outcome = 'UNKNOWN') AS unknown, count(*) FILTER (WHERE outcome = 'DOUBLE') AS doubled,
            count(*) FILTER (WHERE outcome = 'ALREADY_DELIVERED') AS gone, count(*) FILTER (WHERE outcome <> 'MATCHED' AND explained_at IS NULL) AS open
            FROM mail_scans WHERE estate_id = estate AND day_id = of_day) s,
        (SELECT count(*) FILTER (WHERE counted <> registered) AS n, count(*) FILTER (WHERE counted <> registered AND NOT explained) AS open
            FROM mail_counts(estate, of_day)) c $$;

-- Only what needs an excuse gets one, and loses it, while the day is open; a scan shows what it was explained by.
-- +goose StatementBegin
CREATE FUNCTION mail_day_open(estate uuid, of_day uuid) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM mail_days d WHERE d.estate_id = estate AND d.id = of_day AND d.state = 'OPEN' FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'mail_days_closed', MESSAGE = 'the day is not open';
    END IF;
END $$;
CREATE OR REPLACE FUNCTION mail_excuse_needed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM mail_day_open(NEW.estate_id, NEW.day_id);
    IF NEW.kind = 'UNMATCHED' THEN
        UPDATE mail_scans s SET explained_at = NEW.given_at, explanation = NEW.reason, explained_by_id = NEW.given_by_id, explained_by_name = NEW.given_by_name
            WHERE s.estate_id = NEW.estate_id AND s.day_id = NEW.day_id AND s.id = NEW.scan_id AND s.outcome <> 'MATCHED' AND s.explained_at IS NULL;
        IF NOT FOUND THEN
            RAISE check_violation USING CONSTRAINT = 'mail_excuses_unmatched', MESSAGE = 'the scan matches, or is explained';
        END IF;
    ELSIF NEW.kind = 'MISCOUNTED' AND NOT EXISTS (SELECT FROM mail_counts(NEW.estate_id, NEW.day_id) c
            WHERE c.kind = NEW.mail_kind AND c.registered - c.counted = NEW.difference AND NEW.difference <> 0) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_excuses_counted', MESSAGE = 'the kind does not differ by so many';
    ELSIF NEW.kind = 'UNSCANNED' AND NEW.item_id NOT IN (SELECT mail_missing(NEW.estate_id, NEW.day_id, false)) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_excuses_missing', MESSAGE = 'the item is not missing';
    ELSIF NEW.kind = 'UNDELIVERED' AND NEW.item_id NOT IN (SELECT mail_undelivered(NEW.estate_id, NEW.day_id, false)) THEN
        RAISE check_violation USING CONSTRAINT = 'mail_excuses_late', MESSAGE = 'the item is not here';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION mail_excuse_voided() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM mail_day_open(NEW.estate_id, NEW.day_id);
    UPDATE mail_scans s SET explained_at = NULL, explanation = '', explained_by_id = NULL, explained_by_name = '' WHERE s.estate_id = NEW.estate_id AND s.id = NEW.scan_id;
    RETURN NULL;
END $$;

-- A day closes after those before it, when nothing of it is left to explain, with the figures that it has then. The last that was closed may be
-- opened again, though what was left of it was carried over to a later one that is open still.
CREATE OR REPLACE FUNCTION mail_day_closes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
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
        ELSIF f.miscounted_open > 0 THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_counted', MESSAGE = format('of %s kinds other items are registered than counted', f.miscounted_open);
        END IF;
        NEW.listed := f.listed; NEW.matched := f.matched; NEW.missing := f.missing; NEW.unknown := f.unknown; NEW.doubled := f.doubled;
        NEW.already_delivered := f.already_delivered; NEW.undelivered := f.undelivered; NEW.miscounted := f.miscounted;
    ELSIF NEW.state = 'OPEN' AND OLD.state = 'CLOSED' THEN
        IF EXISTS (SELECT FROM mail_days d WHERE d.estate_id = NEW.estate_id AND d.day > NEW.day AND d.state = 'CLOSED') THEN
            RAISE check_violation USING CONSTRAINT = 'mail_days_last', MESSAGE = 'a later day was closed';
        END IF;
        NEW.listed := 0; NEW.matched := 0; NEW.missing := 0; NEW.unknown := 0; NEW.doubled := 0; NEW.already_delivered := 0; NEW.undelivered := 0; NEW.miscounted := 0;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION mail_excuse_needed, mail_excuse_voided FROM PUBLIC;
CREATE TRIGGER mail_excuse_voided AFTER UPDATE ON mail_excuses FOR EACH ROW WHEN (NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL)
    EXECUTE FUNCTION mail_excuse_voided();

-- What is scanned has a code: what came without gets the estate's next own one, which is written on it (M2). No own code comes twice.
-- +goose StatementBegin
CREATE FUNCTION mail_item_coded() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    n text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('mail codes ' || NEW.estate_id::text, 0));
    SELECT coalesce(max(substring(i.barcode FROM 3)::bigint), 0) + 1 INTO n FROM mail_items i
        WHERE i.estate_id = NEW.estate_id AND i.barcode ~ '^S-[0-9]{6,12}$';
    NEW.barcode := 'S-' || lpad(n, greatest(6, length(n)), '0');
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE UNIQUE INDEX mail_items_own_code ON mail_items (estate_id, (substring(barcode FROM 3)::bigint)) WHERE barcode ~ '^S-[0-9]{6,12}$';
UPDATE mail_items i SET barcode = 'S-' || lpad(n.number::text, greatest(6, length(n.number::text)), '0')
    FROM (SELECT estate_id, id, row_number() OVER (PARTITION BY estate_id ORDER BY received_on, id) AS number FROM mail_items
        WHERE mail_accountable(kind) AND barcode = '' AND voided_at IS NULL) n WHERE i.estate_id = n.estate_id AND i.id = n.id;
ALTER TABLE mail_items
    ADD CONSTRAINT mail_items_scannable CHECK (NOT mail_accountable(kind) OR barcode <> '' OR voided_at IS NOT NULL);
CREATE TRIGGER mail_item_coded BEFORE INSERT ON mail_items FOR EACH ROW WHEN (mail_accountable(NEW.kind) AND NEW.barcode = '') EXECUTE FUNCTION mail_item_coded();
