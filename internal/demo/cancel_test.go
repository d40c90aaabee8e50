package demo_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/app"
	"carpediemstore.it/sync-connector/internal/demo"
	"carpediemstore.it/sync-connector/internal/fault"
)

// until cancels as soon as it is told something that holds a text.
type until struct {
	text   string
	cancel context.CancelFunc
}

func (u until) Write(p []byte) (int, error) {
	if strings.Contains(string(p), u.text) {
		u.cancel()
	}
	return len(p), nil
}

// TestADemoThatIsEndedLeavesNothing: wherever it is ended. That nothing runs on is seen by TestMain.
func TestADemoThatIsEndedLeavesNothing(t *testing.T) {
	for name, x := range map[string]struct {
		text string
		ok   bool // the demo had begun: being ended is how it ends
	}{
		"while catalogues are read": {"Reading the catalogues", false},
		"while buyers buy":          {"buyers buy", true},
		"in an outage":              {"goes down", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			said := until{x.text, cancel}
			o := demo.Options{SKUs: 12, Rate: 8, Seed: 3, Say: said, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
			stopped := false
			o.Serve = func(context.Context, *app.App) (string, func(), error) {
				return "nowhere", func() { stopped = true }, nil
			}
			if strings.Contains(x.text, "goes down") {
				o.For = 6 * time.Second
			}
			began := time.Now()
			_, err := demo.Run(ctx, o)
			if x.ok && err != nil {
				t.Errorf("Run() = %v, want nil", err)
			}
			if !x.ok && !errors.Is(err, context.Canceled) && !fault.Is(err, fault.Unsettled) {
				t.Errorf("Run() = %v, want that it was ended", err)
			}
			if ctx.Err() == nil || !stopped {
				t.Errorf("the demo ended by itself, or its page was not stopped (%v)", stopped)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %s to end", took)
			}
			left, err := os.ReadDir(dir)
			if err != nil || len(left) != 0 {
				t.Errorf("left in the temporary folder: %v, %v", left, err)
			}
		})
	}
}
