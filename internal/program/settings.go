package program

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/steward-pm/steward/ent/migrations"
	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/database/local"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server"
)

// commands is the command line. Every flag is an environment variable too.
type commands struct {
	Settings

	Demo     demoCommand     `cmd:"" help:"Start with a demo portfolio: nothing to configure."`
	Serve    serveCommand    `cmd:"" help:"Serve."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the database to this version."`
	Account  accountCommand  `cmd:"" help:"Create accounts, grant roles, reset passwords."`
	Import   importCommand   `cmd:"" help:"Import an office's spreadsheets."`
	Export   exportCommand   `cmd:"" help:"Write a register as XLSX or CSV, or the audit trail."`
	Audit    auditCommand    `cmd:"" help:"Prove the audit trail whole."`
	Database databaseCommand `cmd:"" help:"About the database."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// Settings are the flags that all commands share.
type Settings struct {
	SignOnSettings
	SendingSettings

	Data          string     `help:"Data directory." default:".steward" env:"STEWARD_DATA" placeholder:"DIR"`
	DatabaseURL   string     `help:"PostgreSQL as the serving role; without it a private one runs in the data directory." env:"DATABASE_URL" placeholder:"URL"`
	DirectURL     string     `name:"database-direct-url" help:"DATABASE_URL past a pooler, for one connection that listens for changes; without it streams look every 2 seconds." env:"DATABASE_DIRECT_URL" placeholder:"URL"`
	MigrateURL    string     `name:"migrate-database-url" help:"PostgreSQL as the owner; DATABASE_URL unless given." env:"MIGRATE_DATABASE_URL" placeholder:"URL"`
	Connections   int32      `help:"Connections to the database." default:"20" env:"STEWARD_CONNECTIONS"`
	Files         string     `help:"Bucket that keeps the files, as s3://BUCKET/PREFIX?endpoint=URL&region=REGION; in the data directory unless given." env:"STEWARD_FILES" placeholder:"URL"`
	PortfolioZone string     `help:"Time zone by whose day grants begin and end." default:"Asia/Shanghai" env:"STEWARD_ZONE"`
	AuditHeads    string     `help:"File for the signed heads of the audit trail; in the data directory unless given." env:"STEWARD_AUDIT_HEADS" placeholder:"FILE"`
	LogLevel      slog.Level `help:"Least level logged." default:"info" env:"STEWARD_LOG_LEVEL"`
}

// Listening are the settings of the server.
type Listening struct {
	Listen           string         `help:"Address to listen on." default:"127.0.0.1:8080" env:"STEWARD_LISTEN" placeholder:"HOST:PORT"`
	Introspection    bool           `help:"Answer introspection." default:"true" negatable:"" env:"STEWARD_INTROSPECTION"`
	GraphiQL         bool           `name:"graphiql" help:"Serve GraphiQL at /." default:"true" negatable:"" env:"STEWARD_GRAPHIQL"`
	TrustedDocuments string         `help:"Folder of *.graphql; nothing else is executed then." env:"STEWARD_TRUSTED_DOCUMENTS" placeholder:"DIR"`
	RequestTimeout   time.Duration  `help:"Longest GraphQL request." default:"10s" env:"STEWARD_REQUEST_TIMEOUT"`
	TransferTimeout  time.Duration  `help:"Longest upload, download, export, or import of an uploaded file." default:"5m" env:"STEWARD_TRANSFER_TIMEOUT"`
	ShutdownDelay    time.Duration  `help:"How long /readyz says 503 before the port closes." default:"0s" env:"STEWARD_SHUTDOWN_DELAY"`
	Depth            int            `help:"Most levels of fields." default:"12" env:"STEWARD_DEPTH"`
	Complexity       int            `help:"Most cost of a document." default:"30000" env:"STEWARD_COMPLEXITY"`
	Aliases          int            `help:"Most uses of one root field." default:"20" env:"STEWARD_ALIASES"`
	Directives       int            `help:"Most directives." default:"50" env:"STEWARD_DIRECTIVES"`
	Tokens           int            `help:"Most tokens." default:"5000" env:"STEWARD_TOKENS"`
	Leaves           int            `help:"Most values in the arguments of an operation." default:"1000" env:"STEWARD_LEAVES"`
	BodyBytes        int64          `help:"Largest body of a GraphQL request." default:"1048576" env:"STEWARD_BODY_BYTES"`
	FileBytes        int64          `help:"Largest upload." default:"104857600" env:"STEWARD_FILE_BYTES"`
	SecureCookies    bool           `help:"Mark cookies Secure: TLS ends at a proxy." env:"STEWARD_SECURE_COOKIES"`
	TrustedProxies   []netip.Prefix `help:"Proxies whose X-Forwarded-For is believed." env:"STEWARD_TRUSTED_PROXIES" placeholder:"CIDR"`
	MetricsToken     string         `help:"Bearer token for /metrics; without one only this machine may read it." env:"STEWARD_METRICS_TOKEN" placeholder:"TOKEN"`
	TrustedOrigins   []string       `help:"Further origins whose pages may use the cookie." env:"STEWARD_TRUSTED_ORIGINS" placeholder:"ORIGIN"`
}

// config is what the server makes of the settings.
func (l Listening) config(connections int32) server.Config {
	c := server.Defaults()
	c.Listen, c.Introspection, c.GraphiQL, c.TrustedDocuments = l.Listen, l.Introspection, l.GraphiQL, l.TrustedDocuments
	c.RequestTimeout, c.TransferTimeout, c.ShutdownDelay = l.RequestTimeout, l.TransferTimeout, l.ShutdownDelay
	c.Depth, c.Complexity, c.Aliases, c.Directives, c.Tokens, c.Leaves = l.Depth, l.Complexity, l.Aliases, l.Directives, l.Tokens, l.Leaves
	c.BodyBytes, c.FileBytes = l.BodyBytes, l.FileBytes
	c.SecureCookies, c.TrustedProxies, c.TrustedOrigins, c.MetricsToken = l.SecureCookies, l.TrustedProxies, l.TrustedOrigins, l.MetricsToken
	c.Concurrent = 4 * int(connections)
	return c
}

// store is where the data is: an outside PostgreSQL, or the private one of the data directory.
type store struct {
	app, owner string
	direct     string // past a pooler; empty: not known
	role       string // to be assumed, when one URL serves for both
	cluster    *local.Cluster
}

// open finds the database, starting the private one if none runs. Call close when done.
func (s *Settings) open(ctx context.Context, progress io.Writer) (*store, error) {
	if s.DatabaseURL == "" {
		c, err := local.Open(ctx, s.Data, local.Options{Progress: progress})
		if err != nil {
			return nil, err
		}
		return &store{app: c.AppURL(), direct: c.AppURL(), owner: c.OwnerURL(), cluster: c}, nil
	}
	st := &store{app: s.DatabaseURL, direct: s.DirectURL, owner: s.MigrateURL}
	if st.owner == "" {
		st.owner, st.role = st.app, "steward_app"
	}
	return st, nil
}

func (st *store) close() {
	if st.cluster != nil {
		_ = st.cluster.Close()
	}
}

// ended is closed when the private database stops by itself; nil for an outside one.
func (st *store) ended() <-chan struct{} {
	if st.cluster == nil {
		return nil
	}
	return st.cluster.Ended()
}

// connect opens the pool after making sure that the database is of this version: the private one is
// brought there, an outside one must be by `steward migrate`.
func (st *store) connect(ctx context.Context, s *Settings) (*database.DB, error) {
	if err := st.current(ctx); err != nil {
		return nil, err
	}
	return database.Open(ctx, database.Config{URL: st.app, AssumeRole: st.role, MaxConnections: s.Connections})
}

func (st *store) current(ctx context.Context) error {
	missing, newer, err := migrations.Pending(ctx, st.owner)
	switch {
	case err != nil:
		return fault.Clash("连不上数据库,请检查 DATABASE_URL 以及数据库是否已启动。", "The database cannot be reached; check DATABASE_URL and that the server runs.").Because(err)
	case newer:
		return fault.Clash("数据库由更新版本的 steward 建立,请升级程序。", "A newer steward made this database; upgrade this one.")
	case missing == 0:
		return nil
	case st.cluster == nil:
		return fault.Clash("数据库落后 %[1]d 个版本,请先运行 steward migrate。", "The database is %[1]d migrations behind; run steward migrate first.", missing)
	}
	return st.migrate(ctx)
}

func (st *store) migrate(ctx context.Context) error { return migrations.Up(ctx, st.owner) }

// file is a file of the data directory.
func (s *Settings) file(name string) string { return filepath.Join(s.Data, name) }

// secret reads the random key of a name from the data directory, or makes it on first use.
func (s *Settings) secret(name string, make func() []byte) ([]byte, error) {
	path := s.file(name)
	if key, err := os.ReadFile(path); err == nil {
		return key, nil
	}
	if err := os.MkdirAll(s.Data, 0o711); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	key := make()
	if _, err := f.Write(key); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return key, f.Close()
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
