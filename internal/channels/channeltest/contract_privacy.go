package channeltest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
)

// address finds a URL with a query string.
var address = regexp.MustCompile(`https?://\S*\?`)

// markup finds a body that was copied into an error.
var markup = regexp.MustCompile(`(?i)<html|<!doctype|[{]"`)

// decent checks that an error can be shown to anybody.
func (target Target) decent(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	s := err.Error()
	if leak := target.leak(s); leak != "" {
		t.Errorf("error %q holds %s", s, leak)
	}
	if address.MatchString(s) {
		t.Errorf("error %q holds an address with a query", s)
	}
	if markup.MatchString(s) || len(s) > 1000 {
		t.Errorf("error %.200q (%d bytes) holds a body", s, len(s))
	}
}

// leak names what s must not hold: "" when it is clean.
func (target Target) leak(s string) string {
	for name, value := range target.Secrets {
		if value != "" && strings.Contains(s, value) {
			return "the secret " + name
		}
	}
	for i, c := range target.Canary {
		if c != "" && strings.Contains(strings.ToLower(s), strings.ToLower(c)) {
			return fmt.Sprintf("buyer data (canary %d)", i)
		}
	}
	return ""
}

// testPrivacy: orders full of buyer data pass through every method and nothing of it comes out (I23, C02).
func testPrivacy(t *testing.T, target Target) {
	l := Open(t, target)
	if l.Caps.Sales.Feed && len(target.Canary) == 0 {
		t.Error("Target.Canary is empty: nothing can be proven about buyer data")
	}
	l.Shop.Add(l.products(5, 2)...)
	if l.Caps.Sales.Feed {
		a, b := l.buy(t, Item{SKU: "CT-00001", Quantity: 1}, Item{SKU: "CT-00002", Quantity: 2}), l.buy(t, Item{SKU: "CT-00003", Quantity: 1})
		l.Shop.Pay(a)
		l.Shop.Ship(a)
		l.Shop.Cancel(b)
		l.buy(t, Item{SKU: "CT-00004", Quantity: 1})
	}
	l.settle()
	var said []any
	keep := func(v any, err error) {
		t.Helper()
		target.decent(t, err)
		said = append(said, v)
	}
	for from := channel.Cursor(""); ; {
		p, err := l.Channel.List(l.ctx(t), from)
		keep(p, err)
		if from = p.Next; from == "" {
			break
		}
	}
	keys := l.list(t).keys()
	if r, ok := l.Channel.(channel.Reader); ok {
		p, err := r.Read(l.ctx(t), channel.Keys{Stock: keys.Stock[:min(len(keys.Stock), l.Caps.Read.MaxKeys)]})
		keep(p, err)
	}
	if s, ok := l.Channel.(channel.Seller); ok {
		at := channel.Cursor("")
		for range 100 {
			p, err := s.Sales(l.ctx(t), at)
			keep(p, err)
			if at = p.Next; !p.More {
				break
			}
		}
	}
	if p, ok := l.Channel.(channel.Prober); ok {
		g, err := p.Probe(l.ctx(t))
		keep(g, err)
	}
	for _, v := range said {
		j, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%T cannot be written as JSON: %v", v, err)
		}
		if leak := target.leak(fmt.Sprintf("%s %+v %#v", j, v, v)); leak != "" {
			t.Errorf("%T holds %s", v, leak)
		}
	}
}
