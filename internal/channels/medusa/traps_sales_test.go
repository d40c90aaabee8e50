package medusa_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/medusa/fake"
	"carpediemstore.it/sync-connector/internal/fault"
)

func item(sku string, n int64) channeltest.Item { return channeltest.Item{SKU: sku, Quantity: n} }

// TestTheLifeOfALine follows one line through everything that a shop can do with it.
func TestTheLifeOfALine(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 50, 100))
	f := l.feed()
	f.poll(t)
	o := l.buy(t, item("A", 5))
	k := l.all(t).Counts[0].StockKey
	for _, step := range []struct {
		name string
		do   func()
		want [4]int64 // quantity, shipped, returned, taken
		left int64
	}{
		{"placed", func() {}, [4]int64{5, 0, 0, 0}, 50},
		{"paid", func() { l.shop.Pay(o) }, [4]int64{5, 0, 0, 0}, 50},
		{"3 fulfilled", func() { l.shop.Fulfil(o, "A", 3) }, [4]int64{5, 3, 0, 3}, 47},
		{"fulfilment cancelled", func() { l.shop.Unfulfil(o) }, [4]int64{5, 0, 0, 0}, 50},
		{"edited to 4", func() { l.shop.Edit(o, "A", 4) }, [4]int64{4, 0, 0, 0}, 50},
		{"shipped", func() { l.shop.Ship(o) }, [4]int64{4, 4, 0, 4}, 46},
		{"1 received back", func() { l.shop.Return(o, "A", 1, false) }, [4]int64{4, 4, 1, 3}, 47},
		{"1 received back broken", func() { l.shop.Return(o, "A", 1, true) }, [4]int64{4, 4, 1, 3}, 47},
		{"completed", func() { l.shop.Complete(o) }, [4]int64{4, 4, 1, 3}, 47},
	} {
		l.Clock.Advance(time.Minute)
		step.do()
		f.poll(t)
		if got, left := f.state(o, "A"), l.shop.Truth().Counts[k]; got != step.want || left != step.left {
			t.Errorf("%s: line %v with %d left, want %v with %d", step.name, got, left, step.want, step.left)
		}
	}
}

func TestALineThatAnEditTookAwayIsReportedAsNone(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 50, 100), product("B", 50, 100))
	f := l.feed()
	o := l.buy(t, item("A", 1), item("B", 2))
	f.poll(t)
	f.poll(t)
	l.Clock.Advance(time.Minute)
	l.shop.Edit(o, "B", 0)
	f.poll(t)
	if got := f.state(o, "B"); got != [4]int64{} || f.lines[o+" B"].Line == "" {
		t.Errorf("the line taken away = %v, want one with quantity 0", got)
	}
	if got := f.state(o, "A"); got != [4]int64{1, 0, 0, 0} {
		t.Errorf("the line beside it = %v, want it unchanged", got)
	}
	requests := l.Requests()
	for range 3 {
		f.poll(t)
	}
	if got := l.Requests() - requests; got != 3 {
		t.Errorf("3 polls without news made %d requests, want 3: an order's past is asked for once", got)
	}
}

func TestOpenLinesOfCompletedOrdersAreInTheFirstPass(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 50, 100))
	done, shipped, cancelled := l.buy(t, item("A", 1)), l.buy(t, item("A", 1)), l.buy(t, item("A", 1))
	l.shop.Complete(done)
	l.shop.Ship(shipped)
	l.shop.Cancel(cancelled)
	l.Clock.Advance(300 * 24 * time.Hour)
	f := l.feed()
	if n := f.poll(t); n != 1 || f.state(done, "A") != [4]int64{1, 0, 0, 0} {
		t.Errorf("the first pass has %d lines, want the one that is still open", n)
	}
}

