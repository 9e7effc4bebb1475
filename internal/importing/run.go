package importing

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/ent/file"
	"github.com/steward-pm/steward/ent/importrun"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/intake"
	"github.com/steward-pm/steward/policy"
)

// chunk is how many lines are looked up and written together.
const chunk = 500

// Form is a kind of spreadsheet.
type Form[L Line] struct {
	Kind    importrun.Kind
	Columns []intake.Column
	Report  func() *Report
	// Begin makes the chapter that takes the lines of one file.
	Begin func(*Run) (Chapter[L], error)
	// NewEstate creates the estate that Request.CreateEstate names; nil where a form cannot.
	NewEstate func(tx *act.Tx, code, name string) (*ent.Estate, error)
}

// Line is what a chapter reads from a record.
type Line interface {
	Record() *intake.Record
	// Drop forgets what a column said; false if the line means nothing without it.
	Drop(column string) bool
}

// Chapter takes the lines of one file, a chunk at a time: Read each, Load, then Check and Take in their order, Flush.
type Chapter[L Line] interface {
	// Read notes in the record what is wrong with the line by itself.
	Read(*intake.Record) L
	// Load looks up what is on record about the lines, in a constant number of statements.
	Load([]L) error
	// Check notes in the record what is wrong with the line beside what is on record and the lines before.
	Check(L)
	// Take enters a line that nothing is wrong with; rows that are created may wait for Flush.
	Take(L) error
	// Flush creates what Take left waiting.
	Flush() error
	// Close counts what is counted at the end.
	Close()
}

// Run is one file being imported.
type Run struct {
	Tx     *act.Tx
	Estate *ent.Estate
	Sheet  *intake.Sheet
	Report *Report
	Source string // the file's name

	request Request
	sum     string
	columns map[string]string // heading -> column
	rejects *intake.RejectWriter
	lines   int
}

// NewID makes the id of a row that waits for Flush.
func NewID(entity string) uuid.UUID { return ids.New(ent.Entities[entity].Code) }

// Create notes that the record made something new.
func (r *Run) Create(rec *intake.Record) { r.Report.create(rec.Line) }

// Change notes that the record's column differs from what was on record.
func (r *Run) Change(rec *intake.Record, column string) {
	r.Report.change(rec.Line, r.Sheet.Heading(column))
}

// Perform imports the file in the act's transaction. A dry run ends in an error, which rolls it back and
// which Do takes back.
//
// Errors: NOT_FOUND for the estate or the file; INVALID_INPUT for a file that is no such spreadsheet, or, under
// RejectAll, that has lines which cannot be taken: its detail "report" names them.
func Perform[L Line](tx *act.Tx, req Request, form Form[L]) (out *Outcome, err error) {
	// Plans that were made when the tables were empty would scan them for every chunk as they grow.
	if _, err := tx.Raw.Exec(tx, `SET LOCAL plan_cache_mode = force_custom_plan`); err != nil {
		return nil, err
	}
	e, err := estateFor(tx, req, form.NewEstate)
	if err != nil {
		return nil, err
	}
	tx.About(ent.TypeEstate, e.ID, e.RowScope())
	name, content, err := open(tx, req, e)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	sum, err := digest(content)
	if err != nil {
		return nil, err
	}
	sheet, err := intake.Open(content, form.Columns)
	if err != nil {
		return nil, atFile(err)
	}
	defer func() { err = errors.Join(err, sheet.Close()) }()
	r := &Run{Tx: tx, Estate: e, Sheet: sheet, Report: form.Report(), Source: name, request: req, sum: sum, columns: map[string]string{}}
	for _, c := range form.Columns {
		r.columns[sheet.Heading(c.Name)] = c.Name
	}
	if err := r.start(); err != nil {
		return nil, err
	}
	chapter, err := form.Begin(r)
	if err != nil {
		return nil, err
	}
	if err := read(r, chapter); err != nil {
		return nil, atFile(err)
	}
	chapter.Close()
	return r.finish(form.Kind)
}

// atFile names the file in what is refused about all of it.
func atFile(err error) error {
	if f := fault.From(err); f != nil {
		return f.At("fileID")
	}
	return err
}

func estateFor(tx *act.Tx, req Request, create func(*act.Tx, string, string) (*ent.Estate, error)) (*ent.Estate, error) {
	if req.EstateCode == "" {
		e, err := tx.Estate.Get(tx, req.EstateID)
		return act.Find(e, err, "estateID")
	}
	e, err := tx.Estate.Query().Where(estate.Code(req.EstateCode)).Only(tx)
	switch {
	case !ent.IsNotFound(err):
		return e, err
	case req.CreateEstate == "":
		return nil, fault.New(fault.NotFound, "没有代码为 %[1]s 的小区。", "There is no estate of the code %[1]s.", req.EstateCode).At("estate")
	}
	return create(tx, req.EstateCode, req.CreateEstate)
}

// open opens the file of the request, from its start.
func open(tx *act.Tx, req Request, e *ent.Estate) (name string, content io.ReadSeekCloser, err error) {
	if req.Source != nil {
		if _, err := req.Source.File.Seek(0, io.SeekStart); err != nil { // a transaction that is tried again reads again
			return "", nil, fmt.Errorf("import file: %w", err)
		}
		return req.Source.Name, keepOpen{req.Source.File}, nil
	}
	row, content, err := OpenUpload(tx, e.ID, req.FileID)
	if err != nil {
		return "", nil, err
	}
	return row.Name, content, nil
}

