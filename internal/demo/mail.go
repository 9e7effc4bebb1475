package demo

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/ent/mailreceiptline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/mail"
	"github.com/steward-pm/steward/policy"
)

// mail is what the post office brings on two days (M1-M5): one short, of which a dead letter went back, a doubtful one was decided upon, and
// the day was closed; and yesterday's, of which one is dead and still here, and one doubtful, so that it cannot close yet.
func (h *history) mail() map[int][]func() error {
	return map[int][]func() error{
		2: {func() error {
			items, err := h.post(12, 11)
			if err != nil {
				return err
			}
			if err := h.doubts(items[3], "只写了姓氏,本栋有两户同姓"); err != nil {
				return err
			}
			if _, err := mail.Decide.Do(h.as(policy.Supervisor), mail.DecideMailInput{ItemID: items[3], To: mailitem.StateSorted, Reason: "电话核实为本户"}); err != nil {
				return err
			}
			if err := h.deadens(items[4]); err != nil {
				return err
			}
			if _, err := mail.Return.Do(h.as(policy.Receptionist), mail.ReturnMailInput{ItemIDs: items[4:5], TakenBy: postman, Signature: attested()}); err != nil {
				return err
			}
			return h.mailDay(items)
		}},
		1: {func() error {
			items, err := h.post(8, 8)
			if err != nil {
				return err
			}
			if err := h.doubts(items[3], "地址写的是相邻小区"); err != nil {
				return err
			}
			if err := h.deadens(items[4]); err != nil {
				return err
			}
			return h.busyDay(items)
		}},
	}
}

// postman delivers for the post office.
const postman = "邮政 孙师傅"

// post takes mail over, registers a letter for each of five households and a parcel that has no barcode, and sorts the first three.
func (h *history) post(stated, counted int) ([]uuid.UUID, error) {
	homes, err := act.From(h.system).DB.Ent.Household.Query().Where(household.EstateID(h.estate.ID), household.HasOccupancies()).
		Order(ent.Asc(household.FieldCode)).Limit(5).IDs(h.system)
	if err != nil {
		return nil, err
	}
	in := mail.ReceiveMailInput{EstateID: h.estate.ID, Deliverer: postman, Signature: attested(), Counts: []mail.MailCountInput{{Kind: mailreceiptline.KindRegistered, Stated: stated, Counted: counted}}}
	in.Counts = append(in.Counts, mail.MailCountInput{Kind: mailreceiptline.KindParcel, Stated: 1, Counted: 1})
	if stated != counted {
		remark := "少一件,投递员回局查找"
		in.Counts[0].Remark = &remark
	}
	r, err := mail.Receive.Do(h.as(policy.Receptionist), in)
	if err != nil {
		return nil, err
	}
	list := mail.RegisterMailInput{ReceiptID: r.Receipt.ID}
	for i := range homes {
		code := fmt.Sprintf("XA%s%02d", h.thatDay().UTC().Format("060102"), i+1)
		list.Items = append(list.Items, mail.MailItemInput{Kind: mailitem.KindRegistered, Barcode: &code, HouseholdID: &homes[i]})
	}
	list.Items = append(list.Items, mail.MailItemInput{Kind: mailitem.KindParcel, HouseholdID: &homes[0]}) // without a barcode
	p, err := mail.Register.Do(h.as(policy.Receptionist), list)
	if err != nil {
		return nil, err
	}
	items := make([]uuid.UUID, len(p.Items))
	for i, item := range p.Items {
		items[i] = item.ID
	}
	_, err = mail.Sort.Do(h.as(policy.MailSorter), mail.SortMailInput{ItemIDs: items[:3]})
	return items, err
}

func (h *history) doubts(item uuid.UUID, reason string) error {
	_, err := mail.RaiseDoubt.Do(h.as(policy.MailSorter), mail.RaiseMailDoubtInput{ItemID: item, Reason: reason})
	return err
}

func (h *history) deadens(item uuid.UUID) error {
	_, err := mail.MarkDead.Do(h.as(policy.MailSorter), mail.MarkMailDeadInput{ItemID: item, Reason: "收件人已搬离,未留新地址"})
	return err
}
