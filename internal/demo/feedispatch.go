package demo

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedispatch"
	"github.com/steward-pm/steward/ent/feedunning"
	"github.com/steward-pm/steward/ent/feenotice"
	"github.com/steward-pm/steward/ent/feepayment"
	"github.com/steward-pm/steward/ent/feerun"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fees"
	"github.com/steward-pm/steward/policy"
)

// feeDispatches is how the first month's notices came to their households: the first of them signed for, most into the mailbox, one by post that came back and went out
// again; reported to the supervisor, who acknowledged it (F3, F4, F9). And what was not paid: dunning notices in every state (F6, F7, F8).
func (h *history) feeDispatches() map[int][]func() error {
	first := calendar.Date(h.today.AddDays(-30).Year(), h.today.AddDays(-30).Month()-1, 1)
	return map[int][]func() error{
		27: {func() error { return h.receivesNotices(first) }, func() error { return h.bringsNotices(first) }},
		24: {func() error { return h.comesBack(first) }},
		23: {func() error { return h.bringsAgain(first) }},
		22: {func() error { return h.reportsDispatches(true) }},
		14: {func() error { return h.mostPay(first) }},
		11: {h.demands, h.reviewsAndStamps},
		10: {h.handsAndBrings},
		9:  {h.paysMeanwhile},
		6:  {func() error { return h.reportsDispatches(false) }},
		2:  {h.demands},
	}
}

// receivesNotices has customer service get a month's notices.
func (h *history) receivesNotices(month calendar.Day) error {
	run, err := act.From(h.system).DB.Ent.FeeRun.Query().Where(feerun.EstateID(h.estate.ID), feerun.Month(month.UTC())).OnlyID(h.system)
	if err == nil {
		_, err = fees.Receive.Do(h.officer, fees.ReceiveFeeNoticesInput{RunID: run})
	}
	return err
}

// bringsNotices walks through the buildings with a month's notices.
func (h *history) bringsNotices(month calendar.Day) error {
	notices, err := act.From(h.system).DB.Ent.FeeNotice.Query().Where(feenotice.EstateID(h.estate.ID), feenotice.Month(month.UTC())).
		Order(feenotice.BySortKey(), feenotice.ByID()).All(h.system)
	if err != nil {
		return err
	}
	household, family, relation, why, tracking, postage, absent := feedispatch.CapacityHousehold, feedispatch.CapacityFamily, "配偶", "业户长期在外地", "XA44010001", 420, "敲门无人应答,门锁有新广告"
	names := []string{"王淑芬", "陈建国", "刘秀英"}
	for from := 0; from < len(notices); from += 30 {
		var route []fees.FeeDispatchInput
		for i, n := range notices[from:min(from+30, len(notices))] {
			in := fees.FeeDispatchInput{NoticeID: &n.ID, Method: feedispatch.MethodMailbox}
			switch {
			case from+i < 3:
				in.Method, in.Capacity, in.Recipient, in.Signature = feedispatch.MethodInPerson, &household, &names[i], attested()
				if i == 1 {
					in.Capacity, in.Relation = &family, &relation
				}
			case from+i == 3:
				in.Method, in.Postage, in.Tracking, in.Reason = feedispatch.MethodPost, &postage, &tracking, &why
			case from+i == 4:
				in.Method, in.Reason = feedispatch.MethodAbsent, &absent
			}
			route = append(route, in)
		}
		if _, err := fees.Dispatch.Do(h.officer, fees.DispatchFeeNoticesInput{Dispatches: route}); err != nil {
			return err
		}
	}
	return nil
}

// comesBack has the post bring back what was sent.
func (h *history) comesBack(month calendar.Day) error {
	d, err := act.From(h.system).DB.Ent.FeeDispatch.Query().Where(feedispatch.EstateID(h.estate.ID), feedispatch.MethodEQ(feedispatch.MethodPost), feedispatch.HasNoticeWith(feenotice.Month(month.UTC()))).OnlyID(h.system)
	if err == nil {
		_, err = fees.Return.Do(h.officer, fees.ReturnFeeDispatchInput{DispatchID: d, Reason: "迁移新址不明"})
	}
	return err
}

// bringsAgain brings what came back, and what was in vain.
func (h *history) bringsAgain(month calendar.Day) error {
	list, err := act.From(h.system).DB.Ent.FeeNotice.Query().Where(feenotice.EstateID(h.estate.ID), feenotice.Month(month.UTC()), feenotice.DispatchNEQ(feenotice.DispatchDispatched)).IDs(h.system)
	if err != nil {
		return err
	}
	var route []fees.FeeDispatchInput
	for i := range list {
		route = append(route, fees.FeeDispatchInput{NoticeID: &list[i], Method: feedispatch.MethodMailbox})
	}
	_, err = fees.Dispatch.Do(h.officer, fees.DispatchFeeNoticesInput{Dispatches: route})
	return err
}

