package archives

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivefile"
	"github.com/steward-pm/steward/ent/archivevolume"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
)

// Asked adds to what was read the households whose file was asked about, by itself, its file or a volume of it, and of which no row was read: who counts a
// household's complaints, and finds none, has learned it (A6).
func Asked(ctx context.Context, reads []access.Read, whose []uuid.UUID) ([]access.Read, error) {
	if len(whose) == 0 {
		return reads, nil
	}
	type of struct {
		Estate    uuid.UUID  `json:"estate_id"`
		Household *uuid.UUID `json:"household_id"`
	}
	var files, volumes []of
	db := act.From(ctx).DB.Ent // single columns: looking whose it is reads nothing itself
	if err := db.ArchiveFile.Query().Where(archivefile.Or(archivefile.HouseholdIDIn(whose...), archivefile.IDIn(whose...))).
		Select(archivefile.FieldEstateID, archivefile.FieldHouseholdID).Scan(ctx, &files); err != nil {
		return nil, err
	}
	if err := db.ArchiveVolume.Query().Where(archivevolume.IDIn(whose...)).
		Select(archivevolume.FieldEstateID, archivevolume.FieldHouseholdID).Scan(ctx, &volumes); err != nil {
		return nil, err
	}
	for _, o := range append(files, volumes...) {
		if o.Household == nil || slices.ContainsFunc(reads, func(r access.Read) bool { return r.Row.Household == *o.Household }) {
			continue
		}
		reads = append(reads, access.Read{Type: ent.TypeHousehold, ID: *o.Household, Row: access.Row{Estate: o.Estate, Household: *o.Household}})
	}
	return reads, nil
}
