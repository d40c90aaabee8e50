package service_test

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/service/servicetest"
	"carpediemstore.it/sync-connector/internal/store"
)

// back applies a rollback and returns its rows.
func back(t *testing.T, w *servicetest.World, d service.PlanDetail, err error) []service.PlanRow {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if d.State != store.PlanDraft || d.Kind != store.PlanRollback {
		t.Fatalf("rollback = %+v, want a draft: it applies nothing by itself", d)
	}
	ok(w.Service.Apply(t.Context(), w.Who, d.ID, service.ApplyOptions{}))(t)
	return ok(w.Service.PlanRows(t.Context(), w.Who, d.ID, "", service.Paging{}))(t).Rows
}

func TestAnImportIsRolledBackAndSalesStay(t *testing.T) { // N9
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 10))
		for _, sku := range []string{"A", "B", "C"} {
			item(t, w, sku, 10)
		}
		w.Connect("north")
		w.Run(20 * time.Second)
		counts := ok(w.Service.ImportFile(ctx, w.Who, file(catalog.Stock, "sku,quantity", "A,30", "B,30", "C,30"), applied()))(t)
		prices := ok(w.Service.ImportFile(ctx, w.Who, file(catalog.Prices, "sku,currency,price", "A,EUR,12.00", "B,EUR,12.00"), applied()))(t)
		names := ok(w.Service.ImportFile(ctx, w.Who, file(catalog.Items, "sku,title", "A,other", "D,new"), applied()))(t)
		if _, bought := m.Buy(channeltest.Item{SKU: "A", Quantity: 3}); !bought {
			t.Fatal("nobody could buy")
		}
		w.Run(30 * time.Second)
		ok(w.Service.Count(ctx, w.Who, service.Movement{SKU: "C", Units: 7}))(t)
		ok(w.Service.Edit(ctx, w.Who, service.Change{SKU: "B", Base: euros(1300)}))(t)

		d, err := w.Service.RollbackPlan(ctx, w.Who, counts.Plan.ID)
		rows := back(t, w, d, err)
		if a, b, c := *available(t, w, "A"), *available(t, w, "B"), *available(t, w, "C"); a != 7 || b != 10 || c != 7 {
			t.Errorf("available = %d, %d, %d, want 7 (10, 3 sold since), 10, and 7 (counted again since)", a, b, c)
		}
		if len(rows) != 3 || rows[2].SKU != "C" || rows[2].State != store.RowSkipped || rows[2].Note == "" {
			t.Errorf("rows = %+v, want C skipped with a reason", rows)
		}
		d, err = w.Service.RollbackPlan(ctx, w.Who, prices.Plan.ID)
		back(t, w, d, err)
		if a, b := ok(w.Service.Item(ctx, w.Who, "A"))(t), ok(w.Service.Item(ctx, w.Who, "B"))(t); a.Prices.Base.Minor != 1000 || b.Prices.Base.Minor != 1300 {
			t.Errorf("prices = %v, %v, want 10.00 restored and 13.00 kept: it changed since", a.Prices.Base, b.Prices.Base)
		}
		d, err = w.Service.RollbackPlan(ctx, w.Who, names.Plan.ID)
		back(t, w, d, err)
		if a := ok(w.Service.Item(ctx, w.Who, "A"))(t); a.Title != "thing A" {
			t.Errorf("title = %q, want the former one", a.Title)
		}
		ok(w.Service.Item(ctx, w.Who, "D"))(t) // an item that was made stays

		d, err = w.Service.RollbackPlan(ctx, w.Who, d.ID)
		back(t, w, d, err)
		if a := ok(w.Service.Item(ctx, w.Who, "A"))(t); a.Title != "other" {
			t.Errorf("title = %q after the rollback was rolled back, want other", a.Title)
		}
		draft := ok(w.Service.ImportFile(ctx, w.Who, file(catalog.Stock, "sku,quantity", "A,1"), service.ImportOptions{}))(t)
		_, err = w.Service.RollbackPlan(ctx, w.Who, draft.Plan.ID)
		refused(t, "a draft", err, fault.Conflict)
	})
}

