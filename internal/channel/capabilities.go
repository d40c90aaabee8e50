package channel

import (
	"time"

	"carpediemstore.it/sync-connector/internal/money"
)

// Capabilities is what one account's channel can do and must be asked like: data, per account, refined by probing.
type Capabilities struct {
	Stock StockCaps `json:"stock"`
	Price PriceCaps `json:"price"`
	Sales SalesCaps `json:"sales"`
	Read  ReadCaps  `json:"read"`
	// Limits are the buckets of this account, and which operation takes from which.
	Limits []Limit `json:"limits"`
	// Currency of the account's prices when it has only one; "" when each listing says its own.
	Currency money.Currency `json:"currency,omitempty"`
}

// WriteMode is how a counter can be written.
type WriteMode string

// The modes. Only Absolute can overwrite a sale that nobody has seen (correctness 1a).
const (
	NoWrite       WriteMode = ""
	Absolute      WriteMode = "absolute"
	CompareAndSet WriteMode = "compare-and-set"
	Relative      WriteMode = "relative"
	Sequenced     WriteMode = "sequence-fenced"
)

// Moment is when the channel lowers its own counter for an order line.
type Moment string

// The moments.
const (
	AtPlaced  Moment = "placed"
	AtPaid    Moment = "paid"
	AtShipped Moment = "shipped"
	Never     Moment = "never"
)

// ZeroMode is how "nothing to sell" is written.
type ZeroMode string

// The zero modes.
const (
	SetZero    ZeroMode = "set-zero"
	RefuseZero ZeroMode = "refuse" // the channel refuses zero: a write to zero is held and shown
)

// BatchCaps says how writes of one field travel.
type BatchCaps struct {
	MaxBatch int `json:"max_batch"` // writes a call; 1 when there is no bulk form
	// ByGroup: a batch holds writes of one Listing.Group only.
	ByGroup bool `json:"by_group,omitempty"`
	// WholeGroup: the call replaces the whole group, so every listing of the group that we manage travels along.
	WholeGroup bool `json:"whole_group,omitempty"`
	// AllOrNothing: one bad row refuses the whole call; a refused batch is bisected.
	AllOrNothing bool `json:"all_or_nothing,omitempty"`
	// Ticket: the answer is a ticket to be polled.
	Ticket bool `json:"ticket,omitempty"`
	// Settle is how long after an applied write (or a finished ticket) a read may still show the old value.
	Settle time.Duration `json:"settle,omitempty"`
	// Longest is the longest a sent request can take effect after its answer was lost (deadline + the channel's queue).
	Longest time.Duration `json:"longest"`
	// Budget is how many writes one counter or listing may get a day; 0 for no limit (I15).
	Budget int `json:"budget,omitempty"`
}

// StockCaps says how counters are written.
type StockCaps struct {
	BatchCaps
	Mode   WriteMode `json:"mode"`
	Moment Moment    `json:"moment"`
	// Max is the largest number the channel takes; 0 for no limit of its own.
	Max  int64    `json:"max,omitempty"`
	Zero ZeroMode `json:"zero"`
	// KeyWindow is how long an idempotency key is honoured; 0 when there is none.
	KeyWindow time.Duration `json:"key_window,omitempty"`
}

// PriceCaps says how prices are written.
type PriceCaps struct {
	BatchCaps
	Write bool `json:"write"`
	// TaxIncluded says whether the channel's price holds VAT; nil when the channel cannot say: then a price is refused
	// until the account's setting says it.
	TaxIncluded *bool `json:"tax_included"`
}

// SalesCaps says how orders are read.
type SalesCaps struct {
	Feed bool `json:"feed"` // the adapter has Sales
	// Lag is how long after an order was placed the feed may still not show it.
	Lag time.Duration `json:"lag"`
	// Poll is how often the feed is read when nothing hints at it.
	Poll time.Duration `json:"poll"`
}

// ReadCaps says how counters and prices are read.
type ReadCaps struct {
	MaxKeys int `json:"max_keys"` // keys a Read call; 0 when the adapter has no Read
	// Lag is how old a reading may be when it arrives (eventually consistent reads); 0 for strong reads.
	Lag time.Duration `json:"lag"`
	// Sweep is how often the whole catalogue is read.
	Sweep time.Duration `json:"sweep"`
}

// Op is a kind of call for limits and circuits.
type Op string

// The operations the core knows; adapters may use finer ones.
const (
	OpList  Op = "list"
	OpRead  Op = "read"
	OpSales Op = "sales"
	OpStock Op = "write-stock"
	OpPrice Op = "write-price"
	OpPoll  Op = "poll"
	OpAuth  Op = "auth"
)

// Limit is one bucket. A call takes from every bucket whose Ops name its operation, together or not at all.
type Limit struct {
	Name string `json:"name"`
	Ops  []Op   `json:"ops"` // empty: every operation
	// Rate tokens return every Per; Burst is the most that can be saved up. A daily budget has Per of 24 h and Fixed set:
	// it refills at once at the end of its window.
	Rate  int64         `json:"rate"`
	Per   time.Duration `json:"per"`
	Burst int64         `json:"burst"`
	Fixed bool          `json:"fixed,omitempty"`
	// Calls: every call takes one, whatever its weight: request counts and minimum intervals beside cost points.
	Calls bool `json:"calls,omitempty"`
	// Reserve is the share in percent kept for writes to zero.
	Reserve int64 `json:"reserve,omitempty"`
}
