-- The audit trail: append-only, hash-chained, one write chain and one read chain per estate and for the
-- portfolio (whose estate_id is all zeros). Only audit.append and audit.stage write here; the app role
-- may call them and read, nothing more. internal/audit/verify.go recomputes what audit.append computes.

-- +goose Up
CREATE SCHEMA audit;

-- The head of each chain: what is appended next follows it, under its lock.
CREATE TABLE audit.chains (
    estate_id uuid   NOT NULL,
    kind      text   NOT NULL CHECK (kind IN ('write', 'read')),
    last_seq  bigint NOT NULL,
    last_hash bytea  NOT NULL,
    PRIMARY KEY (estate_id, kind)
) WITH (fillfactor = 50); -- every append updates its row: room for HOT updates

-- body is the JSON text exactly as it was hashed; the columns after prev_hash repeat it, for queries.
CREATE TABLE audit.entries (
    estate_id    uuid        NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('write', 'read')),
    seq          bigint      NOT NULL,
    id           uuid        NOT NULL,
    body         text        NOT NULL,
    hash         bytea       NOT NULL,
    prev_hash    bytea       NOT NULL,
    at           timestamptz NOT NULL,
    actor_id     uuid,
    actor_name   text,
    action       text        NOT NULL,
    outcome      text        NOT NULL,
    subject_type text,
    subject_id   uuid,
    household_id uuid,
    request_id   text,
    PRIMARY KEY (estate_id, kind, seq),
    UNIQUE (estate_id, id)
);
CREATE INDEX entries_at        ON audit.entries (at, id); -- the portfolio's list, over all estates
CREATE INDEX entries_estate_at ON audit.entries (estate_id, at, id);
CREATE INDEX entries_subject   ON audit.entries (estate_id, subject_id, at, id) WHERE subject_id IS NOT NULL;
CREATE INDEX entries_actor     ON audit.entries (estate_id, actor_id, at, id) WHERE actor_id IS NOT NULL;
CREATE INDEX entries_household ON audit.entries (estate_id, household_id, at, id) WHERE household_id IS NOT NULL;

-- The row changes of an act. The entry's body holds their number and the digest over all of them.
CREATE TABLE audit.changes (
    estate_id uuid    NOT NULL,
    entry_id  uuid    NOT NULL,
    ordinal   integer NOT NULL,
    body      text    NOT NULL,
    PRIMARY KEY (estate_id, entry_id, ordinal)
);

ALTER TABLE audit.chains  ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.chains  FORCE  ROW LEVEL SECURITY;
ALTER TABLE audit.entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.entries FORCE  ROW LEVEL SECURITY;
ALTER TABLE audit.changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.changes FORCE  ROW LEVEL SECURITY;
CREATE POLICY estate ON audit.chains USING
    ((SELECT current_setting('app.estate_ids', true)) = '*' OR array_position((SELECT public.viewer_estates()), estate_id) IS NOT NULL);
CREATE POLICY estate ON audit.entries USING
    ((SELECT current_setting('app.estate_ids', true)) = '*' OR array_position((SELECT public.viewer_estates()), estate_id) IS NOT NULL);
CREATE POLICY estate ON audit.changes USING
    ((SELECT current_setting('app.estate_ids', true)) = '*' OR array_position((SELECT public.viewer_estates()), estate_id) IS NOT NULL);
-- A5: every read of a household's file is shown to the household.
CREATE POLICY household ON audit.entries FOR SELECT USING
    (kind = 'read' AND array_position((SELECT public.viewer_households()), household_id) IS NOT NULL);

