package demo

import (
	"time"

	"github.com/steward-pm/steward/internal/keys"
)

// closeMonth has the custodian close the month in which the story began, in the morning of the first day on which it is over (K4.2).
func (h *history) closeMonth(morning time.Time) error {
	first := firstDay(h.today)
	if h.closed || morning.Month() == first.Month() {
		return nil
	}
	h.closed = true
	h.to(morning)
	_, err := keys.CloseMonth.Do(h.custodian, keys.CloseKeyMonthInput{EstateID: h.estate.ID, Month: first})
	return err
}
