package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/watermark"
)

// marked makes a copy that says on each page who reads it, when, and through which request (A5).
func (f *Files) marked(ctx context.Context, rt *act.Runtime, held *Held) (_ server.File, _ io.ReadCloser, err error) {
	if !watermark.Can(held.ContentType) {
		return server.File{}, nil, fault.Rule("A5", "这种文件(%[1]s)不能加水印,不提供电子副本;请到档案室,由档案管理员出示。",
			"A file of this kind (%[1]s) cannot carry a watermark, so no copy is given: ask the archivist to show it at the archive.", held.ContentType)
	}
	text, err := stamp(ctx, rt, held)
	if err != nil {
		return server.File{}, nil, err
	}
	_, content, err := f.original(ctx, held)
	if err != nil {
		return server.File{}, nil, err
	}
	made, err := watermark.Make(ctx, held.ContentType, content, text)
	if err = errors.Join(err, content.Close()); err != nil {
		if e, ok := errors.AsType[*watermark.Error](err); ok {
			rt.Log.WarnContext(ctx, "no marked copy can be made", "document", held.ID, "why", e.Why, "detail", e.Detail)
			return server.File{}, nil, unmarked(e.Why)
		}
		return server.File{}, nil, err
	}
	// It took its time: a permit may have been withdrawn meanwhile, the document destroyed.
	again, err := holders[held.Type](ctx, held.ID)
	if ent.IsNotFound(err) || err == nil && (again.Refused != nil || again.SHA256 != held.SHA256 || again.Through != held.Through) {
		err = fault.Missing()
	}
	if err != nil {
		return server.File{}, nil, errors.Join(err, made.Close())
	}
	file := held.file()
	file.Size, file.SHA256 = made.Size, ""
	return file, made, nil
}

// stamp is what the copy says.
func stamp(ctx context.Context, rt *act.Runtime, held *Held) (string, error) {
	e, err := rt.DB.Ent.Estate.Get(access.With(ctx, access.System(nil, "files")), held.Of.Estate)
	if err != nil {
		return "", err
	}
	cal, err := act.CalendarOf(e.TimeZone)
	if err != nil {
		return "", fmt.Errorf("time zone of estate %s: %w", e.Code, err)
	}
	v := access.From(ctx)
	return strings.TrimSpace(v.Name + " " + rt.Clock.Now().In(cal.Zone()).Format("2006-01-02 15:04") + " " + held.Through), nil
}

// unmarked says why there is no copy, and what to do instead: the original is not given.
func unmarked(why watermark.Why) *fault.Error {
	switch why {
	case watermark.Encrypted:
		return fault.Rule("A5", "这份 PDF 已加密,不能加水印,不提供电子副本;请档案管理员出示原件,或换存一份未加密的。",
			"This PDF is encrypted and cannot carry a watermark, so no copy is given: ask the archivist to show it, or to file one that is not encrypted.")
	case watermark.Broken:
		return fault.Rule("A5", "文件已损坏或格式不符,不能加水印,不提供电子副本;请档案管理员出示原件。",
			"The file is broken and cannot carry a watermark, so no copy is given: ask the archivist to show it.")
	default:
		return fault.Rule("A5", "文件的页数或像素过多,不能加水印,不提供电子副本;请档案管理员出示原件,或拆分后另存。",
			"The file has too many pages or pixels to carry a watermark, so no copy is given: ask the archivist to show it, or to file it in parts.")
	}
}
