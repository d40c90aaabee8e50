package ledger

import "carpediemstore.it/sync-connector/internal/ident"

// Kind says what an entry is.
type Kind string

// The kinds. Count, Receipt, Adjust and Return alone create or remove units on hand; Ship moves them out of the house
// together with their reservation (I1).
const (
	Count   Kind = "count"   // a person, file or stock master said how many are sellable now
	Opening Kind = "opening" // units of an order older than the count: on hand and reserved at once
	Receipt Kind = "receipt" // goods arrived
	Adjust  Kind = "adjust"  // found, lost, broken
	Return  Kind = "return"  // shipped units came back into stock
	Reserve Kind = "reserve" // an order line takes units; negative when it gives them back
	Ship    Kind = "ship"    // reserved units left
	Hold    Kind = "hold"    // a drop was seen before its order line; negative when it ended
	Edit    Kind = "edit"    // an external edit at a stock master, adopted as a count
	Rebind  Kind = "rebind"  // a listing was bound to another item: its effects move
)

// Entry is one line of the ledger: three movements of one item. Deltas are in the item's own units.
type Entry struct {
	ID     ident.Entry
	Source string // unique in the tenant; "" for an entry that follows from a difference of stored states
	Item   ident.Item
	Kind   Kind
	// Place is the place of OnHand; "" is the main one.
	Place    string
	OnHand   int64
	Reserved int64
	Held     int64
	Account  ident.Account // 0 when no channel is involved
	Counter  ident.Counter
	Line     ident.Line
	At       ident.Micros
	Actor    string // who: a person's name here, "sync" for the service
	Note     string
}

// Balance is the fold of an item's entries.
type Balance struct {
	OnHand, Reserved, Held int64
	// Counted is when somebody first said how many there are; 0 means that on hand is absent, which is not zero.
	Counted ident.Micros
}

// Available is what may be promised; negative when more was sold than there is.
func (b Balance) Available() int64 { return b.OnHand - b.Reserved - b.Held }

// Add applies e.
func (b Balance) Add(e Entry) Balance {
	b.OnHand += e.OnHand
	b.Reserved += e.Reserved
	b.Held += e.Held
	if b.Counted == 0 && (e.Kind == Count || e.Kind == Edit || e.Kind == Receipt || e.Kind == Adjust) {
		b.Counted = e.At
	}
	return b
}

// CountTo returns the entry that makes available equal to n at this instant: a count means sellable now.
func (b Balance) CountTo(n int64) Entry {
	return Entry{Kind: Count, OnHand: n + b.Reserved + b.Held - b.OnHand}
}
