package demo

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/server"
)

// archiveFiles are papers of a household with their content, which searchArchive finds by its words (A4, A6), and one on paper only.
func (h *history) archiveFiles() map[int][]func() error {
	return map[int][]func() error{14: {func() error {
		home, err := act.From(h.system).DB.Ent.Household.Query().Where(household.EstateID(h.estate.ID), household.HasOccupancies()).
			Order(ent.Asc(household.FieldCode)).Offset(1).FirstID(h.system)
		if err != nil {
			return err
		}
		for _, p := range []struct {
			title, name string
			pages       []string
		}{
			{"装修申请附图说明", "装修附图.pdf", []string{
				"装修申请附图说明\n厨房、卫生间改造,施工单位:顺达装饰", "卫生间防水层高度不低于1.8米,做完须闭水试验 48 小时,\n由工程部到场验收。",
			}},
			{"楼下渗漏处理意见", "渗漏处理.pdf", []string{"经现场查看,渗漏系卫生间防水层破损所致。\n请业主于十日内重做防水,并预约闭水试验。"}},
			{"防水材料合格证(纸质)", "", nil},
		} {
			if err := h.filed(home, p.title, p.name, p.pages); err != nil {
				return err
			}
		}
		return nil
	}}}
}

// filed hands in a paper about a household's works, and its content if there is one.
func (h *history) filed(home uuid.UUID, title, name string, pages []string) error {
	in := archives.HandInDocumentInput{
		EstateID: h.estate.ID, Category: archivedocument.CategoryRenovationPapers, HouseholdID: &home, Title: title, Dated: h.thatDay(), Pages: max(1, len(pages)),
	}
	if pages != nil {
		upload, err := h.upload(h.officer, name, PDF(pages...))
		if err != nil {
			return err
		}
		in.UploadID = &upload
	}
	_, err := archives.HandIn.Do(h.officer, in)
	return err
}

func (h *history) upload(ctx context.Context, name string, content []byte) (uuid.UUID, error) {
	f, err := h.uploads.Store(ctx, server.Upload{Estate: h.estate.Code, Name: name, ContentType: "application/pdf", Size: int64(len(content))}, bytes.NewReader(content))
	if err != nil {
		return uuid.Nil, err
	}
	return uuid.Parse(f.ID)
}
