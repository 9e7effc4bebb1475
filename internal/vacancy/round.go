package vacancy

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/inspectionround"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

func init() {
	act.Explain("inspection_round_lines_day", fault.Clash("有空置房刚刚列入了当天的另一次巡查,请重试。", "A unit came onto another round of the day just now; try again.").By("V4.1"))
	act.Explain("inspection_round_lines_under_way", fault.Clash("有空置房在另一次进行中的巡查里,请先结束那次巡查。", "One of its units is on another round that is under way; end that first.").By("V4.1"))
	act.Explain("inspection_round_keys_out", fault.Rule("V4.1", "这笔借用的钥匙不在外,请先借出钥匙。", "The keys of this loan are not out: borrow them first."))
	act.Explain("inspection_round_keys_walker", fault.Rule("V4.1", "巡查用的钥匙须由巡查人借用。", "The keys of a round are borrowed by who walks it."))
	act.Explain("inspection_round_keys_open", fault.Rule("V4.1", "这笔借用中有钥匙打不开本次巡查的任何房屋。", "Keys of this loan open none of the units of the round."))
	act.Explain("inspectionroundkey_estate_id_loan_id", fault.Clash("这笔借用已用于一次巡查。", "The loan is that of a round already.").By("V4.1"))
	act.Explain("inspection_rounds_keys", fault.Invalid("loanIDs", "请选择借出的钥匙;如不需要钥匙,请说明原因。", "Name the loans of its keys, or say why it takes none.").By("V4.1"))
	act.Explain("inspection_rounds_keys_held", fault.Rule("V4.1", "巡查人正借着本次巡查房屋的钥匙,请选择这些借用,或先归还。",
		"Who walks has keys of its units: name their loans, or return them first.").At("loanIDs"))
	act.Explain("inspection_rounds_way", otherWay())
	act.Explain("inspection_rounds_keys_back", keysOut())
	act.Explain("inspection_rounds_visited", fault.Rule("V4.1", "还有房屋没有检查:请检查,或逐户说明未检查的原因。", "Units were not visited: visit them, or say of each why not.").At("skips"))
	act.Explain("inspection_rounds_begun", fault.Clash("已有房屋检查完毕,请关闭巡查,不能取消。", "Units were visited; close the round instead.").By("V4.1"))
	act.Explain("inspections_under_way", fault.Clash("检查时巡查不在进行中。", "The round was not under way then.").By("V4.1"))
	act.Explain("inspections_walker", notWalker())
	act.Explain("inspections_key", noKey())
	act.Explain("inspections_elsewhere", elsewhere())
	act.Explain("inspections_line", visitedAlready())
	act.Explain("inspections_line_key_once", fault.Clash("这一行刚刚已收到,请重试。", "The line was taken just now; send it again.").By("V4.1"))
}

// otherWay refuses what the state of a round does not allow.
func otherWay() *fault.Error {
	return fault.Clash("巡查的状态已变,现在不能这样办理,请重新读取。", "The round is no longer as it was; read it again.").By("V4.1")
}

func keysOut() *fault.Error {
	return fault.Rule("V4.1", "巡查人借出的本次巡查房屋的钥匙还没有归还,不能结束巡查。", "Keys of its units are still out with who walks; return them first.")
}

func notWalker() *fault.Error {
	return fault.Denied("巡查由安排的巡查人本人进行。", "The round is walked by who was planned to, in person.").By("V4.1")
}

// noKey refuses a visit at a time for which no key of the unit was lent.
func noKey() *fault.Error {
	return fault.Rule("V4.1", "检查时没有借出该房的钥匙;请核对时间,或说明如何进入。", "No key of the unit was lent for the round then: check the time, or say how it was entered.")
}

// elsewhere refuses a visit at the time of another.
func elsewhere() *fault.Error {
	return fault.Invalid("inspectedAt", "同一时刻已检查了本次巡查的另一套房,请核对时间。", "Another unit of the round was inspected at that very time; check it.").By("V4.1")
}

func visitedAlready() *fault.Error {
	return fault.Clash("这套房不在本次巡查中,或已检查过。", "The unit is not on the round, or was visited.").By("V4.1")
}

// roundOf locks a round. Errors: NOT_FOUND at roundID.
func roundOf(tx *act.Tx, id uuid.UUID) (*ent.InspectionRound, error) {
	r, err := tx.InspectionRound.Query().Where(inspectionround.ID(id)).WithWalker().ForUpdate().Only(tx)
	return act.Find(r, err, "roundID")
}

// roundGuard is what is asked of a round before an act.
func roundGuard(check func(*act.Tx, *ent.InspectionRound) error) act.Guard[*ent.InspectionRound] {
	return act.Guard[*ent.InspectionRound]{
		Entity: ent.TypeInspectionRound,
		ID:     func(r *ent.InspectionRound) uuid.UUID { return r.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.InspectionRound, error) {
			return tx.InspectionRound.Query().Where(inspectionround.IDIn(list...)).WithWalker().All(tx)
		},
		Check: check,
	}
}

// canStart refuses a round that was begun, and another than who walks it.
func canStart(tx *act.Tx, r *ent.InspectionRound) error {
	return mayWalk(tx, r, inspectionround.StatePlanned)
}

// canWalk refuses a round that is not under way, and another than who walks it.
func canWalk(tx *act.Tx, r *ent.InspectionRound) error {
	return mayWalk(tx, r, inspectionround.StateUnderWay)
}

func mayWalk(tx *act.Tx, r *ent.InspectionRound, state inspectionround.State) error {
	switch w := r.Edges.Walker; {
	case r.State != state:
		return otherWay()
	case w == nil || w.AccountID == nil || *w.AccountID != tx.Viewer.Account:
		return notWalker()
	}
	return nil
}
