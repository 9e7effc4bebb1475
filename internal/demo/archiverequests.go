package demo

import (
	"bytes"
	_ "embed" // a document

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	entapproval "github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/archiverequest"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/policy"
)

//go:embed law.pdf
var law []byte

// archiveRequests are two of the archive (A5): one whose document is named and which the project manager gives, and one that waits for the archivist.
func (h *history) archiveRequests() map[int][]func() error {
	var r *ent.ArchiveRequest
	return map[int][]func() error{
		2: {
			func() (err error) {
				r, err = h.askArchive(policy.Accountant, archiverequest.KindCopy, "核对保证金条款", "物业管理条例")
				return err
			},
			func() error { return h.nameLaw(r) },
			func() error { return h.show(r) },
		},
		1: {func() error {
			_, err := h.askArchive(policy.Engineering, archiverequest.KindView, "查找竣工管线位置", "开发商移交的竣工图")
			return err
		}},
	}
}

func (h *history) askArchive(who policy.Role, kind archiverequest.Kind, purpose, wanted string) (*ent.ArchiveRequest, error) {
	p, err := archives.Request.Do(h.as(who), archives.RequestArchiveInput{
		EstateID: h.estate.ID, Kind: kind, Purpose: purpose, Wanted: &wanted, Until: h.today.AddDays(10),
	})
	if err != nil {
		return nil, err
	}
	return p.Request, nil
}

// nameLaw has the archivist hand in what was asked for, and name it.
func (h *history) nameLaw(r *ent.ArchiveRequest) error {
	archivist := h.as(policy.Archivist)
	upload, err := h.uploads.Store(archivist, server.Upload{Estate: h.estate.Code, Name: "物业管理条例.pdf"}, bytes.NewReader(law))
	if err != nil {
		return err
	}
	d, err := archives.HandIn.Do(archivist, archives.HandInDocumentInput{
		EstateID: h.estate.ID, Category: archivedocument.CategoryLaw, Title: "物业管理条例", Dated: h.today.AddDays(-20), Pages: 24,
		UploadID: new(uuid.MustParse(upload.ID)),
	})
	if err != nil {
		return err
	}
	_, err = archives.NameDocuments.Do(archivist, archives.NameRequestedDocumentsInput{RequestID: r.ID, DocumentIDs: []uuid.UUID{d.Document.ID}})
	return err
}

// show has the project manager give it, signed with the own password.
func (h *history) show(r *ent.ArchiveRequest) error {
	a, err := act.From(h.ctx).DB.Ent.Approval.Query().Where(entapproval.SubjectID(r.ID)).OnlyID(h.manager)
	if err != nil {
		return err
	}
	_, err = approval.Give.Do(h.manager, approval.GiveApprovalInput{ApprovalID: a, Signature: h.password(policy.ProjectManager)})
	return err
}
