package flow_test

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/sim"
)

// TestOneMisbehavingAccountIsItsOwnTrouble lets every call, or every write, of one account fail in one way while buyers
// buy at two others: those stay right, and when the fault ends the account is right again too.
func TestOneMisbehavingAccountIsItsOwnTrouble(t *testing.T) {
	t.Parallel()
	everything := []channel.Op{channel.OpList, channel.OpRead, channel.OpSales, channel.OpStock, channel.OpPrice}
	writes := []channel.Op{channel.OpStock}
	reads := []channel.Op{channel.OpRead}
	for _, x := range []struct {
		kind channeltest.FaultKind
		ops  []channel.Op
	}{
		{channeltest.Fault429, everything},
		{channeltest.Fault500, everything},
		{channeltest.FaultHTML, everything},
		{channeltest.FaultHTML200, everything},
		{channeltest.FaultEmpty, everything},
		{channeltest.FaultHuge, everything},
		{channeltest.FaultSlow, everything},
		{channeltest.FaultTruncated, everything},
		{channeltest.FaultDropped, everything},
		{model.FaultRefused, everything},
		{channeltest.FaultLost, everything},
		{channeltest.FaultLost, writes},
		{channeltest.FaultDropped, writes},
		{channeltest.FaultIgnored, writes},
		{channeltest.FaultPartial, writes},
		{model.FaultLate, writes},
		{model.FaultMissing, writes},
		{model.FaultReordered, writes},
		{channeltest.FaultWrongType, reads},
		{channeltest.FaultDuplicate, []channel.Op{channel.OpList}},
	} {
		name := string(x.kind) + " on everything"
		if len(x.ops) == 1 {
			name = string(x.kind) + " on " + string(x.ops[0])
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const items, units = 3, 40
			w := begin(t)
			w.stock(items, units)
			bad := w.shop("bad", brisk(model.Absolute(model.Options{})), items, units)
			good := []*sim.Shop{
				w.shop("good", brisk(model.Absolute(model.Options{})), items, units),
				w.shop("fine", brisk(model.CompareAndSet(model.Options{})), items, units),
			}
			w.run(31 * time.Second)
			for _, op := range x.ops {
				bad.Market.Inject(channeltest.Fault{Op: op, Kind: x.kind})
			}
			for i := range 12 {
				w.At(time.Duration(i)*3*time.Second, func() { w.buy(good[i%2], sku(i%items), 1+int64(i%2)) })
			}
			from := len(w.calls)
			w.run(90 * time.Second)
			for i := range items {
				for _, s := range good {
					w.offers(s, sku(i), w.left(units, sku(i)))
				}
			}
			calls := 0
			for _, c := range w.calls[from:] {
				if c.shop == bad.Account.ID {
					calls++
				}
			}
			if calls == 0 || calls > 200 {
				t.Errorf("%d calls to the misbehaving account in 90 s, want some and at most 200", calls)
			}
			bad.Market.Inject(channeltest.Fault{})
			w.buy(bad, sku(0), 1)
			for i := range items { // what was refused for good is tried again when there is another value
				w.buy(good[0], sku(i), 1)
			}
			w.run(5 * time.Minute)
			for i := range items {
				for _, s := range w.Shops {
					w.offers(s, sku(i), w.left(units, sku(i)))
				}
			}
			if fs := w.findings("channel-unavailable", false); len(fs) != 0 {
				t.Errorf("findings still open: %+v", fs)
			}
		})
	}
}

func TestAShortCatalogueUnlinksAndZeroesNothing(t *testing.T) {
	t.Parallel()
	const items, units = 12, 20
	o := brisk(model.Absolute(model.Options{}))
	o.Caps.Read.Sweep = 30 * time.Second
	w := begin(t)
	w.stock(items, units)
	s := w.shop("short", o, items, units)
	other := w.shop("other", brisk(model.Absolute(model.Options{})), items, units)
	w.run(time.Minute)
	s.Market.Inject(channeltest.Fault{Op: channel.OpList, Kind: channeltest.FaultShortList})
	before := len(w.calls)
	w.run(3 * time.Minute)
	if n := w.submits(s, before) + w.submits(other, before); n != 0 {
		t.Errorf("%d writes because a list was short, want none", n)
	}
	for i := range items {
		w.offers(s, sku(i), units)
		w.offers(other, sku(i), units)
	}
	if fs := w.findings("catalogue-incomplete", false); len(fs) != 1 {
		t.Errorf("findings = %+v, want one: the catalogue is incomplete", fs)
	}
	s.Market.Inject(channeltest.Fault{})
	w.run(2 * time.Minute)
	if fs := w.findings("catalogue-incomplete", false); len(fs) != 0 {
		t.Errorf("findings = %+v after a whole list, want none open", fs)
	}
	w.buy(s, sku(items-1), 3) // the one that was missing is still bound
	w.run(time.Minute)
	w.offers(other, sku(items-1), units-3)
}

