package medusa

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

const (
	orderRows = 50
	mostLines = 1000
	// overlap is read again by each poll. It covers the time between an order's stamp and its commit, and clocks of
	// several servers of one shop that differ (I4).
	overlap = 5 * time.Minute
	// mostSeen bounds the memory of orders already looked through, so that a cursor stays small.
	mostSeen = 128
)

// salesCursor is where the feed goes on. Orders are read by the time of their last change, from Since on; whatever
// changes while it is read moves to the end and is met again.
type salesCursor struct {
	// Open: the first pass over all orders, which reports open lines only.
	Open bool `json:"open,omitempty"`
	// Since is inclusive: several orders can share one millisecond.
	Since time.Time `json:"since,omitzero"`
	// Tied: a whole page fell into the millisecond of Since. Its orders are read by id, from the row Skip on.
	Tied bool `json:"tied,omitempty"`
	Skip int  `json:"skip,omitempty"`
	// High is the latest change met so far.
	High time.Time `json:"high,omitzero"`
	// Floor is what no poll goes back behind: older orders were dealt with in the first pass.
	Floor time.Time `json:"floor,omitzero"`
	// Seen marks the newest orders whose earlier lines were already asked for.
	Seen []string `json:"seen,omitempty"`
}

func readSalesCursor(from channel.Cursor) (salesCursor, error) {
	if from == "" {
		return salesCursor{Open: true}, nil
	}
	var c salesCursor
	if err := json.Unmarshal([]byte(from), &c); err != nil || c.Skip < 0 || c.Tied && c.Since.IsZero() {
		return c, fault.New(fault.Invalid, "the cursor of the order feed cannot be read; start again")
	}
	return c, nil
}

// Sales reads one page of the order feed. An order line is reported in each state in which the shop shows it. The first
// pass leaves out lines that are no longer open, but not those of the last minutes: the polls behind it meet them again,
// and a line first seen then would pass for a sale made since the account was connected.
func (s *shop) Sales(ctx context.Context, from channel.Cursor) (channel.SalesPage, error) {
	at, err := readSalesCursor(from)
	if err != nil {
		return channel.SalesPage{}, err
	}
	a, err := s.ask(ctx, channel.OpSales, pathOrders, at.query())
	if err != nil {
		return channel.SalesPage{}, fault.Wrap("read orders", err)
	}
	orders, bad, rows, err := decodeOrders(a.body)
	if err != nil {
		return channel.SalesPage{}, fault.Wrap("read orders", err)
	}
	if len(orders) == 0 && rows >= orderRows {
		return channel.SalesPage{}, fault.Wrap("read orders", badAnswer(fault.New(fault.Invalid, "no order of a full page can be read")))
	}
	if slices.ContainsFunc(orders, func(x order) bool { return x.updated.Before(at.Since) }) {
		return channel.SalesPage{}, fault.Wrap("read orders", badAnswer(fault.New(fault.Invalid, "it holds orders older than asked for")))
	}
	out := channel.SalesPage{Findings: bad}
	met := 0
	for _, x := range orders {
		if met > 0 && len(out.Lines)+len(x.lines) > mostLines {
			break
		}
		gone, unread, err := s.removed(ctx, &at, x)
		if err != nil && met > 0 {
			break // what was read is kept; the rest is asked for again when the gate or the shop allows
		}
		if err != nil {
			return channel.SalesPage{}, fault.Wrap("read orders", err)
		}
		out.Findings = append(append(out.Findings, x.bad...), unread...)
		out.Lines = append(append(out.Lines, at.wanted(x, a.date())...), gone...)
		met++
	}
	next, more := at.next(orders[:met], met == len(orders) && rows < orderRows, a.date())
	text, err := json.Marshal(next)
	if err != nil {
		return channel.SalesPage{}, fault.Wrap("write the cursor", err)
	}
	out.Next, out.More = channel.Cursor(text), more
	return out, nil
}

// query asks for the orders behind the cursor.
func (c salesCursor) query() map[string][]string {
	q := page(wanting(orderFields), "updated_at", 0, orderRows)
	if !c.Since.IsZero() {
		q.Set("updated_at[$gte]", stamp(c.Since))
	}
	if c.Tied {
		q.Set("updated_at[$lt]", stamp(c.Since.Add(time.Millisecond)))
		q.Set("order", "id")
		q.Set("offset", strconv.Itoa(c.Skip))
	}
	return q
}

// wanted leaves out closed lines of older orders in the first pass.
func (c salesCursor) wanted(x order, clock time.Time) []channel.Line {
	if !c.Open || clock.IsZero() || !x.updated.Before(clock.Add(-overlap)) {
		return x.lines
	}
	return slices.DeleteFunc(x.lines, func(l channel.Line) bool { return l.Quantity <= l.Shipped })
}

// next moves the cursor behind the orders met. ended says that they were the last. An order stamped later than the shop's
// own clock does not draw the cursor along: every later order would be behind it (F13).
func (c salesCursor) next(met []order, ended bool, clock time.Time) (salesCursor, bool) {
	last := c.Since
	for _, x := range met {
		if x.updated.After(c.High) && (clock.IsZero() || x.updated.Before(clock.Add(overlap))) {
			c.High = x.updated
		}
		if x.updated.After(last) {
			last = x.updated.Truncate(time.Millisecond)
		}
	}
	switch {
	case ended && c.Tied:
		c.Tied, c.Skip, c.Since = false, 0, c.Since.Add(time.Millisecond)
		return c, true
	case ended:
		if c.Open {
			c.Open, c.Floor = false, c.floor(clock)
		}
		c.Since = c.Floor
		if back := c.High.Add(-overlap); !c.High.IsZero() && back.After(c.Floor) {
			c.Since = back
		}
		return c, false
	case c.Tied:
		c.Skip += len(met)
	case last.After(c.Since):
		c.Since = last
	default: // the whole page shares the millisecond of Since
		c.Tied, c.Skip = true, 0
	}
	return c, true
}

// floor is where the polls behind a first pass that ended at clock may begin: everything older has been met, for an order
// shows within the overlap of its stamp. It is never behind the last order met, so a clock that is wrong hides nothing.
func (c salesCursor) floor(clock time.Time) time.Time {
	if clock.IsZero() || c.High.IsZero() {
		return time.Time{}
	}
	floor := clock.Add(-overlap)
	if behind := c.High.Add(time.Millisecond).Truncate(time.Millisecond); behind.Before(floor) {
		return behind
	}
	return floor
}

// removed asks for the lines that an edit took away from x: the feed no longer shows them. The first pass needs none of
// them, an order in its first version has none, and each version is asked about once.
func (s *shop) removed(ctx context.Context, c *salesCursor, x order) ([]channel.Line, []channel.Finding, error) {
	if c.Open || x.version < 2 {
		return nil, nil, nil
	}
	sum := sha256.Sum256([]byte(x.id + " " + strconv.FormatInt(x.version, 10)))
	mark := base64.RawURLEncoding.EncodeToString(sum[:6])
	if slices.Contains(c.Seen, mark) {
		return nil, nil, nil
	}
	body, err := s.get(ctx, channel.OpSales, pathLines(x.id), wanting(orderLineFields))
	if err != nil {
		return nil, nil, err
	}
	gone, bad, err := decodeRemoved(body, x)
	if err != nil {
		return nil, nil, err
	}
	c.Seen = append(c.Seen, mark)
	c.Seen = c.Seen[max(0, len(c.Seen)-mostSeen):]
	return gone, bad, nil
}
