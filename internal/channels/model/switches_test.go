package model_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// shelf is a market with n products of 10 pieces, opened in process.
type shelf struct {
	*model.Market
	c     *model.Channel
	clock *channeltest.Clock
	keys  []channel.StockKey
	refs  []channel.ListingRef
	ref   int64
}

func newShelf(t *testing.T, n int, o model.Options) *shelf {
	t.Helper()
	s := &shelf{clock: channeltest.NewClock()}
	o.Now = s.clock.Now
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(11, 13))
	}
	m, err := model.New(o)
	if err != nil {
		t.Fatalf("New() = %v, want a market", err)
	}
	s.Market, s.c = m, m.Channel(nil)
	for i := range n {
		m.Add(channeltest.Product{SKU: string(rune('A' + i)), Group: "g", Stock: 10, Price: money.Of(1000, "EUR")})
	}
	p, err := s.c.List(t.Context(), "")
	if err != nil {
		t.Fatalf("List() = %v, want a page", err)
	}
	for _, x := range p.Listings {
		s.keys, s.refs = append(s.keys, x.Stock[0].StockKey), append(s.refs, channel.ListingRef{Key: x.Key, Group: x.Group})
	}
	return s
}

// write sends one absolute stock write and returns its outcome.
func (s *shelf) write(t *testing.T, i int, n int64, more ...func(*channel.Write)) channel.Outcome {
	t.Helper()
	s.ref++
	w := channel.Write{Ref: s.ref, Stock: s.keys[i], Listing: s.refs[i], Quantity: n}
	for _, f := range more {
		f(&w)
	}
	r, err := s.c.Submit(t.Context(), channel.Batch{Field: channel.Stock, Group: s.refs[i].Group, Writes: []channel.Write{w}})
	if err != nil {
		return channel.Outcome{State: channel.Unknown, Text: err.Error()}
	}
	if r.Ticket != "" {
		return channel.Outcome{State: channel.Accepted, Text: string(r.Ticket)}
	}
	return r.Outcomes[0]
}

func (s *shelf) count(t *testing.T, i int) int64 {
	t.Helper()
	n, ok := s.Count(s.keys[i])
	if !ok {
		t.Fatalf("Count(%v) says there is none", s.keys[i])
	}
	return n
}

// seen is what a reading shows now.
func (s *shelf) seen(t *testing.T, i int) int64 {
	t.Helper()
	p, err := s.c.Read(t.Context(), channel.Keys{Stock: []channel.StockKey{s.keys[i]}})
	if err != nil || len(p.Counts) != 1 {
		t.Fatalf("Read(%v) = %+v, %v, want one count", s.keys[i], p, err)
	}
	return p.Counts[0].Quantity
}

func TestIdempotencyKeysAreForgottenAfterTheirWindow(t *testing.T) {
	o := model.Relative(model.Options{})
	o.Caps.Stock.KeyWindow = time.Hour
	s := newShelf(t, 1, o)
	less := func(w *channel.Write) { w.Delta, w.Key = -2, "same" }
	s.write(t, 0, 0, less)
	s.clock.Advance(time.Hour)
	s.write(t, 0, 0, less)
	if got := s.count(t, 0); got != 8 {
		t.Errorf("count after the same key twice within its window = %d, want 8", got)
	}
	s.clock.Advance(time.Second)
	s.write(t, 0, 0, less)
	if got := s.count(t, 0); got != 6 {
		t.Errorf("count after the same key beyond its window = %d, want 6: the market has forgotten it", got)
	}
}

func TestAWriteCanLandAfterItsAnswerWasLost(t *testing.T) {
	o := model.Absolute(model.Options{Faults: []model.Chance{{Kind: model.FaultLate, Op: channel.OpStock, PerMille: 1000}}})
	s := newShelf(t, 1, o)
	if got := s.write(t, 0, 3); got.State != channel.Unknown {
		t.Fatalf("write under %q = %q, want an unknown outcome", model.FaultLate, got.State)
	}
	if got := s.count(t, 0); got != 10 {
		t.Errorf("count right after = %d, want 10: it has not landed yet", got)
	}
	due, ok := s.Due()
	if !ok || due.Sub(s.clock.Now()) > o.Caps.Stock.Longest {
		t.Fatalf("Due() = %v, %v, want a moment within %v", due, ok, o.Caps.Stock.Longest)
	}
	s.clock.Advance(due.Sub(s.clock.Now()))
	if got := s.count(t, 0); got != 3 || s.Stats().Late != 1 {
		t.Errorf("count at %v = %d (late writes %d), want 3 and 1", due, got, s.Stats().Late)
	}
}

