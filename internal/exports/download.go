package exports

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/registerexport"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
)

func init() { files.Hold(ent.TypeRegisterExport, held) }

// held is what an export holds, for who asked for it and may take the register out still. Whoever else may know of it learns that, and not what it holds.
//
// Errors: not found; CONFLICT A4.3 before it is done, and once it has expired.
func held(ctx context.Context, id uuid.UUID) (*files.Held, error) {
	rt, v := act.From(ctx), access.From(ctx)
	x, err := rt.DB.Ent.RegisterExport.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	h := &files.Held{
		ID: x.ID, Type: ent.TypeRegisterExport, Of: x.RowScope(), Name: fmt.Sprintf("%s-%s.%s", x.Register, x.CreatedAt.Format("20060102"), formatOf(x.Format)),
		ContentType: formatOf(x.Format).ContentType(), SHA256: x.Sha256, Size: x.Size,
	}
	switch {
	case v.Account != x.AccountID:
		h.SHA256, h.Refused = "-", fault.Denied("导出的文件只有申请人本人可以下载;需要的话请自行申请导出。", "Only who asked for an export downloads it. Ask for one of your own if you need it.").By(clause)
	case v.Token != uuid.Nil:
		h.SHA256, h.Refused = "-", fault.Denied("API 令牌不能下载导出的文件,请登录后下载。", "An API token does not download exports. Sign in to do it.").By(clause)
	case !catalogue[x.Register].open(v, x.EstateID):
		h.SHA256, h.Refused = "-", closed().By(clause)
	default:
		return h, downloadable(rt, x)
	}
	return h, nil
}

// downloadable refuses what is not done, and what has expired.
func downloadable(rt *act.Runtime, x *ent.RegisterExport) error {
	switch {
	case x.State == registerexport.StateExpired, x.ExpiresAt != nil && !rt.Clock.Now().Before(*x.ExpiresAt):
		return fault.Clash("导出的文件已过期删除,请重新申请。", "What was exported has expired; ask for it again.").By(clause)
	case unfinished(x):
		return fault.Clash("导出尚未完成,完成后会通知您。", "The export is not done yet; you are told when it is.").By(clause)
	case x.State != registerexport.StateDone:
		return fault.Clash("该导出没有文件,原因见导出记录;如仍需要,请重新申请。", "The export has no file: it says why. If it is still wanted, ask for it again.").By(clause)
	}
	return nil
}

// path is where it is downloaded.
func path(x *ent.RegisterExport) string { return "/files/" + x.ID.String() }

// yours tells whether the viewer asked for it, and can download it.
func yours(ctx context.Context, x *ent.RegisterExport) bool {
	rt, v := act.From(ctx), access.From(ctx)
	return v != nil && v.Account == x.AccountID && v.Token == uuid.Nil && downloadable(rt, x) == nil && catalogue[x.Register].open(v, x.EstateID)
}

// Path is where the viewer downloads an export; nil where it is not to be downloaded, or not by the viewer.
func Path(ctx context.Context, x *ent.RegisterExport) *string {
	if !yours(ctx, x) {
		return nil
	}
	return new(path(x))
}

// Checksum is the SHA-256 of what the viewer downloads, in hex; nil where Path is.
func Checksum(ctx context.Context, x *ent.RegisterExport) *string {
	if !yours(ctx, x) {
		return nil
	}
	return &x.Sha256
}
