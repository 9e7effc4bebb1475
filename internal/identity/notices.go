package identity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/mailer"
)

// NoticeClass is a class of messages, by the first word of their kinds: KEYS.
type NoticeClass string

// NoticeClasses are all classes there are, with what they are called.
var NoticeClasses = []struct {
	Class  NoticeClass
	ZH, EN string
}{
	{"obligation", "到期与逾期", "what is due"}, {"approval", "审批", "approvals"}, {"void", "更正", "corrections"}, {"keys", "钥匙", "keys"}, {"archives", "档案", "archives"},
	{"vacancy", "空置房", "vacant units"}, {"mail", "邮件", "mail"}, {"fees", "收费", "fees"}, {"registry", "入住与搬离", "moving"}, {"duty", "值班", "duty"}, {"exports", "导出", "exports"},
}

// MarshalGQL writes the enum.
func (c NoticeClass) MarshalGQL(w io.Writer) { writeEnum(w, c) }

// UnmarshalGQL reads the enum.
func (c *NoticeClass) UnmarshalGQL(v any) error { return readEnum(c, v, classes()...) }

func classes() (list []NoticeClass) {
	for _, c := range NoticeClasses {
		list = append(list, c.Class)
	}
	return list
}

// NotificationSettings is what the viewer is told beyond the inbox.
type NotificationSettings struct {
	Available  bool    // whether there is a mail server
	Address    *string // where; nil: nowhere
	Verified   bool    // whether the viewer has proved to read it: before that nothing is sent there but the code
	DigestHour *int    // once a day, at that hour; nil: at once
	Classes    []*ClassSetting
}

// ClassSetting is whether messages of a class are mailed; into the inbox they come always.
type ClassSetting struct {
	Class NoticeClass
	Email bool
}

// Settings reads the viewer's own, in two statements.
func Settings(ctx context.Context) (out *NotificationSettings, err error) {
	err = own(ctx, func(q account.Querier, me uuid.UUID) (err error) {
		out, err = settings(ctx, q, me)
		return err
	})
	return out, err
}

func settings(ctx context.Context, q account.Querier, me uuid.UUID) (*NotificationSettings, error) {
	accounts := act.From(ctx).Accounts
	a, err := accounts.NoticeAddress(ctx, q, me, false)
	if err != nil {
		return nil, err
	}
	mailed, err := accounts.MailedClasses(ctx, q, me)
	if err != nil {
		return nil, err
	}
	out := &NotificationSettings{Available: mailerFrom(ctx) != nil, Verified: a.VerifiedAt != nil, DigestHour: a.DigestHour}
	if a.Address != "" {
		out.Address = &a.Address
	}
	for _, c := range classes() {
		out.Classes = append(out.Classes, &ClassSetting{c, slices.Contains(mailed, string(c))})
	}
	return out, nil
}

// NotificationSettingsPayload is what is set now.
type NotificationSettingsPayload struct{ AccountID uuid.UUID }

// Settings reads them again.
func (p *NotificationSettingsPayload) Settings(ctx context.Context) (*NotificationSettings, error) {
	return Settings(ctx)
}

type mailerKey struct{}

// WithMailer tells whether, and through what, mail is sent.
func WithMailer(ctx context.Context, m *mailer.Mailer) context.Context {
	return context.WithValue(ctx, mailerKey{}, m)
}

func mailerFrom(ctx context.Context) *mailer.Mailer {
	m, _ := ctx.Value(mailerKey{}).(*mailer.Mailer)
	return m
}

const (
	codeLives = 30 * time.Minute
	codeTries = 5
	codesADay = 5 // so that nobody floods a stranger's mailbox from here
)

// codeOf is the code that proves that somebody reads an address. It is kept nowhere: who sends the mail makes it again.
func codeOf(rt *act.Runtime, address uuid.UUID) string {
	mac := hmac.New(sha256.New, rt.Secret)
	fmt.Fprintf(mac, "notice address\x00%s", address)
	return fmt.Sprintf("%08d", binary.BigEndian.Uint64(mac.Sum(nil))%100_000_000)
}

// SetNotificationAddressInput is an e-mail address; empty for none.
type SetNotificationAddressInput struct{ Address string }

