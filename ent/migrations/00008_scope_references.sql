-- What decides who may read a row names a household or department of the row's own estate, and no other.

-- +goose Up
ALTER TABLE key_balances   ADD CONSTRAINT key_balances_household   FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE key_loans      ADD CONSTRAINT key_loans_household      FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE key_loan_lines ADD CONSTRAINT key_loan_lines_household FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE key_movements  ADD CONSTRAINT key_movements_household  FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE key_returns    ADD CONSTRAINT key_returns_household    FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT;
ALTER TABLE obligations    ADD CONSTRAINT obligations_household    FOREIGN KEY (estate_id, household_id) REFERENCES households (estate_id, id) ON DELETE RESTRICT,
                           ADD CONSTRAINT obligations_department   FOREIGN KEY (estate_id, department_id) REFERENCES departments (estate_id, id) ON DELETE RESTRICT;
