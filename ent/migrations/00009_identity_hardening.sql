-- Power over an account needs a grant that is in force or to come. Who was employed somewhere stays in
-- sight there (old records name them), and is nobody's there to stop any more.
--
-- The day is the portfolio's, as in identity.authenticate, and comes from the caller. The functions without it
-- stay for servers that are replaced later; they ask the new ones, by the day in UTC.

-- +goose Up

-- The checks of the new references look through row-level security, to which the owner is subject too.
SELECT set_config('app.estate_ids', '*', true);

ALTER TABLE identity.accounts
    ADD COLUMN disabled_by_portfolio boolean NOT NULL DEFAULT false, -- then only the portfolio lets it in again
    DROP CONSTRAINT accounts_kind_check,
    ADD CONSTRAINT accounts_kind_check CHECK (kind IN ('staff', 'resident'));
UPDATE identity.accounts SET disabled_by_portfolio = true WHERE disabled_at IS NOT NULL; -- by whom is not known

ALTER TABLE identity.grants
    ADD CONSTRAINT grants_estate FOREIGN KEY (estate_id) REFERENCES estates (id) ON DELETE RESTRICT,
    ADD CONSTRAINT grants_department FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT,
    ADD CONSTRAINT grants_household FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT,
    -- no role twice in one place for the same days
    ADD CONSTRAINT grants_held EXCLUDE USING gist (
        account_id WITH =, role WITH =,
        coalesce(estate_id, '00000000-0000-0000-0000-000000000000') WITH =,
        coalesce(department_id, '00000000-0000-0000-0000-000000000000') WITH =,
        coalesce(household_id, '00000000-0000-0000-0000-000000000000') WITH =,
        daterange(valid_from, valid_until, '[]') WITH &&) WHERE (revoked_at IS NULL);

-- How many grants of an account are in force or to come: in the viewer's estates, elsewhere, and, wherever they
-- are, of roles that only the portfolio gives and takes. Counts only, of an account whose id is known.
-- +goose StatementBegin
CREATE FUNCTION identity.standing(p_account uuid, p_today date, OUT here integer, OUT elsewhere integer, OUT reserved integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT (count(*) FILTER (WHERE g.seen))::integer, (count(*) FILTER (WHERE NOT g.seen))::integer,
           (count(*) FILTER (WHERE g.role IN ('auditor', 'general-manager')))::integer
      FROM (SELECT h.role, identity.sees_all() OR coalesce(h.estate_id = ANY (identity.viewer_estates()), false) AS seen
              FROM identity.grants h
             WHERE h.account_id = p_account AND h.revoked_at IS NULL
               AND (h.valid_until IS NULL OR h.valid_until >= p_today)) g
$$;
-- +goose StatementEnd
-- What may be done to another's account: 'ok'; 'missing', not seen; 'own', nobody does it to themselves; 'former',
-- nothing is held in the viewer's estates any more; 'reserved', the portfolio's to handle; 'elsewhere', it opens
-- doors outside the viewer's estates too.
-- +goose StatementBegin
CREATE FUNCTION identity.administers(p_account uuid, p_today date) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM identity.accounts a WHERE a.id = p_account) THEN 'missing'
        WHEN p_account = identity.viewer() THEN 'own'
        WHEN identity.sees_all() THEN 'ok'
        WHEN NOT identity.sees(p_account) THEN 'missing'
        WHEN s.here = 0 THEN 'former'
        WHEN s.reserved > 0 THEN 'reserved'
        WHEN s.elsewhere > 0 THEN 'elsewhere'
        ELSE 'ok' END
      FROM identity.standing(p_account, p_today) s
