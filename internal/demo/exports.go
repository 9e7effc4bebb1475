package demo

import (
	"github.com/steward-pm/steward/ent/registerexport"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/exports"
	"github.com/steward-pm/steward/policy"
)

// exported are registers that an officer and the accountant asked for last evening: the server writes them as soon as it works.
func (h *history) exported() map[int][]func() error {
	month := h.today.NthOfMonth(1).AddMonths(-1)
	return map[int][]func() error{1: {
		h.asks(policy.CSOfficer, "keys-loans", registerexport.FormatXLSX, &month),
		h.asks(policy.CSOfficer, "households", registerexport.FormatHTML, nil),
		h.asks(policy.Accountant, "fee-payments", registerexport.FormatCSV, &month),
	}}
}

func (h *history) asks(role policy.Role, register string, format registerexport.Format, from *calendar.Day) func() error {
	return func() error {
		zh := registerexport.LanguageZH
		_, err := exports.Request.Do(h.as(role), exports.RequestRegisterExportInput{EstateID: h.estate.ID, Register: register, Format: format, Language: &zh, From: from})
		return err
	}
}
