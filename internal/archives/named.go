package archives

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/archiverequest"
	"github.com/steward-pm/steward/ent/archiverequestdocument"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// NameRequestedDocumentsInput says which documents answer a request.
type NameRequestedDocumentsInput struct {
	RequestID   uuid.UUID
	DocumentIDs []uuid.UUID
}

// Check refuses none, too many, and one that is named twice.
func (in NameRequestedDocumentsInput) Check() error { return checkNamed(in.DocumentIDs, 1) }

// NameRequestedDocumentsPayload is the request, with the documents that are put to the approver.
type NameRequestedDocumentsPayload struct {
	Request *ent.ArchiveRequest
	Named   []*ent.ArchiveRequestDocument
}

// NameDocuments names the documents for a request, and puts it to who decides: the project manager for households' files; for a department's
// own its supervisor, too (A5). Who asked is not told.
//
// Errors: NOT_FOUND; RULE A5 if it was answered or its time is over; CONFLICT if documents were named for it.
var NameDocuments = act.Guarded(act.New("archives.nameDocuments", act.Needs(policy.ArchiveRequestDocument, policy.Create), act.Clauses("A5"), nameDocuments),
	requestGuard(canName))

func nameDocuments(tx *act.Tx, in NameRequestedDocumentsInput) (*NameRequestedDocumentsPayload, error) {
	r, err := requested(tx, in.RequestID, "requestID")
	if err != nil {
		return nil, err
	}
	list, err := documentsOf(tx, r, in.DocumentIDs)
	if err != nil {
		return nil, err
	}
	if err := canName(tx, r); err != nil {
		return nil, err
	}
	if err := name(tx, r, list); err != nil {
		return nil, err
	}
	named, err := r.QueryNamed().Order(ent.Asc(archiverequestdocument.FieldID)).All(tx)
	return &NameRequestedDocumentsPayload{r, named}, err
}

// asked is exactly what the approver decides upon, and signs; documents by their ids alone, and what for by the
// request, where it stays as it was asked: what is destroyed is told nowhere (A7).
type asked struct {
	Request     string              `json:"request"`
	Kind        archiverequest.Kind `json:"kind"`
	Person      string              `json:"person"`
	AccountID   uuid.UUID           `json:"accountID"`
	DocumentIDs []uuid.UUID         `json:"documentIDs"`
	From        time.Time           `json:"from"`
	Until       time.Time           `json:"until"`
}

// documentsOf finds the documents that are named, in the request's estate.
func documentsOf(tx *act.Tx, r *ent.ArchiveRequest, list []uuid.UUID) ([]*ent.ArchiveDocument, error) {
	found, err := tx.ArchiveDocument.Query().Where(archivedocument.IDIn(list...), archivedocument.EstateID(r.EstateID)).All(tx)
	if err != nil {
		return nil, err
	}
	out := make([]*ent.ArchiveDocument, len(list))
	for i, id := range list {
		at := slices.IndexFunc(found, func(d *ent.ArchiveDocument) bool { return d.ID == id })
		if at < 0 {
			return nil, fault.Missing().At(fmt.Sprintf("documentIDs.%d", i))
		}
		if out[i] = found[at]; out[i].State == archivedocument.StateVoided || out[i].State == archivedocument.StateDestroyed {
			return nil, fault.Rule("A5", "文件已作废或已销毁,不能查阅。", "The document was voided or destroyed; there is nothing to be shown.").At(fmt.Sprintf("documentIDs.%d", i))
		}
	}
	return out, nil
}

// name writes down which documents the request is for, and asks who decides.
func name(tx *act.Tx, r *ent.ArchiveRequest, list []*ent.ArchiveDocument) error {
	department := decides(list)
	named, rows := make([]uuid.UUID, len(list)), make([]*ent.ArchiveRequestDocumentCreate, len(list))
	for i, d := range list {
		named[i] = d.ID
		rows[i] = tx.ArchiveRequestDocument.Create().SetEstateID(r.EstateID).SetRequestID(r.ID).SetDocumentID(d.ID).SetNillableDepartmentID(department).
			SetNamedByID(tx.Viewer.Account).SetNamedByName(tx.Viewer.Name)
	}
	if err := tx.ArchiveRequestDocument.CreateBulk(rows...).Exec(tx); err != nil {
		return err
	}
	if department != nil {
		if err := tx.ArchiveRequest.UpdateOneID(r.ID).SetDepartmentID(*department).Exec(tx); err != nil {
			return err
		}
	}
	_, err := showing.Ask(tx, approval.Question{
		Estate: r.EstateID, Subject: r.ID, Department: department, Until: &r.ValidUntil, Reason: r.Purpose,
		TitleZH: "调阅档案 " + r.Code + ":" + r.AskedByName, TitleEN: "Show from the archive, " + r.Code + ": " + r.AskedByName,
		Content: asked{r.Code, r.Kind, r.AskedByName, r.AccountID, named, r.ValidFrom.UTC(), r.ValidUntil.UTC()},
	})
	return err
}

// decides is the department whose supervisor decides, too: whose own all the documents are. Of households' files the project manager
// alone decides, and so of what is of several departments, or none.
func decides(list []*ent.ArchiveDocument) *uuid.UUID {
	first := list[0].DepartmentID
	for _, d := range list {
		if d.Class == archivedocument.ClassHousehold || d.DepartmentID == nil || *d.DepartmentID != *first {
			return nil
		}
	}
	return first
}

// canName refuses what is answered, too late, or named.
func canName(tx *act.Tx, r *ent.ArchiveRequest) error {
	if err := waits(tx, r); err != nil {
		return err
	}
	if len(r.Edges.Named) > 0 {
		return fault.Clash("这份申请的文件已指定,正等候审批。", "Documents were named for it, and it waits to be decided.").By("A5")
	}
	return nil
}

// waits refuses a request that is answered, and one whose time is over.
func waits(tx *act.Tx, r *ent.ArchiveRequest) error {
	switch {
	case r.State != archiverequest.StateWaiting:
		return fault.Rule("A5", "这份申请已办结。", "The request was answered.")
	case !tx.Now.Before(r.ValidUntil):
		return fault.Rule("A5", "申请的期限已过,请重新申请。", "The time that was asked for is over; ask again.")
	}
	return nil
}

// requested finds a request and locks it.
func requested(tx *act.Tx, id uuid.UUID, field string) (*ent.ArchiveRequest, error) {
	r, err := tx.ArchiveRequest.Query().Where(archiverequest.ID(id)).WithNamed().ForUpdate().Only(tx)
	return act.Find(r, err, field)
}

func requestGuard(check func(*act.Tx, *ent.ArchiveRequest) error) act.Guard[*ent.ArchiveRequest] {
	return act.Guard[*ent.ArchiveRequest]{
		Entity: ent.TypeArchiveRequest,
		ID:     func(r *ent.ArchiveRequest) uuid.UUID { return r.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.ArchiveRequest, error) {
			return tx.ArchiveRequest.Query().Where(archiverequest.IDIn(list...)).WithNamed().All(tx)
		},
		Check: check,
	}
}
