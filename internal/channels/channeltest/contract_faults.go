package channeltest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// impatience is the deadline given to a call against a shop that drips or never ends.
const impatience = 150 * time.Millisecond

// tooLong is when such a call is taken for one that never returns: far above impatience, because the machine may be busy.
const tooLong = 5 * time.Second

// mostRead is how much of an endless answer an adapter may take in, and mostKept what it may allocate for it.
const (
	mostRead = 96 << 20
	mostKept = 512 << 20
)

// shows reports whether the fake can show k.
func (target Target) shows(k FaultKind) bool {
	_, lacks := target.Lacks[k]
	return !lacks
}

// call is one method of a channel that reads.
type call struct {
	name string
	op   channel.Op
	do   func(context.Context, *Link) error
}

// calls lists the reading methods the channel has.
func (l *Link) calls(t testing.TB, c catalogue) []call {
	out := []call{{"list", channel.OpList, func(ctx context.Context, l *Link) error {
		_, err := l.tryList(ctx)
		return err
	}}}
	if _, ok := l.Channel.(channel.Reader); ok {
		k := c.keys()
		k.Stock, k.Prices = k.Stock[:1], nil
		out = append(out, call{"read", channel.OpRead, func(ctx context.Context, l *Link) error {
			_, err := l.Channel.(channel.Reader).Read(ctx, k)
			return err
		}})
	}
	if _, ok := l.Channel.(channel.Seller); ok {
		out = append(out, call{"sales", channel.OpSales, func(ctx context.Context, l *Link) error {
			_, err := l.Channel.(channel.Seller).Sales(ctx, "")
			return err
		}})
	}
	if p, ok := l.Channel.(channel.Poller); ok && l.Caps.Stock.Ticket {
		ticket := l.ticket(t)
		out = append(out, call{"poll", channel.OpPoll, func(ctx context.Context, _ *Link) error {
			_, _, err := p.Poll(ctx, ticket)
			return err
		}})
	}
	return out
}

// ticket sends one write and returns its ticket.
func (l *Link) ticket(t testing.TB) channel.Ticket {
	t.Helper()
	w := l.writer(t)
	r, err := l.Channel.Submit(l.ctx(t), w.batches(channel.Stock, []channel.Write{w.stock(w.c.keys().Stock[0], 2)})[0])
	if err != nil || r.Ticket == "" {
		t.Fatalf("Submit() = %+v, %v, want a ticket", r, err)
	}
	return r.Ticket
}

func testReadFaults(t *testing.T, target Target) {
	for _, f := range []struct {
		kind FaultKind
		want []fault.Kind
	}{
		{Fault429, []fault.Kind{fault.RateLimited}},
		{Fault500, []fault.Kind{fault.Unavailable}},
		{FaultHTML, []fault.Kind{fault.Unavailable}},
		{FaultHTML200, []fault.Kind{fault.Unavailable, fault.Unauthorized}},
		{FaultTruncated, []fault.Kind{fault.Unavailable}},
		{FaultLost, []fault.Kind{fault.Unavailable, fault.Unknown}},
		{FaultDropped, []fault.Kind{fault.Unavailable, fault.Unknown}},
		{FaultHuge, []fault.Kind{fault.Unavailable, fault.TooLarge}},
		{FaultEmpty, []fault.Kind{fault.Unavailable}},
		{FaultUnauth, []fault.Kind{fault.Unauthorized, fault.Forbidden}},
		{FaultSlow, []fault.Kind{fault.Unavailable, fault.Unknown, fault.Canceled}},
	} {
		if !target.shows(f.kind) {
			continue
		}
		t.Run(string(f.kind), func(t *testing.T) {
			l := Open(t, target)
			l.Shop.Add(l.products(3, 3)...)
			if c := l.Caps; c.Sales.Feed {
				l.buy(t, Item{SKU: "CT-00001", Quantity: 1})
			}
			l.settle()
			healthy := l.list(t) // tokens are fetched, so that the fault meets the call itself
			for _, c := range l.calls(t, healthy) {
				l.Shop.Inject(Fault{Kind: f.kind})
				err := l.hurry(t, f.kind, impatience, c.do)
				l.Shop.Inject(Fault{})
				if !slices.Contains(f.want, fault.KindOf(err)) || err == nil {
					t.Errorf("%s under %q = %v (kind %v), want one of %v", c.name, f.kind, err, fault.KindOf(err), f.want)
				}
				if f.kind == Fault429 && fault.AfterOf(err) <= 0 {
					t.Errorf("%s under 429 = %v, want a time to wait", c.name, err)
				}
				target.decent(t, err)
				if err := c.do(l.ctx(t), l); err != nil && f.kind != FaultUnauth {
					t.Errorf("%s after the fault = %v, want it to work again", c.name, err)
				}
			}
		})
	}
}

// hurry runs do, under FaultSlow with the given deadline, and watches memory and time.
func (l *Link) hurry(t testing.TB, kind FaultKind, patient time.Duration, do func(context.Context, *Link) error) error {
	t.Helper()
	ctx := l.ctx(t)
	if kind == FaultSlow {
		short, cancel := context.WithTimeout(ctx, patient)
		defer cancel()
		ctx = short
	}
	served, begin := l.served.Load(), time.Now()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := do(ctx, l)
	runtime.ReadMemStats(&after)
	if kind == FaultSlow {
		if took := time.Since(begin); took > tooLong {
			t.Errorf("the call took %v with a deadline of %v", took, patient)
		}
	}
	if kind == FaultHuge {
		if n := l.served.Load() - served; n > mostRead {
			t.Errorf("%d bytes of an endless answer were taken in, want at most %d", n, mostRead)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > mostKept {
			t.Errorf("%d bytes were allocated for an endless answer, want at most %d", n, mostKept)
		}
	}
	return err
}

func testCancel(t *testing.T, target Target) {
	l := Open(t, target)
	l.Shop.Add(l.products(2, 2)...)
	l.settle()
	healthy := l.list(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range l.calls(t, healthy) {
		requests := l.Requests()
		if err := c.do(ended, l); err == nil {
			t.Errorf("%s with an ended context = nil, want an error", c.name)
		}
		if n := l.Requests() - requests; n != 0 {
			t.Errorf("%s with an ended context made %d requests, want none", c.name, n)
		}
	}
	if !target.shows(FaultSlow) {
		return
	}
	for _, c := range l.calls(t, healthy) {
		l.Shop.Inject(Fault{Kind: FaultSlow})
		ctx, stop := context.WithCancelCause(l.ctx(t))
		timer := time.AfterFunc(impatience, func() { stop(errors.New("stopped by the test")) })
		begin := time.Now()
		if err := c.do(ctx, l); err == nil {
			t.Errorf("%s stopped half-way = nil, want an error", c.name)
		}
		if took := time.Since(begin); took > tooLong {
			t.Errorf("%s returned %v after it was stopped, want at once", c.name, took)
		}
		timer.Stop()
		stop(nil)
		l.Shop.Inject(Fault{})
	}
}
