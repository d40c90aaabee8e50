package flow

import (
	"context"
	"slices"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/merge"
)

// Seller is a listing that draws from a counter, as decisions need it.
type Seller struct {
	Counter ident.Counter
	Listing ident.Listing
	Key     channel.ListingKey
	Group   string
	SKU     string
	Pool    channel.Pool
	StockOn bool
	Units   int64 // of the counter, a piece
	Item    ident.Item
	Recipe  ledger.Recipe
}

// Stored is the stock of one item: its balance, and on hand by place when it is kept in more than the main one.
type Stored struct {
	ledger.Balance
	Places map[string]int64
	// MovedAt is when the ledger last moved the item.
	MovedAt ident.Micros
	// Elsewhere is how many units blind accounts other than this one may still be selling; Shown the most units that all
	// counters together may be showing, known only where a scarcity rule asks for it.
	Elsewhere int64
	Shown     int64
	// Sold is how many units were reserved in the last rateOver, known only where a velocity rule asks for it.
	Sold *int64
}

// rateOver is the time that a sales rate is taken from.
const rateOver = 24 * time.Hour

// Sellers are the listings behind some counters with the items they need.
type Sellers struct {
	Rows  []Seller // by counter, then listing
	Items map[ident.Item]Stored
	Rules []Rule // of single items
}

// Of returns the sellers of one counter.
func (s Sellers) Of(c ident.Counter) []Seller {
	i, _ := slices.BinarySearchFunc(s.Rows, c, func(r Seller, c ident.Counter) int { return int(min(max(r.Counter-c, -1), 1)) })
	j := i
	for j < len(s.Rows) && s.Rows[j].Counter == c {
		j++
	}
	return s.Rows[i:j]
}

// Recipe returns what one unit of the counter takes from the store room, by its first bound seller.
func (s Sellers) Recipe(c ident.Counter) ledger.Recipe {
	for _, r := range s.Of(c) {
		if r.Item != 0 {
			return r.Recipe
		}
	}
	return nil
}

// taken is what a reading did: the drift it found, and the unanswered write that it resolved.
type taken struct {
	merge.Drift
	resolved *Intent
}

// take applies a reading to a counter (1a) and says how it stands now. ok is false for a reading that may be older than
// what we know, or that cannot be told apart from a write on its way; then it is read again.
func (d *drive) take(c *Counter, n channel.Count, started ident.Micros) (t taken, ok bool) {
	lag := d.caps.Read.Lag
	c.Reserved = n.Reserved
	if !c.Fresh(started, lag) {
		if c.ReadDue != 0 {
			c.ReadDue = max(c.ReadDue, c.Fence.Add(lag))
		}
		return t, false
	}
	if open := c.Open; open != nil {
		over := life(*open).Add(d.caps.Stock.Longest)
		switch {
		case open.State != Unanswered:
			return t, false
		case n.Quantity == open.Value: // applied after all, or as good as
			open.State = Confirmed
		case started.Add(-lag) >= over: // its longest life is over: what is read is what came of it
			open.State = Superseded
		default:
			c.ReadDue = over.Add(lag)
			return t, false
		}
		open.SettledAt, t.resolved, c.Open = d.now(), open, nil
	}
	c.Copies, t.Drift = c.Copies.Read(n.Quantity, started)
	c.ReadDue = 0
	c.ProveDue = d.proveDue(*c)
	d.stand(c)
	return t, true
}

// life is when an unanswered write was last able to leave. A driver that died may have sent until not_after.
func life(in Intent) ident.Micros {
	if in.Code == driverDied {
		return in.NotAfter
	}
	return in.SettledAt
}

// stand names how a counter stands after what was learned of it, and in which lane it waits.
func (d *drive) stand(c *Counter) {
	state, lane := c.State, Quiet
	switch {
	case c.Wire == nil:
		if state != Foreign {
			state = Absent
		}
	case c.Open != nil:
		state = Pending
	case state == Pending && c.Fence > c.ObservedAt && c.ReadDue > d.now():
		// written or sold on: it is read back first
	case c.Settled(*c.Wire): // in sync: read back and equal
		state = Verified
	case d.leaves(*c): // a rise that may be the seller's own: it waits for proof instead of being written back
		state = Pending
	case state == Asked, state == Held, state == Denied, state == Foreign: // waits for an answer or for a new decision
	default:
		state, lane = Pending, laneOf(c.Observed, *c.Wire)
	}
	if state != c.State {
		c.State, c.Since = state, d.now()
	}
	c.Lane = lane
}

