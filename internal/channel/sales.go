package channel

import "time"

// Line is a fact about one order line: how many units of a listing it takes now. It is all we know of an order.
type Line struct {
	Order   string // the channel's order reference; the core keeps a keyed hash of it
	Line    string // the channel's line id, unique within the order
	Listing ListingKey
	// Quantity is ordered minus cancelled minus given back before shipping; 0 for a cancelled line.
	Quantity int64
	// Shipped is how many of Quantity have left; at most Quantity.
	Shipped int64
	// Returned is how many shipped units came back into stock, by the channel's own word (refund with restock).
	Returned int64
	// Taken is by how many units the channel's own counter is down for this line right now (its decrement moment has
	// passed and nothing was given back).
	Taken int64
	// Version orders the versions of a line on the channel's own clock or counter; a lower one never replaces a higher.
	Version int64
	// PlacedAt is the channel's time of the order; compared with that channel's times only (I21).
	PlacedAt time.Time
}

// SalesPage is one page of the order feed.
type SalesPage struct {
	Lines []Line
	// Next is where to go on: the next page when More, else the cursor of the next poll, already set back by the
	// overlap that covers the feed's visibility lag (I4).
	Next Cursor
	More bool
	// Findings are lines that could not be read.
	Findings []Finding
}

// Hint is what a webhook is allowed to say: look again.
type Hint struct {
	Topic string
	ID    string // for de-duplication
	Sales bool   // orders may have changed
	Stock []StockKey
	Price []ListingRef
}
