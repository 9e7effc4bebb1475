-- Links to files (A5, A6): who opens one is who holds the session or the token that it was given to, while that is alive.

-- +goose Up

-- Who holds a session or a token, as identity.authenticate answers of its secret. That it is used so is no use that is noted.
CREATE FUNCTION identity.holding(p_account uuid, p_holder uuid, p_now timestamptz, p_today date, p_idle interval)
RETURNS TABLE (account_id uuid, email text, name text, kind text, locale text, temporary boolean,
    session_id uuid, token_id uuid, token_role text, token_estates uuid[], expires_at timestamptz, held jsonb)
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    SELECT a.* FROM (
        SELECT s.token_hash FROM identity.sessions s WHERE s.id = p_holder AND s.account_id = p_account
        UNION ALL SELECT t.token_hash FROM identity.tokens t WHERE t.id = p_holder AND t.account_id = p_account
    ) h, LATERAL identity.authenticate(h.token_hash, p_now, p_today, p_idle, interval '1000 years') a $$;
REVOKE ALL ON FUNCTION identity.holding FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.holding TO steward_app;
