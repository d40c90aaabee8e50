package shop

import (
	"context"
	"strconv"

	"carpediemstore.it/sync-connector/internal/fault"
)

const (
	vendurePage  = 1000 // the most rows Vendure lists in one answer
	seedVariants = 100  // variants in one request
)

func alias(i int) string { return "a" + strconv.Itoa(i) }

// named is a translation that consists of a name.
func named(name string) []object { return []object{{"languageCode": "en", "name": name}} }

// Seed creates products with stock and prices.
func (v *Vendure) Seed(ctx context.Context, products []Product) error {
	for len(products) > 0 {
		n := min(seedProducts, len(products))
		if err := v.seed(ctx, products[:n]); err != nil {
			return fault.Wrap("seed vendure", err)
		}
		products = products[n:]
	}
	return v.index(ctx)
}

func (v *Vendure) seed(ctx context.Context, products []Product) error {
	var create []object
	for _, p := range products {
		create = append(create, object{"enabled": true, "translations": []object{
			{"languageCode": "en", "name": p.Title, "slug": p.Title, "description": ""},
		}})
	}
	ids, err := v.each(ctx, "createProduct", "CreateProductInput", create)
	if err != nil {
		return err
	}
	options, err := v.options(ctx, products, ids)
	if err != nil {
		return err
	}
	var variants []object
	dollars := map[string]int64{}
	for i, p := range products {
		for j, w := range p.Variants {
			row := object{
				"productId": ids[i], "enabled": true, "sku": w.SKU, "translations": named(p.Title + " " + w.Title), "price": w.Cents,
				"stockLevels": []object{{"stockLocationId": v.location, "stockOnHand": w.Stock}}, "trackInventory": "TRUE",
			}
			if len(p.Variants) > 1 {
				row["optionIds"] = []string{options[i][j]}
			}
			if w.DollarCents != 0 {
				dollars[w.SKU] = w.DollarCents
			}
			variants = append(variants, row)
		}
	}
	for len(variants) > 0 {
		n := min(seedVariants, len(variants))
		if err := v.createVariants(ctx, variants[:n], dollars); err != nil {
			return err
		}
		variants = variants[n:]
	}
	return nil
}

// createVariants creates variants and then gives them their price in dollars: creation ignores all prices but one.
func (v *Vendure) createVariants(ctx context.Context, variants []object, dollars map[string]int64) error {
	var made struct{ Created []vendureListed }
	const create = `mutation ($in: [CreateProductVariantInput!]!) { created: createProductVariants(input: $in) { id sku } }`
	if err := v.admin(ctx, create, object{"in": variants}, &made); err != nil {
		return fault.Wrap("createProductVariants", err)
	}
	var changes []object
	for _, w := range made.Created {
		if price := dollars[w.SKU]; price != 0 {
			changes = append(changes, object{"id": w.ID, "prices": []object{{"currencyCode": "USD", "price": price}}})
		}
	}
	return fault.Wrap("updateProductVariants", v.update(ctx, changes))
}

// options makes the option "size" of every product with several variants and returns the option ids, by product and
// variant; a product with one variant has none.
func (v *Vendure) options(ctx context.Context, products []Product, ids []string) (map[int][]string, error) {
	out := map[int][]string{}
	for i, p := range products {
		if len(p.Variants) < 2 {
			continue
		}
		var choices []object
		for j, w := range p.Variants {
			choices = append(choices, object{"code": "size-" + strconv.Itoa(j), "translations": named(w.Title)})
		}
		var made struct {
			Group struct {
				ID      string
				Options []struct{ ID string }
			}
		}
		const create = `mutation ($in: CreateProductOptionGroupInput!) { group: createProductOptionGroup(input: $in) { id options { id } } }`
		in := object{"code": "size-of-" + ids[i], "translations": named("Size"), "options": choices}
		if err := v.admin(ctx, create, object{"in": in}, &made); err != nil {
			return nil, fault.Wrap("createProductOptionGroup", err)
		}
		const attach = `mutation ($p: ID!, $g: ID!) { addOptionGroupToProduct(productId: $p, optionGroupId: $g) { id } }`
		if err := v.admin(ctx, attach, object{"p": ids[i], "g": made.Group.ID}, nil); err != nil {
			return nil, fault.Wrap("addOptionGroupToProduct", err)
		}
		for _, o := range made.Group.Options {
			out[i] = append(out[i], o.ID)
		}
	}
	return out, nil
}

