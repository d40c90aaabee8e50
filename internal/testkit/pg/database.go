package pg

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"carpediemstore.it/sync-connector/internal/fault"
)

const cleanupTime = 30 * time.Second

// Main starts one server for all tests of a package, runs them and stops it; it returns the exit code. With a server
// in CARPEDIEM_TEST_POSTGRES it only runs the tests.
func Main(m *testing.M, settings ...string) int {
	if os.Getenv(Env) != "" {
		return m.Run()
	}
	s, err := Open(context.Background(), settings...)
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	defer s.Stop()
	os.Setenv(Env, s.URL("postgres"))
	defer os.Unsetenv(Env)
	return m.Run()
}

// Start returns the server of CARPEDIEM_TEST_POSTGRES or, without one or when the test needs settings of its own, a new
// server that stops at the end of the test.
func Start(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	if shared := os.Getenv(Env); shared != "" && len(settings) == 0 {
		s, err := Attach(shared)
		if err != nil {
			tb.Fatal(err)
		}
		return s
	}
	s, err := Open(tb.Context(), settings...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Database returns the URL of a new empty database on the server of Start, dropped at the end of the test.
func Database(tb testing.TB) string {
	tb.Helper()
	return Start(tb).Database(tb)
}

// Database returns the URL of a new empty database on s, dropped at the end of the test even while connections to it
// are open.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := Name("test")
	if err := s.CreateDatabase(tb.Context(), name); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), cleanupTime)
		defer cancel()
		if err := s.DropDatabase(ctx, name); err != nil {
			tb.Error(err)
		}
	})
	return s.URL(name)
}

// Name returns a database name that nobody else has: prefix and a random part, in lower case.
func Name(prefix string) string {
	return prefix + "_" + strings.ToLower(rand.Text()[:12])
}

// CreateDatabase creates the empty database name.
func (s *Server) CreateDatabase(ctx context.Context, name string) error {
	// template0 accepts no connections, so a forgotten one can never stop us.
	return s.exec(ctx, "create database "+name, "CREATE DATABASE "+quote(name)+" TEMPLATE template0")
}

// CloneDatabase creates database name as a copy of database from. PostgreSQL refuses while anybody is connected to from.
func (s *Server) CloneDatabase(ctx context.Context, name, from string) error {
	return s.exec(ctx, "clone database "+from, "CREATE DATABASE "+quote(name)+" TEMPLATE "+quote(from))
}

// DropDatabase removes database name and ends the connections to it; a missing one is no error.
func (s *Server) DropDatabase(ctx context.Context, name string) error {
	return s.exec(ctx, "drop database "+name, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)")
}

// HasDatabase reports whether database name exists.
func (s *Server) HasDatabase(ctx context.Context, name string) (bool, error) {
	conn, err := pgx.Connect(ctx, s.base.String())
	if err != nil {
		return false, fault.New(fault.Unavailable, "connect to the test database: %w", err)
	}
	defer conn.Close(ctx)
	var found bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&found)
	return found, fault.Wrap("look for database "+name, err)
}

func (s *Server) exec(ctx context.Context, op, statement string) error {
	conn, err := pgx.Connect(ctx, s.base.String())
	if err != nil {
		return fault.New(fault.Unavailable, "connect to the test database: %w", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return fault.Wrap(op, err)
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
