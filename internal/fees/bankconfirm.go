package fees

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feebankline"
	"github.com/steward-pm/steward/ent/feepayment"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// mostConfirmed is how many lines of bank statements are decided at once.
const mostConfirmed = 200

// ConfirmFeeBankLineInput says whose a payment is.
type ConfirmFeeBankLineInput struct {
	LineID      uuid.UUID
	HouseholdID *uuid.UUID // nil: whose it seems to be
}

// ConfirmFeeBankLinesInput says whose payments are, of one estate.
type ConfirmFeeBankLinesInput struct{ Lines []ConfirmFeeBankLineInput }

func (in ConfirmFeeBankLinesInput) ids() []uuid.UUID {
	list := make([]uuid.UUID, len(in.Lines))
	for i, l := range in.Lines {
		list[i] = l.LineID
	}
	return list
}

// Check refuses no lines and too many, and a line twice.
func (in ConfirmFeeBankLinesInput) Check() error {
	return checkBankLines("lines", in.ids(), func(i int) string { return fmt.Sprintf("lines.%d.lineID", i) })
}

func checkBankLines(field string, ids []uuid.UUID, at func(int) string) error {
	if len(ids) < 1 || len(ids) > mostConfirmed {
		return fault.Invalid(field, "请填写 1 到 %[1]d 笔。", "Give between 1 and %[1]d lines.", mostConfirmed).By("F5")
	}
	seen := map[uuid.UUID]bool{}
	for i, id := range ids {
		if seen[id] {
			return fault.Invalid(at(i), "流水重复。", "The line is there twice.").By("F5")
		}
		seen[id] = true
	}
	return nil
}

// ConfirmFeeBankLinesPayload is the lines, with the payments that were booked for them.
type ConfirmFeeBankLinesPayload struct{ Lines []*ent.FeeBankLine }

// ConfirmLines books a payment for each line, under the estate's next receipt number, for the household that it seems to be of or that is named (F5): the
// oldest debt is settled first. All are booked, or none. The leaders of finance hear of those that are booked for another household than they seem to be of.
//
// Errors: NOT_FOUND; INVALID_INPUT for a line of which nothing tells whose it is, and for lines of several estates; CONFLICT F5 for one that was confirmed or
// ignored, or booked by hand.
var ConfirmLines = act.New("fees.confirmBankLines", act.Needs(policy.FeeBankLine, policy.Update).SessionOnly(), act.Clauses("F5"), confirmLines)

func confirmLines(tx *act.Tx, in ConfirmFeeBankLinesInput) (*ConfirmFeeBankLinesPayload, error) {
	lines, err := bankLines(tx, in.ids(), func(i int) string { return fmt.Sprintf("lines.%d.lineID", i) }, feebankline.StateProposed)
	if err != nil {
		return nil, err
	}
	estate := lines[0].EstateID
	homes, err := payersOf(tx, estate, lines, in.Lines)
	if err != nil {
		return nil, err
	}
	cal, err := tx.Calendar(estate)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Raw.Exec(tx, `SELECT fee_lock($1, $2)`, estate, homes); err != nil {
		return nil, err
	}
	if err := notByHand(tx, estate, lines); err != nil {
		return nil, err
	}
	today := cal.Today(tx.Now)
	rows := make([]*ent.FeePaymentCreate, len(lines))
	for i, l := range lines {
		rows[i] = tx.FeePayment.Create().SetEstateID(estate).SetHouseholdID(homes[i]).SetMethod(feepayment.MethodBankTransfer).SetAmount(l.Amount).
			SetPaidAt(cal.StartOfDay(calendar.DayOf(l.PaidOn)).UTC()).SetBookedOn(today.UTC()).SetPaidBy(l.Payer).SetReference(l.TransactionID).
			SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name)
	}
	payments, err := tx.FeePayment.CreateBulk(rows...).Save(tx)
	if err != nil {
		return nil, err
	}
	out := &ConfirmFeeBankLinesPayload{}
	for i, l := range lines {
		l, err := l.Update().SetState(feebankline.StateConfirmed).SetHouseholdID(homes[i]).SetPaymentID(payments[i].ID).
			SetDecidedByID(tx.Viewer.Account).SetDecidedByName(tx.Viewer.Name).SetDecidedAt(tx.Now).Save(tx)
		if err != nil {
			return nil, err
		}
		out.Lines = append(out.Lines, l)
	}
	if _, err = tx.Raw.Exec(tx, `SELECT fee_settle($1, $2, $3, $4)`, estate, homes, tx.Now, today.UTC()); err != nil {
		return nil, err
	}
	if err := follow(tx, estate, homes...); err != nil {
		return nil, err
	}
	return out, tellOtherwise(tx, lines, homes)
}

