package catalog_test

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
)

func TestExact(t *testing.T) {
	two := []catalog.Member{{Listing: 1, Counter: 5}, {Listing: 2, Counter: 5}}
	for name, c := range map[string]struct {
		group catalog.Group
		want  catalog.Certainty
	}{
		"one item and one listing":      {catalog.Group{Items: []ident.Item{1}, Listings: []catalog.Member{{Listing: 1}}}, catalog.Unique},
		"no item":                       {catalog.Group{Listings: []catalog.Member{{Listing: 1}}}, catalog.Nothing},
		"no listing":                    {catalog.Group{Items: []ident.Item{1}}, catalog.Nothing},
		"two items":                     {catalog.Group{Items: []ident.Item{1, 2}, Listings: []catalog.Member{{Listing: 1}}}, catalog.Ambiguous},
		"two listings":                  {catalog.Group{Items: []ident.Item{1}, Listings: []catalog.Member{{Listing: 1, Counter: 5}, {Listing: 2, Counter: 6}}}, catalog.Ambiguous},
		"two listings without counters": {catalog.Group{Items: []ident.Item{1}, Listings: []catalog.Member{{Listing: 1}, {Listing: 2}}}, catalog.Ambiguous},
		"two offers on one counter":     {catalog.Group{Items: []ident.Item{1}, Listings: two}, catalog.Unique},
		"more listings than are kept":   {catalog.Group{Items: []ident.Item{1}, Listings: two, MoreListings: 1}, catalog.Ambiguous},
		"more items than are kept":      {catalog.Group{Items: []ident.Item{1}, Listings: two, MoreItems: 1}, catalog.Ambiguous},
		"two items count more than two offers of a counter": {catalog.Group{Items: []ident.Item{1, 2}, Listings: two}, catalog.Ambiguous},
	} {
		c.group.By, c.group.Key = catalog.BySKU, "A-1"
		got := catalog.Exact(c.group)
		if got.Certainty != c.want || (got.Item != 0) != (c.want == catalog.Unique) || (got.Why == "") != (c.want == catalog.Nothing) {
			t.Errorf("%s: Exact = %+v, want %q", name, got, c.want)
		}
	}
}

