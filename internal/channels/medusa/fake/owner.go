package fake

import (
	"encoding/json"
	"slices"
	"strings"
)

// The methods of this file are what a shop's owner does that not every channel knows.

// line finds the line of an order that sells sku.
func (o *order) line(sku string) *line {
	i := slices.IndexFunc(o.lines, func(l *line) bool { return l.variant.sku == sku && l.until == 0 })
	if i < 0 {
		panic("fake: order " + o.id + " has no line of " + sku)
	}
	return o.lines[i]
}

// Fulfil makes a fulfilment of n pieces, without shipping them.
func (s *Server) Fulfil(order, sku string, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(order)
	s.fulfil(o, o.line(sku), n)
}

// Unfulfil cancels the fulfilments of an order that were not shipped.
func (s *Server) Unfulfil(order string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unfulfil(s.find(order))
}

// Edit changes the quantity of a line; 0 takes the line away. The shop then reserves the whole new quantity, even what was
// fulfilled already.
func (s *Server) Edit(order, sku string, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(order)
	l := o.line(sku)
	l.reserve(n-(l.quantity-l.fulfilled), s.now())
	before := o.version
	o.change(s.now())
	if l.quantity = n; n == 0 {
		l.until = before
	}
}

// Return receives n shipped pieces back: into stock, or thrown away when damaged.
func (s *Server) Return(order, sku string, n int64, damaged bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(order)
	l := o.line(sku)
	if damaged {
		l.dismissed += n
	} else {
		l.received += n
		l.draw(-n, s.now())
	}
	o.change(s.now())
}

// Complete marks an order as done, whatever is still open; its reservation stays.
func (s *Server) Complete(order string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.find(order)
	o.status, o.updated = "completed", s.now()
}

// AddPrice adds a price row to a variant: decimal is its amount, least its smallest quantity ("" for none).
func (s *Server) AddPrice(sku, currency, decimal, least string, rules map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.bySKU(sku)
	p := &price{
		id: s.id("price"), currency: strings.ToLower(currency), amount: json.Number(decimal), rules: rules,
		min: json.RawMessage("null"), max: json.RawMessage("null"), created: s.now(), updated: s.now(),
	}
	if least != "" {
		p.min = json.RawMessage(least)
	}
	v.prices = append(v.prices, p)
}

// Prices returns the price rows of a variant as "eur 12.34", "eur 9 from 10", "eur 8 region_id=reg_1", sorted.
func (s *Server) Prices(sku string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, p := range s.bySKU(sku).prices {
		text := p.currency + " " + p.amount.String()
		if string(p.min) != "null" {
			text += " from " + string(p.min)
		}
		for name, value := range p.rules {
			text += " " + name + "=" + value
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// PriceIDs returns the ids of the price rows of a variant, sorted.
func (s *Server) PriceIDs(sku string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, p := range s.bySKU(sku).prices {
		out = append(out, p.id)
	}
	slices.Sort(out)
	return out
}

// Unmanage makes the shop stop counting a variant; Backorder lets it be sold below zero.
func (s *Server) Unmanage(sku string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.bySKU(sku)
	v.managed, v.links = false, nil
}

// Backorder lets a variant be sold below zero.
func (s *Server) Backorder(sku string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bySKU(sku).backorder = true
}

// Unstock takes away the level of a variant's items at a location.
func (s *Server) Unstock(sku, location string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.bySKU(sku).links {
		k.item.levels = slices.DeleteFunc(k.item.levels, func(l *level) bool { return l.location == location })
	}
}

// Delete takes a variant off the shop, with its inventory item.
func (s *Server) Delete(sku string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.bySKU(sku)
	s.variants = slices.DeleteFunc(s.variants, func(x *variant) bool { return x == v })
	for _, k := range v.links {
		s.items = slices.DeleteFunc(s.items, func(i *item) bool { return i == k.item })
	}
}

// Unpublish makes the product of a variant a draft again.
func (s *Server) Unpublish(sku string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bySKU(sku).product.status = "draft"
}
