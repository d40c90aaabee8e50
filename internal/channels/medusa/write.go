package medusa

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// Submit sends one batch of stock or prices.
func (s *shop) Submit(ctx context.Context, b channel.Batch) (channel.Receipt, error) {
	switch b.Field {
	case channel.Stock:
		return s.submitStock(ctx, b)
	case channel.Price:
		return s.submitPrices(ctx, b)
	}
	return channel.Receipt{}, fault.New(fault.Invalid, "there is no field %q", b.Field)
}

// submitStock sets counters in one call, which the shop does in whole or not at all.
func (s *shop) submitStock(ctx context.Context, b channel.Batch) (channel.Receipt, error) {
	var r channel.Receipt
	var good []channel.Write
	for _, w := range b.Writes {
		err := money.CheckQuantity(w.Quantity)
		switch {
		case err != nil:
			r.Outcomes = append(r.Outcomes, reject(w, channel.CodeInvalid, "the quantity cannot be sent: "+err.Error()))
		case w.Stock.Key == "" || w.Stock.Location == "":
			r.Outcomes = append(r.Outcomes, reject(w, channel.CodeNotManaged, "the shop keeps no number for this listing"))
		default:
			good = append(good, w)
		}
	}
	if len(good) == 0 {
		return r, nil
	}
	body, err := encodeLevels(good)
	if err != nil {
		return r, fault.Wrap("write stock", err)
	}
	a, err := s.post(ctx, channel.OpStock, pathLevels, nil, body)
	switch {
	case fault.Is(err, fault.RateLimited):
		r.Outcomes = append(r.Outcomes, wait(good, err)...)
		return r, nil
	case err != nil:
		return channel.Receipt{}, fault.Wrap("write stock", err)
	case a.status != http.StatusOK:
		r.Outcomes = append(r.Outcomes, a.blame(good, notStocked, nameOfCounter)...)
		return r, nil
	}
	kept, err := decodeWritten(a.body)
	if err != nil {
		return channel.Receipt{}, fault.Wrap("write stock", err)
	}
	for _, w := range good {
		l, ok := kept[w.Stock]
		r.Outcomes = append(r.Outcomes, done(w, ok && l.err == nil && l.count.Quantity == w.Quantity))
	}
	return r, nil
}

// submitPrices changes the own price row of variants of one product. The shop replaces all rows of a variant, so they are
// read just before; a row that somebody adds between the two calls is lost, which the shop offers no way to prevent.
func (s *shop) submitPrices(ctx context.Context, b channel.Batch) (channel.Receipt, error) {
	var r channel.Receipt
	var good []channel.Write
	for _, w := range b.Writes {
		switch {
		case w.Price.Currency != s.currency:
			r.Outcomes = append(r.Outcomes, reject(w, channel.CodeInvalid, "the price is in "+string(w.Price.Currency)+", this account keeps "+string(s.currency)))
		case w.Price.Minor < 0 || w.Price.Minor > mostMinor:
			r.Outcomes = append(r.Outcomes, reject(w, channel.CodeInvalid, "the price is negative or too large; the shop would take it all the same"))
		default:
			good = append(good, w)
		}
	}
	if len(good) == 0 {
		return r, nil
	}
	rows, err := s.pricesNow(ctx, good)
	switch {
	case fault.Is(err, fault.RateLimited):
		r.Outcomes = append(r.Outcomes, wait(good, err)...)
		return r, nil
	case err != nil:
		return channel.Receipt{}, err
	}
	var ready []channel.Write
	var change []variantWrite
	for _, w := range good {
		row, no := rows.reprice(w, b.Group)
		if no != nil {
			r.Outcomes = append(r.Outcomes, *no)
			continue
		}
		ready, change = append(ready, w), append(change, row)
	}
	if len(ready) == 0 {
		return r, nil
	}
	out, err := s.sendPrices(ctx, b.Group, ready, change)
	r.Outcomes = append(r.Outcomes, out...)
	return r, err
}

// mostMinor is the largest price that the shop's own arithmetic keeps to the cent.
const mostMinor = 1<<53 - 1

