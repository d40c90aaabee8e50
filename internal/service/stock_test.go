package service_test

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/service/servicetest"
	"carpediemstore.it/sync-connector/internal/store"
)

func TestACountMeansSellableNow(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 10))
		item(t, w, "A", 10)
		w.Connect("north")
		w.Run(20 * time.Second)
		if _, bought := m.Buy(channeltest.Item{SKU: "A", Quantity: 3}); !bought {
			t.Fatal("nobody could buy")
		}
		w.Run(30 * time.Second)
		if n := available(t, w, "A"); n == nil || *n != 7 {
			t.Fatalf("available after a sale of 3 of 10 = %v, want 7", n)
		}
		d := ok(w.Service.Count(t.Context(), w.Who, service.Movement{SKU: "A", Units: 20}))(t)
		if *d.Stock.Available != 20 || d.Stock.Reserved != 3 || d.Stock.OnHand != 23 {
			t.Errorf("Count(20) = %+v, want 20 available with 3 reserved on top", d.Stock)
		}
	})
}

func TestMovements(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		ok(w.Service.Edit(ctx, w.Who, service.Change{SKU: "A", Make: true}))(t)
		if n := available(t, w, "A"); n != nil {
			t.Errorf("available of an item nobody counted = %d, want absent (I9)", *n)
		}
		ok(w.Service.Receive(ctx, w.Who, service.Movement{SKU: "A", Units: 4, Key: "delivery 7"}))(t)
		d := ok(w.Service.Receive(ctx, w.Who, service.Movement{SKU: "A", Units: 4, Key: "delivery 7"}))(t)
		if *d.Stock.Available != 4 {
			t.Errorf("available after the same delivery twice = %d, want 4 (I2)", *d.Stock.Available)
		}
		ok(w.Service.Adjust(ctx, w.Who, service.Movement{SKU: "A", Units: -1, Note: "broken"}))(t)
		d = ok(w.Service.Receive(ctx, w.Who, service.Movement{SKU: "A", Units: 2, Place: "shop"}))(t)
		if *d.Stock.Available != 5 || d.Stock.Places["shop"] != 2 {
			t.Errorf("stock = %+v, want 5 available, 2 of them at shop", d.Stock)
		}
		d = ok(w.Service.Count(ctx, w.Who, service.Movement{SKU: "A", Units: 6, Place: "shop"}))(t)
		if *d.Stock.Available != 9 || d.Stock.Places["shop"] != 6 {
			t.Errorf("after counting 6 at shop = %+v, want 9 available", d.Stock)
		}
		d = ok(w.Service.Count(ctx, w.Who, service.Movement{SKU: "A", Units: 1}))(t)
		if *d.Stock.Available != 7 {
			t.Errorf("after counting 1 at the main place = %+v, want 7 available", d.Stock)
		}
		h := ok(w.Service.History(ctx, w.Who, "A", service.Paging{Limit: 2}))(t)
		if len(h.Rows) != 2 || h.Next == "" || h.Rows[0].Actor != "ann" || h.Rows[0].OnHand != -2 {
			t.Errorf("History = %+v, want the newest 2 with who did it", h)
		}
		for name, err := range map[string]error{
			"a negative count":         second(w.Service.Count(ctx, w.Who, service.Movement{SKU: "A", Units: -1})),
			"an arrival of nothing":    second(w.Service.Receive(ctx, w.Who, service.Movement{SKU: "A"})),
			"an adjustment by 0":       second(w.Service.Adjust(ctx, w.Who, service.Movement{SKU: "A"})),
			"a count beyond any goods": second(w.Service.Count(ctx, w.Who, service.Movement{SKU: "A", Units: 1 << 40})),
		} {
			refused(t, name, err, fault.Invalid)
		}
		_, err := w.Service.Count(ctx, w.Who, service.Movement{SKU: "none", Units: 1})
		refused(t, "a SKU that is not there", err, fault.NotFound)
		parts := []store.Component{{SKU: "A", Quantity: 2}}
		ok(w.Service.Edit(ctx, w.Who, service.Change{SKU: "SET", Components: &parts}))(t)
		_, err = w.Service.Count(ctx, w.Who, service.Movement{SKU: "SET", Units: 1})
		refused(t, "a bundle", err, fault.Invalid)
	})
}

func second[T any](_ T, err error) error { return err }

func TestStockIsAdoptedFromWhatAChannelShows(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		m := w.Market("north", model.AtShipment(model.Options{}))
		m.Add(servicetest.Product("A", 10), servicetest.Product("B", 4))
		for _, sku := range []string{"A", "B", "C"} {
			ok(w.Service.Edit(t.Context(), w.Who, service.Change{SKU: sku, Make: true}))(t)
		}
		w.Connect("north")
		if _, bought := m.Buy(channeltest.Item{SKU: "A", Quantity: 3}); !bought { // its number does not move before shipping
			t.Fatal("nobody could buy")
		}
		w.Run(30 * time.Second)
		got := ok(w.Service.AdoptStock(t.Context(), w.Who, "north", service.ImportOptions{}))(t)
		if got.Plan == nil || got.Plan.State != store.PlanDraft || available(t, w, "A") != nil {
			t.Fatalf("AdoptStock = %+v, want a plan that changes nothing yet", got)
		}
		ok(w.Service.Apply(t.Context(), w.Who, got.Plan.ID, service.ApplyOptions{}))(t)
		if a, b, c := available(t, w, "A"), available(t, w, "B"), available(t, w, "C"); a == nil || *a != 7 || b == nil || *b != 4 || c != nil {
			t.Errorf("available = %v, %v, %v, want 7 (3 of 10 are sold), 4, absent", a, b, c)
		}
		ok(w.Service.SetMode(t.Context(), w.Who, "north", flow.Approve))(t)
		w.Run(10 * time.Second)
		if d := ok(w.Service.Account(t.Context(), w.Who, "north"))(t); d.StockLeft != 0 {
			t.Errorf("%d stock differences after adopting, want none", d.StockLeft)
		}
	})
}
