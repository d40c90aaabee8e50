package vendure

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// The order feed. An order's updatedAt does not move when it is placed, fulfilled or shipped (doc.go), so a poll reads
//
//	again    the oldest open orders, by id;
//	placed   every order placed since then, by the time it was placed, which never changes;
//	changed  orders by updatedAt, which does find units cancelled in orders that were done.
//
// The first read takes all open orders in place of these. Everything a poll needs to know is in its bookmark, so any
// node can go on. An order is open as long as a unit of it has not left.
const (
	passOpen    = "open"
	passAgain   = "again"
	passPlaced  = "placed"
	passChanged = "changed"
)

const (
	// overlap covers the time between an order's date and its visibility, and clocks of the store's machines (I4).
	overlap = int64(10 * time.Minute / time.Millisecond)
	// mostOld is how many open orders a bookmark names; those after them are found by date.
	mostOld  = 100
	maxBytes = 2400
	// A shop may leave thousands of orders open for ever. The further back an order lies, the less often it is read
	// again: within near at every poll, within far at every 20th, all at every 500th. The 500th also reads what is done
	// within far: a fulfillment that was cancelled moves no time of its order.
	day       = int64(24 * time.Hour / time.Millisecond)
	near, far = 3 * day, 30 * day
	farPoll   = 20
	allPoll   = 500
	// mostLines bounds a page of the feed.
	mostLines = 1000
)

// bookmark is where the feed stands. Times are milliseconds since 1970 on the store's clock.
type bookmark struct {
	Pass  string `json:"pass"`
	After int64  `json:"after"`          // the pass goes on behind this time
	Skip  int    `json:"skip,omitempty"` // rows already read that share the next millisecond; in the pass again: of Old
	// Old names open orders placed before From; every other open order was placed at From or later.
	Old  []string `json:"old,omitempty"`
	From int64    `json:"from"`
	// Rest is the date of the first open order this poll met that Old has no room for; 0 for none.
	Rest int64 `json:"rest,omitempty"`
	// Keep says that this poll looked at less than all since From, so that From stays.
	Keep    bool  `json:"keep,omitempty"`
	Newest  int64 `json:"newest"`  // newest order seen
	Changed int64 `json:"changed"` // newest change seen
	Polls   int   `json:"polls"`
	Today   int64 `json:"today"` // the store's clock at its last answer; 0 when it did not say
}

// Sales reads one page of the feed.
func (s *shop) Sales(ctx context.Context, from channel.Cursor) (channel.SalesPage, error) {
	b, err := s.mark(ctx, from)
	if err != nil {
		return channel.SalesPage{}, fault.Wrap("read orders", err)
	}
	doc, vars := b.ask()
	data, err := s.client.ask(ctx, channel.OpSales, doc, vars)
	if err != nil {
		return channel.SalesPage{}, fault.Wrap("read orders", err)
	}
	orders, err := decodeOrders(data)
	if err != nil {
		return channel.SalesPage{}, err
	}
	var p channel.SalesPage
	if b.clamp(s.client.today.Load()) {
		b.restart()
		p.More = true
	} else {
		var taken int
		p, taken = sales(orders)
		b, p.More = b.turn(orders[:taken], len(orders) > taken)
	}
	text, err := json.Marshal(b)
	if err != nil {
		return channel.SalesPage{}, fault.New(fault.Internal, "write the bookmark: %w", err)
	}
	p.Next = channel.Cursor(text)
	return p, nil
}

// mark reads a bookmark, or makes the first one: the feed starts behind what the store holds now.
func (s *shop) mark(ctx context.Context, from channel.Cursor) (bookmark, error) {
	if from != "" {
		var b bookmark
		if err := json.Unmarshal([]byte(from), &b); err != nil || !b.ours() {
			return bookmark{}, fault.New(fault.Invalid, "this is not a bookmark of a Vendure order feed")
		}
		return b, nil
	}
	data, err := s.client.ask(ctx, channel.OpSales, docNewest, nil)
	if err != nil {
		return bookmark{}, err
	}
	placed, changed, err := decodeNewest(data)
	if err != nil {
		return bookmark{}, err
	}
	return bookmark{Pass: passOpen, Newest: placed, Changed: changed}, nil
}

// ours reports a bookmark this package can have written.
func (b bookmark) ours() bool {
	switch b.Pass {
	case passOpen, passPlaced, passChanged:
		return b.Skip >= 0
	case passAgain:
		return b.Skip >= 0 && b.Skip <= len(b.Old)
	}
	return false
}

// clamp keeps the bookmark out of the store's future: an order dated ahead would else hide every order placed until
// that time. It reports a clock of the store that was set back: then what was placed since lies before the bookmark
// (F13). Only times of the store are compared (I21).
func (b *bookmark) clamp(today int64) (back bool) {
	back = today > 0 && today < b.Today-overlap/2
	if b.Today = today; today > 0 {
		b.Newest, b.Changed = min(b.Newest, today), min(b.Changed, today)
	}
	return back
}

