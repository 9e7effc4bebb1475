package archives

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/archivemanual"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CreateManualInput names a manual.
type CreateManualInput struct {
	EstateID uuid.UUID
	Kind     archivemanual.Kind
	Name     string
}

// Check refuses an empty or endless name.
func (in CreateManualInput) Check() error { return wording.CheckName("name", in.Name) }

// CreateManualPayload is the manual, without an edition.
type CreateManualPayload struct{ Manual *ent.ArchiveManual }

// CreateManual begins a manual, 《管理手册》 or 《培训手册》; its editions are handed in as documents (A1.2).
//
// Errors: NOT_FOUND; CONFLICT if the estate has one of the name.
var CreateManual = act.New("archives.createManual", act.Needs(policy.ArchiveManual, policy.Create), act.Clauses("A1.2"), createManual)

func createManual(tx *act.Tx, in CreateManualInput) (*CreateManualPayload, error) {
	e, err := tx.Estate.Get(tx, in.EstateID)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	m, err := tx.ArchiveManual.Create().SetEstateID(e.ID).SetKind(in.Kind).SetName(wording.Tidy(in.Name)).Save(tx)
	return &CreateManualPayload{m}, err
}

// PutInForceInput says which edition of a manual is in force from now on.
type PutInForceInput struct{ DocumentID uuid.UUID }

// PutInForcePayload is the edition in force, and the one before, if there was one.
type PutInForcePayload struct{ Document, Replaced *ent.ArchiveDocument }

// PutInForce marks an edition of a manual as the one in force; the one before is marked no more (A1.2).
//
// Errors: NOT_FOUND; CONFLICT if it is in force; RULE A1.2 for what is no edition of a manual, or not bound.
var PutInForce = act.Guarded(act.New("archives.putInForce", act.Needs(policy.ArchiveManual, policy.Update), act.Clauses("A1.2"), putInForce), guardOf(isUnused))

func putInForce(tx *act.Tx, in PutInForceInput) (*PutInForcePayload, error) {
	d, err := document(tx, in.DocumentID, "documentID")
	if err != nil {
		return nil, err
	}
	if err := isUnused(tx, d); err != nil {
		return nil, err
	}
	// Two editions put in force at once wait for each other at their manual.
	if _, err := tx.ArchiveManual.Query().Where(archivemanual.ID(*d.ManualID)).ForUpdate().Only(tx); err != nil {
		return nil, err
	}
	before, err := tx.ArchiveDocument.Query().Where(archivedocument.ManualID(*d.ManualID), archivedocument.Current(true)).ForUpdate().Only(tx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, err
	}
	out := &PutInForcePayload{}
	if before != nil {
		if out.Replaced, err = before.Update().SetCurrent(false).Save(tx); err != nil {
			return nil, err
		}
	}
	out.Document, err = d.Update().SetCurrent(true).Save(tx)
	return out, err
}

// isUnused refuses what is no bound edition of a manual, and the one in force.
func isUnused(_ *act.Tx, d *ent.ArchiveDocument) error {
	switch {
	case d.ManualID == nil || d.State != archivedocument.StateBound:
		return fault.Rule("A1.2", "只有已立卷的手册版本才能生效。", "Only an edition of a manual that is bound comes into force.").At("documentID")
	case d.Current:
		return fault.Clash("这一版已是现行版本。", "This edition is in force already.").By("A1.2").At("documentID")
	}
	return nil
}
