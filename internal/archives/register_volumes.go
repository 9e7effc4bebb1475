package archives

import (
	"context"
	"iter"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivevolume"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// VolumeRegister is 案卷目录, the catalogue of volumes by class and then by time (A3).
func VolumeRegister(say func(zh, en string) string) registers.Register[*ent.ArchiveVolume] {
	type row = *ent.ArchiveVolume
	return registers.Register[row]{
		Name: "archives-volumes", ZH: "案卷目录", EN: "Volumes of the archive",
		Columns: []registers.Column[row]{
			{ZH: "类别", EN: "Class", Value: func(v row) any { return word(say, v.Class) }},
			{ZH: "分类", EN: "Category", Value: func(v row) any { return word(say, v.Category) }},
			{ZH: "案卷号", EN: "Code", Value: func(v row) any { return v.Code }},
			{ZH: "题名", EN: "Title", Width: 26, Value: func(v row) any { return v.Title }},
			{ZH: "所属档案", EN: "File", Value: func(v row) any {
				if v.Edges.File == nil {
					return nil
				}
				return v.Edges.File.Code
			}},
			{ZH: "起始日期", EN: "From", Kind: registers.Date, Value: func(v row) any { return calendar.DayOf(v.PeriodFrom) }},
			{ZH: "截止日期", EN: "Until", Kind: registers.Date, Value: func(v row) any {
				if v.PeriodUntil == nil {
					return nil
				}
				return calendar.DayOf(*v.PeriodUntil)
			}},
			{ZH: "份数", EN: "Documents", Kind: registers.Int, Value: func(v row) any { return v.Bound }},
			{ZH: "页数", EN: "Pages", Kind: registers.Int, Value: func(v row) any { return v.Pages }},
			{ZH: "存放位置", EN: "Place", Width: 20, Value: func(v row) any { return v.Place }},
			{ZH: "状态", EN: "State", Value: func(v row) any {
				if v.State == archivevolume.StateClosed {
					return say("已封卷", "Closed")
				}
				return say("未封卷", "Open")
			}},
		},
	}
}

// VolumeRows reads the volumes of an estate, in the order of the shelf.
func VolumeRows(ctx context.Context, db *ent.Client, estate uuid.UUID) iter.Seq2[*ent.ArchiveVolume, error] {
	var last *ent.ArchiveVolume
	return registers.Pages(func() ([]*ent.ArchiveVolume, bool, error) {
		q := db.ArchiveVolume.Query().Where(archivevolume.EstateID(estate)).WithFile().
			Order(archivevolume.ByFilingKey(), archivevolume.ByID()).Limit(registers.PageSize)
		if last != nil {
			q.Where(registers.After(archivevolume.FieldFilingKey, last.FilingKey, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		return list, len(list) == registers.PageSize, nil
	})
}
