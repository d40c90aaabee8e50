package service_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/service/servicetest"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

func file(k catalog.Kind, lines ...string) service.File {
	return service.File{Name: "f.csv", Kind: k, Data: strings.NewReader(strings.Join(lines, "\n") + "\n")}
}

func applied() service.ImportOptions { return service.ImportOptions{Apply: true} }

func TestAFileIsAPlanUntilItIsApplied(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		got := ok(w.Service.ImportFile(ctx, w.Who, file(catalog.Items, "sku,gtin,title,components", "A,4006381333931,thing A,", "B,,thing B,", "SET,,a set,A*2; B"), service.ImportOptions{}))(t)
		if got.Lines != 3 || got.Plan == nil || got.Plan.State != store.PlanDraft {
			t.Fatalf("ImportFile = %+v, want a draft of 3 lines", got)
		}
		_, err := w.Service.Item(ctx, w.Who, "A")
		refused(t, "an item of a draft", err, fault.NotFound)
		if d := ok(w.Service.Apply(ctx, w.Who, got.Plan.ID, service.ApplyOptions{}))(t); d.State != store.PlanApplied {
			t.Errorf("plan = %+v, want applied", d)
		}
		set := ok(w.Service.Item(ctx, w.Who, "SET"))(t)
		if !set.Bundle || len(set.Components) != 2 || set.Components[0].SKU != "A" || set.Components[0].Quantity != 2 {
			t.Errorf("SET = %+v, want a bundle of 2 A and 1 B", set)
		}
		ok(w.Service.ImportFile(ctx, w.Who, file(catalog.Stock, "sku,quantity", "A,5", "B,0"), applied()))(t)
		if a, b := available(t, w, "A"), available(t, w, "B"); *a != 5 || *b != 0 {
			t.Errorf("available = %d, %d, want 5, 0", *a, *b)
		}
		again := ok(w.Service.ImportFile(ctx, w.Who, file(catalog.Stock, "sku,quantity", "A,5", "B,0"), applied()))(t)
		if again.Plan != nil || again.Lines != 2 {
			t.Errorf("the same file again = %+v, want no plan: nothing changes", again)
		}
		f := file(catalog.Prices, "sku,price,cost,sale_price,sale_end", "A,19.90,8.00,15.00,2026-12-01T00:00:00Z", "B,,2.00,,")
		f.Currency = "EUR"
		ok(w.Service.ImportFile(ctx, w.Who, f, applied()))(t)
		a := ok(w.Service.Item(ctx, w.Who, "A"))(t)
		if a.Prices.Base.Minor != 1990 || a.Prices.Cost.Minor != 800 || a.Prices.Sale == nil || a.Prices.Sale.Price.Minor != 1500 {
			t.Errorf("prices of A = %+v", a.Prices)
		}
		if b := ok(w.Service.Item(ctx, w.Who, "B"))(t); b.Prices.Base != nil || b.Prices.Cost.Minor != 200 {
			t.Errorf("prices of B = %+v, want a cost and no price: blank is not zero (S5)", b.Prices)
		}
		f = file(catalog.Prices, "sku,currency,price,sale_price", "A,EUR,#null,#null")
		ok(w.Service.ImportFile(ctx, w.Who, f, applied()))(t)
		if a := ok(w.Service.Item(ctx, w.Who, "A"))(t); a.Prices.Base != nil || a.Prices.Sale != nil || a.Prices.Cost == nil {
			t.Errorf("prices of A after #null = %+v, want the cost only", a.Prices)
		}
	})
}

func TestOneBadLineRefusesTheWholeFile(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		lines := []string{"sku,gtin,title", "A,,one", "B,123,two", "C,,three", "A,,again"}
		got, err := w.Service.ImportFile(t.Context(), w.Who, file(catalog.Items, lines...), applied())
		refused(t, "a file with bad lines", err, fault.Invalid)
		if got.Bad != 2 || len(got.Problems) != 2 || got.Problems[0].Where != (fault.Place{File: "f.csv", Line: 3, Column: "gtin"}) {
			t.Errorf("problems = %+v, want line 3, column gtin, and line 5", got.Problems)
		}
		if err == nil || !strings.Contains(err.Error(), "f.csv:3, column gtin") {
			t.Errorf("error = %v, want it to name file, line and column", err)
		}
		if n := storetest.Int(t, w.DB, `SELECT count(*) FROM items`) + storetest.Int(t, w.DB, `SELECT count(*) FROM plan_rows`); n != 0 {
			t.Errorf("%d rows are left of a refused file, want none", n)
		}
		o := applied()
		o.SkipBad = true
		got = ok(w.Service.ImportFile(t.Context(), w.Who, file(catalog.Items, lines...), o))(t)
		if got.Bad != 2 || got.Lines != 2 || storetest.Int(t, w.DB, `SELECT count(*) FROM items`) != 2 {
			t.Errorf("with SkipBad = %+v, want 2 items and 2 lines left out", got)
		}
	})
}

