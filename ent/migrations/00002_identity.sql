-- Who is asking: accounts, credentials, sessions, API tokens, grants, inbox, idempotency keys.
--
-- steward_app never reads a secret: password hashes and token hashes are written and compared by
-- SECURITY DEFINER functions, and no function hands one out. The tables behind those functions have
-- row-level security without FORCE, so that their owner (the functions) sees all rows and steward_app
-- does not; inbox and idempotency, which no look-up needs, are under FORCE.
--
-- Settings read (transaction-local): app.account_id ('' nobody, a uuid, '*' the job runner) and
-- app.estate_ids ('' none, '{uuid,…}', '*' the whole portfolio).

-- +goose Up
CREATE SCHEMA identity;
GRANT USAGE ON SCHEMA identity TO steward_app;

CREATE TABLE identity.accounts (
    id          uuid PRIMARY KEY,
    email       text NOT NULL,
    email_key   text COLLATE "C" NOT NULL UNIQUE, -- NFKC, lower case: what makes two addresses the same
    name        text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('staff', 'resident', 'service')),
    locale      text NOT NULL DEFAULT 'zh',
    created_at  timestamptz NOT NULL,
    disabled_at timestamptz
);

CREATE TABLE identity.credentials (
    account_id      uuid PRIMARY KEY REFERENCES identity.accounts ON DELETE RESTRICT,
    hash            text NOT NULL CHECK (hash LIKE '$argon2id$%'),
    changed_at      timestamptz NOT NULL,
    temporary_until timestamptz               -- a password somebody else set: dies then, must be changed before
);

CREATE TABLE identity.sessions (
    id           uuid PRIMARY KEY,
    account_id   uuid NOT NULL REFERENCES identity.accounts ON DELETE RESTRICT,
    token_hash   bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,         -- absolute; the idle limit runs from last_seen_at
    last_seen_at timestamptz NOT NULL,
    address      text NOT NULL,
    user_agent   text NOT NULL,
    revoked_at   timestamptz
);
CREATE INDEX sessions_account ON identity.sessions (account_id, created_at DESC);
CREATE INDEX sessions_expiry ON identity.sessions (expires_at);

CREATE TABLE identity.tokens (
    id           uuid PRIMARY KEY,
    account_id   uuid NOT NULL REFERENCES identity.accounts ON DELETE RESTRICT,
    name         text NOT NULL,
    token_hash   bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    role         text NOT NULL,
    estates      uuid[] CHECK (cardinality(estates) > 0),  -- NULL: wherever the owner holds the role
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL CHECK (expires_at <= created_at + interval '366 days'),
    last_used_at timestamptz,
    revoked_at   timestamptz
);
CREATE INDEX tokens_account ON identity.tokens (account_id, created_at DESC);

CREATE TABLE identity.grants (
    id            uuid PRIMARY KEY,
    account_id    uuid NOT NULL REFERENCES identity.accounts ON DELETE RESTRICT,
    role          text NOT NULL,
    estate_id     uuid,                        -- NULL: the whole portfolio
    department_id uuid,
    household_id  uuid,                        -- residents
    valid_from    date NOT NULL,
    valid_until   date,                        -- the last day; NULL: open
    granted_by    uuid REFERENCES identity.accounts ON DELETE RESTRICT,
    created_at    timestamptz NOT NULL,
    revoked_at    timestamptz,
    revoked_by    uuid REFERENCES identity.accounts ON DELETE RESTRICT,
    CHECK (valid_until >= valid_from),
    CHECK (estate_id IS NOT NULL OR (department_id IS NULL AND household_id IS NULL))
);
CREATE INDEX grants_account ON identity.grants (account_id) WHERE revoked_at IS NULL;
CREATE INDEX grants_history ON identity.grants (account_id, created_at, id);
CREATE INDEX grants_estate ON identity.grants (estate_id, account_id);

