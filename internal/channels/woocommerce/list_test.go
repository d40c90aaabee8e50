package woocommerce

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/woocommerce/fake"
	"carpediemstore.it/sync-connector/internal/fault"
)

// many puts n simple products on sale.
func (b *bench) many(n int) {
	for i := range n {
		b.Add(simple(fmt.Sprintf("P-%04d", i+1), 1, 100))
	}
}

func keysOf(ls []channel.Listing) []string {
	var out []string
	for _, l := range ls {
		out = append(out, string(l.Key))
	}
	return out
}

func TestListOfSimpleProductsAndVariations(t *testing.T) {
	b := newBench(t)
	b.Add(
		channeltest.Product{SKU: "MUG", GTIN: "2000000000008", Title: "Mug", Stock: 5, Price: euro(1200)},
		channeltest.Product{SKU: "SHIRT-S", Group: "shirt", Title: "S", Stock: 3, Price: euro(2000)},
	)
	want := []channel.Listing{
		{
			Key: "1", Group: "products", SKU: "MUG", GTIN: "2000000000008", Title: "Mug", Pool: channel.Merchant, Active: true,
			Stock: []channel.Draw{{StockKey: channel.StockKey{Key: "1"}, Units: 1}}, Price: is(euro(1200)),
		},
		{
			Key: "2:3", Group: "2", SKU: "SHIRT-S", Title: "Group shirt – Option 1", Pool: channel.Merchant, Active: true,
			Stock: []channel.Draw{{StockKey: channel.StockKey{Key: "2:3"}, Units: 1}}, Price: is(euro(2000)),
		},
	}
	c := b.list()
	if diff := cmp.Diff(want, c.Listings); diff != "" {
		t.Errorf("listings (-want +got):\n%s", diff)
	}
	if c.Total == nil || *c.Total != 2 {
		t.Errorf("total = %v, want 2: variable products are not listings", c.Total)
	}
}

func TestListActiveFollowsTheStatusOfProductAndParent(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 5, 1200), channeltest.Product{SKU: "SHIRT-S", Group: "shirt", Stock: 3, Price: euro(2000)})
	for _, x := range []struct {
		key, status string
		want        []bool
	}{
		{"1", "draft", []bool{false, true}},
		{"1", "private", []bool{false, true}},
		{"1", "publish", []bool{true, true}},
		{"2:3", "private", []bool{true, false}},
		{"2:3", "publish", []bool{true, true}},
		{"2", "draft", []bool{true, false}},
	} {
		b.Edit(x.key, fake.Edit{Status: x.status})
		c := b.list()
		if got := []bool{c.Listings[0].Active, c.Listings[1].Active}; !slices.Equal(got, x.want) {
			t.Errorf("active with %s of %s = %v, want %v", x.status, x.key, got, x.want)
		}
	}
}

func TestListTypesThatSellNothingOfTheirOwn(t *testing.T) {
	b := newBench(t)
	b.many(4)
	b.log.loose = true // the schema knows only the shop's own types
	for i, kind := range []string{"grouped", "external", "variable", "bundle"} {
		b.Edit(fmt.Sprint(i+1), fake.Edit{Kind: kind})
	}
	c := b.list()
	if len(c.Listings) != 0 || len(c.Findings) != 1 || c.Findings[0].Code != "unknown-type" || c.Findings[0].Listing != "4" {
		t.Errorf("List = %v, findings %+v, want none and one about the bundle", keysOf(c.Listings), c.Findings)
	}
}

func TestListPagesOverlapAndSurviveDeletions(t *testing.T) {
	b := newBench(t)
	b.many(350)
	seen, from, pages := map[channel.ListingKey]int{}, channel.Cursor(""), 0
	for {
		p, err := b.ch.List(t.Context(), from)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range p.Listings {
			seen[l.Key]++
		}
		if pages++; pages == 2 {
			for _, key := range []string{"1", "2", "3", "150", "199"} { // before and at the place where the next page begins
				b.Delete(key)
			}
		}
		if from = p.Next; from == "" {
			break
		}
	}
	for key := range b.Truth().SKUs {
		if seen[key] != 1 {
			t.Errorf("product %s was listed %d times, want once: the list shifted while it was read", key, seen[key])
		}
	}
}

func TestListThatRepeatsItsFirstPageIsRefused(t *testing.T) {
	b := newBench(t)
	b.many(250)
	b.Trap(fake.Traps{IgnoresOffset: true})
	_, err := walk(b)
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("List of a shop that serves its first page for ever = %v, want unavailable", err)
	}
}

func TestListInAnotherOrderIsRefused(t *testing.T) {
	b := newBench(t)
	b.many(50)
	b.Trap(fake.Traps{Unsorted: true})
	if _, err := walk(b); !fault.Is(err, fault.Unavailable) {
		t.Errorf("List of a shop with an order of its own = %v, want unavailable", err)
	}
}

