package program

import (
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"github.com/steward-pm/steward/internal/identity"
	"github.com/steward-pm/steward/internal/mailer"
)

// SendingSettings are about what leaves for elsewhere: mail, and webhooks.
type SendingSettings struct {
	SMTPURL         string         `name:"smtp-url" help:"Mail server, as smtp://[user@]host[:587] (with STARTTLS) or smtps://[user@]host[:465]; ?tls=off for one on a network of its own." env:"STEWARD_SMTP_URL" placeholder:"URL"`
	SMTPPassword    string         `name:"smtp-password" help:"Password of its user." env:"STEWARD_SMTP_PASSWORD" placeholder:"SECRET"`
	SMTPFrom        string         `name:"smtp-from" help:"Who sends: 物业服务中心 <notices@example.com>." env:"STEWARD_SMTP_FROM" placeholder:"ADDRESS"`
	WebhookNetworks []netip.Prefix `name:"webhook-networks" help:"Private networks that webhooks may reach; none unless given." env:"STEWARD_WEBHOOK_NETWORKS" placeholder:"CIDR"`
}

// letters reads how notices become mail; not at all, if there is no mail server.
func (s *Settings) letters(zone *time.Location) (identity.Letters, error) {
	out := identity.Letters{Zone: zone, Public: s.PublicURL}
	if s.PublicURL != "" {
		if u, err := url.Parse(s.PublicURL); err != nil || u.Host == "" {
			return out, fmt.Errorf("--public-url must be an https:// address, not %q", s.PublicURL)
		}
	}
	if s.SMTPURL == "" {
		return out, nil
	}
	var err error
	out.Mailer, err = mailer.New(mailer.Config{URL: s.SMTPURL, Password: s.SMTPPassword, From: s.SMTPFrom})
	return out, err
}
