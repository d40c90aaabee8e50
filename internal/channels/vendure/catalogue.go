package vendure

import (
	"context"
	"encoding/json"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// place is where a pass over the catalogue stands. Pages overlap by one row: when that row is not where it was, rows
// were removed meanwhile and the pass steps back to find it (F11). Ids cannot be compared, so there is no key-set paging.
type place struct {
	Skip int    `json:"skip"`
	Last string `json:"last"`
	Back int    `json:"back,omitempty"` // how often the pass stepped back for Last
}

// mostBack is how many pages a pass steps back before it gives up.
const mostBack = 3

// List reads one page of the catalogue. A pass begins with the store's settings, which may have changed.
func (s *shop) List(ctx context.Context, from channel.Cursor) (channel.Page, error) {
	var at place
	if from != "" {
		if err := json.Unmarshal([]byte(from), &at); err != nil || at.Skip < 0 || at.Last == "" {
			return channel.Page{}, fault.New(fault.Invalid, "this is not a bookmark of a Vendure catalogue")
		}
	}
	learn := s.facts
	if from == "" {
		learn = s.learn
	}
	st, err := learn(ctx, channel.OpList)
	if err != nil {
		return channel.Page{}, err
	}
	data, err := s.client.ask(ctx, channel.OpList, docVariants, skipVars{at.Skip})
	if err != nil {
		return channel.Page{}, fault.Wrap("list variants", err)
	}
	v, err := decodeVariants(data)
	if err != nil {
		return channel.Page{}, err
	}
	next, rows, err := at.turn(v)
	if err != nil {
		return channel.Page{}, err
	}
	p := st.page(rows)
	if v.total >= 0 {
		p.Total = &v.total
	}
	if from == "" && st.threshold < 0 {
		p.Findings = append(p.Findings, channel.Finding{
			Field: channel.Stock, Code: codeBelowZero,
			Text: "the store's own out-of-stock threshold is negative: the shop sells units that are not there",
		})
	}
	if next != (place{}) {
		text, err := json.Marshal(next)
		if err != nil {
			return channel.Page{}, fault.New(fault.Internal, "write the bookmark: %w", err)
		}
		p.Next = channel.Cursor(text)
	}
	return p, nil
}

// turn finds the new rows of an answer and where to go on; the zero place is the end.
func (at place) turn(v variants) (place, []variantRow, error) {
	rows := v.rows
	if at.Last != "" {
		i := 0
		for i < len(rows) && rows[i].ID != at.Last {
			i++
		}
		switch {
		case i < len(rows):
			rows = rows[i+1:]
		case at.Back == mostBack || at.Skip == 0:
			return place{}, nil, broken("the catalogue kept changing while it was read; nothing is concluded from this pass")
		default:
			return place{Skip: max(0, at.Skip-pageSize+1), Last: at.Last, Back: at.Back + 1}, nil, nil
		}
	}
	more := int64(at.Skip+pageSize) < v.total || v.total < 0 && len(v.rows) >= pageSize
	if !more || len(v.rows) == 0 {
		return place{}, rows, nil
	}
	i := len(v.rows) - 1
	for i > 0 && v.rows[i].ID == "" {
		i--
	}
	next := place{Skip: at.Skip + i, Last: v.rows[i].ID}
	if next.Last == "" || next.Skip == at.Skip {
		return place{}, nil, broken("the catalogue cannot be paged: a page of it has no usable ids")
	}
	return next, rows, nil
}

// page turns rows into listings and counts. A variant that comes twice is taken once.
func (s site) page(rows []variantRow) channel.Page {
	var p channel.Page
	seen := map[string]bool{}
	for _, r := range rows {
		if r.bad != "" {
			p.Findings = append(p.Findings, channel.Finding{Listing: channel.ListingKey(r.ID), Code: r.bad, Text: r.why})
			continue
		}
		if seen[r.ID] {
			p.Findings = append(p.Findings, channel.Finding{
				Listing: channel.ListingKey(r.ID), Code: "duplicate-key", Text: "the variant came twice in one answer; the first is taken",
			})
			continue
		}
		seen[r.ID] = true
		x, found := s.listing(r)
		counts, more := s.stock(r)
		p.Listings = append(p.Listings, x)
		p.Counts = append(p.Counts, counts...)
		p.Findings = append(append(p.Findings, found...), more...)
	}
	return p
}

// chosen lists the variants behind keys, each once.
func chosen(keys channel.Keys) []string {
	var ids []string
	seen := map[string]bool{}
	add := func(id string) {
		if !seen[id] {
			seen[id], ids = true, append(ids, id)
		}
	}
	for _, k := range keys.Stock {
		add(k.Key)
	}
	for _, k := range keys.Prices {
		add(string(k.Key))
	}
	return ids
}

// pick keeps of an answer what was asked for and says what the store does not have. What came but cannot be read is
// neither there nor gone.
func (s site) pick(keys channel.Keys, v variants) channel.Page {
	all := s.page(v.rows)
	there := map[string]variantRow{}
	for _, r := range v.rows {
		there[r.ID] = r
	}
	p := channel.Page{Findings: all.Findings}
	// An answer that is short, or has a row without an id, proves nothing about what it lacks (F11).
	_, nameless := there[""]
	proves := !nameless && v.total == int64(len(v.rows))
	counts := map[channel.StockKey]channel.Count{}
	for _, c := range all.Counts {
		counts[c.StockKey] = c
	}
	for _, k := range keys.Stock {
		r, came := there[k.Key]
		c, read := counts[k]
		switch {
		case read:
			p.Counts = append(p.Counts, c)
		case !came && proves, came && r.bad == "" && !s.keeps(r, k.Location):
			p.GoneStock = append(p.GoneStock, k)
		}
	}
	listings := map[channel.ListingKey]channel.Listing{}
	for _, x := range all.Listings {
		listings[x.Key] = x
	}
	for _, k := range keys.Prices {
		if x, read := listings[k.Key]; read {
			p.Listings = append(p.Listings, x)
		} else if _, came := there[string(k.Key)]; !came && proves {
			p.Gone = append(p.Gone, k.Key)
		}
	}
	return p
}

// keeps reports whether the store keeps a number of r at a place this account uses.
func (s site) keeps(r variantRow, at string) bool {
	if !s.counts(r) {
		return false
	}
	for _, place := range s.placesOf(r) {
		if place == at {
			return true
		}
	}
	return false
}
