package archives

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidDocumentInput names a document that was handed in by mistake, and says why.
type VoidDocumentInput struct{ void.Input }

// VoidDocumentPayload is the document, voided.
type VoidDocumentPayload struct{ Document *ent.ArchiveDocument }

// Void sends back what was handed in by mistake (A2): the entry stays, and says why.
//
// Errors: NOT_FOUND; CONFLICT if it was voided; RULE A2 if it is bound; RULE A1.4 for the document of a record, which is voided itself.
var Void = act.Guarded(act.New("archives.void", act.Needs(policy.ArchiveDocument, policy.Void), act.Clauses("A2"), voidDocument), guardOf(canVoidDocument))

func init() { act.Explain("archive_documents_of_record", ofRecord()) }

func ofRecord() *fault.Error {
	return fault.Rule("A1.4", "这份文件由记录自动归档,请作废记录本身,文件随之作废。", "A record filed itself as this document: void the record, and the document goes with it.").At("id")
}

// canVoidDocument refuses what is in the inbox no more, and the document of a record.
func canVoidDocument(tx *act.Tx, d *ent.ArchiveDocument) error {
	if err := inInbox(tx, d); err != nil {
		return err
	}
	if d.SubjectID != nil {
		return ofRecord()
	}
	return nil
}

func voidDocument(tx *act.Tx, in VoidDocumentInput) (*VoidDocumentPayload, error) {
	d, err := document(tx, in.ID, "id")
	if err != nil {
		return nil, err
	}
	if err := canVoidDocument(tx, d); err != nil {
		return nil, err
	}
	d, err = void.Mark(tx, d.Update().SetState(archivedocument.StateVoided), in.Reason).Save(tx)
	if err != nil {
		return nil, err
	}
	notice := void.Notice{
		Clause: "A2", Estate: d.EstateID, Subject: d.ID, Department: d.RowScope().Department,
		WhatZH: "归档文件", WhatEN: "document of the archive", Why: in.Reason,
	}
	return &VoidDocumentPayload{d}, void.Tell(tx, notice)
}