func TestBadLinesOfEachKind(t *testing.T) {
	w := servicetest.New(t, storetest.SQLite(t))
	item(t, w, "A", 5)
	parts := []store.Component{{SKU: "A", Quantity: 1}}
	ok(w.Service.Edit(t.Context(), w.Who, service.Change{SKU: "SET", Components: &parts}))(t)
	for name, f := range map[string]service.File{
		"an unknown SKU":               file(catalog.Stock, "sku,quantity", "X,5"),
		"a count that is taken away":   file(catalog.Stock, "sku,quantity", "A,#null"),
		"a count of a bundle":          file(catalog.Stock, "sku,quantity", "SET,5"),
		"a price of nothing":           file(catalog.Prices, "sku,currency,price", "A,EUR,0"),
		"a price without a currency":   file(catalog.Prices, "sku,price", "A,5.00"),
		"two currencies of one item":   file(catalog.Prices, "sku,currency,cost", "A,USD,1.00"),
		"a sale time without a price":  file(catalog.Prices, "sku,currency,sale_end", "A,EUR,2026-12-01T00:00:00Z"),
		"a floor above the ceiling":    file(catalog.Prices, "sku,currency,floor,ceiling", "A,EUR,9.00,8.00"),
		"a bundle of itself":           file(catalog.Items, "sku,components", "Y,Y*1"),
		"a bundle of a bundle":         file(catalog.Items, "sku,components", "Y,SET*1"),
		"a bundle of nothing known":    file(catalog.Items, "sku,components", "Y,NONE*1"),
		"an item with stock as bundle": file(catalog.Items, "sku,components", "B,", "A,B*1"),
		"a column nobody knows":        file(catalog.Items, "sku,color", "A,red"),
		"no column sku":                file(catalog.Items, "title", "A"),
		"an empty file":                {Name: "f.csv", Kind: catalog.Items, Data: strings.NewReader("")},
	} {
		got, err := w.Service.ImportFile(t.Context(), w.Who, f, applied())
		refused(t, name, err, fault.Invalid)
		if len(got.Problems) == 0 || got.Problems[0].Text == "" {
			t.Errorf("%s: no problem is named", name)
		}
	}
	if n := available(t, w, "A"); *n != 5 {
		t.Errorf("available = %d after refused files, want 5", *n)
	}
}

func TestACountPlannedBeforeASaleIsStale(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		item(t, w, "A", 5)
		item(t, w, "B", 5)
		got := ok(w.Service.ImportFile(ctx, w.Who, file(catalog.Stock, "sku,quantity", "A,8", "B,8"), service.ImportOptions{}))(t)
		ok(w.Service.Adjust(ctx, w.Who, service.Movement{SKU: "A", Units: -2}))(t)
		_, err := w.Service.Apply(ctx, w.Who, got.Plan.ID, service.ApplyOptions{})
		refused(t, "a count on old state", err, fault.Conflict)
		if a, b := available(t, w, "A"), available(t, w, "B"); *a != 3 || *b != 5 {
			t.Errorf("available = %d, %d, want 3, 5: nothing of the plan is applied", *a, *b)
		}
		ok(w.Service.Apply(ctx, w.Who, got.Plan.ID, service.ApplyOptions{SkipStale: true}))(t)
		if a, b := available(t, w, "A"), available(t, w, "B"); *a != 3 || *b != 8 {
			t.Errorf("available = %d, %d, want 3, 8", *a, *b)
		}
	})
}