// A line that is first met by a poll counts as a sale made since the account was connected. So what was closed before must
// be in the first pass, or must never come.
func TestWhatWasClosedBeforeTheFirstPassIsNotNewsLater(t *testing.T) {
	for _, quiet := range []time.Duration{time.Second, time.Minute, 4 * time.Minute, 6 * time.Minute, time.Hour, 72 * time.Hour} {
		t.Run(quiet.String(), func(t *testing.T) {
			l := connect(t, fake.Options{}, nil)
			l.shop.Add(product("A", 500, 100))
			for range 3 {
				l.Clock.Advance(time.Minute)
				l.shop.Ship(l.buy(t, item("A", 1)))
				l.shop.Cancel(l.buy(t, item("A", 1)))
			}
			l.Clock.Advance(quiet)
			f := l.feed()
			f.poll(t)
			known := len(f.lines)
			for range 5 {
				f.poll(t)
				l.Clock.Advance(time.Minute)
			}
			if len(f.lines) != known {
				t.Errorf("%d lines came first, %d later, want none later", known, len(f.lines)-known)
			}
			fresh := l.buy(t, item("A", 1))
			f.poll(t)
			if got := f.state(fresh, "A"); got != [4]int64{1, 0, 0, 0} {
				t.Errorf("a new order = %v, want it placed", got)
			}
			l.shop.Ship(fresh)
			f.poll(t)
			if got := f.state(fresh, "A"); got != [4]int64{1, 1, 0, 1} || len(f.lines) != known+1 {
				t.Errorf("the new order = %v with %d new lines, want it shipped and alone", got, len(f.lines)-known)
			}
		})
	}
}

func TestOrdersThatShareAnInstantAllCome(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 5000, 100))
	f := l.feed()
	var ids []string
	for range 230 {
		ids = append(ids, l.buy(t, item("A", 1)))
	}
	f.poll(t)
	l.Clock.Advance(time.Hour)
	for _, id := range ids {
		l.shop.Fulfil(id, "A", 1) // one instant again, far from the first
	}
	last := l.buy(t, item("A", 1))
	f.poll(t)
	for _, id := range ids {
		if got := f.state(id, "A"); got != [4]int64{1, 1, 0, 1} {
			t.Fatalf("order %s = %v, want it fulfilled", id, got)
		}
	}
	if got := f.state(last, "A"); got != [4]int64{1, 0, 0, 0} {
		t.Errorf("the last order = %v, want it placed", got)
	}
}

func TestAnOrderWithManyLinesKeepsPagesBounded(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	ps := products(120)
	l.shop.Add(ps...)
	var items []channeltest.Item
	for _, p := range ps {
		items = append(items, item(p.SKU, 1))
	}
	for range 12 {
		l.buy(t, items...)
	}
	f := l.feed()
	for {
		p, err := l.Channel.(channel.Seller).Sales(t.Context(), f.at)
		if err != nil {
			t.Fatalf("Sales() = %v", err)
		}
		if len(p.Lines) > 1000 {
			t.Errorf("a page has %d lines, want at most 1000", len(p.Lines))
		}
		for _, x := range p.Lines {
			f.lines[x.Order+" "+x.Line] = x
		}
		if f.at = p.Next; !p.More {
			break
		}
	}
	if len(f.lines) != 12*120 {
		t.Errorf("%d lines came, want %d", len(f.lines), 12*120)
	}
}

func TestAnOrderStampedInTheFutureHidesNoLaterOne(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 50, 100))
	f := l.feed()
	f.poll(t)
	l.Clock.Advance(48 * time.Hour)
	wrong := l.buy(t, item("A", 1)) // the shop's clock is two days ahead …
	l.Clock.Advance(-48 * time.Hour)
	f.poll(t)
	l.Clock.Advance(time.Minute)
	right := l.buy(t, item("A", 1)) // … and was put right
	f.poll(t)
	for _, id := range []string{wrong, right} {
		if got := f.state(id, "A"); got != [4]int64{1, 0, 0, 0} {
			t.Errorf("order %s = %v, want it placed", id, got)
		}
	}
}

// ahead is an answer whose clock is two hours ahead.
type ahead struct {
	http.ResponseWriter
	now func() time.Time
}

func (a ahead) WriteHeader(status int) {
	a.Header().Set("Date", a.now().Add(2*time.Hour).UTC().Format(http.TimeFormat))
	a.ResponseWriter.WriteHeader(status)
}

func TestAProxyWhoseClockIsAheadHidesNoOrder(t *testing.T) {
	for _, before := range []int{0, 1} {
		l := connect(t, fake.Options{}, nil)
		l.shop.Add(product("A", 50, 100))
		for range before {
			l.buy(t, item("A", 1))
		}
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.shop.ServeHTTP(ahead{w, l.Clock.Now}, r) }))
		defer proxy.Close()
		l.Channel = reopen(t, l, map[string]string{"url": proxy.URL})
		f := l.feed()
		f.poll(t)
		l.Clock.Advance(time.Minute)
		fresh := l.buy(t, item("A", 1))
		f.poll(t)
		if got := f.state(fresh, "A"); got != [4]int64{1, 0, 0, 0} {
			t.Errorf("with %d orders before: the new order = %v, want it placed", before, got)
		}
	}
}

