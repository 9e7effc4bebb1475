package mail

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/ent/mailreceipt"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

const (
	mostItems      = 200 // how many items are sorted, delivered or explained at once
	mostRegistered = 100 // how many are registered at once, each with all that may be said of it
)

// RegisterMailInput lists items that came with a receipt.
type RegisterMailInput struct {
	ReceiptID uuid.UUID
	Items     []MailItemInput
}

// MailItemInput is one item: for a household or a department, or as it says if neither is known.
type MailItemInput struct {
	Kind                       mailitem.Kind
	Barcode, Sender, Addressee *string
	HouseholdID, DepartmentID  *uuid.UUID
}

// Check refuses what is no list of items, and a barcode that is given twice.
func (in RegisterMailInput) Check() error {
	if len(in.Items) == 0 || len(in.Items) > mostRegistered {
		return fault.Invalid("items", "请登记 1 到 %[1]d 件邮件。", "Register between 1 and %[1]d items.", mostRegistered).By("M1")
	}
	seen := map[string]bool{}
	for i, item := range in.Items {
		if err := item.check(fmt.Sprintf("items.%d.", i)); err != nil {
			return err
		}
		if code := barcode(item.Barcode); code != "" {
			if seen[code] {
				return fault.Invalid(fmt.Sprintf("items.%d.barcode", i), "条码重复,请核对。", "The barcode is given twice; check it.").By("M1")
			}
			seen[code] = true
		}
	}
	return nil
}

func (in MailItemInput) check(field string) error {
	if in.HouseholdID != nil && in.DepartmentID != nil {
		return fault.Invalid(field+"departmentID", "收件方只能是业户或部室之一。", "It is for a household or for a department, not for both.").By("M1")
	}
	for name, text := range map[string]*string{"sender": in.Sender, "addressee": in.Addressee} {
		if err := wording.Optional(wording.CheckLine, field+name, text); err != nil {
			return err
		}
	}
	if strings.HasPrefix(strings.ToUpper(barcode(in.Barcode)), ownCode) {
		return fault.Invalid(field+"barcode", "S- 开头的是本小区自编条码,由系统编号,请留空。", "Codes that begin with S- are the estate's own, and given by the program; leave it out.").By("M2")
	}
	return wording.Optional(wording.CheckCode, field+"barcode", in.Barcode)
}

// ownCode begins the codes that the estate gives to what is scanned and came without one.
const ownCode = "S-"

func barcode(code *string) string {
	if code == nil {
		return ""
	}
	return codeOf(*code)
}

// codeOf is a barcode as it is kept and compared: scanners and people write its letters in either case.
func codeOf(code string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r // what no barcode has stays as it is, for the database as well
	}, wording.Code(code))
}

// RegisterMailPayload are the items, in the order given.
type RegisterMailPayload struct{ Items []*ent.MailItem }

// Register puts items of a receipt on record, each for a household or a department; whom it is for may be unknown (M1). What is scanned and
// came without a barcode gets one of the estate's own, which is written on it (M2).
//
// Errors: NOT_FOUND for a receipt, household or department that is not there; CONFLICT if the receipt was voided, or an item of the
// barcode is here already.
var Register = act.New("mail.register", act.Needs(policy.MailItem, policy.Create), act.Clauses("M1"), register)

func register(tx *act.Tx, in RegisterMailInput) (*RegisterMailPayload, error) {
	r, err := tx.MailReceipt.Query().Where(mailreceipt.ID(in.ReceiptID)).Only(tx)
	if r, err = act.Find(r, err, "receiptID"); err != nil {
		return nil, err
	}
	if err := void.Refuse(r.VoidedAt); err != nil {
		return nil, err
	}
	households, departments, err := addressees(tx, r.EstateID, in.Items)
	if err != nil {
		return nil, err
	}
	rows := make([]*ent.MailItemCreate, len(in.Items))
	for i, item := range in.Items {
		if item.HouseholdID != nil && !households[*item.HouseholdID] {
			return nil, fault.Missing().At(fmt.Sprintf("items.%d.householdID", i))
		}
		if item.DepartmentID != nil && !departments[*item.DepartmentID] {
			return nil, fault.Missing().At(fmt.Sprintf("items.%d.departmentID", i))
		}
		rows[i] = tx.MailItem.Create().SetEstateID(r.EstateID).SetReceiptID(r.ID).SetReceivedOn(r.ReceivedOn).SetKind(item.Kind).
			SetBarcode(barcode(item.Barcode)).SetSender(tidy(item.Sender)).SetAddressee(tidy(item.Addressee)).
			SetNillableHouseholdID(item.HouseholdID).SetNillableDepartmentID(item.DepartmentID).
			SetChangedAt(tx.Now).SetChangedByName(tx.Viewer.Name).SetRegisteredByID(tx.Viewer.Account).SetRegisteredByName(tx.Viewer.Name)
	}
	items, err := tx.MailItem.CreateBulk(rows...).Save(tx)
	if err != nil {
		return nil, err
	}
	list := make([]uuid.UUID, len(items))
	for i, item := range items {
		list[i] = item.ID
	}
	items, err = itemsOf(tx, list) // with the codes that the database gave
	return &RegisterMailPayload{items}, err
}

// addressees are which of the households and departments are the estate's, in two statements for any number of items.
func addressees(tx *act.Tx, estate uuid.UUID, items []MailItemInput) (households, departments map[uuid.UUID]bool, err error) {
	var homes, offices []uuid.UUID
	for _, item := range items {
		if item.HouseholdID != nil {
			homes = append(homes, *item.HouseholdID)
		}
		if item.DepartmentID != nil {
			offices = append(offices, *item.DepartmentID)
		}
	}
	found := func(list []uuid.UUID, err error) (map[uuid.UUID]bool, error) {
		out := make(map[uuid.UUID]bool, len(list))
		for _, id := range list {
			out[id] = true
		}
		return out, err
	}
	if households, err = found(tx.Household.Query().Where(household.IDIn(homes...), household.EstateID(estate)).IDs(tx)); err != nil {
		return nil, nil, err
	}
	departments, err = found(tx.Department.Query().Where(department.IDIn(offices...), department.EstateID(estate)).IDs(tx))
	return households, departments, err
}
