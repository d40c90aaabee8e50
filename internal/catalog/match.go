package catalog

import (
	"fmt"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
)

// By says what a group shares.
type By string

// The keys. SKUs are compared byte for byte, GTINs by GTINKey.
const (
	BySKU  By = "sku"
	ByGTIN By = "gtin"
)

// Group is the items of a tenant and the listings of one account that share a key.
type Group struct {
	By       By
	Key      string
	Items    []ident.Item
	Listings []Member
	// MoreItems and MoreListings count those that were left out because the group is very large.
	MoreItems, MoreListings int
}

// Member is a listing in a group with the counter it draws from; 0 when it has none or several.
type Member struct {
	Listing ident.Listing
	Counter ident.Counter
}

// Certainty is what a group says.
type Certainty string

// The certainties.
const (
	Nothing   Certainty = ""          // no item has the key
	Unique    Certainty = "unique"    // exactly one item, and listings that are one thing
	Ambiguous Certainty = "ambiguous" // several items or several listings
)

// Exactly is what a group says about each of its listings. Item is set when Unique.
type Exactly struct {
	Certainty Certainty
	Item      ident.Item
	// Items are those that compete when Ambiguous.
	Items []ident.Item
	Why   string
}

// Exact decides a group. Several listings of one account that share a key are ambiguous, unless they draw from one and
// the same counter: then they are several offers of one thing (several countries of one marketplace account).
func Exact(g Group) Exactly {
	items, listings := len(g.Items)+g.MoreItems, len(g.Listings)+g.MoreListings
	switch {
	case items == 0 || listings == 0:
		return Exactly{}
	case items > 1:
		return Exactly{Ambiguous, 0, g.Items, fmt.Sprintf("%d items have the %s %s", items, g.By, show(g.Key))}
	case listings > 1 && !oneCounter(g):
		return Exactly{Ambiguous, 0, g.Items, fmt.Sprintf("%d listings of the account have the %s %s", listings, g.By, show(g.Key))}
	}
	return Exactly{Unique, g.Items[0], nil, fmt.Sprintf("same %s %s", g.By, show(g.Key))}
}

func oneCounter(g Group) bool {
	if g.MoreListings > 0 || g.Listings[0].Counter == 0 {
		return false
	}
	for _, m := range g.Listings {
		if m.Counter != g.Listings[0].Counter {
			return false
		}
	}
	return true
}

// Verdict says what becomes of a listing.
type Verdict string

// The verdicts.
const (
	Automatic Verdict = "automatic" // bind it
	Suggested Verdict = "suggested" // show it to a person
	Conflict  Verdict = "conflict"  // a person must decide; nothing is guessed
	Unmatched Verdict = "unmatched"
)

// Sought is a listing with what its groups say.
type Sought struct {
	Listing Face
	Pool    channel.Pool
	SKU     Exactly
	GTIN    Exactly
	// Found is the face of the item that SKU or GTIN names; used to compare pack hints.
	Found Face
}

// Match is the decision about one listing.
type Match struct {
	Verdict Verdict
	Item    ident.Item // of Automatic and Suggested
	Pack    int64      // of Automatic and Suggested
	Code    string     // stable, kebab-case
	Why     string     // for a person
	// ByChannel flags goods the channel sells from its own stock: bound for the price, never written in stock (S22).
	ByChannel bool
}

// Decide decides one listing: exact and unique is automatic, contradictions are conflicts.
func Decide(s Sought) Match {
	m := s.decide()
	m.ByChannel = s.Pool == channel.ByChannel
	return m
}

func (s Sought) decide() Match {
	sku, gtin := s.SKU, s.GTIN
	switch {
	case sku.Certainty == Ambiguous:
		return Match{Verdict: Conflict, Code: "sku-ambiguous", Why: sku.Why}
	case sku.Certainty == Unique && gtin.Certainty == Unique && sku.Item != gtin.Item:
		return Match{
			Verdict: Conflict, Code: "sku-and-gtin-differ",
			Why: fmt.Sprintf("the SKU names item %d, the GTIN item %d", sku.Item, gtin.Item),
		}
	case sku.Certainty == Unique && gtin.Certainty == Ambiguous && !has(gtin.Items, sku.Item):
		return Match{
			Verdict: Conflict, Code: "sku-and-gtin-differ",
			Why: fmt.Sprintf("the SKU names item %d, and %s, not that one", sku.Item, gtin.Why),
		}
	case sku.Certainty == Unique && gtin.Certainty == Unique:
		return Match{Verdict: Automatic, Item: sku.Item, Pack: 1, Code: "sku-and-gtin", Why: sku.Why + " and " + gtin.Why}
	case sku.Certainty == Unique:
		return Match{Verdict: Automatic, Item: sku.Item, Pack: 1, Code: "sku", Why: sku.Why}
	case gtin.Certainty == Ambiguous:
		return Match{Verdict: Conflict, Code: "gtin-ambiguous", Why: gtin.Why}
	case gtin.Certainty == Unique:
		return s.byGTIN()
	}
	return Match{Verdict: Unmatched, Code: "no-exact-match", Why: "no item has its SKU or GTIN"}
}

// byGTIN decides a listing whose only evidence is its GTIN. Sellers put the GTIN of the single piece on packs of it: when
// the texts speak of different pack sizes a person looks first, or stock would be shown several times over.
func (s Sought) byGTIN() Match {
	m := Match{Verdict: Automatic, Item: s.GTIN.Item, Pack: 1, Code: "gtin", Why: s.GTIN.Why}
	if Restricted(GTINKey(s.Listing.GTIN)) {
		m.Verdict, m.Code = Suggested, "gtin-in-store"
		m.Why += ", but it is a number shops give out themselves"
		return m
	}
	if listing, item := packOf(s.Listing), packOf(s.Found); listing != item {
		m.Verdict, m.Code, m.Pack = Suggested, "gtin-pack", ratio(listing, item)
		m.Why += fmt.Sprintf(", but the listing speaks of a pack of %d, the item of %d", listing, item)
	}
	return m
}

func has(items []ident.Item, item ident.Item) bool {
	for _, i := range items {
		if i == item {
			return true
		}
	}
	return false
}
