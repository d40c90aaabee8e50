package medusa_test

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/medusa"
	"carpediemstore.it/sync-connector/internal/channels/medusa/fake"
)

const key = "sk_contract_1f0c2d3e4b5a"

func target() channeltest.Target {
	return channeltest.Target{
		Driver: medusa.Driver(),
		New: func(_ testing.TB, now func() time.Time) channeltest.Shop {
			return fake.New(fake.Options{Now: now, Key: key})
		},
		Settings: map[string]string{"currency": "EUR"},
		Secrets:  map[string]string{"api_key": key},
		Canary:   fake.Canary(),
	}
}

func TestContract(t *testing.T) { channeltest.Run(t, target()) }