func TestACompleteFileThatLacksTooMuchIsHeld(t *testing.T) { // S6
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		all := []string{"sku,quantity"}
		for i := range 40 {
			item(t, w, fmt.Sprintf("S%02d", i), 5)
			all = append(all, fmt.Sprintf("S%02d,6", i))
		}
		o := service.ImportOptions{Apply: true, Complete: true}
		_, err := w.Service.ImportFile(ctx, w.Who, file(catalog.Stock, all[:21]...), o)
		refused(t, "half a file", err, fault.Held)
		if n := available(t, w, "S00"); *n != 5 {
			t.Errorf("available = %d after a held file, want 5", *n)
		}
		got := ok(w.Service.ImportFile(ctx, w.Who, file(catalog.Stock, all[:40]...), o))(t)
		if *available(t, w, "S39") != 0 || *available(t, w, "S38") != 6 || got.Plan.State != store.PlanApplied {
			t.Errorf("S39 = %d, S38 = %d, want 0: a complete file that names nearly all is believed", *available(t, w, "S39"), *available(t, w, "S38"))
		}
		o.Release = true
		ok(w.Service.ImportFile(ctx, w.Who, file(catalog.Stock, all[:2]...), o))(t)
		if *available(t, w, "S10") != 0 {
			t.Errorf("S10 = %d after a released file, want 0", *available(t, w, "S10"))
		}
	})
}

func TestWhatIsExportedIsReadBackAsTheSame(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 5), servicetest.Product("=B", 5))
		item(t, w, "A", 5)
		item(t, w, "=B", 7)
		ok(w.Service.Receive(ctx, w.Who, service.Movement{SKU: "A", Units: 2, Place: "shop"}))(t)
		parts := []store.Component{{SKU: "A", Quantity: 2}}
		ok(w.Service.Edit(ctx, w.Who, service.Change{SKU: "SET", Components: &parts}))(t)
		w.Connect("north")
		w.Run(20e9)
		for _, k := range []catalog.Kind{catalog.Items, catalog.Stock, catalog.Prices, catalog.Bindings} {
			var out bytes.Buffer
			n := ok(w.Service.Export(ctx, w.Who, k, "", &out))(t)
			if n == 0 {
				t.Errorf("export of %s has no rows", k)
			}
			got := ok(w.Service.ImportFile(ctx, w.Who, service.File{Name: "f.csv", Kind: k, Data: &out}, service.ImportOptions{}))(t)
			if got.Plan != nil || got.Lines != n {
				t.Errorf("%s: %d of %d lines read back change something: %+v", k, got.Lines, n, got.Plan)
			}
		}
	})
}

func TestBindingsAreImportedAsAPlan(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("X", 5), servicetest.Product("Y", 5))
		item(t, w, "A", 12)
		w.Connect("north")
		w.Run(20e9)
		l := ok(w.Service.Bindings(ctx, w.Who, "north", service.BindingFilter{}))(t).Rows
		f := file(catalog.Bindings, "account,listing,sku,pack,ignore", "north,"+string(l[0].Key)+",A,6,", "north,"+string(l[1].Key)+",,,yes")
		got := ok(w.Service.ImportFile(ctx, w.Who, f, applied()))(t)
		after := ok(w.Service.Bindings(ctx, w.Who, "north", service.BindingFilter{}))(t).Rows
		if after[0].ItemSKU != "A" || after[0].Pack != 6 || after[1].BoundBy != store.Ignored {
			t.Errorf("bindings = %+v, want A × 6 and ignored", after)
		}
		for name, line := range map[string]string{
			"an unknown account": "south," + string(l[0].Key) + ",A,,", "an unknown listing": "north,none,A,,", "an unknown item": "north," + string(l[0].Key) + ",B,,",
			"bound and ignored": "north," + string(l[0].Key) + ",A,,yes", "a pack of nothing": "north," + string(l[1].Key) + ",,6,no",
		} {
			_, err := w.Service.ImportFile(ctx, w.Who, file(catalog.Bindings, "account,listing,sku,pack,ignore", line), applied())
			refused(t, name, err, fault.Invalid)
		}
		back := ok(w.Service.RollbackPlan(ctx, w.Who, got.Plan.ID))(t)
		ok(w.Service.Apply(ctx, w.Who, back.ID, service.ApplyOptions{}))(t)
		for _, b := range ok(w.Service.Bindings(ctx, w.Who, "north", service.BindingFilter{}))(t).Rows {
			if b.Item != 0 || b.BoundBy == store.Ignored {
				t.Errorf("after the rollback listing %s is %q, want unbound", b.Key, b.BoundBy)
			}
		}
	})
}
