package woocommerce

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// feed is the cursor of the order feed. Its times are the shop's own, Unix seconds.
type feed struct {
	// Open is set while the orders that are still open are read, however old.
	Open bool `json:"open,omitempty"`
	// After is what was read up to: changes later than it are asked for, 0 for all.
	After int64 `json:"after,omitempty"`
	// Mark is the newest change there was before this sweep began. A sweep of several pages ends there, since a change
	// made while it ran may lie in a page already read; 0 for a sweep of one page, which is one instant.
	Mark  int64    `json:"mark,omitempty"`
	Where position `json:"at,omitzero"`
}

const (
	// openStatuses are the shop's own statuses of orders whose goods are still here.
	openStatuses = "pending,processing,on-hold"
	// mostAsked bounds the refund reads of one call; what is left of the page is asked for again.
	mostAsked = 20
	// ahead is how far the shop's own times may lie in its own future (two clocks of one host) before they are not used
	// to move on.
	ahead = int64(time.Hour / time.Second)
)

// Sales reads one page of the order feed.
func (a *adapter) Sales(ctx context.Context, from channel.Cursor) (channel.SalesPage, error) {
	f := feed{}
	if from == "" {
		mark, err := a.newest(ctx)
		if err != nil {
			return channel.SalesPage{}, fault.Wrap("read orders", err)
		}
		f = feed{Open: true, Mark: mark}
	} else if json.Unmarshal([]byte(from), &f) != nil || f.After < 0 || f.Mark < 0 {
		return channel.SalesPage{}, fault.New(fault.Invalid, "the cursor of the order feed is not one of this channel")
	}
	page, err := a.orders(ctx, f)
	return page, fault.Wrap("read orders", err)
}

// newest returns the time of the newest change of any order; 0 when there is no order.
func (a *adapter) newest(ctx context.Context) (int64, error) {
	ans, err := a.client.do(ctx, request{op: channel.OpSales, route: "/wc/v3/orders", query: url.Values{
		"per_page": {"1"}, "orderby": {"modified"}, "order": {"desc"}, "_fields": {newestFields},
	}})
	if err != nil {
		return 0, err
	}
	raws, ok := rows(ans.body)
	if !ok {
		return 0, unavailable("the shop's answer is not a list")
	}
	if len(raws) == 0 {
		return 0, nil
	}
	m, err := object(raws[0], "date_modified_gmt")
	if err != nil {
		return 0, unavailable("the shop's newest order cannot be read: %w", err)
	}
	text, err := m.text("date_modified_gmt")
	if err != nil {
		return 0, unavailable("the shop's newest order cannot be read: %w", err)
	}
	t, err := parseTime(text)
	if err != nil {
		return 0, unavailable("the shop's newest order cannot be read: %w", err)
	}
	return sane(t, ans.date), nil
}

// sane keeps a time that lies far in the shop's own future (an import, a wrong clock) from moving the cursor there.
func sane(t, clock int64) int64 {
	if clock != 0 && t > clock+ahead {
		return clock
	}
	return t
}

