package woocommerce

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/woocommerce/fake"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/secret"
)

// hear takes what the shop has queued.
func (b *bench) hear() (hints []channel.Hint, ds []fake.Delivery) {
	b.t.Helper()
	b.Deliver(func(d fake.Delivery) int {
		hs, err := b.ch.VerifyWebhook(d.Header, d.Body)
		if err != nil {
			b.t.Errorf("VerifyWebhook(%s) = %v, want it believed", d.Header.Get("X-WC-Webhook-Topic"), err)
		}
		hints, ds = append(hints, hs...), append(ds, d)
		return 200
	})
	return hints, ds
}

func TestTrapThePingIsUnsignedAndHarmless(t *testing.T) {
	b := newBench(t)
	b.Hook("product.updated")
	hints, ds := b.hear()
	if len(ds) != 1 || len(hints) != 0 || ds[0].Header.Get("X-WC-Webhook-Signature") != "" || string(ds[0].Body) != "webhook_id=1" {
		t.Errorf("ping = %+v, hints %+v, want an unsigned form and no hint", ds, hints)
	}
	for _, body := range []string{"webhook_id=", "webhook_id=9&x=1", "webhook_id=x", "id=9", "", "{}"} {
		if hints, err := b.ch.VerifyWebhook(http.Header{}, []byte(body)); err == nil || len(hints) != 0 {
			t.Errorf("unsigned body %q = %+v, %v, want it refused", body, hints, err)
		}
	}
}

func TestHintsSayWhereToLookAgain(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 10, 1200), channeltest.Product{SKU: "SHIRT-S", Group: "shirt", Stock: 3, Price: euro(2000)})
	for _, topic := range []string{"product.updated", "order.updated", "action.woocommerce_updated_product_stock"} {
		b.Hook(topic)
	}
	b.hear()
	b.Buy(mug(1), channeltest.Item{SKU: "SHIRT-S", Quantity: 1})
	hints, ds := b.hear()
	got := map[string]bool{}
	for _, h := range hints {
		got[fmt.Sprintf("%s %v %v %v", h.Topic, h.Sales, h.Stock, h.Price)] = true
	}
	want := map[string]bool{
		"stock true [{1 }] []": true, "stock true [{3 }] []": true, "order true [] []": true,
		"product false [{1 }] [{1 products}]": true, "product false [{2:3 }] [{2:3 2}]": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("hints (-want +got):\n%s", diff)
	}
	for _, h := range hints {
		for _, c := range canary {
			if strings.Contains(fmt.Sprintf("%+v", h), c) {
				t.Errorf("hint %+v holds buyer data", h)
			}
		}
	}
	full := false
	for _, d := range ds {
		full = full || strings.Contains(string(d.Body), canary[0])
	}
	if !full {
		t.Error("no delivery held buyer data, so the test proves nothing (fake)")
	}
}

func TestTrapTwoEventsOfOneSecondShareTheirDeliveryID(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 10, 1200), simple("JAR", 10, 1200))
	b.Hook("action.woocommerce_updated_product_stock")
	b.hear()
	b.Buy(mug(1), channeltest.Item{SKU: "JAR", Quantity: 1})
	hints, ds := b.hear()
	if len(ds) != 2 || ds[0].Header.Get("X-WC-Webhook-Delivery-ID") != ds[1].Header.Get("X-WC-Webhook-Delivery-ID") {
		t.Fatalf("%d deliveries, want two of one delivery id", len(ds))
	}
	if hints[0].ID == hints[1].ID || hints[0].ID == "" {
		t.Errorf("hint ids %q and %q, want two: the events differ", hints[0].ID, hints[1].ID)
	}
	again, err := b.ch.VerifyWebhook(ds[0].Header, ds[0].Body)
	if err != nil || again[0].ID != hints[0].ID {
		t.Errorf("a replay = %+v, %v, want the same id", again, err)
	}
}

func TestForgedWebhooksAreRefused(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 10, 1200))
	b.Hook("product.updated")
	b.hear()
	b.SetStock(channel.StockKey{Key: "1"}, 4)
	_, ds := b.hear()
	h, body := ds[0].Header, ds[0].Body
	change := func(do func(http.Header)) http.Header {
		c := h.Clone()
		do(c)
		return c
	}
	for name, x := range map[string]struct {
		h    http.Header
		body []byte
	}{
		"another body":       {h, append([]byte(" "), body...)},
		"no signature":       {change(func(h http.Header) { h.Del("X-WC-Webhook-Signature") }), body},
		"a short signature":  {change(func(h http.Header) { h.Set("X-WC-Webhook-Signature", "AAAA") }), body},
		"not base64":         {change(func(h http.Header) { h.Set("X-WC-Webhook-Signature", "%%%") }), body},
		"an empty body":      {h, nil},
		"a ping, signed bad": {change(func(h http.Header) { h.Set("X-WC-Webhook-Signature", "AAAA") }), []byte("webhook_id=9")},
	} {
		if hints, err := b.ch.VerifyWebhook(x.h, x.body); !fault.Is(err, fault.Unauthorized) || len(hints) != 0 {
			t.Errorf("%s = %+v, %v, want it refused", name, hints, err)
		}
	}
	if hints, err := b.ch.VerifyWebhook(h, make([]byte, mostHook+1)); !fault.Is(err, fault.TooLarge) || len(hints) != 0 {
		t.Errorf("a body of more than %d bytes = %+v, %v, want it refused", mostHook, hints, err)
	}
	b.ch.client.deps.Secret = func(context.Context, string) (secret.Text, error) {
		return secret.Text{}, fault.New(fault.NotFound, "none")
	}
	if _, err := b.ch.VerifyWebhook(h, body); err == nil {
		t.Error("a webhook is believed by an account without a webhook secret")
	}
	b.ch.client.deps.Secret = secretOf("")
	mac := hmac.New(sha256.New, nil)
	mac.Write(body)
	h.Set("X-WC-Webhook-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil))) // anybody can make this one
	if _, err := b.ch.VerifyWebhook(h, body); err == nil {
		t.Error("a webhook is believed under an empty secret")
	}
}

func TestTrapWhichEventsEchoOurOwnWrites(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 10, 1200))
	b.Hook("product.updated")
	b.Hook("action.woocommerce_updated_product_stock")
	b.hear()
	b.set("1", simpleGroup, 4)
	hints, _ := b.hear()
	if len(hints) != 1 || hints[0].Topic != "product" {
		t.Errorf("hints of an own write = %+v, want product.updated only", hints)
	}
	order, _ := b.Buy(mug(1))
	b.hear()
	b.Cancel(order)
	hints, _ = b.hear()
	if len(hints) != 2 || !hints[0].Sales {
		t.Errorf("hints of a cancellation = %+v, want stock and product", hints)
	}
}

func TestTrapAWebhookIsDisabledAfterSevenFailures(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 10, 1200))
	b.Hook("action.woocommerce_updated_product_stock")
	b.hear()
	sent := 0
	for range 12 {
		b.Buy(mug(1))
		b.clock.Advance(time.Second)
		sent += b.Deliver(func(fake.Delivery) int { return 500 })
	}
	if sent != mostLost {
		t.Errorf("%d deliveries to a broken receiver, want %d and then none: polling must not depend on webhooks", sent, mostLost)
	}
}

// mostLost is how many deliveries fail before the shop gives a webhook up.
const mostLost = 7
