// Package mailer sends e-mail through an organisation's own mail server (SMTP).
package mailer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/steward-pm/steward/internal/fault"
)

// Config says through which server mail is sent.
type Config struct {
	// URL is smtp://[user@]host[:587], which must offer STARTTLS; smtps://[user@]host[:465]; or smtp://host:25?tls=off, for a
	// server on a network of its own.
	URL      string
	Password string
	From     string // "物业服务中心 <notices@example.com>"

	TLS     *tls.Config   // nil: the system's authorities
	Timeout time.Duration // of one mail; 30 s
}

// Mailer sends mail.
type Mailer struct {
	host string
	opts []gomail.Option
	from *mail.Address
}

// ErrRefused says that the server will not take the mail, however often it is tried.
var ErrRefused = errors.New("the mail server refused it for good")

// New makes a mailer. The error names the setting that cannot be.
func New(cfg Config) (_ *Mailer, err error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, fmt.Errorf("--smtp-url must be smtp://[user@]host[:port] or smtps://…, without password")
	}
	if _, has := u.User.Password(); has {
		return nil, fmt.Errorf("--smtp-url must be without the password: give that by --smtp-password")
	}
	m := &Mailer{host: u.Hostname()}
	if m.from, err = mail.ParseAddress(cfg.From); err != nil {
		return nil, fmt.Errorf("--smtp-from must be an e-mail address")
	}
	port, policy := 587, gomail.TLSMandatory
	if u.Scheme == "smtps" {
		port = 465
		m.opts = append(m.opts, gomail.WithSSL())
	}
	if u.Query().Get("tls") == "off" {
		policy = gomail.NoTLS
	}
	if text := u.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil {
			return nil, fmt.Errorf("--smtp-url has no port %q", text)
		}
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 30 * time.Second
	}
	m.opts = append(m.opts, gomail.WithPort(port), gomail.WithTimeout(cfg.Timeout), gomail.WithoutNoop())
	if u.Scheme == "smtp" {
		m.opts = append(m.opts, gomail.WithTLSPolicy(policy))
	}
	if cfg.TLS != nil {
		m.opts = append(m.opts, gomail.WithTLSConfig(cfg.TLS))
	}
	if user := u.User.Username(); user != "" {
		if policy == gomail.NoTLS && u.Scheme == "smtp" {
			return nil, fmt.Errorf("--smtp-url has a user without TLS: the password would be read on the way")
		}
		m.opts = append(m.opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(user), gomail.WithPassword(cfg.Password))
	}
	return m, nil
}

// Mail is one mail, as plain text.
type Mail struct {
	ID       string // the local part of its Message-ID: the same whenever it is tried again
	To       string
	Subject  string
	Text     string
	Date     time.Time
	Language string // of the text: zh, en
}

// Send sends it. ErrRefused says that it is not to be tried again.
func (m *Mailer) Send(ctx context.Context, letter Mail) (err error) {
	defer fault.Wrap(&err, "send mail")
	msg := gomail.NewMsg()
	msg.FromMailAddress(m.from)
	if err := msg.To(letter.To); err != nil {
		return errors.Join(ErrRefused, errors.New("it is no e-mail address"))
	}
	_, domain := cutAddress(m.from.Address)
	msg.SetMessageIDWithValue(letter.ID + "@" + domain)
	msg.SetDateWithValue(letter.Date)
	msg.Subject(letter.Subject)
	msg.SetGenHeader(gomail.HeaderContentLang, letter.Language)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // no answer of an absent person comes back
	msg.SetBodyString(gomail.TypeTextPlain, letter.Text)
	client, err := gomail.NewClient(m.host, m.opts...)
	if err != nil {
		return err
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if problem, ok := errors.AsType[*gomail.SendError](err); ok && !problem.IsTemp() && problem.Reason != gomail.ErrConnCheck {
		return errors.Join(ErrRefused, err)
	}
	return err
}

func cutAddress(address string) (local, domain string) {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			return address[:i], address[i+1:]
		}
	}
	return address, "localhost"
}
