package keys

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keyhook"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/naming"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// maxHooks is how many hooks are made at once.
const maxHooks = 200

// CreateKeyHooksInput numbers the hooks of a cabinet.
type CreateKeyHooksInput struct {
	CabinetID uuid.UUID
	Numbers   []string
}

// Check refuses what are no numbers, and one that is given twice.
func (in CreateKeyHooksInput) Check() error {
	if len(in.Numbers) == 0 || len(in.Numbers) > maxHooks {
		return fault.Invalid("numbers", "请填写 1 到 %[1]d 个挂钩编号。", "Give between 1 and %[1]d numbers of hooks.", maxHooks).By("K1.2")
	}
	seen := map[string]bool{}
	for i, number := range in.Numbers {
		field := fmt.Sprintf("numbers.%d", i)
		if err := wording.CheckCode(field, number); err != nil {
			return err
		}
		if seen[wording.Code(number)] {
			return fault.Invalid(field, "挂钩编号重复,请去掉一个。", "The number is given twice; leave one out.").By("K1.2")
		}
		seen[wording.Code(number)] = true
	}
	return nil
}

// CreateKeyHooksPayload are the hooks, in the order of the numbers given.
type CreateKeyHooksPayload struct{ Hooks []*ent.KeyHook }

// CreateHooks numbers hooks of a cabinet, which are free at first (K1.2).
//
// Errors: NOT_FOUND; INVALID_INPUT for no cabinet; CONFLICT if the cabinet has a hook of a number.
var CreateHooks = act.New("keys.createHooks", act.Needs(policy.KeyHook, policy.Create), act.Clauses("K1.2"), createHooks)

func createHooks(tx *act.Tx, in CreateKeyHooksInput) (*CreateKeyHooksPayload, error) {
	cabinet, err := tx.KeyHolder.Get(tx, in.CabinetID)
	if cabinet, err = act.Find(cabinet, err, "cabinetID"); err != nil {
		return nil, err
	}
	if cabinet.Kind != keyholder.KindCabinet {
		return nil, fault.Invalid("cabinetID", "请选择钥匙柜。", "Choose a cabinet.").By("K1.2")
	}
	rows := make([]*ent.KeyHookCreate, len(in.Numbers))
	for i, number := range in.Numbers {
		number = wording.Code(number)
		rows[i] = tx.KeyHook.Create().SetEstateID(cabinet.EstateID).SetCabinetID(cabinet.ID).SetNumber(number).SetSortKey(naming.Natural(number))
	}
	hooks, err := tx.KeyHook.CreateBulk(rows...).Save(tx)
	return &CreateKeyHooksPayload{hooks}, err
}

// HangKeysInput says which set hangs on which hook.
type HangKeysInput struct {
	SetID           uuid.UUID
	HookID          uuid.UUID
	ExpectedVersion *int // of the hook; nil: whatever it is
}

// HangKeysPayload is the hook as it stands after.
type HangKeysPayload struct{ Hook *ent.KeyHook }

// Hang says on which hook of a cabinet the set hangs: one set a hook, and one hook a set in each cabinet (K1.2).
//
// Errors: NOT_FOUND; CONFLICT if another set hangs there, or the set on another hook of the cabinet, or if somebody
// changed the hook meanwhile.
var Hang = act.New("keys.hang", act.Needs(policy.KeyHook, policy.Update), act.Clauses("K1.2"), hang)

func hang(tx *act.Tx, in HangKeysInput) (*HangKeysPayload, error) {
	h, err := hookOf(tx, in.HookID, in.ExpectedVersion)
	if err != nil {
		return nil, err
	}
	set, err := tx.KeySet.Get(tx, in.SetID)
	if set, err = act.Find(set, err, "setID"); err != nil {
		return nil, err
	}
	switch {
	case set.EstateID != h.EstateID:
		return nil, fault.Missing().At("setID")
	case h.SetID != nil && *h.SetID == set.ID: // it hangs there already
		return &HangKeysPayload{h}, nil
	case h.SetID != nil:
		return nil, fault.Clash("挂钩 %[1]s 已挂有其他钥匙,请另选挂钩或先取下。", "Another set hangs on hook %[1]s; choose a free hook, or clear it first.", h.Number).
			By("K1.2").At("hookID")
	}
	h, err = h.Update().SetSetID(set.ID).Save(tx)
	return &HangKeysPayload{h}, err
}

// ClearKeyHookInput says which hook becomes free.
type ClearKeyHookInput struct {
	HookID          uuid.UUID
	ExpectedVersion *int // of the hook; nil: whatever it is
}

// ClearKeyHookPayload is the hook as it stands after.
type ClearKeyHookPayload struct{ Hook *ent.KeyHook }

// ClearHook frees a hook (K1.2).
//
// Errors: NOT_FOUND; CONFLICT if it is free, or if somebody changed it meanwhile.
var ClearHook = act.Guarded(act.New("keys.clearHook", act.Needs(policy.KeyHook, policy.Update), act.Clauses("K1.2"), clearHook), clearGuard)

func clearHook(tx *act.Tx, in ClearKeyHookInput) (*ClearKeyHookPayload, error) {
	h, err := hookOf(tx, in.HookID, in.ExpectedVersion)
	if err != nil {
		return nil, err
	}
	if err := canClear(tx, h); err != nil {
		return nil, err
	}
	h, err = h.Update().ClearSetID().Save(tx)
	return &ClearKeyHookPayload{h}, err
}

var clearGuard = act.Guard[*ent.KeyHook]{
	Entity: ent.TypeKeyHook,
	ID:     func(h *ent.KeyHook) uuid.UUID { return h.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyHook, error) {
		return tx.KeyHook.Query().Where(keyhook.IDIn(list...)).All(tx)
	},
	Check: canClear,
}

// canClear refuses a hook that is free.
func canClear(_ *act.Tx, h *ent.KeyHook) error {
	if h.SetID != nil {
		return nil
	}
	return fault.Clash("挂钩 %[1]s 本来就是空的。", "No set hangs on hook %[1]s.", h.Number).By("K1.2").At("hookID")
}

// hookOf locks a hook. Errors: NOT_FOUND; CONFLICT if it is of another version.
func hookOf(tx *act.Tx, id uuid.UUID, expected *int) (*ent.KeyHook, error) {
	h, err := tx.KeyHook.Query().Where(keyhook.ID(id)).ForUpdate().Only(tx)
	if h, err = act.Find(h, err, "hookID"); err != nil || expected == nil {
		return h, err
	}
	return h, tx.Expect(h, h.Version, *expected)
}
