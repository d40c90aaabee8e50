package fake

import (
	"strconv"
	"strings"
	"time"
)

const timeForm = "2006-01-02T15:04:05"

// price is what buyers pay now: the sale price while there is one.
func (p *product) price() string {
	if p.sale != "" {
		return p.sale
	}
	return p.regular
}

// shared are the members that products and variations have in common.
func (s *Server) shared(p *product) object {
	price := p.price()
	if len(p.children) > 0 {
		price = s.products[p.children[0]].price()
	}
	manage, quantity := any(p.manage), any(nil)
	if h := s.holder(p); h != nil {
		if h != p {
			manage = "parent" // and the parent's number is shown
		}
		if h.quantity != nil {
			quantity = *h.quantity
		}
	}
	local := func(t time.Time) string { return t.Add(s.opt.Zone).Format(timeForm) }
	return object{
		"id": p.id, "permalink": "https://shop.example/product/" + slug(p.name) + "/",
		"date_created": local(p.created), "date_created_gmt": p.created.Format(timeForm),
		"date_modified": local(p.modified), "date_modified_gmt": p.modified.Format(timeForm),
		"name": p.name, "type": p.kind, "status": p.status, "description": "", "sku": p.sku, "global_unique_id": p.gtin,
		"price": price, "regular_price": p.regular, "sale_price": p.sale,
		"date_on_sale_from": nil, "date_on_sale_from_gmt": nil, "date_on_sale_to": nil, "date_on_sale_to_gmt": nil,
		"on_sale": p.sale != "", "purchasable": price != "", "virtual": false, "downloadable": false, "downloads": []any{},
		"download_limit": -1, "download_expiry": -1, "tax_status": "taxable", "tax_class": "",
		"manage_stock": manage, "stock_quantity": quantity, "stock_status": s.stockStatus(p),
		"backorders": p.backorders, "backorders_allowed": p.backorders != "no",
		"backordered": p.quantity != nil && *p.quantity < 0 && p.backorders != "no", "low_stock_amount": nil, "weight": "",
		"dimensions":     object{"length": "", "width": "", "height": ""},
		"shipping_class": "", "shipping_class_id": 0, "menu_order": 0, "meta_data": []any{}, "parent_id": p.parent,
	}
}

// stockStatus follows the number where stock is managed.
func (s *Server) stockStatus(p *product) string {
	h := s.holder(p)
	switch {
	case h == nil && p.stockStatus != "":
		return p.stockStatus
	case h == nil && p.kind == "variable" && len(p.children) == 0:
		return "outofstock"
	case h == nil:
		return "instock"
	case h.quantity != nil && *h.quantity > 0:
		return "instock"
	case h.backorders != "no":
		return "onbackorder"
	}
	return "outofstock"
}

// asVariation is p as the variations routes show it.
func (s *Server) asVariation(p *product) object {
	o := s.shared(p)
	o["tax_class"], o["image"], o["name"] = "parent", nil, p.option
	o["attributes"] = []any{object{"id": 0, "name": "Size", "slug": "size", "option": p.option}}
	parent := "products/" + strconv.FormatInt(p.parent, 10)
	o["_links"] = links(p.path(), parent+"/variations", parent)
	return o
}

// asProduct is p as the products routes and the product webhooks show it; a variation found by SKU looks so too.
func (s *Server) asProduct(p *product) object {
	o := s.shared(p)
	attributes := []any{}
	if p.kind == "variable" {
		options := []any{}
		for _, x := range p.options {
			options = append(options, x)
		}
		attributes = append(attributes, object{
			"id": 0, "name": "Size", "slug": "Size", "position": 0, "visible": true, "variation": true, "options": options,
		})
	}
	children := []any{}
	for _, id := range p.children {
		children = append(children, id)
	}
	html := ""
	if price := p.price(); price != "" {
		html = `<span class="woocommerce-Price-amount amount"><bdi><span class="woocommerce-Price-currencySymbol">&euro;</span>` + price + `</bdi></span>`
	}
	for name, v := range (object{
		"slug": slug(p.name), "featured": false, "catalog_visibility": "visible", "short_description": "", "total_sales": p.sold,
		"external_url": "", "button_text": "", "sold_individually": false, "shipping_required": true, "shipping_taxable": true,
		"reviews_allowed": true, "average_rating": "0", "rating_count": 0, "upsell_ids": []any{}, "cross_sell_ids": []any{},
		"purchase_note": "", "categories": []any{object{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}},
		"brands": []any{}, "tags": []any{}, "images": []any{}, "attributes": attributes, "default_attributes": []any{},
		"variations": children, "grouped_products": []any{}, "price_html": html, "related_ids": []any{},
		"has_options": p.kind == "variable", "post_password": "", "permalink_template": "https://shop.example/product/%pagename%/",
		"generated_slug": slug(p.name),
	}) {
		o[name] = v
	}
	o["_links"] = links(p.path(), "products", "")
	return o
}

func slug(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "-")) }
