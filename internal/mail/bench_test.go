package mail_test

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// A day's work is as fast above a history of ten million items as above one of ten thousand, since every index begins with the estate and leads
// to the day, and what is here has indexes of its own. Both deployments are asked in turn, in one run, and "ratio" is what the larger takes in
// terms of the smaller. The larger takes minutes and 6 GB to make; without MAIL_ITEMS it has a million:
//
//	MAIL_ITEMS=10000000 go test ./internal/mail -run - -bench BenchmarkADaysWork -benchtime 50x -timeout 60m
func BenchmarkADaysWork(b *testing.B) {
	n := 1_000_000
	if text := os.Getenv("MAIL_ITEMS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	small, large := openMailroom(b, 10_000), openMailroom(b, n)
	for _, w := range work {
		b.Run(w.name, func(b *testing.B) {
			var took [2]time.Duration
			for b.Loop() {
				for i, room := range []*mailroom{small, large} {
					var ids []string
					if w.before != nil {
						ids = w.before(room)
					}
					began := b.Elapsed()
					w.do(room, ids)
					took[i] += b.Elapsed() - began
				}
			}
			each := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(b.N) }
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(each(took[0]), "ms-10000")
			b.ReportMetric(each(took[1]), "ms-"+strconv.Itoa(n))
			b.ReportMetric(float64(took[1])/float64(took[0]), "ratio")
		})
	}
}

// mailroom is a deployment at work: what it has behind it, and 400 items of today that lie at the desk.
type mailroom struct {
	b                    *testing.B
	app                  *stewardtest.App
	receptionist, sorter *stewardtest.Person
	receipt, day         string
	code                 int
}

func openMailroom(b *testing.B, history int) *mailroom {
	b.Helper()
	app := stewardtest.New(b)
	delivered(b, app, history)
	registered(app, "XA", 400)
	m := &mailroom{b: b, app: app, receptionist: app.As(policy.Receptionist), sorter: app.As(policy.MailSorter), day: today(app)}
	m.receipt = m.receptionist.Do(receiveMail, receiving(app, 500, 500)).Get("receiveMail.receipt.id").String()
	return m
}

// register takes in 20 registered letters for a household.
func (m *mailroom) register() (ids []string) {
	list := make([]vars, 20)
	for i := range list {
		m.code++
		list[i] = vars{"kind": "REGISTERED", "barcode": fmt.Sprintf("DAY%d", m.code), "householdID": m.app.A.Household}
	}
	for _, item := range m.receptionist.Do(registerMail, vars{"in": vars{"receiptID": m.receipt, "items": list}}).Get("registerMail.items.#.id").Array() {
		ids = append(ids, item.String())
	}
	return ids
}

func (m *mailroom) sort(ids []string) []string {
	m.sorter.Do(sortMail, named(ids...))
	return ids
}

// work is what a day consists of: what is measured, and what makes the items that it is done upon.
var work = []struct {
	name   string
	before func(*mailroom) []string
	do     func(*mailroom, []string)
}{
	{name: "what came today", do: func(m *mailroom, _ []string) {
		m.sorter.Do(`query($e: ID!) { mailItems(first: 200, where: {estateID: $e, receivedOn: "2026-03-02", stateIn: [RECEIVED, SORTED], voidedAtIsNil: true}, orderBy: {field: SLOT, direction: ASC}) {
			totalCount edges { node { id slot state household { name } } } } }`, vars{"e": m.app.A.ID})
	}},
	{name: "the day's register", do: func(m *mailroom, _ []string) {
		r, err := m.receptionist.Request(http.MethodGet, "/registers/mail-items.csv?estate=A&from=2026-03-02&to=2026-03-02", nil)
		if err != nil {
			m.b.Fatal(err)
		}
		if status, body, err := m.receptionist.Send(r); err != nil || status != http.StatusOK {
			m.b.Fatal(status, string(body), err)
		}
	}},
	{name: "register 20", do: func(m *mailroom, _ []string) { m.register() }},
	{name: "sort 20", before: (*mailroom).register, do: func(m *mailroom, ids []string) { m.sort(ids) }},
	{name: "deliver 20", before: func(m *mailroom) []string { return m.sort(m.register()) }, do: func(m *mailroom, ids []string) {
		m.sorter.Do(deliverMail, route(signed(vars{"itemIDs": ids}, "residentID", m.app.A.Resident)))
	}},
	{name: "scan 2", do: func(m *mailroom, _ []string) {
		m.code++
		m.receptionist.Do(scanMail, scanning(m.app, fmt.Sprint(m.code), fmt.Sprintf("XA%05d", m.code%400), fmt.Sprintf("H%d", m.code)))
	}},
	{name: "the day's check", do: func(m *mailroom, _ []string) { m.receptionist.Do(checkDay, vars{"d": m.day}) }},
	{name: "what is missing", do: func(m *mailroom, _ []string) { m.receptionist.Do(missing, vars{"d": m.day, "open": true}) }},
	{name: "what is undelivered", do: func(m *mailroom, _ []string) { m.receptionist.Do(undelivered, vars{"d": m.day, "open": true}) }},
	{name: "a household's last 50", do: func(m *mailroom, _ []string) {
		m.app.Resident().Do(`{ mailItems(first: 50) { edges { node { id receivedOn state } } } }`, nil)
	}},
}
