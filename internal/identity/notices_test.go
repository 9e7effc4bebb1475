package identity_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/identity"
	"github.com/steward-pm/steward/internal/jobs"
	"github.com/steward-pm/steward/internal/mailer"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	setAddress  = `mutation($in: SetNotificationAddressInput!) { setNotificationAddress(input: $in) { settings { address verified available } } }`
	verify      = `mutation($in: VerifyNotificationAddressInput!) { verifyNotificationAddress(input: $in) { verified triesLeft settings { verified } } }`
	setSettings = `mutation($in: SetNotificationSettingsInput!) { setNotificationSettings(input: $in) { settings { digestHour classes { class email } } } }`
	mySettings  = `{ notificationSettings { available address verified digestHour classes { class email } } }`
)

// post office is a mail server on this machine, with STARTTLS and passwords.
type postOffice struct {
	t      *testing.T
	roots  *x509.CertPool
	url    string
	mu     sync.Mutex
	mails  []*letter
	refuse []error // of the next mails
}

type letter struct {
	*mail.Message
	to, text string
}

func openPostOffice(t *testing.T) *postOffice {
	t.Helper()
	p := &postOffice{t: t, roots: x509.NewCertPool()}
	certified := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(certified.Close)
	p.roots.AddCert(certified.Certificate())
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &counter{office: p}, nil }))
	s.Domain, s.TLSConfig = "example.com", &tls.Config{Certificates: certified.TLS.Certificates, MinVersion: tls.VersionTLS12}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	p.url = "smtp://steward@" + l.Addr().String()
	return p
}

// next waits for the n-th mail.
func (p *postOffice) next(n int) *letter {
	p.t.Helper()
	for range 300 {
		p.mu.Lock()
		if len(p.mails) >= n {
			defer p.mu.Unlock()
			return p.mails[n-1]
		}
		p.mu.Unlock()
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Fatalf("no %d. mail came", n)
	return nil
}

func (p *postOffice) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.mails)
}

// counter is where one client hands in mail.
type counter struct {
	office *postOffice
	known  bool
	to     []string
}

func (c *counter) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *counter) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if c.known = user == "steward" && password == "s3cret"; !c.known {
			return errors.New("wrong")
		}
		return nil
	}), nil
}

func (c *counter) Mail(string, *smtp.MailOptions) error {
	if !c.known {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error { c.to = append(c.to, to); return nil }

func (c *counter) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	if len(c.office.refuse) > 0 {
		err := c.office.refuse[0]
		c.office.refuse = c.office.refuse[1:]
		return err
	}
	text := string(body)
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		text = unquoted(text)
	}
	c.office.mails = append(c.office.mails, &letter{m, strings.Join(c.to, ","), text})
	return nil
}

func (c *counter) Reset()        { c.to = nil }
func (c *counter) Logout() error { return nil }

// unquoted decodes quoted-printable text as far as these tests read it.
func unquoted(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "=\r\n", ""), "=\n", "")
	decoded, err := new(mime.WordDecoder).DecodeHeader("=?utf-8?q?" + strings.NewReplacer(" ", "_", "?", "=3F", "_", "=5F", "\r\n", "=0A", "\n", "=0A").Replace(text) + "?=")
	if err != nil {
		return text
	}
	return decoded
}

// posting is a program with a mail server whose jobs are worked.
func posting(t *testing.T) (*stewardtest.App, *postOffice) {
	t.Helper()
	office := openPostOffice(t)
	m, err := mailer.New(mailer.Config{URL: office.url, Password: "s3cret", From: "物业服务中心 <notices@example.com>", TLS: &tls.Config{RootCAs: office.roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}})
	if err != nil {
		t.Fatal(err)
	}
	app := stewardtest.New(t, stewardtest.Options{Letters: identity.Letters{Mailer: m, Public: "https://steward.example.com"}})
	client, err := jobs.NewClient(app.Runtime, jobs.Options{Policy: app.Policy, Run: true, Workers: app.Workers})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Stop(context.Background()) })
	return app, office
}

