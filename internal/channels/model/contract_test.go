package model_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
)

const (
	token      = "tok-5c1e-not-for-anybody"
	hookSecret = "whsec-77ab-not-for-anybody"
)

// target is the contract's view of one preset.
func target(p model.Preset) channeltest.Target {
	return channeltest.Target{
		Driver: model.Driver(),
		New: func(t testing.TB, now func() time.Time) channeltest.Shop {
			o := p.Apply(model.Options{Name: "m", Now: now, Rand: rand.New(rand.NewPCG(7, 7))})
			o.Hooks.Secret = hookSecret
			o.Token = model.TokenOptions{Secret: token, Life: time.Hour}
			m, err := model.New(o)
			if err != nil {
				t.Fatalf("New(%s) = %v, want a market", p.Name, err)
			}
			return model.NewServer(m)
		},
		Secrets: map[string]string{"token": token, "webhook": hookSecret},
		Canary:  model.Canary(),
	}
}

func TestEveryPresetKeepsTheContract(t *testing.T) {
	for _, p := range model.Presets() {
		t.Run(p.Name, func(t *testing.T) { channeltest.Run(t, target(p)) })
	}
}
