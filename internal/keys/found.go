package keys

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keyloss"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// RecordKeyFoundInput says what was found, and where it is put.
type RecordKeyFoundInput struct {
	LossID uuid.UUID
	Count  int
	ToID   uuid.UUID
	Note   string
}

// Check refuses impossible counts and empty notes.
func (in RecordKeyFoundInput) Check() error {
	if err := checkCount("count", in.Count, "K2.3"); err != nil {
		return err
	}
	return wording.CheckText("note", in.Note, 1, 500)
}

// RecordKeyFoundPayload is the loss as it stands after, and the counter-entry.
type RecordKeyFoundPayload struct {
	Loss     *ent.KeyLoss
	Movement *ent.KeyMovement
}

// RecordFound brings lost keys back by a counter-entry, to the front desk or a cabinet (K2.3).
//
// Errors: NOT_FOUND; FORBIDDEN K1.2 into a cabinet for whom may not open it; CONFLICT if fewer are still lost; RULE K3.1
// for keys of a lock that was changed meanwhile, or of a scrapped set.
var RecordFound = act.Guarded(act.New("keys.recordFound", act.Needs(policy.KeyLoss, policy.Update).SessionOnly(), act.Clauses("K2.3", "K3.1"), recordFound), foundGuard)

func recordFound(tx *act.Tx, in RecordKeyFoundInput) (*RecordKeyFoundPayload, error) {
	loss, err := tx.KeyLoss.Query().Where(keyloss.ID(in.LossID)).WithSet().WithMovements().ForUpdate().Only(tx)
	if loss, err = act.Find(loss, err, "lossID"); err != nil {
		return nil, err
	}
	to, err := placeOf(tx, loss.EstateID, in.ToID, "toID")
	if err != nil {
		return nil, err
	}
	if to.Kind == keyholder.KindCabinet && !mayOpen(tx, to) {
		return nil, closed().At("toID")
	}
	if err := canFind(tx, loss); err != nil {
		return nil, err
	}
	if missing := loss.Count - loss.Found; in.Count > missing {
		return nil, fault.Clash("只有 %[1]d 把仍未找回。", "Only %[1]d keys are still lost.", missing).By("K2.3").At("count")
	}
	set := loss.Edges.Set
	nowhere, err := office(tx, loss.EstateID, keyholder.KindLost)
	if err != nil {
		return nil, err
	}
	m, err := post(tx, entry{set: set, from: nowhere, to: to, count: in.Count, reason: keymovement.ReasonFound, loss: &loss.ID, note: wording.Tidy(in.Note)})
	if err != nil {
		return nil, err
	}
	if loss, err = loss.Update().SetFound(loss.Found + in.Count).Save(tx); err != nil {
		return nil, err
	}
	return &RecordKeyFoundPayload{loss, m}, tellFound(tx, loss, m, to)
}

// tellFound puts into the leaders' inboxes, who heard of the loss, that and where keys of it came back.
func tellFound(tx *act.Tx, loss *ent.KeyLoss, m *ent.KeyMovement, to *ent.KeyHolder) (err error) {
	var department uuid.UUID
	if loss.DepartmentID != nil {
		department = *loss.DepartmentID
	} else if department, err = obligation.CustomerService(tx, loss.EstateID); err != nil {
		return err
	}
	return obligation.Tell(tx, department, account.Message{
		Estate: loss.EstateID, Kind: "keys.found", Subject: loss.ID, TitleZH: "钥匙已找回:" + loss.Label, TitleEN: "Keys found: " + loss.Label,
		BodyZH: fmt.Sprintf("%s 登记找回 %s 遗失的钥匙 %d 把,放回 %s:%s(K2.3)。", tx.Viewer.Name, loss.HolderName, m.Count, to.Name, m.Note),
		BodyEN: fmt.Sprintf("%s recorded %d of the keys that %s lost as found, now with %s: %s (K2.3).", tx.Viewer.Name, m.Count, loss.HolderName, to.Name, m.Note),
	})
}

var foundGuard = act.Guard[*ent.KeyLoss]{
	Entity: ent.TypeKeyLoss,
	ID:     func(l *ent.KeyLoss) uuid.UUID { return l.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyLoss, error) {
		return tx.KeyLoss.Query().Where(keyloss.IDIn(list...)).WithSet().WithMovements().All(tx)
	},
	Check: canFind,
}

// canFind refuses a loss that was none, one of which nothing is missing any more, and keys that open nothing any more (K3.1).
func canFind(_ *act.Tx, l *ent.KeyLoss) error {
	if err := void.Refuse(l.VoidedAt); err != nil {
		return err
	}
	if l.Found < l.Count {
		if set := l.Edges.Set; set.Condition == keyset.ConditionScrapped || ofOldLock(l.Edges.Movements, set) {
			return oldLock().At("lossID")
		}
		return nil
	}
	return fault.Clash("这次遗失的钥匙已全部找回。", "All keys of this loss were found.").By("K2.3")
}
