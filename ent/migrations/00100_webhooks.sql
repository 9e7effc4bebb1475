-- What other systems are told: webhooks of an estate or of the portfolio (whose estate_id is all zeros, as on the audit trail), and what was
-- delivered to them. An act writes what it has to say in its own transaction: its entry on the trail leaves a delivery for each
-- webhook that asks for the act's kind, which the program takes from there. Ids and the kind are all that is ever said.

-- +goose Up
CREATE SCHEMA outgoing;
GRANT USAGE ON SCHEMA outgoing TO steward_app;

CREATE TABLE outgoing.webhooks (
    estate_id       uuid NOT NULL,
    id              uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    name            text NOT NULL CHECK (name <> '' AND length(name) <= 200),
    url             text NOT NULL CHECK (url ~ '^https?://' AND length(url) <= 2000),
    kinds           text[] NOT NULL CHECK (cardinality(kinds) BETWEEN 1 AND 100),  -- names of acts: keys.lend, keys.*, *
    active          boolean NOT NULL,
    secret          bytea NOT NULL CHECK (length(secret) > 28),                   -- under the program's key, which is not here
    secret_since    timestamptz NOT NULL,
    version         integer NOT NULL DEFAULT 1,
    created_by_id   uuid NOT NULL,
    created_by_name text NOT NULL,
    PRIMARY KEY (estate_id, id)
);

CREATE TABLE outgoing.deliveries (
    estate_id       uuid NOT NULL,
    id              uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    webhook_id      uuid NOT NULL,
    event_id        uuid NOT NULL,             -- the entry on the audit trail: the same however often it is delivered
    event_estate_id uuid NOT NULL,             -- whose chain that is on
    kind            text NOT NULL,
    subject_type    text,
    subject_id      uuid,
    occurred_at     timestamptz NOT NULL,
    state           text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'DELIVERED', 'FAILED', 'CANCELLED')),
    attempts        integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    status          integer,                   -- of the last answer
    problem         text NOT NULL DEFAULT '',
    queued_at       timestamptz,               -- when it became a job
    attempted_at    timestamptz,
    next_at         timestamptz,               -- of the next attempt
    done_at         timestamptz,
    PRIMARY KEY (estate_id, id),
    UNIQUE (estate_id, webhook_id, event_id),
    FOREIGN KEY (estate_id, webhook_id) REFERENCES outgoing.webhooks ON DELETE RESTRICT,
    CHECK ((state = 'PENDING') = (done_at IS NULL))
);
CREATE INDEX deliveries_waiting ON outgoing.deliveries (created_at) WHERE queued_at IS NULL AND state = 'PENDING';
CREATE INDEX deliveries_newest ON outgoing.deliveries (estate_id, webhook_id, occurred_at DESC, id DESC);

SELECT wall('outgoing.webhooks');
SELECT wall('outgoing.deliveries', append_only => true);
GRANT UPDATE (state, attempts, status, problem, queued_at, attempted_at, next_at, done_at) ON outgoing.deliveries TO steward_app;

-- What is said stays as it was: neither whose a webhook is, nor what happened, is another later.
-- +goose StatementBegin
CREATE FUNCTION outgoing.stays() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF (OLD.estate_id, OLD.id, OLD.created_at, OLD.created_by_id) IS DISTINCT FROM (NEW.estate_id, NEW.id, NEW.created_at, NEW.created_by_id) THEN
        RAISE check_violation USING CONSTRAINT = 'webhooks_stay', MESSAGE = 'whose a webhook is stays as it was';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER stays AFTER UPDATE ON outgoing.webhooks FOR EACH ROW EXECUTE FUNCTION outgoing.stays();

-- As the owner, for all estates: who acts sees neither the webhooks nor, in the portfolio's case, may. What accounts do with themselves, and
-- the webhooks' own affairs, are no events.
-- +goose StatementBegin
CREATE FUNCTION outgoing.record() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    v_viewer text := coalesce(current_setting('app.estate_ids', true), '');
    v_some   boolean;
BEGIN
    PERFORM set_config('app.estate_ids', '*', true);
    INSERT INTO outgoing.deliveries (estate_id, id, created_at, webhook_id, event_id, event_estate_id, kind, subject_type, subject_id, occurred_at)
    SELECT h.estate_id, public.new_id(x'0b02'::int), NEW.at, h.id, NEW.id, NEW.estate_id, NEW.action, NEW.subject_type, NEW.subject_id, NEW.at
      FROM outgoing.webhooks h
     WHERE h.active AND h.estate_id IN (NEW.estate_id, '00000000-0000-0000-0000-000000000000')
       AND EXISTS (SELECT FROM unnest(h.kinds) k WHERE k IN (NEW.action, '*') OR right(k, 2) = '.*' AND starts_with(NEW.action, left(k, -1)));
    v_some := FOUND;
    PERFORM set_config('app.estate_ids', v_viewer, true);
    IF v_some THEN
        PERFORM pg_catalog.pg_notify('steward', 'outbox');
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER tells AFTER INSERT ON audit.entries FOR EACH ROW
    WHEN (NEW.kind = 'write' AND NOT starts_with(NEW.action, 'identity.') AND NOT starts_with(NEW.action, 'webhooks.') AND NOT starts_with(NEW.action, 'jobs.'))
    EXECUTE FUNCTION outgoing.record();
REVOKE ALL ON FUNCTION outgoing.record, outgoing.stays FROM PUBLIC;
