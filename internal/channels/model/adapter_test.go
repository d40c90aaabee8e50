package model_test

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// far is a market with one product behind HTTP, and the adapter opened on it.
func far(t *testing.T, o model.Options) (*channeltest.Link, *model.Server) {
	t.Helper()
	var s *model.Server
	l := channeltest.Open(t, channeltest.Target{
		Driver: model.Driver(), Secrets: map[string]string{"token": token, "webhook": "hush"},
		New: func(t testing.TB, now func() time.Time) channeltest.Shop {
			o.Now, o.Rand = now, rand.New(rand.NewPCG(3, 3))
			o.Token.Secret = token
			m, err := model.New(o)
			if err != nil {
				t.Fatalf("New() = %v", err)
			}
			s = model.NewServer(m)
			return s
		},
	})
	l.Shop.Add(channeltest.Product{SKU: "A", Stock: 10, Price: money.Of(1000, "EUR")})
	return l, s
}

func TestAnAccessThatRanOutIsRenewedOnce(t *testing.T) {
	l, _ := far(t, model.Absolute(model.Options{Token: model.TokenOptions{Life: time.Hour}}))
	logins := func() (n int) {
		for _, op := range l.Gate.Granted() {
			if op == channel.OpAuth {
				n++
			}
		}
		return n
	}
	begin := logins() // the login and the question for capabilities
	for range 3 {
		if _, err := l.Channel.List(t.Context(), ""); err != nil {
			t.Fatalf("List() = %v", err)
		}
	}
	if got := logins(); got != begin {
		t.Errorf("three calls made %d logins, want none: the access still lasts", got-begin)
	}
	l.Clock.Advance(2 * time.Hour)
	if _, err := l.Channel.List(t.Context(), ""); err != nil || logins() != begin+1 {
		t.Errorf("List() after the access ran out = %v with %d logins, want a page and 1", err, logins()-begin)
	}
}

func TestARefusedAccessIsRenewedOnceAndAWriteDoneOnce(t *testing.T) {
	l, s := far(t, model.Relative(model.Options{}))
	p, err := l.Channel.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s.Inject(channeltest.Fault{Op: channel.OpStock, Kind: channeltest.FaultUnauth, Times: 1})
	k := p.Counts[0].StockKey
	r, err := l.Channel.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{{Ref: 1, Stock: k, Delta: -2, Key: "k"}}})
	if n, _ := s.Count(k); err != nil || r.Outcomes[0].State != channel.Applied || n != 8 {
		t.Errorf("Submit() after one refused access = %+v, %v, count %d, want applied and 8", r, err, n)
	}
	s.Deny("", true)
	if _, err := l.Channel.List(t.Context(), ""); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("List() without authorisation = %v, want unauthorized", err)
	}
}

func TestQuotaHeadersReachTheGate(t *testing.T) {
	o := model.Absolute(model.Options{Quota: model.QuotaOptions{Enforce: true, RowCost: 2}})
	o.Caps.Limits = []channel.Limit{{Name: "points", Rate: 1, Per: time.Minute, Burst: 5}}
	l, _ := far(t, o) // login and capabilities took 2
	p, err := l.Channel.List(t.Context(), "")
	if err != nil {
		t.Fatalf("List() = %v", err)
	}
	ns := l.Gate.Notes()
	if last := ns[len(ns)-1]; last.Op != channel.OpList || last.Note.Bucket != "points" || *last.Note.Remaining != 2 {
		t.Errorf("the gate was told %+v (remaining %d), want 2 left of points", last, *last.Note.Remaining)
	}
	b := channel.Batch{Field: channel.Stock, Writes: []channel.Write{{Ref: 1, Stock: p.Counts[0].StockKey, Quantity: 1}}}
	r, err := l.Channel.Submit(t.Context(), b) // weighs 3 of 2
	if err != nil || r.Outcomes[0].State != channel.RetryAfter || r.Outcomes[0].After != time.Minute {
		t.Errorf("Submit() beyond the quota = %+v, %v, want retry-after 1m", r, err)
	}
	ns = l.Gate.Notes()
	if last := ns[len(ns)-1]; last.Note.Until != time.Minute {
		t.Errorf("the gate was told %+v, want nothing before 1m", last)
	}
}