func TestReadsLagAndWritesSettle(t *testing.T) {
	o := model.Absolute(model.Options{})
	o.Caps.Read.Lag, o.Caps.Stock.Settle = 10*time.Second, 20*time.Second
	s := newShelf(t, 1, o)
	s.clock.Advance(time.Minute)
	s.write(t, 0, 4)
	old, after := 0, 0
	for range 200 {
		if s.seen(t, 0) == 10 {
			old++
		}
	}
	s.clock.Advance(30 * time.Second)
	for range 200 {
		if s.seen(t, 0) != 4 {
			after++
		}
	}
	if old == 0 || after != 0 {
		t.Errorf("%d of 200 readings right after the write were old, %d after lag and settling, want some and none", old, after)
	}
}

func TestTheRevisionBudgetOfADay(t *testing.T) {
	o := model.Absolute(model.Options{})
	o.Caps.Stock.Budget = 3
	s := newShelf(t, 2, o)
	for i := range int64(3) {
		if got := s.write(t, 0, i); got.State != channel.Applied {
			t.Fatalf("revision %d = %q, want applied", i+1, got.State)
		}
	}
	got := s.write(t, 0, 7)
	if want := 15 * time.Hour; got.State != channel.RetryAfter || got.After != want {
		t.Errorf("revision 4 = %q after %v, want retry-after %v: the day begins at midnight UTC", got.State, got.After, want)
	}
	if other := s.write(t, 1, 7); other.State != channel.Applied {
		t.Errorf("another counter = %q, want applied: the budget belongs to one counter", other.State)
	}
	s.clock.Advance(got.After)
	if again := s.write(t, 0, 7); again.State != channel.Applied || s.Stats().OverBudget != 1 {
		t.Errorf("the next day = %q, over budget %d, want applied and 1", again.State, s.Stats().OverBudget)
	}
}

func TestZeroMaximumAndPoolAreRefused(t *testing.T) {
	o := model.FullReplace(model.Options{})
	s := newShelf(t, 1, o)
	for _, c := range []struct {
		n    int64
		code string
	}{{0, channel.CodeInvalid}, {-1, channel.CodeInvalid}, {1_000_000, channel.CodeInvalid}, {999_999, ""}} {
		if got := s.write(t, 0, c.n); got.Code != c.code {
			t.Errorf("write of %d = %q %q, want code %q", c.n, got.State, got.Code, c.code)
		}
	}
	s.Move(s.refs[0].Key, channel.ByChannel)
	if got := s.write(t, 0, 5); got.Code != channel.CodeChannelPool {
		t.Errorf("write to a listing the channel fulfils = %q, want %q", got.Code, channel.CodeChannelPool)
	}
}

func TestAFullReplaceEndsWhatItLeavesOut(t *testing.T) {
	s := newShelf(t, 3, model.FullReplace(model.Options{}))
	s.write(t, 0, 5)
	p, err := s.c.List(t.Context(), "")
	if err != nil || len(p.Listings) != 1 || s.Stats().Ended != 2 {
		t.Errorf("after a full replace with one of three: %d listings, %d ended, %v, want 1 and 2", len(p.Listings), s.Stats().Ended, err)
	}
}

