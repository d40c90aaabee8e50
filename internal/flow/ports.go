package flow

import (
	"context"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
)

// Store opens transactions for the driver of an account.
type Store interface {
	// Write commits fn under the fence: it extends the lease and fails with a Fenced fault when another epoch owns the
	// account. fn may run again after a passing conflict.
	Write(ctx context.Context, f Fence, fn func(Tx) error) error
	// Read runs fn on one state of the database.
	Read(ctx context.Context, fn func(Tx) error) error
}

// Tx is what a drive asks of one transaction. Every method works on the fence's tenant and account.
type Tx interface {
	SetupTx
	BookTx
	StockTx
	PriceTx
	IntentTx
	NoteTx
}

// SetupTx reads what a drive starts with, and keeps how far the feeds were read.
type SetupTx interface {
	Account(ctx context.Context, tenant ident.Tenant, id ident.Account) (Account, error)
	Feed(ctx context.Context, f Fence) (Feed, error)
	SaveFeed(ctx context.Context, f Fence, feed Feed) error
	Rules(ctx context.Context, tenant ident.Tenant) ([]Rule, error)
	Pauses(ctx context.Context, tenant ident.Tenant) ([]Pause, error)
}

// BookTx keeps order lines, the catalogue and the ledger.
type BookTx interface {
	// Lines returns the stored lines of sources.
	Lines(ctx context.Context, f Fence, sources []string) (map[string]Line, error)
	SaveLines(ctx context.Context, f Fence, lines []Line, refsUntil ident.Micros) error
	// Bounds returns the listings with these channel keys; keys that are no listing are missing.
	Bounds(ctx context.Context, f Fence, keys []channel.ListingKey) (map[channel.ListingKey]Bound, error)
	// Book appends entries, moves balances, marks what depends on them, and returns the accounts to wake.
	Book(ctx context.Context, tenant ident.Tenant, entries []ledger.Entry, urgent bool) ([]ident.Account, error)
	// SaveCatalogue inserts or updates listings, their draws and new counters as a catalogue page shows them, books the
	// lines that waited for a new listing, and marks what changed.
	SaveCatalogue(ctx context.Context, f Fence, ls []channel.Listing, sweep int64, now ident.Micros) error
	// MatchNext binds the next unbound listings after one to items by exact unique SKU or GTIN and books the lines that
	// waited for them. It returns where to go on; -1 at the end.
	MatchNext(ctx context.Context, f Fence, after ident.Listing, limit int, now ident.Micros) (ident.Listing, error)
	// MarkGone marks listings that the complete catalogue read did not show and returns how many there are.
	MarkGone(ctx context.Context, f Fence, sweep int64) (int64, error)
	// ListingCount returns how many listings of the account are not gone.
	ListingCount(ctx context.Context, f Fence) (int64, error)
}

// Mark is one piece of due work: a target and the generation of its mark when it was read (0: due without a mark).
type Mark struct {
	Target int64
	Gen    int64
	Urgent bool // marked by a sale or a hold
}

// StockTx keeps counters.
type StockTx interface {
	// StockWork returns due counters, most urgent first: sales and holds, sends to zero, decreases, readings that are due,
	// edits, increases.
	StockWork(ctx context.Context, f Fence, now ident.Micros, limit int, sending bool) ([]Mark, error)
	CountersByKey(ctx context.Context, f Fence, keys []channel.StockKey) ([]Counter, error)
	Counters(ctx context.Context, f Fence, ids []ident.Counter) ([]Counter, error)
	SaveCounters(ctx context.Context, f Fence, cs []Counter) error
	// Sellers returns the listings that draw from counters, with recipe and balances.
	Sellers(ctx context.Context, f Fence, ids []ident.Counter) (Sellers, error)
	// Elsewhere sets how many units of items accounts that are blind, other than the fence's, may still be selling.
	Elsewhere(ctx context.Context, f Fence, items map[ident.Item]Stored) error
	// Shown sets the most units of items that all counters together may be showing.
	Shown(ctx context.Context, f Fence, items map[ident.Item]Stored) error
	// Reserved sets how many units of items were reserved since a time.
	Reserved(ctx context.Context, f Fence, items map[ident.Item]Stored, since ident.Micros) error
	// Delay returns the 95th percentile of a stage measured since a time; 0 when there is none.
	Delay(ctx context.Context, f Fence, stage string, since ident.Micros) (time.Duration, error)
	// Edits returns how many external edits of targets were found since a time.
	Edits(ctx context.Context, f Fence, field channel.Field, targets []int64, since ident.Micros) (map[int64]int64, error)
	// MarkAccountItems marks the counters of other accounts that sell what the fence's account sells, and returns those
	// accounts.
	MarkAccountItems(ctx context.Context, f Fence) ([]ident.Account, error)
	// Mates returns the counters of every listing that shares a write group with one that draws from these counters.
	Mates(ctx context.Context, f Fence, ids []ident.Counter) ([]ident.Counter, error)
	// Provable returns counters whose holds or surpluses may have ended: seen at least the feed's lag before through.
	Provable(ctx context.Context, f Fence, through ident.Micros, limit int) ([]Counter, error)
	// SetHoldings makes the item units held for counters what they should be and returns the entries that do it.
	SetHoldings(ctx context.Context, f Fence, want []Holding) ([]ledger.Entry, error)
	// Mark marks targets of an account.
	Mark(ctx context.Context, tenant ident.Tenant, account ident.Account, field channel.Field, targets []int64, urgent bool) error
	// MarksDone writes back the generations that were worked.
	MarksDone(ctx context.Context, f Fence, field channel.Field, done []Mark) error
}

