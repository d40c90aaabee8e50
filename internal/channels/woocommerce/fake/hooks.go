package fake

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the shop's own form of a delivery id
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"carpediemstore.it/sync-connector/internal/channels/farside"
)

// hook is a webhook somebody made.
type hook struct {
	id                       int64
	name, topic, url, secret string
	status, resource, event  string
	failures                 int
	pending                  map[string]bool // topic arguments not yet delivered
}

// Delivery is one webhook call, ready to be sent.
type Delivery struct {
	Header http.Header
	Body   []byte
}

// waiting is a delivery in the queue; its body is made when it is sent. One without a body is the ping.
type waiting struct {
	hook *hook
	arg  string
	body func() any
}

// mostFailures is how many failures in a row a webhook survives; one more disables it.
const mostFailures = 6

// webhooks answers GET and POST /webhooks. The secret is never shown again.
func (s *Server) webhooks(c call) answer {
	if a := s.may(s.opt.Rights.ManageShop, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources."); a != nil {
		return *a
	}
	if c.method == http.MethodGet {
		rows := []any{}
		for _, h := range s.hooks {
			rows = append(rows, fields(c, s.asHook(h), false))
		}
		return answer{status: 200, body: rows, list: true, total: int64(len(rows))}
	}
	var row object
	if !parse(c.body, &row) {
		return badJSON()
	}
	text := func(name string) string { v, _ := row[name].(string); return v }
	return answer{status: http.StatusCreated, body: s.asHook(s.newHook(text("name"), text("topic"), text("delivery_url"), text("secret")))}
}

// newHook makes a webhook and queues its ping: a form without a signature.
func (s *Server) newHook(name, topic, url, secret string) *hook {
	s.lastHook++
	h := &hook{id: s.lastHook, name: name, topic: topic, url: url, secret: secret, status: "active", pending: map[string]bool{}}
	for i := range topic {
		if topic[i] == '.' {
			h.resource, h.event = topic[:i], topic[i+1:]
			break
		}
	}
	s.hooks = append(s.hooks, h)
	s.queue = append(s.queue, waiting{hook: h})
	return h
}

const agent = "WooCommerce/10.0.2 Hookshot (WordPress/6.8.3)"

func (s *Server) asHook(h *hook) object {
	names := map[string][]any{
		"product.updated": {"woocommerce_process_product_meta", "woocommerce_update_product", "woocommerce_update_product_variation"},
		"product.deleted": {"wp_trash_post"},
	}[h.topic]
	if names == nil {
		names = []any{h.event}
	}
	return object{
		"id": h.id, "name": h.name, "status": h.status, "topic": h.topic, "resource": h.resource, "event": h.event, "hooks": names,
		"delivery_url": h.url, "date_created": s.now().Add(s.opt.Zone).Format(timeForm), "date_created_gmt": s.now().Format(timeForm),
		"date_modified": nil, "date_modified_gmt": nil, "_links": links("webhooks/"+decimal(h.id), "webhooks", ""),
	}
}

// fire queues a delivery to every active webhook of topic; one with the same argument that still waits is not queued
// again.
func (s *Server) fire(topic, arg string, body func() any) {
	for _, h := range s.hooks {
		if h.topic == topic && h.status == "active" && !h.pending[arg] {
			h.pending[arg] = true
			s.queue = append(s.queue, waiting{hook: h, arg: arg, body: body})
		}
	}
}

// make builds a delivery with the state of now.
func (s *Server) make(x waiting) Delivery {
	h := x.hook
	if x.body == nil { // the ping is a form without a signature
		return Delivery{
			Header: http.Header{"User-Agent": {agent}, "Content-Type": {"application/x-www-form-urlencoded"}},
			Body:   []byte("webhook_id=" + decimal(h.id)),
		}
	}
	delete(h.pending, x.arg)
	text, err := json.Marshal(x.body())
	if err != nil {
		text = []byte("{}")
	}
	mac := hmac.New(sha256.New, []byte(h.secret))
	mac.Write(text)
	second := md5.Sum([]byte(decimal(h.id) + decimal(s.now().Unix()))) // webhook and second only: not unique
	return Delivery{Body: text, Header: http.Header{
		"User-Agent": {agent}, "Content-Type": {"application/json"}, "X-Wc-Webhook-Source": {"https://shop.example/"},
		"X-Wc-Webhook-Topic": {h.topic}, "X-Wc-Webhook-Resource": {h.resource}, "X-Wc-Webhook-Event": {h.event},
		"X-Wc-Webhook-Signature": {base64.StdEncoding.EncodeToString(mac.Sum(nil))}, "X-Wc-Webhook-Id": {decimal(h.id)},
		"X-Wc-Webhook-Delivery-Id": {hex.EncodeToString(second[:])},
	}}
}

// fireStock tells of a number that an order, a cancellation or a restock moved: product or variation, by its bare id.
func (s *Server) fireStock(p *product) {
	s.fire("action.woocommerce_updated_product_stock", decimal(p.id), func() any {
		return object{"action": "woocommerce_updated_product_stock", "arg": p.id}
	})
}

// fireProduct tells of any change of a product, own writes over REST included.
func (s *Server) fireProduct(p *product) {
	s.fire("product.updated", decimal(p.id), func() any {
		o := s.asProduct(p)
		delete(o, "_links")
		return o
	})
}

func (s *Server) fireOrder(o *order) {
	s.fire("order.updated", decimal(o.id), func() any {
		x := s.asOrder(o)
		delete(x, "_links")
		return x
	})
}

// Hook makes a webhook of topic, signed with Options.HookSecret.
func (s *Server) Hook(topic string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newHook("sync "+topic, topic, "https://connector.example/hook", s.opt.HookSecret)
}

// Hooks takes out the signed calls that wait; pings are left out.
func (s *Server) Hooks() (out []farside.Hook) {
	s.Deliver(func(d Delivery) int {
		if d.Header.Get("X-WC-Webhook-Signature") != "" {
			out = append(out, farside.Hook{Header: d.Header, Body: d.Body})
		}
		return http.StatusOK
	})
	return out
}

// Deliver sends what is queued. A post that answers anything but 200 to 302 is a failure; nothing is sent again. It
// returns how many were sent.
func (s *Server) Deliver(post func(Delivery) int) int {
	s.mu.Lock()
	queue := s.queue
	s.queue = nil
	s.mu.Unlock()
	for _, x := range queue {
		s.mu.Lock()
		d := s.make(x)
		s.mu.Unlock()
		status := post(d)
		s.mu.Lock()
		if status >= 200 && status <= 302 {
			x.hook.failures = 0
		} else if x.hook.failures++; x.hook.failures > mostFailures {
			x.hook.status = "disabled"
		}
		s.mu.Unlock()
	}
	return len(queue)
}
