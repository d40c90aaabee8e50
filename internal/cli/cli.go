package cli

import (
	"context"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/service"
)

// Config is what every command is told about the installation.
type Config struct {
	Data        string // the data folder
	DatabaseURL string // PostgreSQL; "" is SQLite in Data
	Tenant      string // name or id
}

// Session is an open installation.
type Session struct {
	Service   *service.Service
	MasterKey string // path of the master key, for doctor; "" when there is none to look at
	Close     func() error
}

// IO is where a long-running command reads and writes.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	JSON     bool // one JSON value on Out at the end
	Progress bool // somebody watches Err
}

// ServeOptions are the flags of serve.
type ServeOptions struct {
	Listen  string
	Workers int
}

// SyncOptions are the flags of sync.
type SyncOptions struct {
	Accounts     []string
	UntilSettled bool
	Timeout      time.Duration
}

// DemoOptions are the flags of demo.
type DemoOptions struct {
	For  time.Duration // 0: until it is interrupted
	Seed uint64
	SKUs int
	Rate int
	Data string // "" is a folder that is removed at the end
}

// BenchOptions are the flags of bench.
type BenchOptions struct {
	Listings int
	For      time.Duration
}

// Deps is what the commands work with. A command whose function is nil does not exist.
type Deps struct {
	Open    func(ctx context.Context, c Config) (*Session, error)
	Serve   func(ctx context.Context, io IO, c Config, o ServeOptions) error
	Sync    func(ctx context.Context, io IO, c Config, o SyncOptions) error
	Demo    func(ctx context.Context, io IO, o DemoOptions) error
	Bench   func(ctx context.Context, io IO, c Config, o BenchOptions) error
	Version string
	Now     func() ident.Micros
}

// line is one run of the command line.
type line struct {
	deps     Deps
	config   Config
	json     bool
	progress bool
	in       io.Reader
	out, err io.Writer
	started  bool // a command ran: its errors are its own, those before are of the command line
	session  *Session
}

// Run runs one command line and returns its exit code.
func Run(ctx context.Context, d Deps, args []string, in io.Reader, out, err io.Writer) int {
	a := &line{deps: d, in: in, out: out, err: err}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(err)
	failed := root.ExecuteContext(ctx)
	if a.session != nil {
		if closed := a.session.Close(); failed == nil {
			failed = closed
		}
	}
	if failed == nil {
		return 0
	}
	if _, ours := failed.(*failure); !ours && !a.started && fault.Is(failed, fault.Internal) {
		failed = fault.New(fault.Usage, "%w", failed)
	}
	a.fail(failed)
	return fault.KindOf(failed).Exit()
}

// New returns the tree of commands, for documentation and completion.
func New(d Deps) *cobra.Command {
	return (&line{deps: d, in: os.Stdin, out: os.Stdout, err: os.Stderr}).root()
}

func (a *line) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "carpediem",
		Short:         "keep stock and prices right on every marketplace and store",
		Long:          rootText + "\n\n" + exitText(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	f := root.PersistentFlags()
	f.StringVar(&a.config.Data, "data", defaultData(), "data folder")
	f.Lookup("data").DefValue = "$XDG_DATA_HOME/carpediem"
	f.StringVar(&a.config.DatabaseURL, "database-url", os.Getenv("CARPEDIEM_DATABASE_URL"), "PostgreSQL instead of SQLite in the data folder; also CARPEDIEM_DATABASE_URL")
	f.Lookup("database-url").DefValue = ""
	f.StringVar(&a.config.Tenant, "tenant", service.DefaultTenant, "name or id of the tenant")
	f.BoolVar(&a.json, "json", false, "write one JSON value to standard output")
	f.BoolVar(&a.progress, "progress", false, "show progress also where no terminal is")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fault.New(fault.Usage, "%w", err) })
	root.AddCommand(a.commands()...)
	return root
}

const rootText = `Carpe Diem Sync Connector keeps stock quantities and prices equal on every marketplace and store that is connected,
and explains every number. "In sync" means read back and equal, never "we sent it".

Every command takes --json and then writes exactly one JSON value to standard output; an error is
{"error":{"kind","message","where"}}.`

// commands lists every command in the order of the help.
func (a *line) commands() []*cobra.Command {
	out := []*cobra.Command{
		a.connect(), a.accounts(), a.items(), a.stock(), a.prices(), a.bindings(), a.rules(), a.plan(), a.rollback(), a.pause(), a.resume(),
		a.explain(), a.drift(), a.inbox(), a.history(), a.events(), a.latency(), a.limits(), a.doctor(), a.version(),
	}
	return append(out, a.running()...)
}

// defaultData is the data folder by the rules of the desktop: CARPEDIEM_DATA, then XDG_DATA_HOME, then the home folder.
func defaultData() string {
	if d := os.Getenv("CARPEDIEM_DATA"); d != "" {
		return d
	}
	if d := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "carpediem")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "share", "carpediem")
	}
	return "carpediem-data"
}

// open opens the installation, once a run, and returns the service with the caller.
func (a *line) open(ctx context.Context) (*service.Service, service.Caller, error) {
	if a.session == nil {
		s, err := a.deps.Open(ctx, a.config)
		if err != nil {
			return nil, service.Caller{}, err
		}
		a.session = s
	}
	t, err := a.session.Service.Tenant(ctx, a.config.Tenant)
	if err != nil {
		return nil, service.Caller{}, err
	}
	return a.session.Service, service.Caller{Tenant: t.ID, Name: person()}, nil
}

// person names who types: the log keeps it.
func person() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "command line"
}

// does makes the function of a command that needs the service.
func (a *line) does(run func(ctx context.Context, s *service.Service, who service.Caller, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		a.started = true
		s, who, err := a.open(c.Context())
		if err != nil {
			return err
		}
		return run(c.Context(), s, who, args)
	}
}

// group makes a command that only has subcommands.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		return fault.New(fault.Usage, "%s needs a subcommand: see carpediem %s --help", c.Name(), c.Name())
	}}
	c.AddCommand(subs...)
	return c
}
