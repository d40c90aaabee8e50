package model

import (
	"encoding/json"
	"time"
	"unicode/utf8"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// Everything here is bytes in, words out. The types name the members that are read; there is none for a buyer, so
// nothing about one can be parsed (C02). A bad row is a finding, a bad document a fault.

// document reads the frame of an answer: rows stay raw.
func document(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return lost("the market's answer cannot be read: it is not the JSON that was expected")
	}
	return nil
}

type shop struct {
	grant   channel.Grant
	caps    channel.Capabilities
	rowCost int64
}

func decodeShop(body []byte) (shop, error) {
	var w struct {
		Name         string                `json:"name"`
		Capabilities *channel.Capabilities `json:"capabilities"`
		RowCost      int64                 `json:"row_cost"`
		Scopes       []struct {
			Name    string `json:"name"`
			Reason  string `json:"reason"`
			Granted bool   `json:"granted"`
		} `json:"scopes"`
	}
	if err := document(body, &w); err != nil {
		return shop{}, err
	}
	if w.Capabilities == nil || w.RowCost < 0 || w.RowCost > 1000 {
		return shop{}, lost("the market does not say what it can do")
	}
	s := shop{caps: *w.Capabilities, rowCost: w.RowCost, grant: channel.Grant{Identity: w.Name}}
	for _, x := range w.Scopes {
		s.grant.Scopes = append(s.grant.Scopes, channel.Scope{Name: x.Name, Reason: x.Reason, Granted: x.Granted})
	}
	return s, checkCaps(s.caps)
}

func decodeToken(body []byte, now time.Time) (session, error) {
	var w struct {
		Access    string `json:"access"`
		ExpiresIn int64  `json:"expires_in"`
	}
	if err := document(body, &w); err != nil {
		return session{}, err
	}
	if w.Access == "" || w.ExpiresIn < 0 || w.ExpiresIn > 366*86400 {
		return session{}, lost("the market gave no access")
	}
	s := session{access: w.Access}
	if w.ExpiresIn > 0 {
		s.expires = now.Add(time.Duration(w.ExpiresIn) * time.Second)
	}
	return s, nil
}

// row is one listing as it is read. Numbers stay raw until they are proven to be numbers.
type row struct {
	ID       string            `json:"id"`
	Group    string            `json:"group"`
	SKU      string            `json:"sku"`
	GTIN     string            `json:"gtin"`
	Title    string            `json:"title"`
	Pool     string            `json:"pool"`
	Active   *bool             `json:"active"`
	Price    json.RawMessage   `json:"price"`
	Currency string            `json:"currency"`
	Stock    []json.RawMessage `json:"stock"`
}

func decodeList(body []byte) (channel.Page, error) {
	var w struct {
		Listings *[]json.RawMessage `json:"listings"`
		Total    *int64             `json:"total"`
		Next     string             `json:"next"`
	}
	if err := document(body, &w); err != nil {
		return channel.Page{}, err
	}
	if w.Listings == nil || len(*w.Listings) > maxPage+1 || len(w.Next) > 4<<10 {
		return channel.Page{}, lost("the market's list is not one")
	}
	p := newPage()
	for _, raw := range *w.Listings {
		p.listing(raw)
	}
	p.out.Total, p.out.Next = w.Total, channel.Cursor(w.Next)
	return p.out, nil
}

func decodeRead(body []byte) (channel.Page, error) {
	var w struct {
		Stock     []json.RawMessage `json:"stock"`
		Prices    []json.RawMessage `json:"prices"`
		GoneStock []wireKey         `json:"gone_stock"`
		Gone      []string          `json:"gone"`
	}
	if err := document(body, &w); err != nil {
		return channel.Page{}, err
	}
	p := newPage()
	for _, raw := range w.Stock {
		if repeats(raw) || !utf8.Valid(raw) {
			p.find(channel.Finding{Stock: channel.StockKey{Key: "a number that cannot be trusted"}, Field: channel.Stock}, "bad-row", "the number cannot be read")
			continue
		}
		p.count(raw)
	}
	for _, raw := range w.Prices {
		p.listing(raw)
	}
	for _, k := range w.GoneStock {
		p.out.GoneStock = append(p.out.GoneStock, channel.StockKey{Key: k.ID, Location: k.Place})
	}
	for _, k := range w.Gone {
		p.out.Gone = append(p.out.Gone, channel.ListingKey(k))
	}
	return p.out, nil
}

// pageReader collects the rows of a page; each key once.
type pageReader struct {
	out      channel.Page
	listings map[channel.ListingKey]bool
	counts   map[channel.StockKey]bool
}

func newPage() *pageReader {
	return &pageReader{listings: map[channel.ListingKey]bool{}, counts: map[channel.StockKey]bool{}}
}

func (p *pageReader) find(f channel.Finding, code, text string) {
	f.Code, f.Text = code, text
	p.out.Findings = append(p.out.Findings, f)
}

