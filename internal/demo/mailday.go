package demo

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/ent/mailscan"
	"github.com/steward-pm/steward/ent/resident"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/mail"
	"github.com/steward-pm/steward/policy"
)

// mailDay closes a day of mail (M2, M3, M5): most was scanned, one code is nobody's, two households signed, who was not at home is
// excused, and the day's press was counted.
func (h *history) mailDay(items []uuid.UUID) error {
	scanned, err := h.scans(items[:3], "EB900001234CN")
	if err != nil {
		return err
	}
	day := scanned.Day.ID
	for _, s := range scanned.Scans {
		if s.Outcome != mailscan.OutcomeUnknown {
			continue
		}
		in := mail.ExplainMailScansInput{ScanIDs: []uuid.UUID{s.ID}, Reason: "错分件,地址为相邻小区,已交邮局"}
		if _, err := mail.ExplainScans.Do(h.as(policy.Receptionist), in); err != nil {
			return err
		}
	}
	if err := h.delivers(items[:2]...); err != nil {
		return err
	}
	left, err := act.From(h.system).DB.Ent.MailItem.Query().Where(mailitem.EstateID(h.estate.ID), mail.Undelivered(&day, nil)).IDs(h.system)
	if err != nil {
		return err
	}
	unseen, err := act.From(h.system).DB.Ent.MailItem.Query().Where(mailitem.EstateID(h.estate.ID), mail.Missing(&day, nil)).IDs(h.system)
	if err != nil {
		return err
	}
	for _, reason := range []string{"条码破损", "条码破损,人工核对无误"} { // the first was recorded too soon
		missing := mail.ExplainMissingMailInput{ExcuseMailInput: mail.ExcuseMailInput{DayID: day, ItemIDs: unseen, Reason: reason}}
		given, err := mail.ExplainMissing.Do(h.as(policy.Receptionist), missing)
		if err != nil {
			return err
		}
		for _, x := range given.Excuses {
			if reason != "条码破损" {
				break
			}
			if _, err := mail.VoidExcuse.Do(h.as(policy.Receptionist), mail.VoidMailExcuseInput{Input: mistaken(x.ID, "尚未人工核对")}); err != nil {
				return err
			}
		}
	}
	counted := mail.ExplainMailCountsInput{DayID: day, Kinds: []mailitem.Kind{mailitem.KindRegistered}, Reason: "其余六件为误送,当场退还投递员"}
	if _, err := mail.ExplainCounts.Do(h.as(policy.Receptionist), counted); err != nil {
		return err
	}
	if _, err := mail.Excuse.Do(h.as(policy.Receptionist), mail.ExcuseMailInput{DayID: day, ItemIDs: left, Reason: "两次上门无人,已留通知单"}); err != nil {
		return err
	}
	if err := h.counts(); err != nil { // M7: press of the day, too
		return err
	}
	_, err = mail.CloseDay.Do(h.as(policy.Receptionist), mail.CloseMailDayInput{DayID: day})
	return err
}

// scans has the desk scan the items, and further codes.
func (h *history) scans(items []uuid.UUID, codes ...string) (*mail.ScanMailPayload, error) {
	known, err := act.From(h.system).DB.Ent.MailItem.Query().Where(mailitem.IDIn(items...)).Order(ent.Asc(mailitem.FieldBarcode)).All(h.system)
	if err != nil {
		return nil, err
	}
	in := mail.ScanMailInput{EstateID: h.estate.ID, Desk: "前台"}
	for _, item := range known {
		codes = append(codes, item.Barcode)
	}
	for i, code := range codes {
		in.Scans = append(in.Scans, mail.MailScanInput{Key: fmt.Sprintf("%s-%d", h.thatDay(), i), Code: code})
	}
	return mail.Scan.Do(h.as(policy.Receptionist), in)
}

// delivers has the sorter deliver items along a route: each household's first resident signs.
func (h *history) delivers(items ...uuid.UUID) error {
	in := mail.DeliverMailInput{}
	for _, id := range items {
		item, err := act.From(h.system).DB.Ent.MailItem.Get(h.system, id)
		if err != nil {
			return err
		}
		who, err := act.From(h.system).DB.Ent.Resident.Query().Where(resident.HouseholdID(*item.HouseholdID), resident.AccountIDIsNil()).
			Order(ent.Asc(resident.FieldID)).FirstID(h.system)
		if err != nil {
			return err
		}
		in.Deliveries = append(in.Deliveries, mail.MailHandoverInput{ItemIDs: []uuid.UUID{id}, ResidentID: &who, Signature: attested()})
	}
	_, err := mail.Deliver.Do(h.as(policy.MailSorter), in)
	return err
}

// busyDay leaves a day open that cannot close yet: a code that is nobody's, a letter that was not scanned, and two that are still here (M5).
func (h *history) busyDay(items []uuid.UUID) error {
	if _, err := h.scans(items[:2], "EB900005678CN"); err != nil {
		return err
	}
	return h.delivers(items[0])
}
