-- Where somebody works: a grant that names no department is held in the one in which the account is employed, so that what is a department's
-- own is there for all of its staff (V5, M1).

-- +goose Up

-- Who holds a bearer token: the account, and the grants that are valid on p_today, each with where the account is employed in its estate. No
-- row: nobody. It sees the staff of all estates while it runs, before anybody knows whose they are, and puts the viewer's back.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION identity.authenticate(p_token_hash bytea, p_now timestamptz, p_today date, p_idle interval, p_touch interval)
RETURNS TABLE (account_id uuid, email text, name text, kind text, locale text, temporary boolean,
    session_id uuid, token_id uuid, token_role text, token_estates uuid[], expires_at timestamptz, held jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
    v_account uuid;
    v_seen timestamptz;
    v_viewer text := coalesce(current_setting('app.estate_ids', true), '');
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

    PERFORM set_config('app.estate_ids', '*', true);
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'role', g.role, 'estate', g.estate_id,
               'department', g.department_id, 'household', g.household_id,
               'from', g.valid_from, 'until', g.valid_until, 'worksIn', w.department_id) ORDER BY g.created_at, g.id), '[]')
      INTO held
      FROM identity.grants g
      LEFT JOIN public.staffs w ON w.estate_id = g.estate_id AND w.account_id = g.account_id
           AND w.employed_from <= p_today AND (w.employed_until IS NULL OR w.employed_until >= p_today)
     WHERE g.account_id = v_account AND g.revoked_at IS NULL
       AND g.valid_from <= p_today AND (g.valid_until IS NULL OR g.valid_until >= p_today);
    PERFORM set_config('app.estate_ids', v_viewer, true);

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
