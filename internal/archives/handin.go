package archives

import (
	"cmp"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

const maxPages = 100_000

// HandInDocumentInput is a document for the archive.
type HandInDocumentInput struct {
	EstateID     uuid.UUID
	Category     archivedocument.Category
	HouseholdID  *uuid.UUID // whose file it is for: needed for the eight categories of households, and for no other
	StaffID      *uuid.UUID // likewise for the two parts of a staff file
	DepartmentID *uuid.UUID // whose own it is, of external material and manuals; nil: no department's
	ManualID     *uuid.UUID // of which it is an edition
	Title        string
	Dated        calendar.Day
	Pages        int // 0: it was never on paper
	Source       *string
	Edition      *string
	UploadID     *uuid.UUID // the uploaded file that is its content; nil: it is on paper only
}

// Check refuses bad texts, impossible counts, and whom the category cannot concern.
func (in HandInDocumentInput) Check() error {
	err := checkDescription(in.Title, in.Pages, in.Source, in.Edition)
	class := classOf(in.Category)
	if (class == archivedocument.ClassHousehold) != (in.HouseholdID != nil) {
		err = cmp.Or(err, error(fault.Invalid("householdID", "业户档案须选择业户,其他类别不要选择业户。",
			"Name the household for a category of household files, and for no other.").By("A1.4")))
	}
	if (class == archivedocument.ClassStaff) != (in.StaffID != nil) {
		err = cmp.Or(err, error(fault.Invalid("staffID", "员工档案须选择员工,其他类别不要选择员工。",
			"Name the member of staff for a part of a staff file, and for no other category.").By("A1.3")))
	}
	if in.DepartmentID != nil && (in.HouseholdID != nil || in.StaffID != nil) {
		err = cmp.Or(err, error(fault.Invalid("departmentID", "业户和员工档案的归口部门由系统确定,请不要选择。",
			"Whose own the file of a household or a member of staff is, is known: leave the department out.").By("A4.2")))
	}
	if in.Pages == 0 && in.UploadID == nil {
		err = cmp.Or(err, error(fault.Invalid("pages", "纸质文件请填写页数,或上传电子文件。", "Count the pages, or upload the content.").By("A2")))
	}
	return err
}

// checkDescription refuses bad texts and impossible counts.
func checkDescription(title string, pages int, source, edition *string) error {
	err := cmp.Or(wording.CheckText("title", title, 1, 200),
		wording.Optional(wording.CheckLine, "source", source), wording.Optional(wording.CheckLine, "edition", edition))
	if pages < 0 || pages > maxPages {
		err = cmp.Or(err, error(fault.Invalid("pages", "页数应在 0 到 %[1]d 之间。", "The pages are between 0 and %[1]d.", maxPages).By("A2")))
	}
	return err
}

// HandInDocumentPayload is the document in the inbox.
type HandInDocumentPayload struct{ Document *ent.ArchiveDocument }

// HandIn puts a document into the archive's inbox, where it waits for the archivist (A2). An upload that it takes as its
// content is the archive's from then on, and shown to whom the document is.
//
// Errors: NOT_FOUND; INVALID_INPUT for a day to come, a manual of another kind; RULE A1.2 for an edition without its name.
var HandIn = act.New("archives.handIn", act.Needs(policy.ArchiveDocument, policy.Create), act.Clauses("A2", "A1.1", "A1.2", "A1.3", "A1.4"), handIn)

func handIn(tx *act.Tx, in HandInDocumentInput) (*HandInDocumentPayload, error) {
	e, err := tx.Estate.Get(tx, in.EstateID)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	if err := notToCome(tx, e.ID, in.Dated); err != nil {
		return nil, err
	}
	of, err := whose(tx, e.ID, in)
	if err != nil {
		return nil, err
	}
	if err := mayFile(tx, e.ID, in.Category, of); err != nil {
		return nil, err
	}
	c := tx.ArchiveDocument.Create().SetEstateID(e.ID).SetClass(classOf(in.Category)).SetCategory(in.Category).
		SetNillableHouseholdID(in.HouseholdID).SetNillableStaffID(in.StaffID).
		SetNillableFileID(of.file).SetNillableDepartmentID(of.department).SetNillableAccountID(of.account).SetNillableManualID(in.ManualID).
		SetTitle(wording.Tidy(in.Title)).SetDated(in.Dated.UTC()).SetPages(in.Pages).SetSource(tidy(in.Source)).SetEdition(tidy(in.Edition)).
		SetHandedInByID(tx.Viewer.Account).SetHandedInByName(tx.Viewer.Name).SetHandedInAt(tx.Now)
	if in.UploadID != nil {
		if err := take(tx, c, e.ID, *in.UploadID); err != nil {
			return nil, err
		}
	}
	d, err := c.Save(tx)
	return &HandInDocumentPayload{d}, err
}

// mayFile refuses to put papers into the file of a colleague whom the viewer neither leads nor keeps the file of: it is read for
// promotion and pay (A1.3).
func mayFile(tx *act.Tx, estate uuid.UUID, category archivedocument.Category, of belonging) error {
	if classOf(category) != archivedocument.ClassStaff {
		return nil
	}
	row := access.Row{Estate: estate}
	if of.department != nil {
		row.Department = *of.department
	}
	if !tx.Viewer.Scope(policy.ArchiveFile, policy.Create).Covers(row) {
		return fault.Denied("员工档案由档案管理员、部门主管或经理归档,请交给他们。", "Papers of a member of staff are handed in by the archivist, the supervisor or a manager: give them to one of them.").By("A1.3").At("staffID")
	}
	return nil
}

// notToCome refuses a date in the future.
func notToCome(tx *act.Tx, estate uuid.UUID, day calendar.Day) error {
	today, err := tx.Today(estate)
	if err == nil && day.After(today) {
		err = fault.Invalid("dated", "文件日期不能晚于今天。", "A document is dated today or earlier.").By("A3")
	}
	return err
}

func tidy(text *string) string {
	if text == nil {
		return ""
	}
	return wording.Tidy(*text)
}

// WaitingDays is how many days a document has waited in the inbox by now; nil for what is there no more (A3).
func WaitingDays(d *ent.ArchiveDocument, now time.Time) *int {
	if d.State != archivedocument.StateInbox {
		return nil
	}
	return new(int(now.Sub(d.HandedInAt) / (24 * time.Hour)))
}
