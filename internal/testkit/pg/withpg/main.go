// Command withpg runs a command with one PostgreSQL server for all the tests it starts, and ends with its exit code:
//
//	go run ./internal/testkit/pg/withpg go test ./internal/store/...
//
// The server's URL is in CARPEDIEM_TEST_POSTGRES of the command. When that variable is set already, the command simply
// runs. Arguments name=value before the command are server settings (fsync=off).
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"carpediemstore.it/sync-connector/internal/testkit/pg"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withpg:", err)
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	var settings []string
	for len(args) > 0 && strings.Contains(args[0], "=") {
		settings, args = append(settings, args[0]), args[1:]
	}
	if len(args) == 0 {
		return 2, errors.New("usage: withpg [SETTING=VALUE…] COMMAND…")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv(pg.Env) == "" {
		s, err := pg.Open(ctx, settings...)
		if err != nil {
			return 1, err
		}
		defer s.Stop()
		os.Setenv(pg.Env, s.URL("postgres"))
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return exit.ExitCode(), nil // the command has said why
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
