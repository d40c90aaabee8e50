package channeltest

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// hang closes the listener's side for good: every further connection is refused.
func (l *Link) hang(t testing.TB) {
	t.Helper()
	if err := l.server.Close(); err != nil {
		t.Fatalf("close the listener: %v", err)
	}
}

// testGate: every request is asked for before it leaves, and a closed gate sends nothing.
func testGate(t *testing.T, target Target) {
	l := Open(t, target)
	l.Shop.Add(l.products(6, 3)...)
	if l.Caps.Sales.Feed {
		l.buy(t, Item{SKU: "CT-00001", Quantity: 1})
	}
	l.settle()
	w := l.writer(t)
	calls := l.calls(t, w.c)
	for _, c := range calls {
		if err := c.do(l.ctx(t), l); err != nil {
			t.Fatalf("%s = %v, want it to work", c.name, err)
		}
	}
	if l.Caps.Stock.Mode != channel.NoWrite {
		w.submit(t, channel.Stock, w.stock(w.c.keys().Stock[0], 3))
	}
	if got, want := l.Requests(), len(l.Gate.Granted()); got != want {
		t.Errorf("%d requests arrived, %d were granted by the gate, want one grant a request", got, want)
	}
	if n := l.ungated.Load(); n != 0 {
		t.Errorf("%d requests left before the gate was asked", n)
	}

	l.Gate.Close(0, 7*time.Second)
	requests := l.Requests()
	for _, c := range calls {
		err := c.do(l.ctx(t), l)
		if !fault.Is(err, fault.RateLimited) || fault.AfterOf(err) != 7*time.Second || fault.SentOf(err) {
			t.Errorf("%s with a closed gate = %v (kind %v, after %v, sent %v), want rate-limited after 7s, not sent", c.name, err, fault.KindOf(err), fault.AfterOf(err), fault.SentOf(err))
		}
	}
	if l.Caps.Stock.Mode != channel.NoWrite {
		b := w.batches(channel.Stock, []channel.Write{w.stock(w.c.keys().Stock[0], 2)})[0]
		r, err := l.Channel.Submit(l.ctx(t), b)
		if state, after := verdict(b, r, err); state != channel.RetryAfter || after != 7*time.Second {
			t.Errorf("Submit() with a closed gate = %q after %v (%v), want retry-after 7s", state, after, err)
		}
	}
	if n := l.Requests() - requests; n != 0 {
		t.Errorf("%d requests left through a closed gate", n)
	}
	l.Gate.Open()
	testGateWithin(t, target)
}

// testGateWithin closes the gate in the middle of a batch: what was sent keeps its outcome, the rest waits.
func testGateWithin(t *testing.T, target Target) {
	probe := Open(t, target)
	if probe.Caps.Stock.Mode == channel.NoWrite {
		return
	}
	for granted := 0; granted < 4; granted++ {
		l := Open(t, target)
		l.Shop.Add(l.products(2, 2)...)
		l.settle()
		w := l.writer(t)
		var writes []channel.Write
		for _, k := range w.c.keys().Stock[:2] {
			writes = append(writes, w.stock(k, 6))
		}
		before := l.Shop.Truth().Counts
		l.Gate.Close(granted, 3*time.Second)
		for _, b := range w.batches(channel.Stock, writes) {
			r, err := l.Channel.Submit(l.ctx(t), b)
			if l.Caps.Stock.Ticket {
				continue // what was sent is in the channel's queue; there is nothing to compare yet
			}
			for _, x := range b.Writes {
				one := channel.Batch{Field: b.Field, Group: b.Group, Writes: []channel.Write{x}}
				state, _ := verdict(one, r, err)
				changed := l.Shop.Truth().Counts[x.Stock] != before[x.Stock]
				switch {
				case state == channel.Applied && !changed:
					t.Errorf("with %d requests granted: %v is %q, but the shop was not changed", granted, x.Stock, state)
				case state == channel.RetryAfter && changed:
					t.Errorf("with %d requests granted: %v is %q, but the shop was changed", granted, x.Stock, state)
				}
			}
		}
	}
}
