package archives

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archiverequest"
	"github.com/steward-pm/steward/internal/registers"
)

// RequestRegister is 档案调阅登记表: who asked for what, and what was answered (A5). It does not say which documents were named.
func RequestRegister(say func(zh, en string) string) registers.Register[*ent.ArchiveRequest] {
	type row = *ent.ArchiveRequest
	return registers.Register[row]{
		Name: "archives-requests", ZH: "档案调阅登记表", EN: "Requests to the archive",
		Columns: []registers.Column[row]{
			{ZH: "申请编号", EN: "Request", Value: func(r row) any { return r.Code }},
			{ZH: "申请人", EN: "Asked by", Value: func(r row) any { return r.AskedByName }},
			{ZH: "申请时间", EN: "Asked at", Kind: registers.Time, Value: func(r row) any { return r.CreatedAt }},
			{ZH: "方式", EN: "Kind", Value: func(r row) any {
				switch r.Kind {
				case archiverequest.KindBorrow:
					return say("借用", "Borrow")
				case archiverequest.KindCopy:
					return say("复制", "Copy")
				}
				return say("查阅", "View")
			}},
			{ZH: "用途", EN: "Purpose", Width: 22, Value: func(r row) any { return r.Purpose }},
			{ZH: "内容", EN: "Asked for", Width: 22, Value: func(r row) any {
				if r.Wanted == "" && r.Category != nil {
					return word(say, *r.Category)
				}
				return r.Wanted
			}},
			{ZH: "起始时间", EN: "From", Kind: registers.Time, Value: func(r row) any { return r.ValidFrom }},
			{ZH: "截止时间", EN: "Until", Kind: registers.Time, Value: func(r row) any { return r.ValidUntil }},
			{ZH: "结果", EN: "State", Value: func(r row) any {
				return map[archiverequest.State]string{
					archiverequest.StateWaiting: say("待答复", "Waiting"), archiverequest.StateGiven: say("已批准", "Given"), archiverequest.StateDeclined: say("未批准", "Declined"),
					archiverequest.StateWithdrawn: say("已撤回", "Withdrawn"), archiverequest.StateExpired: say("已过期", "Expired"),
				}[r.State]
			}},
			{ZH: "批准人", EN: "Given by", Value: func(r row) any { return r.AnsweredByName }},
			{ZH: "答复时间", EN: "Answered at", Kind: registers.Time, Value: func(r row) any { return r.AnsweredAt }},
			{ZH: "答复", EN: "Answer", Width: 22, Value: func(r row) any { return r.Answer }},
		},
	}
}

// RequestRows reads the requests of an estate that were made in a time (zero: open), the first first.
func RequestRows(ctx context.Context, db *ent.Client, estate uuid.UUID, from, until time.Time) iter.Seq2[*ent.ArchiveRequest, error] {
	var last *ent.ArchiveRequest
	return registers.Pages(func() ([]*ent.ArchiveRequest, bool, error) {
		q := db.ArchiveRequest.Query().Where(archiverequest.EstateID(estate)).Order(archiverequest.ByCreatedAt(), archiverequest.ByID()).Limit(registers.PageSize)
		if !from.IsZero() {
			q.Where(archiverequest.CreatedAtGTE(from))
		}
		if !until.IsZero() {
			q.Where(archiverequest.CreatedAtLT(until))
		}
		if last != nil {
			q.Where(registers.After(archiverequest.FieldCreatedAt, last.CreatedAt, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		return list, len(list) == registers.PageSize, nil
	})
}
