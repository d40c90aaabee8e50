package service

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/merge"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/policy"
	"carpediemstore.it/sync-connector/internal/pricing"
	"carpediemstore.it/sync-connector/internal/store"
)

// teller tells how single targets came about.
type teller struct {
	ctx   context.Context // lives for one call of Explain
	tx    *store.Tx
	who   Caller
	until ident.Micros // 0: now
	now   ident.Micros
}

// counter tells how the number of a counter came about.
func (t teller) counter(l ItemListing, c store.CounterRow) (TargetTale, error) {
	tale := TargetTale{
		Account: l.AccountName, Field: channel.Stock, Listing: string(l.Key), Counter: c.Key, State: c.State, Since: c.Since, ShownAt: c.ObservedAt,
	}
	if c.Location != "" {
		tale.Counter += "@" + c.Location
	}
	if c.Known {
		tale.Shows = strconv.FormatInt(c.Observed, 10)
	}
	err := t.tell(&tale, l.Account, int64(c.ID), plainNumber, stockDecision)
	return tale, err
}

// price tells how the price of a listing came about.
func (t teller) price(l ItemListing) (TargetTale, error) {
	p := l.Price
	tale := TargetTale{Account: l.AccountName, Field: channel.Price, Listing: string(l.Key), State: p.State, Since: p.Since, ShownAt: p.SeenAt}
	text := func(minor int64) string { return money.Of(minor, p.Currency).String() }
	if p.Seen != nil {
		tale.Shows = text(*p.Seen)
	}
	err := t.tell(&tale, l.Account, int64(l.ID), text, priceDecision)
	return tale, err
}

func plainNumber(n int64) string { return strconv.FormatInt(n, 10) }

// tell adds the decision in force, the last write, and the sentence.
func (t teller) tell(tale *TargetTale, a ident.Account, target int64, text func(int64) string, read func(flow.Decision) DecisionTale) error {
	ds, err := t.tx.DecisionsOf(t.ctx, t.who.Tenant, a, tale.Field, target, t.until, 1)
	if err != nil {
		return err
	}
	if len(ds) > 0 {
		d := read(ds[0])
		if ds[0].Value != nil {
			d.Value = text(*ds[0].Value)
		}
		tale.Decision = &d
	}
	is, err := t.tx.IntentsOf(t.ctx, t.who.Tenant, a, tale.Field, target, t.until, 1)
	if err != nil {
		return err
	}
	if len(is) > 0 {
		if tale.Sent, err = t.sent(is[0], a, text); err != nil {
			return err
		}
	}
	tale.Sentence = t.sentence(*tale)
	return nil
}

// sent tells what became of a write, and whether it carried what the decision before it says.
func (t teller) sent(i flow.Intent, a ident.Account, text func(int64) string) (*SentTale, error) {
	out := &SentTale{
		Intent: i.ID, Value: text(i.Value), Base: text(i.Base), At: i.CreatedAt, State: i.State, SettleAt: i.SettledAt, Code: i.Code, Note: i.Note, Plan: i.Plan,
	}
	if t.until != 0 && i.SettledAt > t.until { // at that moment it was on its way
		out.State, out.SettleAt, out.Code, out.Note = flow.Recorded, 0, "", ""
	}
	ds, err := t.tx.DecisionsOf(t.ctx, t.who.Tenant, a, i.Field, i.Target, i.CreatedAt, 1)
	if err != nil {
		return nil, err
	}
	out.Matches = len(ds) > 0 && ds[0].Value != nil && *ds[0].Value == i.Value
	return out, nil
}

// sentence says how one target stands and why.
func (t teller) sentence(tale TargetTale) string {
	what := "stock"
	if tale.Field == channel.Price {
		what = "price"
	}
	s := tale.Account + " " + what + ": "
	if tale.Decision == nil {
		return s + "not decided yet"
	}
	s += tale.Decision.sentence
	if tale.Sent == nil {
		if tale.State == string(flow.Verified) && t.until == 0 {
			return s + fmt.Sprintf("; the channel showed it already at %v", tale.ShownAt)
		}
		return s + "; nothing was sent yet"
	}
	s += fmt.Sprintf("; %s was sent at %v and %s", tale.Sent.Value, tale.Sent.At, sentText(tale.Sent.State))
	if t.until == 0 && tale.State == string(flow.Verified) {
		s += fmt.Sprintf("; read back as equal at %v", tale.ShownAt)
	}
	return s
}

