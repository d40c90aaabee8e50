package woocommerce

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// Read reads chosen counters and prices: one request for products, one for each product with variations among them.
func (a *adapter) Read(ctx context.Context, keys channel.Keys) (channel.Page, error) {
	page := channel.Page{}
	wanted := map[string][]int64{} // ids by route
	var routes []string
	want := func(p place) {
		if wanted[p.route()] == nil {
			routes = append(routes, p.route())
		}
		if !slices.Contains(wanted[p.route()], p.id) {
			wanted[p.route()] = append(wanted[p.route()], p.id)
		}
	}
	for _, k := range keys.Stock {
		if p, ok := parsePlace(k.Key); ok {
			want(p)
		}
	}
	for _, r := range keys.Prices {
		if p, ok := parsePlace(string(r.Key)); ok {
			want(p)
		}
	}
	found := map[place]fetched{}
	for _, route := range routes {
		if err := a.fetch(ctx, route, wanted[route], found); err != nil {
			return channel.Page{}, fault.Wrap("read", err)
		}
	}
	for _, k := range keys.Stock {
		a.readCount(&page, k, found)
	}
	for _, r := range keys.Prices {
		a.readPrice(&page, r, found)
	}
	return page, nil
}

// fetch reads the products of one route by id. A row the shop counts but does not show makes the answer useless: what is
// not there could not be told from what is gone.
func (a *adapter) fetch(ctx context.Context, route string, wanted []int64, found map[place]fetched) error {
	parentID, fields := int64(0), productFields
	if rest, ok := strings.CutSuffix(route, "/variations"); ok {
		parentID, _ = parseID(rest[strings.LastIndexByte(rest, '/')+1:])
		fields = variationFields
	}
	for chunk := range slices.Chunk(wanted, pageSize) {
		list := make([]string, len(chunk))
		for i, id := range chunk {
			list[i] = strconv.FormatInt(id, 10)
		}
		q := url.Values{
			"include": {strings.Join(list, ",")}, "per_page": {strconv.Itoa(pageSize)}, "orderby": {"id"}, "order": {"asc"},
			"status": {"any"}, "_fields": {fields},
		}
		ps, total, err := a.rows(ctx, request{op: channel.OpRead, route: route, query: q})
		if fault.Is(err, fault.NotFound) {
			continue // the parent is gone, and with it all of these
		}
		if err != nil {
			return err
		}
		for _, p := range ps {
			if p.id == 0 {
				return unavailable("a row of the shop's answer has no id: %w", p.err)
			}
			at := place{parentID, p.id}
			if _, twice := found[at]; !twice {
				found[at] = p
			}
		}
		if total != nil && distinct(idsOf(ps)) < *total {
			return unavailable("the shop counts %d rows and shows %d; nothing is concluded from the rest", *total, len(ps))
		}
	}
	return nil
}

func (a *adapter) readCount(page *channel.Page, k channel.StockKey, found map[place]fetched) {
	at, ok := parsePlace(k.Key)
	p, there := found[at]
	switch {
	case !ok || k.Location != "" || !there:
		page.GoneStock = append(page.GoneStock, k)
	case p.err != nil:
		page.Findings = append(page.Findings, channel.Finding{Listing: listingKey(at), Stock: k, Code: "bad-row", Text: p.finding(at.parent).Text})
	case p.manage != managedHere:
		page.GoneStock = append(page.GoneStock, k) // the shop no longer keeps this number
	case a.own.outdated(at, p.modified):
		page.Findings = append(page.Findings, staleFinding(at))
	case p.quantity == nil:
		for _, x := range p.problems {
			if x.field == channel.Stock {
				page.Findings = append(page.Findings, x.finding(at, at))
			}
		}
	default:
		page.Counts = append(page.Counts, channel.Count{StockKey: k, Quantity: *p.quantity})
	}
}

func (a *adapter) readPrice(page *channel.Page, r channel.ListingRef, found map[place]fetched) {
	at, ok := parsePlace(string(r.Key))
	p, there := found[at]
	if !ok || !there {
		page.Gone = append(page.Gone, r.Key)
		return
	}
	if p.err != nil {
		page.Findings = append(page.Findings, p.finding(at.parent))
		return
	}
	one := channel.Page{}
	a.add(&one, p.product, parent{ID: at.parent, Active: true})
	if len(one.Listings) == 0 {
		page.Gone = append(page.Gone, r.Key) // it has become a product of another kind
		return
	}
	page.Listings = append(page.Listings, one.Listings...)
	for _, f := range one.Findings {
		if f.Field != channel.Stock {
			page.Findings = append(page.Findings, f)
		}
	}
}
