package exports

import (
	"context"
	"io"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/duty"
	"github.com/steward-pm/steward/internal/fees"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/mail"
	"github.com/steward-pm/steward/internal/registers"
	"github.com/steward-pm/steward/internal/vacancy"
	"github.com/steward-pm/steward/policy"
)

// entry is a register in the catalogue.
type entry struct {
	resources []policy.Resource // all must be exportable
	some      bool              // also by who may export some rows of the estate, who sees no others
	byTime    bool              // takes from and to
	byHome    bool              // takes a household
	ofHome    bool              // takes one, and is of no more than that
	sheets    bool              // is written as PDF, to be printed sheet by sheet, and as nothing else
	write     func(context.Context, job) error
}

// job is one register being written.
type job struct {
	out
	format      registers.Format
	lang        language.Tag
	head        registers.Head
	db          *ent.Client
	estate      uuid.UUID
	household   *uuid.UUID // nil: all
	now         time.Time
	from, until time.Time // zero: open
}

// out is where a register is written, and who hears of it.
type out struct {
	w      io.Writer
	titled func(zh, en string) // told what it is called; may be nil
	row    func() error        // told of each row; its error ends the writing; may be nil
}

// say chooses a word of the register's language.
func (j job) say(zh, en string) string {
	if base, _ := j.lang.Base(); base.String() == "zh" {
		return zh
	}
	return en
}

// within is of what a register of mail is.
func (j job) within() mail.Within {
	return mail.Within{Estate: j.estate, Household: j.household, Zone: j.head.Zone, From: j.from, Until: j.until}
}

// fees is of what a register of fees is.
func (j job) fees() fees.Within {
	return fees.Within{Estate: j.estate, Household: j.household, Zone: j.head.Zone, From: j.from, Until: j.until}
}

// sheet is what stands on every sheet that is printed.
func (j job) sheet() fees.Sheet {
	return fees.Sheet{Say: j.say, Estate: j.head.Estate, At: j.now, Zone: j.head.Zone}
}

