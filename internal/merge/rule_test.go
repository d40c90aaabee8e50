package merge_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
)

// seeds is how many seeds each case runs; CARPEDIEM_SEEDS asks for more.
func seeds(t *testing.T, few uint64) uint64 {
	t.Helper()
	text := os.Getenv("CARPEDIEM_SEEDS")
	if text == "" {
		return few
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		t.Fatalf("CARPEDIEM_SEEDS = %q, want a number of seeds", text)
	}
	return max(few, n)
}

// setup is one kind of channel that the rule has to be right on.
type setup struct {
	mode   channel.WriteMode
	moment channel.Moment
	lag    time.Duration
}

func (s setup) String() string { return fmt.Sprint(s.mode, " ", s.moment, " lag ", s.lag) }

func setups() (out []setup) {
	for _, mode := range []channel.WriteMode{channel.Absolute, channel.CompareAndSet, channel.Relative} {
		for _, moment := range []channel.Moment{channel.AtPlaced, channel.AtPaid, channel.AtShipped} {
			for _, lag := range []time.Duration{0, 6 * time.Second} {
				out = append(out, setup{mode, moment, lag})
			}
		}
	}
	return out
}

// result is what one run of a trade came to.
type result struct {
	wrong    bool // the channel does not show what it should
	believed bool // and the copies say that all is well
	held     int64
	released int64 // units held for nothing: the feed proved that no sale was behind them
	rises    int   // surpluses found
	writes   int
	sales    int // of the counter's own
	unsure   int // own sales that left an interval
	unknowns int // writes without an answer
	reread   int // readings not accepted
}

// TestRule1aEndsRightOnEveryKindOfChannel is the heart of correctness on one counter: own sales with payment, shipping and
// cancellation, sales elsewhere, a feed that lags, readings that lag and writes without an answer. At rest the number is
// right and nothing is held.
func TestRule1aEndsRightOnEveryKindOfChannel(t *testing.T) {
	n := seeds(t, 30)
	var all result
	for _, s := range setups() {
		for seed := range n {
			r := trade(seed, s, asWritten())
			if r.wrong || r.held != 0 {
				t.Errorf("%v, seed %d: wrong %v, %d units held; want right and nothing held (%+v)", s, seed, r.wrong, r.held, r)
			}
			all.add(r)
		}
	}
	runs := len(setups()) * int(n)
	t.Logf("%d runs: %d own sales, %d writes, %d unsure after a sale, %d unknown outcomes, %d readings refused, %.1f surpluses and %.2f units released by proof a run",
		runs, all.sales, all.writes, all.unsure, all.unknowns, all.reread, per(all.rises, runs), per(int(all.released), runs))
	for what, got := range map[string]int{"sales": all.sales, "an interval": all.unsure, "an unknown outcome": all.unknowns, "a reading too old": all.reread, "a surplus": all.rises} {
		if got < runs/4 { // a trade that never gets into trouble proves nothing
			t.Errorf("%s: reached %d times in %d runs, want often", what, got, runs)
		}
	}
}

func (r *result) add(o result) {
	r.held += o.held
	r.released += o.released
	r.rises += o.rises
	r.writes += o.writes
	r.sales += o.sales
	r.unsure += o.unsure
	r.unknowns += o.unknowns
	r.reread += o.reread
}

func per(n, runs int) float64 { return float64(n) / float64(runs) }

// TestEachPartOfRule1aIsNeeded leaves out one part at a time; the trade must show it.
func TestEachPartOfRule1aIsNeeded(t *testing.T) {
	n := seeds(t, 20)
	measure := func(r rule) (wrong, held int, all result) {
		for _, s := range setups() {
			for seed := range n {
				x := trade(seed, s, r)
				if x.wrong {
					wrong++
				}
				if x.held > 0 {
					held++
				}
				all.add(x)
			}
		}
		return wrong, held, all
	}
	runs := len(setups()) * int(n)
	_, _, whole := measure(asWritten())
	for _, x := range []struct {
		name    string
		without rule
		// What it must do at least: runs in a hundred that end wrong or with a hold left, and how many times the surpluses and
		// the units held for nothing of the whole rule.
		wrong, held, rises, released int
	}{
		{name: "an own sale lowers expected and forces no reading", without: noForcedRead(), wrong: 15},
		{name: "no proof", without: noProof(), wrong: 50, held: 50},
		{name: "no surplus and no proof", without: noSurplus().with(noProof()), wrong: 50, held: 50},
		{name: "stale readings are accepted", without: noFreshness(), wrong: 2, rises: 10, released: 100},
		{name: "stale readings are accepted and no proof", without: noFreshness().with(noProof()), wrong: 55, held: 55},
		{name: "lines do not consume holds", without: noMeeting(), rises: 5, released: 10},
		{name: "no interval", without: noInterval(), rises: 2},
	} {
		wrong, held, all := measure(x.without)
		if 100*wrong < x.wrong*runs || 100*held < x.held*runs || all.rises < x.rises*whole.rises || all.released < int64(x.released)*whole.released {
			t.Errorf("%s: of %d runs %d wrong and %d with a hold left, %d surpluses and %d units held for nothing (whole rule: %d and %d); want at least %d %% wrong, %d %% held, %d times the surpluses, %d times the units",
				x.name, runs, wrong, held, all.rises, all.released, whole.rises, whole.released, x.wrong, x.held, x.rises, x.released)
		}
	}
	// Without surpluses a cancellation that is seen before its line leaves units held until the proof.
	if _, _, all := measure(noSurplus()); 10*all.released < 13*whole.released {
		t.Errorf("no surplus: %d units held for nothing, the whole rule %d; want at least 1.3 times as many", all.released, whole.released)
	}
}
