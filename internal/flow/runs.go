package flow

import (
	"context"
	"fmt"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/pricing"
)

const (
	// runGap ends a run: guards count what changes without a pause of this length as one.
	runGap = 10 * time.Minute
	// runLeast is how many changes are never too many: in a shop of ten listings one of them is a tenth.
	runLeast = 5
)

// runOf returns the feed with the run that a change now belongs to.
func (d *drive) runOf(feed Feed) Feed {
	if d.now().Sub(feed.RunStarted) > runGap {
		feed.RunPrices, feed.RunZeroed = 0, 0
	}
	feed.RunStarted = d.now()
	return feed
}

// guardZeros holds counters that something other than sales takes to zero, when it is too many of them at once (S6). A
// plan is looked at as a whole before it is applied, so the guard is for accounts that write by themselves.
func (d *drive) guardZeros(ctx context.Context, tx Tx, zeroed []*Counter) error {
	if len(zeroed) == 0 || d.account.Mode != Live {
		return nil
	}
	listings, err := tx.ListingCount(ctx, d.fence)
	if err != nil {
		return err
	}
	feed := d.runOf(d.feed)
	feed.RunZeroed += int64(len(zeroed))
	verdict := guard.ZeroRun(d.book.limits, guard.Zeroing{Listings: listings, Zeroed: feed.RunZeroed})
	if verdict.Outcome == guard.Hold && feed.RunZeroed > runLeast {
		findings := make([]Finding, len(zeroed))
		for i, c := range zeroed {
			c.State, c.Since, c.Lane = Held, d.now(), Quiet
			findings[i] = Finding{
				Class: "zero-held", Cause: fmt.Sprintf("zero-held:%d:%d", d.account.ID, c.ID), Account: d.account.ID, Field: channel.Stock, Target: int64(c.ID), At: d.now(),
				Data: fmt.Sprintf(`{"observed":%d}`, c.Observed),
				Text: fmt.Sprintf("%s, %s: it would go from %d to zero, and %s", d.account.Name, c.Key.Key, c.Observed, verdict.Note),
			}
		}
		if err := tx.Raise(ctx, d.fence.Tenant, findings); err != nil {
			return err
		}
	}
	return d.keepRun(ctx, tx, feed)
}

// guardPrices holds prices when too many of an account change in one run; what an approved plan names goes.
func (d *drive) guardPrices(ctx context.Context, tx Tx, ps []Priced, results []pricing.Result, approved map[ident.Listing]int64) error {
	var changed []int
	for i, r := range results {
		named, ok := approved[ps[i].Listing]
		if r.State == pricing.Send && ps[i].Accepted != nil && *ps[i].Accepted != r.Price.Minor && (ps[i].Want == nil || *ps[i].Want != r.Price.Minor) && !(ok && named == r.Price.Minor) {
			changed = append(changed, i)
		}
	}
	if len(changed) == 0 || d.account.Mode != Live {
		return nil
	}
	listings, err := tx.ListingCount(ctx, d.fence)
	if err != nil {
		return err
	}
	feed := d.runOf(d.feed)
	feed.RunPrices += int64(len(changed))
	verdict := guard.PriceRun(d.book.limits, listings, feed.RunPrices)
	if verdict.Outcome == guard.Hold && feed.RunPrices > runLeast {
		for _, i := range changed {
			results[i].State, results[i].Reason, results[i].Note = pricing.Held, pricing.Reason(verdict.Reason), verdict.Note
		}
	}
	return d.keepRun(ctx, tx, feed)
}

func (d *drive) keepRun(ctx context.Context, tx Tx, feed Feed) error {
	if err := tx.SaveFeed(ctx, d.fence, feed); err != nil {
		return err
	}
	d.feed = feed
	return nil
}

// urgent names the targets of work that sales or holds marked.
func urgent(work []Mark) map[int64]bool {
	out := map[int64]bool{}
	for _, m := range work {
		if m.Urgent {
			out[m.Target] = true
		}
	}
	return out
}
