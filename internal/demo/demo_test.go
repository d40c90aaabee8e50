package demo_test

import (
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/demo"
)

func TestTheDemoEndsWithEveryNumberRight(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r, err := demo.Run(t.Context(), demo.Options{For: 6 * time.Second, Seed: seed, SKUs: 45, Rate: 6, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Say: os.Stderr})
			if err != nil {
				t.Fatal(err)
			}
			if r.Sales == 0 || r.Writes == 0 || r.Unverified != 0 || r.LostUpdateUnits != 0 || r.EqualWrites != 0 || r.Oversold > r.OversellBound || r.Held == 0 || r.DriftFound == 0 {
				t.Errorf("seed %d: %+v", seed, r)
			}
			t.Logf("%+v", r)
		})
	}
}
