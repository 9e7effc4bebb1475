package demo

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/archiverequest"
	"github.com/steward-pm/steward/ent/stafffileconsultation"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/policy"
)

// archiveLoans are papers that are lent (A5): one is back, with a page missing, one is overdue, one is out. And a staff file is read for
// promotion (A1.3).
func (h *history) archiveLoans() map[int][]func() error {
	var back, overdue, out *ent.ArchiveLoan
	return map[int][]func() error{
		16: {func() error {
			return h.lendsPaper(&back, policy.Accountant, "核对开发商移交清单", "物业承接查验资料", h.today.AddDays(-9))
		}},
		12: {func() error {
			why := "第 7 页缺失,借用人正在寻找"
			lines, err := back.QueryLines().All(h.system)
			if err != nil {
				return err
			}
			_, err = archives.Return.Do(h.as(policy.Archivist), archives.ReturnArchiveInput{
				LoanID: back.ID, Documents: []*archives.ReturnedDocumentInput{{DocumentID: lines[0].DocumentID, Pages: lines[0].Pages - 1, Remark: &why}},
				Signature: h.password(policy.Accountant),
			})
			return err
		}},
		9: {func() error {
			return h.lendsPaper(&overdue, policy.Engineering, "核对管线走向", "给排水竣工图", h.today.AddDays(-3))
		}},
		6: {h.readsForPromotion},
		2: {func() error {
			return h.lendsPaper(&out, policy.Receptionist, "整理前台文件", "前期物业服务合同", h.today.AddDays(5))
		}},
	}
}

// lendsPaper has somebody ask to borrow what the archivist hands in and names, the manager give it, and the archivist lend it.
func (h *history) lendsPaper(to **ent.ArchiveLoan, who policy.Role, purpose, title string, until calendar.Day) error {
	asked, err := archives.Request.Do(h.as(who), archives.RequestArchiveInput{
		EstateID: h.estate.ID, Kind: archiverequest.KindBorrow, Purpose: purpose, Wanted: &title, Until: until,
	})
	if err != nil {
		return err
	}
	d, err := archives.HandIn.Do(h.as(policy.Archivist), archives.HandInDocumentInput{
		EstateID: h.estate.ID, Category: archivedocument.CategoryDeveloper, Title: title, Dated: h.today.AddMonths(-14), Pages: 18,
	})
	if err != nil {
		return err
	}
	if _, err = archives.NameDocuments.Do(h.as(policy.Archivist), archives.NameRequestedDocumentsInput{RequestID: asked.Request.ID, DocumentIDs: []uuid.UUID{d.Document.ID}}); err != nil {
		return err
	}
	if err := h.show(asked.Request); err != nil {
		return err
	}
	l, err := archives.Lend.Do(h.as(policy.Archivist), archives.LendArchiveInput{RequestID: asked.Request.ID, Signature: h.password(who)})
	if err == nil {
		*to = l.Loan
	}
	return err
}

// readsForPromotion has the supervisor read the receptionist's file, in which the archivist has put two papers.
func (h *history) readsForPromotion() error {
	staff := *h.colleagues[h.estate.ID][policy.Receptionist].staff
	for category, title := range map[archivedocument.Category]string{archivedocument.CategoryWork: "年度考核表", archivedocument.CategoryTraining: "客户服务培训结业证"} {
		if _, err := archives.HandIn.Do(h.as(policy.Archivist), archives.HandInDocumentInput{
			EstateID: h.estate.ID, Category: category, StaffID: &staff, Title: title, Dated: h.today.AddDays(-60), Pages: 2,
		}); err != nil {
			return err
		}
	}
	_, err := archives.Consult.Do(h.as(policy.Supervisor), archives.ConsultStaffFileInput{
		StaffID: staff, Purpose: stafffileconsultation.PurposePromotion, Reason: "竞聘客服组长",
	})
	return err
}
