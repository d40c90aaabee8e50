package flow

import (
	"context"
	"fmt"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/plan"
)

// send is an intent with the write that carries it.
type send struct {
	intent Intent
	lane   Lane
	soldAt ident.Micros  // when the sale behind it was booked; 0: no sale
	delay  time.Duration // from there to leaving
	write  channel.Write
}

// gate is what may keep a write from leaving, loaded once for a batch.
type gate struct {
	approved map[int64]ident.Plan // mode approve: targets with a planned row of an applying plan
	spent    map[int64]int        // writes of the last 24 h (revision budget)
}

// gates loads what a batch of would-be writes must pass. revs maps each target to the revision it would send.
func (d *drive) gates(ctx context.Context, tx Tx, f channel.Field, caps channel.BatchCaps, revs map[int64]int64) (g gate, err error) {
	if d.account.Mode == Approve {
		if g.approved, err = tx.Approved(ctx, d.fence, f, revs); err != nil {
			return g, err
		}
	}
	if caps.Budget > 0 {
		targets := make([]int64, 0, len(revs))
		for t := range revs {
			targets = append(targets, t)
		}
		g.spent, err = tx.Spent(ctx, d.fence, f, targets, d.now().Add(-24*time.Hour))
	}
	return g, err
}

// admits reports whether a write of a target may leave now.
func (d *drive) admits(g gate, f channel.Field, caps channel.BatchCaps, target int64, item ident.Item, lane Lane) bool {
	if !d.sending() {
		return false
	}
	if d.account.Mode == Approve {
		if _, ok := g.approved[target]; !ok {
			return false
		}
	}
	if d.feed.BlindSince != 0 && lane == Increase { // I14
		return false
	}
	for _, p := range d.pauses { // I16
		if p.covers(d.account.ID, f, item) && !p.Mode.lets(lane) {
			return false
		}
	}
	return plan.Left(caps.Budget, g.spent[target], lane == ToZero) > 0 // I15
}

func (p Pause) covers(a ident.Account, f channel.Field, item ident.Item) bool {
	return (p.Account == 0 || p.Account == a) && (p.Field == "" || p.Field == f) && (p.Item == 0 || p.Item == item)
}

func (m PauseMode) lets(lane Lane) bool {
	switch m {
	case NoIncreases:
		return lane != Increase
	case ToZeroOnly:
		return lane == ToZero
	}
	return false
}

// intendStock records an intent for every counter of the view whose fresh reading differs from what it should show.
// Nothing is asserted that is equal already. The intents are committed before anything leaves.
func (d *drive) intendStock(ctx context.Context, tx Tx, v view, started ident.Micros) ([]send, error) {
	if !d.sending() || d.now() < d.waits[channel.OpStock] || d.caps.Stock.Mode == channel.NoWrite {
		return nil, nil
	}
	revs := map[int64]int64{}
	for _, c := range v.counters {
		if d.wantsWrite(c, started) {
			revs[int64(c.ID)] = c.Rev
		}
	}
	if len(revs) == 0 {
		return nil, nil
	}
	g, err := d.gates(ctx, tx, channel.Stock, d.caps.Stock.BatchCaps, revs)
	if err != nil {
		return nil, err
	}
	var out []send
	late := d.now().Add(lookAgain)
	for i := range v.counters {
		c := &v.counters[i]
		seller := v.writer(c.ID)
		if _, wants := revs[int64(c.ID)]; !wants {
			continue
		}
		if seller == nil || !d.admits(g, channel.Stock, d.caps.Stock.BatchCaps, int64(c.ID), seller.Item, laneOf(c.Observed, *c.Wire)) {
			c.ReadDue = late // not now: a pause lifted, a plan applied or the next day marks it before that
			continue
		}
		out = append(out, d.stockSend(*c, *seller, g))
	}
	if out = d.wholeGroups(v, out, g, started); len(out) == 0 {
		return nil, nil
	}
	return out, d.record(ctx, tx, out, func(i int, in Intent) {
		for j := range v.counters {
			if c := &v.counters[j]; int64(c.ID) == in.Target {
				c.Open = &out[i].intent
				d.stand(c)
			}
		}
	})
}

// lookAgain is how long a write that may not leave now is left alone.
const lookAgain = time.Minute

