package mail

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailexcuse"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// MailDayCount is how many items of a kind a day's receipts counted, and how many are registered (M1).
type MailDayCount struct {
	Kind                            mailitem.Kind
	Counted, Registered, Difference int
	Explained                       bool
}

// querier reads rows; a transaction of whatever kind.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// countsOf are a day's counts, in the order of the kinds.
func countsOf(ctx context.Context, tx querier, d *ent.MailDay) ([]*MailDayCount, error) {
	rows, err := tx.Query(ctx, `SELECT kind, counted, registered, registered - counted, explained FROM mail_counts($1, $2) ORDER BY kind`, d.EstateID, d.ID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToAddrOfStructByPos[MailDayCount])
}

// ExplainMailCountsInput gives one reason for kinds of which other items were registered than counted.
type ExplainMailCountsInput struct {
	DayID  uuid.UUID
	Kinds  []mailitem.Kind
	Reason string
}

// Check refuses what is no list of kinds, and no reason.
func (in ExplainMailCountsInput) Check() error {
	if len(in.Kinds) == 0 {
		return fault.Invalid("kinds", "请选择邮件种类。", "Choose the kinds of mail.").By("M1")
	}
	for i, kind := range in.Kinds {
		if slices.Contains(in.Kinds[:i], kind) {
			return fault.Invalid(fmt.Sprintf("kinds.%d", i), "种类重复,请去掉一个。", "The kind is named twice; leave one out.").By("M1")
		}
	}
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// ExplainMailCountsPayload are the explanations, in the order of the kinds.
type ExplainMailCountsPayload struct{ Excuses []*ent.MailExcuse }

// ExplainCounts records why of a kind other items are registered than the day's receipts counted: the day does not close before (M1). What is
// registered later makes another difference, which wants a reason of its own.
//
// Errors: NOT_FOUND; CONFLICT for a kind that does not differ, or is explained, and once the day is closed.
var ExplainCounts = act.New("mail.explainCounts", act.Needs(policy.MailExcuse, policy.Create), act.Clauses("M1"), explainCounts)

func explainCounts(tx *act.Tx, in ExplainMailCountsInput) (*ExplainMailCountsPayload, error) {
	day, err := tx.MailDay.Get(tx, in.DayID)
	if day, err = act.Find(day, err, "dayID"); err != nil {
		return nil, err
	}
	if err := canWork(day); err != nil {
		return nil, err
	}
	counts, err := countsOf(tx, tx.Raw, day)
	if err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	rows := make([]*ent.MailExcuseCreate, len(in.Kinds))
	for i, kind := range in.Kinds {
		at := slices.IndexFunc(counts, func(c *MailDayCount) bool { return c.Kind == kind })
		if at < 0 || counts[at].Difference == 0 || counts[at].Explained {
			return nil, notMiscounted().At(fmt.Sprintf("kinds.%d", i))
		}
		rows[i] = reasonFor(tx, day, mailexcuse.KindMiscounted, reason).SetMailKind(mailexcuse.MailKind(kind)).SetDifference(counts[at].Difference)
	}
	list, err := tx.MailExcuse.CreateBulk(rows...).Save(tx)
	return &ExplainMailCountsPayload{list}, err
}

// notMiscounted refuses to explain a kind of which as many items are registered as counted, or that is explained.
func notMiscounted() *fault.Error {
	return fault.Clash("这类邮件登记与清点相符或已说明,请刷新清单。",
		"Of the kind as many items are registered as counted, or it is explained; read the list again.").By("M1")
}
