package woocommerce

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/woocommerce/fake"
)

// The account the tests use. The canaries are nobody's.
const (
	testKey    = "ck_6b0c1f3f6c1f4b0e9a7d5e3c2b1a09f8e7d6c5b4"
	testSecret = "cs_0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c"
	hookSecret = "hooksecret0123456789"
)

var canary = []string{
	"Zenobia", "Quattrocchi", "Via Canarino 77", "Borgo Canarino", "98765", "+39 000 1234567", "zenobia@canary.invalid",
	"canary refund reason", "canary note at the door", "canary engraving",
}

func target(moment channel.Moment) channeltest.Target {
	return channeltest.Target{
		Driver: Driver(),
		New: func(_ testing.TB, now func() time.Time) channeltest.Shop {
			s := fake.New(fake.Options{Now: now, Key: testKey, Secret: testSecret, Moment: moment, Canary: canary, HookSecret: hookSecret})
			for _, topic := range []string{"product.updated", "order.updated", "action.woocommerce_updated_product_stock"} {
				s.Hook(topic)
			}
			return s
		},
		Settings: map[string]string{"currency": "EUR", "tax_included": "yes", "moment": string(moment)},
		Secrets:  map[string]string{"consumer_key": testKey, "consumer_secret": testSecret, "webhook_secret": hookSecret},
		Canary:   canary,
	}
}

func TestContractWherePlacingLowersStock(t *testing.T) {
	channeltest.Run(t, target(channel.AtPlaced))
}

func TestContractWherePayingLowersStock(t *testing.T) {
	channeltest.Run(t, target(channel.AtPaid))
}
