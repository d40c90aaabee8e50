package catalog

import (
	"strconv"
	"unicode"
	"unicode/utf8"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// The limits of an item's texts.
const (
	MaxSKU        = 200 // bytes
	MaxTitle      = 200 // characters
	MaxListing    = 256 // bytes of a channel's own id
	MaxComponents = 50
	MaxUnits      = 1_000_000 // of an item in one piece of a listing
)

// Face is what an item or a listing can be recognised by. Empty texts are absent.
type Face struct {
	SKU   string // bytes as received
	GTIN  string
	Title string
}

// Item is the seller's own SKU.
type Item struct {
	ID ident.Item
	Face
	// Components make the item a bundle: its stock is what its components make. Empty: a plain item.
	Components []Component
}

// Component is Units of Item in one piece of a bundle.
type Component struct {
	Item  ident.Item
	Units int64
}

// Check reports why i cannot be kept.
func (i Item) Check() error {
	if err := CheckSKU(i.SKU); err != nil {
		return err
	}
	if i.GTIN != "" {
		if err := CheckGTIN(i.GTIN); err != nil {
			return err
		}
	}
	return CheckTitle(i.Title)
}

// Recipe is what one piece of a listing takes from the store room when it sells pack pieces of i.
func (i Item) Recipe(pack int64) []Component {
	if len(i.Components) == 0 {
		return []Component{{Item: i.ID, Units: pack}}
	}
	out := make([]Component, len(i.Components))
	for n, c := range i.Components {
		out[n] = Component{Item: c.Item, Units: c.Units * pack}
	}
	return out
}

// CheckSKU reports why s cannot be a SKU. What passes is kept as it is: no trimming, no case, no other spelling.
func CheckSKU(s string) error {
	if s == "" {
		return fault.New(fault.Invalid, "the SKU is empty")
	}
	return checkText("SKU", s, MaxSKU, len(s), "bytes")
}

// CheckTitle reports why s cannot be a title. An empty title is none.
func CheckTitle(s string) error {
	return checkText("title", s, MaxTitle, utf8.RuneCountInString(s), "characters")
}

// CheckListing reports why s cannot be a channel's id of a listing.
func CheckListing(s string) error {
	if s == "" {
		return fault.New(fault.Invalid, "the listing id is empty")
	}
	return checkText("listing id", s, MaxListing, len(s), "bytes")
}

// CheckPack reports why n cannot be how many of an item one piece of a listing takes.
func CheckPack(n int64) error {
	if n < 1 || n > MaxUnits {
		return fault.New(fault.Invalid, "one piece takes 1 … %d of an item, not %d", MaxUnits, n)
	}
	return nil
}

func checkText(what, s string, most, length int, unit string) error {
	if length > most {
		return fault.New(fault.Invalid, "the %s has %d %s, at most %d are kept", what, length, unit, most)
	}
	if !utf8.ValidString(s) {
		return fault.New(fault.Invalid, "the %s %s is not UTF-8: save the file as UTF-8", what, show(s))
	}
	for _, r := range s {
		if unicode.IsControl(r) || invisible(r) {
			return fault.New(fault.Invalid, "the %s %s holds the invisible character %U", what, show(s), r)
		}
	}
	return nil
}

// invisible tells characters that change how the rest of a text is shown: direction marks, a byte order mark, line
// separators. Two texts that look the same must not differ by them.
func invisible(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0xFEFF || r == 0x2028 || r == 0x2029
}

// show renders a text for an error: short, and what cannot be seen made visible.
func show(s string) string {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return strconv.QuoteToGraphic(s)
}

// Composition is what must be known of the items around a bundle to judge it.
type Composition struct {
	// Bundle reports whether an item is a bundle, Part whether it is a component of one.
	Bundle, Part func(ident.Item) bool
}

// CheckBundle reports why item cannot be made of components. Bundles have depth 1, so no circle can arise.
func CheckBundle(item ident.Item, components []Component, around Composition) error {
	switch {
	case len(components) == 0:
		return fault.New(fault.Invalid, "a bundle needs components")
	case len(components) > MaxComponents:
		return fault.New(fault.Invalid, "a bundle has at most %d components, not %d", MaxComponents, len(components))
	case around.Part(item):
		return fault.New(fault.Invalid, "item %d is a component of a bundle and cannot be one itself", item)
	}
	for i, c := range components {
		if err := CheckPack(c.Units); err != nil {
			return fault.New(fault.Invalid, "component %d: %w", c.Item, err)
		}
		if c.Item == item {
			return fault.New(fault.Invalid, "item %d cannot be a component of itself", item)
		}
		if around.Bundle(c.Item) {
			return fault.New(fault.Invalid, "component %d is a bundle: bundles are made of plain items", c.Item)
		}
		for _, other := range components[:i] {
			if other.Item == c.Item {
				return fault.New(fault.Invalid, "component %d is listed twice: write one line with the sum", c.Item)
			}
		}
	}
	return nil
}