func sentText(s flow.IntentState) string {
	switch s {
	case flow.Recorded:
		return "is on its way"
	case flow.Accepted:
		return "was accepted, not applied yet"
	case flow.Unanswered:
		return "was not answered: reading will tell"
	case flow.Applied:
		return "was applied, not read back yet"
	case flow.Confirmed:
		return "was verified"
	case flow.Rejected:
		return "was refused"
	case flow.Refuted:
		return "did not take effect"
	}
	return "was overtaken by newer work"
}

// stockDecision reads the record of a decision on a counter and makes it again from its inputs (I9).
func stockDecision(d flow.Decision) DecisionTale {
	out := DecisionTale{ID: d.ID, At: d.At, Outcome: d.Outcome}
	var rec flow.StockRecord
	if err := json.Unmarshal([]byte(d.Record), &rec); err != nil {
		out.Mismatch, out.sentence = "the record cannot be read", "the record of the decision cannot be read"
		return out
	}
	out.Code, out.Rules = rec.Code, rec.Rules
	for _, s := range rec.Result.Steps {
		if s.Reached {
			out.Steps = append(out.Steps, Step{Name: string(s.Name), In: plainNumber(s.In), Out: plainNumber(s.Out), Note: s.Note})
		}
	}
	out.sentence = rec.Result.Sentence()
	if rec.Untaken != 0 && rec.Wire != nil {
		out.Steps = append(out.Steps, Step{
			Name: "wire", In: plainNumber(rec.Result.Quantity), Out: plainNumber(*rec.Wire),
			Note: fmt.Sprintf("%d own open units that the channel's number still holds come on top", rec.Untaken),
		})
		out.sentence += fmt.Sprintf(", as %d with %d open units on top", *rec.Wire, rec.Untaken)
	}
	if out.Mismatch = codeDiffers(rec.Code); out.Mismatch != "" {
		return out
	}
	again := policy.Target(rec.Input)
	var wire *int64
	if again.State == policy.Value {
		w := merge.Wire(again.Quantity, rec.Untaken)
		wire = &w
	}
	out.Mismatch = compare(rec.Result, again, d.Value, wire)
	out.Rebuilt = out.Mismatch == ""
	return out
}

// priceDecision does the same for a price.
func priceDecision(d flow.Decision) DecisionTale {
	out := DecisionTale{ID: d.ID, At: d.At, Outcome: d.Outcome}
	var rec flow.PriceRecord
	if err := json.Unmarshal([]byte(d.Record), &rec); err != nil {
		out.Mismatch, out.sentence = "the record cannot be read", "the record of the decision cannot be read"
		return out
	}
	out.Code, out.Rules, out.sentence = rec.Code, rec.Rules, rec.Result.Sentence()
	for _, s := range rec.Result.Steps {
		if s.Reached {
			out.Steps = append(out.Steps, Step{Name: s.Name, In: s.In, Out: s.Out, Note: s.Note})
		}
	}
	if out.Mismatch = codeDiffers(rec.Code); out.Mismatch != "" {
		return out
	}
	again := pricing.Compute(rec.Input)
	if rec.Result.State == pricing.Held && rec.Result.Reason == pricing.Reason(guard.ManyPrices) && again.State == pricing.Send {
		// A guard over the whole run held it; which run it was in is no input of one price.
		again.State, again.Reason, again.Note = rec.Result.State, rec.Result.Reason, rec.Result.Note
	}
	var value *int64
	if again.State == pricing.Send {
		value = &again.Price.Minor
	}
	out.Mismatch = compare(rec.Result, again, d.Value, value)
	out.Rebuilt = out.Mismatch == ""
	return out
}

// codeDiffers says why a record of another version of the code cannot be made again; "" for this version.
func codeDiffers(code string) string {
	if code == flow.Version {
		return ""
	}
	return fmt.Sprintf("it was decided by code version %s, this is %s: its steps are shown as they were stored", code, flow.Version)
}

// compare says in what a decision made again differs from the stored one; "" when they are equal to the last byte.
func compare(stored, again any, value, rebuilt *int64) string {
	a, b := must(stored), must(again)
	switch {
	case a != b:
		return "the stored inputs give another result"
	case (value == nil) != (rebuilt == nil), value != nil && *value != *rebuilt:
		return "the stored inputs give another value"
	}
	return ""
}
