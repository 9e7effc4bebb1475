package keys

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/keyacceptance"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// accepting is signed by engineering's deliverer (交验人) and by the handler who takes over (经手人), and by security where keys of
// public areas go to it: three persons, over the whole sheet.
var accepting = signature.Declare(signature.Ceremony{
	Kind: "keys.accept", Clause: "K1.1", Capacities: []string{"deliverer", "handler", "security"},
	Distinct: [][2]string{{"deliverer", "handler"}, {"deliverer", "security"}, {"handler", "security"}},
	Of:       map[string]department.Kind{"deliverer": department.KindEngineering, "security": department.KindSecurity}, Outsiders: []string{"deliverer"},
})

// SignKeyAcceptanceInput says who signs a sheet that was checked, and under which numbers keys of public areas are sealed.
type SignKeyAcceptanceInput struct {
	AcceptanceID    uuid.UUID
	ExpectedVersion *int               // of the sheet; nil: whatever it is
	Engineering     *KeyDelivererInput // nil: the signature names a person
	Signature       *signature.Input
	Seals           []AcceptedKeySealInput
	Security        *SealedWithInput // needed where something is sealed
}

// KeyDelivererInput is the member of engineering's staff who signs.
type KeyDelivererInput struct{ StaffID *uuid.UUID }

// AcceptedKeySealInput is the number under which the keys of a line are sealed, but for the one that stays.
type AcceptedKeySealInput struct {
	CheckID uuid.UUID
	Number  string
}

// SealedWithInput says who signs for security.
type SealedWithInput struct {
	StaffID   uuid.UUID
	Signature *signature.Input
}

// Check refuses what are no numbers, and one that is given twice.
func (in SignKeyAcceptanceInput) Check() error {
	lines, numbers := map[uuid.UUID]bool{}, map[string]bool{}
	for i, s := range in.Seals {
		field := fmt.Sprintf("seals.%d.number", i)
		if err := wording.CheckCode(field, s.Number); err != nil {
			return err
		}
		if lines[s.CheckID] || numbers[wording.Code(s.Number)] {
			return fault.Invalid(field, "每行一个封条编号,编号不能重复。", "Give each line one number of a seal, and each number once.").By("K1.3")
		}
		lines[s.CheckID], numbers[wording.Code(s.Number)] = true, true
	}
	return nil
}

func (in SignKeyAcceptanceInput) deliverer() (staff *uuid.UUID) {
	if in.Engineering != nil {
		staff = in.Engineering.StaffID
	}
	return staff
}

// Prepare proves who signs for engineering, and for security.
func (in SignKeyAcceptanceInput) Prepare(ctx context.Context) error {
	if err := in.Signature.Prove(ctx, signature.Who{Staff: in.deliverer(), Field: "engineering.staffID"}, "signature"); err != nil || in.Security == nil {
		return err
	}
	return in.Security.Signature.Prove(ctx, signature.Who{Staff: &in.Security.StaffID, Field: "security.staffID"}, "security.signature")
}

// SignKeyAcceptancePayload is the sheet as it stands after.
type SignKeyAcceptancePayload struct{ Acceptance *ent.KeyAcceptance }

// SignAcceptance has a checked sheet take effect as engineering signs it: the good keys go to the cabinet, what is short or
// faulty stays outstanding (K1.1, K1.4), and of a public area's keys one stays and the rest is sealed with security (K1.3).
//
// Errors: NOT_FOUND; RULE K1.1 while a line is unchecked, or if the same person signs twice; INVALID_INPUT K1.3 at seals for a
// number that is missing; CONFLICT if the sheet is in draft no more, or a number was used before.
var SignAcceptance = act.Guarded(act.New("keys.signAcceptance", act.Needs(policy.KeyAcceptance, policy.Update), act.Clauses("K1.1", "K1.3", "K1.4", "K4.1"), signAcceptance), signGuard)

func signAcceptance(tx *act.Tx, in SignKeyAcceptanceInput) (*SignKeyAcceptancePayload, error) {
	sheet, err := sheetOf(tx, in.AcceptanceID)
	if err != nil {
		return nil, err
	}
	lines, err := checksOf(tx, sheet)
	if err != nil {
		return nil, err
	}
	if err := canSign(tx, in, sheet, lines); err != nil {
		return nil, err
	}
	if err := delivers(sheet, in); err != nil {
		return nil, err
	}
	numbers, err := sealNumbers(lines, in.Seals)
	if err != nil {
		return nil, err
	}
	if err := takeOver(tx, sheet, lines, numbers); err != nil {
		return nil, err
	}
	if err := signSheet(tx, sheet, in, contentOf(sheet, lines, numbers), len(numbers) > 0); err != nil {
		return nil, err
	}
	if sheet, err = sheet.Update().SetState(keyacceptance.StateEffective).SetAcceptedAt(tx.Now).Save(tx); err != nil {
		return nil, err
	}
	return &SignKeyAcceptancePayload{sheet}, tellDeliverer(tx, sheet, in.deliverer())
}

// canSign refuses a sheet that is not as it was seen, or not ready.
func canSign(tx *act.Tx, in SignKeyAcceptanceInput, sheet *ent.KeyAcceptance, lines []*ent.KeyAcceptanceCheck) error {
	for i, s := range in.Seals {
		if !slices.ContainsFunc(lines, func(l *ent.KeyAcceptanceCheck) bool { return l.ID == s.CheckID }) {
			return fault.Missing().At(fmt.Sprintf("seals.%d.checkID", i))
		}
	}
	if err := inDraft(sheet); err != nil {
		return err
	}
	if in.ExpectedVersion != nil {
		if err := tx.Expect(sheet, sheet.Version, *in.ExpectedVersion); err != nil {
			return err
		}
	}
	return allChecked(lines)
}