// Check refuses what is no address, and what would not be one alone.
func (in SetNotificationAddressInput) Check() error {
	if in.Address == "" {
		return nil
	}
	a, err := mail.ParseAddress(in.Address)
	if err != nil || a.Address != in.Address || len(in.Address) > 254 || strings.ContainsFunc(in.Address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fault.Invalid("address", "请填写一个邮箱地址。", "Give an e-mail address.")
	}
	return nil
}

// SetNotificationAddress has a code sent to the address; until that is given back nothing else is sent there.
//
// Errors: INVALID_INPUT; CONFLICT if there is no mail server; RATE_LIMITED after 5 codes in a day, or a second within a minute.
var SetNotificationAddress = act.New("identity.setNotificationAddress", act.Own(), nil, func(tx *act.Tx, in SetNotificationAddressInput) (*NotificationSettingsPayload, error) {
	accounts, me := tx.Runtime().Accounts, tx.Viewer.Account
	a, err := accounts.NoticeAddress(tx, tx.Raw, me, true)
	if err != nil {
		return nil, err
	}
	before := a.Address
	if in.Address != "" {
		if mailerFrom(tx) == nil {
			return nil, fault.Clash("系统没有设置邮件服务器,暂不能发送邮件通知。", "No mail server is set up, so nothing can be sent.")
		}
		if wait := a.AskedAt.Add(time.Minute).Sub(tx.Now); wait > 0 {
			return nil, fault.Busy(wait, "验证码刚刚发送过,请稍后再试。", "A code was sent just now: try again in a moment.")
		}
		if a.CodesSince.Add(24 * time.Hour).Before(tx.Now) {
			a.Codes, a.CodesSince = 0, tx.Now
		}
		if a.Codes >= codesADay {
			return nil, fault.Busy(a.CodesSince.Add(24*time.Hour).Sub(tx.Now), "今天发送的验证码已达 %[1]d 次,请明天再试。", "%[1]d codes were sent within a day: try again tomorrow.", codesADay)
		}
		a.Codes++
		a.AskedAt = tx.Now
	} else if a.ID == uuid.Nil {
		return &NotificationSettingsPayload{me}, nil // there never was one
	}
	a.ID, a.Address, a.CodeUntil, a.Tries, a.VerifiedAt = ids.New(ids.Address), in.Address, tx.Now.Add(codeLives), 0, nil
	if err := accounts.SetNoticeAddress(tx, tx.Raw, me, a); err != nil {
		return nil, err
	}
	if in.Address != "" {
		if err := accounts.PostCode(tx, tx.Raw, me, a.ID); err != nil {
			return nil, err
		}
	}
	return &NotificationSettingsPayload{me}, noteAddress(tx, before, in.Address)
})

// noteAddress puts on the trail that the address is another, as digests.
func noteAddress(tx *act.Tx, before, after string) error {
	f, err := audit.Confidential(tx, tx.Runtime().Keys, tx.Viewer.Account, "noticeAddress", before, after)
	if err != nil {
		return err
	}
	return tx.Note(audit.Portfolio, audit.Change{Type: "Account", ID: tx.Viewer.Account, Op: audit.Update, Fields: []audit.Field{f}})
}

// VerifyNotificationAddressInput is the code that was sent.
type VerifyNotificationAddressInput struct{ Code string }

// VerifyNotificationAddressPayload is what is set now, or how it failed.
type VerifyNotificationAddressPayload struct {
	AccountID uuid.UUID
	Verified  bool
	TriesLeft int
}

// Settings reads them again.
func (p *VerifyNotificationAddressPayload) Settings(ctx context.Context) (*NotificationSettings, error) {
	return Settings(ctx)
}