-- Sign-in failures by account (a hash: people type passwords into the wrong box) and address.
-- The empty subject counts an address over all accounts.
CREATE TABLE identity.sign_in_attempts (
    subject       bytea NOT NULL,
    address       text NOT NULL,
    failures      integer NOT NULL CHECK (failures >= 0),
    last_at       timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL,
    PRIMARY KEY (subject, address)
);
CREATE INDEX sign_in_attempts_age ON identity.sign_in_attempts (last_at);

CREATE TABLE identity.inbox (
    id         uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts ON DELETE RESTRICT,
    estate_id  uuid,
    kind       text NOT NULL,
    subject_id uuid,
    title_zh   text NOT NULL,
    title_en   text NOT NULL,
    body_zh    text NOT NULL,
    body_en    text NOT NULL,
    created_at timestamptz NOT NULL,
    read_at    timestamptz,
    is_read    boolean NOT NULL GENERATED ALWAYS AS (read_at IS NOT NULL) STORED
);
CREATE INDEX inbox_newest ON identity.inbox (account_id, created_at DESC, id DESC);
CREATE INDEX inbox_unread_first ON identity.inbox (account_id, is_read, created_at DESC, id DESC);

CREATE TABLE identity.idempotency (
    account_id   uuid NOT NULL REFERENCES identity.accounts ON DELETE RESTRICT,
    key          text NOT NULL CHECK (key <> ''),
    path         text NOT NULL,
    request_hmac bytea NOT NULL,
    result       jsonb,                        -- NULL only inside the transaction that is at work
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (account_id, key, path)
);
CREATE INDEX idempotency_age ON identity.idempotency (created_at);

-- Who the settings say is asking. After a transaction-local set a reused connection reads '', not NULL.

-- +goose StatementBegin
CREATE FUNCTION identity.viewer() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE SET search_path = '' AS $$
    SELECT nullif(nullif(current_setting('app.account_id', true), ''), '*')::uuid
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION identity.is_system() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE SET search_path = '' AS $$
    SELECT coalesce(current_setting('app.account_id', true), '') = '*'
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION identity.sees_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE SET search_path = '' AS $$
    SELECT identity.is_system()
        OR (identity.viewer() IS NOT NULL AND coalesce(current_setting('app.estate_ids', true), '') = '*')
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION identity.viewer_estates() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE SET search_path = '' AS $$
    SELECT CASE WHEN identity.viewer() IS NOT NULL
           THEN nullif(nullif(current_setting('app.estate_ids', true), ''), '*')::uuid[] END
$$;
-- +goose StatementEnd
-- Accounts that hold or held a role in the viewer's estates. Definer: the policy of accounts calls
-- it, and must not depend on what the policy of grants shows.
-- +goose StatementBegin
CREATE FUNCTION identity.members() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT g.account_id FROM identity.grants g WHERE g.estate_id = ANY (identity.viewer_estates())
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION identity.sees(p_account uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT coalesce(identity.sees_all() OR p_account = identity.viewer() OR EXISTS (
        SELECT FROM identity.grants g
        WHERE g.account_id = p_account AND g.estate_id = ANY (identity.viewer_estates())), false)
$$;
-- +goose StatementEnd
-- What may be done to another's account: 'ok', 'missing' (not seen), or 'elsewhere': it holds grants
-- outside the viewer's estates. Without the last, a project manager who resets the password of a
-- colleague with a second estate could walk into that estate as the colleague.
-- +goose StatementBegin
CREATE FUNCTION identity.administers(p_account uuid) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM identity.accounts a WHERE a.id = p_account) THEN 'missing'
        WHEN identity.sees_all() THEN 'ok'
        WHEN NOT identity.sees(p_account) THEN 'missing'
        WHEN EXISTS (SELECT FROM identity.grants g
                     WHERE g.account_id = p_account AND g.revoked_at IS NULL
                       AND (g.estate_id = ANY (identity.viewer_estates())) IS NOT TRUE) THEN 'elsewhere'
        ELSE 'ok' END
