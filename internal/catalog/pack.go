package catalog

import (
	"slices"
	"strings"
)

// maxHint is the largest pack a text is believed to speak of.
const maxHint = 999

// PackHint returns how many pieces a title or SKU says are sold together: "3x", "x3", "3er", "3-pack", "set of 3",
// "confezione da 6". Dimensions ("10 x 20 cm") are no packs. It is a hint for a person, never a binding by itself.
func PackHint(text string) (int64, bool) {
	ws := words(text)
	for i, w := range ws {
		if n, ok := inOneWord(w); ok && !dimension(ws[i+1:]) {
			return n, true
		}
		n, ok := number(w)
		if !ok {
			continue
		}
		if i+1 < len(ws) && (counted(ws[i+1]) || ws[i+1] == "x" && amount(ws[i+2:])) {
			return n, true
		}
		if i >= 2 && of(ws[i-1]) && container(ws[i-2]) {
			return n, true
		}
	}
	return 0, false
}

// packOf is the pack a face speaks of; 1 when it says nothing. The title counts more than the SKU.
func packOf(f Face) int64 {
	if n, ok := PackHint(f.Title); ok {
		return n
	}
	ws := words(f.SKU)
	if len(ws) > 1 {
		if n, ok := inOneWord(ws[len(ws)-1]); ok {
			return n
		}
	}
	return 1
}

// ratio is how many of the item's packs make the listing's; 1 when they do not divide.
func ratio(listing, item int64) int64 {
	if listing > item && listing%item == 0 {
		return listing / item
	}
	return 1
}

// inOneWord reads "3x", "x3", "3er", "3pack".
func inOneWord(w string) (int64, bool) {
	if rest, ok := strings.CutPrefix(w, "x"); ok {
		return number(rest)
	}
	i := 0
	for i < len(w) && digit(w[i]) {
		i++
	}
	if i == 0 || i == len(w) || (w[i:] != "x" && !counted(w[i:])) {
		return 0, false
	}
	return number(w[:i])
}

// number reads a pack size: 2 … maxHint, written without a leading zero.
func number(w string) (int64, bool) {
	if w == "" || len(w) > 3 || w[0] == '0' {
		return 0, false
	}
	var n int64
	for i := range len(w) {
		if !digit(w[i]) {
			return 0, false
		}
		n = n*10 + int64(w[i]-'0')
	}
	return n, n >= 2 && n <= maxHint
}

// counted tells words that stand behind a number of pieces.
func counted(w string) bool {
	return slices.Contains([]string{
		"er", "pack", "packs", "pk", "pcs", "pieces", "count", "ct", "pz", "pezzi", "stk", "stück", "stueck", "piezas", "unidades", "pièces",
	}, w)
}

// container and of tell what stands before one: "set of 3", "confezione da 3", "lot de 3", "3er Pack" reads as counted.
func container(w string) bool {
	return slices.Contains([]string{"pack", "set", "box", "lot", "lotto", "confezione", "conf", "paquete", "packung", "multipack", "kit"}, w)
}

func of(w string) bool {
	return slices.Contains([]string{"of", "da", "di", "de", "von", "à"}, w)
}

// dimension reports whether a length follows: "3x 20 cm" measures, it does not count.
func dimension(rest []string) bool {
	return unitFollows(rest, []string{"cm", "mm", "m", "inch", "in", "zoll", "ft"})
}

// amount reports whether a weight or volume follows: "3 x 100 ml" counts.
func amount(rest []string) bool {
	return unitFollows(rest, []string{"ml", "cl", "l", "g", "gr", "kg", "oz", "lb"})
}

func unitFollows(rest []string, units []string) bool {
	if len(rest) == 0 || !digit(rest[0][0]) {
		return false
	}
	for _, w := range rest {
		if unit := strings.TrimLeft(w, "0123456789"); unit != "" {
			return slices.Contains(units, unit)
		}
	}
	return false
}