func TestAllOrNothingAndDuplicates(t *testing.T) {
	o := model.Absolute(model.Options{DuplicateKills: true})
	s := newShelf(t, 2, o)
	batch := func(ws ...channel.Write) []string {
		for i := range ws {
			ws[i].Ref = int64(i)
		}
		r, err := s.c.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: ws})
		if err != nil {
			t.Fatalf("Submit() = %v", err)
		}
		var codes []string
		for _, o := range r.Outcomes {
			codes = append(codes, string(o.State)+" "+o.Code)
		}
		return codes
	}
	if diff := cmp.Diff([]string{"rejected batch-refused", "rejected batch-refused"}, batch(channel.Write{Stock: s.keys[0], Quantity: 1}, channel.Write{Stock: s.keys[0], Quantity: 2})); diff != "" {
		t.Errorf("a key twice in a batch (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"applied ", "rejected not-found"}, batch(channel.Write{Stock: s.keys[0], Quantity: 1}, channel.Write{Stock: channel.StockKey{Key: "none"}})); diff != "" {
		t.Errorf("a bad row, partial failure (-want +got):\n%s", diff)
	}
	o.Caps.Stock.AllOrNothing = true
	s = newShelf(t, 2, o)
	if diff := cmp.Diff([]string{"rejected batch-refused", "rejected not-found"}, batch(channel.Write{Stock: s.keys[0], Quantity: 1}, channel.Write{Stock: channel.StockKey{Key: "none"}})); diff != "" || s.count(t, 0) != 10 {
		t.Errorf("a bad row, all or nothing (-want +got), count %d:\n%s", s.count(t, 0), diff)
	}
}

func TestJobsGetStuckAndReportsExpire(t *testing.T) {
	o := model.Ticket(model.Options{})
	o.Async = model.AsyncOptions{Queue: 20 * time.Second, Keep: time.Hour}
	s := newShelf(t, 1, o)
	ticket := channel.Ticket(s.write(t, 0, 3).Text)
	if _, done, err := s.c.Poll(t.Context(), ticket); done || err != nil {
		t.Errorf("Poll() at once = %v, %v, want a running job", done, err)
	}
	s.clock.Advance(20 * time.Second)
	if os, done, err := s.c.Poll(t.Context(), ticket); err != nil || !done || len(os) != 1 || os[0].State != channel.Applied || s.count(t, 0) != 3 {
		t.Errorf("Poll() after the queue = %+v, %v, %v, count %d, want applied and 3", os, done, err, s.count(t, 0))
	}
	s.clock.Advance(time.Hour + time.Second)
	if _, _, err := s.c.Poll(t.Context(), ticket); !fault.Is(err, fault.NotFound) {
		t.Errorf("Poll() of an expired report = %v, want not-found", err)
	}
	o.Async.Stuck = 1000
	s = newShelf(t, 1, o)
	ticket = channel.Ticket(s.write(t, 0, 3).Text)
	s.clock.Advance(1000 * time.Hour)
	if _, done, err := s.c.Poll(t.Context(), ticket); done || err != nil || s.count(t, 0) != 10 {
		t.Errorf("Poll() of a stuck job = %v, %v, count %d, want it running for ever and 10", done, err, s.count(t, 0))
	}
}

func TestSharedCountersAndLocations(t *testing.T) {
	s := newShelf(t, 1, model.SharedCounter(model.Options{}))
	if len(s.keys) != 2 || s.keys[0] != s.keys[1] || s.refs[0].Key == s.refs[1].Key {
		t.Fatalf("two storefronts gave counters %v and listings %v, want one counter and two listings", s.keys, s.refs)
	}
	if truth := s.Truth(); truth.Sellable["A"] != 10 {
		t.Errorf("sellable of a shared counter = %d, want 10", truth.Sellable["A"])
	}
	s = newShelf(t, 1, model.Locations(model.Options{}))
	south := channel.StockKey{Key: s.keys[0].Key, Location: "south"}
	s.SetStock(south, 4)
	id, ok := s.Buy(channeltest.Item{SKU: "A", Quantity: 12})
	if !ok || len(s.Order(id)) != 2 || s.count(t, 0) != 0 {
		t.Errorf("12 of 10 north and 4 south = %v, %d lines, north %d, want two lines and none left north", ok, len(s.Order(id)), s.count(t, 0))
	}
	if _, ok := s.Buy(channeltest.Item{SKU: "A", Quantity: 3}); ok {
		t.Error("Buy(3) of the last 2 was taken, want it refused")
	}
}

