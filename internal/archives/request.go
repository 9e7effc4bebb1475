package archives

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archiverequest"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

const (
	maxNamed = 50 // how many documents are named for a request
	longest  = 30 // how many days what is given lasts at most
)

// RequestArchiveInput says what is asked for, what for, and how long. Who asks need not know what there is.
type RequestArchiveInput struct {
	EstateID    uuid.UUID
	Kind        archiverequest.Kind
	Purpose     string
	Category    *archiverequest.Category
	UnitID      *uuid.UUID
	HouseholdID *uuid.UUID
	StaffID     *uuid.UUID
	Wanted      *string
	DocumentIDs []uuid.UUID   // only those that the viewer sees
	From        *calendar.Day // nil: from now on
	Until       calendar.Day
}

// Check refuses bad texts, a question about nothing, and documents named twice.
func (in RequestArchiveInput) Check() error {
	err := cmp.Or(wording.CheckText("purpose", in.Purpose, 1, 500), wording.Optional(wording.CheckRemark, "wanted", in.Wanted))
	if err == nil && in.Category == nil && in.UnitID == nil && in.HouseholdID == nil && in.StaffID == nil && tidy(in.Wanted) == "" && len(in.DocumentIDs) == 0 {
		err = fault.Invalid("wanted", "请说明要查阅什么。", "Say what is asked for.").By("A5")
	}
	return cmp.Or(err, checkNamed(in.DocumentIDs, 0))
}

func checkNamed(list []uuid.UUID, least int) error {
	if len(list) < least || len(list) > maxNamed {
		return fault.Invalid("documentIDs", "请选择 1 到 %[1]d 份文件。", "Name between 1 and %[1]d documents.", maxNamed).By("A5")
	}
	for i, id := range list {
		if slices.Contains(list[:i], id) {
			return fault.Invalid(fmt.Sprintf("documentIDs.%d", i), "文件重复,请去掉一个。", "The document is named twice; leave one out.").By("A5")
		}
	}
	return nil
}

// RequestArchivePayload is the request, which waits.
type RequestArchivePayload struct{ Request *ent.ArchiveRequest }

// Request asks to view, borrow or copy what the archive keeps (A5). Anybody on staff may; documents that the viewer sees and names are put
// to the approver at once, else the archivist names them first.
//
// Errors: NOT_FOUND for what the viewer does not see; INVALID_INPUT for a time that is over, or of more than 30 days.
var Request = act.New("archives.request", act.Needs(policy.ArchiveRequest, policy.Create), act.Clauses("A5"), request)

func request(tx *act.Tx, in RequestArchiveInput) (*RequestArchivePayload, error) {
	e, err := tx.Estate.Get(tx, in.EstateID)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	if err := seen(tx, in); err != nil {
		return nil, err
	}
	c := tx.ArchiveRequest.Create().SetEstateID(e.ID).SetKind(in.Kind).SetPurpose(wording.Tidy(in.Purpose)).SetNillableCategory(in.Category).
		SetNillableUnitID(in.UnitID).SetNillableOfHouseholdID(in.HouseholdID).SetNillableOfStaffID(in.StaffID).SetWanted(tidy(in.Wanted)).
		SetAccountID(tx.Viewer.Account).SetAskedByName(tx.Viewer.Name)
	if err := term(tx, c, e.ID, in); err != nil {
		return nil, err
	}
	me, err := tx.Staff.Query().Where(staff.EstateID(e.ID), staff.AccountID(tx.Viewer.Account)).OnlyID(tx)
	if err == nil {
		c.SetAskedByStaffID(me)
	} else if !ent.IsNotFound(err) {
		return nil, err
	}
	code, err := nextCode(tx, e.ID)
	if err != nil {
		return nil, err
	}
	r, err := c.SetCode(code).Save(tx)
	if err != nil {
		return nil, err
	}
	if err := open(tx, r); err != nil {
		return nil, err
	}
	if len(in.DocumentIDs) == 0 {
		return &RequestArchivePayload{r}, nil
	}
	list, err := documentsOf(tx, r, in.DocumentIDs)
	if err != nil {
		return nil, err
	}
	return &RequestArchivePayload{r}, name(tx, r, list)
}

// term is from when until when is asked for.
func term(tx *act.Tx, c *ent.ArchiveRequestCreate, estate uuid.UUID, in RequestArchiveInput) error {
	cal, err := tx.Calendar(estate)
	if err != nil {
		return err
	}
	from, begins := cal.Today(tx.Now), tx.Now
	if in.From != nil && in.From.After(from) {
		from, begins = *in.From, cal.StartOfDay(*in.From)
	} else if in.From != nil && in.From.Before(from) {
		return fault.Invalid("from", "起始日期不能早于今天。", "It begins today or later.").By("A5")
	}
	switch days := in.Until.Sub(from); {
	case days < 0:
		return fault.Invalid("until", "截止日期不能早于起始日期。", "It ends on or after its first day.").By("A5")
	case days >= longest:
		return fault.Invalid("until", "查阅、借用或复制最长 %[1]d 天。", "It lasts %[1]d days at most.", longest).By("A5")
	}
	c.SetValidFrom(begins).SetValidUntil(cal.EndOfDay(in.Until))
	return nil
}

// nextCode is the number of the estate's next request; two at once wait for each other.
func nextCode(tx *act.Tx, estate uuid.UUID) (string, error) {
	if _, err := tx.Raw.Exec(tx, `SELECT pg_advisory_xact_lock(hashtextextended('archive_requests ' || $1::text, 0))`, estate); err != nil {
		return "", err
	}
	n, err := tx.ArchiveRequest.Query().Where(archiverequest.EstateID(estate)).Count(tx)
	return fmt.Sprintf("AR-%04d", n+1), err
}
