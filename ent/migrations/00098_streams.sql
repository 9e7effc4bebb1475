-- What wakes streams: when something changed that somebody may be looking at, its triggers announce on the channel "steward" what kind of
-- thing it was, and whose: "inbox ACCOUNT", "account ACCOUNT", "estate ESTATE", "outbox". Nothing else is ever said there, since every
-- role of the database may listen. An announcement reaches others when, and only if, the transaction commits, and the same one only once.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION identity.announce_inbox() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('steward', 'inbox ' || account_id) FROM (SELECT DISTINCT account_id FROM told) t;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER announces AFTER INSERT ON identity.inbox REFERENCING NEW TABLE AS told
    FOR EACH STATEMENT EXECUTE FUNCTION identity.announce_inbox();

-- What may end a stream, or change what it shows: whoever listens looks again who they are.
-- +goose StatementBegin
CREATE FUNCTION identity.announce_account() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('steward', 'account ' || (CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END ->> TG_ARGV[0]));
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER announces AFTER UPDATE OF disabled_at ON identity.accounts
    FOR EACH ROW WHEN (OLD.disabled_at IS DISTINCT FROM NEW.disabled_at) EXECUTE FUNCTION identity.announce_account('id');
CREATE TRIGGER announces AFTER UPDATE OF revoked_at ON identity.sessions
    FOR EACH ROW WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at) EXECUTE FUNCTION identity.announce_account('account_id');
CREATE TRIGGER announces AFTER UPDATE OF revoked_at ON identity.tokens
    FOR EACH ROW WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at) EXECUTE FUNCTION identity.announce_account('account_id');
CREATE TRIGGER announces AFTER INSERT OR UPDATE ON identity.grants
    FOR EACH ROW EXECUTE FUNCTION identity.announce_account('account_id');
CREATE TRIGGER announces AFTER UPDATE OF temporary_until ON identity.credentials
    FOR EACH ROW WHEN (OLD.temporary_until IS DISTINCT FROM NEW.temporary_until) EXECUTE FUNCTION identity.announce_account('account_id');

-- Every act ends in an entry of the write chain: that is what changes an estate's figures.
-- +goose StatementBegin
CREATE FUNCTION audit.announce() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('steward', 'estate ' || NEW.estate_id);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER announces AFTER INSERT ON audit.entries FOR EACH ROW WHEN (NEW.kind = 'write') EXECUTE FUNCTION audit.announce();

REVOKE ALL ON FUNCTION identity.announce_inbox, identity.announce_account, audit.announce FROM PUBLIC;

-- What is due is reminded of ahead, whatever chapter it is of: with a quarter of its time left, at most three days before. What is to be done
-- within the hour is not: it was just agreed. Another due time begins anew.
ALTER TABLE obligations ADD COLUMN remind_at timestamptz, ADD COLUMN reminded_at timestamptz;
-- +goose StatementBegin
CREATE FUNCTION obligations_ahead() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    NEW.remind_at := CASE WHEN NEW.due_at - NEW.created_at > interval '1 hour'
        THEN NEW.due_at - least((NEW.due_at - NEW.created_at) / 4, interval '72 hours') END;
    NEW.reminded_at := NULL;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER ahead BEFORE INSERT OR UPDATE OF due_at ON obligations FOR EACH ROW EXECUTE FUNCTION obligations_ahead();
SELECT set_config('app.estate_ids', '*', true);
UPDATE obligations SET due_at = due_at WHERE met_at IS NULL AND state = 'OPEN';
SELECT set_config('app.estate_ids', '', true);
CREATE INDEX obligations_soon ON obligations (remind_at) WHERE met_at IS NULL AND state = 'OPEN' AND reminded_at IS NULL;
