package medusa

import (
	"context"
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// notAnswered is about a key that an answer with missing or unreadable rows says nothing of: it is not taken for gone.
const notAnswered = "the shop's answer lacks rows that it counts; nothing is concluded"

// Read asks for chosen counters and listings: one call for each kind.
func (s *shop) Read(ctx context.Context, keys channel.Keys) (channel.Page, error) {
	var out channel.Page
	if len(keys.Stock) > 0 {
		if err := s.readStock(ctx, keys.Stock, &out); err != nil {
			return channel.Page{}, fault.Wrap("read stock", err)
		}
	}
	if len(keys.Prices) > 0 {
		if err := s.readListings(ctx, keys.Prices, &out); err != nil {
			return channel.Page{}, fault.Wrap("read prices", err)
		}
	}
	return out, nil
}

func (s *shop) readStock(ctx context.Context, keys []channel.StockKey, out *channel.Page) error {
	var ids []string
	for _, k := range keys {
		if !slices.Contains(ids, k.Key) {
			ids = append(ids, k.Key)
		}
	}
	body, err := s.get(ctx, channel.OpRead, pathInventory, only(wanting(levelFields), ids))
	if err != nil {
		return err
	}
	got, err := decodeInventory(body)
	if err != nil {
		return err
	}
	out.Findings = append(out.Findings, got.findings...)
	for _, k := range keys {
		l, ok := got.levels[k]
		switch {
		case ok && l.err != nil:
			out.Findings = append(out.Findings, l.finding())
		case ok:
			out.Counts = append(out.Counts, l.count)
		case got.gone(k):
			out.GoneStock = append(out.GoneStock, k)
		case !got.unread[k.Key]:
			out.Findings = append(out.Findings, channel.Finding{Stock: k, Field: channel.Stock, Code: "no-answer", Text: notAnswered})
		}
	}
	return nil
}

// readListings reads whole listings, so that nothing of them looks absent; their counters were not asked for.
func (s *shop) readListings(ctx context.Context, refs []channel.ListingRef, out *channel.Page) error {
	ids := make([]string, len(refs))
	for i, r := range refs {
		ids[i] = string(r.Key)
	}
	body, err := s.get(ctx, channel.OpRead, pathVariants, only(wanting(variantFields), ids))
	if err != nil {
		return err
	}
	rows, total, err := decodeVariants(body, s.view)
	if err != nil {
		return err
	}
	var found channel.Page
	gather(&found, rows, "")
	out.Findings = append(out.Findings, found.Findings...)
	for _, x := range found.Listings {
		if slices.Contains(ids, string(x.Key)) {
			out.Listings = append(out.Listings, x)
		}
	}
	for _, id := range ids {
		there := slices.ContainsFunc(rows, func(v variant) bool { return v.id == id })
		short := total != nil && int64(len(rows)) < *total || slices.ContainsFunc(rows, func(v variant) bool { return v.id == "" })
		switch {
		case there:
		case short:
			out.Findings = append(out.Findings, channel.Finding{Listing: channel.ListingKey(id), Field: channel.Price, Code: "no-answer", Text: notAnswered})
		default:
			out.Gone = append(out.Gone, channel.ListingKey(id))
		}
	}
	return nil
}
