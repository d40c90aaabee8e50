package storetest_test

import (
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

func TestWhatPeopleAskReadsNoWholeTable(t *testing.T) {
	db, r := storetest.Record(storetest.SQLite(t))
	ctx := t.Context()
	a := storetest.Account(t, db, "shop", flow.Observe)
	it := items(t, db, "A", "")
	storetest.Listing(t, db, a, 1, "k1", "A", "", "", 5)
	one := it["A"]
	storetest.Write(t, db, func(tx *store.Tx) error {
		for name, err := range map[string]error{
			"items":        err2(tx.Items(ctx, tenant, store.ItemFilter{After: 5, Limit: 10})),
			"find":         err2(tx.Items(ctx, tenant, store.ItemFilter{Find: "A", Limit: 10})),
			"named":        err2(tx.ItemsNamed(ctx, tenant, []string{"A"})),
			"entries":      err2(tx.Entries(ctx, tenant, one, 0, 10)),
			"last entries": err2(tx.LastEntries(ctx, tenant, []ident.Item{one}, "x")),
			"counted":      err2(tx.CountedAfter(ctx, tenant, one, 1)),
			"moved":        err2(tx.MovedAfter(ctx, tenant, one, 1, 0)),
			"fold":         err2(tx.FoldTo(ctx, tenant, one, 9)),
			"sources":      err2(tx.EntriesFrom(ctx, tenant, []string{"x"})),
			"components":   err2(tx.Components(ctx, tenant, []ident.Item{one})),
			"listings":     err2(tx.Listings(ctx, tenant, store.ListingFilter{Account: a, After: 3, Limit: 10})),
			"unbound":      err2(tx.Listings(ctx, tenant, store.ListingFilter{Account: a, State: store.UnboundOnes, Limit: 10})),
			"listings of":  err2(tx.ListingsOf(ctx, tenant, []ident.Item{one})),
			"keyed":        err2(tx.ListingKeyed(ctx, tenant, a, "k1")),
			"counters of":  err2(tx.CountersOf(ctx, tenant, a, []ident.Listing{1})),
			"sold":         err2(tx.Sold(ctx, tenant, a, []ident.Listing{1})),
			"match":        err2(tx.Match(ctx, tenant, a, 0, 100, 5)),
			"decisions":    err2(tx.DecisionsOf(ctx, tenant, a, channel.Stock, 1, 0, 5)),
			"intents":      err2(tx.IntentsOf(ctx, tenant, a, channel.Stock, 1, 0, 5)),
			"queues":       err2(tx.Queues(ctx, tenant)),
			"sales":        err2(tx.LastSales(ctx, tenant, 5)),
			"drift":        err2(tx.Drifting(ctx, tenant, a, 5)),
			"rows":         err2(tx.Rows(ctx, tenant, 1, store.RowFilter{After: 3, Limit: 10})),
			"stale":        err2(tx.StaleChanges(ctx, tenant, 1)),
			"stale rows":   err2(tx.StaleRows(ctx, tenant, 1)),
			"unverified":   err2(tx.Unverified(ctx, tenant, 1)),
			"events":       err2(tx.Events(ctx, tenant, a, 0, 5)),
			"names":        err2(tx.Names(ctx, tenant, a, channel.Stock, []int64{1})),
			"bindings":     tx.Bind(ctx, tenant, a, []store.Bind{{Listing: 1, Item: one, Pack: 1, By: "person"}}, 5),
			"differences":  err2(tx.PlanDifferences(ctx, tenant, 1, a, channel.Stock, 0)),
			"price plan":   err2(tx.PlanDifferences(ctx, tenant, 1, a, channel.Price, 0)),
		} {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		b, n, err := tx.Fold(ctx, tenant, one, 9)
		_, _, errCount := tx.LastCount(ctx, tenant, one, 9)
		if err != nil || errCount != nil || n != 0 || b.OnHand != 0 {
			t.Errorf("Fold = %v, %d, %v, %v", b, n, err, errCount)
		}
		return nil
	})
	walks := r.Walks(t, "entries", "listings", "counters", "items", "lines", "intents", "decisions", "marks", "plan_rows", "draws")
	for _, w := range walks {
		if strings.Contains(w, "INDEX lines_seen (tenant=?)") {
			continue // the newest sales are at the end of this index, and the limit stops there
		}
		t.Errorf("reads far too much: %s", w)
	}
}

func err2[T any](_ T, err error) error { return err }
