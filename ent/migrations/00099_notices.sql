-- Notices beyond the inbox: the address that an account wants them at, which it has proved to read by a code, what of them, and the
-- outbox of mail. Row-level security as on the other tables of this schema: everybody their own; mail is the program's alone.

-- +goose Up
CREATE TABLE identity.notice_addresses (
    account_id  uuid PRIMARY KEY REFERENCES identity.accounts ON DELETE RESTRICT,
    id          uuid NOT NULL UNIQUE,          -- another with each code: a code is good for the address that it was sent to
    address     text NOT NULL CHECK (length(address) <= 254), -- '': none
    asked_at    timestamptz NOT NULL,
    code_until  timestamptz NOT NULL,
    tries       integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    codes       integer NOT NULL DEFAULT 1,    -- sent since codes_since
    codes_since timestamptz NOT NULL,
    verified_at timestamptz,
    digest_hour smallint CHECK (digest_hour BETWEEN 0 AND 23), -- once a day, at that hour; NULL: at once
    CHECK (address <> '' OR verified_at IS NULL)
);

-- What of the inbox is mailed, too: by the first word of a message's kind.
CREATE TABLE identity.notice_settings (
    account_id uuid NOT NULL REFERENCES identity.accounts ON DELETE RESTRICT,
    class      text NOT NULL CHECK (class ~ '^[a-z]+$'),
    email      boolean NOT NULL,
    PRIMARY KEY (account_id, class)
);

CREATE TABLE identity.mails (
    id         uuid PRIMARY KEY,               -- and its Message-ID, however often it is tried
    account_id uuid NOT NULL REFERENCES identity.accounts ON DELETE RESTRICT,
    address_id uuid NOT NULL,                  -- of notice_addresses: to no other than that
    kind       text NOT NULL CHECK (kind IN ('code', 'notices')),
    created_at timestamptz NOT NULL,
    queued_at  timestamptz,                    -- when it became a job
    attempts   integer NOT NULL DEFAULT 0,
    problem    text NOT NULL DEFAULT '',       -- of the last attempt; no address, no text
    sent_at    timestamptz,
    dropped_at timestamptz,                    -- given up: refused for good, or not wanted any more
    CHECK (sent_at IS NULL OR dropped_at IS NULL)
);
CREATE INDEX mails_waiting ON identity.mails (created_at) WHERE queued_at IS NULL;

-- The outbox: messages that wait to be mailed, or were, each in one mail.
CREATE TABLE identity.mail_notices (
    message_id uuid PRIMARY KEY REFERENCES identity.inbox ON DELETE RESTRICT,
    account_id uuid NOT NULL REFERENCES identity.accounts ON DELETE RESTRICT,
    created_at timestamptz NOT NULL,
    mail_id    uuid REFERENCES identity.mails ON DELETE RESTRICT
);
CREATE INDEX mail_notices_waiting ON identity.mail_notices (account_id, created_at) WHERE mail_id IS NULL;
CREATE INDEX mail_notices_mail ON identity.mail_notices (mail_id);

ALTER TABLE identity.notice_addresses ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.notice_settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.mails ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.mail_notices ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON identity.notice_addresses TO steward_app
    USING ((SELECT identity.is_system()) OR account_id = (SELECT identity.viewer()));
CREATE POLICY own ON identity.notice_settings TO steward_app
    USING ((SELECT identity.is_system()) OR account_id = (SELECT identity.viewer()));
CREATE POLICY system ON identity.mails TO steward_app USING ((SELECT identity.is_system()));
CREATE POLICY own_new ON identity.mails FOR INSERT TO steward_app WITH CHECK (account_id = (SELECT identity.viewer()) AND kind = 'code');
CREATE POLICY system ON identity.mail_notices TO steward_app USING ((SELECT identity.is_system()));
GRANT SELECT, INSERT, UPDATE ON identity.notice_addresses, identity.notice_settings TO steward_app;
GRANT SELECT, INSERT, UPDATE (queued_at, attempts, problem, sent_at, dropped_at) ON identity.mails TO steward_app;
GRANT SELECT, UPDATE (mail_id) ON identity.mail_notices TO steward_app;

-- Who is told something is told by mail, too, if that is what they set. As the owner: who posts does not see the settings of others.
-- +goose StatementBegin
CREATE FUNCTION identity.mail_inbox() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    INSERT INTO identity.mail_notices (message_id, account_id, created_at)
    SELECT t.id, t.account_id, t.created_at FROM told t
      JOIN identity.notice_addresses a ON a.account_id = t.account_id AND a.verified_at IS NOT NULL
      JOIN identity.notice_settings s ON s.account_id = t.account_id AND s.class = split_part(t.kind, '.', 1) AND s.email;
    IF FOUND THEN
        PERFORM pg_catalog.pg_notify('steward', 'outbox');
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER mails AFTER INSERT ON identity.inbox REFERENCING NEW TABLE AS told
    FOR EACH STATEMENT EXECUTE FUNCTION identity.mail_inbox();

-- +goose StatementBegin
CREATE FUNCTION identity.announce_outbox() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('steward', 'outbox');
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER announces AFTER INSERT ON identity.mails FOR EACH STATEMENT EXECUTE FUNCTION identity.announce_outbox();
REVOKE ALL ON FUNCTION identity.mail_inbox, identity.announce_outbox FROM PUBLIC;