func TestListPagesShiftAndCursorsExpire(t *testing.T) {
	o := model.Absolute(model.Options{List: model.ListOptions{Page: 2, Shift: true, Life: time.Minute}})
	s := newShelf(t, 5, o)
	first, err := s.c.List(t.Context(), "")
	if err != nil || first.Next == "" || *first.Total != 5 {
		t.Fatalf("List() = %+v, %v, want a first page of five", first, err)
	}
	s.End(first.Listings[0].Key)
	second, err := s.c.List(t.Context(), first.Next)
	if err != nil || second.Listings[0].SKU != "D" {
		t.Errorf("page 2 after a listing of page 1 ended begins with %+v, %v, want D: C moved up and is missed", second.Listings, err)
	}
	s.clock.Advance(2 * time.Minute)
	if _, err := s.c.List(t.Context(), first.Next); !fault.Is(err, fault.Conflict) {
		t.Errorf("List() with an old bookmark = %v, want a conflict", err)
	}
	o.List.Shift = false
	s = newShelf(t, 5, o)
	if first, err = s.c.List(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	s.End(first.Listings[0].Key)
	s.End(first.Listings[1].Key)
	if second, err = s.c.List(t.Context(), first.Next); err != nil || second.Listings[0].SKU != "C" {
		t.Errorf("page 2 by key after both listings of page 1 ended begins with %+v, %v, want C", second.Listings, err)
	}
}

func TestTheFeedReachesBackOnlySoFar(t *testing.T) {
	s := newShelf(t, 1, model.Absolute(model.Options{Feed: model.FeedOptions{Window: 24 * time.Hour}}))
	p, err := s.c.Sales(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(23 * time.Hour)
	if _, err := s.c.Sales(t.Context(), p.Next); err != nil {
		t.Errorf("Sales() with a bookmark within the window = %v, want a page", err)
	}
	s.clock.Advance(2 * time.Hour)
	if _, err := s.c.Sales(t.Context(), p.Next); !fault.Is(err, fault.Conflict) {
		t.Errorf("Sales() with a bookmark beyond the window = %v, want a conflict: the gap is said, not hidden (F12)", err)
	}
}

func TestVanishedOrdersAreInNoFeed(t *testing.T) {
	o := model.AtPayment(model.Options{})
	o.Caps.Sales.Lag = 0
	s := newShelf(t, 1, o)
	id, _ := s.Buy(channeltest.Item{SKU: "A", Quantity: 4})
	if s.Sellable("A") != 6 || !s.Vanish(id) || s.Sellable("A") != 10 {
		t.Errorf("sellable after a vanished order = %d, want 10", s.Sellable("A"))
	}
	if p, err := s.c.Sales(t.Context(), ""); err != nil || len(p.Lines) != 0 || len(s.Lines()) != 0 {
		t.Errorf("Sales() = %+v, %v, want no line of a vanished order", p.Lines, err)
	}
	paid, _ := s.Buy(channeltest.Item{SKU: "A", Quantity: 1})
	s.Pay(paid)
	if s.Vanish(paid) {
		t.Error("Vanish() of a paid order = true, want it refused")
	}
}

func TestBackordersGoBelowZeroAndAreCounted(t *testing.T) {
	s := newShelf(t, 1, model.Absolute(model.Options{Backorders: true}))
	if _, ok := s.Buy(channeltest.Item{SKU: "A", Quantity: 13}); !ok || s.count(t, 0) != -3 || s.Stats().Oversold != 3 {
		t.Errorf("Buy(13) of 10 with backorders = %v, count %d, oversold %d, want taken, -3 and 3", ok, s.count(t, 0), s.Stats().Oversold)
	}
}

func TestMaintenanceRightsAndQuotas(t *testing.T) {
	o := model.Absolute(model.Options{Closed: model.Window{Every: time.Hour, For: 10 * time.Minute}})
	o.Rand = rand.New(rand.NewPCG(1, 1))
	clock := channeltest.NewClock()
	o.Now = clock.Now
	m, err := model.New(o)
	if err != nil {
		t.Fatal(err)
	}
	c := m.Channel(nil)
	if _, err := c.List(t.Context(), ""); !fault.Is(err, fault.Unavailable) || !fault.SentOf(err) {
		t.Errorf("List() at the full hour = %v, want unavailable for maintenance", err)
	}
	clock.Advance(10 * time.Minute)
	if _, err := c.List(t.Context(), ""); err != nil {
		t.Errorf("List() after maintenance = %v, want a page", err)
	}
	m.Deny(channel.OpSales, true)
	if _, err := c.Sales(t.Context(), ""); !fault.Is(err, fault.Forbidden) {
		t.Errorf("Sales() without the right = %v, want forbidden", err)
	}
	m.Deny("", true)
	if _, err := c.List(t.Context(), ""); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("List() without authorisation = %v, want unauthorized", err)
	}

	q := model.Absolute(model.Options{Quota: model.QuotaOptions{Enforce: true, RowCost: 1}})
	q.Caps.Limits = []channel.Limit{
		{Name: "calls", Rate: 10, Per: time.Second, Burst: 20},
		{Name: "day", Rate: 30, Per: 24 * time.Hour, Burst: 30, Fixed: true, Ops: []channel.Op{channel.OpList}},
	}
	s := newShelf(t, 1, q) // its List took 1
	for range 19 {
		if _, err := s.c.List(t.Context(), ""); err != nil {
			t.Fatalf("List() within the quota = %v", err)
		}
	}
	if got := s.write(t, 0, 3); got.State != channel.RetryAfter || got.After != 200*time.Millisecond {
		t.Errorf("write of weight 2 beyond the quota = %q after %v, want retry-after 200ms", got.State, got.After)
	}
	s.clock.Advance(5 * time.Second)
	for range 10 {
		if _, err := s.c.List(t.Context(), ""); err != nil {
			t.Fatalf("List() within the day's quota = %v", err)
		}
	}
	_, err = s.c.List(t.Context(), "")
	if want := 15*time.Hour - 5*time.Second; !fault.Is(err, fault.RateLimited) || fault.AfterOf(err) != want {
		t.Errorf("List() 31 of a day = %v after %v, want rate-limited after %v", err, fault.AfterOf(err), want)
	}
	if got := s.write(t, 0, 3); got.State != channel.Applied {
		t.Errorf("write beside a used up day of lists = %q, want applied", got.State)
	}
}

func TestARivalWritesBySchedule(t *testing.T) {
	s := newShelf(t, 1, model.Absolute(model.Options{Rival: model.Rival{Every: time.Hour, Value: 42}}))
	s.clock.Advance(time.Hour)
	if got := s.count(t, 0); got != 42 {
		t.Errorf("count after the rival's hour = %d, want 42", got)
	}
	s.write(t, 0, 5)
	s.clock.Advance(time.Hour)
	if got := s.count(t, 0); got != 42 {
		t.Errorf("count after the rival's next hour = %d, want 42 again", got)
	}
}

func TestWebhooksAreLostRepeatedDelayedAndForged(t *testing.T) {
	o := model.Absolute(model.Options{Hooks: model.HookOptions{Secret: "hush", Delay: time.Minute, Lose: 300, Repeat: 300, Forge: 300}})
	s := newShelf(t, 1, o)
	for i := range int64(200) {
		s.SetStock(s.keys[0], i)
		s.clock.Advance(time.Second)
	}
	s.clock.Advance(time.Minute)
	seen, order, forged := map[string]int{}, []string{}, 0
	for _, d := range s.Deliveries() {
		hints, err := s.c.VerifyWebhook(d.Header, d.Body)
		if d.Forged {
			forged++
			if !fault.Is(err, fault.Unauthorized) {
				t.Errorf("VerifyWebhook(forged) = %v, %v, want unauthorized", hints, err)
			}
			continue
		}
		if err != nil || len(hints) != 1 || len(hints[0].Stock) != 1 || hints[0].Stock[0] != s.keys[0] {
			t.Fatalf("VerifyWebhook() = %+v, %v, want one hint for %v", hints, err, s.keys[0])
		}
		seen[hints[0].ID]++
		order = append(order, hints[0].ID)
	}
	twice := 0
	for _, n := range seen {
		if n > 1 {
			twice++
		}
	}
	sorted := slices.IsSortedFunc(order, func(a, b string) int { return len(a)*1000 - len(b)*1000 + strings.Compare(a, b) })
	if lost := 200 - len(seen); lost < 30 || twice < 20 || forged < 20 || sorted {
		t.Errorf("of 200 webhooks %d were lost, %d repeated, %d forged, in order %v; want about 60, 40, 40 and out of order", lost, twice, forged, sorted)
	}
	body := []byte(`{"id":1,"topic":"orders"}`)
	if _, err := s.c.VerifyWebhook(nil, body); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("VerifyWebhook(unsigned) = %v, want unauthorized", err)
	}
}

