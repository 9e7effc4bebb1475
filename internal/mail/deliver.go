package mail

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// mostStops is how many households and departments a route has at most.
const mostStops = 20

// DeliverMailInput is a route: one or more households and departments, each with what it gets and who signs.
type DeliverMailInput struct {
	late.Given
	Deliveries []MailHandoverInput
}

// MailHandoverInput is what one household or department gets: items that are named, or everything in its slot.
type MailHandoverInput struct {
	ItemIDs                   []uuid.UUID
	HouseholdID, DepartmentID *uuid.UUID
	ToBox                     *bool      // into the letter box, unsigned
	ResidentID                *uuid.UUID // signs for the household
	StaffID                   *uuid.UUID // signs for the department
	Recipient                 *string    // signs, by name: another than these
	Signature                 *signature.Input
}

// Check refuses a route that says twice what is delivered, or not who signs.
func (in DeliverMailInput) Check() error {
	if len(in.Deliveries) == 0 || len(in.Deliveries) > mostStops {
		return fault.Invalid("deliveries", "请填写 1 到 %[1]d 处投递。", "Deliver to between 1 and %[1]d households or departments.", mostStops).By("M3")
	}
	seen, items := map[uuid.UUID]bool{}, 0
	for i, d := range in.Deliveries {
		field := fmt.Sprintf("deliveries.%d.", i)
		if err := d.check(field); err != nil {
			return err
		}
		for _, id := range d.names() {
			if seen[id] {
				return fault.Invalid(field[:len(field)-1], "同一件邮件、同一收件方只能填一次。", "Name each item, and each household or department, once.").By("M3")
			}
			seen[id] = true
		}
		items += len(d.ItemIDs)
	}
	if items > mostItems {
		return fault.Invalid("deliveries", "一次最多投递 %[1]d 件邮件。", "Deliver at most %[1]d items at once.", mostItems).By("M3")
	}
	return in.Given.Check()
}

// names are the ids of what is delivered.
func (in MailHandoverInput) names() []uuid.UUID {
	list := in.ItemIDs
	for _, id := range []*uuid.UUID{in.HouseholdID, in.DepartmentID} {
		if id != nil {
			list = append(list[:len(list):len(list)], *id)
		}
	}
	return list
}

func (in MailHandoverInput) check(field string) error {
	what, who := 0, 0
	for _, given := range []bool{len(in.ItemIDs) > 0, in.HouseholdID != nil, in.DepartmentID != nil} {
		what += one(given)
	}
	for _, given := range []bool{in.ResidentID != nil, in.StaffID != nil, in.Recipient != nil} {
		who += one(given)
	}
	switch {
	case what != 1:
		return fault.Invalid(field+"itemIDs", "请选择邮件,或选择一户业户、一个部室(其格位内的全部邮件)。", "Name items, or one household or department whose whole slot is delivered.").By("M3")
	case in.toBox() && (who > 0 || in.Signature != nil):
		return fault.Invalid(field+"toBox", "投入信箱的邮件无须签收。", "What goes into the box is signed for by nobody.").By("M3")
	case !in.toBox() && who != 1:
		return fault.Invalid(field+"residentID", "请指明签收人:住户、部室员工,或其他人的姓名。", "Say who signs: a resident, a member of staff for a department, or another by name.").By("M3")
	case in.Recipient != nil:
		return wording.CheckName(field+"recipient", *in.Recipient)
	}
	return nil
}

func (in MailHandoverInput) toBox() bool { return in.ToBox != nil && *in.ToBox }

func one(given bool) int {
	if given {
		return 1
	}
	return 0
}

// Prepare proves each signature: residents and staff with an account by their own password, others as attested by who delivers.
func (in DeliverMailInput) Prepare(ctx context.Context) error {
	for i, d := range in.Deliveries {
		if d.toBox() {
			continue
		}
		field := fmt.Sprintf("deliveries.%d.", i)
		if err := d.Signature.Prove(ctx, d.who(field), field+"signature"); err != nil {
			return err
		}
	}
	return nil
}

func (in MailHandoverInput) who(field string) signature.Who {
	switch {
	case in.ResidentID != nil:
		return signature.Who{Resident: in.ResidentID, Field: field + "residentID"}
	case in.StaffID != nil:
		return signature.Who{Staff: in.StaffID, Field: field + "staffID"}
	}
	return signature.Who{Name: *in.Recipient, Field: field + "recipient"}
}

// DeliverMailPayload are the deliveries, in the order given.
type DeliverMailPayload struct{ Deliveries []*ent.MailDelivery }

// Deliver hands sorted mail to households and departments, singly, by slot or along a route; each signs for its own. Ordinary letters and
// newspapers may go into the letter box unsigned (M2, M3). A route is recorded as a whole or not at all.
//
// Errors: NOT_FOUND; INVALID_INPUT for a wrong password, and for items of several households at once; CONFLICT for an item that is not
// sorted, an empty slot, and a day that is closed; RULE M2 for what has to be signed for and goes into the box, M3 if who delivers signs, or
// somebody of another household, and for the box of a unit that is no longer the household's.
var Deliver = act.Guarded(act.New("mail.deliver", act.Needs(policy.MailDelivery, policy.Create), act.Clauses("M3", "M2", "M5"), deliverMail), guard(canDeliver))

func deliverMail(tx *act.Tx, in DeliverMailInput) (*DeliverMailPayload, error) {
	at, why, err := late.When(tx, in.Given, "M3")
	if err != nil {
		return nil, err
	}
	stops, err := stopsOf(tx, in.Deliveries)
	if err != nil {
		return nil, err
	}
	if err := dayTakes(tx, stops[0].items[0].EstateID, at); err != nil {
		return nil, err
	}
	out := &DeliverMailPayload{}
	for _, s := range stops {
		d, err := s.deliver(tx, at, why)
		if err != nil {
			return nil, err
		}
		out.Deliveries = append(out.Deliveries, d)
	}
	return out, nil
}