// wholeGroups completes the sends of a channel whose call replaces a whole group: every counter of the group travels
// along with what it should show. A group of which something is not known is not sent at all (consequence 7).
func (d *drive) wholeGroups(v view, sends []send, g gate, started ident.Micros) []send {
	if !d.caps.Stock.WholeGroup || len(sends) == 0 {
		return sends
	}
	byCounter := make(map[int64]send, len(sends))
	want := map[string]bool{}
	for _, s := range sends {
		byCounter[s.intent.Target] = s
		want[s.write.Listing.Group] = true
	}
	whole := map[string][]send{}
	broken := map[string]bool{}
	for _, c := range v.counters {
		s := v.writer(c.ID)
		if rows := v.sellers.Of(c.ID); s == nil && len(rows) > 0 {
			s = &rows[0] // not ours to change: it keeps what it shows
			c.Wire = nil
		}
		if s == nil || !want[s.Group] {
			continue
		}
		x, sent := byCounter[int64(c.ID)]
		if !sent {
			if c.Open != nil || !c.Known || c.ObservedAt < started {
				broken[s.Group] = true
				continue
			}
			if c.Wire == nil || c.State == Asked || c.State == Held || c.State == Denied {
				c.Wire = &c.Observed // waits for a person: it keeps what it shows
			}
			x = d.stockSend(c, *s, g)
			x.intent.Rev = 0 // nothing new is asserted: it travels along
		}
		whole[s.Group] = append(whole[s.Group], x)
	}
	var out []send
	for _, s := range sends { // in the order of the sends, each group once
		group := s.write.Listing.Group
		if !broken[group] {
			out = append(out, whole[group]...)
		}
		whole[group] = nil
	}
	return out
}

// wantsWrite: decided, read just now, different, and nothing in the way.
func (d *drive) wantsWrite(c Counter, started ident.Micros) bool {
	fresh := c.ObservedAt >= started || d.caps.Read.MaxKeys == 0
	return c.Lane != Quiet && c.ReadDue <= d.now() && c.Open == nil && c.Wire != nil && c.Known && fresh && !c.Doubt && c.Observed != *c.Wire
}

// writer returns the listing through which a counter is written: the first that is bound and ours.
func (v view) writer(c ident.Counter) *Seller {
	for i, s := range v.sellers.Of(c) {
		if s.Item != 0 && s.StockOn && s.Pool != channel.ByChannel { // I11, S22
			return &v.sellers.Of(c)[i]
		}
	}
	return nil
}

func (d *drive) stockSend(c Counter, s Seller, g gate) send {
	now := d.now()
	wire := *c.Wire
	return send{
		lane: laneOf(c.Observed, wire),
		intent: Intent{
			Field: channel.Stock, Target: int64(c.ID), Rev: c.Rev, Value: wire, Base: c.Observed, Epoch: d.fence.Epoch,
			NotAfter: now.Add(notAfter), State: Recorded, Plan: g.approved[int64(c.ID)], CreatedAt: now,
		},
		write: channel.Write{
			Stock: c.Key, Listing: channel.ListingRef{Key: s.Key, Group: s.Group},
			Quantity: wire, Base: c.Observed, Delta: wire - c.Observed,
		},
	}
}

// notAfter is how long after its commit an intent may still be sent (I7).
const notAfter = 10 * time.Second

// record stores intents and gives each its id, its idempotency key and its way back from the channel's answer.
func (d *drive) record(ctx context.Context, tx Tx, out []send, each func(int, Intent)) error {
	if len(out) == 0 {
		return nil
	}
	is := make([]Intent, len(out))
	for i := range out {
		is[i] = out[i].intent
		// One key an intent: the same target at the same revision may be sent again from another base.
		is[i].Key = fmt.Sprintf("cd-%d-%d-%s-%d-%x", d.fence.Tenant, d.account.ID, is[i].Field, is[i].Target, int64(is[i].CreatedAt))
	}
	if err := tx.Record(ctx, d.fence, is); err != nil {
		return err
	}
	for i := range out {
		out[i].intent = is[i]
		// Ids grow, so a value that has to be sent again has a higher sequence than the first time (correctness 3 E).
		out[i].write.Ref, out[i].write.Key, out[i].write.Sequence = int64(is[i].ID), is[i].Key, int64(is[i].ID)
		each(i, is[i])
	}
	return nil
}

// priceSend is the write of a price.
func (d *drive) priceSend(p Price, g gate) send {
	now := d.now()
	in := Intent{
		Field: channel.Price, Target: int64(p.Listing), Rev: p.Rev, Value: *p.Want, Currency: p.Currency, Epoch: d.fence.Epoch,
		NotAfter: now.Add(notAfter), State: Recorded, Plan: g.approved[int64(p.Listing)], CreatedAt: now,
	}
	if p.Seen != nil {
		in.Base = *p.Seen
	}
	return send{
		lane: p.Lane, intent: in,
		write: channel.Write{
			Listing: channel.ListingRef{Key: p.Key, Group: p.Group}, Price: money.Of(*p.Want, p.Currency),
		},
	}
}
