package ledger

import (
	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
)

// Part is one item of what a listing's piece is made of: Units of Item each. A plain listing has one part (its pack
// size), a bundle one for each component.
type Part struct {
	Item  ident.Item
	Units int64
}

// Recipe is what one piece of a listing takes from the store room. Empty: the listing is not bound.
type Recipe []Part

// Line is what is kept of an order line: a keyed hash, numbers and times.
type Line struct {
	ID       ident.Line
	Source   string // keyed hash of account, order and line reference
	Listing  channel.ListingKey
	Quantity int64
	Shipped  int64
	Returned int64
	Taken    int64
	Version  int64
	// Opening is what the line adds to on hand because it is older than what it is booked against: its units were not in
	// the count, which meant "sellable now". Set once, when the line first meets a counted item.
	Opening   int64
	Met       bool // Opening is decided
	Backfill  bool // seen in the first read of the feed: older than the connection
	FirstSeen ident.Micros
	UpdatedAt ident.Micros
}

// Open is how many units are promised and still here.
func (l Line) Open() int64 { return max(0, l.Quantity-l.Shipped) }

// Untaken is how many promised units the channel's own counter has not moved for: they belong in the wire value.
func (l Line) Untaken() int64 {
	if l.Quantity == 0 {
		return 0
	}
	return max(0, l.Quantity-max(l.Taken, l.Shipped))
}

// Newer returns l with the facts of f unless f is an older version of the same line, and whether anything changed (I2).
// Of two readings of one version the later one counts: a channel's clock may be coarse, and its reads torn.
func (l Line) Newer(f channel.Line, now ident.Micros) (Line, bool) {
	if l.FirstSeen != 0 && f.Version < l.Version {
		return l, false
	}
	same := l.FirstSeen != 0 && l.Quantity == f.Quantity && l.Shipped == f.Shipped && l.Returned == f.Returned && l.Taken == f.Taken
	if l.FirstSeen == 0 {
		l.FirstSeen, l.Listing = now, f.Listing
	}
	l.Quantity, l.Shipped, l.Returned, l.Taken, l.Version = f.Quantity, f.Shipped, f.Returned, f.Taken, f.Version
	l.UpdatedAt = now
	return l, !same
}

// Effect is what a line does to one item, as a state: its share of reserved and of on hand.
type Effect struct {
	Item     ident.Item
	Reserved int64
	OnHand   int64
}

// Meet decides, once, whether the line is older than the count it is first booked against. counted is when the items of
// the recipe were first counted (the latest of them), 0 for never: a count made later will include this line's units in
// what it adds to on hand, so nothing has to be opened.
func (l Line) Meet(counted ident.Micros) Line {
	if l.Met {
		return l
	}
	l.Met = true
	if counted != 0 && (l.Backfill || l.FirstSeen < counted) {
		// Older than the count: available must not fall, so the open units come on hand as they are reserved; what had
		// left before does not leave again.
		l.Opening = l.Open() + l.Shipped - l.Returned
	}
	return l
}

// Effects returns what the line does now to each item of the recipe, in recipe order.
func (l Line) Effects(r Recipe) []Effect {
	out := make([]Effect, 0, len(r))
	for _, p := range r {
		out = append(out, Effect{
			Item:     p.Item,
			Reserved: l.Open() * p.Units,
			OnHand:   (l.Opening - l.Shipped + l.Returned) * p.Units,
		})
	}
	return out
}

// Differences returns the entries that lead from the effects a line had to those it should have. Items are booked in
// the order given: first those of want, then those only had knew.
func Differences(had, want []Effect) []Entry {
	var out []Entry
	seen := make(map[ident.Item]bool, len(want))
	for _, w := range want {
		seen[w.Item] = true
		h := effectOf(had, w.Item)
		out = appendMoves(out, w.Item, w.Reserved-h.Reserved, w.OnHand-h.OnHand)
	}
	for _, h := range had {
		if !seen[h.Item] {
			out = appendMoves(out, h.Item, -h.Reserved, -h.OnHand)
		}
	}
	return out
}

// appendMoves names a pair of deltas: shipping lowers both by the same, an opening raises both, the rest is a
// reservation, a return, or units that left without having been reserved.
func appendMoves(out []Entry, item ident.Item, reserved, onHand int64) []Entry {
	switch {
	case onHand < 0:
		out = append(out, Entry{Kind: Ship, Item: item, OnHand: onHand, Reserved: max(onHand, min(reserved, 0))})
		reserved -= max(onHand, min(reserved, 0))
	case onHand > 0 && reserved > 0:
		n := min(onHand, reserved)
		out = append(out, Entry{Kind: Opening, Item: item, OnHand: n, Reserved: n})
		onHand, reserved = onHand-n, reserved-n
		fallthrough
	case onHand > 0:
		if onHand > 0 {
			out = append(out, Entry{Kind: Return, Item: item, OnHand: onHand})
		}
	}
	if reserved != 0 {
		out = append(out, Entry{Kind: Reserve, Item: item, Reserved: reserved})
	}
	return out
}

func effectOf(es []Effect, item ident.Item) Effect {
	for _, e := range es {
		if e.Item == item {
			return e
		}
	}
	return Effect{Item: item}
}

// Holds returns the entries that lead from the units held on behalf of a counter to those that should be.
func Holds(had, want []Part) []Entry {
	var out []Entry
	seen := make(map[ident.Item]bool, len(want))
	for _, w := range want {
		seen[w.Item] = true
		if n := w.Units - unitsOf(had, w.Item); n != 0 {
			out = append(out, Entry{Kind: Hold, Item: w.Item, Held: n})
		}
	}
	for _, h := range had {
		if !seen[h.Item] && h.Units != 0 {
			out = append(out, Entry{Kind: Hold, Item: h.Item, Held: -h.Units})
		}
	}
	return out
}

func unitsOf(ps []Part, item ident.Item) int64 {
	for _, p := range ps {
		if p.Item == item {
			return p.Units
		}
	}
	return 0
}
