package shop

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

const (
	seedProducts = 100  // products in one request
	medusaPage   = 1000 // rows of a list in one answer
)

// medusaVariant is where the admin API finds a SKU.
type medusaVariant struct {
	ID, Product, Item string
}

type medusaPrice struct {
	ID       string      `json:"id,omitempty"`
	Currency string      `json:"currency_code"`
	Amount   json.Number `json:"amount"`
}

// Seed creates products with stock and prices.
func (m *Medusa) Seed(ctx context.Context, products []Product) error {
	for len(products) > 0 {
		n := min(seedProducts, len(products))
		if err := m.seed(ctx, products[:n]); err != nil {
			return fault.Wrap("seed medusa", err)
		}
		products = products[n:]
	}
	return m.index(ctx)
}

func (m *Medusa) seed(ctx context.Context, products []Product) error {
	var create []object
	stock := map[string]int64{}
	for _, p := range products {
		titles, variants := []string{}, []object{}
		for _, v := range p.Variants {
			title := v.Title
			if title == "" {
				title = "One size"
			}
			titles = append(titles, title)
			row := object{
				"title": title, "sku": v.SKU, "manage_inventory": true, "prices": medusaPrices(v),
				"options": object{"Size": title},
			}
			if v.GTIN != "" {
				row["ean"] = v.GTIN
			}
			variants, stock[v.SKU] = append(variants, row), v.Stock
		}
		create = append(create, object{
			"title": p.Title, "status": "published", "shipping_profile_id": m.settings.Profile,
			"sales_channels": []object{{"id": m.settings.Channel}},
			"options":        []object{{"title": "Size", "values": titles}}, "variants": variants,
		})
	}
	var made struct {
		Created []struct {
			Variants []struct {
				SKU   string
				Items []struct {
					Item string `json:"inventory_item_id"`
				} `json:"inventory_items"`
			}
		}
	}
	path := "/admin/products/batch?fields=id,variants.sku,variants.inventory_items.inventory_item_id"
	if err := m.admin(ctx, http.MethodPost, path, object{"create": create}, &made); err != nil {
		return err
	}
	var levels []object
	for _, p := range made.Created {
		for _, v := range p.Variants {
			if len(v.Items) != 1 {
				return fault.New(fault.Internal, "medusa gave %s %d inventory items, want 1", v.SKU, len(v.Items))
			}
			levels = append(levels, object{
				"inventory_item_id": v.Items[0].Item, "location_id": m.settings.Location, "stocked_quantity": stock[v.SKU],
			})
		}
	}
	return m.admin(ctx, http.MethodPost, "/admin/inventory-items/location-levels/batch", object{"create": levels}, nil)
}

func medusaPrices(v Variant) []medusaPrice {
	prices := []medusaPrice{{Currency: "eur", Amount: amount(v.Cents, "EUR")}}
	if v.DollarCents != 0 {
		prices = append(prices, medusaPrice{Currency: "usd", Amount: amount(v.DollarCents, "USD")})
	}
	return prices
}

// amount is minor units as the decimal number Medusa speaks.
func amount(minor int64, currency money.Currency) json.Number {
	return json.Number(money.Of(minor, currency).Text())
}

// find returns where sku is; a SKU that is not known yet is looked for once.
func (m *Medusa) find(ctx context.Context, sku string) (medusaVariant, error) {
	for range 2 {
		m.mu.Lock()
		v, ok := m.variant[sku]
		m.mu.Unlock()
		if ok {
			return v, nil
		}
		if err := m.index(ctx); err != nil {
			return medusaVariant{}, err
		}
	}
	return medusaVariant{}, fault.New(fault.NotFound, "medusa does not sell %s", sku)
}

func (m *Medusa) index(ctx context.Context) error {
	found := map[string]medusaVariant{}
	err := m.variants(ctx, "id,sku,product_id,inventory_items.inventory_item_id", func(v medusaListed) error {
		if len(v.Items) != 1 {
			return fault.New(fault.Internal, "medusa has %d inventory items for %s, want 1", len(v.Items), v.SKU)
		}
		found[v.SKU] = medusaVariant{v.ID, v.Product, v.Items[0].Item}
		return nil
	})
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.variant = found
	m.mu.Unlock()
	return nil
}

