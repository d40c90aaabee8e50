package channeltest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
)

// testRestart: a channel opened anew goes on from the cursors of the old one; nothing needed was only in memory.
func testRestart(t *testing.T, target Target) {
	l := Open(t, target)
	n := target.Catalogue
	if n == 0 {
		n = manyProducts
	}
	l.Shop.Add(l.products(n, 3)...)
	l.settle()
	whole := l.list(t)
	c := newCatalogue()
	seen := map[channel.Cursor]bool{}
	for from := channel.Cursor(""); ; {
		if seen[from] {
			t.Fatalf("List(%q) came twice: after a restart the cursor leads back", from)
		}
		seen[from] = true
		p, err := l.Channel.List(l.ctx(t), from)
		if err != nil {
			t.Fatalf("List(%q) after a restart = %v, want a page", from, err)
		}
		c.add(p)
		if from = p.Next; from == "" {
			break
		}
		l.Reopen(t, target)
	}
	if diff := cmp.Diff(whole.order, c.order); diff != "" {
		t.Errorf("the list read with a restart after each page (-whole +restarted):\n%s", diff)
	}
	if !l.Caps.Sales.Feed {
		return
	}
	for i := range 60 {
		l.buy(t, Item{fmt.Sprintf("CT-%05d", 1+i%n), 1})
	}
	l.settle()
	r := l.seller(t)
	r.poll(t)
	s := l.seller(t)
	for more, pages := true, 0; more; pages++ {
		if pages > 1000 {
			t.Fatal("the feed has no end when the channel is opened anew after each page")
		}
		l.Reopen(t, target)
		p, err := l.Channel.(channel.Seller).Sales(l.ctx(t), s.at)
		if err != nil {
			t.Fatalf("Sales(%q) after a restart = %v, want a page", s.at, err)
		}
		s.book(t, p.Lines)
		s.at, more = p.Next, p.More
	}
	if diff := cmp.Diff(r.lines, s.lines, cmp.AllowUnexported(lineID{})); diff != "" {
		t.Errorf("the feed read with a restart after each page (-whole +restarted):\n%s", diff)
	}
}