func TestDecide(t *testing.T) {
	one := catalog.Exactly{Certainty: catalog.Unique, Item: 1, Why: "same key"}
	other := catalog.Exactly{Certainty: catalog.Unique, Item: 2, Why: "same key"}
	both := catalog.Exactly{Certainty: catalog.Ambiguous, Items: []ident.Item{1, 2}, Why: "2 items have it"}
	others := catalog.Exactly{Certainty: catalog.Ambiguous, Items: []ident.Item{2, 3}, Why: "2 items have it"}
	gtin := "4006381333931"
	store := withCheckDigit("200000000001")
	for name, c := range map[string]struct {
		sought  catalog.Sought
		verdict catalog.Verdict
		code    string
		item    ident.Item
		pack    int64
	}{
		"SKU and GTIN agree":                       {catalog.Sought{SKU: one, GTIN: one}, catalog.Automatic, "sku-and-gtin", 1, 1},
		"only the SKU":                             {catalog.Sought{SKU: one}, catalog.Automatic, "sku", 1, 1},
		"only the GTIN":                            {catalog.Sought{Listing: catalog.Face{GTIN: gtin}, GTIN: one}, catalog.Automatic, "gtin", 1, 1},
		"SKU and GTIN name different items":        {catalog.Sought{SKU: one, GTIN: other}, catalog.Conflict, "sku-and-gtin-differ", 0, 0},
		"several SKUs are never settled by a GTIN": {catalog.Sought{SKU: both, GTIN: one}, catalog.Conflict, "sku-ambiguous", 0, 0},
		"a unique SKU among several GTINs":         {catalog.Sought{SKU: one, GTIN: both}, catalog.Automatic, "sku", 1, 1},
		"a unique SKU that is not among the GTINs": {catalog.Sought{SKU: one, GTIN: others}, catalog.Conflict, "sku-and-gtin-differ", 0, 0},
		"several GTINs":                            {catalog.Sought{GTIN: both}, catalog.Conflict, "gtin-ambiguous", 0, 0},
		"nothing":                                  {catalog.Sought{}, catalog.Unmatched, "no-exact-match", 0, 0},
		"an in-store number":                       {catalog.Sought{Listing: catalog.Face{GTIN: store}, GTIN: one}, catalog.Suggested, "gtin-in-store", 1, 1},
		"a pack with the GTIN of the single piece": {catalog.Sought{Listing: catalog.Face{GTIN: gtin, Title: "Pen, 3er Pack"}, Found: catalog.Face{Title: "Pen"}, GTIN: one}, catalog.Suggested, "gtin-pack", 1, 3},
		"a pack on both sides":                     {catalog.Sought{Listing: catalog.Face{GTIN: gtin, Title: "Pen, 3er Pack"}, Found: catalog.Face{Title: "3 x Pen x3"}, GTIN: one}, catalog.Automatic, "gtin", 1, 1},
		"a pack, but the SKU is the seller's own":  {catalog.Sought{Listing: catalog.Face{Title: "Pen x3"}, SKU: one}, catalog.Automatic, "sku", 1, 1},
	} {
		got := catalog.Decide(c.sought)
		if got.Verdict != c.verdict || got.Code != c.code || got.Item != c.item || got.Pack != c.pack || got.Why == "" {
			t.Errorf("%s: Decide = %+v, want %v %q item %d pack %d", name, got, c.verdict, c.code, c.item, c.pack)
		}
		if got.ByChannel {
			t.Errorf("%s: ByChannel is set", name)
		}
		c.sought.Pool = channel.ByChannel
		if got := catalog.Decide(c.sought); !got.ByChannel || got.Verdict != c.verdict {
			t.Errorf("%s, fulfilled by the channel: Decide = %+v, want the same, flagged", name, got)
		}
	}
}

func sequence[T any](rows []T, end error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
		if end != nil {
			var none T
			yield(none, end)
		}
	}
}

func TestJoinFindsWhatAMapWouldFind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]string{"A", "B", "a", "A ", "é", "AA", "Z"})
		var items []catalog.ItemKey
		var listings []catalog.ListingKey
		want := map[string]*catalog.Group{}
		for i := range rapid.IntRange(0, 30).Draw(t, "items") {
			items = append(items, catalog.ItemKey{Key: key.Draw(t, "item key"), Item: ident.Item(i + 1)})
		}
		for i := range rapid.IntRange(0, 30).Draw(t, "listings") {
			listings = append(listings, catalog.ListingKey{Key: key.Draw(t, "listing key"), Member: catalog.Member{Listing: ident.Listing(i + 1)}})
		}
		slices.SortStableFunc(items, func(a, b catalog.ItemKey) int { return strings.Compare(a.Key, b.Key) })
		slices.SortStableFunc(listings, func(a, b catalog.ListingKey) int { return strings.Compare(a.Key, b.Key) })
		for _, l := range listings {
			if want[l.Key] == nil {
				want[l.Key] = &catalog.Group{By: catalog.BySKU, Key: l.Key}
			}
			want[l.Key].Listings = append(want[l.Key].Listings, l.Member)
		}
		for _, i := range items {
			if g := want[i.Key]; g != nil {
				g.Items = append(g.Items, i.Item)
			}
		}
		for g, err := range catalog.Join(catalog.BySKU, sequence(items, nil), sequence(listings, nil)) {
			if err != nil {
				t.Fatal(err)
			}
			w := want[g.Key]
			if w == nil {
				t.Fatalf("group %q is given twice or has no listing", g.Key)
			}
			w.MoreItems, w.Items = max(0, len(w.Items)-20), w.Items[:min(20, len(w.Items))]
			w.MoreListings, w.Listings = max(0, len(w.Listings)-20), w.Listings[:min(20, len(w.Listings))]
			if diff := cmp.Diff(*w, g); diff != "" {
				t.Fatalf("group %q differs (-want +got):\n%s", g.Key, diff)
			}
			delete(want, g.Key)
		}
		if len(want) > 0 {
			t.Fatalf("groups are missing: %v", want)
		}
	})
}