// leaves reports whether a counter shows no more than its target and the units of a rise that nobody has explained yet,
// on an account where a rise is to be adopted or asked about. A further decrease of the target is not kept back by it.
func (d *drive) leaves(c Counter) bool {
	rise := c.Surpluses.Total()
	return rise > 0 && (d.account.Role == Master || d.account.OnDrift != Heal) && c.Observed > *c.Wire && c.Observed <= *c.Wire+rise
}

// laneOf orders a change from what the channel shows to what it should show.
func laneOf(from, to int64) Lane {
	switch {
	case to <= 0:
		return ToZero
	case to < from:
		return Decrease
	default:
		return Increase
	}
}

// stock does one batch of due counters: decide what each should show, read those that need a write, book what was read,
// decide again on that, record intents — all in one commit — and send them.
func (d *drive) stock(ctx context.Context) (bool, error) {
	var work []Mark
	var ids []ident.Counter
	var maybe []Counter
	err := d.store.Read(ctx, func(tx Tx) (err error) {
		if work, err = tx.StockWork(ctx, d.fence, d.now(), d.options.Batch, d.sending() && d.now() >= d.waits[channel.OpStock]); err != nil || len(work) == 0 {
			return err
		}
		if ids, err = d.withMates(ctx, tx, counterIDs(work)); err != nil {
			return err
		}
		v, err := d.view(ctx, tx, ids)
		if err != nil {
			return err
		}
		maybe = d.worthReading(v)
		return nil
	})
	if err != nil || len(work) == 0 {
		return false, err
	}
	page, started, err := d.readCounters(ctx, maybe)
	if err != nil {
		return true, fault.Wrap("read stock", err)
	}
	var sends []send
	err = d.write(ctx, func(tx Tx) ([]ident.Account, error) {
		if d.pauses, err = tx.Pauses(ctx, d.fence.Tenant); err != nil { // I16: effective from its commit on
			return nil, err
		}
		woken, _, err := d.bookReadings(ctx, tx, page, started) // what it refreshed is decided right below
		if err != nil {
			return nil, err
		}
		if err := d.raiseFindings(ctx, tx, page.Findings); err != nil {
			return nil, err
		}
		v, err := d.view(ctx, tx, ids)
		if err != nil {
			return nil, err
		}
		d.unread(v, maybe, page)
		if err := d.decideStock(ctx, tx, v, urgent(work)); err != nil {
			return nil, err
		}
		if sends, err = d.intendStock(ctx, tx, v, started); err != nil {
			return nil, err
		}
		sinceSale(sends, v, urgent(work))
		if err := tx.SaveCounters(ctx, d.fence, v.counters); err != nil {
			return nil, err
		}
		return woken, tx.MarksDone(ctx, d.fence, channel.Stock, work)
	})
	if err != nil {
		return true, err
	}
	return true, d.send(ctx, channel.Stock, sends)
}

// sinceSale notes for sends that a sale or a hold asked for when it was booked: from there the delay is measured.
func sinceSale(sends []send, v view, sold map[int64]bool) {
	for i := range sends {
		if !sold[sends[i].intent.Target] {
			continue
		}
		for _, p := range v.sellers.Recipe(ident.Counter(sends[i].intent.Target)) {
			sends[i].soldAt = max(sends[i].soldAt, v.sellers.Items[p.Item].MovedAt)
		}
	}
}

// withMates adds the counters that have to travel along where a call replaces a whole group.
func (d *drive) withMates(ctx context.Context, tx Tx, ids []ident.Counter) ([]ident.Counter, error) {
	if !d.caps.Stock.WholeGroup {
		return ids, nil
	}
	return tx.Mates(ctx, d.fence, ids)
}