// listing reads one row of a list.
func (p *pageReader) listing(raw json.RawMessage) {
	var w row
	if err := strict(raw, &w); err != nil || !isKey(w.ID) {
		id := w.ID
		if !isKey(id) {
			id = "a row without a usable id"
		}
		p.find(channel.Finding{Listing: channel.ListingKey(id)}, "bad-row", "the row cannot be read")
		return
	}
	x := channel.Listing{
		Key: channel.ListingKey(w.ID), Group: w.Group, SKU: w.SKU, GTIN: w.GTIN, Title: shortened(w.Title),
		Pool: channel.Pool(w.Pool), Active: w.Active == nil || *w.Active,
	}
	if p.listings[x.Key] {
		p.find(channel.Finding{Listing: x.Key}, "duplicate-key", "the market lists this row twice; the first stays")
		return
	}
	p.listings[x.Key] = true
	if price, err := amount(w.Price, w.Currency); err != nil {
		p.find(channel.Finding{Listing: x.Key, Field: channel.Price}, "bad-price", err.Error())
	} else {
		x.Price = price
	}
	for _, raw := range w.Stock {
		if k, ok := p.count(raw); ok {
			x.Stock = append(x.Stock, channel.Draw{StockKey: k, Units: 1})
		}
	}
	p.out.Listings = append(p.out.Listings, x)
}

// count reads one number of a row that strict has seen; ok is false when not even its key can be read. Several listings may share a counter, so the
// same key may come again with its listing: the first reading stays.
func (p *pageReader) count(raw json.RawMessage) (k channel.StockKey, ok bool) {
	var w struct {
		ID       string          `json:"id"`
		Place    string          `json:"place"`
		Quantity json.RawMessage `json:"quantity"`
		Reserved json.RawMessage `json:"reserved"`
	}
	if err := json.Unmarshal(raw, &w); err != nil || !isKey(w.ID) {
		p.find(channel.Finding{Stock: channel.StockKey{Key: "a number without a usable id"}, Field: channel.Stock}, "bad-row", "the number cannot be read")
		return k, false
	}
	k = channel.StockKey{Key: w.ID, Location: w.Place}
	if p.counts[k] {
		return k, true
	}
	p.counts[k] = true
	n, err := integer(w.Quantity)
	if err != nil {
		p.find(channel.Finding{Stock: k, Field: channel.Stock}, "bad-quantity", err.Error())
		return k, true
	}
	c := channel.Count{StockKey: k, Quantity: n}
	if held, err := integer(w.Reserved); err == nil {
		c.Reserved = &held
	}
	p.out.Counts = append(p.out.Counts, c)
	return k, true
}

type sales struct {
	lines    []channel.Line
	findings []channel.Finding
	asOf     int64
	last     int64 // the latest change on the page
	after    int64
	skip     int
	more     bool
}

func decodeSales(body []byte) (sales, error) {
	var w struct {
		Lines *[]json.RawMessage `json:"lines"`
		AsOf  int64              `json:"as_of"`
		After int64              `json:"next_after"`
		Skip  int                `json:"next_skip"`
		More  bool               `json:"more"`
	}
	if err := document(body, &w); err != nil {
		return sales{}, err
	}
	if w.Lines == nil || len(*w.Lines) > maxPage+16 || w.AsOf <= 0 || w.After < 0 || w.Skip < 0 {
		return sales{}, lost("the market's list of orders is not one")
	}
	s := sales{asOf: w.AsOf, after: w.After, skip: w.Skip, more: w.More}
	for _, raw := range *w.Lines {
		s.line(raw)
	}
	return s, nil
}

// line reads one order line. The newest version of a line on the page stays.
func (s *sales) line(raw json.RawMessage) {
	var w struct {
		Order    string          `json:"order"`
		Line     string          `json:"line"`
		Listing  string          `json:"listing"`
		Quantity json.RawMessage `json:"quantity"`
		Shipped  json.RawMessage `json:"shipped"`
		Returned json.RawMessage `json:"returned"`
		Taken    json.RawMessage `json:"taken"`
		Version  json.RawMessage `json:"version"`
		Placed   json.RawMessage `json:"placed_at"`
		Changed  json.RawMessage `json:"changed_at"`
	}
	err := strict(raw, &w)
	x := channel.Line{Order: w.Order, Line: w.Line, Listing: channel.ListingKey(w.Listing)}
	var placed, changed int64
	for _, f := range []struct {
		raw  json.RawMessage
		into *int64
		read func(json.RawMessage) (int64, error)
	}{
		{w.Quantity, &x.Quantity, integer},
		{w.Shipped, &x.Shipped, integer},
		{w.Returned, &x.Returned, integer},
		{w.Taken, &x.Taken, integer},
		{w.Version, &x.Version, whole},
		{w.Placed, &placed, whole},
		{w.Changed, &changed, whole},
	} {
		if err == nil {
			*f.into, err = f.read(f.raw)
		}
	}
	bad := x.Quantity < 0 || x.Shipped < 0 || x.Shipped > x.Quantity || x.Returned < 0 || x.Taken < 0 || x.Version < 0
	if err != nil || bad || !isKey(w.Order) || !isKey(w.Line) || !isKey(w.Listing) {
		s.findings = append(s.findings, channel.Finding{Listing: x.Listing, Code: "bad-line", Text: "an order line cannot be read"})
		return
	}
	x.PlacedAt = time.UnixMicro(placed).UTC()
	s.last = max(s.last, changed)
	for i, y := range s.lines {
		if y.Order == x.Order && y.Line == x.Line {
			if x.Version > y.Version {
				s.lines[i] = x
			}
			return
		}
	}
	s.lines = append(s.lines, x)
}

// amount reads decimal text as money; absent is nil.
func amount(raw json.RawMessage, currency string) (*money.Amount, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, fault.New(fault.Invalid, "the price is not decimal text")
	}
	c, err := money.ParseCurrency(currency)
	if err != nil {
		return nil, err
	}
	a, err := money.ParseAmount(text, c)
	if err != nil {
		return nil, err
	}
	if a.Minor < 0 {
		return nil, fault.New(fault.Invalid, "the price is negative")
	}
	return &a, nil
}
