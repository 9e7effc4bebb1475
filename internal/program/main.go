// Package program is the whole program: the command line, and the wiring of every part. Main.Run starts
// it, for the command and for the end-to-end tests alike.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/jonboulle/clockwork"
	"golang.org/x/text/language"

	"github.com/steward-pm/steward/internal/fault"
)

// Main is one run of the program.
type Main struct {
	Args           []string
	Getenv         func(string) string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Clock          clockwork.Clock // nil: the real one
}

// Run parses the command line and carries the command out. It returns the exit status: 0, or 1 after
// one clear line on Stderr.
func (m Main) Run(ctx context.Context) (status int) {
	if m.Clock == nil {
		m.Clock = clockwork.NewRealClock()
	}
	err := m.run(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errHelp):
		return 0
	}
	fmt.Fprintf(m.Stderr, "steward: %s\n", m.line(err))
	return 1
}

// errHelp says that help was printed and nothing else is to be done.
var errHelp = errors.New("help")

func (m Main) run(ctx context.Context) error {
	var c commands
	parser, err := kong.New(&c, kong.Name("steward"),
		kong.Description("Runs the customer-service department of a property company for many residential estates."),
		kong.Writers(m.Stdout, m.Stderr), kong.Exit(func(int) { panic(errHelp) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.Resolvers(environment(m.Getenv)), kong.Vars{"version": version()},
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(m))
	if err != nil {
		return err
	}
	k, err := parse(parser, m.Args)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(m.Stderr, &slog.HandlerOptions{Level: c.LogLevel}))
	return k.Run(&c.Settings, log)
}

// parse turns kong's exit after --help into an error, so that Run returns to its caller.
func parse(parser *kong.Kong, args []string) (k *kong.Context, err error) {
	defer func() {
		if r := recover(); r != nil {
			if e, ok := r.(error); !ok || !errors.Is(e, errHelp) {
				panic(r)
			}
			err = errHelp
		}
	}()
	return parser.Parse(args)
}

// environment resolves a flag from the variable that it names: m.Getenv and not the process's, so that
// tests have one of their own.
func environment(getenv func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if v := getenv(name); v != "" {
				return v, nil
			}
		}
		return nil, nil
	})
}

// line is an error in one line, in the language of the terminal.
func (m Main) line(err error) string {
	text := err.Error()
	if f := fault.From(err); f != nil {
		lang := language.English
		if strings.HasPrefix(m.Getenv("LC_ALL")+m.Getenv("LANG"), "zh") {
			lang = language.Chinese
		}
		text = f.In(lang)
	}
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", " ")
}
