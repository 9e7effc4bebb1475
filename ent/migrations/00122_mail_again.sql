-- A mail that the mail server refused, or did not take in all its tries, is sent once more when whoever administers the portfolio asks for it: if it is wanted still.

-- +goose Up
-- ok: it is to be sent; sent: it was; unwanted: its address is another by now, or was not proved, or its account is disabled.
-- +goose StatementBegin
CREATE FUNCTION identity.mail_again(p_mail uuid, p_now timestamptz) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    m identity.mails;
BEGIN
    IF NOT identity.sees_all() THEN
        RAISE insufficient_privilege USING MESSAGE = 'who administers the portfolio has mail sent again';
    END IF;
    SELECT * INTO m FROM identity.mails x WHERE x.id = p_mail FOR UPDATE;
    IF NOT FOUND THEN RETURN 'unwanted'; END IF;
    IF m.sent_at IS NOT NULL THEN RETURN 'sent'; END IF;
    IF NOT EXISTS (SELECT FROM identity.notice_addresses a JOIN identity.accounts c ON c.id = a.account_id AND c.disabled_at IS NULL
        WHERE a.account_id = m.account_id AND a.id = m.address_id AND a.address <> ''
            AND CASE m.kind WHEN 'notices' THEN a.verified_at IS NOT NULL ELSE a.verified_at IS NULL AND a.code_until > p_now END) THEN
        RETURN 'unwanted';
    END IF;
    UPDATE identity.mails x SET dropped_at = NULL WHERE x.id = p_mail AND x.dropped_at IS NOT NULL;
    RETURN 'ok';
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION identity.mail_again FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.mail_again TO steward_app;
