-- A password that somebody else resets ends everything by which the account was reached before, not only its sessions and tokens: whoever had the old one may have
-- had notices mailed to themselves, connected themselves at the issuer, or taken the address of a calendar.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION identity.credentials_reset() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    v_viewer text := coalesce(current_setting('app.estate_ids', true), '');
BEGIN
    UPDATE identity.notice_addresses a SET verified_at = NULL, code_until = least(a.code_until, NEW.changed_at) WHERE a.account_id = NEW.account_id;
    DELETE FROM identity.external_identities e WHERE e.account_id = NEW.account_id;
    PERFORM set_config('app.estate_ids', '*', true); -- whose calendars they are, whatever the estate
    UPDATE public.duty_feeds f SET revoked_at = greatest(NEW.changed_at, f.created_at) WHERE f.account_id = NEW.account_id AND f.revoked_at IS NULL;
    PERFORM set_config('app.estate_ids', v_viewer, true);
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION identity.credentials_reset FROM PUBLIC;
-- The first password that an account is given is no reset: there was none to be had.
CREATE TRIGGER resets AFTER UPDATE OF temporary_until ON identity.credentials
    FOR EACH ROW WHEN (NEW.temporary_until IS NOT NULL) EXECUTE FUNCTION identity.credentials_reset();
