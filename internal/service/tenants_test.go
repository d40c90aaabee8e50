package service_test

import (
	"sync"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/service/servicetest"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

func TestOneTenantCannotSeeOrTouchAnother(t *testing.T) { // C17
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 10))
		item(t, w, "A", 5)
		w.Connect("north")
		w.Run(20 * time.Second)
		plan := ok(w.Service.CreatePlan(ctx, w.Who, "", ""))(t)
		rule := ok(w.Service.SetRule(ctx, w.Who, service.RuleRequest{Field: "stock"}, []byte(`{"version":1,"buffer":1}`)))(t)
		other := ok(w.Service.AddTenant(ctx, "ann", "other"))(t)
		foe := service.Caller{Tenant: other.ID, Name: "eve"}
		for what, err := range map[string]error{
			"account":       second(w.Service.Account(ctx, foe, "north")),
			"account by id": second(w.Service.Account(ctx, foe, "1")),
			"mode":          second(w.Service.SetMode(ctx, foe, "1", flow.Live)),
			"test":          second(w.Service.Test(ctx, foe, "1")),
			"item":          second(w.Service.Item(ctx, foe, "A")),
			"count":         second(w.Service.Count(ctx, foe, service.Movement{SKU: "A", Units: 1})),
			"plan":          second(w.Service.Plan(ctx, foe, plan.ID)),
			"apply":         second(w.Service.Apply(ctx, foe, plan.ID, service.ApplyOptions{})),
			"rule":          second(w.Service.Rule(ctx, foe, rule.ID)),
			"rollback":      second(w.Service.RollbackPlan(ctx, foe, plan.ID)),
			"bindings":      second(w.Service.Bindings(ctx, foe, "1", service.BindingFilter{})),
			"explain":       second(w.Service.Explain(ctx, foe, service.ExplainRequest{SKU: "A"})),
			"history":       second(w.Service.History(ctx, foe, "A", service.Paging{})),
		} {
			refused(t, what+" of another tenant", err, fault.NotFound)
		}
		if o := ok(w.Service.Overview(ctx, foe))(t); o.Items != 0 || len(o.Accounts) != 0 || len(o.Sales) != 0 {
			t.Errorf("Overview of the other tenant = %+v, want nothing", o)
		}
		if l := ok(w.Service.Events(ctx, foe, "", service.Paging{}))(t); len(l.Rows) != 1 {
			t.Errorf("events of the other tenant = %+v, want only its own beginning", l.Rows)
		}
		item(t, w, "B", 1)
		ok(w.Service.Edit(ctx, foe, service.Change{SKU: "B", Make: true}))(t) // the same SKU is another item
		ok(w.Service.Count(ctx, foe, service.Movement{SKU: "B", Units: 77}))(t)
		if n := *available(t, w, "B"); n != 1 {
			t.Errorf("available = %d after another tenant counted its own B, want 1", n)
		}
		_, err := w.Service.AddTenant(ctx, "ann", "other")
		refused(t, "a taken name", err, fault.Exists)
	})
}

func TestTheSamePlanAppliedAtOnceByManyIsAppliedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		item(t, w, "A", 5)
		lines := []string{"sku,currency,price", "A,EUR,12.00"}
		p := ok(w.Service.ImportFile(ctx, w.Who, file(catalog.Prices, lines...), service.ImportOptions{}))(t)
		counts := ok(w.Service.ImportFile(ctx, w.Who, file(catalog.Stock, "sku,quantity", "A,9"), service.ImportOptions{}))(t)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for _, id := range []*service.PlanDetail{p.Plan, counts.Plan} {
					_, err := w.Service.Apply(ctx, w.Who, id.ID, service.ApplyOptions{})
					if err != nil && !fault.Is(err, fault.Conflict) {
						t.Errorf("Apply = %v, want done or a conflict", err)
					}
				}
			})
		}
		all.Wait()
		if n := storetest.Int(t, w.DB, `SELECT count(*) FROM plan_rows WHERE state <> 'applied'`); n != 0 {
			t.Errorf("%d rows are not applied, want none", n)
		}
		if a := ok(w.Service.Item(ctx, w.Who, "A"))(t); a.Prices.Base.Minor != 1200 || *a.Stock.Available != 9 {
			t.Errorf("A = %+v, want 12.00 EUR and 9", a.Item)
		}
	})
}

func TestMovementsAtOnceAreAllBooked(t *testing.T) { // I1
	each(t, func(t *testing.T, w *servicetest.World) {
		item(t, w, "A", 0)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 5 {
					if _, err := w.Service.Receive(t.Context(), w.Who, service.Movement{SKU: "A", Units: 1}); err != nil {
						t.Errorf("Receive = %v", err)
					}
				}
			})
		}
		all.Wait()
		if n := *available(t, w, "A"); n != 40 {
			t.Errorf("available = %d after 40 arrivals of one, want 40", n)
		}
	})
}

func TestAnImportThatWasCutShortLeavesNothingForEver(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		storetest.Exec(t, w.DB, `INSERT INTO plans (tenant, plan, kind, title, state, counts, actor, created_at, decided_at) VALUES (1, 900, 'import', 'x', 'building', '{}', 'ann', $1, 0)`, w.Now())
		storetest.Exec(t, w.DB, `INSERT INTO plan_rows (tenant, plan, row_no, account, field, target, action, old, new, rev, state, note) VALUES (1, 900, 1, 0, '', 0, 'item', '', '{}', 0, 'planned', '')`)
		if l := ok(w.Service.Plans(t.Context(), w.Who, service.Paging{}))(t); len(l.Rows) != 0 {
			t.Errorf("plans = %+v, want none: its rows are still being collected", l.Rows)
		}
		_, err := w.Service.Apply(t.Context(), w.Who, 900, service.ApplyOptions{})
		refused(t, "applying half a plan", err, fault.Conflict)
		ok(w.Service.Begin(t.Context()))(t)
		if n := storetest.Int(t, w.DB, `SELECT count(*) FROM plan_rows`); n != 1 {
			t.Errorf("%d rows, want 1: an import may be running", n)
		}
		w.Pass(25 * time.Hour)
		ok(w.Service.Begin(t.Context()))(t)
		if n := storetest.Int(t, w.DB, `SELECT count(*) FROM plan_rows`) + storetest.Int(t, w.DB, `SELECT count(*) FROM plans`); n != 0 {
			t.Errorf("%d rows are left after a day, want none", n)
		}
	})
}
