package program

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"

	"github.com/steward-pm/steward/graph"
	"github.com/steward-pm/steward/graph/generated"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/duty"
	"github.com/steward-pm/steward/internal/exports"
	"github.com/steward-pm/steward/internal/fees"
	"github.com/steward-pm/steward/internal/files"
	filestore "github.com/steward-pm/steward/internal/files/store"
	"github.com/steward-pm/steward/internal/identity"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/jobs"
	"github.com/steward-pm/steward/internal/mail"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/outbox"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/streams"
	"github.com/steward-pm/steward/internal/vacancy"
	"github.com/steward-pm/steward/internal/webhook"
	"github.com/steward-pm/steward/policy"
)

// App is everything that serves, wired. Tests wire it as the program does.
type App struct {
	DB      *database.DB
	Runtime *act.Runtime
	Policy  *policy.Table
	Server  *server.Server
	Signer  ed25519.PrivateKey

	Files    *files.Files
	Exports  *exports.Writer
	content  *files.Content
	signOn   *identity.SignOn
	letters  identity.Letters
	webhooks webhook.Config
	FilesDir string // where the content of files is
}

// Parts are what an app is made of.
type Parts struct {
	DB         *database.DB
	Clock      clockwork.Clock
	Log        *slog.Logger
	Policy     *policy.Table // nil: the built-in one
	Accounts   account.Config
	Keys       audit.KeyStore
	Secret     []byte
	FilesDir   string          // uploads under way; their content, too, unless there is Files
	Files      filestore.Store // nil: FilesDir
	ListenURL  string          // of the database, for a connection that no pooler shares; without it streams look at intervals
	Zone       *time.Location  // whose day begins and ends grants
	Server     server.Config
	SignOn     *SignOn                    // nil: people sign in with a password alone
	Extensions []graphql.HandlerExtension // further ones
	Letters    identity.Letters           // how notices become mail
	Webhooks   webhook.Config
	Work       bool // work jobs, when run; else they are only inserted
}