func TestOrdersAreReadWholeFromPagesThatShift(t *testing.T) {
	o := model.Absolute(model.Options{Feed: model.FeedOptions{Page: 7, Shift: true}})
	l, s := far(t, o)
	s.Add(channeltest.Product{SKU: "B", Stock: 5000, Price: money.Of(500, "EUR")})
	var orders []string
	for range 60 {
		id, ok := s.Buy(channeltest.Item{SKU: "B", Quantity: 1})
		if !ok {
			t.Fatal("Buy() was refused")
		}
		orders = append(orders, id)
		l.Clock.Advance(time.Second)
	}
	l.Clock.Advance(time.Minute)
	seller, at, seen := l.Channel.(channel.Seller), channel.Cursor("changes/0/0/0"), map[string]bool{}
	for page := 0; ; page++ {
		p, err := seller.Sales(t.Context(), at)
		if err != nil {
			t.Fatalf("Sales(%q) = %v", at, err)
		}
		for _, x := range p.Lines {
			seen[x.Order] = true
		}
		if at = p.Next; !p.More {
			break
		}
		s.Pay(orders[page%len(orders)]) // an old line moves to the end, all others move up
	}
	if len(seen) != len(orders) {
		t.Errorf("%d of %d orders were read while pages shifted, want all", len(seen), len(orders))
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	l := channeltest.Open(t, channeltest.Target{
		Driver: model.Driver(), Secrets: map[string]string{"token": token},
		New: func(t testing.TB, now func() time.Time) channeltest.Shop {
			m, err := model.New(model.Absolute(model.Options{Now: now}))
			if err != nil {
				t.Fatalf("New() = %v", err)
			}
			return moved{model.NewServer(m)}
		},
	})
	if _, err := l.Channel.List(t.Context(), ""); !fault.Is(err, fault.Unavailable) {
		t.Errorf("List() of a market that moved = %v, want unavailable", err)
	}
}

// moved sends the readers of its list elsewhere.
type moved struct{ *model.Server }

func (m moved) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v1/listings" {
		http.Redirect(w, r, "https://elsewhere.invalid/", http.StatusMovedPermanently)
		return
	}
	m.Server.ServeHTTP(w, r)
}

func TestOpenNeedsAnAddress(t *testing.T) {
	for _, url := range []string{"", "example.org", "ftp://example.org"} {
		if _, err := model.Driver().Open(channel.Deps{Settings: map[string]string{"url": url}}); !fault.Is(err, fault.Invalid) {
			t.Errorf("Open(url %q) = %v, want invalid", url, err)
		}
	}
}

func TestWebhooksOverTheAdapter(t *testing.T) {
	l, s := far(t, model.Absolute(model.Options{Hooks: model.HookOptions{Secret: "hush"}}))
	s.Buy(channeltest.Item{SKU: "A", Quantity: 1})
	var topics []string
	for _, d := range s.Deliveries() {
		hints, err := l.Channel.(channel.Hooked).VerifyWebhook(d.Header, d.Body)
		if err != nil {
			t.Fatalf("VerifyWebhook() = %v", err)
		}
		topics = append(topics, hints[0].Topic)
		if _, err := l.Channel.(channel.Hooked).VerifyWebhook(d.Header, append(d.Body, ' ')); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("VerifyWebhook(tampered) = %v, want unauthorized", err)
		}
	}
	if diff := cmp.Diff([]string{"stock", "orders"}, topics); diff != "" {
		t.Errorf("topics of a sale (-want +got):\n%s", diff)
	}
}
