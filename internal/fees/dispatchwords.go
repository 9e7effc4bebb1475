package fees

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedispatch"
	"github.com/steward-pm/steward/ent/feedunning"
)

func wayWords(s say, m feedispatch.Method) string {
	switch m {
	case feedispatch.MethodInPerson:
		return s("当面签收", "in person")
	case feedispatch.MethodMailbox:
		return s("投入信箱", "mailbox")
	case feedispatch.MethodPost:
		return s("邮寄", "by post")
	}
	return s("无人", "nobody home")
}

func broughtWords(s say, d *ent.FeeDispatch) string {
	if d.DunningID != nil {
		return s("催缴通知单", "dunning notice")
	}
	return s("收费通知单", "fee notice")
}

func capacityWords(s say, d *ent.FeeDispatch) string {
	switch {
	case d.Capacity == nil:
		return ""
	case *d.Capacity == feedispatch.CapacityHousehold:
		return s("业户本人", "household")
	}
	return s("家属:", "family: ") + d.Relation
}

func lateWords(s say, late bool) string {
	if late {
		return s("逾期", "late")
	}
	return ""
}

func levelWords(s say, l feedunning.Level) string {
	switch l {
	case feedunning.LevelFirst:
		return s("第一次", "first")
	case feedunning.LevelSecond:
		return s("第二次", "second")
	}
	return s("最后一次", "final")
}

func dunningWords(s say, state feedunning.State) string {
	switch state {
	case feedunning.StateDraft:
		return s("草稿", "draft")
	case feedunning.StateReviewed:
		return s("已审核", "reviewed")
	case feedunning.StateStamped:
		return s("已盖章", "stamped")
	case feedunning.StateHanded:
		return s("已移交客服", "with customer service")
	case feedunning.StateDispatched:
		return s("派发中", "dispatched")
	case feedunning.StateDelivered:
		return s("已送达", "delivered")
	case feedunning.StateSettled:
		return s("已结清", "settled")
	case feedunning.StateWithdrawn:
		return s("已撤回", "withdrawn")
	}
	return s("已被新版本代替", "replaced")
}

func stepWords(s say, k StepKind) string {
	switch k {
	case StepBill:
		return s("开具收费通知单", "fee notices made")
	case StepDispatchNotice:
		return s("派发收费通知单", "fee notice dispatched")
	case StepDraft:
		return s("填写催缴通知单", "dunning notice drafted")
	case StepHandOver:
		return s("审核、盖章、移交客服", "reviewed, stamped, handed over")
	case StepDispatchDunning:
		return s("派发催缴通知单", "dunning notice dispatched")
	}
	return s("送达催缴通知单", "dunning notice delivered")
}
