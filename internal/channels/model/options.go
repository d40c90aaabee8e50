package model

import (
	"math/rand/v2"
	"slices"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// Options are the switches of a market. The zero Options with a preset of this package are a plain, healthy market.
type Options struct {
	// Name starts every id, so that ids of two markets differ. At most 32 characters.
	Name string
	// Now is the only clock; nil is the machine's.
	Now func() time.Time
	// Rand is the only source of chance; nil is a fixed seed.
	Rand *rand.Rand
	// Skew is how far the channel's own times are off.
	Skew time.Duration

	// Caps is what the market declares and does: write mode, decrement moment, batch form, tickets, budgets, lags, limits.
	// An idempotency key is honoured for Caps.Stock.KeyWindow.
	Caps channel.Capabilities
	// Declared, when set, is what it says instead: a market whose documentation is wrong.
	Declared *channel.Capabilities

	// Locations are the places where stock is kept; nil is one place without a name.
	Locations []string
	// Storefronts sell every product once each, all from the same counter; nil is one listing a product.
	Storefronts []string
	// ShowReserved adds to each reading how many units open orders hold.
	ShowReserved bool
	// Backorders lets buyers take more than there is; the counter goes below zero.
	Backorders bool
	// DuplicateKills refuses a whole batch that names a key twice; otherwise the later row wins.
	DuplicateKills bool

	List  ListOptions
	Feed  FeedOptions
	Async AsyncOptions
	Hooks HookOptions
	Token TokenOptions
	Quota QuotaOptions
	// Closed are maintenance windows.
	Closed Window
	// Rival is another tool that writes the same counters.
	Rival Rival
	// Faults go wrong by chance. Script, when set, is asked first: n counts the calls of op from 1; "" is no fault.
	Faults []Chance
	Script func(op channel.Op, n int64) farside.FaultKind

	// Canary is the buyer data of every order; nil is Canary().
	Canary []string
	// OnServe is told when an order line is first on a page of the feed; at is the market's time. Observers are called
	// inside the market's lock: they must be quick and must not ask it anything.
	OnServe func(order, line string, at time.Time)
	// OnWrite is told of every row of every write request; At is when the request's head arrived, before its body.
	OnWrite func(Seen)
}

// ListOptions are the traits of the catalogue read.
type ListOptions struct {
	Page    int  // rows a page, 1 … 1,000; 0 is 1,000
	NoTotal bool // the list does not state how many there are
	// Shift pages by row number: a listing that ends during a pass moves all later ones up by one.
	Shift bool
	// Life is how long a cursor may be used; 0 for ever.
	Life time.Duration
}

// FeedOptions are the traits of the order feed. Its visibility lag is Caps.Sales.Lag: each change appears after a delay
// drawn from 0 … lag, so that changes also appear out of order.
type FeedOptions struct {
	Page   int           // lines a page, 1 … 1,000; 0 is 250
	Window time.Duration // how far back changes can be read; 0 for ever
	// Shift pages by row number among the rows shown: a line that changes during a pass moves the others up.
	Shift bool
	// Again is how many of 1,000 pages repeat some earlier lines, older versions among them.
	Again int
}

// AsyncOptions are the traits of tickets; they matter when Caps say Ticket.
type AsyncOptions struct {
	Queue time.Duration // a job is done after a time drawn from 0 … Queue
	Stuck int           // of 1,000 jobs never end
	Keep  time.Duration // how long a finished report can be read; 0 for ever
}

// HookOptions are the traits of webhooks; none are made when Secret is "".
type HookOptions struct {
	Secret string        // signs the body
	Delay  time.Duration // each is delivered after 0 … Delay, so they are reordered
	Lose   int           // of 1,000 never arrive
	Repeat int           // of 1,000 arrive again
	Forge  int           // of 1,000 are accompanied by one signed with another secret
}

// TokenOptions are the traits of credentials over HTTP.
type TokenOptions struct {
	Secret string        // the account's token; "" accepts any
	Life   time.Duration // how long an access lasts; 0 for ever
}

// QuotaOptions say whether Caps.Limits are enforced. Answers then carry RateLimit-Remaining.
type QuotaOptions struct {
	Enforce bool
	// RowCost is what each row of a batch or of a read of keys costs on top of the 1 for the call.
	RowCost int64
}

// Window is a span that returns: closed for For at the start of every Every. Zero is never.
type Window struct{ Every, For time.Duration }

// Rival writes Value into a counter picked by chance, every Every. Zero is none.
type Rival struct {
	Every time.Duration
	Value int64
}

// Chance is one fault with its probability in 1,000; an empty Op is every operation.
type Chance struct {
	Kind     farside.FaultKind
	Op       channel.Op
	PerMille int
}

// Faults of this market beyond those every fake has.
const (
	// FaultRefused: no connection; nothing left.
	FaultRefused farside.FaultKind = "refused"
	// FaultLate: the answer is lost at once and the write lands later, within Caps' Longest.
	FaultLate farside.FaultKind = "late"
	// FaultMissing: the write is done, the answer lacks the outcomes of some rows.
	FaultMissing farside.FaultKind = "missing"
	// FaultReordered: the write is done, the outcomes come in another order.
	FaultReordered farside.FaultKind = "reordered"
	// FaultHeld: the channel holds the first row for review.
	FaultHeld farside.FaultKind = "held"
)

// Seen is one row of one write request as it arrived.
type Seen struct {
	Field    channel.Field
	Stock    channel.StockKey
	Listing  channel.ListingKey
	Quantity int64
	Delta    int64
	Price    money.Amount
	At       time.Time
}

// Canary is the buyer data of a market's orders unless Options say otherwise. Nothing of it may be found anywhere.
func Canary() []string {
	return []string{
		"Ottavia Canarini", "via del Canarino 7, 34121 Trieste", "ottavia.canarini@canary.invalid", "+39 040 5550172",
		"per il compleanno di Ottavia",
	}
}

const (
	maxPage  = 1000
	feedPage = 250
)

// complete fills what was left open and refuses what makes no sense.
func (o Options) complete() (Options, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(1, 1))
	}
	if o.Canary == nil {
		o.Canary = Canary()
	}
	if o.Caps.Stock.Mode == channel.NoWrite && o.Caps.Stock.Moment == "" {
		return o, fault.New(fault.Invalid, "a market needs capabilities: start from a preset")
	}
	if o.List.Page == 0 {
		o.List.Page = maxPage
	}
	if o.Feed.Page == 0 {
		o.Feed.Page = feedPage
	}
	if len(o.Locations) == 0 {
		o.Locations = []string{""}
	}
	if len(o.Storefronts) == 0 {
		o.Storefronts = []string{""}
	}
	if o.Caps.Currency == "" {
		o.Caps.Currency = "EUR"
	}
	switch {
	case len(o.Name) > 32:
		return o, fault.New(fault.Invalid, "market name %q has more than 32 characters", o.Name)
	case o.List.Page < 1 || o.List.Page > maxPage || o.Feed.Page < 1 || o.Feed.Page > maxPage:
		return o, fault.New(fault.Invalid, "pages of %d and %d rows: 1 to %d are possible", o.List.Page, o.Feed.Page, maxPage)
	case o.Caps.Stock.MaxBatch < 1 || o.Caps.Price.Write && o.Caps.Price.MaxBatch < 1:
		return o, fault.New(fault.Invalid, "a batch holds at least one write")
	case o.Closed.For < 0 || o.Closed.Every < 0 || o.Closed.For > o.Closed.Every:
		return o, fault.New(fault.Invalid, "maintenance of %v every %v leaves no time", o.Closed.For, o.Closed.Every)
	}
	for _, n := range []int{o.Feed.Again, o.Async.Stuck, o.Hooks.Lose, o.Hooks.Repeat, o.Hooks.Forge} {
		if n < 0 || n > 1000 {
			return o, fault.New(fault.Invalid, "a chance of %d in 1,000", n)
		}
	}
	if slices.ContainsFunc(o.Faults, func(c Chance) bool { return c.PerMille < 0 || c.PerMille > 1000 }) {
		return o, fault.New(fault.Invalid, "a fault's chance is not in 0 … 1,000")
	}
	return o, nil
}