$$;
-- +goose StatementEnd
-- Who may hold the credentials may have made tokens with them: they end too.
-- +goose StatementBegin
CREATE FUNCTION identity.password_reset(p_account uuid, p_hash text, p_until timestamptz, p_now timestamptz, p_today date,
    OUT may text, OUT tokens integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    may := identity.administers(p_account, p_today);
    IF may <> 'ok' THEN RETURN; END IF;
    INSERT INTO identity.credentials VALUES (p_account, p_hash, p_now, p_until)
    ON CONFLICT (account_id) DO UPDATE
       SET hash = excluded.hash, changed_at = excluded.changed_at, temporary_until = excluded.temporary_until;
    UPDATE identity.sessions s SET revoked_at = p_now WHERE s.account_id = p_account AND s.revoked_at IS NULL;
    UPDATE identity.tokens t SET revoked_at = p_now WHERE t.account_id = p_account AND t.revoked_at IS NULL AND t.expires_at > p_now;
    GET DIAGNOSTICS tokens = ROW_COUNT;
END $$;
-- +goose StatementEnd
-- Disables (p_at) or enables (NULL). Whom the portfolio disabled, only the portfolio enables: 'portfolio'.
-- +goose StatementBegin
CREATE FUNCTION identity.account_disable(p_account uuid, p_at timestamptz, p_today date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    v_may text := identity.administers(p_account, p_today);
    v_all boolean := identity.sees_all();
    a identity.accounts;
BEGIN
    IF v_may <> 'ok' THEN RETURN v_may; END IF;
    SELECT * INTO a FROM identity.accounts b WHERE b.id = p_account FOR UPDATE;
    IF p_at IS NULL AND a.disabled_by_portfolio AND NOT v_all THEN RETURN 'portfolio'; END IF;
    -- The portfolio may make what an estate disabled its own.
    IF (a.disabled_at IS NULL) = (p_at IS NULL) AND NOT (p_at IS NOT NULL AND v_all AND NOT a.disabled_by_portfolio) THEN
        RETURN 'unchanged';
    END IF;
    UPDATE identity.accounts b
       SET disabled_at = CASE WHEN p_at IS NOT NULL THEN coalesce(b.disabled_at, p_at) END,
           disabled_by_portfolio = p_at IS NOT NULL AND v_all
     WHERE b.id = p_account;
    UPDATE identity.sessions s SET revoked_at = p_at
     WHERE s.account_id = p_account AND s.revoked_at IS NULL AND p_at IS NOT NULL;
    RETURN 'ok';
END $$;
-- +goose StatementEnd
-- Ends what an account holds (staff who leave), in one estate if one is named. Grants outside the viewer's
-- estates, and audits, stay for who manages those, and are counted. Sessions and tokens end with the last
-- grant; before, they go on, for the grants are read again on each request. Nothing is ended unless may is
-- 'ok', 'elsewhere' or 'former' (of whom nothing but sessions and tokens can be left).
-- +goose StatementBegin
CREATE FUNCTION identity.account_end(p_account uuid, p_by uuid, p_at timestamptz, p_today date, p_estate uuid,
    OUT may text, OUT grants integer, OUT sessions integer, OUT tokens integer, OUT elsewhere integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE s record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('account ' || p_account::text, 0)); -- or a role given meanwhile is missed
    may := identity.administers(p_account, p_today);
    IF may NOT IN ('ok', 'elsewhere', 'former') THEN RETURN; END IF;
    UPDATE identity.grants g SET revoked_at = p_at, revoked_by = p_by
     WHERE g.account_id = p_account AND g.revoked_at IS NULL AND (g.valid_until IS NULL OR g.valid_until >= p_today)
       AND (p_estate IS NULL OR g.estate_id = p_estate)
       AND (identity.sees_all() OR g.estate_id = ANY (identity.viewer_estates()) AND g.role NOT IN ('auditor', 'general-manager'));
    GET DIAGNOSTICS grants = ROW_COUNT;
    sessions := 0;
    tokens := 0;
    SELECT * INTO s FROM identity.standing(p_account, p_today);
    elsewhere := s.here + s.elsewhere;
    IF elsewhere > 0 THEN RETURN; END IF;
    UPDATE identity.sessions t SET revoked_at = p_at
     WHERE t.account_id = p_account AND t.revoked_at IS NULL AND t.expires_at > p_at;
    GET DIAGNOSTICS sessions = ROW_COUNT;
    UPDATE identity.tokens t SET revoked_at = p_at
     WHERE t.account_id = p_account AND t.revoked_at IS NULL AND t.expires_at > p_at;
    GET DIAGNOSTICS tokens = ROW_COUNT;
END $$;
-- +goose StatementEnd
-- Ends a token: the viewer's own, or that of an account which the viewer may administer. Tells whose it was unless
-- it had ended before.
-- +goose StatementBegin
CREATE FUNCTION identity.token_revoke(p_token uuid, p_at timestamptz, p_today date, OUT may text, OUT account_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE v_account uuid;
BEGIN
    SELECT t.account_id INTO v_account FROM identity.tokens t WHERE t.id = p_token;
    may := CASE WHEN v_account = identity.viewer() THEN 'ok' ELSE identity.administers(v_account, p_today) END;
    IF may <> 'ok' THEN RETURN; END IF;
    UPDATE identity.tokens t SET revoked_at = p_at WHERE t.id = p_token AND t.revoked_at IS NULL;
    IF FOUND THEN account_id := v_account; END IF;
END $$;
-- +goose StatementEnd
-- The tokens of an account for who may end them; never their hashes.
-- +goose StatementBegin
CREATE FUNCTION identity.tokens_of(p_account uuid, p_today date)
RETURNS TABLE (id uuid, account_id uuid, name text, role text, estates uuid[], created_at timestamptz, expires_at timestamptz,
    last_used_at timestamptz, revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT t.id, t.account_id, t.name, t.role, t.estates, t.created_at, t.expires_at, t.last_used_at, t.revoked_at
      FROM identity.tokens t
     WHERE t.account_id = p_account AND identity.administers(p_account, p_today) IN ('ok', 'own')
     ORDER BY t.created_at DESC, t.id DESC LIMIT 200
$$;
-- +goose StatementEnd

-- The same for servers that do not name the day yet.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION identity.administers(p_account uuid) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT identity.administers(p_account, (now() AT TIME ZONE 'UTC')::date)
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION identity.password_reset(p_account uuid, p_hash text, p_until timestamptz, p_now timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    RETURN (SELECT r.may FROM identity.password_reset(p_account, p_hash, p_until, p_now, (p_now AT TIME ZONE 'UTC')::date) r);
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION identity.account_disable(p_account uuid, p_at timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    RETURN identity.account_disable(p_account, p_at, (coalesce(p_at, now()) AT TIME ZONE 'UTC')::date);
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION identity.account_end(p_account uuid, p_by uuid, p_at timestamptz,
    OUT may text, OUT grants integer, OUT sessions integer, OUT tokens integer, OUT elsewhere integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    SELECT * INTO may, grants, sessions, tokens, elsewhere
      FROM identity.account_end(p_account, p_by, p_at, (p_at AT TIME ZONE 'UTC')::date, NULL);
    -- These servers read no refusal here but 'missing'.
    IF grants IS NULL THEN grants := 0; sessions := 0; tokens := 0; elsewhere := 0; END IF;
END $$;
-- +goose StatementEnd

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA identity FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    identity.standing(uuid, date), identity.administers(uuid, date),
    identity.password_reset(uuid, text, timestamptz, timestamptz, date), identity.account_disable(uuid, timestamptz, date),
    identity.account_end(uuid, uuid, timestamptz, date, uuid), identity.token_revoke(uuid, timestamptz, date),
    identity.tokens_of(uuid, date)
TO steward_app;
