package flow

import (
	"context"
	"fmt"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// sales reads the order feed to its end when it is due, a page a transaction, and books lines and cursor together (I3).
func (d *drive) sales(ctx context.Context) (bool, error) {
	seller, ok := d.ch.(channel.Seller)
	if !ok || !d.caps.Sales.Feed || d.now() < d.feed.SalesDue && d.feed.ReadAsked <= d.feed.SalesThrough {
		return false, nil
	}
	for more := true; more; {
		if d.feed.PollStarted == 0 {
			d.feed.PollStarted = d.now()
		}
		page, err := seller.Sales(ctx, d.feed.SalesCursor)
		if fault.Is(err, fault.Conflict) {
			return true, d.gap(ctx, err)
		}
		if err != nil {
			return true, fault.Wrap("read orders", err)
		}
		if more = page.More; more && page.Next == d.feed.SalesCursor {
			return true, fault.New(fault.Unavailable, "the order feed does not move on: the same page came twice")
		}
		err = d.advance(ctx, func(tx Tx, feed *Feed) ([]ident.Account, error) {
			woken, err := d.bookLines(ctx, tx, page.Lines)
			if err != nil {
				return nil, err
			}
			if err := d.raiseFindings(ctx, tx, page.Findings); err != nil {
				return nil, err
			}
			feed.SalesCursor = page.Next
			if !page.More {
				feed.SalesThrough, feed.PollStarted, feed.Backfilled = feed.PollStarted, 0, true
				feed.SalesDue = d.now().Add(d.caps.Sales.Poll)
				if feed.BlindSince != 0 { // it sees again: the others need not hold back for it
					feed.BlindSince = 0
					seen, err := tx.MarkAccountItems(ctx, d.fence)
					if err != nil {
						return nil, err
					}
					woken = append(woken, seen...)
				}
			}
			return woken, nil
		})
		if err != nil {
			return true, err
		}
	}
	return true, nil
}

// gap books that the feed no longer reaches back to our bookmark (F12): what was sold in between shows only in the stock
// numbers. The account is blind until the feed was read from its beginning and the whole catalogue is looked at again.
func (d *drive) gap(ctx context.Context, cause error) error {
	return d.advance(ctx, func(tx Tx, feed *Feed) ([]ident.Account, error) {
		feed.SalesCursor, feed.PollStarted, feed.SweepDue = "", 0, 0
		feed.BlindSince = max(feed.SalesThrough, 1)
		err := tx.Raise(ctx, d.fence.Tenant, []Finding{{
			Class: "feed-gap", Cause: "feed-gap:" + ident.Text(d.account.ID), Account: d.account.ID, At: d.now(), Data: "{}",
			Text: d.account.Name + ": orders between " + feed.SalesThrough.String() + " and now may be missing; every number is read again: " + cause.Error(),
		}})
		if err != nil {
			return nil, err
		}
		return tx.MarkAccountItems(ctx, d.fence)
	})
}

// catalogue reads one page of everything the channel sells when a sweep is due or under way. Nothing is concluded from
// what a page or an incomplete sweep lacks (F11, S6).
func (d *drive) catalogue(ctx context.Context) (bool, error) {
	now := d.now()
	if d.caps.Sales.Feed && !d.feed.Backfilled {
		return false, nil // older orders first: a first reading must not be taken for news of them
	}
	if d.feed.SweepStarted == 0 {
		if now < d.feed.SweepDue && d.feed.ReadAsked <= d.feed.SweepBegan {
			return false, nil
		}
		d.feed.Sweep++
		d.feed.SweepStarted, d.feed.SweepCursor, d.feed.SweepSeen, d.feed.SweepTotal = now, "", 0, -1
	}
	started := d.now()
	page, err := d.ch.List(ctx, d.feed.SweepCursor)
	if d.feed.SweepCursor != "" && (fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid)) { // the bookmark is of no use any more: begin anew
		return true, d.advance(ctx, func(_ Tx, feed *Feed) ([]ident.Account, error) {
			feed.SweepStarted, feed.SweepDue = 0, d.now().Add(time.Second)
			return nil, nil
		})
	}
	if err != nil {
		return true, fault.Wrap("read catalogue", err)
	}
	if page.Next != "" && page.Next == d.feed.SweepCursor {
		return true, fault.New(fault.Unavailable, "the catalogue does not move on: the same page came twice")
	}
	return true, d.advance(ctx, func(tx Tx, feed *Feed) ([]ident.Account, error) {
		if err := tx.SaveCatalogue(ctx, d.fence, page.Listings, feed.Sweep, d.now()); err != nil {
			return nil, err
		}
		woken, refresh, err := d.bookReadings(ctx, tx, page, started)
		if err != nil {
			return nil, err
		}
		if err := tx.Mark(ctx, d.fence.Tenant, d.account.ID, channel.Stock, refresh, false); err != nil {
			return nil, err
		}
		if err := d.raiseFindings(ctx, tx, page.Findings); err != nil {
			return nil, err
		}
		feed.SweepSeen += int64(len(page.Listings))
		if page.Total != nil {
			feed.SweepTotal = *page.Total
		}
		if feed.SweepCursor = page.Next; page.Next == "" {
			if err := d.sweepDone(ctx, tx, feed); err != nil {
				return nil, err
			}
		}
		return woken, nil
	})
}