// sendPrices sends the price rows of variants and reads what the shop then has.
func (s *shop) sendPrices(ctx context.Context, product string, writes []channel.Write, change []variantWrite) ([]channel.Outcome, error) {
	body, err := encodePrices(change)
	if err != nil {
		return nil, fault.Wrap("write prices", err)
	}
	a, err := s.post(ctx, channel.OpPrice, pathPrices(product), wanting(priceRowFields), body)
	switch {
	case fault.Is(err, fault.RateLimited):
		return wait(writes, err), nil
	case err != nil:
		return nil, fault.Wrap("write prices", err)
	case a.status != http.StatusOK:
		return a.blame(writes, noVariants, nameOfVariant), nil
	}
	kept, _, err := decodePricing(a.body, "updated")
	if err != nil {
		return nil, fault.Wrap("write prices", err)
	}
	out := make([]channel.Outcome, len(writes))
	for i, w := range writes {
		p, ok := kept[string(w.Listing.Key)]
		out[i] = done(w, ok && p.err == nil && p.shows(w.Price))
	}
	return out, nil
}

// nowPrices are the price rows of some variants, read just now.
type nowPrices struct {
	by       map[string]pricing
	complete bool
}

// pricesNow reads the price rows of the written variants. Nothing was sent to change anything when it fails.
func (s *shop) pricesNow(ctx context.Context, writes []channel.Write) (nowPrices, error) {
	ids := make([]string, len(writes))
	for i, w := range writes {
		ids[i] = string(w.Listing.Key)
	}
	var now nowPrices
	body, err := s.get(ctx, channel.OpPrice, pathVariants, only(wanting(priceRowFields), ids))
	if err == nil {
		now.by, now.complete, err = decodePricing(body, "variants")
	}
	if err != nil {
		e := fault.New(fault.KindOf(err), "read the prices to be changed: %w", err)
		e.After = fault.AfterOf(err)
		return now, e // Sent stays false: no write has left
	}
	return now, nil
}

// reprice makes the new rows of w's variant, or says why it is not written.
func (n nowPrices) reprice(w channel.Write, product string) (variantWrite, *channel.Outcome) {
	refuse := func(code, text string) (variantWrite, *channel.Outcome) {
		o := reject(w, code, text)
		return variantWrite{}, &o
	}
	p, ok := n.by[string(w.Listing.Key)]
	switch {
	case !ok && !n.complete:
		return variantWrite{}, &channel.Outcome{Ref: w.Ref, State: channel.RetryAfter, After: soon, Code: "no-answer", Text: notAnswered}
	case !ok:
		return refuse(channel.CodeNotFound, "the shop has no such variant")
	case p.err != nil:
		return refuse(channel.CodeInvalid, "the variant's prices cannot be read, so they are not written: "+p.err.Error())
	case p.product != product:
		return refuse(channel.CodeNotFound, "the variant belongs to another product now")
	}
	rows, err := reprice(p.rows, w.Price)
	if err != nil {
		return refuse(channel.CodeInvalid, err.Error())
	}
	return variantWrite{ID: string(w.Listing.Key), Prices: rows}, nil
}

// soon is when a write is tried again that a short answer kept from being sent.
const soon = 5 * time.Second

// shows reports whether the rows hold price a.
func (p pricing) shows(a money.Amount) bool {
	i, err := own(p.rows, a.Currency)
	if err != nil || i < 0 {
		return false
	}
	now, err := p.rows[i].amount(a.Currency)
	return err == nil && now == a
}

// post sends a write. An answer in the shop's own words is returned only when it says for certain that nothing was done.
func (s *shop) post(ctx context.Context, op channel.Op, path string, query url.Values, body []byte) (answer, error) {
	a, err := s.do(ctx, op, http.MethodPost, path, query, body)
	if err != nil {
		return a, err
	}
	switch a.status {
	case http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return a, nil
	}
	e := fault.New(fault.Unavailable, "the shop answers a write with status %d; what it did is not known", a.status)
	e.Sent = true
	return a, e
}

// done is the outcome of a write the shop took: applied when the answer shows the value, else only a reading can tell.
func done(w channel.Write, shown bool) channel.Outcome {
	if shown {
		return channel.Outcome{Ref: w.Ref, State: channel.Applied}
	}
	return channel.Outcome{Ref: w.Ref, State: channel.Unknown, Code: "not-shown", Text: "the shop took the call, but its answer does not show the value"}
}

func reject(w channel.Write, code, text string) channel.Outcome {
	return channel.Outcome{Ref: w.Ref, State: channel.Rejected, Code: code, Text: text}
}

// wait gives writes that did not happen the time after which they may be sent.
func wait(writes []channel.Write, err error) []channel.Outcome {
	return channel.Batch{Writes: writes}.Outcomes(channel.Outcome{State: channel.RetryAfter, After: fault.AfterOf(err)})
}
