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

// month acts out thirty days of an estate: in the morning keys are lent, by evening most are back. Of
// yesterday's loans one is still out and overdue; today's are open.
func (t *team) month(ctx context.Context, rt *act.Runtime, table *policy.Table, e *ent.Estate, n uint64) error {
	past, clock := replay(rt)
	h := &history{team: t, estate: e, clock: clock, r: seeded(1000 + n)}
	ctx = act.With(ctx, past)
	h.custodian, h.officer, h.manager = access.With(ctx, t.custodians[e.ID]), access.With(ctx, t.officers[e.ID]), access.With(ctx, t.managers[e.ID])
	system := access.With(ctx, access.System(table, "demo"))
	cal, err := act.CalendarOf(e.TimeZone)
	if err != nil {
		return err
	}
	h.zone = cal.Zone()
	today := cal.Today(rt.Clock.Now())
	if err := h.stock(system, today.AddDays(-31)); err != nil {
		return err
	}
	for back := 30; back >= 1; back-- {
		if day := today.AddDays(-back); cal.IsWorkingDay(day) || back == 1 {
			if err := h.day(day, back == 1); err != nil {
				return fmt.Errorf("%s on %s: %w", e.Code, day, err)
			}
		}
	}
	if err := h.evening(system, today.AddDays(-1)); err != nil {
		return fmt.Errorf("%s, what went wrong: %w", e.Code, err)
	}
	return h.morning(today, rt.Clock.Now())
}

// history is one estate's month under way.
type history struct {
	*team
	estate  *ent.Estate
	clock   clockSetter
	zone    *time.Location
	r       *rand.Rand
	sets    []uuid.UUID // of which the desk has keys
	cabinet uuid.UUID

	custodian, officer, manager context.Context
}

type clockSetter interface {
	Advance(time.Duration)
	Now() time.Time
}

func (h *history) to(t time.Time) { h.clock.Advance(t.Sub(h.clock.Now())) }

// stock has the custodian put keys of some units at the front desk (K1.2).
func (h *history) stock(system context.Context, day calendar.Day) error {
	db := act.From(system).DB.Ent
	sets, err := db.KeySet.Query().Where(keyset.EstateID(h.estate.ID),
		keyset.HasBalancesWith(keybalance.CountGTE(2), keybalance.HasHolderWith(keyholder.KindEQ(keyholder.KindCabinet)))).
		Order(ent.Asc(keyset.FieldSortKey)).Limit(24).IDs(system)
	if err != nil {
		return err
	}
	cabinet, err := db.KeyHolder.Query().Where(keyholder.EstateID(h.estate.ID), keyholder.KindEQ(keyholder.KindCabinet)).OnlyID(system)
	if err != nil {
		return err
	}
	desk, err := db.KeyHolder.Query().Where(keyholder.EstateID(h.estate.ID), keyholder.KindEQ(keyholder.KindDesk)).OnlyID(system)
	if err != nil {
		return err
	}
	h.to(at(day, h.zone, 8, 30))
	h.cabinet = cabinet
	if _, err := keys.OpenCabinet.Do(h.custodian, keys.OpenKeyCabinetInput{CabinetID: cabinet, Purpose: "备前台钥匙"}); err != nil {
		return err
	}
	for _, s := range sets {
		if _, err := keys.Move.Do(h.custodian, keys.MoveKeysInput{SetID: s, Count: 2, FromID: cabinet, ToID: desk}); err != nil {
			return err
		}
	}
	h.sets = sets
	return nil
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
		if _, err := keys.Return.Do(h.officer, keys.ReturnKeysInput{LoanID: l.ID, Signature: &signature.Input{}}); err != nil {
			return err
		}
	}
	return nil
}

// morning is today's, up to now.
func (h *history) morning(today calendar.Day, now time.Time) error {
	for i := range 2 {
		moment := at(today, h.zone, 8, 20*i)
		if moment.After(now) {
			moment = now
		}
		h.to(moment)
		if _, err := h.lend(3 + i); err != nil {
			return err
		}
	}
	return nil
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
	in := keys.LendKeysInput{Borrower: borrower, Purpose: purposes[h.r.IntN(len(purposes))], Signature: &signature.Input{}}
	for k := range 1 + h.r.IntN(2) {
		in.Lines = append(in.Lines, keys.LendLineInput{SetID: h.sets[(4*i+k)%len(h.sets)], Count: 1})
	}
	p, err := keys.Lend.Do(h.officer, in)
	if err != nil {
		return nil, err
	}
	return p.Loan, nil
}
