package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/jobs"
	"github.com/steward-pm/steward/internal/mailer"
	"github.com/steward-pm/steward/internal/outbox"
)

// Letters is how notices become mail.
type Letters struct {
	Mailer *mailer.Mailer // nil: there is no mail server, and what is to be mailed waits
	Zone   *time.Location // by whose hours digests go out
	Public string         // where people reach the server; empty: not known
}

// sendMail is the job of one mail.
type sendMail struct {
	Mail uuid.UUID `json:"mail"`
}

// Kind implements river.JobArgs.
func (sendMail) Kind() string { return "notices.mail" }

// InsertOpts has one job for a mail.
func (sendMail) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 12, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

// Box makes jobs of what is to be mailed: codes at once, messages together, at once or at the hour that the account chose.
func (l Letters) Box(ctx context.Context, rt *act.Runtime, tx pgx.Tx) (jobs []river.InsertManyParams, err error) {
	if l.Mailer == nil {
		return nil, nil
	}
	list, err := rt.Accounts.QueueCodes(ctx, tx, outbox.Batch())
	if err != nil {
		return nil, err
	}
	waiting, err := rt.Accounts.WaitingForMail(ctx, tx, outbox.Batch()-len(list))
	if err != nil {
		return nil, err
	}
	for _, w := range waiting {
		if !l.due(w, rt.Clock.Now()) {
			continue
		}
		id, err := rt.Accounts.Letter(ctx, tx, w)
		if err != nil {
			return nil, err
		}
		list = append(list, id)
	}
	for _, id := range list {
		jobs = append(jobs, river.InsertManyParams{Args: sendMail{id}})
	}
	return jobs, nil
}

// due tells whether what waits goes out now: of a digest the first time that its hour comes after the oldest message did.
func (l Letters) due(w account.Waiting, now time.Time) bool {
	if w.DigestHour == nil {
		return true
	}
	since := w.Since.In(l.Zone)
	at := time.Date(since.Year(), since.Month(), since.Day(), *w.DigestHour, 0, 0, 0, l.Zone)
	if !at.After(since) {
		at = at.AddDate(0, 0, 1)
	}
	return !now.Before(at)
}

// Workers adds what works the jobs of mail.
func (l Letters) Workers(w *river.Workers) {
	river.AddWorker(w, river.WorkFunc(func(ctx context.Context, job *river.Job[sendMail]) error {
		err := l.send(ctx, act.From(ctx), job.Args.Mail)
		if errors.Is(err, mailer.ErrRefused) {
			return river.JobCancel(err)
		}
		return err
	}))
}

// A mail that was refused is to be sent again when its job is tried again, if it is wanted still.
var _ = jobs.Again(func(tx *act.Tx, job sendMail) error {
	may, err := tx.Runtime().Accounts.MailAgain(tx, tx.Raw, job.Mail)
	switch {
	case err != nil:
		return err
	case may == "sent":
		return fault.Clash("该邮件已发出。", "The mail was sent since.")
	case may != "ok":
		return fault.Clash("收件人已更换、取消或尚未验证该邮箱,或账号已停用,不再发送;请收件人重新设置并验证邮箱。",
			"Nobody wants it any more: the address was changed, taken away or not proved, or the account is disabled. Have its owner set the address again and give the code.")
	}
	return nil
})

// send sends a mail that was not sent yet. A server that is killed between the mail server's answer and the note of it has it sent again,
// under the same Message-ID, by which most mail servers know it.
func (l Letters) send(ctx context.Context, rt *act.Runtime, id uuid.UUID) error {
	var m account.Outgoing
	var enclosed []account.Message
	err := rt.DB.System(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		if m, err = rt.Accounts.FindOutgoing(ctx, tx, id); err != nil {
			return err
		}
		enclosed, err = rt.Accounts.Enclosed(ctx, tx, id)
		return err
	})
	switch {
	case fault.Is(err, fault.NotFound):
		return river.JobCancel(err)
	case err != nil || m.Over:
		return err
	case m.To == "" || m.Disabled || m.Kind == "notices" && !m.Verified || m.Kind == "code" && (m.Verified || !rt.Clock.Now().Before(m.CodeUntil)):
		return settle(ctx, rt, id, account.Fate{Dropped: true, Problem: "not wanted any more"})
	case l.Mailer == nil:
		return errors.New("there is no mail server")
	}
	err = l.Mailer.Send(ctx, l.write(rt, m, enclosed))
	switch {
	case err == nil:
		return settle(ctx, rt, id, account.Fate{Sent: true})
	case errors.Is(err, mailer.ErrRefused):
		return errors.Join(mailer.ErrRefused, settle(ctx, rt, id, account.Fate{Dropped: true, Problem: "refused by the mail server"}))
	}
	return errors.Join(errors.New("the mail server did not take it"), settle(ctx, rt, id, account.Fate{Problem: "not taken by the mail server"}))
}

func settle(ctx context.Context, rt *act.Runtime, id uuid.UUID, f account.Fate) error {
	return rt.DB.System(context.WithoutCancel(ctx), func(ctx context.Context, tx pgx.Tx) error { return rt.Accounts.Settle(ctx, tx, id, f) })
}

// write writes the mail in the account's language. Its subject says no more than of what it is: subjects are shown on locked screens.
func (l Letters) write(rt *act.Runtime, m account.Outgoing, enclosed []account.Message) mailer.Mail {
	say := func(zh, en string) string {
		if m.Locale == "en" {
			return en
		}
		return zh
	}
	out := mailer.Mail{ID: m.ID.String(), To: m.To, Date: m.CreatedAt, Language: m.Locale}
	var b strings.Builder
	if m.Kind == "code" {
		out.Subject = say("验证邮箱地址", "Confirm your e-mail address")
		b.WriteString(say("您的验证码是 "+codeOf(rt, m.Address)+",30 分钟内有效。如果不是您本人操作,请忽略本邮件。\n",
			"Your code is "+codeOf(rt, m.Address)+". It is good for 30 minutes. If you did not ask for it, ignore this mail.\n"))
		out.Text = b.String()
		return out
	}
	out.Subject = say(fmt.Sprintf("物业系统通知(%d 条):", len(enclosed)), fmt.Sprintf("Notices of the property office (%d): ", len(enclosed))) + l.about(enclosed, say)
	for _, e := range enclosed {
		fmt.Fprintf(&b, "%s\n%s\n%s\n\n", e.CreatedAt.In(l.Zone).Format("2006-01-02 15:04"), say(e.TitleZH, e.TitleEN), say(e.BodyZH, e.BodyEN))
	}
	if l.Public != "" {
		b.WriteString(say("登录查看:", "Sign in to see more: ") + l.Public + "\n")
	}
	out.Text = b.String()
	return out
}

// about names the classes of the messages, each once.
func (l Letters) about(enclosed []account.Message, say func(zh, en string) string) string {
	var list []string
	for _, c := range NoticeClasses {
		for _, e := range enclosed {
			if first, _, _ := strings.Cut(e.Kind, "."); first == string(c.Class) {
				list = append(list, say(c.ZH, c.EN))
				break
			}
		}
	}
	return strings.Join(list, say("、", ", "))
}
