package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/pricing"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/store"
)

func (a *line) items() *cobra.Command {
	return group("items", "the seller's own SKUs", a.itemsList("list", "list items"), a.itemsShow("show SKU", "show an item with the listings that sell it"),
		a.importOf(catalog.Items, "columns sku, gtin, title, components"), a.itemsSet(), a.exportOf(catalog.Items))
}

func (a *line) itemsList(use, short string) *cobra.Command {
	var find string
	var p *service.Paging
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			l, err := s.Items(ctx, who, service.ItemFilter{Find: find, Paging: *p})
			if err != nil {
				return err
			}
			return a.show(l, func(w io.Writer) {
				var rows [][]string
				for _, x := range l.Rows {
					rows = append(rows, []string{x.SKU, number(x.Stock.Available), fmt.Sprint(x.Stock.OnHand), fmt.Sprint(x.Stock.Reserved), sumText(x.Prices.Base), sumText(x.Prices.Cost), x.GTIN, x.Title})
				}
				table(w, []string{"sku", "available", "on hand", "reserved", "price", "cost", "gtin", "title"}, rows)
				more(w, l.Next)
			})
		}),
	}
	c.Flags().StringVar(&find, "find", "", "the beginning of a SKU, or a whole GTIN")
	p = paging(c)
	return c
}

// sumText shows an amount; "–" for absent.
func sumText(s *pricing.Sum) string {
	if s == nil {
		return "–"
	}
	return money.Amount(*s).String()
}

func (a *line) itemsShow(use, short string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			d, err := s.Item(ctx, who, args[0])
			return a.item(d, err)
		}),
	}
}

// item shows an item with its listings.
func (a *line) item(d service.ItemDetail, err error) error {
	if err != nil {
		return err
	}
	return a.show(d, func(w io.Writer) {
		fmt.Fprintf(w, "%s  %s\n", clean(d.SKU), clean(d.Title))
		if d.GTIN != "" {
			fmt.Fprintf(w, "GTIN %s\n", clean(d.GTIN))
		}
		for _, c := range d.Components {
			fmt.Fprintf(w, "made of %d × %s\n", c.Quantity, clean(c.SKU))
		}
		if !d.Bundle {
			fmt.Fprintf(w, "available %s = on hand %d − reserved %d − held %d, counted %s\n", number(d.Stock.Available), d.Stock.OnHand, d.Stock.Reserved, d.Stock.Held, when(d.Stock.CountedAt))
		}
		for place, n := range d.Stock.Places {
			fmt.Fprintf(w, "  of it at %s: %d\n", clean(place), n)
		}
		fmt.Fprintf(w, "price %s, cost %s\n", sumText(d.Prices.Base), sumText(d.Prices.Cost))
		var rows [][]string
		for _, l := range d.Listings {
			rows = append(rows, listingRow(l)...)
		}
		if len(rows) > 0 {
			table(w, []string{"account", "listing", "field", "should be", "shows", "state", "since"}, rows)
		}
	})
}

// listingRow shows how the numbers and the price of a listing stand.
func listingRow(l service.ItemListing) (rows [][]string) {
	for _, c := range l.Counters {
		shows := "–"
		if c.Known {
			shows = fmt.Sprint(c.Observed)
		}
		rows = append(rows, []string{l.AccountName, string(l.Key), "stock", number(c.Wire), shows, c.State, when(c.Since)})
	}
	amount := func(n *int64) string {
		if n == nil {
			return "–"
		}
		return money.Of(*n, l.Price.Currency).String()
	}
	return append(rows, []string{l.AccountName, string(l.Key), "price", amount(l.Price.Want), amount(l.Price.Seen), l.Price.State, when(l.Price.Since)})
}

func (a *line) itemsSet() *cobra.Command {
	var gtin, title string
	var parts []string
	var plain bool
	c := &cobra.Command{
		Use: "set SKU", Short: "make an item, or change its names and components",
		Long: "Makes the item where there is none of this SKU. What is not given stays; an empty value clears.",
		Args: cobra.ExactArgs(1),
	}
	c.RunE = a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
		change := service.Change{SKU: args[0], Make: true}
		if c.Flags().Changed("gtin") {
			change.GTIN = &gtin
		}
		if c.Flags().Changed("title") {
			change.Title = &title
		}
		if plain || len(parts) > 0 {
			cs, err := components(parts)
			if err != nil {
				return err
			}
			change.Components = &cs
		}
		d, err := s.Edit(ctx, who, change)
		return a.item(d, err)
	})
	c.Flags().StringVar(&gtin, "gtin", "", "GTIN: 8, 12, 13 or 14 digits")
	c.Flags().StringVar(&title, "title", "", "title, at most 200 characters")
	c.Flags().StringArrayVar(&parts, "component", nil, "make it a bundle of SKU*UNITS; give it once for each component")
	c.Flags().BoolVar(&plain, "no-components", false, "make it a plain item again")
	return c
}

// components reads SKU*UNITS; the last asterisk counts, so a SKU may hold others.
func components(parts []string) ([]store.Component, error) {
	out := []store.Component{}
	for _, p := range parts {
		sku, units := p, "1"
		if i := strings.LastIndexByte(p, '*'); i > 0 {
			sku, units = p[:i], p[i+1:]
		}
		n, err := quantity(units)
		if err != nil || n == 0 {
			return nil, fault.New(fault.Usage, "--component takes SKU*UNITS, not %q", p)
		}
		out = append(out, store.Component{SKU: sku, Quantity: n})
	}
	return out, nil
}