func TestListTotalShowsWhatIsHidden(t *testing.T) {
	b := newBench(t)
	b.many(230)
	b.Trap(fake.Traps{Hidden: []int64{5, 100, 199, 200, 230}})
	c := b.list()
	if len(c.Listings) != 225 || c.Total == nil || *c.Total != 230 {
		t.Errorf("List = %d listings, total %v, want 225 of 230", len(c.Listings), c.Total)
	}
}

func TestListPassesALongRunOfHiddenRows(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		b := newBench(t)
		b.many(420)
		traps := fake.Traps{NoTotals: quiet}
		for id := int64(30); id <= 140; id++ {
			traps.Hidden = append(traps.Hidden, id)
		}
		if !quiet { // without totals a page of hidden rows alone cannot be told from the end
			for id := int64(150); id <= 390; id++ {
				traps.Hidden = append(traps.Hidden, id)
			}
		}
		b.Trap(traps)
		c := b.list()
		if want := 420 - len(traps.Hidden); len(c.Listings) != want || *c.Total != int64(map[bool]int{false: 420, true: want}[quiet]) {
			t.Errorf("List with %d hidden rows = %d listings, total %d, want %d", len(traps.Hidden), len(c.Listings), *c.Total, want)
		}
	}
}

func TestListWithoutTotalsEndsAtAnEmptyPage(t *testing.T) {
	b := newBench(t)
	b.many(205)
	b.Add(channeltest.Product{SKU: "SHIRT-S", Group: "shirt", Stock: 3, Price: euro(2000)})
	b.Trap(fake.Traps{NoTotals: true})
	if c := b.list(); len(c.Listings) != 206 {
		t.Errorf("List = %d listings, want 206", len(c.Listings))
	}
}

func TestListOfManyParentsKeepsItsCursorSmall(t *testing.T) {
	b := newBench(t)
	var ps []channeltest.Product
	for i := range 130 {
		name := strings.Repeat("è\"<&", 40)
		ps = append(ps, channeltest.Product{SKU: fmt.Sprintf("V-%d", i), Group: fmt.Sprintf("%s%d", name, i), Title: name, Stock: int64(i), Price: euro(100)})
	}
	b.Add(ps...)
	seen := map[channel.ListingKey]bool{}
	for from := channel.Cursor(""); ; {
		p, err := b.ch.List(t.Context(), from)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range p.Listings {
			if seen[l.Key] || !utf8.ValidString(l.Title) || utf8.RuneCountInString(l.Title) > 200 {
				t.Fatalf("listing %s twice or with title %q", l.Key, l.Title)
			}
			seen[l.Key] = true
		}
		if from = p.Next; len(from) > 4<<10 {
			t.Fatalf("a cursor of %d bytes, want at most 4096", len(from))
		}
		if from == "" {
			if len(seen) != 130 || p.Total == nil || *p.Total != 130 {
				t.Errorf("%d listings, total %v, want 130", len(seen), p.Total)
			}
			return
		}
	}
}

func TestListOfAParentWithMoreVariationsThanAPage(t *testing.T) {
	b := newBench(t)
	for i := range 260 {
		b.Add(channeltest.Product{SKU: fmt.Sprintf("V-%d", i), Group: "g", Stock: int64(i), Price: euro(100)})
	}
	if c := b.list(); len(c.Listings) != 260 || len(c.Counts) != 260 || *c.Total != 260 {
		t.Errorf("List = %d listings, %d counts, total %v, want 260", len(c.Listings), len(c.Counts), *c.Total)
	}
}

func TestListGoesOnWhenAParentVanishes(t *testing.T) {
	b := newBench(t)
	b.Add(channeltest.Product{SKU: "A", Group: "a", Price: euro(1)}, channeltest.Product{SKU: "B", Group: "b", Price: euro(1)})
	p, err := b.ch.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	b.Delete("1")
	var got []string
	for from := p.Next; from != ""; from = p.Next {
		if p, err = b.ch.List(t.Context(), from); err != nil {
			t.Fatal(err)
		}
		got = append(got, keysOf(p.Listings)...)
	}
	if !slices.Equal(got, []string{"3:4"}) {
		t.Errorf("listings after a parent vanished = %v, want 3:4", got)
	}
}

func TestCursorsOfOthersAreRefused(t *testing.T) {
	b := newBench(t)
	if _, err := b.ch.List(t.Context(), "page=2"); !fault.Is(err, fault.Invalid) {
		t.Errorf("List(foreign cursor) = %v, want invalid", err)
	}
	if _, err := b.ch.Sales(t.Context(), "page=2"); !fault.Is(err, fault.Invalid) {
		t.Errorf("Sales(foreign cursor) = %v, want invalid", err)
	}
}

// walk lists everything and returns the error that ended it.
func walk(b *bench) (n int, err error) {
	for from := channel.Cursor(""); n < 1000; n++ {
		p, err := b.ch.List(b.t.Context(), from)
		if err != nil {
			return n, err
		}
		if from = p.Next; from == "" {
			return n, nil
		}
	}
	return n, fmt.Errorf("the list has no end")
}
