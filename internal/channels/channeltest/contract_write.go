package channeltest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// writer makes writes the way the core does: for each mode everything the mode needs is filled in.
type writer struct {
	l   *Link
	c   catalogue
	ref int64
}

func (l *Link) writer(t testing.TB) *writer {
	t.Helper()
	return &writer{l: l, c: l.list(t)}
}

// stock makes a write of n to counter k.
func (w *writer) stock(k channel.StockKey, n int64) channel.Write {
	w.ref++
	base := w.l.Shop.Truth().Counts[k]
	return channel.Write{
		Ref: 100 + w.ref, Stock: k, Listing: w.listing(k), Quantity: n, Base: base, Delta: n - base,
		Key: fmt.Sprintf("contract-%d", w.ref), Sequence: w.ref,
	}
}

// price makes a write of p to the listing of r.
func (w *writer) price(r channel.ListingRef, p money.Amount) channel.Write {
	w.ref++
	return channel.Write{Ref: 100 + w.ref, Listing: r, Price: p, Key: fmt.Sprintf("contract-%d", w.ref), Sequence: w.ref}
}

// listing returns the first listing that draws from k.
func (w *writer) listing(k channel.StockKey) channel.ListingRef {
	for _, key := range w.c.order {
		x := w.c.listings[key]
		if slices.ContainsFunc(x.Stock, func(d channel.Draw) bool { return d.StockKey == k }) {
			return channel.ListingRef{Key: key, Group: x.Group}
		}
	}
	return channel.ListingRef{}
}

// batches cuts writes as the capabilities ask.
func (w *writer) batches(f channel.Field, writes []channel.Write) []channel.Batch {
	caps := w.l.Caps.Stock.BatchCaps
	if f == channel.Price {
		caps = w.l.Caps.Price.BatchCaps
	}
	var out []channel.Batch
	for _, x := range writes {
		group := ""
		if caps.ByGroup {
			group = x.Listing.Group
		}
		i := slices.IndexFunc(out, func(b channel.Batch) bool { return b.Group == group && len(b.Writes) < caps.MaxBatch })
		if i < 0 {
			out, i = append(out, channel.Batch{Field: f, Group: group}), len(out)
		}
		out[i].Writes = append(out[i].Writes, x)
	}
	return out
}

// submit sends all writes in as many batches as needed and waits for tickets; it returns one outcome per ref.
func (w *writer) submit(t testing.TB, f channel.Field, writes ...channel.Write) map[int64]channel.Outcome {
	t.Helper()
	out := map[int64]channel.Outcome{}
	for _, b := range w.batches(f, writes) {
		r, err := w.l.Channel.Submit(w.l.ctx(t), b)
		if err != nil {
			t.Fatalf("Submit(%d writes of %s) = %v, want a receipt", len(b.Writes), f, err)
		}
		for ref, o := range w.final(t, b, r) {
			out[ref] = o
		}
	}
	return out
}

// final checks a receipt for form and follows its ticket to the end.
func (w *writer) final(t testing.TB, b channel.Batch, r channel.Receipt) map[int64]channel.Outcome {
	t.Helper()
	out := map[int64]channel.Outcome{}
	w.fold(t, b, r.Outcomes, out)
	if r.Ticket == "" {
		for ref, o := range out {
			if o.State == channel.Accepted {
				t.Errorf("write %d is accepted without a ticket", ref)
			}
		}
		return out
	}
	p, ok := w.l.Channel.(channel.Poller)
	if !ok {
		t.Fatalf("a ticket %q came from a channel without Poll", r.Ticket)
	}
	for range 1000 {
		w.l.Clock.Advance(w.l.Caps.Stock.Settle/10 + time.Second)
		os, done, err := p.Poll(w.l.ctx(t), r.Ticket)
		if err != nil {
			t.Fatalf("Poll(%q) = %v, want outcomes", r.Ticket, err)
		}
		w.fold(t, b, os, out)
		if done {
			return out
		}
	}
	t.Fatalf("ticket %q is not done after 1000 polls", r.Ticket)
	return nil
}

