package archives

import (
	"cmp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivefile"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// The structured records of a household's file (A1.4) file themselves: the database makes the document of each in the archive's inbox,
// and voids it with the record while it is there (files_itself in 00041_household_records.sql).

func init() {
	act.Explain("household_records_belongs", fault.Clash("业户档案刚有变动,请重新登记。", "The household's file changed meanwhile; record it again.").By("A1.4"))
	for _, table := range []string{"violations", "complaints", "correspondences", "renovations"} {
		act.Explain(table+"_way", fault.Clash("这条记录的状态已变,请重新读取。", "The record is no longer as it was; read it again.").By("A1.4"))
	}
}

// recordInput is what every record of a household says.
type recordInput struct {
	HouseholdID uuid.UUID
	Title       string
	Particulars *string
	Dated       calendar.Day
}

func (in recordInput) check() error {
	return cmp.Or(wording.CheckText("title", in.Title, 1, 100), wording.Optional(wording.CheckRemark, "particulars", in.Particulars))
}

// householdFile is the household's file, into which the record is to go. Errors: NOT_FOUND; INVALID_INPUT for a day to come.
func householdFile(tx *act.Tx, in recordInput) (*ent.ArchiveFile, error) {
	f, err := tx.ArchiveFile.Query().Where(archivefile.HouseholdID(in.HouseholdID)).Only(tx)
	if f, err = act.Find(f, err, "householdID"); err != nil {
		return nil, err
	}
	return f, notToCome(tx, f.EstateID, in.Dated)
}

// recording is a record that is being created; C is the creation itself.
type recording[C any] interface {
	SetEstateID(uuid.UUID) C
	SetHouseholdID(uuid.UUID) C
	SetFileID(uuid.UUID) C
	SetNillableDepartmentID(*uuid.UUID) C
	SetTitle(string) C
	SetParticulars(string) C
	SetDated(time.Time) C
	SetRecordedByID(uuid.UUID) C
	SetRecordedByName(string) C
	SetRecordedAt(time.Time) C
}

// recorded fills in what every record says.
func recorded[C recording[C]](tx *act.Tx, c C, f *ent.ArchiveFile, in recordInput) C {
	return c.SetEstateID(f.EstateID).SetHouseholdID(in.HouseholdID).SetFileID(f.ID).SetNillableDepartmentID(f.DepartmentID).
		SetTitle(wording.Tidy(in.Title)).SetParticulars(remark(in.Particulars)).SetDated(in.Dated.UTC()).
		SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name).SetRecordedAt(tx.Now)
}

// remark is a remark of several lines as it is stored.
func remark(text *string) string {
	if text == nil {
		return ""
	}
	return strings.TrimSpace(*text)
}

// answering is a record that is being settled; U is the update itself.
type answering[U any] interface {
	SetFinding(string) U
	SetAnsweredByID(uuid.UUID) U
	SetAnsweredByName(string) U
	SetAnsweredAt(time.Time) U
}

// answeredBy says how the record was settled, by the viewer and now.
func answeredBy[U answering[U]](tx *act.Tx, u U, finding string) U {
	return u.SetFinding(wording.Tidy(finding)).SetAnsweredByID(tx.Viewer.Account).SetAnsweredByName(tx.Viewer.Name).SetAnsweredAt(tx.Now)
}

// FindingInput says of a record how it was settled.
type FindingInput struct {
	ID      uuid.UUID
	Finding string
}

// Check refuses an empty or endless finding.
func (in FindingInput) Check() error { return wording.CheckText("finding", in.Finding, 1, 2000) }

// stands refuses a record that another department keeps, and one that was voided.
func stands(tx *act.Tx, on policy.Resource, row access.Row, voidedAt *time.Time) error {
	if anothers(tx.Viewer.Scope(on, policy.Update), row) {
		return fault.Missing().At("id")
	}
	return void.Refuse(voidedAt)
}

// anothers tells whether a record of the viewer's estates is beyond the scope: a rule reads the whole estate, and another department's
// supervisor is told nothing of what households say to customer service (A5).
func anothers(s access.Scope, row access.Row) bool {
	return !s.Covers(row) && s.EstatesOnly().Covers(row)
}

// mayVoid refuses a record that was voided, and who neither recorded it just now nor leads where it was (A1.4).
func mayVoid(tx *act.Tx, on policy.Resource, row access.Row, voidedAt *time.Time, by uuid.UUID, at time.Time) error {
	if anothers(tx.Viewer.Scope(on, policy.Void), row) {
		return fault.Missing().At("id")
	}
	if err := void.Refuse(voidedAt); err != nil {
		return err
	}
	return void.May(tx, void.Recorded{Clause: "A1.4", By: by, At: at, Leads: tx.Viewer.Scope(on, policy.Approve).Covers(row)})
}

// tellVoided tells the leaders of a void: of whose record, which only the record itself describes.
func tellVoided(tx *act.Tx, row access.Row, subject uuid.UUID, whatZH, whatEN, why string) error {
	f, err := tx.ArchiveFile.Query().Where(archivefile.HouseholdID(row.Household)).Only(tx)
	if err != nil {
		return err
	}
	return void.Tell(tx, void.Notice{
		Clause: "A1.4", Estate: row.Estate, Subject: subject, Department: row.Department,
		WhatZH: f.Code + " 的" + whatZH, WhatEN: whatEN + " of " + f.Code, Why: why,
	})
}

// answeredAlready refuses to settle again what somebody settled.
func answeredAlready(name string) error {
	return fault.Clash("%[1]s 已处理过这条记录。", "%[1]s has settled this record.", name).By("A1.4")
}

// Amounts are integers of minor units; none is of more than so many.
const maxAmount = 1_000_000_000

func checkAmount(field string, amount int) error {
	if amount < 1 || amount > maxAmount {
		return fault.Invalid(field, "金额以分为单位,应在 1 到 %[1]d 之间。", "The amount, in minor units, is between 1 and %[1]d.", maxAmount).By("A1.4")
	}
	return nil
}

func checkCurrency(field, currency string) error {
	if len(currency) != 3 || currency[0] < 'A' || currency[0] > 'Z' || currency[1] < 'A' || currency[1] > 'Z' || currency[2] < 'A' || currency[2] > 'Z' {
		return fault.Invalid(field, "请填写三个大写字母的币种,如 CNY。", "Give the currency by its three letters: CNY.").By("A1.4")
	}
	return nil
}