$$;
-- +goose StatementEnd

-- Row-level security. Inserts into accounts, credentials and sessions go through functions only.

ALTER TABLE identity.accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.credentials ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.sign_in_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.inbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.inbox FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.idempotency FORCE ROW LEVEL SECURITY;

-- The cheap tests come first, and members() is hashed once a statement, only when they fail.
CREATE POLICY seen ON identity.accounts TO steward_app
    USING ((SELECT identity.sees_all()) OR id = (SELECT identity.viewer()) OR id IN (SELECT identity.members()));
CREATE POLICY own ON identity.sessions TO steward_app
    USING (account_id = (SELECT identity.viewer()));
CREATE POLICY seen ON identity.tokens FOR SELECT TO steward_app
    USING ((SELECT identity.sees_all()) OR account_id = (SELECT identity.viewer()));
CREATE POLICY own_new ON identity.tokens FOR INSERT TO steward_app
    WITH CHECK (account_id = (SELECT identity.viewer()));
CREATE POLICY revoked ON identity.tokens FOR UPDATE TO steward_app
    USING ((SELECT identity.sees_all()) OR account_id = (SELECT identity.viewer()));
CREATE POLICY seen ON identity.grants FOR SELECT TO steward_app
    USING ((SELECT identity.sees_all()) OR account_id = (SELECT identity.viewer())
        OR array_position((SELECT identity.viewer_estates()), estate_id) IS NOT NULL);
-- A grant is given and taken inside the viewer's estates; one for the portfolio only by the portfolio.
CREATE POLICY given ON identity.grants FOR INSERT TO steward_app
    WITH CHECK ((SELECT identity.sees_all()) OR array_position((SELECT identity.viewer_estates()), estate_id) IS NOT NULL);
CREATE POLICY taken ON identity.grants FOR UPDATE TO steward_app
    USING ((SELECT identity.sees_all()) OR array_position((SELECT identity.viewer_estates()), estate_id) IS NOT NULL);

CREATE POLICY own ON identity.inbox
    USING ((SELECT identity.is_system()) OR account_id = (SELECT identity.viewer()));
-- An act tells somebody else (K2.3: the leader): anyone known may post to anyone, and read only the own.
CREATE POLICY posted ON identity.inbox FOR INSERT
    WITH CHECK ((SELECT identity.is_system()) OR (SELECT identity.viewer()) IS NOT NULL);
CREATE POLICY own ON identity.idempotency
    USING ((SELECT identity.is_system()) OR account_id = (SELECT identity.viewer()));

GRANT SELECT, UPDATE (name, locale) ON identity.accounts TO steward_app;
GRANT SELECT (id, account_id, created_at, expires_at, last_seen_at, address, user_agent, revoked_at),
      UPDATE (revoked_at) ON identity.sessions TO steward_app;
GRANT SELECT (id, account_id, name, role, estates, created_at, expires_at, last_used_at, revoked_at),
      INSERT (id, account_id, name, token_hash, role, estates, created_at, expires_at),
      UPDATE (revoked_at) ON identity.tokens TO steward_app;
GRANT SELECT, INSERT, UPDATE (revoked_at, revoked_by) ON identity.grants TO steward_app;
GRANT SELECT, INSERT, UPDATE (read_at) ON identity.inbox TO steward_app;
GRANT SELECT, INSERT, UPDATE (request_hmac, result, created_at) ON identity.idempotency TO steward_app;

-- Back-off.

-- What a counter looks like after one more failure: failures leak away, one each p_leak; from the
-- p_free-th on each doubles the delay, up to p_max.
-- +goose StatementBegin
CREATE FUNCTION identity.attempt_count(p_subject bytea, p_address text, p_now timestamptz,
    p_free integer, p_first interval, p_max interval, p_leak interval) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE n integer;