// Assemble wires an app.
func Assemble(p Parts) (*App, error) {
	if p.Policy == nil {
		table, err := policy.Load()
		if err != nil {
			return nil, err
		}
		p.Policy = table
	}
	for _, r := range policy.Roles {
		p.Accounts.Roles = append(p.Accounts.Roles, string(r))
	}
	p.Accounts.Zone = p.Zone
	accounts := account.New(p.DB.Pool, p.Clock, p.Accounts)
	if p.Letters.Zone == nil {
		p.Letters.Zone = p.Zone
	}
	app := &App{DB: p.DB, Policy: p.Policy, FilesDir: p.FilesDir, letters: p.Letters, webhooks: p.Webhooks}
	app.Runtime = &act.Runtime{
		Streams: streams.New(streams.Config{URL: p.ListenURL, Log: p.Log, Tell: streams.TellBy(p.DB.Pool)}),
		DB:      p.DB, Clock: p.Clock, Accounts: accounts, Keys: p.Keys, Secret: p.Secret, Log: p.Log, Refusals: &act.Refusals{},
		Observe: func(name, code string) { app.Server.ObserveAct(name, code) },
	}
	who := identity.NewAuthenticator(accounts, p.Policy, p.Clock, p.Zone)
	var err error
	if app.content, err = p.content(); err != nil {
		return nil, err
	}
	app.Exports = exports.NewWriter(app.content, who)
	if app.Runtime.Jobs, err = jobs.NewClient(app.Runtime, app.jobs(p.Work)); err != nil {
		return nil, err
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(poolCollector{p.DB.Pool})
	app.Files = files.New(app.content)
	var signOn server.SignOn
	if p.SignOn != nil {
		app.signOn = p.SignOn.wire(p)
		signOn = app.signOn
	}
	app.Server, err = server.New(p.Server, server.Parts{
		Schema:        generated.NewExecutableSchema(generated.Config{Resolvers: graph.New(app.Runtime)}),
		Extensions:    append([]graphql.HandlerExtension{&graph.RequireViewer{}, graph.RecordReads{}}, p.Extensions...),
		Authenticator: who,
		Account:       identity.AccountKey,
		Files:         app.Files,
		Links:         files.NewLinks(who),
		SignOn:        signOn,
		Streams:       identity.NewStreams(who, app.Runtime.Streams),
		Registers:     exports.HTTP{},
		Calendars:     duty.Calendars{Runtime: app.Runtime},
		Ready:         p.DB.Pool.Ping, Lacking: map[string]func(context.Context) error{"files": app.content.Ping},
		Log: p.Log, Clock: p.Clock, Metrics: metrics, Translate: graph.Translate,
		Slow: []string{"importUnits", "importKeys"}, Lists: graph.Lists,
	})
	if err != nil {
		return nil, err
	}
	return app, nil
}

func (p Parts) content() (*files.Content, error) {
	if p.Files == nil {
		return files.OpenContent(p.FilesDir)
	}
	return files.NewContent(p.Files, filepath.Join(p.FilesDir, "incoming"))
}

// jobs are what recurs, over all chapters.
func (a *App) jobs(work bool) jobs.Options {
	return jobs.Options{Policy: a.Policy, Run: work, Workers: a.Workers, Tasks: []jobs.Task{
		{Name: "obligations.remind", Every: time.Minute, Do: obligation.Remind},
		{Name: "obligations.remindAhead", Every: time.Minute, Do: obligation.RemindAhead},
		{Name: "outbox.dispatch", Every: time.Minute, Do: a.Dispatch}, // it is handed over at once; this is for what was missed, and for digests
		{Name: "approvals.expire", Every: time.Minute, Do: approval.Expire},
		{Name: "registry.deemMovedIn", Every: time.Hour, Do: func(ctx context.Context, _ *act.Runtime) (int, error) { return registry.DeemOverdue(ctx) }},
		{Name: "archives.shred", Every: time.Minute, Do: func(ctx context.Context, rt *act.Runtime) (int, error) { return archives.Shred(ctx, rt, a.content) }},
		{Name: "archives.requests", Every: time.Minute, Do: archives.RequestsExpire},
		{Name: "archives.index", Every: time.Minute, Do: func(ctx context.Context, rt *act.Runtime) (int, error) { return archives.Index(ctx, rt, a.content) }},
		{Name: "archives.retention", Every: time.Hour, Do: archives.RetentionFalls},
		{Name: "duty.plan", Every: 24 * time.Hour, Do: duty.Plan},
		{Name: "duty.sheets", Every: time.Minute, Do: duty.FillSheets},
		{Name: "duty.swaps", Every: time.Minute, Do: duty.Lapse},
		{Name: "fees.plan", Every: time.Hour, Do: fees.Plan},
		{Name: "fees.dun", Every: time.Hour, Do: fees.DraftDunnings},
		{Name: "vacancy.remind", Every: time.Hour, Do: vacancy.Remind},
		{Name: "mail.carryOver", Every: time.Hour, Do: mail.CarryOver},
		{Name: "files.expire", Every: time.Hour, Do: files.Expire},
		{Name: "exports.tidy", Every: time.Hour, Do: func(ctx context.Context, rt *act.Runtime) (int, error) { return exports.Tidy(ctx, rt, a.content) }},
		{Name: "identity.prune", Every: 24 * time.Hour, Do: jobs.Prune},
	}}
}

// Workers adds what works the jobs of all chapters.
func (a *App) Workers(w *river.Workers) {
	fees.Workers(w)
	a.Exports.Workers(w)
	a.letters.Workers(w)
	webhook.NewDeliverer(a.webhooks).Workers(w)
}

// boxes are what acts leave to be sent.
func (a *App) boxes() []outbox.Box { return []outbox.Box{a.letters.Box, webhook.Box} }

// Dispatch makes jobs of what acts left to be sent.
func (a *App) Dispatch(ctx context.Context, rt *act.Runtime) (int, error) {
	return outbox.Dispatch(ctx, rt, a.boxes()...)
}

// Context is a context in which acts run.
func (a *App) Context(ctx context.Context) context.Context {
	ctx = webhook.With(identity.WithMailer(ctx, a.letters.Mailer), a.webhooks)
	return identity.WithSignOn(importing.WithContent(act.With(ctx, a.Runtime), a.content), a.signOn)
}

// Handler answers HTTP as the server does, for tests.
func (a *App) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.Server.Handler().ServeHTTP(w, r.WithContext(a.Context(r.Context())))
	})
}

// assemble wires the app of a data directory.
func (s *Settings) assemble(db *database.DB, listen string, m Main, log *slog.Logger, cfg server.Config, work bool) (*App, error) {
	zone, err := time.LoadLocation(s.PortfolioZone)
	if err != nil {
		return nil, fmt.Errorf("there is no time zone %q", s.PortfolioZone)
	}
	secret, err := s.secret("idempotency.key", func() []byte { b := make([]byte, 32); _, _ = rand.Read(b); return b })
	if err != nil {
		return nil, err
	}
	keys, err := audit.OpenKeyDir(s.file("keys"))
	if err != nil {
		return nil, err
	}
	bucket, err := s.bucket(m)
	if err != nil {
		return nil, err
	}
	signOn, err := s.signOn()
	if err != nil {
		return nil, err
	}
	letters, err := s.letters(zone)
	if err != nil {
		return nil, err
	}
	app, err := Assemble(Parts{
		Letters: letters, Webhooks: webhook.Config{Networks: s.WebhookNetworks},
		DB: db, Clock: m.Clock, Log: log, Keys: keys, Secret: secret, FilesDir: s.file("files"), Files: bucket, Zone: zone, Server: cfg,
		Work: work, SignOn: signOn, ListenURL: listen,
	})
	if err != nil {
		return nil, err
	}
	app.Signer, err = audit.LoadSigner(s.file("audit-heads.pem"))
	return app, err
}

// bucket is the store of files that is not in the data directory; nil if they are.
func (s *Settings) bucket(m Main) (filestore.Store, error) {
	if s.Files == "" {
		return nil, nil
	}
	return filestore.OpenS3(s.Files, m.Getenv)
}

// headsFile is where the signed heads of the audit trail are kept.
func (s *Settings) headsFile() string {
	if s.AuditHeads != "" {
		return s.AuditHeads
	}
	return s.file("audit-heads.jsonl")
}
