package flow

import (
	"context"
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/merge"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/policy"
)

// Version is the version of the code that decides; it is stored with every decision, because the same inputs may give
// another number when the rules' meaning changes.
const Version = "1"

// StockRecord is what is stored of a decision on a counter. Result is Target(Input) by code version Code, exactly (I9).
type StockRecord struct {
	Code    string        `json:"code"`
	Rules   []ident.Rule  `json:"rules,omitempty"`
	Input   policy.Input  `json:"input"`
	Result  policy.Result `json:"result"`
	Untaken int64         `json:"untaken"` // own open units that come on top (1a)
	Wire    *int64        `json:"wire"`
}

// target is what a counter should offer, with how that came about.
type target struct {
	input  policy.Input
	result policy.Result
	never  bool // the channel's own number is never lowered by an order
}

// wire returns the channel's number for the target; nil when there is none. A channel that never lowers its number for
// an order offers what it shows, so open units do not come on top.
func (t target) wire(c Counter) *int64 {
	if t.result.State != policy.Value {
		return nil
	}
	untaken := c.Untaken
	if t.never {
		untaken = 0
	}
	w := merge.Wire(t.result.Quantity, untaken)
	return &w
}

// decide computes what a counter should offer: a pure function of the view.
func (d *drive) decide(c Counter, v view) target {
	rows := v.sellers.Of(c.ID)
	in := policy.Input{
		Account: d.account.ID, Pool: channel.Merchant, Blind: d.feed.BlindSince != 0,
		Max: d.caps.Stock.Max, Zero: d.caps.Stock.Zero,
	}
	if v.delay > 0 { // what the channel itself takes comes on top of what was measured
		in.Delay = v.delay + d.caps.Sales.Lag + d.caps.Stock.Settle
	}
	if c.Known {
		shown := max(c.Observed, c.Expected+c.Above)
		if c.Doubt {
			shown = max(shown, c.DoubtAt)
		}
		in.Shown = &shown
	}
	never := d.caps.Stock.Moment == channel.Never
	seller := bound(rows)
	if seller == nil {
		if len(rows) > 0 {
			in.Pool = rows[0].Pool
		}
		return target{in, policy.Target(in), never}
	}
	in.Pool = seller.Pool
	in.Rules = v.book.Stock(seller.Item)
	for _, p := range seller.Recipe {
		s := v.sellers.Items[p.Item]
		part := policy.Part{Item: p.Item, Units: p.Units, Counted: s.Counted != 0, Reserved: s.Reserved, Held: s.Held, Elsewhere: s.Elsewhere}
		if in.Rules.Rules.Scarcity != nil { // a right is raised only into what the others have verifiably given up
			others := max(0, s.Shown-shownUnits(c, p.Units))
			part.Others = &others
		}
		part.Places = placesOf(s)
		if s.Sold != nil {
			if rate, err := money.PerHour(*s.Sold, rateOver); err == nil {
				part.PerHour = &rate
			}
		}
		in.Parts = append(in.Parts, part)
	}
	return target{in, policy.Target(in), never}
}

// bound picks the seller a counter is decided by. Sellers of one counter that are bound to different goods cannot both
// be right, so there is no target until a person has looked (S13).
func bound(rows []Seller) *Seller {
	var first *Seller
	for i := range rows {
		r := &rows[i]
		if r.Item == 0 || !r.StockOn {
			continue
		}
		if first == nil {
			first = r
		} else if !slices.Equal(first.Recipe, r.Recipe) {
			return nil
		}
	}
	return first
}

// shownUnits is how many units of an item the counter itself may be showing.
func shownUnits(c Counter, units int64) int64 {
	if !c.Known {
		return 0
	}
	return max(0, c.Observed, c.Expected+c.Above) * units
}

// placesOf lists on hand by place; what no place claims is in the main one, "".
func placesOf(s Stored) []policy.Place {
	main := s.OnHand
	names := make([]string, 0, len(s.Places))
	for name, n := range s.Places {
		names = append(names, name)
		main -= n
	}
	slices.Sort(names)
	out := append(make([]policy.Place, 0, len(names)+1), policy.Place{Units: main})
	for _, name := range names {
		out = append(out, policy.Place{Name: name, Units: s.Places[name]})
	}
	return out
}

// decideStock sets what each counter of the view should show, and stores a decision for every target that changed.
// sold names the targets that a sale or a hold marked: running out by sales is never held back.
func (d *drive) decideStock(ctx context.Context, tx Tx, v view, sold map[int64]bool) error {
	now := d.now()
	var ds []Decision
	var zeroed []*Counter
	for i := range v.counters {
		c := &v.counters[i]
		t := d.decide(*c, v)
		wire := t.wire(*c)
		if sameQuantity(c.Wire, wire) && sameTarget(c.Target, t.result) && c.State != Undecided {
			d.stand(c)
			continue
		}
		rec := StockRecord{Code: Version, Rules: t.input.Rules.Sources.Rules(), Input: t.input, Result: t.result, Untaken: c.Untaken, Wire: wire}
		body, err := rec.MarshalJSON()
		if err != nil {
			return fault.Wrap("decide", err)
		}
		ds = append(ds, Decision{
			Account: d.account.ID, Field: channel.Stock, Target: int64(c.ID), At: now,
			Outcome: string(t.result.State), Value: wire, Record: string(body),
		})
		if !sold[int64(c.ID)] && t.result.State == policy.Value && t.result.Quantity == 0 && c.Known && c.Observed > 0 {
			zeroed = append(zeroed, c)
		}
		lower := c.Wire != nil && wire != nil && *wire < *c.Wire
		if c.State == Undecided || c.State == Absent || c.State == Held || c.State == Denied || (c.State == Asked && lower) || (c.State == Foreign && t.result.State == policy.Value) {
			c.State, c.Since = Pending, now // a question never delays a decrease
		}
		c.Wire, c.Target = wire, nil
		if t.result.State == policy.Value {
			q := t.result.Quantity
			c.Target = &q
		}
		if t.result.Reason == policy.ChannelFulfilled {
			c.State, c.Since = Foreign, now // S22
		}
		if t.result.State == policy.Held {
			c.State, c.Since = Held, now
		}
		c.Rev++
		d.stand(c)
	}
	if err := d.guardZeros(ctx, tx, zeroed); err != nil {
		return err
	}
	_, err := tx.Decide(ctx, d.fence.Tenant, ds)
	return err
}

func sameTarget(have *int64, r policy.Result) bool {
	if r.State != policy.Value {
		return have == nil
	}
	return have != nil && *have == r.Quantity
}
