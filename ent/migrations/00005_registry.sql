-- What the registry's tables hold beyond ent's schema: who lives where (RULEBOOK), and that days make sense.

-- +goose Up
ALTER TABLE occupancies
    ADD CONSTRAINT occupancies_period CHECK (until_on IS NULL OR until_on >= from_on),
    ADD CONSTRAINT occupancies_deadline CHECK (deadline_on IS NULL OR noticed_on IS NOT NULL AND deadline_on >= noticed_on),
    ADD CONSTRAINT occupancies_moved_in CHECK ((state IN ('MOVED_IN', 'DEEMED_MOVED_IN')) <= (moved_in_on IS NOT NULL)),
    ADD CONSTRAINT occupancies_moved_out CHECK ((state = 'MOVED_OUT') = (until_on IS NOT NULL)),
    -- no two at once for one unit and capacity
    ADD CONSTRAINT occupancies_capacity EXCLUDE USING gist
        (estate_id WITH =, unit_id WITH =, capacity WITH =, daterange(from_on, until_on) WITH &&),
    -- one payer per unit and period
    ADD CONSTRAINT occupancies_payer EXCLUDE USING gist
        (estate_id WITH =, unit_id WITH =, daterange(from_on, until_on) WITH &&) WHERE (payer);

ALTER TABLE staffs
    ADD CONSTRAINT staffs_period CHECK (employed_until IS NULL OR employed_until >= employed_from);