func counterIDs(work []Mark) []ident.Counter {
	ids := make([]ident.Counter, len(work))
	for i, m := range work {
		ids[i] = ident.Counter(m.Target)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// view is a batch of counters with everything a decision needs.
type view struct {
	counters []Counter
	sellers  Sellers
	book     Rulebook
	delay    time.Duration // p95 from a sale booked to its write leaving; 0: not measured
}

func (d *drive) view(ctx context.Context, tx Tx, ids []ident.Counter) (v view, err error) {
	if v.counters, err = tx.Counters(ctx, d.fence, ids); err != nil {
		return v, err
	}
	if v.sellers, err = tx.Sellers(ctx, d.fence, ids); err != nil {
		return v, err
	}
	if v.book, err = d.book.With(v.sellers.Rules); err != nil {
		return v, err
	}
	if err := tx.Elsewhere(ctx, d.fence, v.sellers.Items); err != nil {
		return v, err
	}
	if v.book.Scarce() {
		if err := tx.Shown(ctx, d.fence, v.sellers.Items); err != nil {
			return v, err
		}
	}
	if v.book.Measured() {
		if err := tx.Reserved(ctx, d.fence, v.sellers.Items, d.now().Add(-rateOver)); err != nil {
			return v, err
		}
		v.delay, err = tx.Delay(ctx, d.fence, "booked-sent", d.now().Add(-rateOver))
	}
	return v, err
}

// worthReading picks the counters of a view that must be read before anything else can be said of them: those that need
// a write, and those whose reading is due.
func (d *drive) worthReading(v view) []Counter {
	var out []Counter
	for _, c := range v.counters {
		if d.mustRead(c, v) {
			out = append(out, c)
		}
	}
	if len(out) > 0 && d.caps.Stock.WholeGroup {
		return v.counters // what travels along is read too
	}
	return out
}

func (d *drive) mustRead(c Counter, v view) bool {
	switch {
	case c.Open != nil:
		return d.resolvable(c)
	case c.ReadDue != 0 && c.ReadDue <= d.now():
		return true
	case !d.sending() || !c.Known:
		return false
	}
	w := d.decide(c, v).wire(c)
	return w != nil && !c.Settled(*w)
}

// resolvable reports whether reading may tell what came of an unanswered write.
func (d *drive) resolvable(c Counter) bool {
	return c.Open.State == Unanswered && c.ReadDue <= d.now()
}

// readCounters reads counters by key, as many calls as it takes. Rows that a later call did not reach are left for next
// time: a reading that is missing says nothing.
func (d *drive) readCounters(ctx context.Context, cs []Counter) (channel.Page, ident.Micros, error) {
	started := d.now()
	var all channel.Page
	most := d.caps.Read.MaxKeys
	if most == 0 {
		return all, started, nil
	}
	for part := range slices.Chunk(cs, most) {
		keys := channel.Keys{Stock: make([]channel.StockKey, len(part))}
		for i, c := range part {
			keys.Stock[i] = c.Key
		}
		page, _, err := d.readBack(ctx, keys)
		if err != nil {
			if fault.Is(err, fault.RateLimited) && len(all.Counts) > 0 {
				d.wait(channel.OpRead, max(fault.AfterOf(err), time.Millisecond))
				return all, started, nil
			}
			return all, started, err
		}
		all.Counts = append(all.Counts, page.Counts...)
		all.Findings = append(all.Findings, page.Findings...)
		all.GoneStock = append(all.GoneStock, page.GoneStock...)
	}
	return all, started, nil
}

// unread puts off counters that were asked for and not answered: a row that cannot be read, one that is gone, a channel
// that reads no chosen keys. To ask again at once would be to ask for ever.
func (d *drive) unread(v view, asked []Counter, page channel.Page) {
	answered := make(map[channel.StockKey]bool, len(page.Counts))
	for _, n := range page.Counts {
		answered[n.StockKey] = true
	}
	missing := make(map[ident.Counter]bool, len(asked))
	for _, c := range asked {
		missing[c.ID] = !answered[c.Key]
	}
	for i := range v.counters {
		if c := &v.counters[i]; missing[c.ID] {
			c.ReadDue = max(c.ReadDue, d.now().Add(readAgain), d.waits[channel.OpRead])
		}
	}
}

// readAgain is how long a counter is left alone whose reading did not come.
const readAgain = 10 * time.Second
