package flow

import (
	"context"
	"fmt"
	"slices"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
)

// Priced is a listing's price with what deciding it needs.
type Priced struct {
	Price
	SKU     string
	Item    ident.Item
	Pack    int64
	PriceOn bool
	Pool    channel.Pool
	Base    *money.Amount // of the item; nil: absent
	Cost    *money.Amount
	Extra   string // JSON of the item's sale price and advertised minimum
	Rules   []Rule // of the item
}

// prices does one batch of due prices. Nobody else lowers a price, so the newest revision wins: decide, send what
// differs from the last reading, read back (correctness 9).
func (d *drive) prices(ctx context.Context) (bool, error) {
	var work []Mark
	var ids []ident.Listing
	var due []Priced
	err := d.store.Read(ctx, func(tx Tx) (err error) {
		if work, err = tx.PriceWork(ctx, d.fence, d.now(), d.options.Batch, d.sending() && d.now() >= d.waits[channel.OpPrice]); err != nil || len(work) == 0 {
			return err
		}
		if ids, err = d.withPriceMates(ctx, tx, listingIDs(work)); err != nil {
			return err
		}
		ps, err := tx.Prices(ctx, d.fence, ids)
		for _, p := range ps {
			if p.ReadDue != 0 && p.ReadDue <= d.now() {
				due = append(due, p)
			}
		}
		return err
	})
	if err != nil || len(work) == 0 {
		return false, err
	}
	page, started, err := d.readPrices(ctx, due)
	if err != nil {
		return true, fault.Wrap("read prices", err)
	}
	var sends []send
	err = d.write(ctx, func(tx Tx) (_ []ident.Account, err error) {
		if d.pauses, err = tx.Pauses(ctx, d.fence.Tenant); err != nil { // I16
			return nil, err
		}
		if err := d.bookPrices(ctx, tx, page.Listings, started); err != nil {
			return nil, err
		}
		ps, err := tx.Prices(ctx, d.fence, ids)
		if err != nil {
			return nil, err
		}
		if err := d.decidePrices(ctx, tx, ps); err != nil {
			return nil, err
		}
		if sends, err = d.intendPrices(ctx, tx, ps); err != nil {
			return nil, err
		}
		if err := tx.SavePrices(ctx, d.fence, plain(ps)); err != nil {
			return nil, err
		}
		return nil, tx.MarksDone(ctx, d.fence, channel.Price, work)
	})
	if err != nil {
		return true, err
	}
	return true, d.send(ctx, channel.Price, sends)
}

// withPriceMates adds the listings that have to travel along where a call replaces a whole group.
func (d *drive) withPriceMates(ctx context.Context, tx Tx, ids []ident.Listing) ([]ident.Listing, error) {
	if !d.caps.Price.WholeGroup {
		return ids, nil
	}
	return tx.PriceMates(ctx, d.fence, ids)
}