// OpenUpload opens an upload of an estate that the viewer may read. Errors: NOT_FOUND at fileID.
func OpenUpload(tx *act.Tx, estate, id uuid.UUID) (*ent.File, io.ReadSeekCloser, error) {
	row, err := tx.File.Query().Where(file.ID(id), file.EstateID(estate)).Only(tx)
	if row, err = act.Find(row, err, "fileID"); err != nil {
		return nil, nil, err
	}
	if !tx.Viewer.Scope(policy.File, policy.Read).Covers(row.RowScope()) {
		return nil, nil, fault.Missing().At("fileID") // another's: what is rejected of it would be told
	}
	content, err := contentFrom(tx).Open(tx, row.Sha256, estate)
	return row, content, err
}

// keepOpen leaves closing to the owner.
type keepOpen struct{ io.ReadSeeker }

// Close does nothing.
func (keepOpen) Close() error { return nil }

func digest(content io.ReadSeeker) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, content); err != nil {
		return "", fmt.Errorf("import file: %w", err)
	}
	_, err := content.Seek(0, io.SeekStart)
	return hex.EncodeToString(h.Sum(nil)), err
}

func (r *Run) start() (err error) {
	r.Report.Estate, r.Report.Code, r.Report.Encoding = r.Estate.Name, r.Estate.Code, r.Sheet.Encoding()
	r.Report.Unread, r.Report.DryRun = r.Sheet.Unknown(), r.request.DryRun
	if r.request.Rejects == nil {
		return nil
	}
	if err := r.request.Rejects.Truncate(0); err != nil {
		return fmt.Errorf("reject file: %w", err)
	}
	if _, err := r.request.Rejects.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("reject file: %w", err)
	}
	r.rejects, err = intake.NewRejectWriter(r.request.Rejects, r.Sheet, r.request.Language)
	return err
}

// read takes the file through the chapter, a chunk at a time.
func read[L Line](r *Run, chapter Chapter[L]) error {
	lines := make([]L, 0, chunk)
	for rec, err := range r.Sheet.Records() {
		if err != nil {
			return err
		}
		lines = append(lines, chapter.Read(rec))
		if len(lines) < chunk {
			continue
		}
		if err := take(r, chapter, lines); err != nil {
			return err
		}
		lines = lines[:0]
	}
	return take(r, chapter, lines)
}

func take[L Line](r *Run, chapter Chapter[L], lines []L) error {
	if err := r.Tx.Err(); err != nil {
		return err
	}
	if err := chapter.Load(lines); err != nil {
		return err
	}
	for _, l := range lines {
		chapter.Check(l)
		taken, err := r.judge(l)
		if err == nil && taken {
			err = chapter.Take(l)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", l.Record().Line, err)
		}
	}
	if err := chapter.Flush(); err != nil {
		return err
	}
	if r.lines += len(lines); r.request.Progress != nil && len(lines) > 0 {
		r.request.Progress(r.lines)
	}
	return nil
}

// judge reports what is wrong with a line, and tells whether it is taken.
func (r *Run) judge(l Line) (taken bool, err error) {
	rec := l.Record()
	ignored := rec.Rejected() && r.request.Policy == IgnoreFields && r.drop(l)
	r.Report.problems(rec, ignored)
	if !rec.Rejected() || ignored {
		return true, nil
	}
	if r.rejects != nil {
		err = r.rejects.Write(rec)
	}
	return false, err
}

// drop forgets the fields that are wrong; false if the line means nothing without one of them.
func (r *Run) drop(l Line) bool {
	for _, p := range l.Record().Problems() {
		if p.Severity != intake.Reject {
			continue
		}
		column, ok := r.columns[p.Column]
		if !ok || !l.Drop(column) {
			return false
		}
	}
	return true
}

// finish records the run, unless it changed nothing.
func (r *Run) finish(kind importrun.Kind) (*Outcome, error) {
	r.Report.Skipped = append(r.Report.Skipped, r.Sheet.Skipped()...)
	if r.rejects != nil {
		if err := r.rejects.Flush(); err != nil {
			return nil, err
		}
	}
	out := &Outcome{Report: r.Report}
	if n := len(r.Report.Rejected()); n > 0 && r.request.Policy == RejectAll {
		return out, refused(fault.Invalid("fileID", "有 %[1]d 处不能导入,整个文件未导入。", "%[1]d cells cannot be taken, so nothing of the file was.", n), r.Report)
	}
	if r.request.DryRun {
		return out, refused(fault.Clash("试运行,没有写入。", "A dry run: nothing was written.").Because(errRehearsed), r.Report)
	}
	if r.Report.Created+r.Report.Changed == 0 {
		return out, nil
	}
	text, err := r.Report.JSON()
	if err != nil {
		return nil, err
	}
	out.Run, err = r.Tx.ImportRun.Create().SetEstateID(r.Estate.ID).SetKind(kind).SetFileName(r.Source).SetSha256(r.sum).SetReport(text).Save(r.Tx)
	return out, err
}

func refused(f *fault.Error, report *Report) error { return f.With("report", report) }
