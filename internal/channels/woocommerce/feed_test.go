package woocommerce

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/woocommerce/fake"
)

func TestTrapTimesHaveWholeSecondsAndNoZone(t *testing.T) {
	for _, zone := range []time.Duration{-5 * time.Hour, 0, 9 * time.Hour} {
		b := openBench(t, fake.Options{Zone: zone}, nil, false)
		b.Add(simple("MUG", 100, 1200))
		f := b.follow()
		var orders []string
		for i := range 30 {
			id, _ := b.Buy(mug(1))
			f.poll()
			again, _ := b.Buy(mug(1)) // in the second that was just read
			orders = append(orders, id, again)
			b.clock.Advance(time.Duration(i%5) * 700 * time.Millisecond)
			f.poll()
		}
		for _, id := range orders {
			f.want(fmt.Sprintf("zone %v", zone), id, state{quantity: 1, taken: 1})
		}
		b.clock.Advance(24 * time.Hour)
		f.poll()
		n := len(b.log.seen)
		if lines, _, _ := b.sales(f.at); len(lines) > 70 || len(b.log.seen) != n+1 {
			t.Errorf("zone %v: a quiet poll read %d lines in %d requests, want only the overlap in one", zone, len(lines), len(b.log.seen)-n)
		}
	}
}

// TestTrapATimeWithAZoneAnswersHoursOfOtherRows shows why the feed never sends one.
func TestTrapATimeWithAZoneAnswersHoursOfOtherRows(t *testing.T) {
	b := openBench(t, fake.Options{Zone: -5 * time.Hour}, nil, false)
	b.Add(simple("MUG", 100, 1200))
	b.Buy(mug(1))
	b.clock.Advance(2 * time.Hour)
	b.Buy(mug(1))
	rowsAfter := func(text string) int {
		q := position{}.query(orderFields)
		q.Set("modified_after", text)
		q.Set("dates_are_gmt", "true")
		b.log.official = nil // the material itself calls this wrong
		ans, err := b.ch.client.do(t.Context(), request{op: channel.OpSales, route: "/wc/v3/orders", query: q})
		if err != nil {
			t.Fatal(err)
		}
		raws, _ := rows(ans.body)
		return len(raws)
	}
	if plain, zoned := rowsAfter("2026-03-02T10:00:00"), rowsAfter("2026-03-02T10:00:00Z"); plain != 1 || zoned != 2 {
		t.Errorf("rows after 10:00 = %d, with a zone %d, want 1 and 2", plain, zoned)
	}
	if exact := rowsAfter("2026-03-02T11:00:00"); exact != 0 {
		t.Errorf("rows after the very second of a change = %d, want 0: the filter is exclusive", exact)
	}
}

func TestAnOrderChangedDuringALongSweepIsNotLost(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 1000, 1200))
	f := b.follow()
	var orders []string
	for range 260 {
		id, _ := b.Buy(mug(1))
		orders = append(orders, id)
	}
	p, err := b.ch.Sales(t.Context(), f.at)
	for i := 0; err == nil && p.More; i++ {
		b.clock.Advance(5 * time.Minute) // a slow shop
		if i == 1 {
			b.Cancel(orders[3]) // lies in a page that was read
		}
		b.SetStatus(orders[259], "on-hold") // keeps the newest change moving
		p, err = b.ch.Sales(t.Context(), p.Next)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.at = p.Next
	f.poll()
	f.want("cancelled while the feed was read", orders[3], state{})
	for _, id := range orders[4:] {
		f.want("open", id, state{quantity: 1, taken: 1})
	}
}

func TestOrdersThatLeaveTheListWhileItIsReadCostNoOther(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 1000, 1200))
	var orders []string
	for range 250 {
		id, _ := b.Buy(mug(1))
		orders = append(orders, id)
	}
	b.clock.Advance(24 * time.Hour)
	f := &follower{b: b, lines: map[string]channel.Line{}}
	p, err := b.ch.Sales(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range orders[:7] {
		b.Ship(id) // no longer open: the pages shift by seven
	}
	for _, l := range p.Lines {
		f.lines[l.Order+"/"+l.Line] = l
	}
	f.at = p.Next
	f.poll()
	for _, id := range orders[7:] {
		f.want("open", id, state{quantity: 1, taken: 1})
	}
	for _, id := range orders[:7] {
		f.want("sent", id, state{quantity: 1, shipped: 1, taken: 1})
	}
}

