package channeltest

import (
	"context"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// aim is one write that a fault is to meet.
type aim struct {
	l     *Link
	w     *writer
	batch channel.Batch
	op    channel.Op
	// costs is how many requests such a write takes when nothing goes wrong.
	costs int
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
		out = append(out, w.aim(t, f))
	}
	return out
}

// aim makes one write that works, counts what it takes, and prepares the next one.
func (w *writer) aim(t testing.TB, f channel.Field) aim {
	t.Helper()
	l, keys := w.l, w.c.keys()
	k, r := keys.Stock[0], keys.Prices[0]
	a := aim{l: l, w: w, op: channel.OpStock, done: func() bool { return l.Shop.Truth().Counts[k] == 4 }}
	p := money.Of(777, l.currency())
	if f == channel.Price {
		a.op, a.done = channel.OpPrice, func() bool { return l.Shop.Truth().Prices[r.Key] == p }
	}
	write := func(n int64) channel.Write {
		if f == channel.Price {
			return w.price(r, money.Of(p.Minor+n-4, p.Currency))
		}
		return w.stock(k, n)
	}
	w.submit(t, f, write(5)) // what is asked once and kept, tokens and places, is asked here
	l.settle()
	requests := l.Requests()
	b := w.batches(f, []channel.Write{write(6)})[0]
	receipt, err := l.Channel.Submit(l.ctx(t), b)
	if err != nil {
		t.Fatalf("Submit() = %v, want a receipt", err)
	}
	a.costs = l.Requests() - requests
	w.final(t, b, receipt)
	l.settle()
	a.batch = w.batches(f, []channel.Write{write(4)})[0]
	return a
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
	var err error
	for patient := impatience; patient < tooLong; patient *= 2 {
		err = a.l.hurry(t, kind, patient, func(ctx context.Context, l *Link) (err error) {
			r, err = l.Channel.Submit(ctx, a.batch)
			return err
		})
		if kind != FaultSlow || a.l.Requests() > requests {
			break // on a busy machine a deadline can pass before anything has left
		}
	}
	a.l.Shop.Inject(Fault{})
	target.decent(t, err)
	got, after := verdict(a.batch, r, err)
	if got != want {
		t.Errorf("%s write under %q = %q (%v), want it to amount to %q", a.batch.Field, kind, got, err, want)
	}
	if want == channel.RetryAfter && after <= 0 {
		t.Errorf("%s write under %q gives no time to wait", a.batch.Field, kind)
	}
	costs := a.costs
	if kind == FaultUnauth {
		costs += 2 // a refused access may be renewed once: what was refused for it has done nothing
	}
	if n := a.l.Requests() - requests; n > costs {
		t.Errorf("%s write under %q made %d requests, a good one makes %d: want no retries", a.batch.Field, kind, n, a.costs)
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
	if kind == FaultUnauth && a.done() {
		t.Errorf("%s write without valid credentials was done (fake)", a.batch.Field)
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
