package exports

import (
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/ent/registerexport"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/registers"
	"github.com/steward-pm/steward/internal/server/request"
	"github.com/steward-pm/steward/policy"
)

// clause is by what people take registers out: what concerns their work, and no more.
const clause = "A4.3"

// mostWaiting is how many exports of one account wait or are being written at once; the database counts them.
const mostWaiting = 5

func init() {
	act.Explain("register_exports_waiting", fault.Clash("您已有 %[1]d 份导出在等待或生成中,请等其完成,或取消不需要的再申请。",
		"%[1]d of your exports wait or are being written already: wait for one, or cancel one that is not needed.", mostWaiting).By(clause))
	act.Explain("register_exports_goes", over())
	act.Explain("register_exports_kept", over())
}

// RequestRegisterExportInput says which register is wanted, of what, and as what it is written.
type RequestRegisterExportInput struct {
	EstateID    uuid.UUID
	Register    string
	Format      registerexport.Format
	Language    *registerexport.Language // nil: that of the request
	From, To    *calendar.Day            // first and last day, for registers of a time
	HouseholdID *uuid.UUID               // for registers of one
}

// Check refuses a register that there is not, and what it is not written as or asked by: the same as over HTTP.
func (in RequestRegisterExportInput) Check() error {
	entry, known := catalogue[in.Register]
	if !known {
		return fault.Invalid("register", "没有“%[1]s”这种登记表,请用其中之一:%[2]s。", "There is no register %[1]q; use one of %[2]s.", in.Register, strings.Join(Names(), ", ")).By(clause)
	}
	format := formatOf(in.Format)
	switch {
	case entry.sheets && format != registers.PDF:
		return fault.Invalid("format", "该登记表逐张打印,只有 PDF 格式。", "This register is printed sheet by sheet: as PDF only.").By(clause)
	case !entry.sheets && format == registers.PDF:
		return fault.Invalid("format", "该登记表没有 PDF 格式,请用 XLSX、CSV 或 HTML。", "This register is not written as PDF; use XLSX, CSV or HTML.").By(clause)
	}
	p := Params{From: dayOf(in.From), To: dayOf(in.To)}
	if in.HouseholdID != nil {
		p.Household = in.HouseholdID.String()
	}
	refused := fault.From(entry.takes(string(format), p))
	if refused == nil {
		return nil
	}
	refused = refused.By(clause)
	if refused.Field == "household" {
		refused.Field = "householdID"
	}
	return refused
}

func dayOf(d *calendar.Day) (day calendar.Day) {
	if d != nil {
		day = *d
	}
	return day
}

func formatOf(f registerexport.Format) registers.Format {
	return registers.Format(strings.ToLower(string(f)))
}

// RequestRegisterExportPayload is the export as it waits.
type RequestRegisterExportPayload struct{ Export *ent.RegisterExport }

// Request asks for a register to be written while nobody waits (A4.3): by whoever may take it out of the estate over HTTP, signed in, as it is written by
// the rights that they have by then.
//
// Errors: FORBIDDEN A4.3 for who may not take it out, for an auditor, who changes nothing, and for an API token; NOT_FOUND at estateID or householdID;
// INVALID_INPUT A4.3 at register, format, from, to or householdID; CONFLICT A4.3 while five wait.
var Request = act.New("exports.request", act.Needs(policy.RegisterExport, policy.Create).SessionOnly(), act.Clauses(clause), ask)

func ask(tx *act.Tx, in RequestRegisterExportInput) (*RequestRegisterExportPayload, error) {
	e, err := tx.Estate.Get(tx, in.EstateID)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	if !catalogue[in.Register].open(tx.Viewer, e.ID) {
		return nil, closed().By(clause).At("register")
	}
	if in.HouseholdID != nil {
		home, err := tx.Household.Query().Where(household.ID(*in.HouseholdID), household.EstateID(e.ID)).Only(tx)
		if home, err = act.Find(home, err, "householdID"); err != nil {
			return nil, err
		}
		if !tx.Viewer.Scope(policy.Household, policy.Read).Covers(home.RowScope()) { // of the estate, which the rule may read, and not the viewer's to see
			return nil, fault.Missing().At("householdID")
		}
	}
	x, err := tx.RegisterExport.Create().SetEstateID(e.ID).SetAccountID(tx.Viewer.Account).SetAccountName(tx.Viewer.Name).
		SetRegister(in.Register).SetFormat(in.Format).SetLanguage(languageOf(tx, in.Language)).
		SetNillableFromOn(midnight(in.From)).SetNillableUntilOn(midnight(in.To)).SetNillableHouseholdID(in.HouseholdID).Save(tx)
	if err != nil {
		return nil, err
	}
	return &RequestRegisterExportPayload{x}, tx.Enqueue(writing{x.ID}, nil)
}

func languageOf(tx *act.Tx, asked *registerexport.Language) registerexport.Language {
	if asked != nil {
		return *asked
	}
	if base, _ := request.From(tx).Language.Base(); base.String() == "zh" {
		return registerexport.LanguageZH
	}
	return registerexport.LanguageEN
}

func tagOf(l registerexport.Language) language.Tag { return language.Make(strings.ToLower(string(l))) }

func midnight(d *calendar.Day) *time.Time {
	if d == nil || d.IsZero() {
		return nil
	}
	return new(d.UTC())
}

// CancelRegisterExportInput names an export.
type CancelRegisterExportInput struct{ RegisterExportID uuid.UUID }

// CancelRegisterExportPayload is the export as it stands after.
type CancelRegisterExportPayload struct{ Export *ent.RegisterExport }

// Cancel ends an export before it is done: the own, or as a manager that of another.
//
// Errors: NOT_FOUND; CONFLICT A4.3 once it is over.
var Cancel = act.Guarded(act.New("exports.cancel", act.Needs(policy.RegisterExport, policy.Update).SessionOnly(), act.Clauses(clause), func(tx *act.Tx, in CancelRegisterExportInput) (*CancelRegisterExportPayload, error) {
	x, err := tx.RegisterExport.Query().Where(registerexport.ID(in.RegisterExportID)).ForUpdate().Only(tx)
	if x, err = act.Find(x, err, "registerExportID"); err != nil {
		return nil, err
	}
	if !access.RuleFrom(tx).Scope.Covers(x.RowScope()) {
		return nil, fault.Missing().At("registerExportID") // a colleague's
	}
	if err := canCancel(tx, x); err != nil {
		return nil, err
	}
	x, err = x.Update().SetState(registerexport.StateCancelled).SetFinishedAt(tx.Now).SetReason("").SetReasonEn("").Save(tx)
	return &CancelRegisterExportPayload{x}, err
}), act.Guard[*ent.RegisterExport]{
	Entity: ent.TypeRegisterExport,
	ID:     func(x *ent.RegisterExport) uuid.UUID { return x.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.RegisterExport, error) {
		return tx.RegisterExport.Query().Where(registerexport.IDIn(list...)).All(tx)
	},
	Check: canCancel,
})

func canCancel(_ *act.Tx, x *ent.RegisterExport) error {
	if canWrite(x) != nil {
		return over().At("registerExportID")
	}
	return nil
}

func unfinished(x *ent.RegisterExport) bool {
	return x.State == registerexport.StateWaiting || x.State == registerexport.StateRunning
}

func over() *fault.Error {
	return fault.Clash("该导出已经结束;如仍需要,请重新申请。", "The export is over; if it is still wanted, ask for it again.").By(clause)
}
