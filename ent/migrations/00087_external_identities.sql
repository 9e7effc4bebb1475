-- An organisation's own sign-in (OpenID Connect): which subject of which issuer an account is, the sign-ins under way, and the grants
-- that an issuer's claims gave. What an issuer says is verified by the program, which alone is told so: unlike a password, the
-- database cannot prove it. All three tables are behind functions, as the other secrets of this schema are.

-- +goose Up
CREATE TABLE identity.external_identities (
    issuer       text NOT NULL CHECK (issuer <> ''),
    subject      text NOT NULL CHECK (subject <> '' AND length(subject) <= 255),
    account_id   uuid NOT NULL REFERENCES identity.accounts ON DELETE RESTRICT,
    connected_at timestamptz NOT NULL,
    used_at      timestamptz,
    PRIMARY KEY (issuer, subject),
    UNIQUE (account_id, issuer)               -- one person of an issuer is one account, and the other way round
);

-- A sign-in under way, from when the browser leaves for the issuer until it is back. The browser keeps the secret; here are digests.
CREATE TABLE identity.sign_ons (
    state_hash bytea PRIMARY KEY CHECK (length(state_hash) = 32),
    kept_hash  bytea NOT NULL CHECK (length(kept_hash) = 32),
    account_id uuid REFERENCES identity.accounts ON DELETE RESTRICT, -- who connects the account; NULL: signs in
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_ons_age ON identity.sign_ons (expires_at);

-- Grants that follow an issuer's claims end when the claims do; those that people gave do not.
CREATE TABLE identity.external_grants (
    grant_id uuid PRIMARY KEY REFERENCES identity.grants ON DELETE RESTRICT,
    issuer   text NOT NULL CHECK (issuer <> '')
);

-- Where a session's person signed in, which is where they sign out, too; NULL: here, with a password.
ALTER TABLE identity.sessions ADD COLUMN issuer text;
GRANT SELECT (issuer) ON identity.sessions TO steward_app;

ALTER TABLE identity.external_identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.sign_ons ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.external_grants ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON identity.external_identities FOR SELECT TO steward_app USING (account_id = (SELECT identity.viewer()));
GRANT SELECT (issuer, account_id, connected_at, used_at) ON identity.external_identities TO steward_app;
CREATE POLICY system ON identity.external_grants TO steward_app USING ((SELECT identity.is_system()));
GRANT SELECT, INSERT ON identity.external_grants TO steward_app;

-- +goose StatementBegin
CREATE FUNCTION identity.sign_on_begin(p_state bytea, p_kept bytea, p_account uuid, p_now timestamptz, p_expires timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF p_account IS DISTINCT FROM NULL AND p_account IS DISTINCT FROM identity.viewer() THEN
        RAISE insufficient_privilege USING MESSAGE = 'nobody connects the account of another';
    END IF;
    DELETE FROM identity.sign_ons s WHERE s.state_hash IN
        (SELECT o.state_hash FROM identity.sign_ons o WHERE o.expires_at <= p_now ORDER BY o.expires_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    INSERT INTO identity.sign_ons VALUES (p_state, p_kept, p_account, p_expires);
END $$;
-- Takes a sign-in that is back, once, from the browser that began it. No row: there is none, or it is over.
CREATE FUNCTION identity.sign_on_take(p_state bytea, p_kept bytea, p_now timestamptz) RETURNS TABLE (account uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    DELETE FROM identity.sign_ons s WHERE s.state_hash = p_state AND s.kept_hash = p_kept AND s.expires_at > p_now RETURNING s.account_id
$$;
CREATE FUNCTION identity.external_find(p_issuer text, p_subject text) RETURNS TABLE (account uuid, disabled boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT a.id, a.disabled_at IS NOT NULL FROM identity.external_identities e JOIN identity.accounts a ON a.id = e.account_id
     WHERE e.issuer = p_issuer AND e.subject = p_subject
$$;
-- ok; other: the subject is another account; already: the account is another subject.
CREATE FUNCTION identity.external_connect(p_issuer text, p_subject text, p_account uuid, p_now timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF p_account IS DISTINCT FROM identity.viewer() AND NOT identity.is_system() THEN
        RAISE insufficient_privilege USING MESSAGE = 'nobody connects the account of another';
    END IF;
    INSERT INTO identity.external_identities (issuer, subject, account_id, connected_at) VALUES (p_issuer, p_subject, p_account, p_now)
    ON CONFLICT DO NOTHING;
    RETURN CASE
        WHEN EXISTS (SELECT FROM identity.external_identities e WHERE e.issuer = p_issuer AND e.subject = p_subject AND e.account_id = p_account) THEN 'ok'
        WHEN EXISTS (SELECT FROM identity.external_identities e WHERE e.issuer = p_issuer AND e.subject = p_subject) THEN 'other'
        ELSE 'already' END;
END $$;
-- The sessions that it opened end with it.
CREATE FUNCTION identity.external_disconnect(p_issuer text, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE gone boolean;
BEGIN
    DELETE FROM identity.external_identities e WHERE e.issuer = p_issuer AND e.account_id = identity.viewer();
    gone := FOUND;
    UPDATE identity.sessions s SET revoked_at = p_now WHERE gone AND s.account_id = identity.viewer() AND s.issuer = p_issuer AND s.revoked_at IS NULL;
    RETURN gone;
END $$;
CREATE FUNCTION identity.external_session(p_issuer text, p_subject text, p_id uuid, p_token_hash bytea,
    p_now timestamptz, p_expires timestamptz, p_address text, p_user_agent text) RETURNS uuid
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    WITH used AS (UPDATE identity.external_identities e SET used_at = p_now FROM identity.accounts a
        WHERE e.issuer = p_issuer AND e.subject = p_subject AND a.id = e.account_id AND a.disabled_at IS NULL RETURNING e.account_id)
    INSERT INTO identity.sessions (id, account_id, token_hash, created_at, expires_at, last_seen_at, address, user_agent, issuer)
    SELECT p_id, u.account_id, p_token_hash, p_now, p_expires, p_now, p_address, p_user_agent, p_issuer FROM used u
    RETURNING account_id
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION identity.sign_on_begin, identity.sign_on_take, identity.external_find, identity.external_connect,
    identity.external_disconnect, identity.external_session FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.sign_on_begin, identity.sign_on_take, identity.external_find, identity.external_connect,
    identity.external_disconnect, identity.external_session TO steward_app;