// bankLines locks lines that are in a state, in the order asked for. Errors: NOT_FOUND at one; INVALID_INPUT for lines of several estates; CONFLICT for one in
// another state.
func bankLines(tx *act.Tx, ids []uuid.UUID, at func(int) string, state feebankline.State) ([]*ent.FeeBankLine, error) {
	list, err := tx.FeeBankLine.Query().Where(feebankline.IDIn(ids...)).Order(feebankline.ByID()).ForUpdate().All(tx)
	if err != nil {
		return nil, err
	}
	of := make(map[uuid.UUID]*ent.FeeBankLine, len(list))
	for _, l := range list {
		of[l.ID] = l
	}
	out := make([]*ent.FeeBankLine, len(ids))
	for i, id := range ids {
		l := of[id]
		switch {
		case l == nil:
			return nil, fault.Missing().At(at(i))
		case l.EstateID != list[0].EstateID:
			return nil, fault.Invalid(at(i), "请按小区分别办理。", "Decide the lines of each estate by themselves.").By("F5")
		case l.State != state:
			return nil, bankLineDecided(l.State).At(at(i))
		}
		out[i] = l
	}
	return out, nil
}

func bankLineDecided(s feebankline.State) *fault.Error {
	switch s {
	case feebankline.StateConfirmed:
		return fault.Clash("这笔流水已确认入账;记错请冲销其收款。", "The line was confirmed and booked; reverse its payment if that was a mistake.").By("F5")
	case feebankline.StateIgnored:
		return fault.Clash("这笔流水已忽略;请先恢复。", "The line was ignored; restore it first.").By("F5")
	}
	return fault.Clash("这笔流水尚待确认。", "The line is to be confirmed yet.").By("F5")
}

// payersOf is whose each line is: as given, or as it seems to be. Errors: INVALID_INPUT at one of which nothing tells; NOT_FOUND at a household.
func payersOf(tx *act.Tx, estate uuid.UUID, lines []*ent.FeeBankLine, given []ConfirmFeeBankLineInput) ([]uuid.UUID, error) {
	homes := make([]uuid.UUID, len(lines))
	for i, l := range lines {
		home := given[i].HouseholdID
		if home == nil {
			home = l.ProposedHouseholdID
		}
		if home == nil {
			return nil, fault.Invalid(fmt.Sprintf("lines.%d.householdID", i), "看不出是哪一户的付款,请指定业户。", "Nothing tells whose payment it is; name the household.").By("F5")
		}
		homes[i] = *home
	}
	there, err := tx.Household.Query().Where(household.EstateID(estate), household.IDIn(homes...)).IDs(tx)
	if err != nil {
		return nil, err
	}
	for i, home := range homes {
		if !slices.Contains(there, home) {
			return nil, fault.Missing().At(fmt.Sprintf("lines.%d.householdID", i))
		}
	}
	return homes, nil
}

// notByHand refuses lines whose payments were recorded by hand, under the bank's number. Errors: CONFLICT.
func notByHand(tx *act.Tx, estate uuid.UUID, lines []*ent.FeeBankLine) error {
	numbers, forms := make([]string, len(lines)), make([]string, 0, 3*len(lines))
	for i, l := range lines {
		numbers[i] = l.TransactionID
		forms = append(forms, l.TransactionID, strings.ToUpper(l.TransactionID), strings.ToLower(l.TransactionID))
	}
	booked, err := tx.FeePayment.Query().Where(feepayment.EstateID(estate), feepayment.MethodEQ(feepayment.MethodBankTransfer), feepayment.ReferenceIn(forms...),
		feepayment.ReversesIDIsNil(), feepayment.Not(feepayment.HasReversals())).Order(feepayment.ByReceipt()).All(tx)
	if err != nil || len(booked) == 0 {
		return err
	}
	return bookedByHand().At(fmt.Sprintf("lines.%d.lineID", slices.IndexFunc(numbers, func(n string) bool { return strings.EqualFold(n, booked[0].Reference) }))).With("receipt", booked[0].Receipt)
}

func bookedByHand() *fault.Error {
	return fault.Clash("这笔流水号已登记过收款;请忽略这笔流水,或先冲销那笔收款。", "A payment of the bank's number is on record; ignore the line, or reverse that payment first.").By("F5")
}