-- stage writes a chunk of the changes of an entry that is appended later in the same transaction, so
-- that an act of any size needs constant memory. An entry that stands takes no more changes.
-- Both functions see all estates while they run, and put the viewer's back: the owner is bound by the
-- policies too, and an act may be recorded in the portfolio's chain, which its viewer does not see. (An
-- error undoes the setting with the statement. A SET clause on the function would need a superuser.)
-- +goose StatementBegin
CREATE FUNCTION audit.stage(p_estate uuid, p_entry uuid, p_first integer, p_changes text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_viewer text := coalesce(current_setting('app.estate_ids', true), '');
BEGIN
    PERFORM set_config('app.estate_ids', '*', true);
    IF EXISTS (SELECT FROM audit.entries WHERE estate_id = p_estate AND id = p_entry) THEN
        RAISE EXCEPTION 'audit entry % is complete', p_entry;
    END IF;
    INSERT INTO audit.changes (estate_id, entry_id, ordinal, body)
    SELECT p_estate, p_entry, p_first + c.n - 1, c.body
      FROM unnest(p_changes) WITH ORDINALITY AS c (body, n);
    PERFORM set_config('app.estate_ids', v_viewer, true);
END
$$;
-- +goose StatementEnd

-- append adds an entry, and the changes not staged yet, to the chain that its body names, and returns
-- its place. It holds the lock of the chain's head until the transaction ends: call it last.
-- +goose StatementBegin
CREATE FUNCTION audit.append(p_body text, p_staged integer, p_changes text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    b        jsonb := p_body;
    v_estate uuid  := b ->> 'estate';
    v_kind   text  := b ->> 'kind';
    v_seq    bigint;
    v_prev   bytea;
    v_hash   bytea;
    v_viewer text := coalesce(current_setting('app.estate_ids', true), '');
BEGIN
    PERFORM set_config('app.estate_ids', '*', true);
    IF p_staged + cardinality(p_changes) <> coalesce((b #>> '{changes,count}')::integer, 0) THEN
        RAISE EXCEPTION 'audit entry % does not count its changes', b ->> 'id';
    END IF;
    IF cardinality(p_changes) > 0 THEN
        PERFORM audit.stage(v_estate, (b ->> 'id')::uuid, p_staged, p_changes);
    END IF;
    SELECT last_seq, last_hash INTO v_seq, v_prev FROM audit.chains
     WHERE estate_id = v_estate AND kind = v_kind FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO audit.chains VALUES (v_estate, v_kind, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING;
        SELECT last_seq, last_hash INTO STRICT v_seq, v_prev FROM audit.chains
         WHERE estate_id = v_estate AND kind = v_kind FOR UPDATE;
    END IF;
    v_seq  := v_seq + 1;
    v_hash := sha256(v_prev || int8send(v_seq) || uuid_send(v_estate) || convert_to(v_kind, 'UTF8') || convert_to(p_body, 'UTF8'));
    INSERT INTO audit.entries (estate_id, kind, seq, id, body, hash, prev_hash, at, actor_id, actor_name,
                               action, outcome, subject_type, subject_id, household_id, request_id)
    VALUES (v_estate, v_kind, v_seq, (b ->> 'id')::uuid, p_body, v_hash, v_prev, (b ->> 'at')::timestamptz,
            (b #>> '{actor,account}')::uuid, b #>> '{actor,name}', b ->> 'action', b ->> 'outcome',
            b ->> 'subjectType', (b ->> 'subject')::uuid, (b ->> 'household')::uuid, b ->> 'request');
    UPDATE audit.chains SET last_seq = v_seq, last_hash = v_hash WHERE estate_id = v_estate AND kind = v_kind;
    PERFORM set_config('app.estate_ids', v_viewer, true);
    RETURN v_seq;
END
$$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION audit.stage(uuid, uuid, integer, text[]), audit.append(text, integer, text[]) FROM PUBLIC;
GRANT USAGE ON SCHEMA audit TO steward_app;
GRANT SELECT ON audit.chains, audit.entries, audit.changes TO steward_app;
GRANT EXECUTE ON FUNCTION audit.stage(uuid, uuid, integer, text[]), audit.append(text, integer, text[]) TO steward_app;

-- No way down: a trail that a rollback of migrations could remove is none.
