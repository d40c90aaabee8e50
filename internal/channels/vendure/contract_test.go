package vendure_test

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/vendure"
	"carpediemstore.it/sync-connector/internal/channels/vendure/fake"
	"carpediemstore.it/sync-connector/internal/money"
)

// canary is buyer data that stand in every order of the fake.
var canary = []string{"Zaphod Canary", "42 Canary Row", "canary@buyer.example"}

const (
	user     = "connector@shop.example"
	password = "correct-horse-battery"
	apiKey   = "0123abcd:key-of-the-connector"
)

// store makes an empty fake; options beyond time and credentials come from o.
func store(o fake.Options) func(testing.TB, func() time.Time) channeltest.Shop {
	return func(_ testing.TB, now func() time.Time) channeltest.Shop {
		o := o
		o.Now, o.Canary = now, canary
		o.Username, o.Password, o.APIKey = user, password, apiKey
		return fake.New(o)
	}
}

// target is the adapter against a fake with options o.
func target(o fake.Options) channeltest.Target {
	return channeltest.Target{
		Driver:   vendure.Driver(),
		New:      store(o),
		Settings: map[string]string{"url": "{url}/admin-api"},
		Secrets:  map[string]string{"username": user, "password": password},
		Canary:   canary,
	}
}

func TestContract(t *testing.T) { channeltest.Run(t, target(fake.Options{})) }

func TestContractOverAllOfSeveralLocations(t *testing.T) {
	x := target(fake.Options{Locations: []string{"Shop", "Warehouse"}})
	x.Catalogue = 250
	channeltest.Run(t, x)
}

func TestContractWithAnAPIKeyAndAChosenCurrency(t *testing.T) {
	x := target(fake.Options{Currencies: []money.Currency{"USD", "EUR"}, NetPrices: true, ChannelToken: "b2b"})
	x.Secrets = map[string]string{"api_key": apiKey}
	x.Settings = map[string]string{"url": "{url}/shop/admin-api", "location": "Default Stock Location", "currency": "usd", "channel_token": "b2b"}
	x.Catalogue = 250
	channeltest.Run(t, x)
}