func TestLostCredentialsBlindAnAccountAtOnceAndTheOthersProtectThemselves(t *testing.T) {
	t.Parallel()
	const units = 10
	w := begin(t)
	w.stock(1, units)
	bad := w.shop("bad", brisk(model.Absolute(model.Options{})), 1, units)
	good := w.shop("good", brisk(model.Absolute(model.Options{})), 1, units)
	w.run(31 * time.Second)
	bad.Market.Deny("", true)
	w.run(15 * time.Second)
	if f := w.feed(bad); f.BlindSince == 0 {
		t.Fatalf("feed = %+v 15 s after the credentials were refused, want blind", f)
	}
	if fs := w.findings("credentials-refused", false); len(fs) != 1 {
		t.Errorf("findings = %+v, want one: credentials refused", fs)
	}
	// The blind account may be selling all ten, so nothing is left for the other one to promise.
	w.offers(good, sku(0), 0)
	before := len(w.calls)
	w.run(5 * time.Minute)
	if n := w.submits(bad, before); n != 0 {
		t.Errorf("%d writes to an account without credentials, want none", n)
	}
	w.buy(bad, sku(0), 4)
	bad.Market.Deny("", false)
	w.run(5 * time.Minute)
	if f := w.feed(bad); f.BlindSince != 0 {
		t.Errorf("feed = %+v after the credentials came back, want not blind", f)
	}
	w.offers(bad, sku(0), units-4)
	w.offers(good, sku(0), units-4)
	if fs := w.findings("credentials-refused", false); len(fs) != 0 {
		t.Errorf("findings = %+v, want none open", fs)
	}
}

func TestAGapInTheOrderFeedIsToldAndEverythingIsReadAgain(t *testing.T) {
	t.Parallel()
	const units = 20
	o := brisk(model.Absolute(model.Options{}))
	o.Feed.Window = time.Minute
	w := begin(t)
	w.stock(2, units)
	s := w.shop("gap", o, 2, units)
	other := w.shop("other", brisk(model.Absolute(model.Options{})), 2, units)
	w.run(31 * time.Second)
	s.Market.Inject(channeltest.Fault{Op: channel.OpSales, Kind: channeltest.Fault500})
	gone := w.buy(s, sku(0), 3) // shipped before the feed can be read again, and older than the feed reaches
	w.At(20*time.Second, func() { s.Market.Pay(gone); s.Market.Ship(gone) })
	w.run(5 * time.Minute)
	s.Market.Inject(channeltest.Fault{})
	w.buy(s, sku(1), 2)
	w.run(5 * time.Minute)
	if fs := w.findings("feed-gap", true); len(fs) == 0 {
		t.Error("no finding tells of the gap in the order feed")
	}
	if f := w.feed(s); f.BlindSince != 0 || !f.Backfilled {
		t.Errorf("feed = %+v after it was read from its beginning, want not blind", f)
	}
	w.offers(s, sku(1), units-2)
	w.offers(other, sku(1), units-2)
}

func TestAPoisonRowIsIsolatedAndTheRestProceeds(t *testing.T) {
	t.Parallel()
	const items, units = 8, 20
	o := brisk(model.Absolute(model.Options{}))
	o.Caps.Stock.AllOrNothing = true
	w := begin(t)
	w.stock(items, units)
	s := w.shop("poisoned", o, items, units)
	w.run(31 * time.Second)
	poison := w.counters(s)[sku(3)].Key
	w.poison = func(wr channel.Write) bool { return wr.Stock == poison }
	for i := range items {
		w.recount(sku(i), units-5)
	}
	w.run(time.Minute)
	for i := range items {
		if i != 3 {
			w.offers(s, sku(i), units-5)
		}
	}
	if c := w.counters(s)[sku(3)]; c.State != flow.Denied {
		t.Errorf("the refused counter is %s, want %s", c.State, flow.Denied)
	}
	if fs := w.findings("write-refused", false); len(fs) != 1 {
		t.Errorf("findings = %+v, want one for the refused row", fs)
	}
	before := len(w.calls)
	w.run(10 * time.Minute)
	if n := w.submits(s, before); n != 0 {
		t.Errorf("%d writes of a value that was refused for good, want none", n)
	}
	w.poison = nil
	w.recount(sku(3), units-6)
	w.run(time.Minute)
	w.offers(s, sku(3), units-6)
	if fs := w.findings("write-refused", false); len(fs) != 0 {
		t.Errorf("findings = %+v after another value went through, want none open", fs)
	}
}

func TestAnErrorThatNobodyForesawStaysWithItsAccount(t *testing.T) {
	t.Parallel()
	w := begin(t)
	w.stock(1, 10)
	bad := w.shop("bad", brisk(model.Absolute(model.Options{})), 1, 10)
	good := w.shop("good", brisk(model.Absolute(model.Options{})), 1, 10)
	w.run(31 * time.Second)
	w.before = func(c call) error {
		if c.shop == bad.Account.ID {
			err := fault.New(fault.Unavailable, "the adapter has a defect: it could not handle what the channel answered")
			err.Sent = true
			return err
		}
		return nil
	}
	w.buy(good, sku(0), 3)
	w.run(2 * time.Minute)
	w.offers(good, sku(0), 7)
	w.before = nil
	w.run(5 * time.Minute)
	w.offers(bad, sku(0), 7)
}
