package demo

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedestruction"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/policy"
)

// destruction is what is past its retention (A7): external papers of which one was destroyed under a certificate, one is on an
// order that is approved and waits for its witness, one is held for a lawsuit, and one is due.
func (h *history) destruction() map[int][]func() error {
	var papers []uuid.UUID
	var done *ent.ArchiveDestruction
	archivist := h.as(policy.Archivist)
	propose := func(document uuid.UUID) (*ent.ArchiveDestruction, error) {
		p, err := archives.Propose.Do(archivist, archives.ProposeArchiveDestructionInput{
			EstateID: h.estate.ID, DocumentIDs: []uuid.UUID{document}, Method: archivedestruction.MethodShredding, Reason: "保管期满,已无查考价值",
		})
		if err != nil {
			return nil, err
		}
		return p.Destruction, nil
	}
	witness := *h.colleagues[h.estate.ID][policy.Security].staff
	approve := func(d *ent.ArchiveDestruction) error {
		_, err := archives.ApproveDestruction.Do(h.manager, archives.ApproveArchiveDestructionInput{
			DestructionID: d.ID, WitnessID: witness, Signature: h.password(policy.ProjectManager),
		})
		return err
	}
	return map[int][]func() error{
		20: {func() (err error) { papers, err = h.oldPapers(); return err }},
		18: {func() error {
			_, err := archives.PlaceHold.Do(archivist, archives.PlaceArchiveHoldInput{DocumentID: &papers[2], Reason: "与开发商的诉讼未结"})
			return err
		}},
		15: {func() (err error) { done, err = propose(papers[0]); return err }, func() error { return approve(done) }},
		13: {func() error {
			_, err := archives.Destroy.Do(archivist, archives.DestroyArchiveInput{
				DestructionID: done.ID, WitnessID: witness, Signature: h.password(policy.Archivist), WitnessSignature: h.password(policy.Security),
			})
			return err
		}},
		2: {func() error {
			d, err := propose(papers[1])
			if err != nil {
				return err
			}
			return approve(d)
		}},
	}
}

// oldPapers are regulations of more than ten years ago, bound into a volume.
func (h *history) oldPapers() (list []uuid.UUID, err error) {
	archivist, from := h.as(policy.Archivist), h.today.AddMonths(-12*13)
	v, err := archives.OpenVolume.Do(archivist, archives.OpenVolumeInput{
		EstateID: h.estate.ID, Category: archivedocument.CategoryLaw, Code: "WB-FG-01", Title: "已废止的法规文件", PeriodFrom: from,
	})
	if err != nil {
		return nil, err
	}
	for i, title := range []string{"物业服务收费通知(已废止)", "住宅装修管理通知(已废止)", "前期物业服务合同备案通知", "白蚁防治通知(已废止)"} {
		d, err := archives.HandIn.Do(archivist, archives.HandInDocumentInput{
			EstateID: h.estate.ID, Category: archivedocument.CategoryLaw, Title: title, Dated: from.AddMonths(i + 1), Pages: 3 + i,
		})
		if err != nil {
			return nil, err
		}
		list = append(list, d.Document.ID)
	}
	_, err = archives.Bind.Do(archivist, archives.BindDocumentsInput{VolumeID: v.Volume.ID, DocumentIDs: list})
	return list, err
}
