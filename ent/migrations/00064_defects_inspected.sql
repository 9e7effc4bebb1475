-- What an inspection finds to be abnormal has its defect (V5): it is not saved without one, and the defect is not voided while the inspection stands.

-- +goose Up
ALTER TABLE "defects" ADD CONSTRAINT "defects_inspection_results_inspection_result" FOREIGN KEY ("estate_id", "inspection_result_id") REFERENCES "inspection_results" ("estate_id", "id") ON DELETE RESTRICT;

-- +goose StatementBegin
CREATE FUNCTION defect_inspected() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM inspection_results r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.inspection_result_id
        AND r.result = 'ABNORMAL' AND NOT r.voided AND r.vacancy_id = NEW.vacancy_id AND r.department_id = NEW.department_id;
    IF NOT FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'defects_result', MESSAGE = 'not what the inspection found';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION inspection_result_has_defect() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM defects d WHERE d.estate_id = NEW.estate_id AND d.inspection_result_id = NEW.id AND d.voided_at IS NULL) THEN
        RAISE check_violation USING CONSTRAINT = 'inspection_results_defect', MESSAGE = 'what is abnormal was passed to nobody';
    END IF;
    RETURN NULL;
END $$;

-- The result's row is locked, so that the voids of an inspection and of its defect follow one another.
CREATE FUNCTION defect_stands() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM FROM inspection_results r WHERE r.estate_id = NEW.estate_id AND r.id = NEW.inspection_result_id AND NOT r.voided FOR SHARE;
    IF FOUND THEN
        RAISE check_violation USING CONSTRAINT = 'defects_inspected', MESSAGE = 'the inspection stands';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION defect_stands FROM PUBLIC;
CREATE TRIGGER defect_inspected AFTER INSERT ON defects FOR EACH ROW WHEN (NEW.inspection_result_id IS NOT NULL) EXECUTE FUNCTION defect_inspected();
CREATE TRIGGER defect_stands AFTER UPDATE ON defects FOR EACH ROW WHEN (NEW.inspection_result_id IS NOT NULL AND NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL)
    EXECUTE FUNCTION defect_stands();
CREATE CONSTRAINT TRIGGER inspection_result_has_defect AFTER INSERT ON inspection_results DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.result = 'ABNORMAL') EXECUTE FUNCTION inspection_result_has_defect();
