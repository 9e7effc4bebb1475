-- What an inspection finds abnormal is a defect of its department, recorded with it (V5).

-- +goose Up

SELECT set_config('app.estate_ids', '*', true);

ALTER TABLE defects ADD CONSTRAINT defects_result FOREIGN KEY (estate_id, inspection_result_id) REFERENCES inspection_results (estate_id, id) ON DELETE RESTRICT;

-- +goose StatementBegin
CREATE FUNCTION abnormal_opens_defect() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM defects d WHERE d.estate_id = NEW.estate_id AND d.inspection_result_id = NEW.id
            AND d.department_id = NEW.department_id AND d.voided_at IS NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_results_defect', MESSAGE = 'what is abnormal opens a defect of its department';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER abnormal_opens_defect AFTER INSERT ON inspection_results DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.result = 'ABNORMAL') EXECUTE FUNCTION abnormal_opens_defect();
