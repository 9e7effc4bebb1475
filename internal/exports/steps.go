package exports

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/registerexport"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/policy"
)

// kept is how long an export can be downloaded.
const kept = 7 * 24 * time.Hour

// step declares one of the program's own acts, by which an export goes on.
func step[In any](name string, rule func(*act.Tx, In) (*stepped, error)) *act.Act[In, *stepped] {
	return act.New("exports."+name, act.Needs(policy.RegisterExport, policy.Update), act.Clauses(clause), rule)
}

// stepped is the export as it stands after.
type stepped struct {
	X    *ent.RegisterExport
	left string // SHA-256 of what an attempt before this one left
}

// locked is an export, which stays as it is until the act ends.
func locked(tx *act.Tx, id uuid.UUID) (*ent.RegisterExport, error) {
	x, err := tx.RegisterExport.Query().Where(registerexport.ID(id)).ForUpdate().Only(tx)
	if x, err = act.Find(x, err, "registerExportID"); err == nil {
		tx.About(ent.TypeRegisterExport, x.ID, x.RowScope())
	}
	return x, err
}

// running is an export that is being written.
func running(tx *act.Tx, id uuid.UUID) (*ent.RegisterExport, error) {
	x, err := locked(tx, id)
	if err == nil && x.State != registerexport.StateRunning {
		err = over()
	}
	return x, err
}

// canWrite refuses to write what is over; what failed can be tried again.
func canWrite(x *ent.RegisterExport) error {
	if !unfinished(x) && x.State != registerexport.StateFailed {
		return over()
	}
	return nil
}

type beginInput struct {
	id  uuid.UUID
	job int64
}

// begin has an export written now.
var begin = step("begin", func(tx *act.Tx, in beginInput) (*stepped, error) {
	x, err := locked(tx, in.id)
	if err == nil {
		err = canWrite(x)
	}
	if err != nil {
		return nil, err
	}
	left := x.Sha256
	x, err = x.Update().SetState(registerexport.StateRunning).SetJobNumber(in.job).SetStartedAt(tx.Now).ClearFinishedAt().
		SetRows(0).SetSize(0).SetSha256("").SetReason("").SetReasonEn("").Save(tx)
	return &stepped{x, left}, err
})

type foundInput struct {
	id   uuid.UUID
	made *files.Composed
}

// found tells what is about to be put in its place: whoever takes up what was killed then knows what to remove.
var found = step("found", func(tx *act.Tx, in foundInput) (*stepped, error) {
	x, err := running(tx, in.id)
	if err != nil {
		return nil, err
	}
	x, err = x.Update().SetSha256(in.made.SHA256).SetSize(in.made.Size).Save(tx)
	return &stepped{X: x}, err
})

type finishInput struct {
	id     uuid.UUID
	made   *files.Composed
	rows   int
	zh, en string // what the register is called
}

// finish has an export downloaded from now on, and tells who asked for it.
var finish = step("finish", func(tx *act.Tx, in finishInput) (*stepped, error) {
	x, err := running(tx, in.id)
	if err != nil {
		return nil, err
	}
	x, err = x.Update().SetState(registerexport.StateDone).SetRows(in.rows).SetSize(in.made.Size).SetSha256(in.made.SHA256).
		SetFinishedAt(tx.Now).SetExpiresAt(tx.Now.Add(kept)).Save(tx)
	if err != nil {
		return nil, err
	}
	if err := in.made.Keep(tx, x.EstateID); err != nil {
		return nil, err
	}
	days := int(kept.Hours() / 24)
	return &stepped{X: x}, tell(tx, x, "exports.done", "导出已完成:"+in.zh, "Export done: "+in.en,
		fmt.Sprintf("共 %d 行,请在 %d 天内登录后下载:%s", in.rows, days, path(x)), fmt.Sprintf("%d rows. Download it within %d days, signed in: %s", in.rows, days, path(x)))
})

type endInput struct {
	id  uuid.UUID
	why *fault.Error
}

// refuse ends an export that who asked for it may not have any more: nothing is kept.
var refuse = step("refuse", func(tx *act.Tx, in endInput) (*stepped, error) {
	x, err := running(tx, in.id)
	if err != nil {
		return nil, err
	}
	zh, en := in.why.ZH+"未生成文件,请据此重新申请。", in.why.EN+" Nothing was written; ask for it again accordingly."
	if in.why.Code != fault.InvalidInput {
		zh, en = in.why.ZH+"未生成文件;权限恢复后请重新申请。", in.why.EN+" Nothing was written; ask for it again once you may have it."
	}
	x, err = x.Update().SetState(registerexport.StateRefused).SetRows(0).SetFinishedAt(tx.Now).SetReason(zh).SetReasonEn(en).Save(tx)
	if err != nil {
		return nil, err
	}
	return &stepped{X: x}, tell(tx, x, "exports.refused", "导出被拒绝:"+x.Register, "Export refused: "+x.Register, zh, en)
})

type failInput struct {
	id   uuid.UUID
	last bool // no attempt follows
}

// fail has an export wait for the next attempt, or after the last one says that it failed, and what to do.
var fail = step("fail", func(tx *act.Tx, in failInput) (*stepped, error) {
	x, err := locked(tx, in.id)
	if err == nil && !unfinished(x) {
		err = over()
	}
	if err != nil {
		return nil, err
	}
	if !in.last {
		x, err = x.Update().SetState(registerexport.StateWaiting).Save(tx)
		return &stepped{X: x}, err
	}
	zh, en := "多次尝试均未成功。请缩小范围后重新申请;仍不成功的,请总经理在“失败的后台任务”中重试。",
		"It failed each time. Ask for it again, of less; if that fails, too, have the general manager try the job again (failedJobs, retryJob)."
	x, err = x.Update().SetState(registerexport.StateFailed).SetFinishedAt(tx.Now).SetReason(zh).SetReasonEn(en).Save(tx)
	if err != nil {
		return nil, err
	}
	return &stepped{X: x}, tell(tx, x, "exports.failed", "导出失败:"+x.Register, "Export failed: "+x.Register, zh, en)
})

// tell tells who asked for an export.
func tell(tx *act.Tx, x *ent.RegisterExport, kind, titleZH, titleEN, bodyZH, bodyEN string) error {
	return tx.Runtime().Accounts.Post(tx, tx.Raw, account.Message{
		AccountID: x.AccountID, Estate: x.EstateID, Kind: kind, Subject: x.ID, TitleZH: titleZH, TitleEN: titleEN, BodyZH: bodyZH, BodyEN: bodyEN,
	})
}
