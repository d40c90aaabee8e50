// Package farside names the far side of a channel: the shop as its buyers and its owner use it. Every fake server and the
// model market offer it, so the demo, the benchmarks and the contract drive all channels alike.
package farside

import (
	"net/http"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/money"
)

// Shop is the far side of a channel as its buyers and its owner use it. Every fake server offers it, so the contract,
// the demo and the benchmarks drive all channels alike. A Shop is safe for concurrent use; its clock is Options.Now.
type Shop interface {
	http.Handler
	// Add puts products on sale. SKUs may repeat on purpose.
	Add(products ...Product)
	// Buy places an order the way a buyer does; ok is false when the shop refuses it for lack of stock. Every order holds
	// the canary buyer data the fake was made with.
	Buy(items ...Item) (order string, ok bool)
	// Pay, Ship and Cancel move an order on. Cancel puts goods back as the real shop would.
	Pay(order string)
	Ship(order string)
	Cancel(order string)
	// SetStock and SetPrice are the owner's hand edits, behind the connector's back.
	SetStock(key channel.StockKey, n int64)
	SetPrice(key channel.ListingKey, p money.Amount)
	// Truth is what the shop really holds now.
	Truth() Truth
	// Inject makes the next matching requests fail in a given way.
	Inject(f Fault)
}

// Product is something on sale: one listing with one counter per location.
type Product struct {
	SKU, GTIN, Title string
	Group            string // variants with the same group belong to one product
	Stock            int64
	Price            money.Amount
}

// Item is one line of an order.
type Item struct {
	SKU      string
	Quantity int64
}

// Truth is the state of a shop.
type Truth struct {
	// Counts holds the channel's own numbers; Sellable what a buyer could still get.
	Counts   map[channel.StockKey]int64
	Sellable map[string]int64 // by SKU
	Prices   map[channel.ListingKey]money.Amount
	SKUs     map[channel.ListingKey]string
	Stocks   map[channel.ListingKey][]channel.StockKey
	// Orders is the true order list; Oversold counts units the shop took orders for beyond its own stock rule.
	Orders []Order
}

// Order is one order of the true list.
type Order struct {
	ID        string
	State     string // "placed", "paid", "shipped", "cancelled"
	Items     []Item
	PlacedAt  time.Time
	Cancelled bool
}

// Fault is one planted failure. Zero fields match everything.
type Fault struct {
	Op    channel.Op // which calls
	Times int        // how many of them; 0 means until cleared by Inject(Fault{})
	Kind  FaultKind
}

// FaultKind is how a call fails.
type FaultKind string

// The faults every fake can show.
const (
	FaultNone      FaultKind = ""
	Fault429       FaultKind = "429"           // rate limited with Retry-After: 1
	Fault500       FaultKind = "500"           // JSON error, nothing done
	FaultHTML      FaultKind = "html"          // gateway page with status 502, nothing done
	FaultHTML200   FaultKind = "html-200"      // a login page with status 200
	FaultTruncated FaultKind = "truncated"     // half of the JSON answer; the write is done
	FaultLost      FaultKind = "lost"          // the write is done, the connection is cut without an answer
	FaultDropped   FaultKind = "dropped"       // nothing done, the connection is cut
	FaultHuge      FaultKind = "huge"          // an endless answer
	FaultEmpty     FaultKind = "empty"         // status 200, no body
	FaultUnauth    FaultKind = "unauthorized"  // credentials refused
	FaultIgnored   FaultKind = "ignored"       // success is answered, nothing is done
	FaultShortList FaultKind = "short-list"    // a list misses rows although the total says otherwise
	FaultDuplicate FaultKind = "duplicate-row" // a list repeats a row
	FaultWrongType FaultKind = "wrong-type"    // quantities and prices of one row come as text, null, fractions or absent
	FaultPartial   FaultKind = "partial"       // the first row of a batch is refused, where the channel can do that
	FaultSlow      FaultKind = "slow"          // the answer drips slower than any deadline
)

// Hooker is a Shop that sends webhooks; Hooks takes out those it has sent since the last call.
type Hooker interface {
	Hooks() []Hook
}

// Hook is one webhook as it arrives.
type Hook struct {
	Header http.Header
	Body   []byte
}
