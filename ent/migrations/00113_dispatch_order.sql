-- Attempts to bring a notice are recorded in their order (F4): none is said to be before one that was recorded, or before that came back. And months that were billed before
-- customer service had to get their notices are due with it, too (F2).

-- +goose Up
-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

-- +goose StatementBegin
CREATE FUNCTION fee_dispatch_in_order() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM fee_dispatches d WHERE d.estate_id = NEW.estate_id AND d.id <> NEW.id AND d.voided_at IS NULL AND greatest(d.dispatched_at, d.returned_at) > NEW.dispatched_at
        AND (d.notice_id = NEW.notice_id OR d.dunning_id = NEW.dunning_id)) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_dispatches_order', MESSAGE = 'an attempt before it was later, or came back later';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER fee_dispatch_in_order AFTER INSERT ON fee_dispatches FOR EACH ROW EXECUTE FUNCTION fee_dispatch_in_order();

INSERT INTO obligations (id, created_at, estate_id, kind, clause, title, title_en, subject_id, due_at, department_id)
    SELECT new_id(x'0203'::int), now(), r.estate_id, 'fees.receive', 'F2', '接收收费通知单:' || to_char(r.month, 'YYYY-MM'), 'Get from the accountant the fee notices of ' || to_char(r.month, 'YYYY-MM'), r.id,
        greatest(r.due_at, end_of_day(now() + interval '1 day', e.time_zone)), (SELECT d.id FROM departments d WHERE d.estate_id = r.estate_id AND d.kind = 'CUSTOMER_SERVICE' ORDER BY d.id LIMIT 1)
    FROM fee_runs r JOIN estates e ON e.id = r.estate_id WHERE r.state = 'BILLED' AND r.received_at IS NULL AND r.notices > 0;
