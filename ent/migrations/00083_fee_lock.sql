-- Locking the accounts of thousands of households compared each with all: a list that is a parameter is searched from its start for every row. It is
-- joined instead, and by the keys, though a session keeps a plan that it made while there were few.

-- +goose Up
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION fee_lock(estate uuid, households uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO fee_accounts (id, created_at, estate_id, household_id)
        SELECT new_id(x'0909'::int), now(), h.estate_id, h.id FROM unnest(households) w(id) JOIN households h ON h.estate_id = estate AND h.id = w.id
            LEFT JOIN fee_accounts a ON a.estate_id = h.estate_id AND a.household_id = h.id
        WHERE a.id IS NULL ORDER BY h.id
        ON CONFLICT (estate_id, household_id) DO NOTHING;
    PERFORM FROM fee_accounts a JOIN unnest(households) w(id) ON w.id = a.household_id WHERE a.estate_id = estate ORDER BY a.household_id FOR UPDATE OF a;
END $$;
-- +goose StatementEnd
