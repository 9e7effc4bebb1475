-- What is another estate's the walls refuse, before a rule of sheets does: PostgreSQL asks the walls after the triggers before a row.

-- +goose Up
DROP TRIGGER key_acceptance_check_in_draft ON key_acceptance_checks;
CREATE TRIGGER key_acceptance_check_in_draft AFTER INSERT OR UPDATE ON key_acceptance_checks FOR EACH ROW EXECUTE FUNCTION key_acceptance_check_in_draft();