type medusaListed struct {
	ID, SKU string
	Product string `json:"product_id"`
	Prices  []medusaPrice
	Items   []struct {
		Item string `json:"inventory_item_id"`
	} `json:"inventory_items"`
}

// variants calls each for every variant, with the given fields filled.
func (m *Medusa) variants(ctx context.Context, fields string, each func(medusaListed) error) error {
	return medusaPages(ctx, m, "/admin/product-variants?order=id&fields="+fields, "variants", each)
}

// medusaPages calls each for every row of a list; name is that of the rows in the answer.
func medusaPages[T any](ctx context.Context, m *Medusa, path, name string, each func(T) error) error {
	for offset := 0; ; offset += medusaPage {
		var page map[string]json.RawMessage
		if err := m.admin(ctx, http.MethodGet, fmt.Sprintf("%s&limit=%d&offset=%d", path, medusaPage, offset), nil, &page); err != nil {
			return err
		}
		var rows []T
		if err := json.Unmarshal(page[name], &rows); err != nil {
			return fault.Wrap("decode "+name, err)
		}
		for _, row := range rows {
			if err := each(row); err != nil {
				return err
			}
		}
		if len(rows) < medusaPage {
			return nil
		}
	}
}

// SetStock sets the stock on hand of one SKU.
func (m *Medusa) SetStock(ctx context.Context, sku string, onHand int64) error {
	v, err := m.find(ctx, sku)
	if err != nil {
		return err
	}
	path := "/admin/inventory-items/" + url.PathEscape(v.Item) + "/location-levels/" + m.settings.Location
	return fault.Wrap("set the stock of "+sku, m.admin(ctx, http.MethodPost, path, object{"stocked_quantity": onHand}, nil))
}

// SetPrice sets the EUR price of one SKU. Medusa replaces all prices of a variant at once, so the others are sent again.
func (m *Medusa) SetPrice(ctx context.Context, sku string, cents int64) error {
	v, err := m.find(ctx, sku)
	if err != nil {
		return err
	}
	path := "/admin/products/" + v.Product + "/variants/" + v.ID
	var got struct{ Variant medusaListed }
	if err := m.admin(ctx, http.MethodGet, path+"?fields=id,*prices", nil, &got); err != nil {
		return fault.Wrap("read the prices of "+sku, err)
	}
	prices := []medusaPrice{{Currency: "eur", Amount: amount(cents, "EUR")}}
	for _, p := range got.Variant.Prices {
		if p.Currency == "eur" {
			prices[0].ID = p.ID
		} else {
			prices = append(prices, medusaPrice{p.ID, p.Currency, p.Amount})
		}
	}
	return fault.Wrap("set the price of "+sku, m.admin(ctx, http.MethodPost, path, object{"prices": prices}, nil))
}

// Truth reads the state of every SKU.
func (m *Medusa) Truth(ctx context.Context) (map[string]State, error) {
	out := map[string]State{}
	err := m.variants(ctx, "id,sku,*prices", func(v medusaListed) error {
		var s State
		for _, p := range v.Prices {
			currency := strings.ToUpper(p.Currency)
			a, err := money.ParseAmount(p.Amount.String(), money.Currency(currency))
			if err != nil {
				return fault.Wrap("read the price of "+v.SKU, err)
			}
			if err := s.price(currency, a.Minor); err != nil {
				return fault.Wrap("read the price of "+v.SKU, err)
			}
		}
		out[v.SKU] = s
		return nil
	})
	if err != nil {
		return nil, fault.Wrap("read the prices of medusa", err)
	}
	type item struct {
		SKU    string
		Levels []struct {
			Stocked  int64 `json:"stocked_quantity"`
			Reserved int64 `json:"reserved_quantity"`
		} `json:"location_levels"`
	}
	err = medusaPages(ctx, m, "/admin/inventory-items?order=id&fields=id,sku,*location_levels", "inventory_items", func(i item) error {
		s := out[i.SKU]
		for _, l := range i.Levels {
			s.OnHand += l.Stocked
			s.Reserved += l.Reserved
		}
		out[i.SKU] = s
		return nil
	})
	return out, fault.Wrap("read the stock of medusa", err)
}
