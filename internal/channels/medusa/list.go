package medusa

import (
	"context"
	"encoding/json"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

const (
	pageRows = 200
	// backRows are read again at the head of each page. The list has no cursor of its own: when a variant is deleted
	// meanwhile, all later rows move up, and without an overlap one of them would be skipped unseen (F11).
	backRows = 10
)

// listCursor is where the catalogue read goes on: after the row Last, which was the last of the first Offset rows.
type listCursor struct {
	Offset int    `json:"offset"`
	Last   string `json:"last"`
}

// List reads one page of variants, oldest first, each with its counters and price.
func (s *shop) List(ctx context.Context, from channel.Cursor) (channel.Page, error) {
	var at listCursor
	if from != "" {
		if err := json.Unmarshal([]byte(from), &at); err != nil || at.Offset < 0 || at.Last == "" {
			return channel.Page{}, fault.New(fault.Invalid, "the cursor of the catalogue cannot be read; start again")
		}
	}
	skip := at.Offset - min(at.Offset, backRows)
	body, err := s.get(ctx, channel.OpList, pathVariants, page(wanting(variantFields), "id", skip, pageRows+at.Offset-skip))
	if err != nil {
		return channel.Page{}, fault.Wrap("read the catalogue", err)
	}
	rows, total, err := decodeVariants(body, s.view)
	if err != nil {
		return channel.Page{}, fault.Wrap("read the catalogue", err)
	}
	fresh, err := after(rows, at.Last)
	if err != nil {
		return channel.Page{}, err
	}
	out := channel.Page{Total: total}
	last := gather(&out, fresh, at.Last)
	end := skip + len(rows)
	if more := len(rows) >= pageRows && total == nil || total != nil && int64(end) < *total; more && len(fresh) > 0 {
		next, err := json.Marshal(listCursor{Offset: end, Last: last})
		if err != nil {
			return channel.Page{}, fault.Wrap("write the cursor", err)
		}
		out.Next = channel.Cursor(next)
	}
	return out, nil
}

// after returns the rows behind the one named last.
func after(rows []variant, last string) ([]variant, error) {
	if last == "" {
		return rows, nil
	}
	for i, v := range rows {
		if v.id == last {
			return rows[i+1:], nil
		}
	}
	e := fault.New(fault.Unavailable, "the catalogue changed much while it was read; it is read again from the start")
	e.Sent = true
	return nil, e
}

// gather puts rows into p, each listing and each counter once, and returns the id of the last new row.
func gather(p *channel.Page, rows []variant, last string) string {
	listed := map[channel.ListingKey]bool{}
	counted := map[channel.StockKey]bool{}
	for _, v := range rows {
		if key := channel.ListingKey(v.id); v.id != "" {
			if listed[key] {
				p.Findings = append(p.Findings, channel.Finding{Listing: key, Code: "duplicate-key", Text: "the variant comes twice in one page; its first row counts"})
				continue
			}
			listed[key], last = true, v.id
		}
		p.Findings = append(p.Findings, v.findings...)
		if v.listing != nil {
			p.Listings = append(p.Listings, *v.listing)
		}
		for _, n := range v.counts {
			if !counted[n.StockKey] { // variants that share an inventory item show it each
				p.Counts = append(p.Counts, n)
			}
			counted[n.StockKey] = true
		}
	}
	return last
}