// allChecked refuses a sheet of which a line was not checked yet (K1.1).
func allChecked(lines []*ent.KeyAcceptanceCheck) error {
	if len(lines) == 0 {
		return fault.Rule("K1.1", "验收表还没有行,请先登记交来的钥匙。", "The sheet has no line yet; put down first what is delivered.").At("acceptanceID")
	}
	for _, l := range lines {
		if l.CheckedAt == nil {
			return fault.Rule("K1.1", "%[1]s 还没有清点,请全部清点后再签字。", "%[1]s was not checked yet; check every line before it is signed.",
				setLabel(l.Edges.Unit.Label, l.Place)).At("acceptanceID")
		}
	}
	return nil
}

// delivers refuses by name another person than the sheet's deliverer.
func delivers(sheet *ent.KeyAcceptance, in SignKeyAcceptanceInput) error {
	if name := in.Signature.Name; in.deliverer() == nil && (name == nil || wording.Tidy(*name) != sheet.Deliverer) {
		return fault.Invalid("signature.name", "请由交验人 %[1]s 签字。", "The deliverer, %[1]s, signs.", sheet.Deliverer).By("K1.1")
	}
	return nil
}

// sealNumbers are the numbers under which keys are sealed, by line: those of a public area of which more than one came (K1.3).
func sealNumbers(lines []*ent.KeyAcceptanceCheck, seals []AcceptedKeySealInput) (map[uuid.UUID]string, error) {
	numbers, due := map[uuid.UUID]string{}, map[uuid.UUID]bool{}
	for _, l := range lines {
		due[l.ID] = l.Edges.Unit.Kind == unit.KindPublicArea && *l.Delivered > 1
	}
	for i, s := range seals {
		if !due[s.CheckID] {
			return nil, fault.Invalid(fmt.Sprintf("seals.%d.checkID", i), "只有多于一把的公共区域钥匙需要封存。", "Only keys of public areas are sealed, where more than one came.").By("K1.3")
		}
		numbers[s.CheckID] = wording.Code(s.Number)
	}
	for _, l := range lines {
		if due[l.ID] && numbers[l.ID] == "" {
			return nil, fault.Invalid("seals", "请填写 %[1]s 的封条编号:公共区域钥匙留一把,其余封存。", "Give the number of the seal for %[1]s: one key of a public area stays, and the rest is sealed.",
				setLabel(l.Edges.Unit.Label, l.Place)).By("K1.3")
		}
	}
	return numbers, nil
}

// signedSheet is what is signed: the whole sheet.
type signedSheet struct {
	Sheet     uuid.UUID      `json:"sheet"`
	Deliverer string         `json:"deliverer"`
	Handler   string         `json:"handler"`
	Lines     []acceptedLine `json:"lines"`
}

type acceptedLine struct {
	Unit      uuid.UUID `json:"unit"`
	Label     string    `json:"label"`
	Due       int       `json:"due"`
	Delivered int       `json:"delivered"`
	Faulty    int       `json:"faulty"`
	Remark    string    `json:"remark"`
	Seal      string    `json:"seal"`
}

func contentOf(sheet *ent.KeyAcceptance, lines []*ent.KeyAcceptanceCheck, numbers map[uuid.UUID]string) signedSheet {
	s := signedSheet{Sheet: sheet.ID, Deliverer: sheet.Deliverer, Handler: sheet.Handler, Lines: make([]acceptedLine, len(lines))}
	for i, l := range lines {
		s.Lines[i] = acceptedLine{l.UnitID, setLabel(l.Edges.Unit.Label, l.Place), l.Due, *l.Delivered, l.Faulty, l.Remark, numbers[l.ID]}
	}
	return s
}

// signSheet signs for engineering and for who takes over, and for security if it gets any key.
func signSheet(tx *act.Tx, sheet *ent.KeyAcceptance, in SignKeyAcceptanceInput, content signedSheet, withSecurity bool) error {
	s := signature.Signing{Estate: sheet.EstateID, Subject: sheet.ID, Content: content, By: in.Signature, Field: "signature"}
	if err := accepting.SignBoth(tx, s); err != nil || !withSecurity {
		return err
	}
	if in.Security == nil {
		return fault.Invalid("security", "封存的钥匙须由安全部签收。", "Security signs for the keys that are sealed with it.").By("K1.3")
	}
	s.Capacity, s.By, s.Field = "security", in.Security.Signature, "security.signature"
	_, err := accepting.Sign(tx, s)
	return err
}

// signGuard answers whether a sheet can be signed now.
var signGuard = act.Guard[*ent.KeyAcceptance]{
	Entity: ent.TypeKeyAcceptance,
	ID:     func(a *ent.KeyAcceptance) uuid.UUID { return a.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.KeyAcceptance, error) {
		return tx.KeyAcceptance.Query().Where(keyacceptance.IDIn(list...)).WithChecks(func(q *ent.KeyAcceptanceCheckQuery) { onSheet(q) }).All(tx)
	},
	Check: func(_ *act.Tx, a *ent.KeyAcceptance) error {
		if err := inDraft(a); err != nil {
			return err
		}
		return allChecked(a.Edges.Checks)
	},
}
