package vendure

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/vendure/fake"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/secret"
)

var login = map[string]string{"username": "u", "password": "p"}

// sealed is a vault with these credentials.
func sealed(secrets map[string]string) func(context.Context, string) (secret.Text, error) {
	return func(_ context.Context, name string) (secret.Text, error) {
		v, ok := secrets[name]
		if !ok {
			return secret.Text{}, fault.New(fault.NotFound, "there is no credential %q", name)
		}
		return secret.New(v), nil
	}
}

// bench is an account on a fake store.
type bench struct {
	*shop
	far   *fake.Server
	clock *channeltest.Clock
}

// newBench makes a store with n products A0, A1, … of 1,000 units and an account on it.
func newBench(t *testing.T, n int, o fake.Options, settings map[string]string) *bench {
	t.Helper()
	b := &bench{clock: channeltest.NewClock()}
	o.Now, o.Username, o.Password, o.APIKey = b.clock.Now, "u", "p", "k"
	b.far = fake.New(o)
	for i := range n {
		b.far.Add(channeltest.Product{SKU: fmt.Sprintf("A%d", i), Stock: 1000, Price: money.Of(100, "EUR")})
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.far.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	b.shop = opened(t, server, b.clock, settings, login)
	return b
}

func stockWrite(ref int64, key string, n int64) channel.Write {
	return channel.Write{Ref: ref, Stock: channel.StockKey{Key: key, Location: "1"}, Quantity: n}
}

func TestSettingsThatDoNotFitTheStoreAreRefusedWithTheReason(t *testing.T) {
	for _, c := range []struct {
		settings map[string]string
		word     string
	}{
		{map[string]string{"currency": "GBP"}, "it has EUR"},
		{map[string]string{"location": "Cellar"}, "Shop (1), Warehouse (2)"},
		{map[string]string{"channel_token": "other"}, "channel_token"},
	} {
		b := newBench(t, 1, fake.Options{Locations: []string{"Shop", "Warehouse"}}, c.settings)
		if _, err := b.Capabilities(t.Context()); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.word) {
			t.Errorf("Capabilities() with %v = %v (kind %v), want invalid with %q", c.settings, err, fault.KindOf(err), c.word)
		}
	}
	for _, url := range []string{"", "shop.example/admin-api", "ftp://shop.example", "https://u:p@shop.example/admin-api", "https://shop.example/admin-api?x=1"} {
		if _, err := Driver().Open(channel.Deps{Settings: map[string]string{"url": url}}); !fault.Is(err, fault.Invalid) {
			t.Errorf("Open(%q) = %v, want invalid", url, err)
		}
	}
}

func TestALocationCanBeNamedByIDOrName(t *testing.T) {
	for _, name := range []string{"2", "Warehouse"} {
		b := newBench(t, 1, fake.Options{Locations: []string{"Shop", "Warehouse"}}, map[string]string{"location": name})
		p, err := b.List(t.Context(), "")
		want := []channel.Count{{StockKey: channel.StockKey{Key: "1", Location: "2"}, Reserved: new(int64)}}
		if diff := cmp.Diff(want, p.Counts); err != nil || diff != "" {
			t.Errorf("counts with location %q, %v (-want +got):\n%s", name, err, diff)
		}
		r, err := b.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{stockWrite(1, "1", 7)}})
		if err != nil || r.Outcomes[0].Code != channel.CodeNotFound {
			t.Errorf("a write to the other location = %+v, %v, want not-found before anything is sent", r, err)
		}
	}
}

func TestUntrackedVariantsHaveNoCounter(t *testing.T) {
	for _, c := range []struct {
		untracked bool // the store's own setting
		flag      string
		counters  int
	}{
		{false, "INHERIT", 1}, {false, "TRUE", 1}, {false, "FALSE", 0}, {true, "INHERIT", 0}, {true, "TRUE", 1}, {true, "FALSE", 0},
	} {
		b := newBench(t, 1, fake.Options{Untracked: c.untracked}, nil)
		b.far.SetTracking("1", c.flag)
		p, err := b.List(t.Context(), "")
		if err != nil || len(p.Listings) != 1 || len(p.Listings[0].Stock) != c.counters || len(p.Counts) != c.counters {
			t.Errorf("store untracked %v, variant %s: %d counters, %d counts, %v, want %d", c.untracked, c.flag, len(p.Listings[0].Stock), len(p.Counts), err, c.counters)
		}
		if c.counters == 0 {
			key := channel.StockKey{Key: "1", Location: "1"}
			p, err := b.Read(t.Context(), channel.Keys{Stock: []channel.StockKey{key}})
			if err != nil || !slices.Equal(p.GoneStock, []channel.StockKey{key}) {
				t.Errorf("Read() of an untracked counter = %+v, %v, want it gone", p, err)
			}
			r, err := b.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{stockWrite(1, "1", 7)}})
			if err != nil || r.Outcomes[0].State != channel.Rejected || r.Outcomes[0].Code != channel.CodeNotManaged {
				t.Errorf("a write to an untracked variant = %+v, %v, want not-managed", r, err)
			}
		}
	}
}

