package model_test

import (
	"fmt"
	"sync"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/money"
)

func TestAMarketIsSafeForConcurrentUse(t *testing.T) {
	o := model.Relative(model.Options{Name: "m", Hooks: model.HookOptions{Secret: "s"}})
	m, err := model.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		m.Add(channeltest.Product{SKU: fmt.Sprintf("P%d", i), Stock: 1000, Price: money.Of(100, "EUR")})
	}
	c := m.Channel(nil)
	p, err := c.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 100 {
				k := p.Counts[(worker+i)%5].StockKey
				if id, ok := m.Buy(channeltest.Item{SKU: fmt.Sprintf("P%d", i%5), Quantity: 1}); ok && i%3 == 0 {
					m.Cancel(id)
				}
				w := channel.Write{Ref: 1, Stock: k, Delta: 2, Key: fmt.Sprint(worker, "-", i)}
				if _, err := c.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{w}}); err != nil {
					t.Errorf("Submit() = %v", err)
				}
				if _, err := c.Sales(t.Context(), ""); err != nil {
					t.Errorf("Sales() = %v", err)
				}
				m.Deliveries()
			}
		})
	}
	wg.Wait()
	total, taken := int64(0), int64(0)
	for _, n := range m.Truth().Counts {
		total += n
	}
	for _, x := range m.Lines() {
		taken += x.Taken
	}
	if want := int64(5*1000 + 8*100*2); total+taken != want {
		t.Errorf("stock %d and sold %d make %d, want %d", total, taken, total+taken, want)
	}
}
