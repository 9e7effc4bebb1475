-- What is past due and not done: looked for each minute, over all estates (internal/obligation/remind.go).

-- +goose Up
CREATE INDEX obligations_awaiting ON obligations (due_at)
    WHERE met_at IS NULL AND state IN ('OPEN', 'BREACHED') AND (reminders < 2 OR state = 'OPEN');
