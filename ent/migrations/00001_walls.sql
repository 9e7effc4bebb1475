-- The second wall: what every tenant table gets on the day it is made.
--
-- The viewer travels as transaction-local settings in the same batch as the statement (internal/database):
--   app.estate_ids '' nobody, '*' the whole portfolio, '{uuid,…}', also without braces   app.households '' or '{uuid,…}'
-- After a transaction-local set a reused connection reads '', not NULL.

-- +goose Up

-- Roles belong to the cluster, not to the database: another database may have made it already. A managed
-- server may not let the owner create roles; then an administrator creates steward_app before (docs/operations.md).
-- +goose StatementBegin
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'steward_app') THEN
        CREATE ROLE steward_app LOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
-- +goose StatementEnd

CREATE SCHEMA river; -- the job queue, whose tables River migrates itself

CREATE EXTENSION IF NOT EXISTS btree_gist; -- exclusion constraints over (unit, period)

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO steward_app;
GRANT SELECT ON goose_db_version TO steward_app; -- `steward serve` asks whether a migration is missing

CREATE FUNCTION viewer_estates() RETURNS uuid[] STABLE PARALLEL SAFE LANGUAGE sql AS
    $$ SELECT string_to_array(btrim(nullif(nullif(current_setting('app.estate_ids', true), ''), '*'), '{}'), ',')::uuid[] $$;

CREATE FUNCTION viewer_households() RETURNS uuid[] STABLE PARALLEL SAFE LANGUAGE sql AS
    $$ SELECT string_to_array(btrim(nullif(current_setting('app.households', true), ''), '{}'), ',')::uuid[] $$;

-- wall(table, household column, append only) puts row-level security on a table with estate_id and gives
-- the app role its rights. The policy keeps the plans: array_position instead of = ANY, which PostgreSQL
-- would take for a second selective filter. A household column admits the residents of that household to read.
-- +goose StatementBegin
CREATE FUNCTION wall(tab regclass, household name DEFAULT NULL, append_only boolean DEFAULT false, estate name DEFAULT 'estate_id')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', tab);
    EXECUTE format($f$CREATE POLICY estate ON %s USING ((SELECT current_setting('app.estate_ids', true)) = '*' OR array_position((SELECT viewer_estates()), %I) IS NOT NULL)$f$, tab, estate);
    IF household IS NOT NULL THEN
        EXECUTE format('CREATE POLICY household ON %s FOR SELECT USING (array_position((SELECT viewer_households()), %I) IS NOT NULL)', tab, household);
    END IF;
    EXECUTE format('GRANT SELECT, INSERT %s ON %s TO steward_app', CASE WHEN append_only THEN '' ELSE ', UPDATE' END, tab);
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION wall FROM PUBLIC;