func (a *line) stock() *cobra.Command {
	return group("stock", "how many there are", a.itemsShow("show SKU", "show the stock of an item"), a.importOf(catalog.Stock, "columns sku, location, quantity; a quantity means sellable now"),
		a.stockCount(), a.movement("receive SKU UNITS", "book goods that arrived", (*service.Service).Receive, false),
		a.movement("adjust SKU ±UNITS", "book units that were found, lost or broken", (*service.Service).Adjust, true), a.exportOf(catalog.Stock))
}

func (a *line) stockCount() *cobra.Command {
	var m service.Movement
	var from string
	var apply, release bool
	c := &cobra.Command{
		Use: "count SKU UNITS", Short: "say how many are sellable now",
		Long: "What open orders reserve comes on top of the count by itself. With --from ACCOUNT no SKU is given: the numbers that\n" +
			"account shows for bound listings are planned as counts, and applied with --apply.",
		Args: cobra.MaximumNArgs(2),
	}
	c.RunE = a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
		if from != "" {
			if len(args) > 0 {
				return fault.New(fault.Usage, "count takes either SKU and UNITS or --from ACCOUNT")
			}
			got, err := s.AdoptStock(ctx, who, from, service.ImportOptions{Apply: apply, Release: release, Progress: a.meter("counts")})
			return a.adopted(got, err)
		}
		if len(args) != 2 {
			return fault.New(fault.Usage, "count needs SKU and UNITS")
		}
		n, err := quantity(args[1])
		if err != nil {
			return err
		}
		m.SKU, m.Units = args[0], n
		d, err := s.Count(ctx, who, m)
		return a.item(d, err)
	})
	movementFlags(c, &m)
	c.Flags().StringVar(&from, "from", "", "take the numbers that an account shows")
	c.Flags().BoolVar(&apply, "apply", false, "with --from: apply the plan at once")
	c.Flags().BoolVar(&release, "release", false, "with --apply: apply it also when a guard holds it")
	return c
}

func movementFlags(c *cobra.Command, m *service.Movement) {
	c.Flags().StringVar(&m.Place, "place", "", "where, when it is not the main place")
	c.Flags().StringVar(&m.Note, "note", "", "why, for the history")
	c.Flags().StringVar(&m.Key, "key", "", "book it once however often this key is used")
}

type move func(*service.Service, context.Context, service.Caller, service.Movement) (service.ItemDetail, error)

func (a *line) movement(use, short string, do move, signed bool) *cobra.Command {
	var m service.Movement
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(2)}
	if signed {
		c.Long = short + ". A negative number goes behind --, as in: stock adjust SKU -- -2"
	}
	c.RunE = a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
		text, negative := strings.CutPrefix(args[1], "-")
		n, err := quantity(strings.TrimPrefix(text, "+"))
		if err != nil {
			return err
		}
		if negative {
			n = -n
		}
		m.SKU, m.Units = args[0], n
		d, err := do(s, ctx, who, m)
		return a.item(d, err)
	})
	movementFlags(c, &m)
	return c
}

func (a *line) prices() *cobra.Command {
	return group("prices", "what items cost", a.itemsShow("show SKU", "show the prices of an item"),
		a.importOf(catalog.Prices, "columns sku, currency, price, cost, floor, ceiling, advertised_minimum, sale_price, sale_start, sale_end"), a.pricesSet(), a.exportOf(catalog.Prices))
}

func (a *line) pricesSet() *cobra.Command {
	var start, end string
	c := &cobra.Command{
		Use: "set SKU", Short: "change base price, cost, bounds and sale price of an item",
		Long: "Amounts are written with their currency, like \"19.90 EUR\". What is not given stays; none clears. There is no price of 0.",
		Args: cobra.ExactArgs(1),
	}
	c.RunE = a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
		change := service.Change{SKU: args[0]}
		for _, f := range []struct {
			name string
			to   **service.PriceChange
		}{
			{"base", &change.Base}, {"cost", &change.Cost}, {"floor", &change.Floor}, {"ceiling", &change.Ceiling}, {"advertised-minimum", &change.Advertised},
		} {
			var err error
			if *f.to, err = priceChange(c, f.name); err != nil {
				return err
			}
		}
		sale, err := priceChange(c, "sale")
		if err != nil {
			return err
		}
		if change.Sale, err = a.saleOf(sale, start, end); err != nil {
			return err
		}
		d, err := s.Edit(ctx, who, change)
		return a.item(d, err)
	})
	c.Flags().String("base", "", "base price")
	c.Flags().String("cost", "", "cost, without VAT")
	c.Flags().String("floor", "", "no listing costs less")
	c.Flags().String("ceiling", "", "no listing costs more")
	c.Flags().String("advertised-minimum", "", "the least price that may be advertised")
	c.Flags().String("sale", "", "sale price")
	c.Flags().StringVar(&start, "sale-start", "", "when the sale starts; without it, now")
	c.Flags().StringVar(&end, "sale-end", "", "when the sale ends; without it, never")
	return c
}

func (a *line) saleOf(sale *service.PriceChange, start, end string) (*service.SaleChange, error) {
	if sale == nil {
		if start != "" || end != "" {
			return nil, fault.New(fault.Usage, "the time of a sale needs its price: --sale")
		}
		return nil, nil
	}
	if sale.Clear {
		return &service.SaleChange{Clear: true}, nil
	}
	price := pricing.Sum(sale.Amount)
	out := &service.SaleChange{Sale: pricing.Sale{Price: &price}}
	for _, x := range []struct {
		text, flag string
	}{{start, "--sale-start"}, {end, "--sale-end"}} {
		if x.text == "" {
			continue
		}
		at, err := a.instant(x.flag, x.text)
		if err != nil {
			return nil, err
		}
		if x.flag == "--sale-start" {
			out.Sale.Start = at
		} else {
			out.Sale.End = at
		}
	}
	return out, nil
}
