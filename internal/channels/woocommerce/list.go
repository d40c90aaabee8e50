package woocommerce

import (
	"context"
	"encoding/json"
	"unicode/utf8"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// sweep is the cursor of a catalogue read: a place in the list of products, and the variable products of the last page
// whose variations are still to be read.
type sweep struct {
	Products position `json:"p"`
	// Parents are read one after the other; Variations is the place in those of the first.
	Parents    []parent `json:"v,omitempty"`
	Variations position `json:"w,omitzero"`
	Done       bool     `json:"d,omitempty"` // all products were listed
	Listed     int64    `json:"n,omitempty"` // listings given out
	Short      int64    `json:"m,omitempty"` // rows the shop counted but did not show
}

// parent is a variable product as its variations need it.
type parent struct {
	ID     int64  `json:"i"`
	Name   string `json:"t,omitempty"` // cut short: the cursor has a limit
	Active bool   `json:"a,omitempty"`
}

const (
	mostParents = 3 << 10 // bytes of parents in a cursor
	mostName    = 60      // bytes of a parent's name in a cursor
	mostTitle   = 200     // characters of a title
)

// List reads one page: of products, or of the variations of one product. Total is given on the last page only, since the
// shop counts products and not what they sell: it is what was given out and what the shop counted beyond it.
func (a *adapter) List(ctx context.Context, from channel.Cursor) (channel.Page, error) {
	s := sweep{}
	if from != "" && json.Unmarshal([]byte(from), &s) != nil {
		return channel.Page{}, fault.New(fault.Invalid, "the cursor of the catalogue is not one of this channel")
	}
	if len(s.Parents) > 0 {
		return a.listVariations(ctx, s)
	}
	return a.listProducts(ctx, s)
}

func (a *adapter) listProducts(ctx context.Context, s sweep) (channel.Page, error) {
	q := s.Products.query(productFields)
	q.Set("status", "any")
	ps, total, err := a.rows(ctx, request{op: channel.OpList, route: place{}.route(), query: q})
	if err != nil {
		return channel.Page{}, fault.Wrap("list products", err)
	}
	st, err := s.Products.take(idsOf(ps), total)
	if err != nil {
		return channel.Page{}, fault.Wrap("list products", err)
	}
	page := channel.Page{}
	if st.skip {
		s.Products = st.next
		return page, s.next(&page)
	}
	size, last, n := 0, int64(0), len(ps)
	for i := st.from; i < n; i++ {
		p := ps[i]
		switch {
		case p.err != nil:
			page.Findings = append(page.Findings, p.finding(0))
		case p.id == last:
			page.Findings = append(page.Findings, p.twice(0))
		case p.variations:
			v := parent{ID: p.id, Name: cut(p.title, mostName), Active: p.status == published}
			if size += v.size(); size > mostParents && len(s.Parents) > 0 {
				n = i // the rest of the page is asked for again
				continue
			}
			s.Parents = append(s.Parents, v)
		default:
			a.add(&page, p.product, parent{Active: true})
		}
		last = p.id
	}
	if n < len(ps) {
		s.Products = s.Products.upTo(idsOf(ps), st.from, n)
	} else if s.Products, s.Done = st.next, st.done; s.Done {
		s.Short += s.Products.missing(total)
	}
	s.Listed += int64(len(page.Listings))
	return page, s.next(&page)
}

func (a *adapter) listVariations(ctx context.Context, s sweep) (channel.Page, error) {
	above := s.Parents[0]
	q := s.Variations.query(variationFields)
	q.Set("status", "any")
	page := channel.Page{}
	ps, total, err := a.rows(ctx, request{op: channel.OpList, route: place{parent: above.ID}.route(), query: q})
	if fault.Is(err, fault.NotFound) { // deleted since it was listed
		s.Parents, s.Variations = s.Parents[1:], position{}
		return page, s.next(&page)
	}
	if err != nil {
		return channel.Page{}, fault.Wrap("list variations", err)
	}
	st, err := s.Variations.take(idsOf(ps), total)
	if err != nil {
		return channel.Page{}, fault.Wrap("list variations", err)
	}
	last := int64(0)
	for i := st.from; i < len(ps) && !st.skip; i++ {
		switch p := ps[i]; {
		case p.err != nil:
			page.Findings = append(page.Findings, p.finding(above.ID))
		case p.id == last:
			page.Findings = append(page.Findings, p.twice(above.ID))
		default:
			a.add(&page, p.product, above)
		}
		last = ps[i].id
	}
	onePool(&page)
	s.Variations = st.next
	if st.done {
		s.Short += st.next.missing(total)
		s.Parents, s.Variations = s.Parents[1:], position{}
	}
	s.Listed += int64(len(page.Listings))
	return page, s.next(&page)
}

// next sets the page's cursor, and on the last page the total.
func (s sweep) next(page *channel.Page) error {
	if s.Done && len(s.Parents) == 0 {
		total := s.Listed + s.Short
		page.Total = &total
		return nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return fault.New(fault.Internal, "the cursor cannot be written: %w", err)
	}
	page.Next = channel.Cursor(text)
	return nil
}

// size is how many bytes v takes in a cursor.
func (v parent) size() int {
	text, err := json.Marshal(v)
	if err != nil {
		return mostParents + 1
	}
	return len(text) + 1
}

// fetched is one row of a list: a product, or the reason why it is none.
type fetched struct {
	product
	err error
}

// rows fetches a list of products or variations.
func (a *adapter) rows(ctx context.Context, q request) ([]fetched, *int64, error) {
	ans, err := a.client.do(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	raws, ok := rows(ans.body)
	if !ok {
		return nil, nil, unavailable("the shop's answer is not a list")
	}
	out := make([]fetched, len(raws))
	for i, raw := range raws {
		out[i].product, out[i].err = decodeProduct(raw, a.set.currency)
	}
	return out, ans.total, nil
}

func idsOf(ps []fetched) []int64 {
	out := make([]int64, len(ps))
	for i, p := range ps {
		out[i] = p.id
	}
	return out
}

func (p fetched) finding(parentID int64) channel.Finding {
	f := channel.Finding{Code: "bad-row", Text: "a row of the shop's list cannot be used: " + p.err.Error()}
	if p.id != 0 {
		f.Listing = listingKey(place{parentID, p.id})
	}
	return f
}

func (p fetched) twice(parentID int64) channel.Finding {
	return channel.Finding{
		Listing: listingKey(place{parentID, p.id}), Code: "duplicate-key", Text: "the shop lists this product twice in one page; the first row was used",
	}
}

// published is the only status in which a product sells.
const published = "publish"

// add turns a row into a listing and its count. above is the variable product of a variation, its ID 0 for a product.
func (a *adapter) add(page *channel.Page, p product, above parent) {
	at := place{above.ID, p.id}
	switch p.kind {
	case "grouped", "external", "variable":
		return // sells nothing of its own: made of others, sold elsewhere, or without a variation yet
	case "", "simple", "variation":
	default:
		page.Findings = append(page.Findings, channel.Finding{
			Listing: listingKey(at), Code: "unknown-type", Text: "products of the type a plugin added are not kept in step: " + cut(p.kind, 40),
		})
		return
	}
	l := channel.Listing{
		Key: listingKey(at), Group: at.group(), SKU: p.sku, GTIN: p.gtin, Pool: channel.Merchant,
		Title: title(above.Name, p.title), Active: above.Active && p.status == published, Price: p.price,
	}
	counter, has := at, p.manage == managedHere
	if p.manage == managedByParent && at.parent != 0 {
		counter, has = place{id: at.parent}, true
	}
	old := a.own.outdated(at, p.modified)
	if old {
		l.Price = nil
		page.Findings = append(page.Findings, staleFinding(at))
	}
	if has {
		l.Stock = []channel.Draw{{StockKey: stockKey(counter), Units: 1}}
		if p.quantity != nil && !old {
			page.Counts = append(page.Counts, channel.Count{StockKey: stockKey(counter), Quantity: *p.quantity})
		}
	}
	page.Listings = append(page.Listings, l)
	for _, x := range p.problems {
		page.Findings = append(page.Findings, x.finding(at, counter))
	}
}

func (x problem) finding(at, counter place) channel.Finding {
	f := channel.Finding{Listing: listingKey(at), Field: x.field, Code: x.code, Text: x.text}
	if x.field == channel.Stock {
		f.Stock = stockKey(counter)
	}
	return f
}

// onePool keeps one count of a number that several variations of the page show. They were read at one instant; where
// they differ nevertheless, the lowest is kept.
func onePool(page *channel.Page) {
	at := map[channel.StockKey]int{}
	kept := page.Counts[:0]
	for _, c := range page.Counts {
		i, twice := at[c.StockKey]
		if !twice {
			at[c.StockKey] = len(kept)
			kept = append(kept, c)
			continue
		}
		kept[i].Quantity = min(kept[i].Quantity, c.Quantity)
	}
	page.Counts = kept
}

// title joins the names of a product and a variation, for matching by people.
func title(product, variation string) string {
	t := variation
	if product != "" && variation != "" {
		t = product + " – " + variation
	}
	for i, n := 0, 0; i < len(t); n++ {
		if n == mostTitle {
			return t[:i]
		}
		_, size := utf8.DecodeRuneInString(t[i:])
		i += size
	}
	return t
}

// cut shortens s to at most n bytes without cutting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
