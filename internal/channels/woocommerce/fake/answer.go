package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// answer is what a call amounts to before it is written.
type answer struct {
	status int
	body   any    // marshalled as JSON
	html   string // instead of body
	total  int64  // of a list
	list   bool
}

// object is a JSON object being built.
type object = map[string]any

// refuse is the shop's error object.
func refuse(status int, code, message string) answer {
	return answer{status: status, body: object{"code": code, "message": message, "data": object{"status": status}}}
}

func noRoute() answer {
	return refuse(404, "rest_no_route", "No route was found matching the URL and request method.")
}

// invalid is the error of one bad parameter.
func invalid(name, code, message string) answer {
	var data any
	if code == "rest_invalid_type" {
		data = object{"param": name}
	}
	return answer{status: 400, body: object{
		"code": "rest_invalid_param", "message": "Invalid parameter(s): " + name,
		"data": object{
			"status": 400, "params": object{name: message},
			"details": object{name: object{"code": code, "message": message, "data": data}},
		},
	}}
}

func page(status int, title string) answer {
	return answer{status: status, html: "<!DOCTYPE html>\n<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n"}
}

// fields keeps the members named by _fields, one level deep; _links comes along on single answers anyway.
func fields(c call, o object, links bool) object {
	names := c.arg("_fields")
	if names == "" {
		return o
	}
	out := object{}
	for name := range strings.SplitSeq(names, ",") {
		if v, ok := o[strings.TrimSpace(name)]; ok {
			out[strings.TrimSpace(name)] = v
		}
	}
	if l, ok := o["_links"]; ok && links {
		out["_links"] = l
	}
	return out
}

// render writes a in full.
func (s *Server) render(a answer, t Traps) (header http.Header, body []byte) {
	header = http.Header{}
	if a.html != "" {
		header.Set("Content-Type", "text/html; charset=UTF-8")
		return header, []byte(a.html)
	}
	header.Set("Content-Type", "application/json; charset=UTF-8")
	header.Set("Link", `<https://shop.example/wp-json/>; rel="https://api.w.org/"`)
	body, err := json.Marshal(a.body)
	if err != nil {
		return header, []byte(fmt.Sprintf("cannot render: %v", err))
	}
	if a.list && !t.NoTotals {
		header.Set("X-WP-Total", strconv.FormatInt(a.total, 10))
		header.Set("X-WP-TotalPages", strconv.FormatInt((a.total+99)/100, 10))
	}
	if t.Warnings {
		header.Set("Content-Type", "text/html; charset=UTF-8")
		body = append([]byte("<br />\n<b>Warning</b>:  Undefined array key \"tax[0]\" in <b>/srv/plugin.php</b> on line <b>12</b><br />\n"), body...)
	}
	if t.Age > 0 {
		header.Set("Age", strconv.Itoa(t.Age))
	}
	return header, body
}

// links are the _links of a product, variation or order.
func links(self, collection, up string) object {
	href := func(path string) string { return "https://shop.example/wp-json/wc/v3/" + path }
	o := object{
		"self": []any{object{
			"href":        href(self),
			"targetHints": object{"allow": []any{"GET", "POST", "PUT", "PATCH", "DELETE"}},
		}},
		"collection": []any{object{"href": href(collection)}},
	}
	if up != "" {
		o["up"] = []any{object{"href": href(up)}}
	}
	return o
}

// index is the site's own description, open to everybody.
func (s *Server) index(c call) answer {
	return answer{status: 200, body: fields(c, object{
		"name": "Shop Example", "description": "", "url": "https://shop.example", "home": "https://shop.example",
		"gmt_offset": int(s.opt.Zone.Hours()), "timezone_string": "", "namespaces": []any{"oembed/1.0", "wc/v1", "wc/v2", "wc/v3", "wp/v2"},
		"routes": object{},
	}, false)}
}
