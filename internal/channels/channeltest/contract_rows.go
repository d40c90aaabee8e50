package channeltest

import (
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
)

// testBadRows: one bad row harms itself only, and a list that lies about its length is noticed (F6, F11, F28, F29).
func testBadRows(t *testing.T, target Target) {
	open := func(t *testing.T) (*Link, Truth) {
		l := Open(t, target)
		l.Shop.Add(l.products(12, 3)...)
		l.settle()
		l.list(t)
		return l, l.Shop.Truth()
	}
	if target.shows(FaultWrongType) {
		t.Run(string(FaultWrongType), func(t *testing.T) {
			l, truth := open(t)
			l.Shop.Inject(Fault{Kind: FaultWrongType})
			c := l.list(t)
			c.agree(t, truth, false) // what is said is right; what cannot be read is absent, never zero
			if len(c.findings) == 0 {
				t.Error("rows with quantities and prices of a wrong type gave no finding")
			}
			for _, f := range c.findings {
				if f.Code == "" || f.Text == "" || f.Listing == "" && f.Stock.Key == "" {
					t.Errorf("finding %+v: want the key, a code and a text", f)
				}
			}
			if n := len(truth.Counts) - len(c.counts); n > len(truth.Counts)/2 {
				t.Errorf("%d of %d counts are missing because of one bad row", n, len(truth.Counts))
			}
			if r, ok := l.Channel.(channel.Reader); ok {
				l.tolerate(t, r, truth)
			}
		})
	}
	if target.shows(FaultDuplicate) {
		t.Run(string(FaultDuplicate), func(t *testing.T) {
			l, truth := open(t)
			l.Shop.Inject(Fault{Kind: FaultDuplicate})
			for from := channel.Cursor(""); ; {
				p, err := l.Channel.List(l.ctx(t), from)
				if err != nil {
					t.Fatalf("List() with a repeated row = %v, want a page", err)
				}
				c := newCatalogue()
				c.add(p)
				if len(c.repeated) != 0 {
					t.Errorf("listings %v come twice in one page, want each once", c.repeated)
				}
				c.agree(t, truth, false)
				if from = p.Next; from == "" {
					break
				}
			}
		})
	}
	if target.shows(FaultShortList) && target.NoTotal == "" {
		t.Run(string(FaultShortList), func(t *testing.T) {
			l, truth := open(t)
			l.Shop.Inject(Fault{Kind: FaultShortList})
			c := l.list(t)
			if len(c.listings) >= len(truth.SKUs) {
				t.Fatalf("a short list has all %d listings (fake)", len(c.listings))
			}
			if c.total == nil || *c.total == int64(len(c.listings)) {
				t.Errorf("%d of %d listings came with total %v, want a total that shows the gap", len(c.listings), len(truth.SKUs), c.total)
			}
		})
	}
}

// tolerate reads keys while rows are bad: an error of the whole call is wrong, a missing value is right.
func (l *Link) tolerate(t testing.TB, r channel.Reader, truth Truth) {
	t.Helper()
	l.Shop.Inject(Fault{})
	keys := l.list(t).keys()
	keys.Stock = keys.Stock[:min(len(keys.Stock), l.Caps.Read.MaxKeys)]
	l.Shop.Inject(Fault{Kind: FaultWrongType})
	p, err := r.Read(l.ctx(t), channel.Keys{Stock: keys.Stock})
	if err != nil {
		t.Errorf("Read() with a bad row = %v, want a page with a finding", err)
		return
	}
	for _, n := range p.Counts {
		if want := truth.Counts[n.StockKey]; n.Quantity != want {
			t.Errorf("Read() with a bad row says %d for %v, want %d or nothing", n.Quantity, n.StockKey, want)
		}
	}
	if len(p.GoneStock) != 0 {
		t.Errorf("Read() takes unreadable counters %v for gone", p.GoneStock)
	}
}
