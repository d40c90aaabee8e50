package vendure_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/vendure/fake"
	"carpediemstore.it/sync-connector/internal/money"
)

// official reads a file of the official material; see spec in the package's own tests.
func official(t *testing.T, name string) ([]byte, bool) {
	t.Helper()
	dir := os.Getenv("SPECS_DIR")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "specs")
	}
	b, err := os.ReadFile(filepath.Join(dir, "vendure", name))
	if err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("SPECS_DIR") != "" {
			t.Fatalf("official material %s is missing: %v", name, err)
		}
		t.Logf("official material %s is not here: nothing is compared", name)
		return nil, false
	}
	return b, true
}

// TestTheFakeAnswersWhatARealStoreAnswered replays the captured requests and compares the shape of the answers: status,
// member names, types, error codes.
func TestTheFakeAnswersWhatARealStoreAnswered(t *testing.T) {
	text, ok := official(t, "captured-3.7.3.json")
	if !ok {
		return
	}
	queries, ok := official(t, "operations.graphql")
	if !ok {
		return
	}
	var file struct {
		Exchanges []struct {
			Name    string
			Request struct {
				Operation string
				Variables map[string]any
			}
			Response struct {
				Status int
				Body   any
			}
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	// The session was made on a day whose date is in the variables; the fake's clock stands on it.
	now := time.Date(2026, 11, 23, 12, 48, 8, 0, time.UTC)
	shop := fake.New(fake.Options{
		Now: func() time.Time { return now }, Username: "superadmin", Password: "superadmin", NetPrices: true,
		Currencies: []money.Currency{"EUR", "USD"}, Commit: time.Nanosecond,
	})
	shop.Add(
		channeltest.Product{SKU: "SKU-00000", Stock: 20, Price: money.Of(13, "EUR")},
		channeltest.Product{SKU: "SKU-00001", Stock: 9, Price: money.Of(2001, "EUR")},
	)
	for range 2 {
		now = now.Add(time.Hour)
		id, _ := shop.Buy(channeltest.Item{SKU: "SKU-00000", Quantity: 3})
		shop.Pay(id)
	}
	server := httptest.NewServer(shop)
	defer server.Close()
	token := ""
	for _, e := range file.Exchanges {
		if e.Request.Operation == "Movements" {
			continue // the adapter never asks for it
		}
		body, err := json.Marshal(map[string]any{"query": operation(t, string(queries), e.Request.Operation), "variables": e.Request.Variables})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/admin-api", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var got any
		err = json.NewDecoder(res.Body).Decode(&got)
		res.Body.Close()
		if err != nil || res.StatusCode != e.Response.Status {
			t.Errorf("%s: status %d, %v, want %d and JSON", e.Name, res.StatusCode, err, e.Response.Status)
			continue
		}
		if h := res.Header.Get("vendure-auth-token"); h != "" {
			token = h
		}
		if diff := cmp.Diff(shape(e.Response.Body, ""), shape(got, "")); diff != "" {
			t.Errorf("%s: shape of the answer (-real +fake):\n%s", e.Name, diff)
		}
	}
}

// operation cuts one operation out of a document with several.
func operation(t *testing.T, text, name string) string {
	t.Helper()
	i := regexp.MustCompile(`(?m)^(query|mutation) ` + name + `\b`).FindStringIndex(text)
	if i == nil {
		t.Fatalf("operations.graphql has no %s", name)
	}
	rest := text[i[0]:]
	if j := regexp.MustCompile(`\n(query|mutation) `).FindStringIndex(rest); j != nil {
		rest = rest[:j[0]]
	}
	return rest
}

// shape lists the members of v with their types. Of an array the first element counts; error codes keep their value.
func shape(v any, where string) []string {
	switch v := v.(type) {
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if where == ".errors[]" && k == "locations" {
				continue
			}
			out = append(out, shape(v[k], where+"."+k)...)
		}
		return out
	case []any:
		if len(v) == 0 {
			return []string{where + " []"}
		}
		return shape(v[0], where+"[]")
	case string:
		if strings.HasSuffix(where, ".code") || strings.HasSuffix(where, ".errorCode") || strings.HasSuffix(where, ".__typename") {
			return []string{where + " " + v}
		}
	}
	return []string{fmt.Sprintf("%s %T", where, v)}
}
