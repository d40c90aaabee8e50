package demo_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/demo"
	"carpediemstore.it/sync-connector/internal/testkit"
)

// atOnce is how many demos run side by side: most of their time they wait.
const atOnce = 6

// outcome is what came of one seed.
type outcome struct {
	demo.Result

	err  error
	took time.Duration
	log  bytes.Buffer
	said bytes.Buffer
}

// TestTheDemoEndsWithEveryNumberRight: for each seed, after an outage, edits by hand, arriving goods, sales and
// cancellations, every number at every marketplace is what the true order list leaves.
func TestTheDemoEndsWithEveryNumberRight(t *testing.T) {
	t.Parallel()
	all := make([]outcome, testkit.Seeds(t, 20))
	var group sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for seed := range all {
		group.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			o, began := &all[seed], time.Now()
			o.Result, o.err = demo.Run(t.Context(), demo.Options{
				For: 6 * time.Second, Seed: uint64(seed), SKUs: 45, Rate: 6, Log: slog.New(slog.NewTextHandler(&o.log, nil)), Say: &o.said,
			})
			o.took = time.Since(began).Round(100 * time.Millisecond)
		})
	}
	group.Wait()
	for seed := range all {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { judge(t, &all[seed]) })
	}
	t.Logf("\n%s", table(all))
}

func judge(t *testing.T, o *outcome) {
	t.Helper()
	if o.err != nil {
		t.Errorf("Run() = %v, want nil", o.err)
	} else {
		for _, x := range []struct {
			name      string
			got       int64
			low, high int64
		}{
			{"sales", o.Sales, 1, 1000},
			{"writes", o.Writes, 1, 10000},
			{"verified", o.Verified, 1, 10000},
			{"unverified", o.Unverified, 0, 0},
			{"lost update units", o.LostUpdateUnits, 0, 0},
			{"equal writes", o.EqualWrites, 0, 0},
			{"oversold", o.Oversold, 0, o.OversellBound},
			{"held: the price that is too good", o.Held, 1, 100},
			{"drift found: the edit by hand", o.DriftFound, 1, 100},
		} {
			if x.got < x.low || x.got > x.high {
				t.Errorf("%s = %d, want %d … %d", x.name, x.got, x.low, x.high)
			}
		}
	}
	if t.Failed() {
		t.Logf("it said:\n%s\nand logged:\n%s", o.said.String(), o.log.String())
	}
}

// table shows what came of all seeds.
func table(all []outcome) string {
	var b strings.Builder
	fmt.Fprintln(&b, "seed   took  sales writes  equal verified unverified   held oversold  bound   lost  drift    p50    p95    p99")
	for seed := range all {
		o := &all[seed]
		fmt.Fprintf(&b, "%4d %6s %6d %6d %6d %8d %10d %6d %8d %6d %6d %6d %6d %6d %6d\n", seed, o.took, o.Sales, o.Writes, o.EqualWrites, o.Verified,
			o.Unverified, o.Held, o.Oversold, o.OversellBound, o.LostUpdateUnits, o.DriftFound, o.Latency.P50, o.Latency.P95, o.Latency.P99)
	}
	return b.String()
}
