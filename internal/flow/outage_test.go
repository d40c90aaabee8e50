package flow_test

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/channels/model"
)

// TestAShortOutageIsCountedOnceADrive: while one account is down, sales elsewhere wake it again and again, and several of
// its operations fail each time. That is one outage: half a minute of it must not become minutes of waiting.
func TestAShortOutageIsCountedOnceADrive(t *testing.T) {
	t.Parallel()
	w := begin(t)
	w.stock(3, 40)
	down := w.shop("down", brisk(model.Absolute(model.Options{})), 3, 40)
	up := w.shop("up", brisk(model.Absolute(model.Options{})), 3, 40)
	w.run(31 * time.Second)
	for _, op := range []channel.Op{channel.OpList, channel.OpRead, channel.OpSales, channel.OpStock, channel.OpPrice} {
		down.Market.Inject(farside.Fault{Op: op, Kind: farside.FaultHTML})
	}
	for i := range 25 {
		w.At(time.Duration(i+1)*time.Second, func() { w.buy(up, sku(i%3), 1) })
	}
	w.run(30 * time.Second)
	if n := w.feed(down).Failures; n < 1 || n > 7 {
		t.Errorf("30 s of outage counted %d failures, want 1 … 7: the wait doubles with each, from half a second", n)
	}
	down.Market.Inject(farside.Fault{})
	w.run(time.Minute)
	for i := range 3 {
		w.offers(down, sku(i), w.left(40, sku(i)))
	}
	if n := w.feed(down).Failures; n != 0 {
		t.Errorf("%d failures are remembered of an account that answers, want 0", n)
	}
}
