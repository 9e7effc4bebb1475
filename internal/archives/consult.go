package archives

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/archivefile"
	"github.com/steward-pm/steward/ent/stafffileconsultation"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

func init() {
	act.Explain("staff_file_consultations_own", ownFile())
	act.Explain("staff_file_consultations_belongs", fault.Clash("员工档案刚有变动,请重新办理。", "The staff file was changed meanwhile; do it again.").By("A1.3"))
}

func ownFile() *fault.Error {
	return fault.Rule("A1.3", "不能为自己的晋升或薪酬查阅本人档案,请由主管或经理查阅。", "Nobody reads the own file for the own promotion or pay; the supervisor or a manager does.").At("staffID")
}

// ConsultStaffFileInput says whose file is read for promotion or pay, and on what occasion.
type ConsultStaffFileInput struct {
	StaffID uuid.UUID
	Purpose stafffileconsultation.Purpose
	Reason  string
}

// Check refuses an empty or endless reason.
func (in ConsultStaffFileInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// ConsultStaffFilePayload is the record of it, and both parts of the file, each by class and then by time.
type ConsultStaffFilePayload struct {
	Consultation *ent.StaffFileConsultation
	Work         []*ent.ArchiveDocument
	Training     []*ent.ArchiveDocument
}

// Consult reads both parts of a staff file for promotion or pay, by the own supervisor or a manager; it is recorded as such, and the
// person is told (A1.3).
//
// Errors: NOT_FOUND for who is of another department; RULE A1.3 for the own file; CONFLICT for who has left.
var Consult = act.Guarded(act.New("archives.consultStaffFile", act.Needs(policy.StaffFileConsultation, policy.Create), act.Clauses("A1.3"), consult), act.Guard[*ent.ArchiveFile]{
	Entity: ent.TypeArchiveFile,
	ID:     func(f *ent.ArchiveFile) uuid.UUID { return f.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.ArchiveFile, error) {
		return tx.ArchiveFile.Query().Where(archivefile.IDIn(list...), archivefile.StaffIDNotNil()).WithStaff().All(tx)
	},
	Check: mayConsult,
})

func consult(tx *act.Tx, in ConsultStaffFileInput) (*ConsultStaffFilePayload, error) {
	f, err := tx.ArchiveFile.Query().Where(archivefile.StaffID(in.StaffID)).WithStaff().Only(tx)
	if f, err = act.Find(f, err, "staffID"); err != nil {
		return nil, err
	}
	if err := mayConsult(tx, f); err != nil {
		return nil, err
	}
	tx.Because(string(in.Purpose)) // the occasion is the person's own matter, and on the record alone
	work, err := part(tx, f, archivedocument.CategoryWork)
	if err != nil {
		return nil, err
	}
	training, err := part(tx, f, archivedocument.CategoryTraining)
	if err != nil {
		return nil, err
	}
	c, err := tx.StaffFileConsultation.Create().SetEstateID(f.EstateID).SetStaffID(in.StaffID).SetFileID(f.ID).SetNillableDepartmentID(f.DepartmentID).
		SetNillableAccountID(f.AccountID).SetPurpose(in.Purpose).SetReason(wording.Tidy(in.Reason)).SetWorkDocuments(len(work)).SetTrainingDocuments(len(training)).
		SetConsultedByID(tx.Viewer.Account).SetConsultedByName(tx.Viewer.Name).SetConsultedAt(tx.Now).Save(tx)
	if err != nil {
		return nil, err
	}
	return &ConsultStaffFilePayload{c, work, training}, tellConsulted(tx, c)
}

// mayConsult refuses others than the own supervisor and managers as if there were no file, the person, and the file of who has left.
func mayConsult(tx *act.Tx, f *ent.ArchiveFile) error {
	if f.AccountID != nil && *f.AccountID == tx.Viewer.Account {
		return ownFile()
	}
	if !tx.Viewer.Scope(policy.StaffFileConsultation, policy.Create).Covers(f.RowScope()) {
		return fault.Missing().At("staffID")
	}
	today, err := tx.Today(f.EstateID)
	if until := f.Edges.Staff.EmployedUntil; err == nil && until != nil && !calendar.DayOf(*until).After(today) {
		err = fault.Clash("%[1]s 已离职。", "%[1]s has left.", f.Edges.Staff.Name).By("A1.3").At("staffID")
	}
	return err
}

// part is what a part of the file holds, by its time (A3).
func part(tx *act.Tx, f *ent.ArchiveFile, category archivedocument.Category) ([]*ent.ArchiveDocument, error) {
	return tx.ArchiveDocument.Query().Where(archivedocument.FileID(f.ID), archivedocument.CategoryEQ(category), archivedocument.StateIn(archivedocument.StateInbox, archivedocument.StateBound)).
		Order(archivedocument.ByFilingKey(), archivedocument.ByID()).All(tx)
}

// tellConsulted tells the person, if there is an account to tell.
func tellConsulted(tx *act.Tx, c *ent.StaffFileConsultation) error {
	if c.AccountID == nil {
		return nil
	}
	zh, en := "薪酬", "pay"
	if c.Purpose == stafffileconsultation.PurposePromotion {
		zh, en = "晋升", "promotion"
	}
	return tx.Runtime().Accounts.Post(tx, tx.Raw, account.Message{
		AccountID: *c.AccountID, Estate: c.EstateID, Kind: "archives.consulted", Subject: c.ID,
		TitleZH: "您的员工档案已被查阅:" + zh, TitleEN: "Your staff file was read for " + en,
		BodyZH: c.ConsultedByName + " 为" + zh + "查阅了您的工作档案和培训档案(A1.3)。", BodyEN: c.ConsultedByName + " read your work file and training file for " + en + " (A1.3).",
	})
}