// fold puts outcomes in by ref: only refs of the batch, each at most once.
func (w *writer) fold(t testing.TB, b channel.Batch, os []channel.Outcome, into map[int64]channel.Outcome) {
	t.Helper()
	seen := map[int64]bool{}
	for _, o := range os {
		if !slices.ContainsFunc(b.Writes, func(x channel.Write) bool { return x.Ref == o.Ref }) {
			t.Errorf("an outcome for ref %d came, which was not in the batch", o.Ref)
		}
		if seen[o.Ref] {
			t.Errorf("two outcomes for ref %d", o.Ref)
		}
		switch o.State {
		case channel.Applied, channel.Accepted, channel.Rejected, channel.RetryAfter, channel.Conflict, channel.HeldBack, channel.Unknown:
		default:
			t.Errorf("outcome of ref %d has state %q, want one of the states", o.Ref, o.State)
		}
		if o.State == channel.Rejected && o.Code == "" {
			t.Errorf("ref %d is rejected without a code", o.Ref)
		}
		seen[o.Ref], into[o.Ref] = true, o
	}
}

// expect checks that every write of writes ended in state.
func expect(t testing.TB, got map[int64]channel.Outcome, state channel.State, writes ...channel.Write) {
	t.Helper()
	for _, x := range writes {
		if o, ok := got[x.Ref]; !ok || o.State != state {
			t.Errorf("outcome of write %d (%s %v %s) = %q %q %q, want %q", x.Ref, x.Listing.Key, x.Stock, x.Key, o.State, o.Code, o.Text, state)
		}
	}
}

// low is the smallest quantity the channel takes.
func (l *Link) low() int64 {
	if l.Caps.Stock.Zero == channel.RefuseZero {
		return 1
	}
	return 0
}

func testStock(t *testing.T, target Target) {
	if l := Open(t, target); l.Caps.Stock.Mode == channel.NoWrite {
		return
	}
	t.Run("all counters, and read back", func(t *testing.T) {
		l := Open(t, target)
		l.Shop.Add(l.products(9, 3)...)
		l.settle()
		w := l.writer(t)
		var writes []channel.Write
		for i, k := range w.c.keys().Stock {
			writes = append(writes, w.stock(k, l.low()+int64(i)))
		}
		prices := l.Shop.Truth().Prices
		expect(t, w.submit(t, channel.Stock, writes...), channel.Applied, writes...)
		l.settle()
		truth := l.Shop.Truth()
		for _, x := range writes {
			if got := truth.Counts[x.Stock]; got != x.Quantity {
				t.Errorf("the shop holds %d of %v after a write of %d", got, x.Stock, x.Quantity)
			}
		}
		for key, p := range prices {
			if truth.Prices[key] != p {
				t.Errorf("a stock write changed the price of %q from %v to %v", key, p, truth.Prices[key])
			}
		}
		l.list(t).agree(t, truth, true)
	})
	t.Run("a full batch and the limit", func(t *testing.T) { testFullBatch(t, target) })
	t.Run("a missing listing", func(t *testing.T) { testMissing(t, target, channel.Stock) })
	t.Run("too large a number", func(t *testing.T) {
		l := Open(t, target)
		if l.Caps.Stock.Max == 0 {
			return
		}
		l.Shop.Add(l.products(1, 1)...)
		l.settle()
		w := l.writer(t)
		x := w.stock(w.c.keys().Stock[0], l.Caps.Stock.Max+1)
		expect(t, w.submit(t, channel.Stock, x), channel.Rejected, x)
		x = w.stock(w.c.keys().Stock[0], l.Caps.Stock.Max)
		expect(t, w.submit(t, channel.Stock, x), channel.Applied, x)
	})
	t.Run("the write mode is what it is declared to be", func(t *testing.T) { testMode(t, target) })
}

