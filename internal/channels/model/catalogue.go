package model

import (
	"slices"
	"sort"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// place is a bookmark of the catalogue.
type place struct {
	row  int    // with shift: how many rows are behind it
	last string // without: the last key seen
	made time.Time
}

// leaf is one page of listings as a reading at one moment shows them.
type leaf struct {
	listings []channel.Listing
	counts   []channel.Count
	total    *int64
	next     *place
}

// page reads limit listings from p on; nil starts.
func (m *Market) page(p *place, limit int) (leaf, error) {
	if limit < 1 || limit > m.o.List.Page {
		limit = m.o.List.Page
	}
	start := 0
	if p != nil {
		if m.o.List.Life > 0 && m.now.Sub(p.made) > m.o.List.Life {
			return leaf{}, fault.New(fault.Conflict, "the bookmark in the list is too old; start the list again")
		}
		start = min(p.row, len(m.listings))
		if !m.o.List.Shift {
			start = m.after(p.last)
		}
	}
	var out leaf
	if !m.o.List.NoTotal {
		out.total = new(int64(len(m.listings)))
	}
	end := min(start+limit, len(m.listings))
	when, seen := m.asOf(), map[*counter]bool{}
	for _, x := range m.listings[start:end] {
		out.listings = append(out.listings, m.show(x, when))
		for _, c := range x.counters {
			if !seen[c] {
				seen[c] = true
				out.counts = append(out.counts, m.count(c, when))
			}
		}
	}
	if end < len(m.listings) {
		out.next = &place{row: end, last: string(m.listings[end-1].key), made: m.now}
	}
	return out, nil
}

// after returns the row behind the listing with that key, also when it has ended since.
func (m *Market) after(key string) int {
	x := m.byKey[channel.ListingKey(key)]
	if x == nil {
		return 0
	}
	return sort.Search(len(m.listings), func(i int) bool { return m.listings[i].num > x.num })
}

// show is what a reading as of when says of x.
func (m *Market) show(x *listing, when time.Time) channel.Listing {
	price := money.Of(at(x.past, when), x.price.Currency)
	out := channel.Listing{
		Key: x.key, Group: x.group, SKU: x.sku, GTIN: x.gtin, Title: x.title, Pool: x.pool, Active: x.active, Price: &price,
	}
	for _, c := range x.counters {
		out.Stock = append(out.Stock, channel.Draw{StockKey: c.key, Units: 1})
	}
	return out
}

// count is what a reading as of when says of c.
func (m *Market) count(c *counter, when time.Time) channel.Count {
	n := channel.Count{StockKey: c.key, Quantity: at(c.past, when)}
	if m.o.ShowReserved {
		n.Reserved = new(max(0, c.untaken))
	}
	return n
}

// look reads chosen keys.
func (m *Market) look(k channel.Keys) (channel.Page, error) {
	if n := len(k.Stock) + len(k.Prices); n > m.o.Caps.Read.MaxKeys {
		return channel.Page{}, fault.New(fault.Invalid, "%d keys in one read, at most %d are taken", n, m.o.Caps.Read.MaxKeys)
	}
	var p channel.Page
	when := m.asOf()
	for _, key := range k.Stock {
		c := m.byStock[key]
		if c == nil || !slices.ContainsFunc(c.listings, func(x *listing) bool { return !x.gone }) {
			p.GoneStock = append(p.GoneStock, key)
			continue
		}
		p.Counts = append(p.Counts, m.count(c, when))
	}
	for _, r := range k.Prices {
		x := m.byKey[r.Key]
		if x == nil || x.gone {
			p.Gone = append(p.Gone, r.Key)
			continue
		}
		p.Listings = append(p.Listings, m.show(x, when))
	}
	return p, nil
}
