package account_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
)

func (w *world) post(v viewer, to uuid.UUID, title string) error {
	return w.as(v, func(tx pgx.Tx) error {
		return w.Post(w.t.Context(), tx, account.Message{AccountID: to, Kind: "keys.overdue", TitleZH: title, TitleEN: title, Subject: uuid.New()})
	})
}

func TestInbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li, wang := w.person("li", ""), w.person("wang", "")
	for i := range 5 {
		must(t, w.post(of(wang), li, fmt.Sprint(i))) // K2.3: an act tells the leader
		w.clock.Advance(time.Second)
	}
	must(t, w.post(system, li, "5"))
	if err := w.post(viewer{"", "*"}, li, "x"); err == nil {
		t.Error("nobody posted")
	}
	if n := w.count(of(wang), `SELECT count(*) FROM identity.inbox`); n != 0 {
		t.Errorf("the sender reads %d messages of another", n)
	}
	read := func(f account.MessageFilter) (titles string, all []uuid.UUID) {
		w.do(of(li), func(tx pgx.Tx) error {
			after := ""
			for {
				page, err := w.ListMessages(t.Context(), tx, li, f, 2, after)
				if err != nil {
					return err
				}
				for _, m := range page.Items {
					titles, after, all = titles+m.TitleZH, m.Cursor(), append(all, m.ID)
				}
				if !page.More {
					return nil
				}
			}
		})
		return titles, all
	}
	titles, all := read(account.MessageFilter{})
	if titles != "543210" {
		t.Errorf("newest first: %s", titles)
	}
	mark := func(account uuid.UUID, ids ...uuid.UUID) (n int, err error) {
		err = w.as(of(account), func(tx pgx.Tx) (err error) {
			n, err = w.MarkRead(t.Context(), tx, account, ids...)
			return err
		})
		return n, err
	}
	if n, err := mark(li, all[1], all[4], all[4]); n != 2 || err != nil {
		t.Errorf("marked %d, %v", n, err)
	}
	if n, err := mark(li, all[1], all[0]); n != 1 || err != nil {
		t.Errorf("marked %d, %v", n, err)
	}
	refused(t, second(mark(wang, all[2])), fault.NotFound)
	refused(t, second(mark(li, all[2], uuid.New())), fault.NotFound)
	if titles, _ := read(account.MessageFilter{UnreadFirst: true}); titles != "320541" {
		t.Errorf("unread first: %s", titles)
	}
	if titles, _ := read(account.MessageFilter{UnreadOnly: true}); titles != "320" {
		t.Errorf("unread only: %s", titles)
	}
	w.do(of(li), func(tx pgx.Tx) error {
		n, err := w.UnreadCount(t.Context(), tx, li)
		if n != 3 {
			t.Errorf("unread %d", n)
		}
		return err
	})
	w.do(of(li), func(tx pgx.Tx) error {
		n, err := w.MarkAllRead(t.Context(), tx, li)
		if n != 3 {
			t.Errorf("marked %d", n)
		}
		return err
	})
	w.do(of(li), func(tx pgx.Tx) error {
		m, err := w.FindMessage(t.Context(), tx, all[0])
		if m.ReadAt == nil || m.Kind != "keys.overdue" || m.Subject == uuid.Nil || m.Estate != uuid.Nil {
			t.Errorf("message %+v", m)
		}
		return err
	})
	refused(t, w.as(of(wang), func(tx pgx.Tx) error { return second(w.FindMessage(t.Context(), tx, all[0])) }), fault.NotFound)
	refused(t, w.as(of(li), func(tx pgx.Tx) error {
		return second(w.ListMessages(t.Context(), tx, li, account.MessageFilter{}, 2, "bm9wZQ"))
	}), fault.InvalidInput)
}
