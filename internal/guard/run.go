package guard

import (
	"fmt"
	"time"

	"carpediemstore.it/sync-connector/internal/ident"
)

// PriceRun judges how many of an account's managed listings one run changes in price.
func PriceRun(l Limits, listings, changed int64) Verdict {
	switch {
	case changed > l.RunPriceCount:
		return Verdict{Hold, ManyPrices, fmt.Sprintf("%d prices change in one run, more than %d", changed, l.RunPriceCount)}
	case l.RunPricePercent.Compare(changed, listings) > 0:
		return Verdict{Hold, ManyPrices, fmt.Sprintf("%d of %d prices change in one run, more than %v %%", changed, listings, l.RunPricePercent)}
	}
	return Verdict{Note: fmt.Sprintf("%d of %d prices change in this run", changed, listings)}
}

// Zeroing is how many of an account's listings one source (a file, a rule, a stock master) takes to zero in one run.
type Zeroing struct {
	Listings int64
	Zeroed   int64 // newly at zero, for whatever cause
	// Sold is how many of Zeroed ran out by sales: true sell-outs are never held back.
	Sold int64
}

// ZeroRun judges a run's zeroing. On Hold further zeroing from that source waits; what was sold out still goes out.
func ZeroRun(l Limits, z Zeroing) Verdict {
	caused := max(0, z.Zeroed-max(0, z.Sold))
	switch {
	case caused > l.RunZeroCount:
		return Verdict{Hold, ManyZeroed, fmt.Sprintf("%d listings go to zero without a sale, more than %d", caused, l.RunZeroCount)}
	case l.RunZeroPercent.Compare(caused, z.Listings) > 0:
		return Verdict{Hold, ManyZeroed, fmt.Sprintf("%d of %d listings go to zero without a sale, more than %v %%", caused, z.Listings, l.RunZeroPercent)}
	}
	return Verdict{Note: fmt.Sprintf("%d of %d listings go to zero without a sale", caused, z.Listings)}
}

// Covering judges a complete file: covered of the previous SKUs of the last good one are in it. The first file has
// nothing to cover. Rows that are new do not make up for those that are gone (S6).
func Covering(l Limits, previous, covered int64) Verdict {
	if previous > 0 && l.Coverage.Compare(covered, previous) < 0 {
		return Verdict{Hold, PoorCoverage, fmt.Sprintf("the file has %d of the %d rows of the last good one, fewer than %v %%", covered, previous, l.Coverage)}
	}
	return Verdict{Note: fmt.Sprintf("the file has %d of the %d rows of the last good one", covered, previous)}
}

// Point is a value a listing showed from an instant on.
type Point struct {
	At    ident.Micros
	Value int64
}

// Turns counts how often the direction of a listing's value changed among the moves made after since. History is oldest
// first; equal values in a row are one.
func Turns(history []Point, since ident.Micros) int64 {
	var turns, direction int64
	for i := 1; i < len(history); i++ {
		if history[i].At <= since {
			continue
		}
		var d int64
		switch before, after := history[i-1].Value, history[i].Value; {
		case after > before:
			d = 1
		case after < before:
			d = -1
		default:
			continue
		}
		if direction != 0 && d != direction {
			turns++
		}
		direction = d
	}
	return turns
}

// Flip judges whether a listing goes back and forth, which another writer or a loop does: on Hold it is paused.
func Flip(l Limits, history []Point, now ident.Micros) Verdict {
	within := time.Duration(l.FlipMinutes) * time.Minute
	if n := Turns(history, now.Add(-within)); n > l.Flips {
		return Verdict{Hold, Flipping, fmt.Sprintf("changed direction %d times in %v, more than %d", n, within, l.Flips)}
	}
	return Verdict{Note: "does not go back and forth"}
}

// Blind reports whether the orders of a channel have not been readable for too long. read is the end of the last
// successful read; never read is blind.
func Blind(l Limits, read, now ident.Micros) bool {
	return read == 0 || now.Sub(read) > time.Duration(l.BlindMinutes)*time.Minute
}

// Overdue reports whether a value sent at sent should have been verified by now. p95 is the channel's measured time from
// sent to verified; while it is not measured (0) nothing is overdue.
func Overdue(l Limits, sent, now ident.Micros, p95 time.Duration) bool {
	return p95 > 0 && now.Sub(sent) > time.Duration(l.OverdueFactor)*p95
}
