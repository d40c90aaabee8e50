package pg

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"carpediemstore.it/sync-connector/internal/fault"
)

// childEnv makes the test binary play a test process that is killed while it holds a server.
const childEnv = "CARPEDIEM_PG_CHILD"

func TestMain(m *testing.M) {
	if out := os.Getenv(childEnv); out != "" {
		os.Exit(child(out))
	}
	os.Exit(Main(m))
}

func child(out string) int {
	s, err := Open(context.Background(), "fsync=off")
	if err != nil {
		os.Stderr.WriteString(err.Error())
		return 1
	}
	if err := os.WriteFile(out+".part", []byte(s.URL("postgres")+"\n"+s.log), 0o600); err != nil {
		return 1
	}
	if err := os.Rename(out+".part", out); err != nil {
		return 1
	}
	select {} // until it is killed
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func scan[T any](t *testing.T, conn *pgx.Conn, query string) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func TestDatabaseIsEmptyAndDurable(t *testing.T) {
	conn := connect(t, Database(t))
	if n := scan[int](t, conn, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"); n != 0 {
		t.Errorf("new database holds %d relations, want 0", n)
	}
	want := map[string]string{
		"SHOW fsync": "on", "SHOW timezone": "UTC", "SHOW listen_addresses": "127.0.0.1", "SHOW server_encoding": "UTF8",
	}
	for query, value := range want {
		if got := scan[string](t, conn, query); got != value {
			t.Errorf("%s = %q, want %q", query, got, value)
		}
	}
}

func TestDatabaseIsDroppedAfterTheTest(t *testing.T) {
	s := Start(t)
	var name string
	t.Run("inner", func(t *testing.T) {
		name = scan[string](t, connect(t, s.Database(t)), "SELECT current_database()") // the open connection must not keep it
	})
	if found, err := s.HasDatabase(t.Context(), name); err != nil || found {
		t.Errorf("HasDatabase(%s) after its test = %v, %v, want false, nil", name, found, err)
	}
}

func TestSettingsApply(t *testing.T) {
	s := Start(t, "fsync=off", "work_mem=7MB")
	conn := connect(t, s.URL("postgres"))
	for query, want := range map[string]string{"SHOW fsync": "off", "SHOW work_mem": "7MB"} {
		if got := scan[string](t, conn, query); got != want {
			t.Errorf("%s = %q, want %q", query, got, want)
		}
	}
}

func TestCloneCopiesData(t *testing.T) {
	s := Start(t)
	from, to := Name("from"), Name("to")
	if err := s.CreateDatabase(t.Context(), from); err != nil {
		t.Fatal(err)
	}
	defer s.DropDatabase(context.Background(), from)
	conn := connect(t, s.URL(from))
	if _, err := conn.Exec(t.Context(), "CREATE TABLE goods AS SELECT 42 AS stock"); err != nil {
		t.Fatal(err)
	}
	conn.Close(t.Context())
	if err := s.CloneDatabase(t.Context(), to, from); err != nil {
		t.Fatal(err)
	}
	defer s.DropDatabase(context.Background(), to)
	if got := scan[int](t, connect(t, s.URL(to)), "SELECT stock FROM goods"); got != 42 {
		t.Errorf("stock in the clone = %d, want 42", got)
	}
}

func TestStopEndsTheServerAndRemovesItsData(t *testing.T) {
	s, err := Open(t.Context(), "fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Stop(); err != nil {
			t.Fatalf("Stop = %v, want nil", err)
		}
	}
	if _, err := pgx.Connect(t.Context(), s.URL("postgres")); err == nil {
		t.Error("the server still answers after Stop")
	}
	if _, err := os.Stat(filepath.Dir(s.log)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Stat of the data folder after Stop = %v, want not exist", err)
	}
}

func TestBadSettingIsReported(t *testing.T) {
	s, err := Open(t.Context(), "fsync=perhaps")
	if err == nil {
		s.Stop()
	}
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("Open with a bad setting = %v, want kind unavailable", err)
	}
}

func TestAttachRefusesOtherURLs(t *testing.T) {
	for _, bad := range []string{"", "mysql://h/db", "postgres:///db", "127.0.0.1:5432", "postgres://%zz"} {
		if _, err := Attach(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("Attach(%q) = %v, want kind invalid", bad, err)
		}
	}
}

// A killed test process runs no cleanup: the closing pipe must end the server.
func TestKilledTestProcessLeavesNothing(t *testing.T) {
	out := filepath.Join(t.TempDir(), "url")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	eventually(t, "the child reports its server", func() bool {
		b, err := os.ReadFile(out)
		lines = strings.Split(string(b), "\n")
		return err == nil && len(lines) == 2
	})
	connect(t, lines[0]).Close(t.Context())
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	eventually(t, "its server is gone", func() bool {
		conn, err := pgx.Connect(t.Context(), lines[0])
		if err == nil {
			conn.Close(t.Context())
			return false
		}
		_, err = os.Stat(filepath.Dir(lines[1]))
		return errors.Is(err, os.ErrNotExist)
	})
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}
