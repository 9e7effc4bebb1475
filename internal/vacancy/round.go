package vacancy

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/inspectionround"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

func init() {
	act.Explain("inspection_round_lines_open", fault.Clash("有空置房刚刚列入了另一次巡查,请重试。", "A unit came onto another round just now; try again.").By("V4.1"))
	act.Explain("inspection_round_keys_out", fault.Rule("V4.1", "这笔借用的钥匙不在外,请先借出钥匙。", "The keys of this loan are not out: borrow them first."))
	act.Explain("inspection_round_keys_walker", fault.Rule("V4.1", "巡查用的钥匙须由巡查人借用。", "The keys of a round are borrowed by who walks it."))
	act.Explain("inspection_round_keys_open", fault.Rule("V4.1", "这笔借用中有钥匙打不开本次巡查的任何房屋。", "Keys of this loan open none of the units of the round."))
	act.Explain("inspectionroundkey_estate_id_loan_id", fault.Clash("这笔借用已用于一次巡查。", "The loan is that of a round already.").By("V4.1"))
	act.Explain("inspection_rounds_keys", fault.Invalid("loanIDs", "请选择借出的钥匙;如不需要钥匙,请说明原因。", "Name the loans of its keys, or say why it takes none.").By("V4.1"))
	act.Explain("inspection_rounds_way", otherWay())
	act.Explain("inspection_rounds_keys_back", keysOut())
	act.Explain("inspection_rounds_visited", fault.Rule("V4.1", "还有房屋没有检查:请检查,或逐户说明未检查的原因。", "Units were not visited: visit them, or say of each why not.").At("skips"))
	act.Explain("inspection_rounds_begun", fault.Clash("已有房屋检查完毕,请关闭巡查,不能取消。", "Units were visited; close the round instead.").By("V4.1"))
	act.Explain("inspections_under_way", fault.Clash("检查时巡查不在进行中。", "The round was not under way then.").By("V4.1"))
	act.Explain("inspections_walker", notWalker())
	act.Explain("inspections_line", visitedAlready())
	act.Explain("inspections_line_key_once", fault.Clash("这一行刚刚已收到,请重试。", "The line was taken just now; send it again.").By("V4.1"))
}

// otherWay refuses what the state of a round does not allow.
func otherWay() *fault.Error {
	return fault.Clash("巡查的状态已变,现在不能这样办理,请重新读取。", "The round is no longer as it was; read it again.").By("V4.1")
}

func keysOut() *fault.Error {
	return fault.Rule("V4.1", "巡查用的钥匙还没有归还,不能结束巡查。", "The keys of the round are still out; return them first.")
}

func notWalker() *fault.Error {
	return fault.Denied("巡查由安排的巡查人本人进行。", "The round is walked by who was planned to, in person.").By("V4.1")
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
