package limits

import (
	"math/bits"
	"time"
)

// Backoff says how long to wait for a channel that does not answer (F2). Waits are decorrelated: each is drawn between
// First and three times the one before, so that accounts which failed together do not come back together.
type Backoff struct {
	First time.Duration // shortest wait
	Most  time.Duration // longest wait
}

// Next returns the wait that follows previous (0 for the first failure). r is a uniformly drawn number: the same r gives
// the same wait.
func (b Backoff) Next(previous time.Duration, r uint64) time.Duration {
	top := b.Most
	if previous = max(previous, b.First); previous < b.Most/3 {
		top = 3 * previous
	}
	top = max(top, b.First)
	share, _ := bits.Mul64(r, uint64(top-b.First)+1)
	return min(b.First+time.Duration(share), b.Most)
}

const (
	// retrySaved tenths of a repeat can be spent in a row: ten repeats.
	retrySaved = 100
	retryCost  = 10
)

// Retries is a budget of repeats: ten to begin with, then one for each ten successes. When it is spent, a channel in
// trouble is sent probes only, not its normal load a second time. The zero Retries is a full budget.
type Retries struct {
	Spent int64 `json:"spent,omitempty"` // in tenths
}

// Succeeded returns the budget after a call that succeeded.
func (r Retries) Succeeded() Retries { return Retries{max(0, r.Spent-1)} }

// Repeat returns the budget after one more repeat, and false when there is nothing left for it: send one item as a probe,
// or wait.
func (r Retries) Repeat() (Retries, bool) {
	if r.Spent+retryCost > retrySaved {
		return r, false
	}
	return Retries{r.Spent + retryCost}, true
}