// orders reads the page at f.
func (a *adapter) orders(ctx context.Context, f feed) (channel.SalesPage, error) {
	q := f.Where.query(orderFields)
	if f.Open {
		q.Set("status", openStatuses)
	} else if f.After > 0 {
		q.Set("modified_after", formatTime(f.After)) // no zone: with one the shop answers hours of other rows
		q.Set("dates_are_gmt", "true")
	}
	ans, err := a.client.do(ctx, request{op: channel.OpSales, route: "/wc/v3/orders", query: q})
	if err != nil {
		return channel.SalesPage{}, err
	}
	raws, ok := rows(ans.body)
	if !ok {
		return channel.SalesPage{}, unavailable("the shop's answer is not a list")
	}
	found, errs, ids := make([]order, len(raws)), make([]error, len(raws)), make([]int64, len(raws))
	newest := int64(0)
	for i, raw := range raws {
		if found[i], errs[i] = decodeOrder(raw); errs[i] == nil {
			newest = max(newest, sane(found[i].modified, ans.date))
		}
		ids[i] = found[i].id
	}
	st, err := f.Where.take(ids, ans.total)
	if err != nil {
		return channel.SalesPage{}, err
	}
	if st.skip {
		f.Where = st.next
		return a.turn(ctx, f, channel.SalesPage{})
	}
	page, asked := channel.SalesPage{}, 0
	if ans.total != nil && int64(len(ids)) < min(pageSize, *ans.total-f.Where.Offset) {
		page.Findings = append(page.Findings, channel.Finding{Code: "hidden-order", Text: "the shop counts more orders than it shows: some cannot be loaded, or this key may not see them"})
	}
	for i := st.from; i < len(found); i++ {
		o := found[i]
		if errs[i] != nil {
			page.Findings = append(page.Findings, channel.Finding{Code: "bad-order", Text: "an order cannot be read: " + errs[i].Error()})
			continue
		}
		if i > st.from && o.id == ids[i-1] {
			continue
		}
		var refunded map[int64]int64
		if o.mustAsk() {
			if asked++; asked > mostAsked {
				f.Where = f.Where.upTo(ids, st.from, i)
				return a.turn(ctx, f, page)
			}
			if refunded, err = a.refunds(ctx, o.id); err != nil {
				return channel.SalesPage{}, err
			}
		}
		o.addTo(&page, ans.date, refunded)
	}
	f.Where = st.next
	if !st.done {
		return a.turn(ctx, f, page)
	}
	upTo := f.Mark
	if upTo == 0 {
		upTo = newest
	}
	page.More = f.Open // what changed while the open orders were read comes at once
	return finish(feed{After: max(f.After, upTo-int64(overlap/time.Second), 0)}, page)
}

// turn ends a page that is not the last of its sweep. A sweep that turns out to have several pages starts again, now
// knowing the newest change before it began.
func (a *adapter) turn(ctx context.Context, f feed, page channel.SalesPage) (channel.SalesPage, error) {
	if !f.Open && f.Mark == 0 {
		mark, err := a.newest(ctx)
		if err != nil {
			return channel.SalesPage{}, err
		}
		f = feed{After: f.After, Mark: mark}
	}
	page.More = true
	return finish(f, page)
}

func finish(f feed, page channel.SalesPage) (channel.SalesPage, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return channel.SalesPage{}, fault.New(fault.Internal, "the cursor cannot be written: %w", err)
	}
	page.Next = channel.Cursor(text)
	return page, nil
}

// addTo puts the lines of o on the page.
func (o order) addTo(page *channel.SalesPage, clock int64, refunded map[int64]int64) {
	lines, bad, known := o.facts(clock, refunded)
	page.Lines = append(page.Lines, lines...)
	for _, key := range bad {
		page.Findings = append(page.Findings, channel.Finding{Listing: key, Field: channel.Stock, Code: "bad-line", Text: "an order line of this listing cannot be read; what was known of it stays"})
	}
	if known {
		return
	}
	for _, l := range lines {
		page.Findings = append(page.Findings, channel.Finding{
			Listing: l.Listing, Field: channel.Stock, Code: "unknown-status",
			Text: "an order has a status that a plugin added; its units count as still to be shipped",
		})
	}
}

// refunds reads the units refunded per line of one order.
func (a *adapter) refunds(ctx context.Context, id int64) (map[int64]int64, error) {
	ans, err := a.client.do(ctx, request{op: channel.OpSales, route: "/wc/v3/orders/" + strconv.FormatInt(id, 10) + "/refunds", query: url.Values{
		"per_page": {strconv.Itoa(pageSize)}, "_fields": {refundFields},
	}})
	if err != nil {
		return nil, err
	}
	out, err := decodeRefunds(ans.body)
	if err != nil {
		return nil, unavailable("the shop's answer about refunds cannot be read: %w", err)
	}
	return out, nil
}