BEGIN
    SELECT 1 + greatest(0, a.failures - least(a.failures, floor(extract(epoch FROM greatest(p_now - a.last_at, '0'))
           / extract(epoch FROM p_leak))))
      INTO n FROM identity.sign_in_attempts a WHERE a.subject = p_subject AND a.address = p_address;
    UPDATE identity.sign_in_attempts a
       SET failures = n, last_at = p_now,
           blocked_until = CASE WHEN n < p_free THEN '-infinity'
                           ELSE p_now + least(p_max, p_first * power(2, least(n - p_free, 30))) END
     WHERE a.subject = p_subject AND a.address = p_address;
END $$;
-- +goose StatementEnd
-- Locks a counter, making it if need be, and tells until when it is blocked.
-- +goose StatementBegin
CREATE FUNCTION identity.attempt_lock(p_subject bytea, p_address text, p_now timestamptz) RETURNS timestamptz
LANGUAGE sql SET search_path = '' AS $$
    INSERT INTO identity.sign_in_attempts AS a VALUES (p_subject, p_address, 0, p_now, '-infinity')
    ON CONFLICT (subject, address) DO UPDATE SET failures = a.failures
    RETURNING a.blocked_until
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION identity.attempt_subject(p_email_key text, p_account uuid) RETURNS bytea
LANGUAGE sql STABLE SET search_path = '' AS $$
    SELECT sha256(convert_to(coalesce(
        p_email_key,
        (SELECT a.email_key FROM identity.accounts a WHERE a.id = p_account),
        p_account::text), 'UTF8'))
