package fees

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feebankstatement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/intake"
	"github.com/steward-pm/steward/internal/paging"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// bankChunk is how many lines are written together.
const bankChunk = 500

// ImportFeeBankStatementInput names an uploaded statement of an account at the bank: CSV or XLSX.
type ImportFeeBankStatementInput struct {
	EstateID, FileID uuid.UUID
	Account          *string // which account it is of
}

// Check refuses an endless name of the account.
func (in ImportFeeBankStatementInput) Check() error {
	return wording.Optional(wording.CheckLine, "account", in.Account)
}

// FeeBankProblem is what is wrong with a cell of a statement, of which the line was not taken.
type FeeBankProblem struct {
	Row    int    `json:"row"`
	Column string `json:"column"`
	ZH     string `json:"zh"`
	EN     string `json:"en"`
}

// Message says it in the language of the request.
func (p *FeeBankProblem) Message(ctx context.Context) string { return paging.Spoken(ctx, p.ZH, p.EN) }

// ImportFeeBankStatementPayload is the statement, and which lines of the file were not taken.
type ImportFeeBankStatementPayload struct {
	Statement       *ent.FeeBankStatement // nil: nothing in it was new
	Repeated        bool                  // the same file was imported before
	Taken, Proposed int                   // how many lines, and of how many somebody seems to be known
	Rejected        []*FeeBankProblem
	Known, PaidOut  []int // rows: on record before, and payments of the estate's own
}

// ImportStatement takes the payments that the bank received, and proposes whose each is; nothing is booked before somebody confirms it (F5). The same file
// twice changes nothing, nor does a line that another file had. What is wrong is told by row and column; the other lines are taken.
//
// Errors: NOT_FOUND at estateID or fileID; INVALID_INPUT at fileID for what is no statement.
var ImportStatement = act.New("fees.importBankStatement", act.Needs(policy.FeeBankStatement, policy.Create).SessionOnly(), act.Clauses("F5"), importStatement)

func importStatement(tx *act.Tx, in ImportFeeBankStatementInput) (out *ImportFeeBankStatementPayload, err error) {
	today, err := tx.Today(in.EstateID)
	if today, err = act.Find(today, err, "estateID"); err != nil {
		return nil, err
	}
	row, content, err := importing.OpenUpload(tx, in.EstateID, in.FileID)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	// Two that import at once wait for each other here, and see each other's lines.
	if _, err := tx.Raw.Exec(tx, `SELECT pg_advisory_xact_lock(hashtextextended('fee bank ' || $1, 0))`, in.EstateID.String()); err != nil {
		return nil, err
	}
	before, err := tx.FeeBankStatement.Query().Where(feebankstatement.EstateID(in.EstateID), feebankstatement.Sha256(row.Sha256)).Only(tx)
	if !ent.IsNotFound(err) {
		if before != nil {
			tx.About(ent.TypeFeeBankStatement, before.ID, before.RowScope())
		}
		return &ImportFeeBankStatementPayload{Statement: before, Repeated: true}, err
	}
	file, err := readStatement(content, today)
	if err != nil {
		if f := fault.From(err); f != nil {
			return nil, f.At("fileID").By("F5")
		}
		return nil, err
	}
	return file.take(tx, in, row)
}

// take records the lines that are new, and proposes whose they are.
func (f *bankFile) take(tx *act.Tx, in ImportFeeBankStatementInput, row *ent.File) (*ImportFeeBankStatementPayload, error) {
	tx.About(ent.TypeEstate, in.EstateID, row.RowScope())
	if err := f.dropKnown(tx, in.EstateID); err != nil {
		return nil, err
	}
	out := &ImportFeeBankStatementPayload{Taken: len(f.lines), Rejected: f.Rejected, Known: f.Known, PaidOut: f.PaidOut}
	if len(f.lines) == 0 {
		return out, nil
	}
	if err := propose(tx, in.EstateID, f.today, f.lines); err != nil {
		return nil, err
	}
	report, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	var sum int64
	first, last := f.lines[0].paidOn, f.lines[0].paidOn
	for _, l := range f.lines {
		if sum += l.amount; l.paidOn.Before(first) {
			first = l.paidOn
		}
		if l.paidOn.After(last) {
			last = l.paidOn
		}
		if l.home != nil {
			out.Proposed++
		}
	}
	s, err := tx.FeeBankStatement.Create().SetEstateID(in.EstateID).SetFileName(row.Name).SetSha256(row.Sha256).SetAccount(tidy(in.Account)).SetFromOn(first.UTC()).SetUntilOn(last.UTC()).
		SetLines(len(f.lines)).SetAmount(sum).SetReport(string(report)).SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	tx.About(ent.TypeFeeBankStatement, s.ID, s.RowScope())
	out.Statement = s
	rows := make([]*ent.FeeBankLineCreate, len(f.lines))
	for i, l := range f.lines {
		rows[i] = tx.FeeBankLine.Create().SetEstateID(in.EstateID).SetStatementID(s.ID).SetRow(l.row).SetPaidOn(l.paidOn.UTC()).SetAmount(l.amount).SetPayer(l.payer).SetMemo(l.memo).
			SetTransactionID(l.id).SetNillableProposedHouseholdID(l.home).SetMatch(l.match).SetMatched(l.matched)
	}
	for len(rows) > 0 {
		n := min(bankChunk, len(rows))
		if err := tx.FeeBankLine.CreateBulk(rows[:n]...).Exec(tx); err != nil {
			return nil, err
		}
		rows = rows[n:]
	}
	return out, nil
}

// dropKnown leaves out the lines that are on record already, by the bank's number.
func (f *bankFile) dropKnown(tx *act.Tx, estate uuid.UUID) error {
	list := make([]string, len(f.lines))
	for i, l := range f.lines {
		list[i] = l.id
	}
	rows, err := tx.Raw.Query(tx, `SELECT l.transaction_id FROM unnest($2::text[]) w(id) JOIN fee_bank_lines l ON l.estate_id = $1 AND l.transaction_id = w.id`, estate, list)
	if err != nil {
		return err
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(there))
	for _, id := range there {
		known[id] = true
	}
	left := f.lines[:0]
	for _, l := range f.lines {
		if known[l.id] {
			f.Known = append(f.Known, l.row)
			continue
		}
		left = append(left, l)
	}
	f.lines = left
	return nil
}

// readStatement reads the lines of a statement. Errors: INVALID_INPUT for what is no statement.
func readStatement(content io.ReadSeeker, today day) (f *bankFile, err error) {
	sheet, err := intake.Open(content, bankColumns)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, sheet.Close()) }()
	if !sheet.Has("credit") && !sheet.Has("amount") {
		return nil, fault.New(fault.InvalidInput, "表头缺少金额列(贷方发生额、收入金额或交易金额)。", "The heading lacks the column of amounts: 贷方发生额, 收入金额 or 交易金额.")
	}
	f = &bankFile{Encoding: sheet.Encoding(), Unread: sheet.Unknown(), Rejected: []*FeeBankProblem{}, Known: []int{}, PaidOut: []int{}, today: today, rows: map[string]int{}}
	for rec, err := range sheet.Records() {
		if err != nil {
			return nil, err
		}
		if len(f.lines) == mostBankLines {
			return nil, fault.New(fault.InvalidInput, "文件超过 %[1]d 行,请按时间段分开导入。", "The file has more than %[1]d lines; import it in parts.", mostBankLines)
		}
		f.read(rec)
	}
	f.Skipped = sheet.Skipped()
	return f, nil
}
