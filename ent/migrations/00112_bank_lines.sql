-- A statement of the bank is as it was imported (F5): no line comes to it later.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION fee_bank_line_comes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM rows r WHERE NOT EXISTS (SELECT FROM fee_bank_statements s WHERE s.estate_id = r.estate_id AND s.id = r.statement_id AND s.xmin = pg_current_xact_id()::xid)) THEN
        RAISE check_violation USING CONSTRAINT = 'fee_bank_lines_way', MESSAGE = 'a line comes with its statement';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER fee_bank_line_comes AFTER INSERT ON fee_bank_lines REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION fee_bank_line_comes();
