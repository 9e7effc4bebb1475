package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/reconcile"
	"github.com/steward-pm/steward/policy"
)

// mostDrawn is how much a spot check may be of: it is counted in one go.
const mostDrawn = 200

// spotCheck is the count that a spot check is (K4.3).
var spotCheck = reconcile.Declare(reconcile.Kind{Name: "keys.spotCheck", Clause: "K4.3"})

// DrawKeySpotCheckInput says how much is checked.
type DrawKeySpotCheckInput struct {
	EstateID     uuid.UUID
	Size         int // so many sets
	RegisterSize int // so many loans of the last month's register
}

// Check refuses what is no sample.
func (in DrawKeySpotCheckInput) Check() error {
	switch {
	case in.Size < 1 || in.Size > mostDrawn:
		return fault.Invalid("size", "请抽 1 到 %[1]d 套钥匙。", "Draw between 1 and %[1]d sets.", mostDrawn).By("K4.3")
	case in.RegisterSize < 0 || in.RegisterSize > mostDrawn:
		return fault.Invalid("registerSize", "请抽 0 到 %[1]d 笔借用登记。", "Draw between 0 and %[1]d loans of the register.", mostDrawn).By("K4.3")
	}
	return nil
}

// DrawKeySpotCheckPayload is the spot check with its sheet.
type DrawKeySpotCheckPayload struct{ SpotCheck *ent.KeySpotCheck }

// DrawSpotCheck draws key sets and entries of the loan register at random, and freezes what the ledger says of them, to
// be counted blind (K4.3). Nobody is told before.
//
// Errors: NOT_FOUND; INVALID_INPUT at size or registerSize if there is not so much; RULE K4.3 for who keeps the keys.
var DrawSpotCheck = act.Guarded(act.New("keys.drawSpotCheck", act.Needs(policy.KeySpotCheck, policy.Create).SessionOnly(), act.Clauses("K4.3"), drawSpotCheck), drawGuard)

func drawSpotCheck(tx *act.Tx, in DrawKeySpotCheckInput) (*DrawKeySpotCheckPayload, error) {
	e, err := tx.Estate.Get(tx, in.EstateID)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	if err := mayCheck(tx, e.ID); err != nil {
		return nil, err
	}
	if _, err := tx.Raw.Exec(tx, `SELECT key_ledger_still($1)`, e.ID); err != nil { // no key moves in the estate until the sheet is frozen
		return nil, err
	}
	p, err := populationAt(tx, tx.Client(), e.ID, tx.Now)
	switch {
	case err != nil:
		return nil, err
	case in.Size > len(p.sets):
		return nil, fault.Invalid("size", "本小区保管的钥匙只有 %[1]d 套。", "The office keeps only %[1]d sets.", len(p.sets)).By("K4.3")
	case in.RegisterSize > len(p.loans):
		return nil, fault.Invalid("registerSize", "近 31 天只有 %[1]d 笔借用登记。", "The register has only %[1]d loans of the last 31 days.", len(p.loans)).By("K4.3")
	}
	seed, err := nextSeed(tx, e.ID)
	if err != nil {
		return nil, err
	}
	items, err := itemsOf(tx, e.ID, p.draw(seed, in.Size, in.RegisterSize))
	if err != nil {
		return nil, err
	}
	id := importing.NewID(ent.TypeKeySpotCheck)
	sheet, err := spotCheck.Open(tx, e.ID, id, "钥匙抽查", "Spot check of keys", items)
	if err != nil {
		return nil, err
	}
	check, err := tx.KeySpotCheck.Create().SetID(id).SetEstateID(e.ID).SetReconciliationID(sheet.ID).SetSeed(seed).
		SetPopulation(len(p.sets)).SetSize(in.Size).SetRegisterPopulation(len(p.loans)).SetRegisterSize(in.RegisterSize).
		SetDrawnByID(tx.Viewer.Account).SetDrawnByName(tx.Viewer.Name).SetDrawnAt(tx.Now).Save(tx)
	return &DrawKeySpotCheckPayload{check}, err
}

// draw is the sample that the seed takes of the population.
func (p population) draw(seed string, size, registerSize int) population {
	return population{draw(seed, p.sets, size), draw(seed, p.loans, registerSize)}
}

// keeper refuses who keeps the keys to check them, and is what the database says.
var keeper = fault.Rule("K4.3", "抽查不能由保管钥匙的人(钥匙管理员、前台客服)来做,请由主管或经理办理。",
	"Who keeps the keys, the custodian or the desk, does not check them; a supervisor or manager does.")

// mayCheck refuses who keeps the estate's keys, in the cabinet or at the desk: nobody checks themselves, whatever else they are
// (K4.3). The grants are all that the account has, as no API token gets here; the database asks of them by itself.
func mayCheck(tx *act.Tx, estateID uuid.UUID) error {
	for _, g := range tx.Viewer.Grants {
		if (g.Role == policy.KeyCustodian || g.Role == policy.CSOfficer) && (g.Estate == estateID || g.Estate == uuid.Nil) {
			return keeper
		}
	}
	return nil
}

func init() {
	act.Explain("key_spot_checks_not_by_keeper", keeper)
	act.Explain("key_spot_checks_own_entry", fault.Rule("K4.3", "这笔借用由您经手,请由他人核对这一行。",
		"You lent or took back these keys yourself; have somebody else check this line."))
}

var drawGuard = act.Guard[*ent.Estate]{
	Entity: ent.TypeEstate,
	ID:     func(e *ent.Estate) uuid.UUID { return e.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.Estate, error) {
		return tx.Estate.Query().Where(estate.IDIn(list...)).All(tx)
	},
	Check: func(tx *act.Tx, e *ent.Estate) error {
		if !tx.Viewer.Scope(policy.KeySpotCheck, policy.Create).Covers(access.Row{Estate: e.ID}) {
			return fault.Missing()
		}
		return mayCheck(tx, e.ID)
	},
}