// PriceTx keeps the prices of listings.
type PriceTx interface {
	PriceWork(ctx context.Context, f Fence, now ident.Micros, limit int, sending bool) ([]Mark, error)
	Prices(ctx context.Context, f Fence, ids []ident.Listing) ([]Priced, error)
	PricesByKey(ctx context.Context, f Fence, keys []channel.ListingKey) ([]Priced, error)
	// PriceMates returns the listings that share a write group with these.
	PriceMates(ctx context.Context, f Fence, ids []ident.Listing) ([]ident.Listing, error)
	SavePrices(ctx context.Context, f Fence, ps []Price) error
	// Medians returns the median of the prices that listings were sold for since a time, where there was one.
	Medians(ctx context.Context, f Fence, ids []ident.Listing, since ident.Micros) (map[ident.Listing]int64, error)
	// ApprovedPrices returns the prices that approved plans name for listings (I10).
	ApprovedPrices(ctx context.Context, f Fence, ids []ident.Listing) (map[ident.Listing]int64, error)
}

// IntentTx keeps writes, from before they leave until they are verified.
type IntentTx interface {
	// Record inserts intents; I6 is enforced by a unique index.
	Record(ctx context.Context, f Fence, is []Intent) error
	SaveIntents(ctx context.Context, f Fence, is []Intent) error
	// Orphans returns intents recorded under an older epoch that nobody settled: a driver died between record and settle.
	Orphans(ctx context.Context, f Fence) ([]Intent, error)
	// Tickets returns accepted intents by ticket.
	Tickets(ctx context.Context, f Fence) (map[channel.Ticket][]Intent, error)
	// LastApplied closes the newest applied intent of targets as verified or refuted.
	CloseApplied(ctx context.Context, f Fence, field channel.Field, verified, refuted []int64, now ident.Micros) error
	// Spent returns how many intents of targets left since a time (revision budget, I15).
	Spent(ctx context.Context, f Fence, field channel.Field, targets []int64, since ident.Micros) (map[int64]int, error)
	// Approved returns which targets have a planned row of an applying plan with the given revision (mode approve).
	Approved(ctx context.Context, f Fence, field channel.Field, revs map[int64]int64) (map[int64]ident.Plan, error)
	// NextDue returns when there is work next: readings, tickets; 0 for none. pending reports marks or lanes left.
	NextDue(ctx context.Context, f Fence, now ident.Micros, sending bool) (due ident.Micros, pending bool, err error)
}

// NoteTx keeps decisions, findings, events and measured delays.
type NoteTx interface {
	Decide(ctx context.Context, tenant ident.Tenant, ds []Decision) ([]ident.Decision, error)
	Raise(ctx context.Context, tenant ident.Tenant, fs []Finding) error
	Settle(ctx context.Context, tenant ident.Tenant, causes []string, by string, at ident.Micros) error
	Log(ctx context.Context, tenant ident.Tenant, es ...Event) error
	SaveLatency(ctx context.Context, f Fence, stage string, at ident.Micros, delays []time.Duration) error
}

// Holding is the item units held for one counter's holds.
type Holding struct {
	Counter ident.Counter
	Want    []ledger.Part
	At      ident.Micros
}

// Channels opens accounts. The same open channel is returned until its settings or credentials change.
type Channels interface {
	Open(ctx context.Context, a Account) (channel.Channel, channel.Capabilities, error)
	// Forget closes an account, so that the next Open takes its credentials anew.
	Forget(tenant ident.Tenant, account ident.Account)
	// Hasher returns the tenant's keyed hash for order references (C05).
	Hasher(ctx context.Context, tenant ident.Tenant) (func(parts ...string) string, error)
}

// Clock tells the time; the simulator's is virtual.
type Clock interface{ Now() ident.Micros }

// Waker is told which accounts have become due; it may forget, the database does not.
type Waker interface {
	Wake(tenant ident.Tenant, accounts ...ident.Account)
}
