package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/policy"
)

var purposes = []string{"抄水电表", "空置房通风", "漏水检修", "装修验收", "看房", "清洁", "电梯维保"}

// month acts out thirty days of an estate: in the morning keys are lent, by evening most are back, and then comes what
// the story tells of the day. Of yesterday's loans one is still out and overdue; today's are open.
func (t *team) month(ctx context.Context, rt *act.Runtime, table *policy.Table, e *ent.Estate, n uint64) error {
	cal, err := act.CalendarOf(e.TimeZone)
	if err != nil {
		return err
	}
	past, clock := replay(rt)
	today := cal.Today(rt.Clock.Now())
	h := &history{team: t, estate: e, clock: clock, zone: cal.Zone(), today: today, r: seeded(1000 + n)}
	h.ctx = act.With(ctx, past)
	h.system = access.With(h.ctx, access.System(table, "demo"))
	h.custodian, h.officer, h.manager = h.as(policy.KeyCustodian), h.as(policy.CSOfficer), h.as(policy.ProjectManager)
	if err := h.stock(today.AddDays(-31)); err != nil {
		return err
	}
	story := h.story(n == 0)
	for back := 30; back >= 1; back-- {
		day := today.AddDays(-back)
		if err := h.closeMonth(at(day, h.zone, 8, 30)); err != nil {
			return err
		}
		if cal.IsWorkingDay(day) || back == 1 {
			if err := h.day(day, back == 1); err != nil {
				return fmt.Errorf("%s on %s: %w", e.Code, day, err)
			}
		}
		h.to(at(day, h.zone, 17, 0))
		for _, happens := range story[back] {
			if err := happens(); err != nil {
				return fmt.Errorf("%s in the evening of %s: %w", e.Code, day, err)
			}
			h.clock.Advance(10 * time.Minute)
		}
	}
	if err := h.closeMonth(earlier(at(today, h.zone, 7, 30), rt.Clock.Now())); err != nil {
		return err
	}
	return h.morning(rt.Clock.Now())
}

// history is one estate's month under way.
type history struct {
	*team
	estate  *ent.Estate
	clock   clockSetter
	zone    *time.Location
	today   calendar.Day
	r       *rand.Rand
	cabinet uuid.UUID
	desk    uuid.UUID
	sets    []uuid.UUID          // of which the desk has keys
	kept    []uuid.UUID          // of which only the cabinet has
	closed  bool                 // the month in which the story begins (K4.2)
	items   map[string]uuid.UUID // of the inspection plan, by code
	round   uuid.UUID            // that is walked this morning

	ctx, system, custodian, officer, manager context.Context
}

// as is the context of the estate's colleague with the role; the general manager is everywhere.
func (h *history) as(role policy.Role) context.Context {
	return access.With(h.ctx, h.colleagues[h.estate.ID][role].viewer)
}

// password is the signature of the estate's colleague with the role.
func (h *history) password(role policy.Role) *signature.Input {
	word := h.colleagues[h.estate.ID][role].password
	return &signature.Input{Credential: &word}
}

// attested is the signature of somebody without an account.
func attested() *signature.Input { return &signature.Input{} }

// story is what happens besides the day's loans, so many days ago; most of it in the first estate only.
func (h *history) story(rich bool) map[int][]func() error {
	s := map[int][]func() error{1: {h.evening}}
	for back, list := range h.inspections() {
		s[back] = append(s[back], list...)
	}
	if rich {
		for _, theme := range []map[int][]func() error{h.acceptance(), h.handovers(), h.longLoans(), h.locks(), h.mistakes(), h.checks(), h.archiveRequests(), h.archiveLoans(), h.destruction(), h.records(), h.archiveFiles(), h.mail(), h.press(), h.vacancies(), h.defects(), h.rounds(), h.fees(), h.feeDispatches(), h.bank(), h.duty(), h.exported()} {
			for back, list := range theme {
				s[back] = append(s[back], list...)
			}
		}
	}
	return s
}

type clockSetter interface {
	Advance(time.Duration)
	Now() time.Time
}

