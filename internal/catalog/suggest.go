package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"carpediemstore.it/sync-connector/internal/ident"
)

// Candidate is an item that may be what a listing sells.
type Candidate struct {
	Item ident.Item
	Face
}

// Suggestion is a candidate with the reasons for it. Score is 1 … 999: a person decides, whatever it is.
type Suggestion struct {
	Item    ident.Item
	Pack    int64 // of the item in one piece of the listing, as far as the texts say
	Score   int
	Reasons []Reason // the strongest first
}

// Reason is one thing listing and item have in common.
type Reason struct {
	Code  string // stable, kebab-case
	Score int
	Text  string // for a person
}

// The scores. What is nearly certain is below 1000 on purpose: only exact and unique keys bind by themselves.
const (
	scoreGTIN     = 900 // equal GTINs, written in another length, or in-store numbers, or not unique
	scoreCase     = 850
	scoreSpelling = 800
	scoreZeros    = 700
	scoreBase     = 650 // SKU apart from a pack suffix
	scoreCaseGTIN = 600 // a case (GTIN-14) of the item
	scoreTitle    = 700 // of equal titles
	leastOverlap  = 400 // of titles worth showing
	maxShownBest  = 5
)

// Suggest scores candidates for a listing: the best five, the best first. Candidates come from CandidateKeys; nothing
// here binds.
func Suggest(listing Face, candidates []Candidate) []Suggestion {
	l := prepare(listing)
	var out []Suggestion
	for _, c := range candidates {
		if s, ok := l.compare(c); ok {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
	out = slices.CompactFunc(out, func(a, b Suggestion) bool { return a.Item == b.Item })
	return out[:min(len(out), maxShownBest)]
}

// prepared is a face with what every comparison needs.
type prepared struct {
	Face
	key, squeezed, base string
	words               []string
	pack                int64
}

func prepare(f Face) prepared {
	return prepared{
		Face: f, key: GTINKey(f.GTIN), squeezed: squeezed(f.SKU), base: base(f.SKU), words: vocabulary(f.Title), pack: packOf(f),
	}
}

func (l prepared) compare(c Candidate) (Suggestion, bool) {
	i := prepare(c.Face)
	var reasons []Reason
	if r := l.gtin(i); r.Score > 0 {
		reasons = append(reasons, r)
	}
	if r := l.sku(i); r.Score > 0 {
		reasons = append(reasons, r)
	}
	if n := overlap(l.words, i.words); n >= leastOverlap {
		reasons = append(reasons, Reason{"title", scoreTitle * n / 1000, fmt.Sprintf("titles have %d %% of their words in common", n/10)})
	}
	if len(reasons) == 0 {
		return Suggestion{}, false
	}
	slices.SortStableFunc(reasons, func(a, b Reason) int { return cmp.Compare(b.Score, a.Score) })
	score := reasons[0].Score
	for _, r := range reasons[1:] {
		score += r.Score / 10
	}
	s := Suggestion{Item: c.Item, Pack: ratio(l.pack, i.pack), Reasons: reasons}
	if l.pack != i.pack {
		score -= 50
		s.Reasons = append(s.Reasons, Reason{"pack", 0, fmt.Sprintf("the listing speaks of a pack of %d, the item of %d", l.pack, i.pack)})
	}
	s.Score = max(1, min(score, 999))
	return s, true
}

func (l prepared) gtin(i prepared) Reason {
	switch {
	case l.key == "" || i.key == "":
		return Reason{}
	case l.key == i.key && len(l.GTIN) != len(i.GTIN):
		return Reason{"gtin-length", scoreGTIN, "the same GTIN, written with another number of digits"}
	case l.key == i.key:
		return Reason{"gtin", scoreGTIN, "the same GTIN"}
	case core(l.key) == core(i.key):
		return Reason{"gtin-case", scoreCaseGTIN, "the GTIN of a case or of the single piece"}
	}
	return Reason{}
}

func (l prepared) sku(i prepared) Reason {
	switch {
	case l.SKU == "" || i.SKU == "":
		return Reason{}
	case l.SKU == i.SKU:
		return Reason{"sku", scoreCase, "the same SKU, which is not unique"}
	case cased(l.SKU) == cased(i.SKU):
		return Reason{"sku-case", scoreCase, "the same SKU apart from upper and lower case"}
	case l.squeezed == "" || i.squeezed == "":
		return Reason{}
	case l.squeezed == i.squeezed:
		return Reason{"sku-spelling", scoreSpelling, "the same SKU apart from spaces, dashes and case"}
	case unzeroed(l.squeezed) == unzeroed(i.squeezed):
		return Reason{"sku-zeros", scoreZeros, "the same SKU apart from leading zeros"}
	case l.base != "" && (l.base == i.base || l.base == i.squeezed || l.squeezed == i.base):
		return Reason{"sku-pack", scoreBase, "the same SKU apart from its pack size"}
	case i.base != "" && i.base == l.squeezed:
		return Reason{"sku-pack", scoreBase, "the same SKU apart from its pack size"}
	}
	return Reason{}
}

// unzeroed is s without leading zeros; "0" for zeros only.
func unzeroed(s string) string {
	if t := strings.TrimLeft(s, "0"); t != "" {
		return t
	}
	return "0"
}

// base is a SKU without a pack suffix ("ABC-3x" gives "abc"); "" when it has none.
func base(sku string) string {
	i := strings.LastIndexFunc(sku, separator)
	if i <= 0 {
		return ""
	}
	_, width := utf8.DecodeRuneInString(sku[i:])
	if _, ok := inOneWord(cased(sku[i+width:])); !ok {
		return ""
	}
	return squeezed(sku[:i])
}

// The bounds of an index key and of how many a title gives.
const (
	maxKey       = 64 // bytes
	maxTitleKeys = 4
)

// CandidateKeys returns the keys under which a face is found in an index of normalised keys: faces whose SKU or GTIN
// Suggest would bring together have a key in common, and so have most whose titles are alike. They never bind: a SKU is
// compared by its bytes. Keys are valid UTF-8 of at most maxKey bytes.
func CandidateKeys(f Face) []string {
	keys := make([]string, 0, 8)
	add := func(kind, text string) {
		if text == "" {
			return
		}
		if text = kind + text; len(text) > maxKey {
			cut := maxKey
			for !utf8.RuneStart(text[cut]) {
				cut--
			}
			text = text[:cut]
		}
		if !slices.Contains(keys, text) {
			keys = append(keys, text)
		}
	}
	if k := GTINKey(f.GTIN); k != "" {
		add("g:", core(k))
	}
	if s := squeezed(f.SKU); s != "" {
		add("s:", unzeroed(s))
	} else {
		add("c:", cased(f.SKU))
	}
	if b := base(f.SKU); b != "" {
		add("s:", unzeroed(b))
	}
	ws := vocabulary(f.Title)
	slices.SortStableFunc(ws, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, w := range ws[:min(len(ws), maxTitleKeys)] {
		if len(w) >= 4 {
			add("t:", w)
		}
	}
	return keys
}