// reportsDispatches tells the supervisor, who acknowledges it, or has not yet.
func (h *history) reportsDispatches(read bool) error {
	p, err := fees.Report.Do(h.officer, fees.ReportFeeDispatchesInput{EstateID: h.estate.ID})
	if err != nil || !read {
		return err
	}
	answer := "已阅,退回的一户请核对联系地址。"
	_, err = fees.Acknowledge.Do(h.as(policy.Supervisor), fees.AcknowledgeFeeReportInput{ReportID: p.Report.ID, Answer: &answer})
	return err
}

// mostPay leaves seven households that do not pay the month in time.
func (h *history) mostPay(month calendar.Day) error {
	open, err := act.From(h.system).DB.Ent.FeeNotice.Query().Where(feenotice.EstateID(h.estate.ID), feenotice.Month(month.UTC()), feenotice.StateEQ(feenotice.StateOpen)).
		Order(feenotice.BySortKey(), feenotice.ByID()).All(h.system)
	if err != nil {
		return err
	}
	for _, n := range open[min(len(open), 7):] {
		if _, err := h.paysFees(n.HouseholdID, feepayment.MethodBankTransfer, int(n.Amount-n.Settled)); err != nil {
			return err
		}
	}
	return nil
}

// dunnings are those that stand, the first one first.
func (h *history) dunnings() ([]*ent.FeeDunning, error) {
	return act.From(h.system).DB.Ent.FeeDunning.Query().Where(feedunning.EstateID(h.estate.ID), feedunning.EndedAtIsNil()).Order(feedunning.ByNumber()).All(h.system)
}

// demands drafts what is past due.
func (h *history) demands() error {
	_, err := fees.DraftDunnings(h.system, act.From(h.system))
	return err
}

// reviewsAndStamps leaves one in draft and one reviewed.
func (h *history) reviewsAndStamps() error {
	list, err := h.dunnings()
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(list))
	for i, d := range list {
		ids[i] = d.ID
	}
	if _, err := fees.Review.Do(h.as(policy.Accountant), fees.ReviewFeeDunningsInput{DunningIDs: ids[1:]}); err != nil {
		return err
	}
	_, err = fees.Stamp.Do(h.as(policy.SealKeeper), fees.StampFeeDunningsInput{DunningIDs: ids[2:], Signature: h.password(policy.SealKeeper)})
	return err
}

// handsAndBrings leaves one stamped and one with customer service; of the others one is in vain, and two are delivered, by hand and by post.
func (h *history) handsAndBrings() error {
	list, err := h.dunnings()
	if err != nil {
		return err
	}
	var ids []uuid.UUID
	for _, d := range list {
		if d.State == feedunning.StateStamped {
			ids = append(ids, d.ID)
		}
	}
	if _, err := fees.Hand.Do(h.as(policy.Accountant), fees.HandFeeDunningsInput{DunningIDs: ids[1:]}); err != nil {
		return err
	}
	family, name, relation, why, absent, postage := feedispatch.CapacityFamily, "赵敏", "女儿", "两次上门无人,业户在外地", "无人应答", 420
	_, err = fees.Dispatch.Do(h.officer, fees.DispatchFeeNoticesInput{Dispatches: []fees.FeeDispatchInput{
		{DunningID: &ids[2], Method: feedispatch.MethodAbsent, Reason: &absent},
		{DunningID: &ids[3], Method: feedispatch.MethodInPerson, Capacity: &family, Recipient: &name, Relation: &relation, Signature: attested()},
		{DunningID: &ids[4], Method: feedispatch.MethodPost, Postage: &postage, Reason: &why},
	}})
	return err
}

// paysMeanwhile has one household pay all, so that its notice is settled, and one a part, so that another version of its notice is to be reviewed.
func (h *history) paysMeanwhile() error {
	list, err := h.dunnings()
	if err != nil {
		return err
	}
	if _, err := h.paysFees(list[len(list)-1].HouseholdID, feepayment.MethodMobile, int(list[len(list)-1].Amount)); err != nil {
		return err
	}
	_, err = h.paysFees(list[1].HouseholdID, feepayment.MethodCash, int(list[1].Amount)/2)
	return err
}