func TestRollbackToATime(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		item(t, w, "A", 10)
		ok(w.Service.SetRule(ctx, w.Who, service.RuleRequest{Field: "stock"}, []byte(`{"version":1,"buffer":1}`)))(t)
		w.Pass(time.Hour)
		since := w.Now()
		w.Pass(time.Second)
		ok(w.Service.Count(ctx, w.Who, service.Movement{SKU: "A", Units: 99}))(t)
		ok(w.Service.Receive(ctx, w.Who, service.Movement{SKU: "A", Units: 5}))(t)
		ok(w.Service.Edit(ctx, w.Who, service.Change{SKU: "A", Base: euros(1)}))(t)
		ok(w.Service.Edit(ctx, w.Who, service.Change{SKU: "A", Base: euros(2)}))(t)
		ok(w.Service.SetRule(ctx, w.Who, service.RuleRequest{Field: "stock"}, []byte(`{"version":1,"buffer":5}`)))(t)
		ok(w.Service.SetRule(ctx, w.Who, service.RuleRequest{Field: "guard"}, []byte(`{"version":1,"price_drop":90}`)))(t)

		d, err := w.Service.RollbackSince(ctx, w.Who, since, "price", "")
		back(t, w, d, err)
		if a := ok(w.Service.Item(ctx, w.Who, "A"))(t); a.Prices.Base.Minor != 1000 || *a.Stock.Available != 104 {
			t.Errorf("after the prices: %+v, want 10.00 and stock as it is", a.Item)
		}
		d, err = w.Service.RollbackSince(ctx, w.Who, since, "", "")
		back(t, w, d, err)
		if n := *available(t, w, "A"); n != 10 {
			t.Errorf("available = %d, want 10", n)
		}
		l := ok(w.Service.Rules(ctx, w.Who, service.Paging{}))(t).Rows
		if len(l) != 2 || string(l[1].Body) != `{"version":1,"buffer":1}` {
			t.Errorf("rules in force = %+v, want the price rule and a buffer of 1, no guard", l)
		}
		_, err = w.Service.RollbackSince(ctx, w.Who, w.Now().Add(time.Hour), "", "")
		refused(t, "nothing to roll back", err, fault.NotFound)
	})
}

func TestAPriceThatWentOutIsPinnedBack(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 10))
		item(t, w, "A", 10)
		w.Connect("north")
		w.Run(20 * time.Second)
		ok(w.Service.SetMode(ctx, w.Who, "north", flow.Approve))(t)
		ok(w.Service.Edit(ctx, w.Who, service.Change{SKU: "A", Base: euros(1200)}))(t)
		w.Run(5 * time.Second)
		p := ok(w.Service.CreatePlan(ctx, w.Who, "north", "price"))(t)
		ok(w.Service.Apply(ctx, w.Who, p.ID, service.ApplyOptions{}))(t)
		w.Run(20 * time.Second)
		key := listingKey(keyOf(t, w, "north", "A"))
		if got, _ := m.Price(key); got != money.Of(1200, "EUR") {
			t.Fatalf("price = %v after the plan, want 12.00 EUR", got)
		}
		d, err := w.Service.RollbackPlan(ctx, w.Who, p.ID)
		rows := back(t, w, d, err)
		if len(rows) != 1 || rows[0].State != store.RowApplied {
			t.Fatalf("rows = %+v, want one that pins the price", rows)
		}
		w.Run(5 * time.Second)
		again := ok(w.Service.CreatePlan(ctx, w.Who, "north", "price"))(t)
		ok(w.Service.Apply(ctx, w.Who, again.ID, service.ApplyOptions{}))(t)
		w.Run(20 * time.Second)
		if got, _ := m.Price(key); got != money.Of(1000, "EUR") {
			t.Errorf("price = %v after the rollback, want 10.00 EUR", got)
		}
	})
}
