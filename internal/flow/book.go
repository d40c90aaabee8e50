package flow

import (
	"cmp"
	"context"
	"slices"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/merge"
)

// refsFor is how long the plain reference of an order line is kept after it was last seen to change (C05).
const refsFor = 90 * 24 * time.Hour

// bookLines books facts of order lines: the newest version of a line becomes its effect on items, and what the channel's
// own counter did for it moves that counter's copies (1a). Order, loss and repetition of facts do not matter (I2).
func (d *drive) bookLines(ctx context.Context, tx Tx, facts []channel.Line) ([]ident.Account, error) {
	if len(facts) == 0 {
		return nil, nil
	}
	now := d.now()
	sources := make([]string, len(facts))
	keys := make([]channel.ListingKey, len(facts))
	for i, f := range facts {
		sources[i] = d.hash(ident.Text(d.account.ID), f.Order, f.Line) // a keyed hash from the first insert on (C05)
		keys[i] = f.Listing
	}
	stored, err := tx.Lines(ctx, d.fence, sources)
	if err != nil {
		return nil, err
	}
	bounds, err := tx.Bounds(ctx, d.fence, keys)
	if err != nil {
		return nil, err
	}
	b := booking{now: now, account: d.account.ID, moves: map[ident.Counter]move{}}
	changed := map[string]Line{}
	for i, f := range facts {
		line, had := stored[sources[i]]
		if !had {
			line = Line{Line: ledger.Line{Source: sources[i], Backfill: !d.feed.Backfilled}, Order: f.Order, Fresh: true}
		}
		before := line.Line
		var moved bool
		if line.Line, moved = line.Newer(f, now); !moved {
			stored[sources[i]] = line
			continue
		}
		bound := bounds[f.Listing]
		if bound.Item == 0 && !line.Backfill {
			b.unmapped(d.account, f.Listing)
		}
		line.Effects = b.line(line.Effects, &line.Line, bound)
		b.counters(before, line.Line, bound)
		stored[sources[i]], changed[sources[i]] = line, line
	}
	lines := make([]Line, 0, len(changed))
	for _, l := range changed {
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b Line) int { return cmp.Compare(a.Source, b.Source) })
	if err := tx.SaveLines(ctx, d.fence, lines, now.Add(refsFor)); err != nil {
		return nil, err
	}
	b.name(lines)
	if err := tx.Raise(ctx, d.fence.Tenant, b.findings); err != nil {
		return nil, err
	}
	holds, err := d.moveCounters(ctx, tx, b.moves)
	if err != nil {
		return nil, err
	}
	return tx.Book(ctx, d.fence.Tenant, append(b.entries, holds...), true)
}

// move is what booked lines did to one counter, in the channel's units.
type move struct {
	taken, untaken int64
}

// booking collects what some lines do.
type booking struct {
	now      ident.Micros
	account  ident.Account
	entries  []ledger.Entry
	sources  []string // of the line behind each entry
	moves    map[ident.Counter]move
	findings []Finding
}

// line returns the effects the line should have now and collects the entries that lead there.
func (b *booking) line(had []ledger.Effect, l *ledger.Line, bound Bound) []ledger.Effect {
	if bound.Item == 0 && len(had) == 0 {
		return nil // not mapped yet: kept, and booked exactly once when it is (S14)
	}
	if bound.Item != 0 {
		*l = l.Meet(bound.Counted)
	}
	want := l.Effects(bound.Recipe)
	for _, e := range ledger.Differences(had, want) { // from the stored state of the line, so once
		e.Account, e.At, e.Actor = b.account, b.now, "sync"
		b.entries = append(b.entries, e)
		b.sources = append(b.sources, l.Source)
	}
	return want
}

// name gives the entries the ids that their lines got when they were stored.
func (b *booking) name(lines []Line) {
	ids := make(map[string]ident.Line, len(lines))
	for _, l := range lines {
		ids[l.Source] = l.ID
	}
	for i := range b.entries {
		b.entries[i].Line = ids[b.sources[i]]
	}
}

