package channeltest

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
)

// absent returns a key that looks like one of the shop's own but that truth does not have.
func absent(truth Truth, k channel.StockKey) channel.StockKey {
	for _, s := range lookalikes(k.Key) {
		if _, there := truth.Counts[channel.StockKey{Key: s, Location: k.Location}]; !there {
			k.Key = s
			break
		}
	}
	return k
}

// absentListing is absent for listings; the group becomes an absent one too.
func absentListing(truth Truth, r channel.ListingRef) channel.ListingRef {
	for _, s := range lookalikes(string(r.Key)) {
		if _, there := truth.SKUs[channel.ListingKey(s)]; !there {
			r.Key = channel.ListingKey(s)
			break
		}
	}
	if r.Group != "" {
		r.Group = lookalikes(r.Group)[1]
	}
	return r
}

var digits = regexp.MustCompile(`[0-9]+`)

// lookalikes returns ids shaped like s, the most alike first: some channels refuse an id of another shape before they
// look for it, and short numbers of a small shop may all be taken.
func lookalikes(s string) []string {
	same := digits.ReplaceAllStringFunc(s, func(d string) string { return strings.Repeat("9", len(d)) })
	long := digits.ReplaceAllString(s, "99999999")
	if long == s {
		long = s + "9"
	}
	return []string{same, long, s + "9"}
}

func sorted(keys []channel.StockKey) []channel.StockKey {
	out := slices.Clone(keys)
	slices.SortFunc(out, func(a, b channel.StockKey) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Location, b.Location))
	})
	return out
}
