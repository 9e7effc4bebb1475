-- Who has moved out has no press come any more (M1): with the last unit that a household had in the estate its subscriptions end.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

-- What a household subscribes to ends on the day before the first on which it has no unit, or with the last press that came for it; what would
-- begin later is voided. A household that has a unit, or never had one, keeps what it has. The publications are locked as by each
-- delivery, so that none is given out meanwhile.
-- +goose StatementBegin
CREATE FUNCTION press_ends(estate uuid, household uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    gone date := (SELECT max(o.until_on) FROM occupancies o WHERE o.estate_id = estate AND o.household_id = household HAVING bool_and(o.until_on IS NOT NULL));
    who uuid := coalesce(identity.viewer(), '00000000-0000-0000-0000-000000000000');
    name text := coalesce((SELECT a.name FROM identity.accounts a WHERE a.id = who), 'system');
    why text := '业户已迁出 (moved out on ' || gone || ')';
    p record;
BEGIN
    IF gone IS NULL THEN
        RETURN;
    END IF;
    FOR p IN SELECT id FROM publications WHERE estate_id = estate AND id IN (SELECT s.publication_id FROM press_subscriptions s
            WHERE s.estate_id = estate AND s.household_id = household AND s.last_on >= gone AND s.voided_at IS NULL) ORDER BY id FOR SHARE LOOP
        DECLARE
            last date := greatest(gone - 1, (SELECT max(a.day) FROM press_allocations a
                WHERE a.estate_id = estate AND a.household_id = household AND a.publication_id = p.id AND a.voided_at IS NULL));
        BEGIN
            UPDATE press_subscriptions s SET voided_at = now(), void_reason = why, voided_by_id = who, voided_by_name = name
                WHERE s.estate_id = estate AND s.household_id = household AND s.publication_id = p.id AND s.voided_at IS NULL AND s.from_on > last;
            UPDATE press_subscriptions s SET last_on = last, end_reason = why, ended_at = now(), ended_by_name = name
                WHERE s.estate_id = estate AND s.household_id = household AND s.publication_id = p.id AND s.voided_at IS NULL AND s.ended_at IS NULL
                    AND s.from_on <= last AND s.last_on > last;
        END;
    END LOOP;
END $$;

-- An occupancy that ends may go on as another, as when who pays for the unit changes: whether the household is gone is seen when the transaction ends.
CREATE FUNCTION press_follows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM press_ends(NEW.estate_id, NEW.household_id);
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION press_ends, press_follows FROM PUBLIC;
CREATE CONSTRAINT TRIGGER press_follows AFTER UPDATE ON occupancies DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.until_on IS NOT NULL AND OLD.until_on IS DISTINCT FROM NEW.until_on) EXECUTE FUNCTION press_follows();

-- Who was gone before.
SELECT press_ends(s.estate_id, s.household_id) FROM (SELECT DISTINCT estate_id, household_id FROM press_subscriptions
    WHERE household_id IS NOT NULL AND voided_at IS NULL) s;