func listingIDs(work []Mark) []ident.Listing {
	ids := make([]ident.Listing, len(work))
	for i, m := range work {
		ids[i] = ident.Listing(m.Target)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func plain(ps []Priced) []Price {
	out := make([]Price, len(ps))
	for i, p := range ps {
		out[i] = p.Price
	}
	return out
}

// readPrices reads prices by key, as many calls as it takes.
func (d *drive) readPrices(ctx context.Context, ps []Priced) (channel.Page, ident.Micros, error) {
	started := d.now()
	var all channel.Page
	if d.caps.Read.MaxKeys == 0 {
		return all, started, nil
	}
	for part := range slices.Chunk(ps, d.caps.Read.MaxKeys) {
		keys := channel.Keys{Prices: make([]channel.ListingRef, len(part))}
		for i, p := range part {
			keys.Prices[i] = channel.ListingRef{Key: p.Key, Group: p.Group}
		}
		page, _, err := d.readBack(ctx, keys)
		if err != nil {
			if fault.Is(err, fault.RateLimited) && len(all.Listings) > 0 {
				d.wait(channel.OpRead, max(fault.AfterOf(err), time.Millisecond))
				return all, started, nil
			}
			return all, started, err
		}
		all.Listings = append(all.Listings, page.Listings...)
	}
	return all, started, nil
}

// bookPrices takes the prices of listings that were asked for at started. An older reading never replaces a newer one,
// a price in another currency is refused, and an absent one changes nothing.
func (d *drive) bookPrices(ctx context.Context, tx Tx, ls []channel.Listing, started ident.Micros) error {
	keys := make([]channel.ListingKey, 0, len(ls))
	seen := make(map[channel.ListingKey]money.Amount, len(ls))
	for _, l := range ls {
		if l.Price != nil {
			keys = append(keys, l.Key)
			seen[l.Key] = *l.Price
		}
	}
	if len(keys) == 0 {
		return nil
	}
	ps, err := tx.PricesByKey(ctx, d.fence, keys)
	if err != nil {
		return err
	}
	var changed []Price
	var resolved []Intent
	var verified []int64
	var findings []Finding
	for i := range ps {
		p := &ps[i].Price
		before := *p
		in, finding := d.takePrice(&ps[i], seen[p.Key], started)
		if in != nil {
			resolved = append(resolved, *in)
		}
		if finding != nil {
			findings = append(findings, *finding)
		}
		if p.State == Verified && before.State != Verified {
			verified = append(verified, int64(p.Listing))
		}
		if p.State != before.State || p.Lane != before.Lane || p.ReadDue != before.ReadDue || !sameQuantity(p.Seen, before.Seen) || p.Open != before.Open {
			changed = append(changed, *p)
		}
	}
	if err := tx.SavePrices(ctx, d.fence, changed); err != nil {
		return err
	}
	if err := tx.SaveIntents(ctx, d.fence, resolved); err != nil {
		return err
	}
	if err := tx.CloseApplied(ctx, d.fence, channel.Price, verified, nil, d.now()); err != nil {
		return err
	}
	return tx.Raise(ctx, d.fence.Tenant, findings)
}

// takePrice takes one reading of a price.
func (d *drive) takePrice(p *Priced, got money.Amount, started ident.Micros) (resolved *Intent, finding *Finding) {
	lag := d.caps.Read.Lag
	if got.Currency != p.Currency {
		return nil, &Finding{
			Class: "wrong-currency", Cause: fmt.Sprintf("wrong-currency:%d:%d", d.account.ID, p.Listing), Account: d.account.ID, Field: channel.Price,
			Target: int64(p.Listing), Item: p.Item, At: d.now(), Data: "{}",
			Text: fmt.Sprintf("%s, %s: the price is in %s, the listing is in %s; the last good value stays", d.account.Name, p.SKU, got.Currency, p.Currency),
		}
	}
	if started.Add(-lag) < p.Fence {
		if p.ReadDue != 0 {
			p.ReadDue = max(p.ReadDue, p.Fence.Add(lag))
		}
		return nil, nil
	}
	if open := p.Open; open != nil {
		over := life(*open).Add(d.caps.Price.Longest)
		switch {
		case open.State != Unanswered:
			return nil, nil
		case got.Minor == open.Value:
			open.State = Confirmed
		case started.Add(-lag) >= over:
			open.State = Superseded
		default:
			p.ReadDue = over.Add(lag)
			return nil, nil
		}
		open.SettledAt, p.Open = d.now(), nil
		resolved = open
	}
	edited := p.State == Verified && p.Want != nil && got.Minor != *p.Want
	p.Seen, p.SeenAt, p.ReadDue = &got.Minor, started, 0
	if p.Accepted == nil {
		p.Accepted = &got.Minor // what the listing sells for when we meet it is what guards compare with
	}
	if edited && d.account.OnDrift != Heal {
		p.State, p.Since, p.Lane = Asked, d.now(), Quiet
		return resolved, d.priceEdited(p, got)
	}
	d.standPrice(&p.Price)
	return resolved, nil
}

func (d *drive) priceEdited(p *Priced, got money.Amount) *Finding {
	return &Finding{
		Class: "external-edit", Cause: fmt.Sprintf("external-edit:%d:price:%d", d.account.ID, p.Listing), Account: d.account.ID, Field: channel.Price,
		Target: int64(p.Listing), Item: p.Item, At: d.now(), Data: fmt.Sprintf(`{"want":%d,"observed":%d}`, *p.Want, got.Minor),
		Text: fmt.Sprintf("%s, %s: the channel shows %v where %v was verified; asked for an answer", d.account.Name, p.SKU, got, money.Of(*p.Want, p.Currency)),
	}
}

// standPrice names how a price stands and in which lane it waits.
func (d *drive) standPrice(p *Price) {
	state, lane := p.State, Quiet
	switch {
	case p.Want == nil || state == Held || state == Denied || state == Foreign || state == Asked || state == Absent:
	case p.Open != nil:
		state = Pending
	case p.Fence > p.SeenAt && p.ReadDue != 0:
		state = Pending // written: it is read back first
	case p.Seen != nil && *p.Seen == *p.Want && p.SeenAt >= p.Fence:
		state = Verified
		p.Accepted = p.Want
	case p.Seen == nil:
		state, lane = Pending, Decrease
	default:
		state, lane = Pending, priceLane(*p.Seen, *p.Want)
	}
	if state != p.State {
		p.State, p.Since = state, d.now()
	}
	p.Lane = lane
}

func priceLane(from, to int64) Lane {
	if to > from {
		return Increase
	}
	return Decrease
}

// intendPrices records an intent for every price that differs from its last reading. The call of a group that is
// replaced as a whole takes every listing of the group that we know.
func (d *drive) intendPrices(ctx context.Context, tx Tx, ps []Priced) ([]send, error) {
	if !d.sending() || d.now() < d.waits[channel.OpPrice] || !d.caps.Price.Write {
		return nil, nil
	}
	revs := map[int64]int64{}
	for _, p := range ps {
		if p.Lane != Quiet && p.Open == nil && p.Want != nil {
			revs[int64(p.Listing)] = p.Rev
		}
	}
	if len(revs) == 0 {
		return nil, nil
	}
	g, err := d.gates(ctx, tx, channel.Price, d.caps.Price.BatchCaps, revs)
	if err != nil {
		return nil, err
	}
	var out []send
	groups := map[string]bool{}
	for i := range ps {
		p := &ps[i]
		if _, wants := revs[int64(p.Listing)]; !wants {
			continue
		}
		if !d.admits(g, channel.Price, d.caps.Price.BatchCaps, int64(p.Listing), p.Item, p.Lane) {
			p.ReadDue = d.now().Add(lookAgain)
			continue
		}
		groups[p.Group] = true
		out = append(out, d.priceSend(p.Price, g))
	}
	if d.caps.Price.WholeGroup {
		for _, p := range ps { // the others of the group travel along with what they show
			if _, wants := revs[int64(p.Listing)]; wants || !groups[p.Group] || p.Seen == nil || p.Open != nil {
				continue
			}
			p.Want = p.Seen
			along := d.priceSend(p.Price, g)
			along.intent.Rev = 0
			out = append(out, along)
		}
	}
	return out, d.record(ctx, tx, out, func(i int, in Intent) {
		for j := range ps {
			if int64(ps[j].Listing) == in.Target {
				ps[j].Open = &out[i].intent
				d.standPrice(&ps[j].Price)
			}
		}
	})
}

// settlePrices moves the copies of prices whose writes were answered.
func (d *drive) settlePrices(ctx context.Context, tx Tx, is []Intent) error {
	ids := make([]ident.Listing, len(is))
	byTarget := make(map[int64]Intent, len(is))
	for i, in := range is {
		ids[i], byTarget[in.Target] = ident.Listing(in.Target), in
	}
	slices.Sort(ids)
	ps, err := tx.Prices(ctx, d.fence, ids)
	if err != nil {
		return err
	}
	now := d.now()
	for i := range ps {
		p := &ps[i].Price
		in := byTarget[int64(p.Listing)]
		p.Open = nil
		switch in.State {
		case Applied, Accepted, Unanswered:
			p.Fence = now
			p.ReadDue = now.Add(d.caps.Price.Settle + d.caps.Read.Lag)
			if in.State != Applied {
				p.Open = &in
			}
			if in.State == Accepted {
				p.ReadDue = 0
			}
			p.Lane = Quiet
			continue
		case Rejected:
			p.State, p.Since = Denied, now
		}
		d.standPrice(p)
	}
	return tx.SavePrices(ctx, d.fence, plain(ps))
}
