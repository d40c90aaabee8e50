package model

import (
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
)

// salesPage is one page of the feed as the channel's API gives it.
type salesPage struct {
	changes []int
	asOf    time.Time // the channel's time when the page was made
	skip    int
	after   int64
	more    bool
}

// changesSince reads changes made at or after t, the channel's time.
func (m *Market) changesSince(t time.Time, skip, limit int) (salesPage, error) {
	if w := m.o.Feed.Window; w > 0 && t.Before(m.now.Add(m.o.Skew-w)) {
		return salesPage{}, fault.New(fault.Conflict, "the order list reaches back %v only and the bookmark is older; read it from the start and treat what lies between as not seen", w)
	}
	r := m.feed.since(t.Add(-m.o.Skew), skip, m.feedLimit(limit), m.now, m.o.Feed.Shift)
	p := salesPage{changes: r.changes, asOf: m.now.Add(m.o.Skew), skip: r.skip, more: r.more}
	if m.chance(m.o.Feed.Again) {
		p.changes = append(p.changes, m.again(r.start)...)
	}
	m.serve(p.changes)
	return p, nil
}

// openSales reads lines with units to ship.
func (m *Market) openSales(after int64, limit int) salesPage {
	changes, last, more := m.feed.openLines(after, m.feedLimit(limit), m.now)
	m.serve(changes)
	return salesPage{changes: changes, asOf: m.now.Add(m.o.Skew), after: last, more: more}
}

func (m *Market) feedLimit(limit int) int {
	if limit < 1 || limit > m.o.Feed.Page {
		return m.o.Feed.Page
	}
	return limit
}

// again picks a few visible changes from start on, whatever has become of their lines since.
func (m *Market) again(start int) []int {
	var out []int
	for range 3 {
		if n := len(m.feed.log) - start; n > 0 {
			i := start + m.o.Rand.IntN(n)
			if c := m.feed.log[i]; !c.visible.After(m.now) && !c.line.vanished {
				out = append(out, i)
			}
		}
	}
	return out
}

// serve tells the observer which lines are shown for the first time.
func (m *Market) serve(changes []int) {
	for _, i := range changes {
		l := m.feed.log[i].line
		if !l.served {
			l.served = true
			if m.o.OnServe != nil {
				m.o.OnServe(l.order.id, l.id, m.now)
			}
		}
	}
}
