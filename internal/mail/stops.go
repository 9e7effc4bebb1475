package mail

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/ent/maildelivery"
	"github.com/steward-pm/steward/ent/mailevent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/void"
)

// M3: the household signs, and who delivers; nobody is both.
var deliverCeremony = signature.Declare(signature.Ceremony{
	Kind: "mail.deliver", Clause: "M3", Capacities: []string{"recipient", "handler"}, Distinct: [][2]string{{"recipient", "handler"}},
})

// stop is one household or department on a route, with its items, locked.
type stop struct {
	in    MailHandoverInput
	field string
	items []*ent.MailItem
}

// stopsOf locks everything that the route delivers in one order, in a constant number of statements.
//
// Errors: NOT_FOUND; INVALID_INPUT for items of several addressees; CONFLICT for an item that is not sorted, and an empty slot; RULE.
func stopsOf(tx *act.Tx, in []MailHandoverInput) ([]stop, error) {
	var named, homes, offices []uuid.UUID
	for _, d := range in {
		named = append(named, d.ItemIDs...)
		if d.HouseholdID != nil {
			homes = append(homes, *d.HouseholdID)
		}
		if d.DepartmentID != nil {
			offices = append(offices, *d.DepartmentID)
		}
	}
	all, err := tx.MailItem.Query().Where(mailitem.Or(mailitem.IDIn(named...), mailitem.And(mailitem.StateEQ(mailitem.StateSorted), mailitem.VoidedAtIsNil(),
		mailitem.Or(mailitem.HouseholdIDIn(homes...), mailitem.DepartmentIDIn(offices...))))).Order(mailitem.ByID()).ForUpdate().All(tx)
	if err != nil {
		return nil, err
	}
	stops := make([]stop, len(in))
	for i, d := range in {
		stops[i] = stop{in: d, field: fmt.Sprintf("deliveries.%d.", i)}
		if err := stops[i].take(tx, all); err != nil {
			return nil, err
		}
	}
	return stops, nil
}

// take picks the stop's items out of all that are delivered.
func (s *stop) take(tx *act.Tx, all []*ent.MailItem) error {
	if len(s.in.ItemIDs) == 0 {
		if err := s.known(tx); err != nil {
			return err
		}
		for _, item := range all {
			if same(item.HouseholdID, s.in.HouseholdID) && same(item.DepartmentID, s.in.DepartmentID) && item.State == mailitem.StateSorted {
				s.items = append(s.items, item)
			}
		}
		if len(s.items) == 0 {
			return fault.Clash("该格位没有已分拣的邮件,请核对,或先分拣。", "Nothing is in the slot; check it, or sort first.").By("M3").At(s.slotField())
		}
		return s.check(tx)
	}
	for i, id := range s.in.ItemIDs {
		at := slices.IndexFunc(all, func(item *ent.MailItem) bool { return item.ID == id })
		field := fmt.Sprintf("%sitemIDs.%d", s.field, i)
		if at < 0 {
			return fault.Missing().At(field)
		}
		if err := canDeliver(tx, all[at]); err != nil {
			return fault.From(err).At(field)
		}
		s.items = append(s.items, all[at])
		if first := s.items[0]; !same(first.HouseholdID, all[at].HouseholdID) || !same(first.DepartmentID, all[at].DepartmentID) {
			return fault.Invalid(field, "一次签收只能是同一业户或部室的邮件,请分开填写。", "One signature is for one household or department; list the others apart.").By("M3")
		}
	}
	return s.check(tx)
}

// known refuses a household or department that is not there.
func (s *stop) known(tx *act.Tx) (err error) {
	var there bool
	if s.in.HouseholdID != nil {
		there, err = tx.Household.Query().Where(household.ID(*s.in.HouseholdID)).Exist(tx)
	} else {
		there, err = tx.Department.Query().Where(department.ID(*s.in.DepartmentID)).Exist(tx)
	}
	if err == nil && !there {
		return fault.Missing().At(s.slotField())
	}
	return err
}

func (s *stop) slotField() string {
	if s.in.HouseholdID != nil {
		return s.field + "householdID"
	}
	return s.field + "departmentID"
}

