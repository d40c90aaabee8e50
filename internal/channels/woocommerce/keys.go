package woocommerce

import (
	"strconv"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
)

// simpleGroup is the write group of products without variations.
const simpleGroup = "products"

// place is where a product or variation lives: parent is 0 for a product.
type place struct{ parent, id int64 }

// key renders p: "58" or "59:60".
func (p place) key() string {
	if p.parent == 0 {
		return strconv.FormatInt(p.id, 10)
	}
	return strconv.FormatInt(p.parent, 10) + ":" + strconv.FormatInt(p.id, 10)
}

// group is the write group of p.
func (p place) group() string {
	if p.parent == 0 {
		return simpleGroup
	}
	return strconv.FormatInt(p.parent, 10)
}

// route is the list that holds p.
func (p place) route() string {
	if p.parent == 0 {
		return "/wc/v3/products"
	}
	return "/wc/v3/products/" + strconv.FormatInt(p.parent, 10) + "/variations"
}

// parsePlace reads what key rendered; any other text is no place of this shop.
func parsePlace(key string) (place, bool) {
	first, second, both := strings.Cut(key, ":")
	a, ok := parseID(first)
	if !ok || !both {
		return place{id: a}, ok
	}
	b, ok := parseID(second)
	return place{parent: a, id: b}, ok
}

func parseID(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == text
}

func stockKey(p place) channel.StockKey { return channel.StockKey{Key: p.key()} }

func listingKey(p place) channel.ListingKey { return channel.ListingKey(p.key()) }
