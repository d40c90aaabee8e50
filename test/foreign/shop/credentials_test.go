package shop_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/test/foreign/shop"
)

// ask sends one request and returns status, header and body of the answer.
func ask(t *testing.T, method, url, authorization string, body any) (int, http.Header, string) {
	t.Helper()
	var content io.Reader = http.NoBody
	if body != nil {
		b, err := json.Marshal(body)
		must(t, err)
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, content)
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, res.Header, string(b)
}

// medusaKey checks that the key for our adapter opens the admin API, and that nothing opens without one.
func medusaKey(t *testing.T, s *shop.Medusa) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(s.APIKey()+":"))
	url := s.URL() + "/admin/stock-locations?fields=id"
	status, _, body := ask(t, http.MethodGet, url, basic, nil)
	if status != http.StatusOK || !strings.Contains(body, s.LocationID()) {
		t.Errorf("stock locations with the API key = %d %s, want 200 with %s", status, body, s.LocationID())
	}
	if status, _, body := ask(t, http.MethodGet, url, "", nil); status != http.StatusUnauthorized {
		t.Errorf("stock locations without a key = %d %s, want 401", status, body)
	}
}

// The right to manage stock and prices is all the adapter's account has; what it reads as a price depends on the channel.
func TestVendureCredentials(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		net   bool
		price string // what the admin API calls the price of a variant stored with 12.20
	}{
		{"prices include tax", false, `"price":1000,`},
		{"prices without tax", true, `"price":1220,`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := shop.StartVendure(t.Context(), shop.Options{NetPrices: c.net})
			must(t, err)
			defer s.Close()
			must(t, s.Seed(t.Context(), []shop.Product{{Title: "Cup", Variants: []shop.Variant{{SKU: "CUP", Stock: 5, Cents: 1220}}}}))

			user, password := s.Credentials()
			graph := func(bearer, query string) (http.Header, string) {
				_, head, body := ask(t, http.MethodPost, s.URL()+"/admin-api", bearer, map[string]string{"query": query})
				return head, body
			}
			head, body := graph("", `mutation { login(username: "`+user+`", password: "`+password+`") { __typename } }`)
			bearer := "Bearer " + head.Get("vendure-auth-token")
			if !strings.Contains(body, `"CurrentUser"`) || bearer == "Bearer " {
				t.Fatalf("login = %s, want CurrentUser and a token", body)
			}
			_, body = graph(bearer, `{ productVariants { items { price sku prices { price } stockLevels { stockLocationId } } } }`)
			for _, want := range []string{c.price, `"sku":"CUP"`, `"prices":[{"price":1220}]`, `"stockLocationId":"` + s.LocationID() + `"`} {
				if !strings.Contains(body, want) {
					t.Errorf("variants = %s, want %s in it", body, want)
				}
			}
			if _, body = graph(bearer, `{ orders { totalItems } }`); !strings.Contains(body, `"totalItems":0`) {
				t.Errorf("orders = %s, want an empty list", body)
			}
			if _, body = graph(bearer, `{ customers { totalItems } }`); !strings.Contains(body, "FORBIDDEN") {
				t.Errorf("customers = %s, want FORBIDDEN", body)
			}
		})
	}
}
