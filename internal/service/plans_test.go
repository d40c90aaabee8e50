package service_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/service/servicetest"
	"carpediemstore.it/sync-connector/internal/store"
)

// approving makes an account in mode approve whose n numbers all differ by one, and returns its market.
func approving(t *testing.T, w *servicetest.World, n int64) *model.Market {
	t.Helper()
	m := w.Market("north", model.Absolute(model.Options{}))
	for i := range n {
		sku := fmt.Sprintf("S%02d", i)
		m.Add(servicetest.Product(sku, 10))
		item(t, w, sku, 9)
	}
	w.Connect("north")
	w.Run(20 * time.Second)
	ok(w.Service.SetMode(t.Context(), w.Who, "north", flow.Approve))(t)
	return m
}

// right counts how many of the SKUs the market shows as want.
func right(m *model.Market, n, want int64) (count int64) {
	for i := range n {
		if m.Sellable(fmt.Sprintf("S%02d", i)) == want {
			count++
		}
	}
	return count
}

func TestACanaryGoesFirstAndTheRestOnlyOnceItIsVerified(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		m := approving(t, w, 6)
		p := ok(w.Service.CreatePlan(t.Context(), w.Who, "", "stock"))(t)
		if len(p.Counts) != 1 || p.Counts[0].N != 6 || len(p.Worst) != 6 || p.Worst[0].Old != "10" || p.Worst[0].New != "9" || p.Worst[0].SKU == "" {
			t.Fatalf("CreatePlan = %+v, want 6 rows from 10 to 9", p)
		}
		ok(w.Service.Approve(t.Context(), w.Who, p.ID))(t)
		ok(w.Service.Apply(t.Context(), w.Who, p.ID, service.ApplyOptions{Canary: 2}))(t)
		_, err := w.Service.Apply(t.Context(), w.Who, p.ID, service.ApplyOptions{})
		refused(t, "the rest before the canary is verified", err, fault.Unsettled)
		w.Run(15 * time.Second)
		if n := right(m, 6, 9); n != 2 {
			t.Fatalf("%d numbers are right after a canary of 2, want 2", n)
		}
		ok(w.Service.Apply(t.Context(), w.Who, p.ID, service.ApplyOptions{}))(t)
		w.Run(15 * time.Second)
		if n := right(m, 6, 9); n != 6 {
			t.Errorf("%d numbers are right after the rest, want 6", n)
		}
		if d := ok(w.Service.Plan(t.Context(), w.Who, p.ID))(t); d.State != store.PlanApplied {
			t.Errorf("plan = %s, want applied", d.State)
		}
		_, err = w.Service.Reject(t.Context(), w.Who, p.ID)
		refused(t, "rejecting an applied plan", err, fault.Conflict)
	})
}

func TestAPlanOnOldStateIsRefusedAndNamesTheRows(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		m := approving(t, w, 3)
		p := ok(w.Service.CreatePlan(t.Context(), w.Who, "north", ""))(t)
		ok(w.Service.Count(t.Context(), w.Who, service.Movement{SKU: "S01", Units: 4}))(t)
		w.Run(5 * time.Second)
		_, err := w.Service.Apply(t.Context(), w.Who, p.ID, service.ApplyOptions{})
		refused(t, "a plan on old state", err, fault.Conflict)
		if err == nil || !strings.Contains(err.Error(), "S01") {
			t.Errorf("error = %v, want it to name S01", err)
		}
		w.Run(10 * time.Second)
		if n := right(m, 3, 10); n != 3 {
			t.Errorf("%d numbers are as before, want 3: nothing of a refused plan is applied", n)
		}
		ok(w.Service.Apply(t.Context(), w.Who, p.ID, service.ApplyOptions{SkipStale: true}))(t)
		w.Run(15 * time.Second)
		if m.Sellable("S00") != 9 || m.Sellable("S01") != 10 || m.Sellable("S02") != 9 {
			t.Errorf("numbers = %d, %d, %d, want 9, 10, 9: the stale row is left out", m.Sellable("S00"), m.Sellable("S01"), m.Sellable("S02"))
		}
		l := ok(w.Service.PlanRows(t.Context(), w.Who, p.ID, store.RowStale, service.Paging{}))(t)
		if len(l.Rows) != 1 || l.Rows[0].SKU != "S01" || l.Rows[0].Note == "" {
			t.Errorf("stale rows = %+v, want S01 with a reason", l.Rows)
		}
	})
}

func TestPlansAreListedNewestFirstInPages(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		approving(t, w, 1)
		var ids []string
		for range 5 {
			ids = append(ids, fmt.Sprint(ok(w.Service.CreatePlan(t.Context(), w.Who, "", ""))(t).ID))
		}
		var got []string
		for after := ""; ; {
			l := ok(w.Service.Plans(t.Context(), w.Who, service.Paging{After: after, Limit: 2}))(t)
			for _, p := range l.Rows {
				if p.Kind == store.PlanSync {
					got = append(got, fmt.Sprint(p.ID))
				}
			}
			if after = l.Next; after == "" {
				break
			}
		}
		if len(got) != 5 || got[0] != ids[4] || got[4] != ids[0] {
			t.Errorf("paged plans = %v, want %v backwards", got, ids)
		}
		_, err := w.Service.Plans(t.Context(), w.Who, service.Paging{After: "x"})
		refused(t, "a place that is none", err, fault.Usage)
		_, err = w.Service.Plan(t.Context(), w.Who, 999)
		refused(t, "a plan that is none", err, fault.NotFound)
	})
}
