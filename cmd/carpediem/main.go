// Command carpediem keeps stock and prices right on every marketplace and store a seller is connected to.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"carpediemstore.it/sync-connector/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
