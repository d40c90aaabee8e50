package model_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/money"
)

// large is a market with 100,000 listings and an hour of 100 orders a second behind it.
func large(b *testing.B) (*model.Server, *channeltest.Clock) {
	b.Helper()
	clock := channeltest.NewClock()
	m, err := model.New(model.Absolute(model.Options{Now: clock.Now, Rand: rand.New(rand.NewPCG(1, 1))}))
	if err != nil {
		b.Fatal(err)
	}
	for i := range 100_000 {
		m.Add(channeltest.Product{SKU: fmt.Sprintf("SKU-%06d", i), Title: "a product of the large market", Stock: 1000, Price: money.Of(1990, "EUR")})
	}
	for i := range 360_000 {
		id, ok := m.Buy(channeltest.Item{SKU: fmt.Sprintf("SKU-%06d", i%100_000), Quantity: 1})
		if !ok {
			b.Fatal("refused")
		}
		if i%2 == 0 {
			m.Ship(id)
		}
		if i%100 == 99 {
			clock.Advance(time.Second)
		}
	}
	return model.NewServer(m), clock
}

func BenchmarkListPageInProcess(b *testing.B) {
	s, _ := large(b)
	c := s.Channel(nil)
	p, err := c.List(b.Context(), "")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.List(b.Context(), p.Next); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkListPageOverHTTP(b *testing.B) {
	s, _ := large(b)
	l := channeltest.Open(b, channeltest.Target{
		Driver: model.Driver(), Secrets: map[string]string{"token": "t"},
		New: func(testing.TB, func() time.Time) channeltest.Shop { return s },
	})
	p, err := l.Channel.List(b.Context(), "")
	if err != nil || len(p.Listings) != 1000 {
		b.Fatal(len(p.Listings), err)
	}
	for b.Loop() {
		if _, err := l.Channel.List(b.Context(), p.Next); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuy(b *testing.B) {
	s, clock := large(b)
	i := 0
	for b.Loop() {
		s.Buy(channeltest.Item{SKU: fmt.Sprintf("SKU-%06d", i%100_000), Quantity: 1})
		if i++; i%100 == 0 {
			clock.Advance(time.Second)
		}
	}
}

// BenchmarkPollOfTheFeed reads what came since the last poll: the overlap of 6 s at 100 orders a second.
func BenchmarkPollOfTheFeed(b *testing.B) {
	s, clock := large(b)
	c := s.Channel(nil)
	at := channel.Cursor(fmt.Sprintf("changes/%d/0/0", clock.Now().Add(-6*time.Second).UnixMicro()))
	for b.Loop() {
		for from := at; ; {
			p, err := c.Sales(b.Context(), from)
			if err != nil {
				b.Fatal(err)
			}
			if from = p.Next; !p.More {
				break
			}
		}
	}
}

func BenchmarkSubmit100(b *testing.B) {
	s, _ := large(b)
	c := s.Channel(nil)
	p, err := c.List(b.Context(), "")
	if err != nil {
		b.Fatal(err)
	}
	var ws []channel.Write
	for i := range 100 {
		ws = append(ws, channel.Write{Ref: int64(i), Stock: p.Counts[i].StockKey, Quantity: 7})
	}
	for b.Loop() {
		if _, err := c.Submit(b.Context(), channel.Batch{Field: channel.Stock, Writes: ws}); err != nil {
			b.Fatal(err)
		}
	}
}