func TestJoinEndsWithAnErrorWhenASequenceIsBroken(t *testing.T) {
	item := func(key string) catalog.ItemKey { return catalog.ItemKey{Key: key, Item: 1} }
	listing := func(key string) catalog.ListingKey { return catalog.ListingKey{Key: key} }
	broken := errors.New("the database went away")
	for name, c := range map[string]struct {
		items    iter.Seq2[catalog.ItemKey, error]
		listings iter.Seq2[catalog.ListingKey, error]
	}{
		"items are not sorted":       {sequence([]catalog.ItemKey{item("B"), item("A")}, nil), sequence([]catalog.ListingKey{listing("B"), listing("C")}, nil)},
		"listings are not sorted":    {sequence([]catalog.ItemKey{item("A")}, nil), sequence([]catalog.ListingKey{listing("B"), listing("A")}, nil)},
		"items end with an error":    {sequence([]catalog.ItemKey{item("A")}, broken), sequence([]catalog.ListingKey{listing("B")}, nil)},
		"items begin with an error":  {sequence([]catalog.ItemKey{}, broken), sequence([]catalog.ListingKey{listing("B")}, nil)},
		"listings end with an error": {sequence([]catalog.ItemKey{item("A")}, nil), sequence([]catalog.ListingKey{listing("B")}, broken)},
	} {
		var last error
		for _, err := range catalog.Join(catalog.BySKU, c.items, c.listings) {
			last = err
		}
		if last == nil {
			t.Errorf("%s: Join ended without an error", name)
		}
	}
	for range catalog.Join(catalog.BySKU, sequence([]catalog.ItemKey{item("A")}, nil), sequence([]catalog.ListingKey{listing("A"), listing("B")}, nil)) {
		break // stopping early must not hang or panic
	}
}

// BenchmarkMatchMillion joins a million listings with a million items, decides each group, and looks for suggestions for
// the tenth that has no exact match.
func BenchmarkMatchMillion(b *testing.B) {
	const n = 1_000_000
	items := func(yield func(catalog.ItemKey, error) bool) {
		for i := range n {
			if !yield(catalog.ItemKey{Key: fmt.Sprintf("SKU-%07d", i), Item: ident.Item(i + 1)}, nil) {
				return
			}
		}
	}
	listings := func(yield func(catalog.ListingKey, error) bool) {
		for i := range n {
			key := fmt.Sprintf("SKU-%07d", i)
			if i%10 == 0 {
				key += "x"
			}
			if !yield(catalog.ListingKey{Key: key, Member: catalog.Member{Listing: ident.Listing(i + 1)}}, nil) {
				return
			}
		}
	}
	candidates := make([]catalog.Candidate, 20)
	for i := range candidates {
		candidates[i] = catalog.Candidate{Item: ident.Item(i), Face: catalog.Face{SKU: fmt.Sprintf("sku %07d", i), GTIN: "4006381333931", Title: "Fine pen, blue, with cap"}}
	}
	for b.Loop() {
		var matched, suggested int
		var heap uint64
		for g, err := range catalog.Join(catalog.BySKU, items, listings) {
			if err != nil {
				b.Fatal(err)
			}
			m := catalog.Decide(catalog.Sought{SKU: catalog.Exact(g)})
			if m.Verdict == catalog.Automatic {
				matched++
				continue
			}
			face := catalog.Face{SKU: g.Key, Title: "Blue pen, fine"}
			if len(catalog.CandidateKeys(face)) > 0 && len(catalog.Suggest(face, candidates)) > 0 {
				suggested++
			}
			if suggested%10_000 == 0 {
				var s runtime.MemStats
				runtime.ReadMemStats(&s)
				heap = max(heap, s.HeapInuse)
			}
		}
		b.ReportMetric(float64(heap)/(1<<20), "MiB")
		if matched != n*9/10 || suggested != n/10 {
			b.Fatalf("%d matched and %d suggested", matched, suggested)
		}
	}
}
