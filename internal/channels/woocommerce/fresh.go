package woocommerce

import "carpediemstore.it/sync-connector/internal/channel"

// mostOwn bounds what is remembered of our own writes.
const mostOwn = 10_000

// freshness remembers when the shop says it took our last write of a product, to know an old copy when a cache answers
// with one. Losing it costs nothing but that check.
type freshness struct{ modified map[place]int64 }

func newFreshness() *freshness { return &freshness{modified: map[place]int64{}} }

// wrote notes the shop's own time of a write.
func (f *freshness) wrote(p place, modified int64) {
	if len(f.modified) >= mostOwn {
		clear(f.modified)
	}
	f.modified[p] = max(f.modified[p], modified)
}

// outdated reports whether a row last changed at modified is older than our own last write of it.
func (f *freshness) outdated(p place, modified int64) bool {
	return modified != 0 && modified < f.modified[p]
}

func staleFinding(p place) channel.Finding {
	return channel.Finding{
		Listing: listingKey(p), Stock: stockKey(p), Code: "stale-read",
		Text: "the shop shows this product as it was before our last write; a cache in front of wp-json answers",
	}
}
