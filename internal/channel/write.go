package channel

import (
	"time"

	"carpediemstore.it/sync-connector/internal/money"
)

// Write is one value for one counter or one listing. Ref is our key (the intent); the outcome carries it back.
type Write struct {
	Ref   int64
	Stock StockKey // of a stock write
	// Listing is a listing of the written thing: always set for a price; for stock it is one listing that draws from the
	// counter (a channel may need the product's address).
	Listing ListingRef

	// Quantity is the channel's own number to be set (wire value). With Relative, Delta is what to add instead. With
	// CompareAndSet, Base is what the channel must show for the write to be taken.
	Quantity int64
	Base     int64
	Delta    int64
	Price    money.Amount

	// Key is the idempotency key, stored before the write leaves; at most 64 characters [0-9a-z-].
	Key string
	// Sequence grows with each write of this counter or listing (sequence-fenced writes).
	Sequence int64
}

// Batch is one call's worth of writes of one field and, where capabilities ask for it, of one group. The core keeps
// within the capability's MaxBatch and never repeats a key in a batch.
type Batch struct {
	Field  Field
	Group  string
	Writes []Write
}

// State is what became of one write.
type State string

// The states of an outcome.
const (
	Applied    State = "applied"     // the channel says it is done (verified only when read back)
	Accepted   State = "accepted"    // will be done: ask the ticket
	Rejected   State = "rejected"    // refused for good, see Code
	RetryAfter State = "retry-after" // not done; the same write may be sent after After
	Conflict   State = "conflict"    // compare-and-set was stale; Current is the channel's number where it says
	HeldBack   State = "held"        // the channel holds it for review (its own guard)
	Unknown    State = "unknown"     // may have been done
)

// Codes of a rejection that the core understands; others are shown as they are.
const (
	CodeNotFound    = "not-found"
	CodeInvalid     = "invalid-value"
	CodeForbidden   = "forbidden"
	CodeNotManaged  = "not-managed"   // the channel keeps no number for this listing
	CodeBatch       = "batch-refused" // refused because of another row of the batch: bisect
	CodeChannelPool = "channel-fulfilled"
)

// Outcome answers one Write.
type Outcome struct {
	Ref     int64
	State   State
	Code    string
	Text    string // for a person; no bodies, no buyer data
	Current *int64
	After   time.Duration
}

// Ticket names an asynchronous job of the channel; "" for none.
type Ticket string

// Receipt answers a batch. Outcomes missing from it are Unknown.
type Receipt struct {
	Outcomes []Outcome
	Ticket   Ticket
}

// Outcomes gives every write of b the same outcome: for whole-call answers.
func (b Batch) Outcomes(o Outcome) []Outcome {
	out := make([]Outcome, len(b.Writes))
	for i, w := range b.Writes {
		o.Ref = w.Ref
		out[i] = o
	}
	return out
}