func TestAnOrderListedTwiceIsBookedOnce(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 100, 1200))
	b.Buy(mug(1))
	b.Buy(mug(1))
	b.Inject(channeltest.Fault{Kind: channeltest.FaultDuplicate})
	p, err := b.ch.Sales(t.Context(), "")
	if err != nil || len(p.Lines) != 2 {
		t.Errorf("Sales of a list that repeats a row = %d lines, %v, want 2", len(p.Lines), err)
	}
}

func TestAnOrderFromTheFutureDoesNotMoveTheFeedThere(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 100, 1200))
	f := b.follow()
	b.clock.Advance(400 * 24 * time.Hour)
	future, _ := b.Buy(mug(1))
	b.clock.Advance(-400 * 24 * time.Hour)
	f.poll()
	id, _ := b.Buy(mug(1))
	b.clock.Advance(time.Minute)
	f.poll()
	f.want("from the future", future, state{quantity: 1, taken: 1})
	f.want("of today", id, state{quantity: 1, taken: 1})
}

func TestAStatusOfAPluginStaysOpenAndIsShown(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 10, 1200))
	b.log.loose = true
	f := b.follow()
	order, _ := b.Buy(mug(2))
	b.SetStatus(order, "packing-slip")
	b.clock.Advance(time.Hour)
	f.poll()
	f.want("in a plugin's status", order, state{quantity: 2, taken: 2})
	if len(f.bad) == 0 || f.bad[0].Code != "unknown-status" || f.bad[0].Listing != "1" {
		t.Errorf("findings = %+v, want one about the status", f.bad)
	}
}

func TestATrashedOrderStaysAsItWas(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 10, 1200))
	f := b.follow()
	order, _ := b.Buy(mug(2))
	f.poll()
	b.clock.Advance(time.Minute)
	b.Trash(order)
	f.poll()
	f.want("in the trash", order, state{quantity: 2, taken: 2})
	if b.count("1") != 8 {
		t.Errorf("the shop holds %d, want 8: throwing away puts nothing back", b.count("1"))
	}
}

func TestALineOfADeletedProductStillEnds(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 10, 1200))
	f := b.follow()
	order, _ := b.Buy(mug(2))
	f.poll()
	b.Delete("1")
	b.clock.Advance(time.Minute)
	b.Ship(order)
	f.poll()
	f.want("sent", order, state{quantity: 2, shipped: 2, taken: 2})
}

func TestTrapBuyersTextInLineMetaIsNotParsed(t *testing.T) {
	const row = `{"id":5,"status":"processing","date_created_gmt":"2026-03-02T09:00:00","date_modified_gmt":"2026-03-02T09:00:00",
		"billing":{"email":"canary@invalid"},"refunds":[{"id":1,"reason":"canary","total":"-1"}],
		"line_items":[{"id":1,"name":"canary","product_id":9,"variation_id":0,"quantity":2,"price":18.555,"meta_data":
			{"0":{"key":"Engraving","value":"canary"},"3":{"key":"_reduced_stock","value":2},"7":{"key":"x","value":{"deep":["canary"]}}}}]}`
	o, err := decodeOrder([]byte(row))
	if err != nil || len(o.lines) != 1 || o.lines[0].err != nil || o.lines[0].reduced == nil || *o.lines[0].reduced != 2 {
		t.Fatalf("decodeOrder = %+v, %v, want the tally out of an object with holes", o, err)
	}
	lines, _, _ := o.facts(o.modified, nil)
	out, err := json.Marshal([]any{fmt.Sprintf("%+v", o), lines})
	if err != nil || strings.Contains(string(out), "canary") {
		t.Errorf("what was decoded holds a buyer's text: %s, %v", out, err)
	}
}

