package fake

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// product is a product or a variation.
type product struct {
	id, parent        int64 // parent is 0 for a product
	kind              string
	name, sku, gtin   string
	status            string
	regular, sale     string
	manage            bool
	quantity          *int64
	backorders        string
	stockStatus       string // only where stock is not managed
	created, modified time.Time
	children          []int64
	option            string   // of a variation
	options           []string // of a variable product
	sold              int64
}

// holder is the product whose number p draws from; nil when nobody keeps one.
func (s *Server) holder(p *product) *product {
	if p.manage {
		return p
	}
	if above := s.products[p.parent]; above != nil && above.manage {
		return above
	}
	return nil
}

// touch bumps p's time of change and its parent's.
func (s *Server) touch(p *product) {
	p.modified = s.now()
	if above := s.products[p.parent]; above != nil {
		above.modified = s.now()
	}
}

// insert puts p into the shop under a new id.
func (s *Server) insert(p *product) *product {
	p.id = s.newID()
	p.created, p.modified = s.now(), s.now()
	if p.status == "" {
		p.status = "publish"
	}
	if p.backorders == "" {
		p.backorders = "no"
	}
	s.products[p.id] = p
	s.order = append(s.order, p.id)
	if above := s.products[p.parent]; above != nil {
		above.children = append(above.children, p.id)
		if !slices.Contains(above.options, p.option) {
			above.options = append(above.options, p.option)
		}
		above.modified = s.now()
	}
	return p
}

// remove takes a product or variation out.
func (s *Server) remove(id int64) {
	p := s.products[id]
	if p == nil {
		return
	}
	for _, child := range slices.Clone(p.children) {
		s.remove(child)
	}
	if above := s.products[p.parent]; above != nil {
		above.children = slices.DeleteFunc(above.children, func(x int64) bool { return x == id })
		above.modified = s.now()
	}
	delete(s.products, id)
	s.order = slices.DeleteFunc(s.order, func(x int64) bool { return x == id })
}

// listProducts answers GET /products.
func (s *Server) listProducts(c call) answer {
	if a := s.may(s.opt.Rights.ReadProducts, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources."); a != nil {
		return *a
	}
	if kind := c.arg("type"); kind != "" && !slices.Contains([]string{"simple", "grouped", "external", "variable"}, kind) {
		return notIn("type", "simple, grouped, external, and variable")
	}
	skus := []string(nil)
	if text := c.arg("sku"); text != "" {
		skus = strings.Split(text, ",")
	}
	return s.list(c, func(p *product) bool {
		if skus != nil { // an exact list of SKUs finds variations too
			return slices.Contains(skus, p.sku)
		}
		return p.parent == 0 && (c.arg("type") == "" || c.arg("type") == p.kind)
	}, s.asProduct)
}

// listVariations answers GET /products/{parent}/variations. An unknown parent has no variations and is no error.
func (s *Server) listVariations(c call, parent int64) answer {
	if a := s.may(s.opt.Rights.ReadProducts, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources."); a != nil {
		return *a
	}
	return s.list(c, func(p *product) bool { return p.parent == parent && parent != 0 }, s.asVariation)
}

// list answers a list of products in which keep says what belongs to it.
func (s *Server) list(c call, keep func(*product) bool, show func(*product) object) answer {
	p, bad := readPaging(c)
	if bad != nil {
		return *bad
	}
	include, bad := readIDs(c, "include")
	if bad != nil {
		return *bad
	}
	statuses, bad := readStatuses(c, productStatuses)
	if bad != nil {
		return *bad
	}
	after, bad := s.readAfter(c)
	if bad != nil {
		return *bad
	}
	if s.traps.IgnoresOffset {
		p.offset = 0
	}
	var found []*product
	for _, id := range s.order {
		x := s.products[id]
		switch {
		case !keep(x) || !after(x.modified):
		case include != nil && !slices.Contains(include, id):
		case statuses == nil && x.status == "trash", statuses != nil && !slices.Contains(statuses, x.status):
		default:
			found = append(found, x)
		}
	}
	sortBy(p, found, func(x *product) (int64, time.Time, time.Time) { return x.id, x.created, x.modified })
	if s.traps.Unsorted {
		slices.SortStableFunc(found, func(a, b *product) int { return strings.Compare(b.sku, a.sku) })
	}
	rows := []any{}
	for _, x := range cut(p, found) {
		if !slices.Contains(s.traps.Hidden, x.id) {
			rows = append(rows, fields(c, show(x), false))
		}
	}
	return answer{status: 200, body: rows, list: true, total: int64(len(found))}
}

// sortBy orders rows as asked. Rows of one second keep their order: by date there is no tie-break.
func sortBy[T any](p paging, rows []T, by func(T) (id int64, created, modified time.Time)) {
	slices.SortStableFunc(rows, func(a, b T) int {
		x, xc, xm := by(a)
		y, yc, ym := by(b)
		var n int
		switch p.orderby {
		case "date":
			n = xc.Compare(yc)
		case "modified":
			n = xm.Compare(ym)
		default:
			n = cmp.Compare(x, y)
		}
		if p.descending {
			return -n
		}
		return n
	})
}

// oneProduct answers GET and PUT of /products/{id}.
func (s *Server) oneProduct(c call, id int64) answer {
	p := s.products[id]
	if c.method == "GET" {
		if p == nil {
			return refuse(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")
		}
		return answer{status: 200, body: fields(c, s.asProduct(p), true)}
	}
	return s.put(c, id, 0)
}

// oneVariation answers GET and PUT of /products/{parent}/variations/{id}.
func (s *Server) oneVariation(c call, parent, id int64) answer {
	p := s.products[id]
	if c.method == "GET" {
		if p == nil || p.parent != parent {
			return refuse(404, "woocommerce_rest_product_variation_invalid_id", "Invalid ID.")
		}
		return answer{status: 200, body: fields(c, s.asVariation(p), true)}
	}
	return s.put(c, id, parent)
}

// path is where p lives below wc/v3.
func (p *product) path() string {
	if p.parent == 0 {
		return "products/" + strconv.FormatInt(p.id, 10)
	}
	return "products/" + strconv.FormatInt(p.parent, 10) + "/variations/" + strconv.FormatInt(p.id, 10)
}