// check refuses who signs for another, and what may not go unsigned.
func (s *stop) check(tx *act.Tx) error {
	home := s.items[0].HouseholdID
	switch {
	case s.in.StaffID != nil && home != nil:
		return notOfHousehold().At(s.field + "staffID")
	case s.in.ResidentID != nil:
		r, err := tx.Resident.Get(tx, *s.in.ResidentID)
		if r, err = act.Find(r, err, s.field+"residentID"); err != nil {
			return err
		}
		if home == nil || r.HouseholdID != *home {
			return notOfHousehold().At(s.field + "residentID")
		}
	case s.in.toBox() && slices.ContainsFunc(s.items, accountable):
		return mustBeSigned().At(s.field + "toBox")
	}
	return nil
}

// accountable tells whether an item is scanned and signed for, each by itself (M2).
func accountable(item *ent.MailItem) bool {
	return item.Kind != mailitem.KindLetter && item.Kind != mailitem.KindNewspaper
}

func same(a, b *uuid.UUID) bool { return a == b || a != nil && b != nil && *a == *b }

// deliver records the stop, has its items delivered, and both sign.
func (s *stop) deliver(tx *act.Tx, at time.Time, why string) (*ent.MailDelivery, error) {
	first := s.items[0]
	c := tx.MailDelivery.Create().SetEstateID(first.EstateID).SetNillableHouseholdID(first.HouseholdID).SetNillableDepartmentID(first.DepartmentID).
		SetSlot(first.Slot).SetCount(len(s.items)).SetMethod(maildelivery.MethodBox).
		SetDeliveredAt(at).SetDeliveredByID(tx.Viewer.Account).SetDeliveredByName(tx.Viewer.Name).SetLateReason(why)
	if !s.in.toBox() {
		name, err := s.recipient(tx)
		if err != nil {
			return nil, err
		}
		c.SetMethod(maildelivery.MethodSigned).SetRecipient(name)
	}
	d, err := c.Save(tx)
	if err != nil {
		return nil, err
	}
	content := signedDelivery{d.Recipient, d.Slot, d.DeliveredAt.UTC(), nil}
	events := make([]*ent.MailEventCreate, len(s.items))
	for i, item := range s.items {
		events[i] = event(tx, item, mailevent.StateDelivered).SetDeliveryID(d.ID).SetActedAt(at)
		content.Items = append(content.Items, signedItem{item.ID, item.Kind, item.Barcode})
	}
	if err := tx.MailEvent.CreateBulk(events...).Exec(tx); err != nil || s.in.toBox() {
		return d, err
	}
	return d, deliverCeremony.SignBoth(tx, signature.Signing{
		Estate: d.EstateID, Subject: d.ID, Household: d.HouseholdID, By: s.in.Signature, Field: s.field + "signature", Content: content,
	})
}

// recipient is the name of who signs.
func (s *stop) recipient(tx *act.Tx) (string, error) {
	switch {
	case s.in.ResidentID != nil:
		r, err := tx.Resident.Get(tx, *s.in.ResidentID)
		if err != nil {
			return "", err
		}
		return r.Name, nil
	case s.in.StaffID != nil:
		m, err := tx.Staff.Get(tx, *s.in.StaffID)
		if m, err = act.Find(m, err, s.field+"staffID"); err != nil {
			return "", err
		}
		return m.Name, nil
	}
	return tidy(s.in.Recipient), nil
}

// signedDelivery is what the household signs for.
type signedDelivery struct {
	Recipient   string       `json:"recipient"`
	Slot        string       `json:"slot"`
	DeliveredAt time.Time    `json:"deliveredAt"`
	Items       []signedItem `json:"items"`
}

type signedItem struct {
	ID      uuid.UUID     `json:"id"`
	Kind    mailitem.Kind `json:"kind"`
	Barcode string        `json:"barcode,omitempty"`
}

// canDeliver refuses what is in no slot.
func canDeliver(_ *act.Tx, item *ent.MailItem) error {
	if err := void.Refuse(item.VoidedAt); err != nil {
		return err
	}
	return in(item, mailitem.StateSorted)
}
