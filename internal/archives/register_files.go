package archives

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivefile"
	"github.com/steward-pm/steward/internal/registers"
)

// HouseholdFileRegister is 业户档案索引: one household, one file, and what it holds (A6).
func HouseholdFileRegister() registers.Register[*ent.ArchiveFile] {
	type row = *ent.ArchiveFile
	sum := func(f row, of func(*ent.ArchiveVolume) int) (n int) {
		for _, v := range f.Edges.Volumes {
			n += of(v)
		}
		return n
	}
	return registers.Register[row]{
		Name: "archives-files", ZH: "业户档案索引", EN: "Household files",
		Columns: []registers.Column[row]{
			{ZH: "档案号", EN: "File", Value: func(f row) any { return f.Code }},
			{ZH: "业户", EN: "Household", Width: 20, Value: func(f row) any {
				if f.Edges.Household == nil {
					return nil
				}
				return f.Edges.Household.Name
			}},
			{ZH: "房屋", EN: "Units", Width: 24, Value: unitsOf},
			{ZH: "存放位置", EN: "Place", Width: 20, Value: func(f row) any { return f.Place }},
			{ZH: "案卷数", EN: "Volumes", Kind: registers.Int, Value: func(f row) any { return len(f.Edges.Volumes) }},
			{ZH: "份数", EN: "Documents", Kind: registers.Int, Value: func(f row) any { return sum(f, func(v *ent.ArchiveVolume) int { return v.Bound }) }},
			{ZH: "页数", EN: "Pages", Kind: registers.Int, Value: func(f row) any { return sum(f, func(v *ent.ArchiveVolume) int { return v.Pages }) }},
		},
	}
}

// unitsOf names the units that the household has or had, each once.
func unitsOf(f *ent.ArchiveFile) any {
	var list []string
	if h := f.Edges.Household; h != nil {
		for _, o := range h.Edges.Occupancies {
			if !slices.Contains(list, o.UnitLabel) {
				list = append(list, o.UnitLabel)
			}
		}
	}
	return strings.Join(list, "、")
}

// HouseholdFileRows reads the files of an estate's households, by their numbers.
func HouseholdFileRows(ctx context.Context, db *ent.Client, estate uuid.UUID) iter.Seq2[*ent.ArchiveFile, error] {
	var last *ent.ArchiveFile
	return registers.Pages(func() ([]*ent.ArchiveFile, bool, error) {
		q := db.ArchiveFile.Query().Where(archivefile.EstateID(estate), archivefile.HouseholdIDNotNil()).WithVolumes().
			WithHousehold(func(q *ent.HouseholdQuery) { q.WithOccupancies() }).Order(archivefile.ByCode(), archivefile.ByID()).Limit(registers.PageSize)
		if last != nil {
			q.Where(registers.After(archivefile.FieldCode, last.Code, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		return list, len(list) == registers.PageSize, nil
	})
}