// match binds listings that nobody has bound to items with the same SKU or GTIN, once a catalogue read is complete: only
// then is it known whether a SKU is on one listing or on several (N11).
func (d *drive) match(ctx context.Context) (bool, error) {
	if d.feed.MatchFrom < 0 {
		return false, nil
	}
	return true, d.advance(ctx, func(tx Tx, feed *Feed) (_ []ident.Account, err error) {
		feed.MatchFrom, err = tx.MatchNext(ctx, d.fence, feed.MatchFrom, matchAtOnce, d.now())
		return nil, err
	})
}

// matchAtOnce bounds how long matching keeps others from writing.
const matchAtOnce = 2000

// advance runs fn in one transaction with the saving of how far the feeds were read; what fn learned of the feed counts
// only when the transaction has committed.
func (d *drive) advance(ctx context.Context, fn func(Tx, *Feed) ([]ident.Account, error)) error {
	var feed Feed
	err := d.write(ctx, func(tx Tx) ([]ident.Account, error) {
		feed = d.feed
		woken, err := fn(tx, &feed)
		if err != nil {
			return nil, err
		}
		if err := d.well(ctx, tx, &feed); err != nil {
			return nil, err
		}
		return woken, tx.SaveFeed(ctx, d.fence, feed)
	})
	if err == nil {
		d.feed = feed
	}
	return err
}

// sweepDone closes a catalogue read. Only one whose count agrees with the channel's total, and which is not far shorter
// than the one before, may say that listings are gone.
func (d *drive) sweepDone(ctx context.Context, tx Tx, feed *Feed) error {
	now := d.now()
	known, err := tx.ListingCount(ctx, d.fence)
	if err != nil {
		return err
	}
	cause := "catalogue-incomplete:" + ident.Text(d.account.ID)
	complete := (feed.SweepTotal < 0 || feed.SweepSeen >= feed.SweepTotal) && feed.SweepSeen*100 >= known*coverage
	if complete {
		if _, err := tx.MarkGone(ctx, d.fence, feed.Sweep); err != nil {
			return err
		}
		if err := tx.Settle(ctx, d.fence.Tenant, []string{cause}, "sync", now); err != nil {
			return err
		}
	} else {
		err := tx.Raise(ctx, d.fence.Tenant, []Finding{{
			Class: "catalogue-incomplete", Cause: cause, Account: d.account.ID, At: now, Data: "{}",
			Text: fmt.Sprintf("%s listed %d of %d listings (%d known); nothing is concluded from what is missing", d.account.Name, feed.SweepSeen, feed.SweepTotal, known),
		}})
		if err != nil {
			return err
		}
	}
	feed.SweepBegan, feed.SweepStarted, feed.SweepDone, feed.MatchFrom = feed.SweepStarted, 0, now, 0
	feed.SweepDue = now.Add(max(d.caps.Read.Sweep, time.Second))
	return nil
}

// coverage is the share in percent of the known listings that a catalogue read must show to be believed (S6).
const coverage = 90

// raiseFindings turns rows that an adapter refused into findings; the last good value stays.
func (d *drive) raiseFindings(ctx context.Context, tx Tx, fs []channel.Finding) error {
	out := make([]Finding, 0, len(fs))
	for _, f := range fs {
		key := string(f.Listing) + f.Stock.Key + "@" + f.Stock.Location
		out = append(out, Finding{
			Class: f.Code, Cause: f.Code + ":" + ident.Text(d.account.ID) + ":" + string(f.Field) + ":" + key,
			Account: d.account.ID, Field: f.Field, At: d.now(), Data: "{}",
			Text: d.account.Name + ", " + key + ": " + f.Text,
		})
	}
	return tx.Raise(ctx, d.fence.Tenant, out)
}

// readBack reads chosen keys. It returns an empty page when the channel cannot.
func (d *drive) readBack(ctx context.Context, keys channel.Keys) (channel.Page, ident.Micros, error) {
	started := d.now()
	r, ok := d.ch.(channel.Reader)
	if !ok || d.caps.Read.MaxKeys == 0 || len(keys.Stock)+len(keys.Prices) == 0 {
		return channel.Page{}, started, nil
	}
	page, err := r.Read(ctx, keys)
	return page, started, err
}
