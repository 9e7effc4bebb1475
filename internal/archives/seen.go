package archives

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/archivepermit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// seen refuses what the viewer does not see as if it were not there: nobody finds out by asking what there is (A5).
func seen(tx *act.Tx, in RequestArchiveInput) error {
	if in.UnitID != nil {
		u, err := tx.Unit.Get(tx, *in.UnitID)
		if err := readable(tx, u, err, policy.Unit, in.EstateID, "unitID"); err != nil {
			return err
		}
	}
	if in.HouseholdID != nil {
		h, err := tx.Household.Get(tx, *in.HouseholdID)
		if err := readable(tx, h, err, policy.Household, in.EstateID, "householdID"); err != nil {
			return err
		}
	}
	if in.StaffID != nil {
		s, err := tx.Staff.Get(tx, *in.StaffID)
		if err := readable(tx, s, err, policy.Staff, in.EstateID, "staffID"); err != nil {
			return err
		}
	}
	if len(in.DocumentIDs) == 0 {
		return nil
	}
	return seenDocuments(tx, in)
}

// readable refuses a row that the viewer may not read, or of another estate.
func readable(tx *act.Tx, row act.Versioned, err error, resource policy.Resource, estate uuid.UUID, field string) error {
	if err != nil {
		_, err = act.Find(row, err, field)
		return err
	}
	if of := row.RowScope(); of.Estate != estate || !tx.Viewer.Scope(resource, policy.Read).Covers(of) {
		return fault.Missing().At(field)
	}
	return nil
}

// seenDocuments refuses documents that the viewer may not read, be it by a permit.
func seenDocuments(tx *act.Tx, in RequestArchiveInput) error {
	list, err := tx.ArchiveDocument.Query().Where(archivedocument.IDIn(in.DocumentIDs...), archivedocument.EstateID(in.EstateID)).All(tx)
	if err != nil {
		return err
	}
	permits, err := tx.ArchivePermit.Query().Where(archivepermit.AccountID(tx.Viewer.Account), archivepermit.SubjectIDIn(in.DocumentIDs...),
		archivepermit.EndedAtIsNil(), archivepermit.ValidFromLTE(tx.Now), archivepermit.ValidUntilGT(tx.Now)).All(tx)
	if err != nil {
		return err
	}
	reads := tx.Viewer.Scope(policy.ArchiveDocument, policy.Read)
	for i, id := range in.DocumentIDs {
		own := slices.ContainsFunc(list, func(d *ent.ArchiveDocument) bool { return d.ID == id && reads.Covers(d.RowScope()) })
		if !own && !slices.ContainsFunc(permits, func(p *ent.ArchivePermit) bool { return p.SubjectID == id }) {
			return fault.Missing().At(fmt.Sprintf("documentIDs.%d", i))
		}
	}
	return nil
}
