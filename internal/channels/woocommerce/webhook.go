package woocommerce

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// mostHook is the most of a webhook's body that is looked at.
const mostHook = 4 << 20

// VerifyWebhook checks a delivery and says where to look again. The ping at a webhook's creation is unsigned and gives
// no hint. The topic stands in a header that the signature does not cover, so it steers where to look and nothing else.
//
// The shop's delivery id is made of webhook and second, so two events may share it: the hint's ID also covers the body.
// Of orders only "something changed" is taken; their bodies, full of buyer data, are not parsed at all.
func (a *adapter) VerifyWebhook(h http.Header, body []byte) ([]channel.Hint, error) {
	if len(body) > mostHook {
		return nil, fault.New(fault.TooLarge, "the webhook is larger than %d MiB", mostHook>>20)
	}
	signature := h.Get("X-WC-Webhook-Signature")
	if signature == "" && isPing(body) {
		return nil, nil
	}
	if err := a.client.checkSignature(signature, body); err != nil {
		return nil, err
	}
	sum := sha256.New()
	for _, part := range []string{h.Get("X-WC-Webhook-ID"), h.Get("X-WC-Webhook-Delivery-ID")} {
		sum.Write([]byte(part))
		sum.Write([]byte{0})
	}
	sum.Write(body)
	hint := channel.Hint{ID: hex.EncodeToString(sum.Sum(nil)[:16])}
	switch topic := h.Get("X-WC-Webhook-Topic"); {
	case strings.HasPrefix(topic, "order."):
		hint.Topic, hint.Sales = "order", true
	case strings.HasPrefix(topic, "product."):
		hint.Topic = "product"
		at, ok := hookProduct(body)
		if ok {
			hint.Stock = []channel.StockKey{stockKey(at)}
			hint.Price = []channel.ListingRef{{Key: listingKey(at), Group: at.group()}}
		}
	case topic == "action.woocommerce_updated_product_stock":
		// Comes from orders, cancellations and restocks. Its number may be a variation's, whose counter is named with the
		// parent: the order feed tells then.
		hint.Topic, hint.Sales = "stock", true
		if at, ok := hookProduct(body); ok {
			hint.Stock = []channel.StockKey{stockKey(at)}
		}
	default:
		hint.Topic, hint.Sales = "other", true
	}
	return []channel.Hint{hint}, nil
}

// isPing reports whether body is the form the shop sends to a new address: webhook_id=9.
func isPing(body []byte) bool {
	id, ok := bytes.CutPrefix(body, []byte("webhook_id="))
	if !ok {
		return false
	}
	_, ok = parseID(string(id))
	return ok
}

// hookProduct reads which product an event is about.
func hookProduct(body []byte) (place, bool) {
	m, err := object(body, webhookMembers...)
	if err != nil {
		return place{}, false
	}
	if id, err := m.id("arg"); err == nil {
		return place{id: id}, true
	}
	id, err := m.id("id")
	if err != nil {
		return place{}, false
	}
	if kind, err := m.text("type"); err == nil && kind == "variation" {
		above, err := m.id("parent_id")
		return place{above, id}, err == nil
	}
	return place{id: id}, true
}