func send(t *testing.T, app *stewardtest.App) int {
	t.Helper()
	n, err := app.Dispatch(app.Context(), app.Runtime)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func tell(t *testing.T, app *stewardtest.App, to uuid.UUID, kind, title string) {
	t.Helper()
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
		return app.Runtime.Accounts.Post(ctx, tx, account.Message{AccountID: to, Kind: kind, TitleZH: title, TitleEN: title, BodyZH: "正文", BodyEN: "body"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

var digits = regexp.MustCompile(`\d{8}`)

// settled has an officer mailed what is due and of keys, at an address that was proved.
func settled(t *testing.T, app *stewardtest.App, office *postOffice, hour any) *stewardtest.Person {
	t.Helper()
	p := app.As(policy.CSOfficer)
	p.Do(setAddress, vars{"in": vars{"address": "officer@post.example"}})
	if n := send(t, app); n != 1 {
		t.Fatalf("%d mails, want the code", n)
	}
	code := digits.FindString(office.next(1).text)
	if !p.Do(verify, vars{"in": vars{"code": code}}).Get("verifyNotificationAddress.verified").Bool() {
		t.Fatalf("the code %q is wrong", code)
	}
	p.Do(setSettings, vars{"in": vars{"email": []string{"KEYS", "OBLIGATION"}, "digestHour": hour}})
	return p
}

// An address is proved by its code, and mailed what its account asked for, and nothing else; the inbox has all of it.
func TestNoticesAreMailedToAProvedAddress(t *testing.T) {
	t.Parallel()
	app, office := posting(t)
	p := settled(t, app, office, nil)
	if m := office.next(1); m.to != "officer@post.example" || strings.Contains(m.Header.Get("Subject"), "officer") {
		t.Errorf("the code went to %s", m.to)
	}
	tell(t, app, p.Account, "keys.overdue", "王建国的钥匙未还")
	tell(t, app, p.Account, "obligation.overdue", "收回钥匙")
	tell(t, app, p.Account, "fees.billed", "不要")
	tell(t, app, app.As(policy.KeyCustodian).Account, "keys.overdue", "别人的")
	if n := send(t, app) + send(t, app); n != 1 {
		t.Errorf("%d mails, want one of both", n)
	}
	m := office.next(2)
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "物业系统通知(2 条):到期与逾期、钥匙" {
		t.Errorf("the subject is %q", subject)
	}
	if !strings.Contains(m.text, "王建国的钥匙未还") || !strings.Contains(m.text, "https://steward.example.com") || strings.Contains(m.text, "不要") || strings.Contains(m.text, "别人的") {
		t.Errorf("the mail says %q", m.text)
	}
	id := strings.Trim(m.Header.Get("Message-ID"), "<>")
	if n := len(app.IDs(`SELECT id FROM identity.mails WHERE id::text || '@example.com' = $1`, id)); n != 1 || m.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("the Message-ID is %q", id)
	}
	if list := p.Do(`{ inbox { edges { node { kind title } } } }`, nil).Get("inbox.edges"); list.Get("#").Int() != 4 || !strings.Contains(list.Raw, "account.reached") || !strings.Contains(list.Raw, "officer@post.example") {
		t.Errorf("the inbox: %s", list.Raw) // that it is mailed there, too
	}
	p.Do(setSettings, vars{"in": vars{"email": []string{}}})
	tell(t, app, p.Account, "keys.overdue", "不再")
	if n := send(t, app); n != 0 {
		t.Errorf("%d mails after it was switched off", n)
	}
}

// A mail that the server does not take is tried again under the same Message-ID; one that it refuses is not.
func TestMailIsTriedAgainAsTheSameMail(t *testing.T) {
	t.Parallel()
	app, office := posting(t)
	p := settled(t, app, office, nil)
	office.mu.Lock()
	office.refuse = []error{&smtp.SMTPError{Code: 451, Message: "later"}}
	office.mu.Unlock()
	tell(t, app, p.Account, "keys.overdue", "一")
	send(t, app)
	m := office.next(2) // the queue tries again after a second
	if n := len(app.IDs(`SELECT id FROM identity.mails WHERE kind = 'notices' AND id::text || '@example.com' = $1 AND attempts >= 1`, strings.Trim(m.Header.Get("Message-ID"), "<>"))); n != 1 {
		t.Error("it was sent as another mail")
	}
	office.mu.Lock()
	office.refuse = []error{&smtp.SMTPError{Code: 550, Message: "no such user officer@post.example"}}
	office.mu.Unlock()
	tell(t, app, p.Account, "keys.overdue", "二")
	send(t, app)
	for range 200 {
		if len(app.IDs(`SELECT id FROM identity.mails WHERE dropped_at IS NOT NULL`)) == 1 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if n := len(app.IDs(`SELECT id FROM identity.mails WHERE dropped_at IS NOT NULL AND problem = 'refused by the mail server'`)); n != 1 || office.count() != 2 {
		t.Errorf("%d given up, %d mails came", n, office.count())
	}
	// The postmaster has mended it: it is sent again when it is asked for, once.
	boss := app.As(policy.GeneralManager)
	failed := func() string {
		t.Helper()
		for range 200 {
			if n := boss.Do(failedJobs, nil).Get("failedJobs.edges.0.node"); n.Get("givenUp").Bool() {
				return n.Get("number").String()
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatal("it is no failed job")
		return ""
	}
	boss.Do(retryJob, vars{"n": json.Number(failed())})
	if m := office.next(3); !strings.Contains(m.text, "二") {
		t.Errorf("the mail says %q", m.text)
	}
	// One whose address is no longer is not, and that is said.
	office.mu.Lock()
	office.refuse = []error{&smtp.SMTPError{Code: 550, Message: "no such user"}}
	office.mu.Unlock()
	tell(t, app, p.Account, "keys.overdue", "三")
	send(t, app)
	number := failed()
	p.Do(setAddress, vars{"in": vars{"address": ""}})
	if r := boss.Refused(retryJob, vars{"n": json.Number(number)}, fault.Conflict); r.Field != "number" {
		t.Errorf("refused at %q", r.Field)
	}
}

const (
	failedJobs = `{ failedJobs { edges { node { number kind givenUp } } } }`
	retryJob   = `mutation($n: Int!) { retryJob(input: {number: $n}) { number } }`
)

// A password that is reset was somebody else's, perhaps: what was mailed to an address that they gave is not mailed any more.
func TestAResetEndsTheAddressOfNotices(t *testing.T) {
	t.Parallel()
	app, office := posting(t)
	p := settled(t, app, office, nil)
	reset := func() {
		t.Helper()
		app.As(policy.GeneralManager).Do(resetPassword, vars{"in": vars{"accountID": p.Account}})
	}
	app.Super(`ALTER TABLE identity.credentials DISABLE TRIGGER resets`) // without it they go on being mailed
	reset()
	tell(t, app, p.Account, "keys.overdue", "一")
	if n := send(t, app); n != 1 {
		t.Errorf("%d mails", n)
	}
	office.next(2)
	app.Super(`ALTER TABLE identity.credentials ENABLE TRIGGER resets`)
	tell(t, app, p.Account, "keys.overdue", "二") // waits while it is reset
	reset()
	tell(t, app, p.Account, "keys.overdue", "三")
	send(t, app)
	for range 100 { // what waited is dropped
		if len(app.IDs(`SELECT id FROM identity.mails WHERE dropped_at IS NOT NULL`)) > 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if n := office.count(); n != 2 {
		t.Errorf("%d mails came", n)
	}
}

// A digest goes out at its hour, all together.
func TestADigestGoesOutAtItsHour(t *testing.T) {
	t.Parallel()
	app, office := posting(t)
	p := settled(t, app, office, 18)
	tell(t, app, p.Account, "keys.overdue", "一")
	app.Clock.Advance(time.Hour)
	tell(t, app, p.Account, "keys.overdue", "二")
	if n := send(t, app); n != 0 {
		t.Errorf("%d mails before the hour", n)
	}
	app.Clock.Advance(8 * time.Hour) // it is 18:00
	if n := send(t, app); n != 1 {
		t.Errorf("%d mails at the hour", n)
	}
	if m := office.next(2); !strings.Contains(m.text, "一") || !strings.Contains(m.text, "二") {
		t.Errorf("the digest says %q", m.text)
	}
}

// Codes are guessed five times, run out, and are not sent without end.
func TestAnAddressIsProvedOrNotMailed(t *testing.T) {
	t.Parallel()
	app, office := posting(t)
	p := app.As(policy.CSOfficer)
	for _, bad := range []string{"nobody", "a@b, c@d", "Name <a@b.example>", "a b@c.example", strings.Repeat("x", 250) + "@b.example", "a@b.example\r\nBcc: c@d.example"} {
		if r := p.Refused(setAddress, vars{"in": vars{"address": bad}}, fault.InvalidInput); r.Field != "address" {
			t.Errorf("%q is refused at %q", bad, r.Field)
		}
	}
	p.Refused(setSettings, vars{"in": vars{"email": []string{"KEYS"}}}, fault.Conflict)
	p.Refused(verify, vars{"in": vars{"code": "12345678"}}, fault.Conflict)
	p.Do(setAddress, vars{"in": vars{"address": "one@post.example"}})
	p.Refused(setAddress, vars{"in": vars{"address": "two@post.example"}}, fault.RateLimited)
	send(t, app)
	code := digits.FindString(office.next(1).text)
	wrong := "00000000"
	if code == wrong {
		wrong = "00000001"
	}
	for left := 4; left >= 0; left-- {
		if got := p.Do(verify, vars{"in": vars{"code": wrong}}).Get("verifyNotificationAddress"); got.Get("verified").Bool() || int(got.Get("triesLeft").Int()) != left {
			t.Errorf("a wrong code: %s", got.Raw)
		}
	}
	p.Refused(verify, vars{"in": vars{"code": code}}, fault.Conflict)
	tell(t, app, p.Account, "keys.overdue", "x")
	if n := send(t, app); n != 0 {
		t.Error("an address that was not proved is mailed")
	}
	for range 4 {
		app.Clock.Advance(2 * time.Minute)
		p.Do(setAddress, vars{"in": vars{"address": "two@post.example"}})
	}
	app.Clock.Advance(2 * time.Minute)
	p.Refused(setAddress, vars{"in": vars{"address": "three@post.example"}}, fault.RateLimited)
	send(t, app)
	var last string
	for n := 2; n <= 2; n++ { // the codes of addresses that were given up are not sent any more
		last = digits.FindString(office.next(n).text)
	}
	app.Clock.Advance(31 * time.Minute)
	p.Refused(verify, vars{"in": vars{"code": last}}, fault.Conflict)
	if n := len(app.IDs(`SELECT id FROM audit.entries WHERE body LIKE '%post.example%'`)); n != 0 {
		t.Error("the address is on the trail")
	}
	if got := app.As(policy.KeyCustodian).Do(mySettings, nil).Get("notificationSettings"); got.Get("address").Exists() && got.Get("address").String() != "" || !got.Get("available").Bool() {
		t.Errorf("another's settings: %s", got.Raw)
	}
	p.Do(setAddress, vars{"in": vars{"address": ""}})
	if got := p.Do(mySettings, nil).Get("notificationSettings.address").String(); got != "" {
		t.Errorf("the address is still %q", got)
	}
}

// Without a mail server nobody is promised mail.
func TestWithoutAMailServerThereIsNoMail(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.As(policy.CSOfficer)
	p.Refused(setAddress, vars{"in": vars{"address": "one@post.example"}}, fault.Conflict)
	app.Nobody().Refused(mySettings, nil, fault.Unauthenticated)
	if p.Do(mySettings, nil).Get("notificationSettings.available").Bool() {
		t.Error("mail is said to be available")
	}
}

// Settings that cannot be are refused when the program starts, in a line.
func TestMailSettingsThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, c := range []mailer.Config{
		{URL: "http://example.com", From: "a@example.com"}, {URL: "smtp://", From: "a@example.com"}, {URL: "smtp://u:p@example.com", From: "a@example.com"},
		{URL: "smtp://example.com", From: "nobody"}, {URL: "smtp://u@example.com?tls=off", From: "a@example.com"}, {URL: "smtp://example.com:x", From: "a@example.com"},
	} {
		if _, err := mailer.New(c); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", c.URL, err)
		}
	}
	office := openPostOffice(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for name, c := range map[string]mailer.Config{
		"a certificate of nobody known": {URL: office.url, Password: "s3cret", From: "a@example.com"},
		"a wrong password":              {URL: office.url, Password: "wrong", From: "a@example.com", TLS: &tls.Config{RootCAs: office.roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}},
	} {
		m, err := mailer.New(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Send(ctx, mailer.Mail{ID: "1", To: "b@example.com", Subject: "x", Text: "y", Date: time.Now()}); err == nil || office.count() != 0 {
			t.Errorf("%s: sent (%v)", name, err)
		}
	}
}
