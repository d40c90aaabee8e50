package catalog

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTokens bounds how many words of a text are compared.
const maxTokens = 40

// fold makes upper and lower case equal, for suggestions only.
func fold(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}
	// The smallest rune of the orbit stands for all of them: σ, ς and Σ are one.
	least := r
	for s := unicode.SimpleFold(r); s != r; s = unicode.SimpleFold(s) {
		least = min(least, s)
	}
	return unicode.ToLower(least)
}

func separator(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// cased folds case only; squeezed also leaves out everything that is neither letter nor digit.
func cased(s string) string { return strings.Map(fold, s) }

func squeezed(s string) string {
	return strings.Map(func(r rune) rune {
		if separator(r) {
			return -1
		}
		return fold(r)
	}, s)
}

// words splits a text into its words, folded, in order.
func words(s string) []string {
	out := strings.FieldsFunc(s, separator)
	if len(out) > maxTokens {
		out = out[:maxTokens]
	}
	for i := range out {
		out[i] = cased(out[i])
	}
	return out
}

// vocabulary is the different words of a text that say something, sorted: no single letters.
func vocabulary(s string) []string {
	out := slices.DeleteFunc(words(s), func(w string) bool { return utf8.RuneCountInString(w) < 2 && !digit(w[0]) })
	slices.Sort(out)
	return slices.Compact(out)
}

// overlap tells how alike two vocabularies are: 1000 for equal ones, 0 for nothing in common (twice the common words
// among all words).
func overlap(a, b []string) int {
	if len(a)+len(b) == 0 {
		return 0
	}
	common, j := 0, 0
	for _, w := range a {
		for j < len(b) && b[j] < w {
			j++
		}
		if j < len(b) && b[j] == w {
			common++
			j++
		}
	}
	return 2000 * common / (len(a) + len(b))
}