func TestAThresholdBelowZeroIsAFindingAndOneAboveIsNot(t *testing.T) {
	for _, c := range []struct {
		store, own int64
		hasOwn     bool
		want       []channel.ListingKey
	}{
		{0, 0, false, nil},
		{5, 0, false, nil},
		{0, 3, true, nil},
		{0, -3, true, []channel.ListingKey{"1"}},
		{-2, 0, true, []channel.ListingKey{""}}, // the store's own: once, without a listing
		{-2, 0, false, []channel.ListingKey{""}},
	} {
		b := newBench(t, 2, fake.Options{Threshold: c.store}, nil)
		if c.hasOwn {
			b.far.SetThreshold("1", c.own)
		}
		p, err := b.List(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		var got []channel.ListingKey
		for _, f := range p.Findings {
			if f.Code == "sells-below-zero" {
				got = append(got, f.Listing)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" || len(p.Counts) != 2 {
			t.Errorf("store %d, own %d: %d counts, findings (-want +got):\n%s", c.store, c.own, len(p.Counts), diff)
		}
	}
}

func TestARemovedVariantDoesNotHideAnotherOnTheNextPage(t *testing.T) {
	b := newBench(t, 350, fake.Options{}, nil)
	seen := map[channel.ListingKey]int{}
	gone := []channel.ListingKey{"5", "120", "121", "122"}
	for at, page := channel.Cursor(""), 0; ; page++ {
		p, err := b.List(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range p.Listings {
			seen[x.Key]++
		}
		if page == 1 {
			for _, key := range gone {
				b.far.Remove(key)
			}
		}
		if at = p.Next; at == "" {
			break
		}
	}
	for i := range 350 {
		if key := channel.ListingKey(fmt.Sprint(i + 1)); seen[key] != 1 {
			t.Errorf("variant %s came %d times, want once", key, seen[key])
		}
	}
}

func TestACatalogueThatKeepsChangingIsGivenUp(t *testing.T) {
	b := newBench(t, 600, fake.Options{}, nil)
	p, err := b.List(t.Context(), "")
	for range 3 {
		if err == nil {
			p, err = b.List(t.Context(), p.Next)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	b.far.Remove("397") // the row the next page must begin with
	for range 10 {
		if p, err = b.List(t.Context(), p.Next); err != nil || p.Next == "" {
			break
		}
	}
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("List() whose mark is gone = %v, want unavailable", err)
	}
}

func TestAShortAnswerToAReadProvesNothingGone(t *testing.T) {
	b := newBench(t, 4, fake.Options{}, nil)
	var keys channel.Keys
	for _, id := range []string{"1", "2", "3", "4"} {
		keys.Stock = append(keys.Stock, channel.StockKey{Key: id, Location: "1"})
		keys.Prices = append(keys.Prices, channel.ListingRef{Key: channel.ListingKey(id)})
	}
	b.far.Inject(channeltest.Fault{Op: channel.OpRead, Kind: channeltest.FaultShortList})
	p, err := b.Read(t.Context(), keys)
	if err != nil || len(p.Counts) != 3 || len(p.GoneStock) != 0 || len(p.Gone) != 0 {
		t.Errorf("Read() with a row missing from the answer = %d counts, gone %v %v, %v, want 3 and nothing gone", len(p.Counts), p.GoneStock, p.Gone, err)
	}
}

func TestAMissingListOfLevelsIsNotZero(t *testing.T) {
	st := site{currency: "EUR", precision: 2, tracks: true, places: []string{"1"}}
	for levels, want := range map[string]string{
		``:                    "bad-quantity",
		`,"stockLevels":null`: "bad-quantity",
		`,"stockLevels":[]`:   "", // the store has no level there yet, which it treats as zero
		`,"stockLevels":[{"stockLocationId":"2","stockOnHand":9,"stockAllocated":0}]`:                                                            "",
		`,"stockLevels":[{"stockLocationId":"1","stockAllocated":0}]`:                                                                            "bad-quantity",
		`,"stockLevels":[{"stockLocationId":"1","stockOnHand":null,"stockAllocated":0}]`:                                                         "bad-quantity",
		`,"stockLevels":[{"stockLocationId":"1","stockOnHand":"5"}]`:                                                                             "bad-quantity",
		`,"stockLevels":[{"stockLocationId":"1","stockOnHand":5.5}]`:                                                                             "bad-quantity",
		`,"stockLevels":[{"stockLocationId":"1","stockOnHand":4294967296}]`:                                                                      "bad-quantity",
		`,"stockLevels":[{"stockLocationId":"1","stockOnHand":5,"stockAllocated":0},{"stockLocationId":"1","stockOnHand":6,"stockAllocated":0}]`: "duplicate-key",
	} {
		r := decodeVariant([]byte(`{"id":"1","sku":"A","trackInventory":"TRUE","prices":[]` + levels + `}`))
		counts, found := st.stock(r)
		got := ""
		if len(found) > 0 {
			got = found[0].Code
		}
		if got != want || (want == "") != (len(counts) == 1) {
			t.Errorf("levels %s = counts %v, finding %q, want finding %q", levels, counts, got, want)
		}
		if want == "" && counts[0].Quantity != 0 {
			t.Errorf("levels %s = %d, want 0", levels, counts[0].Quantity)
		}
	}
}

// A store with a single channel answers for that one whatever the token says.
func TestAWrongChannelTokenIsNoticedWhereTheStoreIgnoresIt(t *testing.T) {
	row := siteRow{Places: []placeRow{{ID: "1", Name: "Shop"}}, Precision: 2}
	row.Channel.Token, row.Channel.Currency, row.Channel.Currencies = "right", "EUR", []string{"EUR"}
	for token, want := range map[string]bool{"": true, "right": true, "wrong": false} {
		s := &shop{client: &client{channel: token}}
		if _, err := s.fit(row); (err == nil) != want || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("fit() with channel token %q = %v, want accepted %v", token, err, want)
		}
	}
}