func TestBadOrdersHarmThemselvesOnly(t *testing.T) {
	const at = `"date_created_gmt":"2026-03-02T09:00:00","date_modified_gmt":"2026-03-02T09:00:00"`
	for name, row := range map[string]string{
		"no id":          `{"status":"processing",` + at + `,"line_items":[]}`,
		"no status":      `{"id":5,` + at + `,"line_items":[]}`,
		"no time":        `{"id":5,"status":"processing","line_items":[]}`,
		"a time of junk": `{"id":5,"status":"processing","date_created_gmt":"x","date_modified_gmt":"y","line_items":[]}`,
		"no lines":       `{"id":5,"status":"processing",` + at + `}`,
		"twice a status": `{"id":5,"status":"processing","status":"completed",` + at + `,"line_items":[]}`,
		"a list":         `[]`,
	} {
		if o, err := decodeOrder([]byte(row)); err == nil {
			t.Errorf("an order with %s = %+v, want an error", name, o)
		}
	}
	for name, l := range map[string]string{
		"no id": `{"product_id":9,"quantity":2}`, "no quantity": `{"id":1,"product_id":9}`, "a fraction": `{"id":1,"product_id":9,"quantity":1.5}`,
		"text": `{"id":1,"product_id":9,"quantity":"2"}`, "less than nothing": `{"id":1,"product_id":9,"quantity":-2}`,
		"a bad tally": `{"id":1,"product_id":9,"quantity":2,"meta_data":[{"key":"_reduced_stock","value":"two"}]}`,
	} {
		good := `{"id":2,"product_id":8,"quantity":1,"meta_data":[{"key":"_reduced_stock","value":"1"}]}`
		o, err := decodeOrder([]byte(`{"id":5,"status":"processing",` + at + `,"line_items":[` + l + `,` + good + `]}`))
		if err != nil {
			t.Errorf("an order with a line with %s = %v, want the other line", name, err)
			continue
		}
		lines, bad, _ := o.facts(0, nil)
		if len(lines) != 1 || lines[0].Listing != "8" || len(bad) != 1 {
			t.Errorf("a line with %s gave %+v and %v, want the other line and one bad", name, lines, bad)
		}
	}
}

func TestFeedCursorIsStable(t *testing.T) {
	f := feed{After: 1772442000, Mark: 1772442060, Where: position{Offset: 99, Last: 7, Back: true, Seen: 100}}
	page, err := finish(f, channel.SalesPage{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"after":1772442000,"mark":1772442060,"at":{"o":99,"l":7,"b":true,"n":100}}`
	if string(page.Next) != want {
		t.Errorf("cursor = %s, want %s: a stored one must be read after an upgrade", page.Next, want)
	}
	var back feed
	if err := json.Unmarshal([]byte(page.Next), &back); err != nil || !cmp.Equal(f, back) {
		t.Errorf("cursor read back = %+v, %v, want %+v", back, err, f)
	}
}

func TestRefundsThatCannotBeReadAreNotCounted(t *testing.T) {
	line := func(quantity, meta string) string {
		return `{"id":9,"quantity":` + quantity + `,"meta_data":[` + meta + `]}`
	}
	const at = `{"key":"_refunded_item_id","value":"45"}`
	doc := `[{"id":1,"line_items":[` + line("-2", at) + `,` + line("-1", "") + `,` + line("1.5", at) + `,` + line("3", at) + `,5]},5,
		{"id":2,"line_items":{"3":` + line("-1", `{"key":"_refunded_item_id","value":45}`) + `}}]`
	got, err := decodeRefunds([]byte(doc))
	if diff := cmp.Diff(map[int64]int64{45: 3}, got); err != nil || diff != "" {
		t.Errorf("decodeRefunds = %v (-want +got):\n%s", err, diff)
	}
	if _, err := decodeRefunds([]byte(`{"code":"x"}`)); err == nil {
		t.Error("something that is no list was read as refunds")
	}
}
