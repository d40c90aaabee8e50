package service_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/service/servicetest"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

func TestTheOverviewCountsWhatIsVerified(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 10), servicetest.Product("B", 10), servicetest.Product("other", 10))
		item(t, w, "A", 10)
		item(t, w, "B", 9)
		w.Connect("north")
		w.Run(20 * time.Second)
		o := ok(w.Service.Overview(ctx, w.Who))(t)
		a := o.Accounts[0]
		if o.Items != 2 || a.Counters.Verified != 1 || a.Counters.Managed != 2 || a.Prices.Verified != 2 || a.Stock != 1 {
			t.Errorf("Overview = %+v, want 1 of 2 numbers and 2 prices verified, 1 number waiting", a)
		}
		if a.Counters.Percent() != 50 || a.Prices.Percent() != 100 {
			t.Errorf("verified %d %% and %d %%, want 50 and 100", a.Counters.Percent(), a.Prices.Percent())
		}
		ok(w.Service.SetMode(ctx, w.Who, "north", flow.Approve))(t)
		p := ok(w.Service.CreatePlan(ctx, w.Who, "north", ""))(t)
		ok(w.Service.Apply(ctx, w.Who, p.ID, service.ApplyOptions{}))(t)
		w.Run(20 * time.Second)
		m.Buy(channeltest.Item{SKU: "A", Quantity: 2})
		w.Run(30 * time.Second)
		o = ok(w.Service.Overview(ctx, w.Who))(t)
		if a := o.Accounts[0]; a.Counters.Percent() != 100 || a.Stock != 0 || len(o.Sales) != 1 || o.Sales[0].SKU != "A" || o.Sales[0].Quantity != 2 || !o.Sales[0].Booked {
			t.Errorf("Overview = %+v, sales %+v, want everything verified and one sale of 2 A", a, o.Sales)
		}
	})
}

func TestPercentilesAreReadFromTheHistogram(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		w.Market("north", model.Absolute(model.Options{}))
		c := w.Connect("north")
		hour := int64(w.Now()) / 3_600_000_000
		for upto, n := range map[int64]int64{100: 50, 200: 45, 300: 4, 400: 1} {
			storetest.Exec(t, w.DB, `INSERT INTO latency (tenant, account, stage, hour, upto, n) VALUES (1, $1, 'x', $2, $3, $4)`, c.Account, hour, upto, n)
		}
		got := ok(w.Service.Latencies(t.Context(), w.Who, "north", 24*time.Hour))(t)
		want := []service.Latency{{Account: c.Account, AccountName: "north", Stage: "x", N: 100, P50: 100, P95: 200, P99: 300}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("Latencies (-want +got):\n%s", d)
		}
	})
}

func TestEventsAreFilteredAndPaged(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		w.Market("north", model.Absolute(model.Options{}))
		w.Connect("north")
		item(t, w, "A", 1)
		l := ok(w.Service.Events(t.Context(), w.Who, "north", service.Paging{}))(t)
		if len(l.Rows) != 1 || l.Rows[0].Kind != "connect" || l.Rows[0].AccountName != "north" || l.Rows[0].Actor != "ann" {
			t.Errorf("Events of north = %+v, want that it was connected", l.Rows)
		}
		first := ok(w.Service.Events(t.Context(), w.Who, "", service.Paging{Limit: 1}))(t)
		next := ok(w.Service.Events(t.Context(), w.Who, "", service.Paging{Limit: 1, After: first.Next}))(t)
		if first.Rows[0].ID <= next.Rows[0].ID {
			t.Errorf("events %d then %d, want the newest first", first.Rows[0].ID, next.Rows[0].ID)
		}
		_, err := w.Service.Events(t.Context(), w.Who, "nobody", service.Paging{})
		refused(t, "an unknown account", err, fault.NotFound)
	})
}

func TestDoctorFindsEachBrokenThing(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		health := func(p service.Place) map[string]service.Health {
			out := map[string]service.Health{}
			for _, c := range w.Service.Doctor(t.Context(), w.Who, p) {
				out[c.Name] = c.Health
			}
			return out
		}
		dir := t.TempDir()
		chmod(t, dir, 0o700)
		fine := health(service.Place{DataDir: dir, MasterKey: w.Master})
		for _, name := range []string{"data folder", "master key", "database", "accounts"} {
			if fine[name] != service.Fine {
				t.Errorf("%s = %s, want ok", name, fine[name])
			}
		}
		chmod(t, dir, 0o755)
		chmod(t, w.Master, 0o640)
		bad := health(service.Place{DataDir: dir, MasterKey: w.Master})
		if bad["data folder"] != service.Broken || bad["master key"] != service.Broken {
			t.Errorf("checks = %v, want folder and key broken", bad)
		}
		if gone := health(service.Place{DataDir: dir + "/none"}); gone["data folder"] != service.Broken {
			t.Errorf("checks = %v, want a missing folder broken", gone)
		}
		if fine["clock"] != service.Warning {
			t.Errorf("clock = %s, want a warning: the world's clock is not the database's", fine["clock"])
		}
	})
}