func TestObserversSeeFirstServingAndEveryWrite(t *testing.T) {
	served, seen := map[string]time.Time{}, []model.Seen{}
	o := model.Absolute(model.Options{
		OnServe: func(order, line string, at time.Time) {
			if _, twice := served[order+line]; twice {
				t.Errorf("line %s/%s was served for the first time twice", order, line)
			}
			served[order+line] = at
		},
		OnWrite: func(w model.Seen) { seen = append(seen, w) },
	})
	o.Caps.Sales.Lag = 0
	s := newShelf(t, 1, o)
	s.Buy(channeltest.Item{SKU: "A", Quantity: 1})
	s.clock.Advance(3 * time.Second)
	for range 2 {
		if _, err := s.c.Sales(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
	s.write(t, 0, 7)
	if len(served) != 1 || len(seen) != 1 || seen[0].Quantity != 7 || !seen[0].At.Equal(s.clock.Now()) {
		t.Errorf("served %v, writes %+v, want one line and one write of 7 now", served, seen)
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for name, o := range map[string]model.Options{
		"no capabilities": {},
		"a page of 0":     model.Absolute(model.Options{List: model.ListOptions{Page: -1}}),
		"chance of 2":     model.Absolute(model.Options{Faults: []model.Chance{{Kind: model.FaultLate, PerMille: 2000}}}),
		"always closed":   model.Absolute(model.Options{Closed: model.Window{Every: time.Second, For: time.Hour}}),
	} {
		if _, err := model.New(o); !fault.Is(err, fault.Invalid) {
			t.Errorf("New(%s) = %v, want invalid", name, err)
		}
	}
}

func TestEveryChanceFaultGivesItsOutcome(t *testing.T) {
	for kind, want := range map[channeltest.FaultKind]channel.State{
		channeltest.Fault429: channel.RetryAfter, channeltest.Fault500: channel.Unknown, channeltest.FaultLost: channel.Unknown,
		channeltest.FaultIgnored: channel.Applied, channeltest.FaultPartial: channel.Rejected, model.FaultHeld: channel.HeldBack,
		model.FaultRefused: channel.Unknown, channeltest.FaultUnauth: channel.Unknown,
	} {
		s := newShelf(t, 1, model.Absolute(model.Options{Faults: []model.Chance{{Kind: kind, Op: channel.OpStock, PerMille: 1000}}}))
		got, applied := s.write(t, 0, 3), s.count(t, 0) == 3
		if got.State != want || applied != (kind == channeltest.FaultLost) {
			t.Errorf("write under %q = %q (%s), done %v, want %q, done only when the answer was lost", kind, got.State, got.Text, applied, want)
		}
	}
	o := model.Absolute(model.Options{Faults: []model.Chance{{Kind: model.FaultMissing, Op: channel.OpStock, PerMille: 1000}}})
	s := newShelf(t, 4, o)
	var ws []channel.Write
	for i, k := range s.keys {
		ws = append(ws, channel.Write{Ref: int64(i), Stock: k, Quantity: 1})
	}
	r, err := s.c.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: ws})
	if err != nil || len(r.Outcomes) != 2 || s.count(t, 3) != 1 {
		t.Errorf("Submit(4) under %q = %d outcomes, %v, last count %d, want 2 and all done", model.FaultMissing, len(r.Outcomes), err, s.count(t, 3))
	}
}