$$;
-- +goose StatementEnd
-- Opens an attempt for an address by e-mail key or account id. It is counted as a failure before the
-- password is looked at and given back on success: so any number of guesses in parallel count exactly.
-- Answers either blocked_until, or the hash's parameters and salt (never the hash), which are NULL
-- for an account that is unknown, disabled or without a live password.
-- +goose StatementBegin
CREATE FUNCTION identity.attempt_begin(p_email_key text, p_account uuid, p_address text, p_now timestamptz,
    p_free integer, p_first interval, p_max interval, p_leak interval,
    p_address_free integer, p_address_first interval, p_address_max interval, p_address_leak interval,
    OUT blocked_until timestamptz, OUT account_id uuid, OUT salt text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE v_subject bytea := identity.attempt_subject(p_email_key, p_account);
BEGIN
    -- The address first: a blocked one makes no further rows. Everybody locks in this order.
    blocked_until := identity.attempt_lock('', p_address, p_now);
    IF blocked_until > p_now THEN RETURN; END IF;
    blocked_until := identity.attempt_lock(v_subject, p_address, p_now);
    IF blocked_until > p_now THEN RETURN; END IF;
    blocked_until := NULL;
    PERFORM identity.attempt_count('', p_address, p_now, p_address_free, p_address_first, p_address_max, p_address_leak);
    PERFORM identity.attempt_count(v_subject, p_address, p_now, p_free, p_first, p_max, p_leak);
    SELECT a.id, regexp_replace(c.hash, '\$[^$]*$', '') INTO account_id, salt
      FROM identity.accounts a JOIN identity.credentials c ON c.account_id = a.id
     WHERE (a.email_key = p_email_key OR a.id = p_account) AND a.disabled_at IS NULL
       AND (c.temporary_until IS NULL OR c.temporary_until > p_now);
END $$;
-- +goose StatementEnd
-- Gives an attempt back that never came to a hash: the machine was too busy.
-- +goose StatementBegin
CREATE FUNCTION identity.attempt_release(p_email_key text, p_account uuid, p_address text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    WITH address_first AS (SELECT a.subject, a.address FROM identity.sign_in_attempts a
        WHERE a.address = p_address AND a.subject IN ('', identity.attempt_subject(p_email_key, p_account))
        ORDER BY a.subject FOR UPDATE)
    UPDATE identity.sign_in_attempts a SET failures = greatest(a.failures - 1, 0), blocked_until = '-infinity'
      FROM address_first f WHERE a.subject = f.subject AND a.address = f.address
$$;
-- +goose StatementEnd
-- Compares the hash that was made of a password: 'right', 'wrong', or 'stale' when the salt it was made with
-- was replaced meanwhile. When right, the failures from the address are forgotten. The address's own count
-- only gets this one attempt back, or a guesser could clear it by signing in as himself.
-- +goose StatementBegin
CREATE FUNCTION identity.attempt_settle(p_account uuid, p_address text, p_hash text, p_now timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE v_hash text;
BEGIN
    SELECT c.hash INTO v_hash FROM identity.accounts a JOIN identity.credentials c ON c.account_id = a.id
     WHERE a.id = p_account AND a.disabled_at IS NULL AND (c.temporary_until IS NULL OR c.temporary_until > p_now);
    IF v_hash IS NULL THEN RETURN 'wrong'; END IF;
    IF regexp_replace(v_hash, '\$[^$]*$', '') <> regexp_replace(p_hash, '\$[^$]*$', '') THEN RETURN 'stale'; END IF;
    IF v_hash <> p_hash THEN RETURN 'wrong'; END IF;
    PERFORM identity.attempt_release(NULL, p_account, p_address);
    UPDATE identity.sign_in_attempts a SET failures = 0
     WHERE a.subject = identity.attempt_subject(NULL, p_account) AND a.address = p_address;
    RETURN 'right';
END $$;
-- +goose StatementEnd

-- Passwords. Who presents the stored hash has computed it from the password.

-- +goose StatementBegin
CREATE FUNCTION identity.password_rehash(p_account uuid, p_old text, p_new text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    UPDATE identity.credentials c SET hash = p_new WHERE c.account_id = p_account AND c.hash = p_old RETURNING true
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION identity.password_change(p_account uuid, p_old text, p_new text, p_keep uuid, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE identity.credentials c SET hash = p_new, changed_at = p_now, temporary_until = NULL
     WHERE c.account_id = p_account AND c.hash = p_old;
    IF NOT FOUND THEN RETURN false; END IF;
    UPDATE identity.sessions s SET revoked_at = p_now
     WHERE s.account_id = p_account AND s.revoked_at IS NULL AND s.id IS DISTINCT FROM p_keep;
    RETURN true;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION identity.password_reset(p_account uuid, p_hash text, p_until timestamptz, p_now timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE v_may text := identity.administers(p_account);
BEGIN
    IF v_may <> 'ok' THEN RETURN v_may; END IF;
    INSERT INTO identity.credentials VALUES (p_account, p_hash, p_now, p_until)
    ON CONFLICT (account_id) DO UPDATE
       SET hash = excluded.hash, changed_at = excluded.changed_at, temporary_until = excluded.temporary_until;
    UPDATE identity.sessions s SET revoked_at = p_now WHERE s.account_id = p_account AND s.revoked_at IS NULL;
    RETURN 'ok';
END $$;
-- +goose StatementEnd

-- Accounts.

-- False: the e-mail address is taken (told without an error, which would end the transaction).
-- +goose StatementBegin
CREATE FUNCTION identity.account_create(p_id uuid, p_email text, p_email_key text, p_name text, p_kind text,
    p_locale text, p_hash text, p_temporary_until timestamptz, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF identity.viewer() IS NULL AND NOT identity.is_system() THEN
        RAISE insufficient_privilege USING MESSAGE = 'an account is created by somebody: app.account_id is not set';
    END IF;
    INSERT INTO identity.accounts (id, email, email_key, name, kind, locale, created_at)
    VALUES (p_id, p_email, p_email_key, p_name, p_kind, p_locale, p_now) ON CONFLICT (email_key) DO NOTHING;
    IF NOT FOUND THEN RETURN false; END IF;
    IF p_hash IS NOT NULL THEN
        INSERT INTO identity.credentials VALUES (p_id, p_hash, p_now, p_temporary_until);
    END IF;
    RETURN true;
END $$;
-- +goose StatementEnd
-- Disables (p_at) or enables (NULL). Sessions end with it, or enabling would revive them.
-- +goose StatementBegin
CREATE FUNCTION identity.account_disable(p_account uuid, p_at timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE v_may text := identity.administers(p_account);
BEGIN
    IF v_may <> 'ok' THEN RETURN v_may; END IF;
    UPDATE identity.accounts a SET disabled_at = p_at
     WHERE a.id = p_account AND (a.disabled_at IS NULL) = (p_at IS NOT NULL);
    IF NOT FOUND THEN RETURN 'unchanged'; END IF;
    UPDATE identity.sessions s SET revoked_at = p_at
     WHERE s.account_id = p_account AND s.revoked_at IS NULL AND p_at IS NOT NULL;
    RETURN 'ok';
END $$;
-- +goose StatementEnd
-- Ends an account's grants, sessions and tokens at once (staff who leave). Grants outside the
-- viewer's estates are another employer's to end: they stay and are counted. No row: not seen.
-- +goose StatementBegin
CREATE FUNCTION identity.account_end(p_account uuid, p_by uuid, p_at timestamptz,
    OUT may text, OUT grants integer, OUT sessions integer, OUT tokens integer, OUT elsewhere integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    may := identity.administers(p_account);
    IF may = 'missing' THEN RETURN; END IF;
    UPDATE identity.grants g SET revoked_at = p_at, revoked_by = p_by
     WHERE g.account_id = p_account AND g.revoked_at IS NULL
       AND (may = 'ok' OR g.estate_id = ANY (identity.viewer_estates()));
    GET DIAGNOSTICS grants = ROW_COUNT;
    UPDATE identity.sessions s SET revoked_at = p_at
     WHERE s.account_id = p_account AND s.revoked_at IS NULL AND s.expires_at > p_at;
    GET DIAGNOSTICS sessions = ROW_COUNT;
    UPDATE identity.tokens t SET revoked_at = p_at
     WHERE t.account_id = p_account AND t.revoked_at IS NULL AND t.expires_at > p_at;
    GET DIAGNOSTICS tokens = ROW_COUNT;
    SELECT count(*) INTO elsewhere FROM identity.grants g WHERE g.account_id = p_account AND g.revoked_at IS NULL;
END $$;
-- +goose StatementEnd

-- Sessions.

-- +goose StatementBegin
CREATE FUNCTION identity.session_open(p_account uuid, p_hash text, p_id uuid, p_token_hash bytea,
    p_now timestamptz, p_expires timestamptz, p_address text, p_user_agent text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    INSERT INTO identity.sessions (id, account_id, token_hash, created_at, expires_at, last_seen_at, address, user_agent)
    SELECT p_id, a.id, p_token_hash, p_now, p_expires, p_now, p_address, p_user_agent
      FROM identity.accounts a JOIN identity.credentials c ON c.account_id = a.id
     WHERE a.id = p_account AND a.disabled_at IS NULL AND c.hash = p_hash
       AND (c.temporary_until IS NULL OR c.temporary_until > p_now)
    RETURNING true
$$;
-- +goose StatementEnd
-- Who holds a bearer token: the account, and the grants that are valid on p_today. No row: nobody.
-- When it was last seen is written once per p_touch, and never waited for.
-- +goose StatementBegin
CREATE FUNCTION identity.authenticate(p_token_hash bytea, p_now timestamptz, p_today date, p_idle interval, p_touch interval)
RETURNS TABLE (account_id uuid, email text, name text, kind text, locale text, temporary boolean,
    session_id uuid, token_id uuid, token_role text, token_estates uuid[], expires_at timestamptz, held jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
    v_account uuid;
    v_seen timestamptz;
BEGIN
    SELECT s.account_id, s.id, least(s.expires_at, s.last_seen_at + p_idle), s.last_seen_at
      INTO v_account, session_id, expires_at, v_seen
      FROM identity.sessions s WHERE s.token_hash = p_token_hash AND s.revoked_at IS NULL;
    IF session_id IS NULL THEN
        SELECT t.account_id, t.id, t.role, t.estates, t.expires_at, coalesce(t.last_used_at, '-infinity')
          INTO v_account, token_id, token_role, token_estates, expires_at, v_seen
          FROM identity.tokens t WHERE t.token_hash = p_token_hash AND t.revoked_at IS NULL;
    END IF;
    IF v_account IS NULL OR expires_at <= p_now THEN RETURN; END IF;

    SELECT a.email, a.name, a.kind, a.locale, c.temporary_until IS NOT NULL
      INTO email, name, kind, locale, temporary
      FROM identity.accounts a LEFT JOIN identity.credentials c ON c.account_id = a.id
     WHERE a.id = v_account AND a.disabled_at IS NULL;
    IF NOT FOUND THEN RETURN; END IF;

    SELECT coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'role', g.role, 'estate', g.estate_id,
               'department', g.department_id, 'household', g.household_id,
               'from', g.valid_from, 'until', g.valid_until) ORDER BY g.created_at, g.id), '[]')
      INTO held
      FROM identity.grants g
     WHERE g.account_id = v_account AND g.revoked_at IS NULL
       AND g.valid_from <= p_today AND (g.valid_until IS NULL OR g.valid_until >= p_today);

    IF v_seen <= p_now - p_touch THEN
        UPDATE identity.sessions s SET last_seen_at = p_now WHERE s.id =
            (SELECT l.id FROM identity.sessions l WHERE l.id = session_id AND l.last_seen_at < p_now FOR UPDATE SKIP LOCKED);
        UPDATE identity.tokens t SET last_used_at = p_now WHERE t.id =
            (SELECT l.id FROM identity.tokens l WHERE l.id = token_id FOR UPDATE SKIP LOCKED);
        IF session_id IS NOT NULL THEN
            SELECT least(s.expires_at, s.last_seen_at + p_idle) INTO expires_at FROM identity.sessions s WHERE s.id = session_id;
        END IF;
    END IF;
    account_id := v_account;
    RETURN NEXT;
END $$;
-- +goose StatementEnd

-- Clean-up. It lends itself app.account_id = '*', since idempotency is under FORCE for its owner too (a
-- SET clause of the function would need a superuser).
-- +goose StatementBegin
CREATE FUNCTION identity.prune(p_sessions timestamptz, p_attempts timestamptz, p_idempotency timestamptz,
    OUT sessions bigint, OUT attempts bigint, OUT idempotency bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE v_before text := coalesce(current_setting('app.account_id', true), '');
BEGIN
    PERFORM set_config('app.account_id', '*', true);
    DELETE FROM identity.sessions s WHERE s.expires_at < p_sessions;
    GET DIAGNOSTICS sessions = ROW_COUNT;
    DELETE FROM identity.sign_in_attempts a WHERE a.last_at < p_attempts;
    GET DIAGNOSTICS attempts = ROW_COUNT;
    DELETE FROM identity.idempotency i WHERE i.created_at < p_idempotency;
    GET DIAGNOSTICS idempotency = ROW_COUNT;
    PERFORM set_config('app.account_id', v_before, true);
END $$;
-- +goose StatementEnd

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA identity FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    identity.viewer, identity.is_system, identity.sees_all, identity.viewer_estates, identity.members,
    identity.sees, identity.administers,
    identity.attempt_begin, identity.attempt_release, identity.attempt_settle,
    identity.password_rehash, identity.password_change, identity.password_reset,
    identity.account_create, identity.account_disable, identity.account_end,
    identity.session_open, identity.authenticate, identity.prune
TO steward_app;
