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
	"carpediemstore.it/sync-connector/internal/money"
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
func (l *Link) calls(c catalogue) []call {
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
	return out
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
				l.buy(t, Item{"CT-00001", 1})
			}
			l.settle()
			healthy := l.list(t) // tokens are fetched, so that the fault meets the call itself
			for _, c := range l.calls(healthy) {
				l.Shop.Inject(Fault{Kind: f.kind})
				err := l.hurry(t, f.kind, c.do)
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

// hurry runs do with the deadline the fault calls for and watches memory and time.
func (l *Link) hurry(t testing.TB, kind FaultKind, do func(context.Context, *Link) error) error {
	t.Helper()
	ctx := l.ctx(t)
	if kind == FaultSlow {
		short, cancel := context.WithTimeout(ctx, impatience)
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
			t.Errorf("the call took %v with a deadline of %v", took, impatience)
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

// aim is one write that a fault is to meet.
type aim struct {
	l     *Link
	w     *writer
	batch channel.Batch
	op    channel.Op
	// done reports whether the shop holds what was written.
	done func() bool
}

// aims prepares one write for each field the channel can write, each on its own shop.
func aims(t *testing.T, target Target) []aim {
	t.Helper()
	var out []aim
	for _, f := range []channel.Field{channel.Stock, channel.Price} {
		l := Open(t, target)
		if f == channel.Stock && l.Caps.Stock.Mode == channel.NoWrite || f == channel.Price && !l.Caps.Price.Write {
			continue
		}
		l.Shop.Add(l.products(1, 1)...)
		l.settle()
		w := l.writer(t)
		a := aim{l: l, w: w, op: channel.OpStock}
		x := w.stock(w.c.keys().Stock[0], 4)
		a.done = func() bool { return l.Shop.Truth().Counts[x.Stock] == 4 }
		if f == channel.Price {
			p := money.Of(777, l.currency())
			x = w.price(w.c.keys().Prices[0], p)
			a.op, a.done = channel.OpPrice, func() bool { return l.Shop.Truth().Prices[x.Listing.Key] == p }
		}
		a.batch = w.batches(f, []channel.Write{x})[0]
		out = append(out, a)
	}
	return out
}

// verdict is what a submit amounts to for one write.
func verdict(b channel.Batch, r channel.Receipt, err error) (channel.State, time.Duration) {
	if err != nil {
		switch {
		case fault.Is(err, fault.Unauthorized), fault.Is(err, fault.Forbidden):
			return channel.Rejected, 0
		case !fault.SentOf(err):
			return channel.RetryAfter, max(fault.AfterOf(err), time.Nanosecond)
		}
		return channel.Unknown, 0
	}
	for _, o := range r.Outcomes {
		if o.Ref == b.Writes[0].Ref {
			return o.State, o.After
		}
	}
	if r.Ticket != "" {
		return channel.Accepted, 0
	}
	return channel.Unknown, 0
}

func testWriteFaults(t *testing.T, target Target) {
	for _, f := range []struct {
		kind FaultKind
		want channel.State
		done bool // whether the shop does the write all the same
	}{
		{Fault429, channel.RetryAfter, false},
		{Fault500, channel.Unknown, false},
		{FaultHTML, channel.Unknown, false},
		{FaultHTML200, channel.Unknown, false},
		{FaultTruncated, channel.Unknown, true},
		{FaultLost, channel.Unknown, true},
		{FaultDropped, channel.Unknown, false},
		{FaultHuge, channel.Unknown, false},
		{FaultEmpty, channel.Unknown, false},
		{FaultUnauth, channel.Rejected, false},
		{FaultSlow, channel.Unknown, false},
	} {
		if !target.shows(f.kind) {
			continue
		}
		t.Run(string(f.kind), func(t *testing.T) {
			for _, a := range aims(t, target) {
				a.meet(t, target, f.kind, f.want, f.done)
			}
		})
	}
	if target.shows(FaultIgnored) {
		t.Run(string(FaultIgnored), func(t *testing.T) { testIgnored(t, target) })
	}
	if target.shows(FaultPartial) {
		t.Run(string(FaultPartial), func(t *testing.T) { testPartial(t, target) })
	}
	t.Run("nobody listens", func(t *testing.T) { testRefused(t, target) })
}

// meet sends a's write into the fault and checks what the adapter made of it.
func (a aim) meet(t *testing.T, target Target, kind FaultKind, want channel.State, done bool) {
	a.l.Shop.Inject(Fault{Op: a.op, Kind: kind})
	var r channel.Receipt
	requests := a.l.Requests()
	err := a.l.hurry(t, kind, func(ctx context.Context, l *Link) error {
		var err error
		r, err = l.Channel.Submit(ctx, a.batch)
		return err
	})
	a.l.Shop.Inject(Fault{})
	target.decent(t, err)
	got, after := verdict(a.batch, r, err)
	if got != want {
		t.Errorf("%s write under %q = %q (%v), want it to amount to %q", a.batch.Field, kind, got, err, want)
	}
	if want == channel.RetryAfter && after <= 0 {
		t.Errorf("%s write under %q gives no time to wait", a.batch.Field, kind)
	}
	if kind == FaultUnauth {
		return // the next call may need a new token; nothing more to learn here
	}
	// An asynchronous channel does the write later; its ticket is what was lost.
	if caps := a.caps(); done && !caps.Ticket && !a.done() {
		t.Errorf("%s write under %q: the shop did not do it, so the test proves nothing (fake)", a.batch.Field, kind)
	}
	switch kind {
	case Fault429, Fault500, FaultHTML, FaultDropped:
		if a.done() {
			t.Errorf("%s write under %q: the shop did it all the same (fake)", a.batch.Field, kind)
		}
	}
	if n := a.l.Requests() - requests; n > 8 {
		t.Errorf("%s write under %q made %d requests, want no retries", a.batch.Field, kind, n)
	}
}

func (a aim) caps() channel.BatchCaps {
	if a.batch.Field == channel.Price {
		return a.l.Caps.Price.BatchCaps
	}
	return a.l.Caps.Stock.BatchCaps
}

// testIgnored: the channel says done and does nothing; only a reading may then tell, and it must tell the truth.
func testIgnored(t *testing.T, target Target) {
	for _, a := range aims(t, target) {
		a.l.Shop.Inject(Fault{Op: a.op, Kind: FaultIgnored})
		r, err := a.l.Channel.Submit(a.l.ctx(t), a.batch)
		if err != nil {
			t.Fatalf("Submit() under %q = %v, want a receipt", FaultIgnored, err)
		}
		expect(t, a.w.final(t, a.batch, r), channel.Applied, a.batch.Writes...)
		a.l.Shop.Inject(Fault{})
		if a.done() {
			t.Errorf("%s write under %q: the shop did it (fake)", a.batch.Field, FaultIgnored)
		}
		a.l.settle()
		a.l.list(t).agree(t, a.l.Shop.Truth(), true)
	}
}

// testPartial: the first row of a batch is refused; every other row keeps its own outcome, found by our ref.
func testPartial(t *testing.T, target Target) {
	l := Open(t, target)
	caps := l.Caps.Stock
	if caps.Mode == channel.NoWrite || caps.MaxBatch < 2 {
		return
	}
	l.Shop.Add(l.products(2, 2)...)
	l.settle()
	w := l.writer(t)
	var writes []channel.Write
	for _, k := range w.c.keys().Stock[:2] {
		writes = append(writes, w.stock(k, 3))
	}
	b := w.batches(channel.Stock, writes)
	if len(b) != 1 {
		return
	}
	before := l.Shop.Truth().Counts
	l.Shop.Inject(Fault{Op: channel.OpStock, Kind: FaultPartial, Times: 1})
	r, err := l.Channel.Submit(l.ctx(t), b[0])
	if err != nil {
		t.Fatalf("Submit() with one refused row = %v, want a receipt", err)
	}
	got := w.final(t, b[0], r)
	l.Shop.Inject(Fault{})
	applied := 0
	after := l.Shop.Truth().Counts
	for _, x := range writes {
		o := got[x.Ref]
		switch {
		case o.State == channel.Applied && after[x.Stock] == 3:
			applied++
		case o.State == channel.Rejected && after[x.Stock] == before[x.Stock]:
		default:
			t.Errorf("write %d = %q, the shop holds %d (was %d), want the outcome to tell what happened", x.Ref, o.State, after[x.Stock], before[x.Stock])
		}
	}
	if want := 1; !caps.AllOrNothing && applied != want || caps.AllOrNothing && applied != 0 {
		t.Errorf("%d of 2 rows applied, want 1, or none where all-or-nothing is declared", applied)
	}
}

// testRefused: the connection is refused before a byte left, so a repeat is known to be safe (F3).
func testRefused(t *testing.T, target Target) {
	for _, a := range aims(t, target) {
		a.l.hang(t)
		r, err := a.l.Channel.Submit(a.l.ctx(t), a.batch)
		if err == nil {
			expect(t, a.w.final(t, a.batch, r), channel.RetryAfter, a.batch.Writes...)
			continue
		}
		if fault.SentOf(err) || !fault.Is(err, fault.Unavailable) {
			t.Errorf("Submit() to a closed port = %v (kind %v, sent %v), want unavailable and not sent", err, fault.KindOf(err), fault.SentOf(err))
		}
		target.decent(t, err)
		if _, err := a.l.tryList(a.l.ctx(t)); !fault.Is(err, fault.Unavailable) {
			t.Errorf("List() from a closed port = %v (kind %v), want unavailable", err, fault.KindOf(err))
		}
	}
}

func testCancel(t *testing.T, target Target) {
	l := Open(t, target)
	l.Shop.Add(l.products(2, 2)...)
	l.settle()
	healthy := l.list(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range l.calls(healthy) {
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
	for _, c := range l.calls(healthy) {
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