// counters collects by how much the line moved the channel's own counters. A listing kept in several places draws from
// the first counter of each stock key: which place an order takes from, the channel does not say.
func (b *booking) counters(before, after ledger.Line, bound Bound) {
	taken, untaken := after.Taken-before.Taken, after.Untaken()-before.Untaken()
	if before.FirstSeen == 0 && after.Backfill {
		taken = 0 // older than the first reading
	}
	if before.FirstSeen != 0 && taken == 0 && untaken == 0 {
		return // shipped, or a change that no counter shows
	}
	for _, dr := range bound.Draws {
		m := b.moves[dr.Counter]
		m.taken += taken * dr.Units
		m.untaken += untaken * dr.Units
		b.moves[dr.Counter] = m
	}
}

func (b *booking) unmapped(a Account, key channel.ListingKey) {
	b.findings = append(b.findings, Finding{
		Class: "unmapped-sale", Cause: "unmapped-sale:" + ident.Text(a.ID) + ":" + string(key), Account: a.ID, Field: channel.Stock, At: b.now, Data: "{}",
		Text: a.Name + " sold listing " + string(key) + ", which is not bound to an item: no stock was lowered. Bind it and the sale is booked once.",
	})
}

// moveCounters applies rule 1a to the counters that lines moved and returns the entries of consumed holds.
func (d *drive) moveCounters(ctx context.Context, tx Tx, moves map[ident.Counter]move) ([]ledger.Entry, error) {
	if len(moves) == 0 {
		return nil, nil
	}
	ids := make([]ident.Counter, 0, len(moves))
	for id := range moves {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	cs, err := tx.Counters(ctx, d.fence, ids)
	if err != nil {
		return nil, err
	}
	now := d.now()
	var met []ident.Counter
	var due []int64
	for i := range cs {
		c, m := &cs[i], moves[cs[i].ID]
		var used int64
		c.Copies, used = c.Take(m.taken, now)
		c.Untaken += m.untaken
		if used > 0 {
			met = append(met, c.ID)
		}
		// Only a reading can tell whether a write overwrote the sale. That includes a line first seen as cancelled: it was
		// taken and given back while nobody looked, perhaps on both sides of a write.
		c.ReadDue = now
		due = append(due, int64(c.ID))
		c.ProveDue = d.proveDue(*c)
	}
	if err := tx.SaveCounters(ctx, d.fence, cs); err != nil {
		return nil, err
	}
	if err := tx.Mark(ctx, d.fence.Tenant, d.account.ID, channel.Stock, due, true); err != nil {
		return nil, err
	}
	return d.holdings(ctx, tx, cs, met)
}

// bookReadings takes the counters and prices of a page that was asked for at started. It returns the accounts to wake
// and the counters that have to be decided anew.
func (d *drive) bookReadings(ctx context.Context, tx Tx, page channel.Page, started ident.Micros) (woken []ident.Account, refresh []int64, err error) {
	if err := d.bookPrices(ctx, tx, page.Listings, started); err != nil {
		return nil, nil, err
	}
	if len(page.Counts) == 0 {
		return nil, nil, nil
	}
	keys := make([]channel.StockKey, len(page.Counts))
	for i, n := range page.Counts {
		keys[i] = n.StockKey
	}
	stored, err := tx.CountersByKey(ctx, d.fence, keys)
	if err != nil {
		return nil, nil, err
	}
	byKey := make(map[channel.StockKey]*Counter, len(stored))
	for i := range stored {
		byKey[stored[i].Key] = &stored[i]
	}
	var r readings
	for _, n := range page.Counts {
		if c := byKey[n.StockKey]; c != nil { // a counter no listing draws from is not ours
			r.add(d, c, n, started)
			delete(byKey, n.StockKey) // a page may repeat a row (F11); its drop is one drop
		}
	}
	if err := tx.SaveCounters(ctx, d.fence, r.seen); err != nil {
		return nil, nil, err
	}
	if err := tx.SaveIntents(ctx, d.fence, r.resolved); err != nil {
		return nil, nil, err
	}
	if err := tx.CloseApplied(ctx, d.fence, channel.Stock, r.verified, r.refuted, d.now()); err != nil {
		return nil, nil, err
	}
	entries, err := d.holdings(ctx, tx, r.seen, r.held)
	if err != nil {
		return nil, nil, err
	}
	woken, err = tx.Book(ctx, d.fence.Tenant, entries, true) // I13: a hold lowers every channel at once
	return woken, r.refresh, err
}

// readings collects what the readings of a page did.
type readings struct {
	seen              []Counter
	held              []ident.Counter
	refresh           []int64
	resolved          []Intent
	verified, refuted []int64
}

func (r *readings) add(d *drive, c *Counter, n channel.Count, started ident.Micros) {
	before := *c
	t, ok := d.take(c, n, started)
	if !ok {
		if c.ReadDue != before.ReadDue {
			r.seen = append(r.seen, *c)
		}
		return
	}
	if before.Known && before.ReadDue != 0 && before.Fence > before.ObservedAt && c.Observed == before.Observed && c.Observed != before.Expected {
		c.ReadDue = d.now().Add(readAgain) // F7: said to be done and not done: to say it again at once would be to say it for ever
	}
	if t.resolved != nil {
		r.resolved = append(r.resolved, *t.resolved)
	}
	switch {
	case c.State == Verified && before.State != Verified:
		r.verified = append(r.verified, int64(c.ID))
	case before.Known && t.Drift != (merge.Drift{}) && before.ReadDue != 0:
		r.refuted = append(r.refuted, int64(c.ID))
	}
	if t.Hold > 0 {
		r.held = append(r.held, c.ID)
	}
	if !before.Known || c.Lane != Quiet {
		r.refresh = append(r.refresh, int64(c.ID))
	}
	if d.caps.Stock.WholeGroup || worthSaving(before, *c) { // a group is sent only when all of it was read
		r.seen = append(r.seen, *c)
	}
}

// worthSaving reports whether a reading said anything new: an equal one of a counter with
// nothing to send is not written again.
func worthSaving(before, after Counter) bool {
	return after.Lane != Quiet || before.State != after.State || before.Expected != after.Expected || before.Below != after.Below || before.Above != after.Above ||
		before.Known != after.Known || before.Doubt != after.Doubt || before.Fence != after.Fence || before.ReadDue != after.ReadDue ||
		before.Lane != after.Lane || len(before.Holds) != len(after.Holds) || len(before.Surpluses) != len(after.Surpluses) ||
		before.Observed != after.Observed || !sameQuantity(before.Reserved, after.Reserved)
}

func sameQuantity(a, b *int64) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// holdings brings the item units held for the named counters in line with their holds.
func (d *drive) holdings(ctx context.Context, tx Tx, cs []Counter, changed []ident.Counter) ([]ledger.Entry, error) {
	if len(changed) == 0 {
		return nil, nil
	}
	sellers, err := tx.Sellers(ctx, d.fence, changed)
	if err != nil {
		return nil, err
	}
	now := d.now()
	var want []Holding
	for _, c := range cs {
		if !slices.Contains(changed, c.ID) {
			continue
		}
		h := Holding{Counter: c.ID, At: now}
		if units := c.Holds.Total(); units > 0 {
			for _, p := range sellers.Recipe(c.ID) {
				h.Want = append(h.Want, ledger.Part{Item: p.Item, Units: p.Units * units})
			}
		}
		want = append(want, h)
	}
	return tx.SetHoldings(ctx, d.fence, want)
}

// proveDue is when the oldest hold or surplus may be called an external edit: the feed must have been read past it.
func (d *drive) proveDue(c Counter) ident.Micros {
	var oldest ident.Micros
	for _, parts := range [...]merge.Parts{c.Holds, c.Surpluses} {
		if len(parts) > 0 && (oldest == 0 || parts[0].At < oldest) {
			oldest = parts[0].At
		}
	}
	if oldest == 0 {
		return 0
	}
	return oldest.Add(d.caps.Sales.Lag + d.caps.Read.Lag)
}
