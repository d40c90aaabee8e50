package channeltest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/money"
)

// testWebhooks: the signature is checked over the raw body, and a hint is all that a webhook can say (F9, C24).
func testWebhooks(t *testing.T, target Target) {
	l := Open(t, target)
	v, ok := l.Channel.(channel.Hooked)
	if !ok {
		return
	}
	for _, body := range []string{"", "{}", `{"id":1,"topic":"orders"}`, "[", "<html>"} {
		if hints, err := v.VerifyWebhook(http.Header{}, []byte(body)); err == nil {
			t.Errorf("VerifyWebhook(%q without a signature) = %+v, want it refused", body, hints)
		}
	}
	shop, ok := l.Shop.(Hooker)
	if !ok {
		return
	}
	l.Shop.Add(l.products(2, 1)...)
	for k, n := range l.Shop.Truth().Counts {
		l.Shop.SetStock(k, n+1)
	}
	for k, p := range l.Shop.Truth().Prices {
		l.Shop.SetPrice(k, money.Of(p.Minor+1, p.Currency))
	}
	if l.Caps.Sales.Feed {
		l.Shop.Pay(l.buy(t, Item{SKU: "CT-00001", Quantity: 1}))
	}
	l.settle()
	hooks := shop.Hooks()
	if len(hooks) == 0 {
		t.Error("a shop with edits and orders sent no webhook (fake)")
	}
	for _, h := range hooks {
		l.hook(t, target, v, h)
	}
}

// hook checks one genuine webhook and its forgeries.
func (l *Link) hook(t testing.TB, target Target, v channel.Hooked, h Hook) {
	t.Helper()
	hints, err := v.VerifyWebhook(h.Header, h.Body)
	if err != nil {
		t.Errorf("VerifyWebhook(genuine) = %v, want hints", err)
	}
	target.decent(t, err)
	for _, x := range hints {
		if x.Topic == "" || x.ID == "" {
			t.Errorf("hint %+v: want a topic and an id", x)
		}
	}
	j, err := json.Marshal(hints)
	if leak := target.leak(fmt.Sprintf("%s %+v", j, hints)); leak != "" || err != nil {
		t.Errorf("hints hold %s (%v)", leak, err)
	}
	for name, forged := range map[string]Hook{
		"a changed body":   {h.Header, append([]byte(" "), h.Body...)},
		"no signature":     {http.Header{}, h.Body},
		"an empty body":    {h.Header, nil},
		"another's secret": {h.Header, h.Body},
	} {
		verify := v
		if name == "another's secret" {
			if verify = l.stranger(t, target); verify == nil {
				continue
			}
		}
		if hints, err := verify.VerifyWebhook(forged.Header, forged.Body); err == nil {
			t.Errorf("VerifyWebhook(%s) = %+v, want it refused", name, hints)
		}
	}
}

// stranger is the same adapter of an account with other secrets.
func (l *Link) stranger(t testing.TB, target Target) channel.Hooked {
	t.Helper()
	others := map[string]string{}
	for name, value := range target.Secrets {
		others[name] = value + "-of-another-account"
	}
	target.Secrets = others
	other := &Link{Gate: l.Gate, Clock: l.Clock, URL: l.URL, client: l.client}
	other.Reopen(t, target)
	v, ok := other.Channel.(channel.Hooked)
	if !ok {
		return nil
	}
	return v
}