// VerifyNotificationAddress proves that the viewer reads the address. A wrong code is counted, and no error: a refusal would undo the count.
//
// Errors: CONFLICT if no code is awaited: it was given, ran out after 30 minutes, or 5 were wrong.
var VerifyNotificationAddress = act.New("identity.verifyNotificationAddress", act.Own(), nil, func(tx *act.Tx, in VerifyNotificationAddressInput) (*VerifyNotificationAddressPayload, error) {
	accounts, me := tx.Runtime().Accounts, tx.Viewer.Account
	a, err := accounts.NoticeAddress(tx, tx.Raw, me, true)
	if err != nil {
		return nil, err
	}
	if a.Address == "" || a.VerifiedAt != nil || a.Tries >= codeTries || !tx.Now.Before(a.CodeUntil) {
		return nil, fault.Clash("没有待验证的邮箱,或验证码已失效;请重新设置邮箱地址。", "No address waits for its code, or the code is over: set the address again.").At("code")
	}
	right := subtle.ConstantTimeCompare([]byte(codeOf(tx.Runtime(), a.ID)), []byte(strings.TrimSpace(in.Code))) == 1
	if right {
		a.VerifiedAt = &tx.Now
	} else {
		a.Tries++
	}
	if err := accounts.SetNoticeAddress(tx, tx.Raw, me, a); err != nil {
		return nil, err
	}
	if right {
		if err := tellOwner(tx, "通知邮箱已设为 "+a.Address, "Notices can be mailed to "+a.Address+" now"); err != nil {
			return nil, err
		}
	}
	c, err := change("Account", me, audit.Update, "noticeAddressVerified", right)
	if err != nil {
		return nil, err
	}
	return &VerifyNotificationAddressPayload{me, right, codeTries - a.Tries}, tx.Note(audit.Portfolio, c)
})

// tellOwner tells the viewer that there is another way by which the account is reached, in the inbox alone: whoever finds a session open gives none unseen.
func tellOwner(tx *act.Tx, zh, en string) error {
	return tx.Runtime().Accounts.Post(tx, tx.Raw, account.Message{
		AccountID: tx.Viewer.Account, Kind: "account.reached", TitleZH: zh, TitleEN: en,
		BodyZH: "如果不是您本人操作,请修改密码、取消该设置,并告知经理。", BodyEN: "If that was not you, change your password, take it back, and tell your manager.",
	})
}

// SetNotificationSettingsInput is what is mailed, and when.
type SetNotificationSettingsInput struct {
	Email      []NoticeClass // these, and no others
	DigestHour *int          // once a day at that hour; nil: at once
}

// Check refuses hours that no day has, and endless lists.
func (in SetNotificationSettingsInput) Check() error {
	if in.DigestHour != nil && (*in.DigestHour < 0 || *in.DigestHour > 23) {
		return fault.Invalid("digestHour", "时刻须为 0 到 23 点。", "The hour is 0 to 23.")
	}
	if len(in.Email) > 50 {
		return fault.Invalid("email", "一次最多 50 类。", "At most 50 classes at once.")
	}
	return nil
}

// SetNotificationSettings says which classes of messages are mailed to the viewer's address, beside the inbox.
//
// Errors: INVALID_INPUT; CONFLICT at email without a verified address.
var SetNotificationSettings = act.New("identity.setNotificationSettings", act.Own(), nil, func(tx *act.Tx, in SetNotificationSettingsInput) (*NotificationSettingsPayload, error) {
	accounts, me := tx.Runtime().Accounts, tx.Viewer.Account
	a, err := accounts.NoticeAddress(tx, tx.Raw, me, true)
	if err != nil {
		return nil, err
	}
	if a.VerifiedAt == nil && len(in.Email) > 0 {
		return nil, fault.Clash("请先设置并验证邮箱地址。", "Set an address and give its code first.").At("email")
	}
	var list []string
	for _, c := range in.Email {
		list = append(list, string(c))
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if list == nil {
		list = []string{}
	}
	if err := accounts.SetMailedClasses(tx, tx.Raw, me, list); err != nil {
		return nil, err
	}
	if a.ID != uuid.Nil {
		a.DigestHour = in.DigestHour
		if err := accounts.SetNoticeAddress(tx, tx.Raw, me, a); err != nil {
			return nil, err
		}
	}
	c, err := change("Account", me, audit.Update, "mailed", strings.Join(list, " "), "digestHour", in.DigestHour)
	if err != nil {
		return nil, err
	}
	return &NotificationSettingsPayload{me}, tx.Note(audit.Portfolio, c)
})