// find returns the variant id of sku; a SKU that is not known yet is looked for once.
func (v *Vendure) find(ctx context.Context, sku string) (string, error) {
	for range 2 {
		v.mu.Lock()
		id, ok := v.variant[sku]
		v.mu.Unlock()
		if ok {
			return id, nil
		}
		if err := v.index(ctx); err != nil {
			return "", err
		}
	}
	return "", fault.New(fault.NotFound, "vendure does not sell %s", sku)
}

func (v *Vendure) index(ctx context.Context) error {
	found := map[string]string{}
	err := v.variants(ctx, "id sku", func(w vendureListed) error {
		found[w.SKU] = w.ID
		return nil
	})
	if err != nil {
		return err
	}
	v.mu.Lock()
	v.variant = found
	v.mu.Unlock()
	return nil
}

type vendureListed struct {
	ID, SKU string
	Prices  []struct {
		CurrencyCode string
		Price        int64
	}
	StockLevels []struct{ StockOnHand, StockAllocated int64 }
}

// variants calls each for every variant, with the given fields filled.
func (v *Vendure) variants(ctx context.Context, fields string, each func(vendureListed) error) error {
	query := `query ($skip: Int!, $take: Int!) {
		list: productVariants(options: { skip: $skip, take: $take, sort: { id: ASC } }) { items { ` + fields + ` } }
	}`
	return vendurePages(ctx, v, query, each)
}

// vendurePages calls each for every row of the query's "list".
func vendurePages[T any](ctx context.Context, v *Vendure, query string, each func(T) error) error {
	for skip := 0; ; skip += vendurePage {
		var page struct{ List struct{ Items []T } }
		if err := v.admin(ctx, query, object{"skip": skip, "take": vendurePage}, &page); err != nil {
			return err
		}
		for _, row := range page.List.Items {
			if err := each(row); err != nil {
				return err
			}
		}
		if len(page.List.Items) < vendurePage {
			return nil
		}
	}
}

// SetStock sets the stock on hand of one SKU.
func (v *Vendure) SetStock(ctx context.Context, sku string, onHand int64) error {
	id, err := v.find(ctx, sku)
	if err != nil {
		return err
	}
	levels := []object{{"stockLocationId": v.location, "stockOnHand": onHand}}
	return fault.Wrap("set the stock of "+sku, v.update(ctx, []object{{"id": id, "stockLevels": levels}}))
}

// SetPrice sets the EUR price of one SKU; prices in other currencies stay.
func (v *Vendure) SetPrice(ctx context.Context, sku string, cents int64) error {
	id, err := v.find(ctx, sku)
	if err != nil {
		return err
	}
	prices := []object{{"currencyCode": "EUR", "price": cents}}
	return fault.Wrap("set the price of "+sku, v.update(ctx, []object{{"id": id, "prices": prices}}))
}

func (v *Vendure) update(ctx context.Context, changes []object) error {
	if len(changes) == 0 {
		return nil
	}
	const mutation = `mutation ($in: [UpdateProductVariantInput!]!) { updateProductVariants(input: $in) { id } }`
	return v.admin(ctx, mutation, object{"in": changes}, nil)
}

// Truth reads the state of every SKU. Prices are as stored, with or without tax as the channel keeps them.
func (v *Vendure) Truth(ctx context.Context) (map[string]State, error) {
	out := map[string]State{}
	fields := "sku prices { currencyCode price } stockLevels { stockOnHand stockAllocated }"
	err := v.variants(ctx, fields, func(w vendureListed) error {
		var s State
		for _, p := range w.Prices {
			if err := s.price(p.CurrencyCode, p.Price); err != nil {
				return fault.Wrap("read the price of "+w.SKU, err)
			}
		}
		for _, l := range w.StockLevels {
			s.OnHand += l.StockOnHand
			s.Reserved += l.StockAllocated
		}
		out[w.SKU] = s
		return nil
	})
	return out, fault.Wrap("read the state of vendure", err)
}
