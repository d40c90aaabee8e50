package flow

import (
	"context"
	"fmt"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/pricing"
)

// PriceRecord is what is stored of a decision on a price. Result is Compute(Input) by code version Code, exactly (I9),
// unless a run guard held it, which its reason says.
type PriceRecord struct {
	Code   string         `json:"code"`
	Rules  []ident.Rule   `json:"rules,omitempty"`
	Input  pricing.Input  `json:"input"`
	Result pricing.Result `json:"result"`
}

// medianOver is the time whose median price a new price is compared with.
const medianOver = 30 * 24 * time.Hour

// decidePrices sets what each listing should cost, and stores a decision for every result that changed.
func (d *drive) decidePrices(ctx context.Context, tx Tx, ps []Priced) error {
	facts, err := d.priceFacts(ctx, tx, ps)
	if err != nil {
		return err
	}
	inputs := make([]pricing.Input, len(ps))
	results := make([]pricing.Result, len(ps))
	for i := range ps {
		if inputs[i], err = d.priceInput(&ps[i], facts); err != nil {
			return err
		}
		results[i] = pricing.Compute(inputs[i])
	}
	if err := d.guardPrices(ctx, tx, ps, results, facts.approved); err != nil {
		return err
	}
	var ds []Decision
	var raise []Finding
	var done []string
	for i := range ps {
		p, in, r := &ps[i], inputs[i], results[i]
		cause := fmt.Sprintf("price:%d:%d", d.account.ID, p.Listing)
		if !d.newPrice(p, r) {
			d.standPrice(&p.Price)
			continue
		}
		body, err := PriceRecord{Code: Version, Rules: in.Rules.Sources.Rules(), Input: in, Result: r}.MarshalJSON()
		if err != nil {
			return fault.Wrap("decide", err)
		}
		dec := Decision{Account: d.account.ID, Field: channel.Price, Target: int64(p.Listing), At: in.Now, Outcome: string(r.State), Record: string(body)}
		if r.State == pricing.Send {
			dec.Value = &r.Price.Minor
		}
		ds = append(ds, dec)
		if f := d.priceFinding(p, r, cause); f != nil {
			raise = append(raise, *f)
		} else {
			done = append(done, cause)
		}
		d.setPrice(p, r)
	}
	if err := tx.Raise(ctx, d.fence.Tenant, raise); err != nil {
		return err
	}
	if err := tx.Settle(ctx, d.fence.Tenant, done, "sync", d.now()); err != nil {
		return err
	}
	_, err = tx.Decide(ctx, d.fence.Tenant, ds)
	return err
}

// priceFacts are what prices of a batch are compared with.
type priceFacts struct {
	medians  map[ident.Listing]int64
	approved map[ident.Listing]int64
}

func (d *drive) priceFacts(ctx context.Context, tx Tx, ps []Priced) (f priceFacts, err error) {
	ids := make([]ident.Listing, len(ps))
	for i, p := range ps {
		ids[i] = p.Listing
	}
	if f.medians, err = tx.Medians(ctx, d.fence, ids, d.now().Add(-medianOver)); err == nil {
		f.approved, err = tx.ApprovedPrices(ctx, d.fence, ids)
	}
	return f, err
}

func (d *drive) priceInput(p *Priced, facts priceFacts) (pricing.Input, error) {
	rules, err := d.book.Price(p.Item, p.Extra, p.Rules)
	in := pricing.Input{
		ReadOnly: !d.caps.Price.Write, Base: times(p.Base, p.Pack), Cost: times(p.Cost, p.Pack), Currency: p.Currency, TaxIncluded: d.caps.Price.TaxIncluded,
		Last: amount(p.Accepted, p.Currency), Now: d.now(), Rules: rules, Limits: d.book.limits,
	}
	if !p.PriceOn || p.Item == 0 || p.Pool == channel.ByChannel && !p.PriceOn {
		in.Owner = "somebody else: this listing's price is not managed here" // N20
	}
	if m, ok := facts.medians[p.Listing]; ok {
		in.Median = amount(&m, p.Currency)
	}
	if a, ok := facts.approved[p.Listing]; ok {
		in.Approved = amount(&a, p.Currency)
	}
	return in, err
}

// times is the price of a pack: so many pieces at the item's price.
func times(a *money.Amount, pack int64) *money.Amount {
	if a == nil || pack <= 1 {
		return a
	}
	b := money.Of(a.Minor*pack, a.Currency)
	return &b
}

func amount(minor *int64, c money.Currency) *money.Amount {
	if minor == nil {
		return nil
	}
	a := money.Of(*minor, c)
	return &a
}

// newPrice reports whether a result is another one than the listing has.
func (d *drive) newPrice(p *Priced, r pricing.Result) bool {
	switch r.State {
	case pricing.Send:
		return p.Want == nil || *p.Want != r.Price.Minor || p.State == Held || p.State == Undecided || p.State == Absent || p.State == Foreign
	case pricing.Held:
		return p.State != Held || p.Want == nil || *p.Want != r.Price.Minor
	case pricing.Refused:
		return p.State != Held || p.Want != nil
	case pricing.NotOwned:
		return p.State != Foreign
	}
	return p.State != Absent
}

// setPrice applies a result. A price that may not be sent leaves the channel's as it is.
func (d *drive) setPrice(p *Priced, r pricing.Result) {
	state := Pending
	switch r.State {
	case pricing.Held, pricing.Refused:
		state = Held
	case pricing.NotOwned:
		state = Foreign
	case pricing.Absent:
		state = Absent
	}
	p.Want = nil
	if r.State == pricing.Send || r.State == pricing.Held { // a refused price is no price, not even to be shown
		minor := r.Price.Minor
		p.Want = &minor
	}
	p.Rev++
	p.State, p.Since, p.Lane = state, d.now(), Quiet
	d.standPrice(&p.Price)
}

// priceFinding tells a person that a price is held or refused.
func (d *drive) priceFinding(p *Priced, r pricing.Result, cause string) *Finding {
	if r.State != pricing.Held && r.State != pricing.Refused {
		return nil
	}
	return &Finding{
		Class: "price-" + string(r.State), Cause: cause, Account: d.account.ID, Field: channel.Price, Target: int64(p.Listing), Item: p.Item, At: d.now(),
		Data: fmt.Sprintf(`{"price":%d,"reason":%q}`, r.Price.Minor, r.Reason),
		Text: fmt.Sprintf("%s, %s: %s", d.account.Name, p.SKU, r.Sentence()),
	}
}
