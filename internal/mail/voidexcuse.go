package mail

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailexcuse"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidMailExcuseInput names a reason that was recorded by mistake, and says why.
type VoidMailExcuseInput struct{ void.Input }

// VoidMailExcusePayload is the reason, voided.
type VoidMailExcusePayload struct{ Excuse *ent.MailExcuse }

// VoidExcuse voids a reason while its day is open, be it for an item, a scan or a count: what it satisfied is open again (M1, M2, M5).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither gave it just now nor leads; CONFLICT if it was voided, and once the day is closed.
var VoidExcuse = act.Guarded(act.New("mail.voidExcuse", act.Needs(policy.MailExcuse, policy.Void).SessionOnly(), act.Clauses("M5", "M2", "M1"), voidExcuse), voidExcuseGuard)

func voidExcuse(tx *act.Tx, in VoidMailExcuseInput) (*VoidMailExcusePayload, error) {
	x, err := tx.MailExcuse.Query().Where(mailexcuse.ID(in.ID)).WithDay().ForUpdate().Only(tx)
	if x, err = act.Find(x, err, "id"); err != nil {
		return nil, err
	}
	if err := canVoidExcuse(tx, x); err != nil {
		return nil, err
	}
	if x, err = void.Mark(tx, x.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	zh, en := excuseWords(x.Kind)
	return &VoidMailExcusePayload{x}, tell(tx, clauseOf(x.Kind), x.EstateID, x.ID, zh, en, in.Reason)
}

var voidExcuseGuard = act.Guard[*ent.MailExcuse]{
	Entity: ent.TypeMailExcuse,
	ID:     func(x *ent.MailExcuse) uuid.UUID { return x.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.MailExcuse, error) {
		return tx.MailExcuse.Query().Where(mailexcuse.IDIn(list...)).WithDay().All(tx)
	},
	Check: canVoidExcuse,
}

func canVoidExcuse(tx *act.Tx, x *ent.MailExcuse) error {
	if err := voiding(tx, policy.MailExcuse, x.EstateID, x.VoidedAt, void.Recorded{Clause: clauseOf(x.Kind), By: x.GivenByID, At: x.CreatedAt}); err != nil {
		return err
	}
	return canWork(x.Edges.Day)
}

// clauseOf is the clause by which a reason is asked for.
func clauseOf(kind mailexcuse.Kind) string {
	return map[mailexcuse.Kind]string{
		mailexcuse.KindUnscanned: "M2", mailexcuse.KindUnmatched: "M2", mailexcuse.KindMiscounted: "M1", mailexcuse.KindUndelivered: "M5",
	}[kind]
}
