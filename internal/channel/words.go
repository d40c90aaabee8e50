package channel

import (
	"carpediemstore.it/sync-connector/internal/money"
)

// Kind names an adapter: "medusa".
type Kind string

// ListingKey is the channel's own id of something it sells. Opaque to the core; at most 256 bytes.
type ListingKey string

// StockKey names one number the channel keeps: its stock id and, where stock is kept per place, the place.
type StockKey struct {
	Key      string `json:"key"`
	Location string `json:"location,omitempty"`
}

// Field is one of the two things we keep in sync.
type Field string

// The fields.
const (
	Stock Field = "stock"
	Price Field = "price"
)

// Pool says whose goods a listing sells. A channel-fulfilled listing is never written (S22).
type Pool string

// The pools.
const (
	Merchant   Pool = "merchant"
	ByChannel  Pool = "channel"
	PoolAbsent Pool = ""
)

// Listing is what a channel says of one listing. Pointers are nil when the channel did not say: absent is not zero.
type Listing struct {
	Key   ListingKey
	Group string // write group of the price or of a full-replace call (product id); "" when writes need none
	SKU   string // bytes as received
	GTIN  string
	Title string // at most 200 characters, for matching only
	Pool  Pool
	// Active is false for a draft or an ended listing: it is kept in sync, but does not count as selling.
	Active bool
	// Stock names the counters the listing draws from, with the units one sold piece takes (1 unless the channel has
	// kits). Empty: the channel keeps no number for it.
	Stock []Draw
	Price *money.Amount
}

// Draw is one counter of a listing.
type Draw struct {
	StockKey
	Units int64
}

// Count is one reading of one counter: the channel's own number, as it is (negative where the channel allows it).
type Count struct {
	StockKey
	Quantity int64
	// Reserved is how many of these units the channel itself holds for open orders; nil when it does not say.
	Reserved *int64
}

// Page is one page of a catalogue read, or the answer to a read of keys.
type Page struct {
	Listings []Listing
	Counts   []Count
	// Next is the cursor of the next page; "" on the last.
	Next Cursor
	// Total is how many listings the channel says there are; nil when it does not say. A catalogue read that ends with
	// another number is incomplete, and nothing is concluded from what it lacks (F11).
	Total *int64
	// Findings are rows that were refused (bad price, bad quantity, duplicate key): the last good value stays.
	Findings []Finding
	// Gone lists keys asked for by Read that the channel says do not exist.
	Gone []ListingKey
	// GoneStock is Gone for counters.
	GoneStock []StockKey
}

// Cursor is an adapter's own bookmark: opaque, at most 4 KiB, without secrets.
type Cursor string

// Finding is one row of an answer that could not be used.
type Finding struct {
	Listing ListingKey
	Stock   StockKey
	Field   Field
	Code    string // stable, kebab-case: "bad-price", "duplicate-key"
	Text    string // for a person, no buyer data, no bodies
}

// Keys asks for some counters and some listings' prices.
type Keys struct {
	Stock  []StockKey
	Prices []ListingRef
}

// ListingRef is a listing with its write group.
type ListingRef struct {
	Key   ListingKey
	Group string
}
