package cli_test

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"carpediemstore.it/sync-connector/internal/cli"
)

// TestMain makes this test binary the program itself when it is called by the program's name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"carpediem": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/scripts",
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("CARPEDIEM_DATA", e.WorkDir+"/data")
			e.Setenv("CARPEDIEM_ALLOW_NETS", "127.0.0.0/8")
			w := &world{shops: map[string]shop{}, serving: map[string]*served{}}
			e.Values[worldKey{}] = w
			e.Defer(w.close)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"shop": openShop, "goods": addGoods, "buy": buy, "owner": ownerEdit, "shows": shows, "breaks": breaks, "many": many, "exact": exact,
			"exits": exits, "json": jsonValue, "keep": keepValue, "until": until,
			"bytes": writeBytes, "xlsx": writeBook,
			"serve": startServe, "ends": endServe, "fetch": fetch,
		},
	})
}

type worldKey struct{}

// world is what one script has running.
type world struct {
	shops   map[string]shop
	serving map[string]*served
}

func worldOf(ts *testscript.TestScript) *world {
	w, _ := ts.Value(worldKey{}).(*world)
	return w
}

func (w *world) close() {
	for _, s := range w.serving {
		s.kill()
	}
	for _, s := range w.shops {
		s.server.Close()
	}
}

// want ends a script that gives a command the wrong number of words.
func want(ts *testscript.TestScript, ok bool, usage string) {
	if !ok {
		ts.Fatalf("usage: %s", usage)
	}
}