func testFullBatch(t *testing.T, target Target) {
	l := Open(t, target)
	n := min(l.Caps.Stock.MaxBatch, 250)
	l.Shop.Add(l.products(n, max(1, n))...) // one group, so that a batch by group can be full
	l.settle()
	w := l.writer(t)
	var writes []channel.Write
	for i, k := range w.c.keys().Stock {
		if len(writes) < n {
			writes = append(writes, w.stock(k, int64(1+i)))
		}
	}
	b := w.batches(channel.Stock, writes)
	if len(b) != 1 {
		t.Fatalf("%d writes of one group make %d batches, want 1", len(writes), len(b))
	}
	r, err := l.Channel.Submit(l.ctx(t), b[0])
	if err != nil {
		t.Fatalf("Submit(%d writes) = %v, want a receipt", n, err)
	}
	got := w.final(t, b[0], r)
	expect(t, got, channel.Applied, writes...)
}

// testMissing writes to something that does not exist, beside something that does.
func testMissing(t *testing.T, target Target, f channel.Field) {
	l := Open(t, target)
	l.Shop.Add(l.products(2, 2)...)
	l.settle()
	w := l.writer(t)
	k, truth := w.c.keys(), l.Shop.Truth()
	caps := l.Caps.Stock.BatchCaps
	var there, gone channel.Write
	if f == channel.Stock {
		there, gone = w.stock(k.Stock[0], 5), w.stock(absent(truth, k.Stock[0]), 5)
		gone.Base, gone.Delta = 10, -5
	} else {
		caps = l.Caps.Price.BatchCaps
		there = w.price(k.Prices[0], money.Of(4321, l.currency()))
		gone = w.price(absentListing(truth, k.Prices[0]), money.Of(4321, l.currency()))
	}
	gone.Listing = absentListing(truth, k.Prices[0])
	if caps.ByGroup && !caps.WholeGroup {
		gone.Listing.Group = there.Listing.Group
	}
	alone := w.submit(t, f, gone)
	expect(t, alone, channel.Rejected, gone)
	if code := alone[gone.Ref].Code; code != channel.CodeNotFound {
		t.Errorf("code of a write to a missing listing = %q, want %q", code, channel.CodeNotFound)
	}
	if caps.MaxBatch < 2 || caps.WholeGroup {
		return
	}
	both := w.submit(t, f, gone, there)
	if caps.AllOrNothing {
		expect(t, both, channel.Rejected, gone, there)
		if code := both[there.Ref].Code; code != channel.CodeBatch {
			t.Errorf("code of a good write beside a bad one = %q, want %q", code, channel.CodeBatch)
		}
		if after := l.Shop.Truth(); after.Counts[there.Stock] != truth.Counts[there.Stock] || after.Prices[there.Listing.Key] != truth.Prices[there.Listing.Key] {
			t.Error("all-or-nothing is declared, but the good row was applied")
		}
		return
	}
	expect(t, both, channel.Rejected, gone)
	expect(t, both, channel.Applied, there)
}