var catalogue = map[string]entry{
	"keys-loans": {resources: []policy.Resource{policy.KeyLoan}, byTime: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, keys.LoanRegister(j.say, j.now), keys.LoanRows(ctx, j.db, j.estate, j.from, j.until))
	}},
	"keys-acceptance": {resources: []policy.Resource{policy.KeyAcceptanceLine}, write: func(ctx context.Context, j job) error {
		return write(ctx, j, keys.AcceptanceRegister, keys.AcceptanceRows(ctx, j.db, j.estate))
	}},
	"keys-outstanding": {resources: []policy.Resource{policy.KeyAcceptanceLine}, write: func(ctx context.Context, j job) error {
		return write(ctx, j, keys.OutstandingRegister, keys.OutstandingRows(ctx, j.db, j.estate))
	}},
	"keys-distribution": {resources: []policy.Resource{policy.KeyBalance}, write: func(ctx context.Context, j job) error {
		return write(ctx, j, keys.DistributionRegister, keys.DistributionRows(ctx, j.db, j.estate))
	}},
	"keys-statistics": {resources: []policy.Resource{policy.KeyStatement}, byTime: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, keys.MonthRegister(j.say), keys.MonthRows(ctx, j.db, j.estate, j.head.Zone, j.from, j.until, j.now))
	}},
	"archives-volumes": {resources: []policy.Resource{policy.ArchiveVolume}, some: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, archives.VolumeRegister(j.say), archives.VolumeRows(ctx, j.db, j.estate))
	}},
	"archives-files": {resources: []policy.Resource{policy.ArchiveFile}, some: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, archives.HouseholdFileRegister(), archives.HouseholdFileRows(ctx, j.db, j.estate))
	}},
	"archives-requests": {resources: []policy.Resource{policy.ArchiveRequest}, byTime: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, archives.RequestRegister(j.say), archives.RequestRows(ctx, j.db, j.estate, j.from, j.until))
	}},
	"archives-loans": {resources: []policy.Resource{policy.ArchiveLoan}, byTime: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, archives.LoanRegister(j.say, j.now), archives.LoanRows(ctx, j.db, j.estate, j.from, j.until))
	}},
	"archives-destructions": {resources: []policy.Resource{policy.ArchiveDestruction}, write: func(ctx context.Context, j job) error {
		return write(ctx, j, archives.DestructionRegister(j.say), archives.DestructionRows(ctx, j.db, j.estate))
	}},
	"vacancies": {resources: []policy.Resource{policy.Vacancy}, write: func(ctx context.Context, j job) error {
		return write(ctx, j, vacancy.Register, vacancy.Rows(ctx, j.db, j.estate))
	}},
	"defects": {resources: []policy.Resource{policy.Defect}, some: true, byTime: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, vacancy.DefectRegister(j.say, j.now), vacancy.DefectRows(ctx, j.db, j.estate, j.from, j.until))
	}},
	"inspections": {resources: []policy.Resource{policy.Inspection}, byTime: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, vacancy.InspectionRegister(j.say), vacancy.InspectionRows(ctx, j.db, j.estate, j.from, j.until))
	}},
	"mail-receipts": {resources: []policy.Resource{policy.MailReceipt}, byTime: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, mail.ReceiptRegister(j.say), mail.ReceiptRows(ctx, j.db, j.estate, j.from, j.until))
	}},
	"mail-items": {resources: []policy.Resource{policy.MailItem}, byTime: true, byHome: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, mail.ItemRegister(j.say), mail.ItemRows(ctx, j.db, j.within()))
	}},
	"mail-sort-list": {resources: []policy.Resource{policy.MailItem}, write: func(ctx context.Context, j job) error {
		return write(ctx, j, mail.SortListRegister(j.say), mail.SortListRows(ctx, j.db, j.estate))
	}},
	"mail-scans": {resources: []policy.Resource{policy.MailScan}, byTime: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, mail.ScanRegister(j.say), mail.ScanRows(ctx, j.db, j.estate, j.from, j.until))
	}},
	"press-subscriptions": {resources: []policy.Resource{policy.PressSubscription}, byTime: true, byHome: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, mail.SubscriptionRegister(j.say), mail.SubscriptionRows(ctx, j.db, j.within()))
	}},
	"press-records": {resources: []policy.Resource{policy.PressAllocation}, byTime: true, byHome: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, mail.PressRegister(j.say), mail.PressRows(ctx, j.db, j.within()))
	}},
	"mail-files": {
		resources: []policy.Resource{policy.MailItem, policy.PressSubscription, policy.PressAllocation}, byTime: true, byHome: true,
		write: func(ctx context.Context, j job) error {
			return write(ctx, j, mail.FileRegister(j.say), mail.FileRows(ctx, j.db, j.within()))
		},
	},
	"duty-roster": {resources: []policy.Resource{policy.DutyRoster, policy.DutyAssignment}, some: true, byTime: true, write: func(ctx context.Context, j job) error {
		month := duty.Month(j.from, j.now, j.head.Zone)
		return write(ctx, j, duty.GridRegister(month), duty.GridRows(ctx, j.db, j.estate, month))
	}},
	"duty-handovers": {resources: []policy.Resource{policy.DutyHandover, policy.DutyHandoverLine}, some: true, byTime: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, duty.HandoverRegister(j.say), duty.HandoverRows(ctx, j.db, j.estate, j.from, j.until))
	}},
	"fee-notices": {resources: []policy.Resource{policy.FeeNotice}, byTime: true, byHome: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, fees.NoticeRegister(j.say), fees.NoticeRows(ctx, j.db, j.fees()))
	}},
	"fee-notice-sheets": {resources: []policy.Resource{policy.FeeNotice, policy.FeeNoticeLine}, byTime: true, byHome: true, sheets: true, write: func(ctx context.Context, j job) error {
		return fees.Print(ctx, j.w, j.db, j.fees(), j.sheet())
	}},
	"fee-dispatches": {resources: []policy.Resource{policy.FeeDispatch}, byTime: true, byHome: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, fees.DispatchRegister(j.say), fees.DispatchRows(ctx, j.db, j.fees()))
	}},
	"fee-dunnings": {resources: []policy.Resource{policy.FeeDunning}, byTime: true, byHome: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, fees.DunningRegister(j.say), fees.DunningRows(ctx, j.db, j.fees()))
	}},
	"fee-dunning-sheets": {resources: []policy.Resource{policy.FeeDunning, policy.FeeDunningLine}, byTime: true, byHome: true, sheets: true, write: func(ctx context.Context, j job) error {
		return fees.PrintDunnings(ctx, j.w, j.db, j.fees(), j.sheet())
	}},
	"fee-evidence": {resources: []policy.Resource{policy.FeeNotice, policy.FeeDunning, policy.FeeDispatch, policy.Signature, policy.Certificate}, byTime: true, byHome: true, ofHome: true, sheets: true, write: func(ctx context.Context, j job) error {
		return fees.PrintEvidence(ctx, j.w, j.db, j.fees(), j.sheet())
	}},
	"fee-steps": {resources: []policy.Resource{policy.FeeRun, policy.FeeNotice, policy.FeeDispatch, policy.FeeDunning}, byTime: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, fees.StepRegister(j.say), fees.StepRows(ctx, j.fees()))
	}},
	"fee-payments": {resources: []policy.Resource{policy.FeePayment}, byTime: true, byHome: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, fees.PaymentRegister(j.say), fees.PaymentRows(ctx, j.db, j.fees()))
	}},
	"fee-accounts": {resources: []policy.Resource{policy.FeeAccount}, byHome: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, fees.AccountRegister(), fees.AccountRows(ctx, j.db, j.fees()))
	}},
	"fee-journal": {resources: []policy.Resource{policy.FeeEntry, policy.FeePosting}, byTime: true, byHome: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, fees.JournalRegister(j.say), fees.JournalRows(ctx, j.db, j.fees()))
	}},
	"fee-refunds": {resources: []policy.Resource{policy.FeeRefund}, byTime: true, byHome: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, fees.RefundRegister(j.say), fees.RefundRows(ctx, j.db, j.fees()))
	}},
	"fee-arrears": {resources: []policy.Resource{policy.FeeNotice}, write: func(ctx context.Context, j job) error {
		return write(ctx, j, fees.ArrearsRegister(), fees.ArrearsRows(ctx, j.fees()))
	}},
	"fee-arrears-buildings": {resources: []policy.Resource{policy.FeeNotice}, write: func(ctx context.Context, j job) error {
		return write(ctx, j, fees.BuildingArrearsRegister(), fees.BuildingArrearsRows(ctx, j.fees()))
	}},
	"fee-collection": {resources: []policy.Resource{policy.FeeNotice}, byTime: true, write: func(ctx context.Context, j job) error {
		return write(ctx, j, fees.CollectionRegister(), fees.CollectionRows(ctx, j.fees()))
	}},
	"units": {resources: []policy.Resource{policy.Unit}, write: func(ctx context.Context, j job) error {
		return write(ctx, j, unitRegister(j.say), unitRows(ctx, j.db, j.estate))
	}},
	"households": {
		resources: []policy.Resource{policy.Household, policy.Occupancy, policy.ResidentPerson, policy.EmergencyContact},
		write: func(ctx context.Context, j job) error {
			return write(ctx, j, householdRegister(j.say), householdRows(ctx, j.db, j.estate))
		},
	},
}

// Names lists the registers, for the command line's help.
func Names() []string { return slices.Sorted(maps.Keys(catalogue)) }

func write[T any](ctx context.Context, j job, r registers.Register[T], rows iter.Seq2[T, error]) error {
	if j.titled != nil {
		j.titled(r.ZH, r.EN)
	}
	if j.row != nil {
		rows = told(rows, j.row)
	}
	return r.Write(ctx, j.w, j.format, j.lang, j.head, rows)
}

// told are the rows, of each of which somebody is told.
func told[T any](rows iter.Seq2[T, error], row func() error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range rows {
			if err == nil {
				err = row()
			}
			if !yield(v, err) {
				return
			}
		}
	}
}
