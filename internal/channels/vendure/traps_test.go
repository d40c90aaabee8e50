package vendure

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

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

func TestASessionThatEndedIsRenewedOnceAndTheWriteHappens(t *testing.T) {
	b := newBench(t, 1, fake.Options{}, nil)
	if _, err := b.List(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	b.far.EndSessions()
	before := b.far.Requests()
	r, err := b.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{stockWrite(1, "1", 7)}})
	if err != nil || r.Outcomes[0].State != channel.Applied {
		t.Errorf("Submit() with an ended session = %+v, %v, want applied", r, err)
	}
	// The refused write, the question whether the session lives, the login, the write.
	if n := b.far.Requests() - before; n != 4 {
		t.Errorf("renewing took %d requests, want 4", n)
	}
}

func TestALackingRightIsNotTakenForAnEndedSession(t *testing.T) {
	b := newBench(t, 1, fake.Options{}, nil)
	b.far.Deny("UpdateCatalog")
	b.far.Deny("ReadOrder")
	_, err := b.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{stockWrite(1, "1", 7)}})
	if !fault.Is(err, fault.Forbidden) || !fault.SentOf(err) {
		t.Errorf("Submit() without the right = %v (kind %v), want forbidden", err, fault.KindOf(err))
	}
	before := b.far.Requests()
	if _, err = b.Sales(t.Context(), ""); !fault.Is(err, fault.Forbidden) {
		t.Errorf("Sales() without the right = %v, want forbidden", err)
	}
	if n := b.far.Requests() - before; n != 2 {
		t.Errorf("a lacking right took %d requests, want 2: no new login", n)
	}
	g, err := b.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, s := range g.Scopes {
		if !s.Granted {
			missing = append(missing, s.Name)
		}
	}
	if diff := cmp.Diff([]string{"UpdateCatalog", "ReadOrder"}, missing); diff != "" {
		t.Errorf("rights the probe misses (-want +got):\n%s", diff)
	}
	if n := b.far.Truth().Counts[channel.StockKey{Key: "1", Location: "1"}]; n != 1000 {
		t.Errorf("the probe left stock %d, want 1000", n)
	}
}

func TestBadCredentialsAreUnauthorized(t *testing.T) {
	b := newBench(t, 1, fake.Options{}, nil)
	for name, secrets := range map[string]map[string]string{
		"wrong password": {"username": "u", "password": "x"},
		"wrong key":      {"api_key": "x"},
		"nothing":        {},
		"half a login":   {"username": "u"},
	} {
		b.client.session = session{secret: sealed(secrets)}
		if _, err := b.Capabilities(t.Context()); !fault.Is(err, fault.Unauthorized) || strings.Contains(err.Error(), "password:") {
			t.Errorf("%s: Capabilities() = %v (kind %v), want unauthorized", name, err, fault.KindOf(err))
		}
	}
}

func TestAKeyThatWasReplacedIsReadAgain(t *testing.T) {
	b := newBench(t, 1, fake.Options{}, nil)
	secrets := map[string]string{"api_key": "old"}
	b.client.session = session{secret: sealed(secrets)}
	if _, err := b.Capabilities(t.Context()); !fault.Is(err, fault.Unauthorized) {
		t.Fatalf("Capabilities() with the old key = %v, want unauthorized", err)
	}
	secrets["api_key"] = "k"
	if _, err := b.Capabilities(t.Context()); err != nil {
		t.Errorf("Capabilities() with the new key = %v, want none", err)
	}
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

func TestALaxAnswerToAWriteIsUnknown(t *testing.T) {
	rows := map[string]variantRow{
		"1": {ID: "1", Tracks: "TRUE", StockLevels: []levelRow{{Place: "1", OnHand: []byte("6"), Allocated: []byte("0")}}},
		"2": {ID: "2", Tracks: "TRUE", StockLevels: []levelRow{{Place: "1", OnHand: []byte("7"), Allocated: []byte("0")}}},
	}
	b := channel.Batch{Writes: []channel.Write{stockWrite(11, "1", 7), stockWrite(12, "2", 7), stockWrite(13, "3", 7)}}
	got := map[int64]channel.State{}
	for _, o := range (site{tracks: true}).stockOutcomes(b, rows) {
		got[o.Ref] = o.State
	}
	want := map[int64]channel.State{11: channel.Unknown, 12: channel.Applied, 13: channel.Unknown}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes by ref: another number, the number, no row (-want +got):\n%s", diff)
	}
}

func TestADatabaseErrorIsUnknownForOneRowAndBisectedForMany(t *testing.T) {
	one := channel.Batch{Writes: []channel.Write{stockWrite(1, "1", 7)}}
	two := channel.Batch{Writes: []channel.Write{stockWrite(1, "1", 7), stockWrite(2, "2", 7)}}
	for _, c := range []struct {
		code  string
		batch channel.Batch
		state channel.State
		text  string
	}{
		{"", one, channel.Unknown, ""},
		{"", two, channel.Rejected, channel.CodeBatch},
		{"INTERNAL_SERVER_ERROR", two, channel.Rejected, channel.CodeBatch},
		{"USER_INPUT_ERROR", one, channel.Rejected, channel.CodeInvalid},
		{"ENTITY_NOT_FOUND", one, channel.Rejected, channel.CodeNotFound},
	} {
		r, err := answered(c.batch, refused(c.code))
		if err != nil {
			t.Errorf("%q = %v, want outcomes", c.code, err)
			continue
		}
		for _, o := range r.Outcomes {
			if o.State != c.state || o.Code != c.text {
				t.Errorf("%q for %d rows = %q %q, want %q %q", c.code, len(c.batch.Writes), o.State, o.Code, c.state, c.text)
			}
		}
	}
	if _, err := answered(one, refused("GRAPHQL_VALIDATION_FAILED")); !fault.Is(err, fault.Invalid) {
		t.Errorf("a store of another version = %v, want invalid for the account", err)
	}
}

func TestWhatStandsBeforeTheStoreAnswersInStatuses(t *testing.T) {
	for status, want := range map[int]fault.Kind{
		301: fault.Invalid, 302: fault.Invalid, 401: fault.Unauthorized, 403: fault.Forbidden, 404: fault.Invalid,
		429: fault.RateLimited, 500: fault.Unavailable, 502: fault.Unavailable, 503: fault.Unavailable, 418: fault.Unavailable,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://elsewhere.example/?secret=1")
			w.Header().Set("Retry-After", "40")
			w.WriteHeader(status)
		}))
		s := opened(t, server, channeltest.NewClock(), nil, login)
		_, err := s.Capabilities(t.Context())
		if !fault.Is(err, want) || strings.Contains(err.Error(), "elsewhere.example") {
			t.Errorf("status %d = %v (kind %v), want %v without the address", status, err, fault.KindOf(err), want)
		}
		if status == 429 && fault.AfterOf(err) != 40*time.Second {
			t.Errorf("status 429 with Retry-After 40 = wait %v, want 40s", fault.AfterOf(err))
		}
		server.Close()
	}
}

func TestALoginWithoutATokenSaysWhatToChange(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":{"login":{"__typename":"CurrentUser"}}}`))
	}))
	defer server.Close()
	s := opened(t, server, channeltest.NewClock(), nil, login)
	if _, err := s.Capabilities(t.Context()); !fault.Is(err, fault.Unauthorized) || !strings.Contains(err.Error(), "tokenMethod") {
		t.Errorf("a store that only sets cookies = %v (kind %v), want unauthorized and the setting", err, fault.KindOf(err))
	}
}
