package archives

import (
	"context"
	"iter"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedestruction"
	"github.com/steward-pm/steward/internal/registers"
)

// DestructionRegister is the register of destructions, each with all that its certificate says, to be printed and kept (A7).
func DestructionRegister(say func(zh, en string) string) registers.Register[*ArchiveDestructionCertificate] {
	type column = registers.Column[*ArchiveDestructionCertificate]
	type row = *ArchiveDestructionCertificate
	join := func(list []string) string { return strings.Join(list, say("、", ", ")) }
	return registers.Register[row]{
		Name: "archives-destructions", ZH: "档案销毁清册", EN: "Destructions of archives",
		Columns: []column{
			{ZH: "证明编号", EN: "Certificate", Value: func(c row) any { return c.Number }},
			{ZH: "案卷及类别", EN: "Series", Width: 22, Value: func(c row) any { return join(c.Series) }},
			{ZH: "起始日期", EN: "From", Kind: registers.Date, Value: func(c row) any { return c.DatedFrom }},
			{ZH: "截止日期", EN: "Until", Kind: registers.Date, Value: func(c row) any { return c.DatedUntil }},
			{ZH: "保管期限(条款:年)", EN: "Schedule, item: years", Width: 22, Value: func(c row) any { return join(c.Schedule) }},
			{ZH: "到期日", EN: "Eligible on", Kind: registers.Date, Value: func(c row) any { return c.EligibleOn }},
			{ZH: "份数", EN: "Documents", Kind: registers.Int, Value: func(c row) any { return c.Quantity }},
			{ZH: "页数", EN: "Pages", Kind: registers.Int, Value: func(c row) any { return c.Pages }},
			{ZH: "销毁方式", EN: "Method", Value: func(c row) any { return methodWord(say, c.Method) }},
			{ZH: "批准人", EN: "Authorised by", Value: func(c row) any { return c.AuthorisedBy }},
			{ZH: "销毁人", EN: "Destroyed by", Value: func(c row) any { return c.DestroyedBy }},
			{ZH: "监销员", EN: "Witness", Value: func(c row) any { return c.Witness }},
			{ZH: "销毁时间", EN: "Destroyed at", Kind: registers.Time, Value: func(c row) any { return c.DestroyedAt }},
			{ZH: "无保管限制声明", EN: "No-hold statement", Width: 20, Value: func(row) any { return say(noHoldZH, noHoldEN) }},
			{ZH: "销毁前内容摘要", EN: "Content hash from before", Width: 30, Value: func(c row) any { return c.ContentHash }},
			{ZH: "备份保留至", EN: "Backups until", Kind: registers.Date, Value: func(c row) any { return c.BackupsUntil }},
			{ZH: "审计链位置", EN: "Place in the audit chain", Kind: registers.Int, Value: func(c row) any { return c.AuditSeq }},
		},
	}
}

func methodWord(say func(zh, en string) string, m archivedestruction.Method) string {
	switch m {
	case archivedestruction.MethodShredding:
		return say("粉碎", "Shredded")
	case archivedestruction.MethodPulping:
		return say("化浆", "Pulped")
	case archivedestruction.MethodBurning:
		return say("焚毁", "Burnt")
	}
	return say("电子删除", "Erased")
}

// DestructionRows reads the certificates of an estate in the order of their proposals.
func DestructionRows(ctx context.Context, db *ent.Client, estate uuid.UUID) iter.Seq2[*ArchiveDestructionCertificate, error] {
	var last *ent.ArchiveDestruction
	return registers.Pages(func() ([]*ArchiveDestructionCertificate, bool, error) {
		q := db.ArchiveDestruction.Query().Where(archivedestruction.EstateID(estate)).Order(archivedestruction.ByProposedAt(), archivedestruction.ByID()).Limit(registers.PageSize)
		if last != nil {
			q.Where(registers.After(archivedestruction.FieldProposedAt, last.ProposedAt, last.ID))
		}
		list, err := certificates(ctx, q)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1].Destruction
		return list, len(list) == registers.PageSize, nil
	})
}