// restart begins the poll again, far enough back.
func (b *bookmark) restart() {
	if b.Pass == passOpen {
		b.After, b.Skip = 0, 0
		return
	}
	b.From, b.Changed = min(b.From, b.Today-near), b.Changed-near
	b.begin()
}

// past is t, or the store's present when t lies after it.
func (b bookmark) past(t int64) int64 {
	if b.Today > 0 {
		return min(t, b.Today)
	}
	return t
}

// ask returns the next request of the pass.
func (b bookmark) ask() (string, any) {
	vars := afterVars{After: stamp(b.After), Skip: b.Skip}
	switch b.Pass {
	case passAgain:
		return docAgain, idVars{b.Old[b.Skip:]}
	case passPlaced:
		return docPlaced, vars
	case passChanged:
		return docChanged, vars
	}
	return docOpen, vars
}

// sales collects the lines of a page, each order once, and says how many orders it took: a page holds at most
// mostLines lines, unless a single order has more.
func sales(orders []order) (channel.SalesPage, int) {
	var p channel.SalesPage
	seen := map[string]bool{}
	for i, o := range orders {
		if len(p.Lines) > 0 && len(p.Lines)+len(o.lines) > mostLines {
			return p, i
		}
		if o.finding != nil {
			p.Findings = append(p.Findings, *o.finding)
		} else if !seen[o.id] {
			p.Lines = append(p.Lines, o.lines...)
		}
		seen[o.id] = true
	}
	return p, len(orders)
}

// turn books the orders of one answer and moves the bookmark on. cut says that the answer held more than was taken.
func (b bookmark) turn(orders []order, cut bool) (bookmark, bool) {
	more := cut || len(orders) == pageSize
	if b.Pass == passAgain {
		return b.again(orders, cut), true
	}
	last := int64(0)
	for _, o := range orders {
		b.Newest = max(b.Newest, b.past(o.placed))
		switch b.Pass {
		case passChanged:
			b.Changed, last = max(b.Changed, b.past(o.changed)), max(last, o.changed)
		default:
			last = max(last, o.placed)
			b.watch(o)
		}
	}
	if more {
		// Rows of the last millisecond are read again: the store shows milliseconds and may keep finer times.
		if last-1 > b.After {
			b.After, b.Skip = last-1, 0
		} else {
			b.Skip += len(orders)
		}
		return b, true
	}
	switch b.Pass {
	case passPlaced:
		b.settle()
		b.Pass, b.After, b.Skip = passChanged, b.Changed-overlap, 0
		return b, true
	case passOpen:
		b.settle()
	}
	b.Polls++
	b.begin()
	return b, false
}

// begin puts the bookmark at the start of a poll.
func (b *bookmark) begin() {
	b.Pass, b.After, b.Skip = passAgain, 0, 0
	if len(b.Old) == 0 {
		b.enterPlaced()
	}
}

// again drops what is no longer open from the watched orders. What a cut answer leaves is asked for once more.
func (b bookmark) again(orders []order, cut bool) bookmark {
	came := map[string]order{}
	for _, o := range orders {
		came[o.id] = o
		b.Newest = max(b.Newest, b.past(o.placed))
	}
	front, rest := slices.Clone(b.Old[:b.Skip]), []string(nil)
	for _, id := range b.Old[b.Skip:] {
		switch o, ok := came[id]; {
		case ok && o.open:
			front = append(front, id)
		case !ok && cut:
			rest = append(rest, id)
		}
	}
	b.Skip = len(front)
	b.Old = append(front, rest...)
	if len(rest) == 0 {
		b.enterPlaced()
	}
	return b
}

// enterPlaced starts the pass over orders by date.
func (b *bookmark) enterPlaced() {
	start := b.From
	switch {
	case b.Polls%allPoll == 0:
		start = min(start, b.Newest-far)
	case b.Polls%farPoll == 0:
		start = max(start, b.Newest-far)
	default:
		start = max(start, b.Newest-near)
	}
	b.Keep = start > b.From
	b.Pass, b.After, b.Skip, b.Rest = passPlaced, start-1, 0, 0
}

// watch remembers an open order.
func (b *bookmark) watch(o order) {
	if !o.open || o.id == "" || b.Rest != 0 {
		return
	}
	size := 0
	for _, id := range b.Old {
		if id == o.id {
			return
		}
		size += len(id) + 3
	}
	if len(b.Old) < mostOld && size+len(o.id) < maxBytes {
		b.Old = append(b.Old, o.id)
		return
	}
	b.Rest = o.placed
}

// settle ends a pass that met all open orders since From.
func (b *bookmark) settle() {
	switch {
	case b.Keep:
	case b.Rest != 0:
		b.From = min(b.Rest, b.Newest-overlap)
	default:
		b.From = b.Newest - overlap
	}
	b.Rest, b.Keep = 0, false
}
