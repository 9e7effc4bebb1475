package fees

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/certificate"
	"github.com/steward-pm/steward/ent/feedispatch"
	"github.com/steward-pm/steward/ent/feedunning"
	"github.com/steward-pm/steward/ent/signature"
	"github.com/steward-pm/steward/internal/registers"
)

// rowsOfSheet is how many attempts or signatures one sheet of the evidence holds.
const rowsOfSheet = 30

// PrintEvidence writes what proves a household's fees of a time as one PDF: its fee notices as they were, every version of its dunning notices with reviewer, stamp
// and hash, and then every attempt to bring them, and every signature and certificate (F3-F9).
func PrintEvidence(ctx context.Context, w io.Writer, db *ent.Client, of Within, s Sheet) error {
	if err := s.readBook(ctx, db, of); err != nil {
		return err
	}
	p, err := newPaper()
	if err != nil {
		return err
	}
	s.before(p, s.Say("收费证据", "Evidence"), s.Say("制作时间:", "Made: ")+s.At.In(s.zone()).Format(time.DateTime))
	for n, err := range noticeRows(ctx, db, of, withLines) {
		if err != nil {
			return err
		}
		s.notice(p, n)
	}
	var subjects []uuid.UUID
	q := db.FeeDunning.Query().Where(feedunning.EstateID(of.Estate), of.home).Order(feedunning.ByNumber(), feedunning.ByRevision(), feedunning.ByID())
	withDemands(q)
	dunnings, err := q.All(ctx)
	if err != nil {
		return err
	}
	for _, d := range dunnings {
		s.dunning(p, d)
		p.left(285, 9, s.Say("状态:", "State: ")+dunningWords(s.Say, d.State)+" "+d.EndReason)
		subjects = append(subjects, d.ID)
	}
	dispatches, err := db.FeeDispatch.Query().Where(feedispatch.EstateID(of.Estate), of.home).Order(feedispatch.ByDispatchedAt(), feedispatch.ByID()).All(ctx)
	if err != nil {
		return err
	}
	for _, d := range dispatches {
		subjects = append(subjects, d.ID)
	}
	s.attempts(p, dispatches)
	signatures, err := db.Signature.Query().Where(signature.EstateID(of.Estate), signature.SubjectIDIn(subjects...)).Order(signature.BySignedAt(), signature.ByID()).All(ctx)
	if err != nil {
		return err
	}
	certificates, err := db.Certificate.Query().Where(certificate.EstateID(of.Estate), certificate.SubjectIDIn(subjects...)).Order(certificate.ByIssuedAt(), certificate.ByID()).All(ctx)
	if err != nil {
		return err
	}
	s.signatures(p, signatures, certificates)
	return p.write(w)
}

// attempts are the sheets with every attempt to bring a notice.
func (s *Sheet) attempts(p *paper, list []*ent.FeeDispatch) {
	y := 0.0
	for i, d := range list {
		if i%(rowsOfSheet/2) == 0 {
			p.page()
			p.centre(24, 16, s.Say("派发记录", "Dispatches"))
			y = 36
			p.row(y, true, s.Say("时间", "When"), s.Say("单号", "Number"), s.Say("次", "Attempt"), s.Say("方式", "How"), s.Say("签收人", "Signed by"), "", s.Say("派发人", "By"))
		}
		y += 7
		p.row(y, false, d.DispatchedAt.In(s.zone()).Format("2006-01-02 15:04"), d.Number, fmt.Sprint(d.Attempt), wayWords(s.Say, d.Method), d.Recipient, "", d.DispatchedByName)
		y += 7
		p.within(margin+5, y, 9, pageWidth-2*margin-5, s.attempt(d))
	}
}

// attempt is what else is said of an attempt.
func (s *Sheet) attempt(d *ent.FeeDispatch) (text string) {
	add := func(name, what string) {
		if what != "" {
			text += name + what + "  "
		}
	}
	add("", broughtWords(s.Say, d))
	add("", capacityWords(s.Say, d))
	if d.Postage > 0 {
		add(s.Say("邮资 ", "postage "), registers.Decimal(d.Postage))
	}
	add(s.Say("邮件号 ", "tracking "), d.Tracking)
	add(s.Say("原因:", "reason: "), d.Reason)
	add("", lateWords(s.Say, d.Late))
	add(s.Say("退回:", "came back: "), d.ReturnedReason)
	add(s.Say("作废:", "voided: "), d.VoidReason)
	return text
}

// signatures are the sheets with who signed what, and the certificates.
func (s *Sheet) signatures(p *paper, list []*ent.Signature, certificates []*ent.Certificate) {
	var rows [][2]string
	for _, g := range list {
		rows = append(rows, [2]string{g.SignedAt.In(s.zone()).Format("2006-01-02 15:04") + "  " + g.Kind + "  " + g.Capacity + "  " + g.SignerName, g.ContentHash})
	}
	for _, c := range certificates {
		rows = append(rows, [2]string{c.IssuedAt.In(s.zone()).Format("2006-01-02 15:04") + "  " + c.Number + "  " + s.Say(c.Title, c.TitleEn), c.ContentHash})
	}
	y := 0.0
	for i, r := range rows {
		if i%(rowsOfSheet/2) == 0 {
			p.page()
			p.centre(24, 16, s.Say("签字与证明", "Signatures and certificates"))
			y = 30
		}
		y += 8
		p.within(margin, y, 10, pageWidth-2*margin, r[0])
		y += 6
		p.within(margin+5, y, 8, pageWidth-2*margin-5, r[1])
	}
}
