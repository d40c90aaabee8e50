package pg

import (
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"carpediemstore.it/sync-connector/internal/fault"
)

const (
	// Env names the environment variable with the URL of a running server to use instead of a new one.
	Env = "CARPEDIEM_TEST_POSTGRES"

	role      = "carpediem"
	startTime = 60 * time.Second // initdb and start take under a second; a loaded machine may need much longer
	stopTime  = 20 * time.Second
)

// leash runs the server as its child and ends it when standard input closes: by Stop, or because the test process died.
// $1 is the folder to remove at the end, the rest is the command.
const leash = `
dir=$1; shift
exec 3<&0
"$@" </dev/null & server=$!
(read -r _ <&3; kill -INT $server) & watch=$!
wait $server; code=$?
kill $watch 2>/dev/null
rm -rf "$dir"
exit $code`

// Server is a running PostgreSQL server: one of our own (Open) or one that somebody else runs (Attach).
// Its methods may be called from several goroutines.
type Server struct {
	base  url.URL
	log   string
	leash io.Closer     // nil for an attached server
	done  chan struct{} // closed when our own server has ended
	err   error         // how it ended; read after done is closed
}

// Attach returns the server behind rawURL (postgres://role[:password]@host:port/any?…). Stop leaves it running.
func Attach(rawURL string) (*Server, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, fault.New(fault.Invalid, "%s is not the URL of a PostgreSQL server", Env)
	}
	return &Server{base: *u}, nil
}

// Open starts a new server with an empty cluster on a free port of 127.0.0.1 and waits until it answers. Each setting
// is "name=value" of postgresql.conf; without any, durability is on as in production ("fsync=off" is faster).
func Open(ctx context.Context, settings ...string) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		s, err := open(ctx, bin, settings)
		// Another process may take the free port between our look and the server's bind: then look again.
		if err == nil || try == 3 || ctx.Err() != nil {
			return s, err
		}
	}
}

func open(ctx context.Context, bin string, settings []string) (*Server, error) {
	dir, err := os.MkdirTemp("", "carpediem-pg-")
	if err != nil {
		return nil, fault.Wrap("make the folder of the test database", err)
	}
	attr, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata", data, "--username", role, "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, attr
	if out, err := initdb.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return nil, fault.New(fault.Unavailable, "initdb: %w: %s", err, tail(out))
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s, err := run(dir, bin, port, attr, settings)
	if err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		out, _ := os.ReadFile(s.log) // the folder may be gone already: then there is no more to say
		s.Stop()
		return nil, fault.New(fault.Unavailable, "start postgres: %w: %s", err, tail(out))
	}
	return s, nil
}

func run(dir, bin string, port int, attr *syscall.SysProcAttr, settings []string) (*Server, error) {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, fault.Wrap("make the log of the test database", err)
	}
	defer log.Close()
	args := []string{
		"-c", leash, "leash", dir, filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "data"),
		"-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "max_connections=200", "-c", "timezone=UTC",
	}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	cmd := exec.Command("/bin/sh", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = dir, log, log, attr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fault.Wrap("hold the test database", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fault.Wrap("start the test database", err)
	}
	s := &Server{
		base: url.URL{
			Scheme: "postgres", User: url.User(role), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
			Path: "/postgres", RawQuery: "sslmode=disable",
		},
		log: log.Name(), leash: in, done: make(chan struct{}),
	}
	go func() {
		s.err = cmd.Wait()
		close(s.done)
	}()
	return s, nil
}

// ready returns when the server answers, has ended, or ctx is over.
func (s *Server) ready(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.done:
			return fault.New(fault.Unavailable, "the server ended: %w", s.err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// URL returns the URL of database db on s, for pgx and for the node clients alike.
func (s *Server) URL(db string) string {
	u := s.base
	u.Path = "/" + db
	return u.String()
}

// Stop ends a server of our own and removes its data; it returns when the process has ended and may be called twice.
// An attached server stays as it is.
func (s *Server) Stop() error {
	if s.leash == nil {
		return nil
	}
	s.leash.Close() // an error here means it was closed before: the server is ending already
	select {
	case <-s.done:
		return nil
	case <-time.After(stopTime):
		return fault.New(fault.Unavailable, "the test database did not stop within %s", stopTime)
	}
}

// binaries returns the folder of initdb and postgres: that of the search path, else Debian's newest version.
func binaries() (string, error) {
	if p, err := exec.LookPath("postgres"); err == nil {
		if _, err := os.Stat(filepath.Join(filepath.Dir(p), "initdb")); err == nil {
			return filepath.Dir(p), nil
		}
	}
	best, version := "", 0
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", fault.Wrap("look for PostgreSQL", err)
	}
	for _, p := range found {
		dir := filepath.Dir(p)
		if n, err := strconv.Atoi(filepath.Base(filepath.Dir(dir))); err == nil && n > version {
			best, version = dir, n
		}
	}
	if best == "" {
		return "", fault.New(fault.NotFound, "no PostgreSQL server is installed; run scripts/ensure-postgres.sh")
	}
	return best, nil
}

// unprivileged returns the attributes of a process that may run PostgreSQL, in a process group of its own so that an
// interrupt from the keyboard reaches the test first, and gives dir to its user.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fault.New(fault.NotFound, "root cannot run PostgreSQL and there is no user postgres; run scripts/ensure-postgres.sh")
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fault.Wrap("read the user postgres", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fault.Wrap("read the user postgres", err)
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return nil, fault.Wrap("give the folder to the user postgres", err)
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fault.Wrap("find a free port", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// tail returns the end of a log: enough to see why a process ended.
func tail(out []byte) string {
	const keep = 1500
	if len(out) > keep {
		out = out[len(out)-keep:]
	}
	return string(out)
}
