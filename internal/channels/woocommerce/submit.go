package woocommerce

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// call is one request of a batch: the writes of one route.
type call struct {
	route string
	rows  []row
}

// row is one write with the product it goes to.
type row struct {
	at    place
	write channel.Write
}

// Submit sends a batch: one request, or two where a group holds the counter of the parent beside those of its variations.
// It never retries. An error means nothing is known of any write; once an answer to an earlier request of the batch is
// there, later ones answer by outcome.
func (a *adapter) Submit(ctx context.Context, b channel.Batch) (channel.Receipt, error) {
	if b.Field != channel.Stock && b.Field != channel.Price {
		return channel.Receipt{}, fault.New(fault.Invalid, "this channel has no field %q", b.Field)
	}
	calls, outcomes := a.plan(b)
	for i, c := range calls {
		done, err := a.send(ctx, b.Field, c)
		switch {
		case err == nil:
			outcomes = append(outcomes, done...)
			continue
		case i == 0 && !fault.Is(err, fault.RateLimited):
			return channel.Receipt{}, fault.Wrap("write "+string(b.Field), err)
		}
		// What is left was not sent; this call's rows may have been.
		state := channel.RetryAfter
		if fault.SentOf(err) && !undone(err) {
			state = channel.Unknown
		}
		for j, left := range calls[i:] {
			o := channel.Outcome{State: state, Text: err.Error(), After: max(fault.AfterOf(err), 0)}
			if j > 0 {
				o.State = channel.RetryAfter
			}
			if o.State == channel.RetryAfter && o.After == 0 {
				o.After = rest
			}
			outcomes = append(outcomes, left.all(o)...)
		}
		break
	}
	return channel.Receipt{Outcomes: outcomes}, nil
}

// plan sorts writes by the route they need, at most mostBatch each; what cannot be sent is rejected.
func (a *adapter) plan(b channel.Batch) (calls []call, refused []channel.Outcome) {
	seen := map[place]bool{}
	for _, w := range b.Writes {
		key := w.Stock.Key
		if b.Field == channel.Price {
			key = string(w.Listing.Key)
		}
		at, ok := parsePlace(key)
		if !ok || w.Stock.Location != "" {
			refused = append(refused, channel.Outcome{Ref: w.Ref, State: channel.Rejected, Code: channel.CodeNotFound, Text: "the shop has no product of this key"})
			continue
		}
		if text := a.unfit(b.Field, w); text != "" || seen[at] {
			if text == "" {
				text = "the batch names this product twice"
			}
			refused = append(refused, channel.Outcome{Ref: w.Ref, State: channel.Rejected, Code: channel.CodeInvalid, Text: text})
			continue
		}
		seen[at] = true
		i := slices.IndexFunc(calls, func(c call) bool { return c.route == at.route() && len(c.rows) < mostBatch })
		if i < 0 {
			calls, i = append(calls, call{route: at.route()}), len(calls)
		}
		calls[i].rows = append(calls[i].rows, row{at, w})
	}
	return calls, refused
}

// send makes one request and reads the outcome of each of its rows.
func (a *adapter) send(ctx context.Context, f channel.Field, c call) ([]channel.Outcome, error) {
	op := channel.OpStock
	if f == channel.Price {
		op = channel.OpPrice
	}
	body, err := encode(f, c.rows)
	if err != nil {
		return nil, err
	}
	ans, err := a.client.do(ctx, request{op: op, route: c.route + "/batch", body: body})
	if err != nil {
		if o, ok := whole4xx(err, len(c.rows)); ok {
			return c.all(o), nil
		}
		return nil, err
	}
	results, ok := decodeBatch(ans.body, a.set.currency)
	if !ok {
		return nil, unavailable("the shop's answer to a batch is not one")
	}
	byID := map[int64][]result{}
	for _, r := range results {
		byID[r.id] = append(byID[r.id], r)
	}
	out := make([]channel.Outcome, 0, len(c.rows))
	for _, x := range c.rows {
		o := channel.Outcome{State: channel.Unknown, Text: "the shop's answer does not tell what became of this row"}
		if rs := byID[x.at.id]; len(rs) == 1 { // F6: by our key; twice is as good as not at all
			o = a.outcome(f, x, rs[0])
		}
		o.Ref = x.write.Ref
		out = append(out, o)
	}
	return out, nil
}

// outcome compares what the shop shows after the write with what was asked.
func (a *adapter) outcome(f channel.Field, x row, r result) channel.Outcome {
	if r.code != "" {
		return rowOutcome(r.code, r.status)
	}
	if r.err != nil {
		return channel.Outcome{State: channel.Unknown, Text: "the shop's answer to this row cannot be read: " + r.err.Error()}
	}
	a.own.wrote(x.at, r.row.modified)
	if f == channel.Price {
		switch {
		case r.row.price == nil || *r.row.price != x.write.Price:
			return channel.Outcome{State: channel.Unknown, Text: "the shop shows another price after the write; a plugin may set it"}
		case r.row.sale != "":
			return channel.Outcome{State: channel.Applied, Text: "a sale price is set: while the sale runs buyers pay that"}
		}
		return channel.Outcome{State: channel.Applied}
	}
	switch {
	case r.row.manage != managedHere:
		return channel.Outcome{State: channel.Rejected, Code: channel.CodeNotManaged, Text: "the shop took the call and ignored the number: it does not manage the stock of this product"}
	case r.row.quantity == nil:
		return channel.Outcome{State: channel.Unknown, Text: "the shop shows no number after the write"}
	case *r.row.quantity != x.write.Quantity:
		return channel.Outcome{State: channel.Unknown, Current: r.row.quantity, Text: "the shop shows another number after the write"}
	}
	return channel.Outcome{State: channel.Applied}
}

// whole4xx turns a call refused as a whole, of which nothing was done, into one outcome for its rows.
func whole4xx(err error, rows int) (channel.Outcome, bool) {
	why, ok := errors.AsType[refusal](err)
	if !ok {
		return channel.Outcome{}, false
	}
	text := "the shop refuses the call: " + why.Error()
	switch {
	case fault.Is(err, fault.NotFound) && rows == 1:
		return channel.Outcome{State: channel.Rejected, Code: channel.CodeNotFound, Text: text}, true
	case fault.Is(err, fault.TooLarge), fault.Is(err, fault.NotFound), why.status == 400:
		if rows == 1 {
			return channel.Outcome{State: channel.Rejected, Code: channel.CodeInvalid, Text: text}, true
		}
		return channel.Outcome{State: channel.Rejected, Code: channel.CodeBatch, Text: text}, true
	}
	return channel.Outcome{}, false
}

// undone reports whether the shop refused a whole call before it did anything of it.
func undone(err error) bool {
	why, ok := errors.AsType[refusal](err)
	return ok && why.status >= 400 && why.status < 500
}

// all gives every row of the call the same outcome.
func (c call) all(o channel.Outcome) []channel.Outcome {
	out := make([]channel.Outcome, len(c.rows))
	for i, x := range c.rows {
		o.Ref = x.write.Ref
		out[i] = o
	}
	return out
}

// unfit says why a write must not be sent; "" when it may.
func (a *adapter) unfit(f channel.Field, w channel.Write) string {
	if f == channel.Stock {
		if w.Quantity < 0 || w.Quantity > mostQuantity {
			return fmt.Sprintf("the quantity must be 0 to %d", mostQuantity)
		}
		return ""
	}
	switch {
	case w.Price.Currency != a.set.currency:
		return fmt.Sprintf("the shop's prices are in %s", a.set.currency)
	case w.Price.Minor < 0:
		return "the price is negative"
	}
	return ""
}
