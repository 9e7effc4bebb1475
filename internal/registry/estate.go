package registry

import (
	"cmp"
	"regexp"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// CreateEstateInput names a new estate.
type CreateEstateInput struct {
	Code     string
	Name     string
	TimeZone *string // nil: Asia/Shanghai
	Locale   *string // nil: zh-CN
}

var estateCode = regexp.MustCompile(`^[A-Z][A-Z0-9-]{0,19}$`)

// Check refuses bad codes, names, time zones and locales.
func (in CreateEstateInput) Check() error {
	if !estateCode.MatchString(in.Code) {
		return fault.Invalid("code", "代码为 1 到 20 位大写字母、数字或 -,以字母开头,如 CHHY。",
			"A code has 1 to 20 capitals, digits or -, and begins with a letter: CHHY.")
	}
	return cmp.Or(wording.CheckName("name", in.Name), wording.Optional(checkZone, "timeZone", in.TimeZone), wording.Optional(checkLocale, "locale", in.Locale))
}

func checkZone(_, zone string) error {
	_, err := act.CalendarOf(zone)
	return err
}

func checkLocale(field, locale string) error {
	if locale != "zh-CN" && locale != "en" {
		return fault.Invalid(field, "语言应为 zh-CN 或 en。", "The locale must be zh-CN or en.")
	}
	return nil
}

// CreateEstatePayload is the estate.
type CreateEstatePayload struct{ Estate *ent.Estate }

// CreateEstate takes an estate into the portfolio, with the holders of keys that every estate has. Who
// manages single estates cannot: it is the general manager's act.
//
// Errors: FORBIDDEN without the whole portfolio; CONFLICT if the code is taken.
var CreateEstate = act.New("registry.createEstate", act.Needs(policy.Estate, policy.Create), nil, createEstate)

func createEstate(tx *act.Tx, in CreateEstateInput) (*CreateEstatePayload, error) {
	if !tx.Viewer.Scope(policy.Estate, policy.Create).Portfolio {
		return nil, fault.Denied("只有总经理可以新增小区。", "Only the general manager adds an estate.")
	}
	e, err := tx.Estate.Create().SetCode(in.Code).SetName(wording.Tidy(in.Name)).
		SetNillableTimeZone(in.TimeZone).SetNillableLocale(in.Locale).Save(tx)
	if err != nil {
		return nil, err
	}
	return &CreateEstatePayload{e}, keyring.Furnish(tx, e.ID)
}

// UpdateEstateInput changes an estate; what is nil stays.
type UpdateEstateInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Name            *string
	TimeZone        *string
	Locale          *string
	BackupDays      *int // A7
}

// Check refuses bad names, time zones and locales, and impossible days.
func (in UpdateEstateInput) Check() error {
	if in.BackupDays != nil && (*in.BackupDays < 0 || *in.BackupDays > 3650) {
		return fault.Invalid("backupDays", "备份保留 0 到 3650 天。", "Backups are kept 0 to 3650 days.").By("A7")
	}
	return cmp.Or(wording.Optional(wording.CheckName, "name", in.Name), wording.Optional(checkZone, "timeZone", in.TimeZone), wording.Optional(checkLocale, "locale", in.Locale))
}

// UpdateEstatePayload is the estate as it stands after.
type UpdateEstatePayload struct{ Estate *ent.Estate }

// UpdateEstate changes an estate's name, time zone, locale, or how long its backups are kept. Errors: NOT_FOUND; CONFLICT if somebody changed it meanwhile.
var UpdateEstate = act.New("registry.updateEstate", act.Needs(policy.Estate, policy.Update), nil, updateEstate)

func updateEstate(tx *act.Tx, in UpdateEstateInput) (*UpdateEstatePayload, error) {
	e, err := edit(tx, in.ExpectedVersion, tx.Estate.Query().Where(estate.ID(in.ID)).ForUpdate().Only, func(e *ent.Estate) int { return e.Version })
	if err != nil {
		return nil, err
	}
	u := e.Update().SetNillableTimeZone(in.TimeZone).SetNillableLocale(in.Locale).SetNillableBackupDays(in.BackupDays)
	if in.Name != nil {
		u.SetName(wording.Tidy(*in.Name))
	}
	e, err = u.Save(tx)
	return &UpdateEstatePayload{e}, err
}