func TestAGateThatClosesInTheMiddleOfAPageKeepsWhatWasRead(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 500, 100))
	f := l.feed()
	f.poll(t)
	var ids []string
	for range 12 {
		l.Clock.Advance(time.Second)
		id := l.buy(t, item("A", 2))
		l.shop.Fulfil(id, "A", 1) // in its second version: its past is asked for
		ids = append(ids, id)
	}
	for range 100 {
		l.Gate.Close(3, time.Second) // one page and the past of two orders
		p, err := l.Channel.(channel.Seller).Sales(t.Context(), f.at)
		if err != nil {
			t.Fatalf("Sales() with 3 requests granted = %v, want what could be read", err)
		}
		for _, x := range p.Lines {
			f.lines[x.Order+" A"] = x
		}
		if f.at = p.Next; !p.More {
			break
		}
	}
	for _, id := range ids {
		if got := f.state(id, "A"); got != [4]int64{2, 1, 0, 1} {
			t.Errorf("order %s = %v, want it read in the end", id, got)
		}
	}
	l.Gate.Close(1, time.Second)
	l.Clock.Advance(time.Hour)
	fresh := l.buy(t, item("A", 1))
	l.shop.Fulfil(fresh, "A", 1)
	l.Gate.Close(1, time.Second)
	p, err := l.Channel.(channel.Seller).Sales(t.Context(), f.at)
	if err == nil && len(p.Lines) == 0 || err != nil && !fault.Is(err, fault.RateLimited) {
		t.Errorf("Sales() with one request granted = %d lines, %v, want lines or a time to wait", len(p.Lines), err)
	}
}

func TestAShopThatIgnoresTheTimeFilterIsNoticed(t *testing.T) {
	old := `{"orders":[{"id":"order_1","status":"pending","version":1,"created_at":"2020-01-01T00:00:00.000Z","updated_at":"2020-01-01T00:00:00.000Z","items":[]}],"count":1}`
	c := against(t, answers(http.StatusOK, nil, old))
	_, err := c.(channel.Seller).Sales(t.Context(), `{"since":"2026-03-02T09:00:00Z"}`)
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("Sales() = %v, want unavailable: the answer is not what was asked for", err)
	}
}

func TestAPageOfUnreadableOrdersIsNotPassedOver(t *testing.T) {
	rows := strings.Repeat(`{"id":5},`, 50)
	c := against(t, answers(http.StatusOK, nil, `{"orders":[`+strings.TrimSuffix(rows, ",")+`],"count":900}`))
	if _, err := c.(channel.Seller).Sales(t.Context(), ""); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Sales() = %v, want unavailable: nobody knows where to go on", err)
	}
	c = against(t, answers(http.StatusOK, nil, `{"orders":[{"id":5}],"count":1}`))
	p, err := c.(channel.Seller).Sales(t.Context(), "")
	if err != nil || len(p.Findings) != 1 || p.More {
		t.Errorf("Sales() with one bad order = %+v, %v, want a finding and the end", p, err)
	}
}

func TestSalesCursorsAreSmallAndCarryNoReference(t *testing.T) {
	l := connect(t, fake.Options{}, nil)
	l.shop.Add(product("A", 5000, 100))
	f := l.feed()
	f.poll(t)
	var ids []string
	for range 300 {
		l.Clock.Advance(10 * time.Millisecond)
		id := l.buy(t, item("A", 1))
		l.shop.Fulfil(id, "A", 1)
		ids = append(ids, id)
	}
	f.poll(t)
	if len(f.at) > 4<<10 {
		t.Errorf("a cursor has %d bytes, want at most 4096", len(f.at))
	}
	if !json.Valid([]byte(f.at)) {
		t.Errorf("cursor %q is not JSON", f.at)
	}
	for _, id := range ids {
		if strings.Contains(string(f.at), id) {
			t.Errorf("the cursor names order %s", id)
		}
	}
	for _, bad := range []channel.Cursor{"x", `{"skip":-1}`, `{"tied":true}`} {
		if _, err := l.Channel.(channel.Seller).Sales(t.Context(), bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("Sales(%q) = %v, want invalid", bad, err)
		}
	}
	for _, bad := range []channel.Cursor{"x", `{"offset":-1,"last":"a"}`, `{"offset":5}`} {
		if _, err := l.Channel.List(t.Context(), bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("List(%q) = %v, want invalid", bad, err)
		}
	}
	if got := fmt.Sprint(f.codes); got != "[]" {
		t.Errorf("findings = %s, want none", got)
	}
}