// testMode proves what protects a sale nobody has seen: each mode but absolute must not overwrite it.
func testMode(t *testing.T, target Target) {
	l := Open(t, target)
	l.Shop.Add(l.products(1, 1)...)
	l.settle()
	w := l.writer(t)
	k := w.c.keys().Stock[0]
	start := l.Shop.Truth().Counts[k]
	x := w.stock(k, start-1)
	l.Shop.SetStock(k, start-3) // behind the writer's back
	got := w.submit(t, channel.Stock, x)[x.Ref]
	n := l.Shop.Truth().Counts[k]
	switch l.Caps.Stock.Mode {
	case channel.Absolute:
		if got.State != channel.Applied || n != start-1 {
			t.Errorf("absolute write of %d = %q, the shop holds %d, want applied", start-1, got.State, n)
		}
	case channel.CompareAndSet:
		if got.State != channel.Conflict || n != start-3 {
			t.Errorf("stale compare-and-set = %q %q, the shop holds %d, want a conflict and %d", got.State, got.Code, n, start-3)
		}
		if got.Current != nil && *got.Current != start-3 {
			t.Errorf("the conflict says %d, want %d", *got.Current, start-3)
		}
	case channel.Relative:
		if got.State != channel.Applied || n != start-4 {
			t.Errorf("relative write of -1 = %q, the shop holds %d, want applied and %d", got.State, n, start-4)
		}
		if l.Caps.Stock.KeyWindow > 0 {
			again := w.submit(t, channel.Stock, x)[x.Ref]
			if n = l.Shop.Truth().Counts[k]; n != start-4 {
				t.Errorf("the same key again = %q, the shop holds %d, want no second effect: %d", again.State, n, start-4)
			}
		}
	case channel.Sequenced:
		older := w.stock(k, start+50)
		older.Sequence = x.Sequence - 1
		if got.State != channel.Applied || n != start-1 {
			t.Errorf("fenced write of %d = %q, the shop holds %d, want applied", start-1, got.State, n)
		}
		late := w.submit(t, channel.Stock, older)[older.Ref]
		if n = l.Shop.Truth().Counts[k]; n != start-1 || late.State == channel.Applied {
			t.Errorf("an older sequence = %q, the shop holds %d, want it refused and %d", late.State, n, start-1)
		}
	}
}

func testPrice(t *testing.T, target Target) {
	if l := Open(t, target); !l.Caps.Price.Write {
		return
	}
	t.Run("all prices, and read back", func(t *testing.T) {
		l := Open(t, target)
		l.Shop.Add(l.products(9, 3)...)
		l.settle()
		w := l.writer(t)
		counts := l.Shop.Truth().Counts
		var writes []channel.Write
		for i, r := range w.c.keys().Prices {
			writes = append(writes, w.price(r, money.Of(int64(1+1007*i), l.currency())))
		}
		expect(t, w.submit(t, channel.Price, writes...), channel.Applied, writes...)
		l.settle()
		truth := l.Shop.Truth()
		for _, x := range writes {
			if got := truth.Prices[x.Listing.Key]; got != x.Price {
				t.Errorf("the shop asks %v for %q after a write of %v", got, x.Listing.Key, x.Price)
			}
		}
		for k, n := range counts {
			if truth.Counts[k] != n {
				t.Errorf("a price write changed the count of %v from %d to %d", k, n, truth.Counts[k])
			}
		}
		l.list(t).agree(t, truth, true)
	})
	t.Run("a missing listing", func(t *testing.T) { testMissing(t, target, channel.Price) })
	t.Run("another currency", func(t *testing.T) {
		l := Open(t, target)
		l.Shop.Add(l.products(1, 1)...)
		l.settle()
		w := l.writer(t)
		other := money.Currency("JPY")
		if l.currency() == other {
			other = "EUR"
		}
		before := l.Shop.Truth().Prices
		x := w.price(w.c.keys().Prices[0], money.Of(500, other))
		for _, b := range w.batches(channel.Price, []channel.Write{x}) {
			r, err := l.Channel.Submit(l.ctx(t), b)
			switch {
			case err != nil && (fault.SentOf(err) || !fault.Is(err, fault.Invalid)):
				t.Errorf("Submit of a price in a foreign currency = %v (kind %v), want it rejected before it is sent", err, fault.KindOf(err))
			case err == nil:
				expect(t, w.final(t, b, r), channel.Rejected, x)
			}
		}
		if after := l.Shop.Truth().Prices; after[x.Listing.Key] != before[x.Listing.Key] {
			t.Errorf("a price in a foreign currency changed %v to %v", before[x.Listing.Key], after[x.Listing.Key])
		}
	})
}