// IgnoreFeeBankLinesInput names lines that are no payments of fees, or are booked otherwise, and says why.
type IgnoreFeeBankLinesInput struct {
	LineIDs []uuid.UUID
	Reason  string
}

// Check refuses no lines and too many, a line twice, and an empty or endless reason.
func (in IgnoreFeeBankLinesInput) Check() error {
	if err := wording.CheckText("reason", in.Reason, 1, 500); err != nil {
		return err
	}
	return checkBankLines("lineIDs", in.LineIDs, atLine)
}

func atLine(i int) string { return fmt.Sprintf("lineIDs.%d", i) }

// IgnoreFeeBankLinesPayload is the lines.
type IgnoreFeeBankLinesPayload struct{ Lines []*ent.FeeBankLine }

// IgnoreLines leaves lines of a statement out of the books (F5). Errors: NOT_FOUND; CONFLICT F5 for one that was confirmed or ignored.
var IgnoreLines = act.New("fees.ignoreBankLines", act.Needs(policy.FeeBankLine, policy.Update).SessionOnly(), act.Clauses("F5"), ignoreLines)

func ignoreLines(tx *act.Tx, in IgnoreFeeBankLinesInput) (*IgnoreFeeBankLinesPayload, error) {
	lines, err := bankLines(tx, in.LineIDs, atLine, feebankline.StateProposed)
	if err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	out := &IgnoreFeeBankLinesPayload{}
	for _, l := range lines {
		l, err := l.Update().SetState(feebankline.StateIgnored).SetReason(reason).SetDecidedByID(tx.Viewer.Account).SetDecidedByName(tx.Viewer.Name).SetDecidedAt(tx.Now).Save(tx)
		if err != nil {
			return nil, err
		}
		out.Lines = append(out.Lines, l)
	}
	return out, nil
}

// RestoreFeeBankLinesInput names lines that were ignored by mistake.
type RestoreFeeBankLinesInput struct{ LineIDs []uuid.UUID }

// Check refuses no lines and too many, and a line twice.
func (in RestoreFeeBankLinesInput) Check() error {
	return checkBankLines("lineIDs", in.LineIDs, atLine)
}

// RestoreFeeBankLinesPayload is the lines.
type RestoreFeeBankLinesPayload struct{ Lines []*ent.FeeBankLine }

// RestoreLines has lines that were ignored await confirmation again (F5). Errors: NOT_FOUND; CONFLICT F5 for one that was not ignored.
var RestoreLines = act.New("fees.restoreBankLines", act.Needs(policy.FeeBankLine, policy.Update).SessionOnly(), act.Clauses("F5"), restoreLines)

func restoreLines(tx *act.Tx, in RestoreFeeBankLinesInput) (*RestoreFeeBankLinesPayload, error) {
	lines, err := bankLines(tx, in.LineIDs, atLine, feebankline.StateIgnored)
	if err != nil {
		return nil, err
	}
	out := &RestoreFeeBankLinesPayload{}
	for _, l := range lines {
		l, err := l.Update().SetState(feebankline.StateProposed).SetReason("").ClearDecidedByID().SetDecidedByName("").ClearDecidedAt().Save(tx)
		if err != nil {
			return nil, err
		}
		out.Lines = append(out.Lines, l)
	}
	return out, nil
}

func init() {
	act.Explain("feebankstatement_estate_id_sha256", fault.Clash("这份对账单正由他人导入,请重新读取。", "Somebody else imports this statement just now; read it again.").By("F5").At("fileID"))
	act.Explain("feebankline_estate_id_transaction_id", fault.Clash("其中的流水正由他人导入,请重试。", "Somebody else imports some of its lines just now; try again.").By("F5").At("fileID"))
	act.Explain("fee_bank_lines_way", fault.Clash("这笔流水的状态已变,请重新读取。", "The line is no longer as it was; read it again.").By("F5"))
	act.Explain("fee_bank_lines_booked", bookedByHand())
	act.Explain("fee_payments_received", fault.Clash("这个流水号下登记的收款已超过银行实收金额,请核对。", "More would be booked under this number than the bank received; check the amounts.").By("F5").At("amount"))
	act.Explain("fee_payments_await", fault.Clash("这笔流水号正在银行流水中待确认,请在那里确认。", "The bank's number is that of a line that awaits confirmation; confirm it there.").By("F5").At("reference"))
}
