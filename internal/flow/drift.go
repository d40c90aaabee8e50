package flow

import (
	"context"
	"fmt"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/merge"
)

// prove ends holds and surpluses that the order feed is proven not to explain: they are external edits, and the
// account's role decides what becomes of them (1a, I5).
func (d *drive) prove(ctx context.Context) (bool, error) {
	through := d.feed.SalesThrough
	if !d.caps.Sales.Feed {
		through = d.now() // no order feed: a drop that stays is a sale (correctness 3 G)
	}
	if through == 0 {
		return false, nil
	}
	var n int
	err := d.write(ctx, func(tx Tx) ([]ident.Account, error) {
		cs, err := tx.Provable(ctx, d.fence, through, d.options.Batch)
		if n = len(cs); err != nil || n == 0 {
			return nil, err
		}
		return d.proven(ctx, tx, cs, through)
	})
	return n > 0, err
}

func (d *drive) proven(ctx context.Context, tx Tx, cs []Counter, through ident.Micros) ([]ident.Account, error) {
	now := d.now()
	ids := make([]ident.Counter, len(cs))
	for i, c := range cs {
		ids[i] = c.ID
	}
	sellers, err := tx.Sellers(ctx, d.fence, ids)
	if err != nil {
		return nil, err
	}
	targets := make([]int64, len(ids))
	for i, id := range ids {
		targets[i] = int64(id)
	}
	limits := d.book.limits
	edits, err := tx.Edits(ctx, d.fence, channel.Stock, targets, now.Add(-time.Duration(limits.FlipMinutes)*time.Minute))
	if err != nil {
		return nil, err
	}
	var entries []ledger.Entry
	var findings []Finding
	var marks []int64
	upto := through.Add(-d.caps.Sales.Lag - d.caps.Read.Lag)
	for i := range cs {
		c := &cs[i]
		var edit merge.Drift
		c.Copies, edit = c.Prove(upto)
		c.ProveDue = d.proveDue(*c)
		marks = append(marks, int64(c.ID))
		if edit == (merge.Drift{}) {
			continue
		}
		adopted := d.account.Role == Master || d.account.OnDrift == Adopt || !d.caps.Sales.Feed
		if adopted {
			entries = append(entries, adoption(d.account.ID, *c, edit, sellers.Recipe(c.ID), now)...)
		}
		findings = append(findings, d.editFound(*c, edit, sellers.Of(c.ID), adopted))
		switch {
		case !adopted && edits[int64(c.ID)] >= limits.Flips: // F33: somebody else writes it; to fight on helps nobody
			c.State, c.Since, c.Lane = Held, now, Quiet
			findings = append(findings, d.rival(*c, sellers.Of(c.ID)))
		case !adopted && d.account.OnDrift == Report && c.State != Asked:
			c.State, c.Since = Asked, now
		}
	}
	if err := tx.SaveCounters(ctx, d.fence, cs); err != nil {
		return nil, err
	}
	if err := tx.Mark(ctx, d.fence.Tenant, d.account.ID, channel.Stock, marks, false); err != nil {
		return nil, err
	}
	released, err := d.holdings(ctx, tx, cs, ids)
	if err != nil {
		return nil, err
	}
	if err := d.tell(ctx, tx, findings); err != nil {
		return nil, err
	}
	return tx.Book(ctx, d.fence.Tenant, append(entries, released...), true)
}

// adoption books an external edit at a stock master as a count: the units the seller put in or took out.
func adoption(a ident.Account, c Counter, edit merge.Drift, r ledger.Recipe, now ident.Micros) []ledger.Entry {
	var out []ledger.Entry
	for _, p := range r {
		out = append(out, ledger.Entry{
			Item: p.Item, Kind: ledger.Edit,
			OnHand: (edit.Surplus - edit.Hold) * p.Units, Account: a, Counter: c.ID, At: now, Actor: "sync",
		})
	}
	return out
}

// editFound describes a proven external edit.
func (d *drive) editFound(c Counter, edit merge.Drift, sellers []Seller, adopted bool) Finding {
	f := Finding{
		Class: "external-edit", Cause: fmt.Sprintf("external-edit:%d:%d", d.account.ID, c.ID), Account: d.account.ID, Field: channel.Stock,
		Target: int64(c.ID), At: d.now(), Data: fmt.Sprintf(`{"hold":%d,"surplus":%d,"observed":%d}`, edit.Hold, edit.Surplus, c.Observed),
	}
	name := c.Key.Key
	if len(sellers) > 0 {
		name, f.Item = sellers[0].SKU, sellers[0].Item
	}
	what := "asked for an answer: adopt it or heal it"
	switch {
	case adopted:
		what = "adopted as a count"
	case d.account.OnDrift == Heal:
		what = "written back to its target"
	}
	f.Text = fmt.Sprintf("%s, %s: the channel shows %d, %+d units no order explains; %s", d.account.Name, name, c.Observed, edit.Surplus-edit.Hold, what)
	return f
}

// rival describes a counter that something else keeps writing.
func (d *drive) rival(c Counter, sellers []Seller) Finding {
	f := Finding{
		Class: "ownership-conflict", Cause: fmt.Sprintf("ownership-conflict:%d:%d", d.account.ID, c.ID), Account: d.account.ID, Field: channel.Stock,
		Target: int64(c.ID), At: d.now(), Data: fmt.Sprintf(`{"observed":%d}`, c.Observed),
	}
	name := c.Key.Key
	if len(sellers) > 0 {
		name, f.Item = sellers[0].SKU, sellers[0].Item
	}
	f.Text = fmt.Sprintf("%s, %s: something else keeps changing this number; it is left alone until somebody says whose it is", d.account.Name, name)
	return f
}

// tell raises findings; those that were dealt with at once are closed again, so they stay in the history only.
func (d *drive) tell(ctx context.Context, tx Tx, fs []Finding) error {
	if err := tx.Raise(ctx, d.fence.Tenant, fs); err != nil {
		return err
	}
	if d.account.Role != Master && d.account.OnDrift == Report && d.caps.Sales.Feed {
		return nil
	}
	var causes []string
	for _, f := range fs {
		if f.Class == "external-edit" {
			causes = append(causes, f.Cause)
		}
	}
	return tx.Settle(ctx, d.fence.Tenant, causes, "sync", d.now())
}
