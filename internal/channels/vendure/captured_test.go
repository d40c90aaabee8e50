package vendure

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// captured is one exchange recorded from a real store.
type captured struct {
	Name    string
	Request struct {
		Operation string
		Variables json.RawMessage
	}
	Response struct {
		Status int
		Body   json.RawMessage
	}
}

func capture(t testing.TB) map[string]captured {
	t.Helper()
	b, ok := spec(t, "captured-3.7.3.json")
	if !ok {
		return nil
	}
	var file struct{ Exchanges []captured }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	out := map[string]captured{}
	for _, e := range file.Exchanges {
		out[e.Name] = e
	}
	return out
}

func TestRefusalsOfARealStoreBecomeFaults(t *testing.T) {
	all := capture(t)
	if all == nil {
		return
	}
	for name, want := range map[string]struct {
		kind fault.Kind
		code string
	}{
		"no login":                      {fault.Forbidden, "FORBIDDEN"},
		"one unknown id: nothing saved": {fault.NotFound, "ENTITY_NOT_FOUND"},
		"unknown location":              {fault.Unavailable, ""},
		"text as number":                {fault.Invalid, "BAD_USER_INPUT"},
	} {
		_, err := decodeAnswer(all[name].Response.Body)
		code, ok := codeOf(err)
		if !fault.Is(err, want.kind) || !ok || code != want.code {
			t.Errorf("%s = %v (kind %v, code %q), want kind %v, code %q", name, err, fault.KindOf(err), code, want.kind, want.code)
		}
	}
	data, err := decodeAnswer(all["bad login"].Response.Body)
	if err != nil {
		t.Fatalf("bad login = %v, want data with a refusal in it", err)
	}
	if err := decodeLogin(data); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("bad login = %v, want unauthorized", err)
	}
	if data, err = decodeAnswer(all["login"].Response.Body); err != nil || decodeLogin(data) != nil {
		t.Errorf("login = %v, %v, want accepted", err, decodeLogin(data))
	}
}

func TestAVariantOfARealStore(t *testing.T) {
	all := capture(t)
	if all == nil {
		return
	}
	data, err := decodeAnswer(all["variants"].Response.Body)
	if err != nil {
		t.Fatal(err)
	}
	v, err := decodeVariants(data)
	if err != nil {
		t.Fatal(err)
	}
	st := site{currency: "EUR", precision: 2, tracks: true, places: []string{"1"}}
	three := int64(3)
	got := st.page(v.rows)
	want := channel.Page{
		Listings: []channel.Listing{{
			Key: "1", Group: "1", SKU: "SKU-00000", Pool: channel.Merchant,
			Stock: []channel.Draw{{StockKey: channel.StockKey{Key: "1", Location: "1"}, Units: 1}},
		}},
		Counts: []channel.Count{{StockKey: channel.StockKey{Key: "1", Location: "1"}, Quantity: 20, Reserved: &three}},
		// The store kept 12.5 cents, which is no price: the short form shows 13, a number nobody wrote.
		Findings: []channel.Finding{{
			Listing: "1", Field: channel.Price, Code: "bad-price", Text: "the price is not a whole number of the store's smallest unit",
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" || v.total != 1 {
		t.Errorf("page of the captured variant, total %d (-want +got):\n%s", v.total, diff)
	}
}

func TestTheAnswerOfARealStoreToAWrite(t *testing.T) {
	all := capture(t)
	if all == nil {
		return
	}
	data, err := decodeAnswer(all["set stock and price"].Response.Body)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := decodeWritten(data)
	if err != nil {
		t.Fatal(err)
	}
	for id, n := range map[string]int64{"1": 40, "2": 41} {
		c, code := count(channel.StockKey{Key: id, Location: "1"}, rows[id].StockLevels)
		if code != "" || c.Quantity != n {
			t.Errorf("stock of %s after the write = %d %q, want %d", id, c.Quantity, code, n)
		}
	}
}

func TestMoneyIsKeptExactlyWhateverTheStoresPrecision(t *testing.T) {
	for _, c := range []struct {
		currency  money.Currency
		precision int
		minor     int64
		units     int64
		exact     bool
	}{
		{"EUR", 2, 1999, 1999, true},
		{"EUR", 3, 1999, 19990, true},
		{"EUR", 0, 1900, 19, true},
		{"EUR", 0, 1999, 0, false},
		{"JPY", 2, 500, 50000, true}, // the store keeps every currency with the same decimals
		{"JPY", 0, 500, 500, true},
		{"KWD", 2, 1230, 123, true},
		{"KWD", 2, 1234, 0, false},
		{"EUR", 2, -1, 0, false},
		{"EUR", 6, 1 << 60, 0, false},
	} {
		st := site{currency: c.currency, precision: c.precision}
		got, ok := st.units(money.Of(c.minor, c.currency))
		if ok != c.exact || ok && got != c.units {
			t.Errorf("%d of %s at precision %d = %d, %v, want %d, %v", c.minor, c.currency, c.precision, got, ok, c.units, c.exact)
		}
		if !ok {
			continue
		}
		if back, ok := st.amount(got); !ok || back != money.Of(c.minor, c.currency) {
			t.Errorf("%d units of %s at precision %d = %v, %v, want %d", got, c.currency, c.precision, back, ok, c.minor)
		}
	}
	if a, ok := (site{currency: "JPY", precision: 2}).amount(50050); ok {
		t.Errorf("half a yen = %v, want no amount", a)
	}
}