func earlier(a, b time.Time) time.Time {
	if a.After(b) {
		return b
	}
	return a
}

func (h *history) to(t time.Time) { h.clock.Advance(t.Sub(h.clock.Now())) }

// stock has the custodian put keys of some units at the front desk (K1.2).
func (h *history) stock(day calendar.Day) (err error) {
	db := act.From(h.system).DB.Ent
	sets, err := db.KeySet.Query().Where(keyset.EstateID(h.estate.ID),
		keyset.HasBalancesWith(keybalance.CountGTE(3), keybalance.HasHolderWith(keyholder.KindEQ(keyholder.KindCabinet)))).
		Order(ent.Asc(keyset.FieldSortKey)).Limit(32).IDs(h.system)
	if err != nil {
		return err
	}
	h.sets, h.kept = sets[:24], sets[24:]
	h.cabinet, err = db.KeyHolder.Query().Where(keyholder.EstateID(h.estate.ID), keyholder.KindEQ(keyholder.KindCabinet)).OnlyID(h.system)
	if err != nil {
		return err
	}
	h.desk, err = db.KeyHolder.Query().Where(keyholder.EstateID(h.estate.ID), keyholder.KindEQ(keyholder.KindDesk)).OnlyID(h.system)
	if err != nil {
		return err
	}
	h.to(at(day, h.zone, 8, 30))
	if _, err := keys.OpenCabinet.Do(h.custodian, keys.OpenKeyCabinetInput{CabinetID: h.cabinet, Purpose: "备前台钥匙"}); err != nil {
		return err
	}
	for _, s := range h.sets {
		if err := h.toDesk(s); err != nil {
			return err
		}
	}
	return nil
}

func (h *history) toDesk(set uuid.UUID) error {
	_, err := keys.Move.Do(h.custodian, keys.MoveKeysInput{SetID: set, Count: 2, FromID: h.cabinet, ToID: h.desk})
	return err
}

// day lends a few keys and takes them back; on the last day one loan stays out.
func (h *history) day(day calendar.Day, last bool) error {
	loans := make([]*ent.KeyLoan, 0, 4)
	for i := range 2 + h.r.IntN(3) {
		h.to(at(day, h.zone, 9, 10*i+h.r.IntN(10)))
		l, err := h.lend(i)
		if err != nil {
			return err
		}
		loans = append(loans, l)
	}
	for i, l := range loans {
		if last && i == 0 {
			continue
		}
		h.to(at(day, h.zone, 16, 10*i+h.r.IntN(10)))
		if _, err := keys.Return.Do(h.officer, keys.ReturnKeysInput{LoanID: l.ID, Signature: attested()}); err != nil {
			return err
		}
	}
	return nil
}

// morning is today's, up to now.
func (h *history) morning(now time.Time) error {
	for i := range 2 {
		h.to(earlier(at(h.today, h.zone, 8, 20*i), now))
		if _, err := h.lend(3 + i); err != nil {
			return err
		}
	}
	if h.round == uuid.Nil {
		return nil
	}
	h.to(earlier(at(h.today, h.zone, 8, 45), now))
	return h.setsOut()
}

// lend lends one or two sets; the i-th of a day are other sets than the others.
func (h *history) lend(i int) (*ent.KeyLoan, error) {
	var borrower keys.BorrowerInput
	if h.r.IntN(2) == 0 {
		borrower.StaffID = &h.mechanics[h.estate.ID][0]
	} else {
		list := h.contractors[h.estate.ID]
		borrower.ExternalPersonID = &list[h.r.IntN(len(list))]
	}
	in := keys.LendKeysInput{Borrower: borrower, Purpose: purposes[h.r.IntN(len(purposes))], Signature: attested()}
	for k := range 1 + h.r.IntN(2) {
		in.Lines = append(in.Lines, keys.LendLineInput{SetID: h.sets[(4*i+k)%len(h.sets)], Count: 1})
	}
	p, err := keys.Lend.Do(h.officer, in)
	if err != nil {
		return nil, err
	}
	return p.Loan, nil
}
